"""Worker processes that analyse files, and outlive what a file does to one of them.

A decoder is foreign code over foreign data: it may crash its process, or the system may kill that for
its memory. So each worker has a pipe of its own, over which it is told paths and answers each in turn;
when one dies, the first path it had not answered is to blame, is tried once more in a fresh process,
and then given up. The paths behind it go to other workers. `concurrent.futures` would lose all that
was under way in any worker, and could not stop at once. A decoder may also go on for ever: a worker that
is at one path for longer than `patience_s` is ended, and counts as dead.

Workers end when they are closed, or by themselves when their pipe does because the parent is gone.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Final, Protocol, Self

from tagger import processes
from tagger.errors import TaggerError, reason_of
from tagger.results import Analysis
from tagger.stamp import Stamp, is_gone

_AHEAD: Final = 2
"""Paths that a worker is told at a time, so that it need not wait for the parent between them."""

_CRASHES: Final = 2
_LONGEST_S: Final = 1800.0
"""More than ten times what a recording of ten hours takes on a slow machine."""

_CLOSING_S: Final = 5.0
_SINGLE_THREADED: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class SupportsAnalyse(Protocol):
    """What a worker works with, as `tagger.analysis.Analyser`."""

    def analyse(self, path: Path) -> Analysis:
        """Analyses a file, or raises a `TaggerError`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker has to say of a path.

    Attributes:
        path: the file.
        stamp: what the file was like when it was read; None where the answer may be another next time
            though the file stays as it is.
        result: the analysis, or why there is none.
        found: how the file was found instead, where it was not as expected and so was not read.
        is_gone: whether there was no file.
    """

    path: Path
    stamp: Stamp | None
    result: Analysis | str
    found: Stamp | None = None
    is_gone: bool = False


_Task = tuple[Path, Stamp | None]
"""A path, and how the file is expected to be found if that matters."""


class Workers:
    """Processes that analyse files side by side, started as they are needed.

    Args:
        make_analyser: called once in each process; has to be picklable.
        count: the most processes at a time.
        patience_s: the longest that a file may take, in seconds.

    Use as a context; leaving it stops all processes at once, whatever they are at.
    """

    def __init__(
        self, make_analyser: Callable[[], SupportsAnalyse], count: int, *, patience_s: float = _LONGEST_S
    ) -> None:
        self._make_analyser = make_analyser
        self._count = count
        self._patience_s = patience_s
        self._workers: list[_Worker] = []
        self._again: deque[_Task] = deque()
        self._crashes: Counter[Path] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.kill()
        while self._workers:
            self._workers.pop().close()

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._again) or any(worker.tasks for worker in self._workers)

    @property
    def has_room(self) -> bool:
        """Whether another path would be taken up soon."""
        return not self._again and (
            len(self._workers) < self._count or any(len(worker.tasks) < _AHEAD for worker in self._workers)
        )

    def submit(self, path: Path, expected: Stamp | None = None) -> None:
        """Gives a path to the worker with the least to do.

        Args:
            path: the file.
            expected: how it has to be found to be read; None if that does not matter.
        """
        self._submit((path, expected))

    def _submit(self, task: _Task) -> None:
        if all(worker.tasks for worker in self._workers) and len(self._workers) < self._count:
            self._workers.append(_Worker(self._make_analyser))
        min(self._workers, key=lambda worker: len(worker.tasks)).tell(task)

    @property
    def connections(self) -> list[Connection]:
        """What `multiprocessing.connection.wait` has to wait for beside other things, until there are answers."""
        return [worker.connection for worker in self._workers]

    def answers(self, timeout_s: float) -> Iterator[Answer]:
        """Waits for answers, and yields those that are there.

        Raises:
            TaggerError: the analyser could not be made.
        """
        while self._again and len(self._workers) < self._count:
            self._submit(self._again.popleft())
        ready = wait(self.connections, timeout_s)
        self._end_the_stuck()
        for worker in [worker for worker in self._workers if worker.connection in ready]:
            try:
                answer = worker.receive()
            except (EOFError, OSError):
                answer = self._bury(worker)
            if answer:
                yield answer

    def _end_the_stuck(self) -> None:
        """Kills what is at one path for too long; that it is dead is then found out as for any other."""
        for worker in self._workers:
            if worker.tasks and time.monotonic() - worker.since > self._patience_s:
                worker.kill()

    def _bury(self, worker: _Worker) -> Answer | None:
        """Sees to what a dead worker left behind; gives up the path that killed two."""
        self._workers.remove(worker)
        worker.close()
        if not worker.is_ready:
            raise TaggerError(sys.executable, "a process to work in could not be started", "see above for the cause")
        self._again += worker.tasks
        if not worker.tasks:
            return None
        path, _ = worker.tasks[0]
        self._crashes[path] += 1
        if self._crashes[path] < _CRASHES:
            return None
        del self._crashes[path]
        self._again.remove(worker.tasks[0])
        how = "did not come to an end with" if time.monotonic() - worker.since > self._patience_s else "crashed on"
        return Answer(path, Stamp.of(path), f"the decoder {how} it (copy or export it again)")


class _Worker:
    """One process, and the parent's end of its pipe."""

    def __init__(self, make_analyser: Callable[[], SupportsAnalyse]) -> None:
        self.tasks: deque[_Task] = deque()
        self.since = time.monotonic()
        self.is_ready = False
        with _single_threaded():
            self._process, self.connection = processes.start(_serve, make_analyser)

    def tell(self, task: _Task) -> None:
        if not self.tasks:
            self.since = time.monotonic()
        self.tasks.append(task)
        # Whether a worker is dead is found out when its answer is waited for.
        with suppress(OSError):
            self.connection.send(task)

    def receive(self) -> Answer | None:
        """The next answer; None when the process says that it is ready for the first path.

        Raises:
            TaggerError: the analyser could not be made.
            EOFError, OSError: the process is dead.
        """
        message = self.connection.recv()
        if isinstance(message, Answer):
            self.tasks.popleft()
            self.since = time.monotonic()
            return message
        if isinstance(message, TaggerError):
            raise message
        self.is_ready = True
        return None

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        self.kill()
        # One that waits for a dead network share does not even die of that.
        self._process.join(_CLOSING_S)
        self.connection.close()


