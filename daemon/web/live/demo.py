"""A file of the library sent to the bridge as if a DAW played it, to see what live audio looks like without one.

It plays in a process of its own: a decoder may crash, and must not take the daemon with it. That process ends when the
one that began it does, however that ends.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from daemon.web.visit import Sound
from tagger import processes
from tagger.catalog import Catalog, Query
from tagger.errors import TaggerError
from tagger.results import Kind

STREAM: Final = "demo"
_END_WITHIN_S: Final = 3.0
_LONG_S: Final = 30.0


class Demo:
    """One file at a time."""

    def __init__(self) -> None:
        self._process: BaseProcess | None = None
        self._line: Connection

    @property
    def is_playing(self) -> bool:
        """Whether it has not come to its end."""
        return self._process is not None and self._process.is_alive()

    def play(self, path: Path, address: tuple[str, int], *, repeat: bool) -> None:
        """Begins with a file; the one before ends.

        Args:
            path: the file.
            address: of the bridge.
            repeat: whether it begins again at its end, until it is stopped.
        """
        self.stop()
        self._process, self._line = processes.start(_play, path, address, repeat)

    def stop(self) -> None:
        """Ends what plays, if anything does."""
        if self._process is None:
            return
        self._line.close()
        self._process.join(_END_WITHIN_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process = None


def _play(line: Connection, path: Path, address: tuple[str, int], repeat: bool) -> None:
    """What the process does, until the other end of the line is gone."""
    from osc_bridge.sources import file

    stopping = threading.Event()

    def wait() -> None:
        with suppress(EOFError, OSError):
            line.recv()
        stopping.set()

    threading.Thread(target=wait, name="line", daemon=True).start()
    with suppress(TaggerError):
        file.play(path, address, stream=STREAM, repeat=repeat, stopping=stopping, progress=lambda *_: None)


def example(catalog: Catalog, shown: Sound | None) -> tuple[Path, bool] | None:
    """A file to play, and whether again and again: the one looked at in the library, else a track, loop or sound of it.

    Args:
        catalog: where to look.
        shown: what is looked at in the library.
    """
    path = catalog.place(shown.id) if shown else None
    if shown and path and path.exists():
        return path, shown.duration_s < _LONG_S
    for kind in (Kind.TRACK, Kind.LOOP, Kind.ONE_SHOT):
        for hit in catalog.find(Query(kinds=(kind,), limit=5)):
            if hit.path.exists():
                return hit.path, kind is not Kind.TRACK
    return None
