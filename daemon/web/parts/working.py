"""Work that a person waits for, in a dialog: how far it is, how long it will take, and a button that ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from nicegui import ui
from starlette.exceptions import HTTPException

from daemon.output import duration_words
from daemon.web.parts.asking import reason
from daemon.web.work.errand import Errand
from tagger.errors import TaggerError

_LOOK_EVERY_S: Final = 0.4

Answer = TypeVar("Answer")


class Working:
    """The line that tells of it; at one thing at a time."""

    def __init__(self) -> None:
        self._errand = Errand()

    def build(self) -> None:
        """Makes it, hidden."""
        with ui.element("div").classes("working") as self._place:
            with ui.element("div").classes("working-line"):
                self._words = ui.label().props("role=status")
                self._left = ui.label().classes("muted")
                ui.space()
                self._stop = ui.button("Stop", on_click=self.cancel).props("flat no-caps dense")
            self._bar = ui.linear_progress(value=0, show_value=False, size="4px").props('aria-label="Progress"')
        self._place.set_visibility(False)

    async def run(self, words: str, function: Callable[[Errand], Answer]) -> Answer | str:
        """What a function gives, worked out on a thread; or why it could not, in words.

        Args:
            words: what is being done.
            function: is given what it has to tell how far it is.
        """
        errand = self._errand = Errand()
        self._words.set_text(words)
        self._place.set_visibility(True)
        task = asyncio.create_task(asyncio.to_thread(function, errand))
        try:
            self._show(errand)
            while not (await asyncio.wait({task}, timeout=_LOOK_EVERY_S))[0]:
                self._show(errand)
            return task.result()
        except (TaggerError, HTTPException) as error:
            return reason(error)
        finally:
            self._place.set_visibility(False)

    def cancel(self) -> None:
        """Ends what is being done, as soon as that can be."""
        self._errand.cancel()

    def _show(self, errand: Errand) -> None:
        if self._place.is_deleted:
            return
        self._bar.set_value(errand.done / errand.total if errand.total else 0)
        count = f"{errand.done:,} of {errand.total:,}" if errand.total > 1 else ""
        eta = f"{duration_words(errand.eta_s)} left" if errand.eta_s and not errand.is_cancelled else ""
        self._left.set_text("Stopping…" if errand.is_cancelled else " · ".join(filter(None, (count, eta))))
