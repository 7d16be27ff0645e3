"""How far a run is: a bar where a person is watching, an occasional line where a log is kept."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from daemon.output import duration_words, nearby, print_problem, rate_words

_BAR_EVERY_S: Final = 0.1
_LINE_EVERY_S: Final = 20.0
_SOON_S: Final = 0.5
_FOLDER_WIDTH: Final = 32


class Progress(Protocol):
    """What a run reports to; used as a context."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def update(self, done: int, folder: Path) -> None:
        """Says how many files are done, and where the run is."""


def progress(total: int) -> Progress:
    """A bar on a terminal, lines elsewhere; both on stderr.

    Args:
        total: how many files there are to do.
    """
    return _Bar(total) if sys.stderr.isatty() else _Lines(total)


class Listening(Protocol):
    """What listening to a recording reports to; used as a context."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def update(self, done_s: float, of_s: float) -> None:
        """Says how much of the recording is done, both in seconds."""


def listening(path: Path) -> Listening:
    """A bar on a terminal, lines elsewhere, for one long recording; both on stderr.

    Args:
        path: the recording.
    """
    return _RecordingBar(path) if sys.stderr.isatty() else _RecordingLines(path)


class _Bar:
    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._rich = Progress(
            MofNCompleteColumn(),
            BarColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.description}", markup=False),
            # Lines that pass above the bar are not to be cut into pieces.
            console=Console(stderr=True, soft_wrap=True),
            refresh_per_second=5,
            # What goes to the same terminal has to pass above the bar.
            redirect_stdout=sys.stdout.isatty(),
            transient=True,
        )
        self._task = self._rich.add_task("", total=total, rate="")
        self._started = self._said = time.monotonic()

    def __enter__(self) -> Self:
        self._rich.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._rich.stop()

    def update(self, done: int, folder: Path) -> None:
        now = time.monotonic()
        if now - self._said < _BAR_EVERY_S:
            return
        self._said = now
        description = _shortened(nearby(folder))
        rate = rate_words(done, now - self._started)
        self._rich.update(self._task, completed=done, description=description, rate=rate)


class _Lines:
    def __init__(self, total: int) -> None:
        self._total = total
        self._started = self._said = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, done: int, folder: Path) -> None:
        now = time.monotonic()
        if now - self._said < _LINE_EVERY_S or not done:
            return
        self._said = now
        seconds = now - self._started
        left = duration_words((self._total - done) * seconds / done)
        rate = rate_words(done, seconds)
        print_problem(f"{done:,} of {self._total:,} files, {rate}, {left} left, in {nearby(folder)}")


class _RecordingBar:
    def __init__(self, path: Path) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        self._rich = Progress(
            TaskProgressColumn(),
            BarColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.description}", markup=False),
            console=Console(stderr=True, soft_wrap=True),
            refresh_per_second=5,
            transient=True,
        )
        self._task = self._rich.add_task(_shortened(nearby(path)), total=None, speed="")
        self._started = time.monotonic()
        self._is_shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_shown:
            self._rich.stop()

    def update(self, done_s: float, of_s: float) -> None:
        now = time.monotonic()
        # What is soon done needs no bar.
        if not self._is_shown and now - self._started > _SOON_S:
            self._is_shown = True
            self._rich.start()
        self._rich.update(self._task, completed=done_s, total=of_s, speed=_speed_words(done_s, now - self._started))


class _RecordingLines:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._started = self._said = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, done_s: float, of_s: float) -> None:
        now = time.monotonic()
        if now - self._said < _LINE_EVERY_S or not done_s:
            return
        self._said = now
        seconds = now - self._started
        left = duration_words((of_s - done_s) * seconds / done_s)
        done, total = duration_words(done_s), duration_words(of_s)
        print_problem(f"{done} of {total}, {_speed_words(done_s, seconds)}, {left} left, in {nearby(self._path)}")


def _speed_words(done_s: float, seconds: float) -> str:
    return f"{done_s / max(seconds, 1e-3):,.0f} times real time"


def _shortened(name: str) -> str:
    return name if len(name) <= _FOLDER_WIDTH else "…" + name[1 - _FOLDER_WIDTH :]
