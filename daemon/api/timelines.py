"""Timelines on demand: one at a time, in a process of their own, and only as long as somebody waits.

What was made is kept by the hash of the audio and the settings, whatever becomes of the file's name and tags. Who
wants to try out settings asks for what was heard instead, and makes timelines of that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from daemon.api.listening import Export, Heard, Hearing, Listener, SupportsTimeline
from daemon.api.workers import OnDemand, Worker
from daemon.service.priority import go_to_background
from tagger.timeline import TimelineSettings

KEPT_BYTES: Final = 32 * 1024 * 1024
WARM_S: Final = 60.0


def background_analyser() -> SupportsTimeline:
    """What listens in the daemon: with the program's own model, and the least of the processor."""
    go_to_background()
    from tagger.analysis import Analyser

    return Analyser()


class Wanted(NamedTuple):
    """A timeline that somebody wants.

    Attributes:
        path: the file.
        identity: what it holds: the hash of its audio, with its size and time, so that a file that changed is
            listened to anew.
        settings: in which way.
    """

    path: Path
    identity: str
    settings: TimelineSettings

    @property
    def key(self) -> str:
        """Equal for what is the same timeline."""
        return f"{self.identity} {self.settings!r}"


class Timelines:
    """Makes and keeps timelines, as JSON. Used from one event loop.

    Args:
        make_analyser: makes what listens, in its process; has to be picklable.
    """

    def __init__(self, make_analyser: Callable[[], SupportsTimeline]) -> None:
        self._worker = Worker(partial(Listener, make_analyser), warm_s=WARM_S)
        self._made = OnDemand(self._worker, kept_bytes=KEPT_BYTES)

    async def get(self, wanted: Wanted) -> bytes:
        """A timeline, as the JSON of `tagger.reports.document`. Nobody listens any more when all who asked gave up.

        Raises:
            TaggerError: there can be none.
        """
        return await self._made.get(wanted.key, wanted.path, wanted.settings)

    async def hear(self, path: Path, wanted: Hearing, progress: Callable[[float], None]) -> Heard:
        """Listens to a file, of which any timeline of these windows can then be made. Stops when it is cancelled.

        Args:
            path: the file.
            wanted: in which way.
            progress: is called on a thread with the share that was listened to, 0 to 1.

        Raises:
            TaggerError: it cannot be listened to.
        """
        heard = await self._worker.ask(path, wanted, hear=progress)
        assert isinstance(heard, Heard)
        return heard

    async def export(self, path: Path, wanted: Export) -> None:
        """Writes a timeline in one of the formats of `tagger.reports`.

        Args:
            path: the file that the timeline is of.
            wanted: what is written where.

        Raises:
            TaggerError: it cannot be written.
        """
        await self._worker.ask(path, wanted)

    def close(self) -> None:
        """Stops listening at once."""
        self._made.close()