def _serve(connection: Connection, make_analyser: Callable[[], SupportsAnalyse]) -> None:
    """What a worker process does."""
    with suppress(EOFError, OSError):
        try:
            analyser = make_analyser()
        except TaggerError as error:
            connection.send(error)
            return
        connection.send(None)
        while True:
            connection.send(_answer(analyser, *connection.recv()))


def _answer(analyser: SupportsAnalyse, path: Path, expected: Stamp | None) -> Answer:
    before = Stamp.of(path)
    if before and expected and before != expected:
        return Answer(path, None, _CHANGED, before)
    may_pass = False
    try:
        result: Analysis | str = analyser.analyse(path)
    except TaggerError as error:
        result = error.words
        may_pass = isinstance(error.__cause__ or error.__context__, _PASSING)
    except Exception as error:
        # A fault of the system, or one of the program that its next version may not have.
        result = f"cannot be analysed: {reason_of(error)}"
        may_pass = True
    after = Stamp.of(path)
    if after is None:
        reason = result if isinstance(result, str) else "vanished while it was read"
        return Answer(path, None, reason, is_gone=is_gone(path))
    if after != before:
        return Answer(path, None, _CHANGED, after)
    return Answer(path, None if may_pass else before, result)


_CHANGED: Final = "changed while it was read (run again)"

_PASSING: Final = (OSError, ImportError, MemoryError)
"""What may be otherwise next time though the file is the same: permissions, extras to install, memory."""


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Has numerical libraries in a new process use one thread: there is a process for each core already."""
    unset = [name for name in _SINGLE_THREADED if name not in os.environ]
    os.environ.update(dict.fromkeys(unset, "1"))
    try:
        yield
    finally:
        for name in unset:
            del os.environ[name]
