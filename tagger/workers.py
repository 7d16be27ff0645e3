"""Worker processes that analyse files, and outlive what a file does to one of them.

A decoder is foreign code over foreign data: it may crash its process, or the system may kill that for
its memory. So each worker has a pipe of its own, over which it is told paths and answers each in turn;
when one dies, the first path it had not answered is to blame, is tried once more in a fresh process,
and then given up. The paths behind it go to other workers. `concurrent.futures` would lose all that
was under way in any worker, and could not stop at once.

Workers ignore Ctrl-C, which a terminal sends to all; they end when they are closed, or by themselves
when their pipe does because the parent is gone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Final, Protocol, Self

from tagger.errors import TaggerError
from tagger.results import Analysis
from tagger.stamp import Stamp

_AHEAD: Final = 2
"""Paths that a worker is told at a time, so that it need not wait for the parent between them."""

_CRASHES: Final = 2
_PATIENCE_S: Final = 5.0
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
    """

    path: Path
    stamp: Stamp | None
    result: Analysis | str


class Workers:
    """Processes that analyse files side by side, started as they are needed.

    Args:
        make_analyser: called once in each process; has to be picklable.
        count: the most processes at a time.

    Use as a context; leaving it stops all processes at once, whatever they are at.
    """

    def __init__(self, make_analyser: Callable[[], SupportsAnalyse], count: int) -> None:
        self._make_analyser = make_analyser
        self._count = count
        self._workers: list[_Worker] = []
        self._again: deque[Path] = deque()
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
        return bool(self._again) or any(worker.paths for worker in self._workers)

    @property
    def has_room(self) -> bool:
        """Whether another path would be taken up soon."""
        return not self._again and (
            len(self._workers) < self._count or any(len(worker.paths) < _AHEAD for worker in self._workers)
        )

    def submit(self, path: Path) -> None:
        """Gives a path to the worker with the least to do."""
        if all(worker.paths for worker in self._workers) and len(self._workers) < self._count:
            self._workers.append(_Worker(self._make_analyser))
        min(self._workers, key=lambda worker: len(worker.paths)).tell(path)

    def answers(self, timeout_s: float) -> Iterator[Answer]:
        """Waits for answers, and yields those that are there.

        Raises:
            TaggerError: the analyser could not be made.
        """
        while self._again and len(self._workers) < self._count:
            self.submit(self._again.popleft())
        ready = wait([worker.connection for worker in self._workers], timeout_s)
        for worker in [worker for worker in self._workers if worker.connection in ready]:
            try:
                answer = worker.receive()
            except (EOFError, OSError):
                answer = self._bury(worker)
            if answer:
                yield answer

    def _bury(self, worker: _Worker) -> Answer | None:
        """Sees to what a dead worker left behind; gives up the path that killed two."""
        self._workers.remove(worker)
        worker.close()
        if not worker.is_ready:
            raise TaggerError(sys.executable, "a process to work in could not be started", "see above for the cause")
        self._again += worker.paths
        if not worker.paths:
            return None
        path = worker.paths[0]
        self._crashes[path] += 1
        if self._crashes[path] < _CRASHES:
            return None
        self._again.remove(path)
        return Answer(path, Stamp.of(path), "the decoder crashed on it (copy or export it again)")


class _Worker:
    """One process, and the parent's end of its pipe."""

    def __init__(self, make_analyser: Callable[[], SupportsAnalyse]) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.paths: deque[Path] = deque()
        self.is_ready = False
        self._process = context.Process(target=_serve, args=(theirs, make_analyser), daemon=True)
        with _interrupts_held(), _single_threaded():
            self._process.start()
        theirs.close()

    def tell(self, path: Path) -> None:
        self.paths.append(path)
        # Whether a worker is dead is found out when its answer is waited for.
        with suppress(OSError):
            self.connection.send(path)

    def receive(self) -> Answer | None:
        """The next answer; None when the process says that it is ready for the first path.

        Raises:
            TaggerError: the analyser could not be made.
            EOFError, OSError: the process is dead.
        """
        message = self.connection.recv()
        if isinstance(message, Answer):
            self.paths.popleft()
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
        self._process.join(_PATIENCE_S)
        self.connection.close()


def _serve(connection: Connection, make_analyser: Callable[[], SupportsAnalyse]) -> None:
    """What a worker process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        try:
            analyser = make_analyser()
        except TaggerError as error:
            connection.send(error)
            return
        connection.send(None)
        while True:
            connection.send(_answer(analyser, connection.recv()))


def _answer(analyser: SupportsAnalyse, path: Path) -> Answer:
    before = Stamp.of(path)
    may_pass = False
    try:
        result: Analysis | str = analyser.analyse(path)
    except TaggerError as error:
        result = error.words
        may_pass = isinstance(error.__cause__ or error.__context__, _PASSING)
    except Exception as error:
        # A fault of the system, or one of the program that its next version may not have.
        result = f"cannot be analysed: {_words(error)}"
        may_pass = True
    after = Stamp.of(path)
    if after is None:
        return Answer(path, None, result if isinstance(result, str) else "vanished while it was read")
    if after != before:
        return Answer(path, None, "changed while it was read (run again)")
    return Answer(path, None if may_pass else before, result)


_PASSING: Final = (OSError, ImportError, MemoryError)
"""What may be otherwise next time though the file is the same: permissions, extras to install, memory."""


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return f"{type(error).__name__}: {error}".partition("\n")[0]


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Keeps Ctrl-C from a process that does not ignore it yet, and from tearing its start; it comes afterwards."""
    with _handler_held(), _mask_held():
        yield


@contextmanager
def _mask_held() -> Iterator[None]:
    """Blocks the signal for this thread, and so for a process that it starts."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _handler_held() -> Iterator[None]:
    """Has the main thread take note only: a library's thread may get the signal though this one blocks it."""
    # A handler that was not set from Python could not be set again.
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is None:
        yield
        return
    caught: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: caught.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if caught:
            signal.raise_signal(signal.SIGINT)


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
