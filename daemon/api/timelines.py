"""Timelines on demand: one at a time, in a process of their own, and only as long as somebody waits.

What was made is kept by the hash of the audio and the settings, whatever becomes of the file's name and tags.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from daemon.api.workers import OnDemand, Worker
from daemon.service.priority import go_to_background
from tagger.timeline import Timeline, TimelineSettings

KEPT_BYTES: Final = 32 * 1024 * 1024
WARM_S: Final = 60.0


def background_analyser() -> SupportsTimeline:
    """What listens in the daemon: with the program's own model, and the least of the processor."""
    go_to_background()
    from tagger.analysis import Analyser

    return Analyser()


class SupportsTimeline(Protocol):
    """What listens, as `tagger.analysis.Analyser`."""

    def analyse_over_time(self, path: Path, settings: TimelineSettings) -> Timeline:
        """What plays when in a file, or raises a `TaggerError`."""


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
        worker = Worker(partial(_Listener, make_analyser), warm_s=WARM_S)
        self._made = OnDemand(worker, kept_bytes=KEPT_BYTES)

    async def get(self, wanted: Wanted) -> bytes:
        """A timeline, as the JSON of `tagger.reports.document`. Nobody listens any more when all who asked gave up.

        Raises:
            TaggerError: there can be none.
        """
        return await self._made.get(wanted.key, wanted.path, wanted.settings)

    def close(self) -> None:
        """Stops listening at once."""
        self._made.close()


class _Listener:
    """Makes timelines, in a process of its own."""

    def __init__(self, make_analyser: Callable[[], SupportsTimeline]) -> None:
        self._analyser = make_analyser()

    def answer(self, path: Path, settings: TimelineSettings) -> bytes:
        """A timeline as JSON."""
        from tagger.reports.document import document

        return json.dumps(document(self._analyser.analyse_over_time(path, settings))).encode()

    def rest(self) -> None:
        """Holds nothing open."""
