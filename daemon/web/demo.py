"""A file of the library sent to the bridge as if a DAW played it, to see what live audio looks like without one.

It is `tagger osc play` in a process of its own: a decoder may crash, and must not take the daemon with it.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from daemon.api import models
from tagger.catalog import Catalog, Query
from tagger.results import Kind

STREAM: Final = "demo"
_END_WITHIN_S: Final = 3.0
_HIDDEN: Final[int] = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""Windows would open a console for it."""


class Demo:
    """One file at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_playing(self) -> bool:
        """Whether it has not come to its end."""
        return self._process is not None and self._process.poll() is None

    def play(self, path: Path, *, port: int, repeat: bool) -> None:
        """Begins with a file; the one before ends.

        Args:
            path: the file.
            port: of the bridge, on this machine.
            repeat: whether it begins again at its end, until it is stopped.
        """
        self.stop()
        chosen = ["--stream", STREAM, "--port", str(port), *(["--repeat"] if repeat else [])]
        command = [sys.executable, "-m", "daemon", "osc", "play", *chosen, "--", str(path)]
        nowhere = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere, creationflags=_HIDDEN)

    def stop(self) -> None:
        """Ends what plays, if anything does."""
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_WITHIN_S)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._process = None


def example(catalog: Catalog, shown: models.FoundFile | None) -> tuple[Path, bool] | None:
    """A file to play, and whether again and again: the one looked at in the library, else a track, loop or sound of it.

    Args:
        catalog: where to look.
        shown: what is looked at in the library.
    """
    path = catalog.place(shown.id) if shown else None
    if shown and path and path.exists():
        return path, shown.kind is not Kind.TRACK
    for kind in (Kind.TRACK, Kind.LOOP, Kind.ONE_SHOT):
        for hit in catalog.find(Query(kinds=(kind,), limit=5)):
            if hit.path.exists():
                return hit.path, kind is not Kind.TRACK
    return None
