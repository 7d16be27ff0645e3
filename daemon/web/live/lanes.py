"""The moving picture of live audio: what plays in each stream, over the last minute.

The browser keeps the minute and moves it; from here it gets what is new, five times a second at most, and once a second
how the streams do. While nobody sees the page, nothing is sent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from nicegui import background_tasks
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from daemon.web.live.streams import StreamState
from tagger.taxonomy import family_of, words_of

if TYPE_CHECKING:
    from osc_bridge.history import History, Moment

_EVERY_S: Final = 0.2
_QUIET_DB: Final = -85.0
_LOUD_DB: Final = -15.0


class Lanes(Element, component="lanes.js"):
    """The picture.

    Args:
        labels: of the model, in its order.
        on_choose: told which stream is looked at, by name.

    Attributes:
        is_seen: whether the page is in front.
    """

    def __init__(self, labels: Sequence[str], *, on_choose: Callable[[str], None]) -> None:
        super().__init__()
        self._props["labels"] = [{"words": words_of(label), "family": family_of(label)} for label in labels]
        self._feeding: asyncio.Task[None] | None = None
        self._history: History | None = None
        self.is_seen = True
        self._sent_s = float("-inf")
        self.on("choose", lambda event: on_choose(event.args), ["detail"])
        self.on("seen", self._seen)
        self.client.on_delete(self.stop)

    def show(self, history: History) -> None:
        """Moves from now on.

        Args:
            history: of a bridge that runs.
        """
        self._history = history
        self._begin()

    def stop(self) -> None:
        """Stands still, until `show`."""
        self._history = None
        self._end()

    def tell(self, states: Sequence[StreamState]) -> None:
        """Says how the streams do."""
        if self._feeding is not None:
            self.run_method("tell", [state.as_props() for state in states])

    def _seen(self, event: GenericEventArguments) -> None:
        self.is_seen = bool(event.args)
        (self._begin if self.is_seen else self._end)()

    def _begin(self) -> None:
        if self._history is not None and self._feeding is None and self.is_seen:
            self._feeding = background_tasks.create(self._feed(self._history), name="live")

    def _end(self) -> None:
        if self._feeding is not None:
            self._feeding.cancel()
            self._feeding = None

    async def _feed(self, history: History) -> None:
        loop = asyncio.get_running_loop()
        is_more = asyncio.Event()

        def wake() -> None:
            # The loop may end before the bridge does.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(is_more.set)

        with history.told(wake):
            while True:
                is_more.clear()
                # What a page that is away for a moment is not told now, it is told when it comes back.
                if self.client.has_socket_connection and (news := history.since(self._sent_s)):
                    self._sent_s = max(moments[-1].at_s for moments in news.values())
                    wire = {name: [_wire(moment) for moment in moments] for name, moments in news.items()}
                    self.run_method("take", time.monotonic(), wire)
                await asyncio.sleep(_EVERY_S)
                await is_more.wait()


def _wire(moment: Moment) -> list[Any]:
    """A moment as the browser takes it: when, how loud from 0 to 1 or -1 for silence, and label and score by turns."""
    loud = min(1.0, max(0.0, (moment.level_db - _QUIET_DB) / (_LOUD_DB - _QUIET_DB)))
    on = [value for index, score in moment.on for value in (index, round(score, 2))]
    return [round(moment.at_s, 2), -1 if moment.is_silent else round(loud, 2), *on]
