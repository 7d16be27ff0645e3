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
        name = nearby(folder)
        description = name if len(name) <= _FOLDER_WIDTH else "…" + name[1 - _FOLDER_WIDTH :]
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
