"""Processes that answer questions about files: a decoder may crash, hang or eat memory, and the daemon may not.

A `Worker` is one such process, started when there is something to ask and kept warm for a while, since people look at
several files in a row. An `OnDemand` also keeps its answers, asks once for all who want the same, and stops when
none of them waits any more: a process can be stopped, which a thread cannot.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from tagger import processes
from tagger.errors import DecodeError, TaggerError

_IDLE_S: Final = 2.0


class Answerer(Protocol):
    """What a process does."""

    def answer(self, path: Path, *question: Any) -> Any:
        """Answers what is asked about a file, or raises a `TaggerError`."""

    def rest(self) -> None:
        """Lets go of files, as nothing was asked for two seconds; on Windows nobody could replace them."""


class Worker:
    """A process that answers one question at a time. Used from one event loop.

    Args:
        make: makes what answers, in its process; has to be picklable. Where it raises a `TaggerError`, every answer
            is that.
        warm_s: for how long it is kept without a question.
        grace_s: for how long it may work on what nobody waits for any more, before it is ended.
        limit_s: how long an answer may take; None for any time.
    """

    def __init__(
        self, make: Callable[[], Answerer], *, warm_s: float, grace_s: float = 0.0, limit_s: float | None = None
    ) -> None:
        self._make = make
        self._warm_s = warm_s
        self._grace_s = grace_s
        self._limit_s = limit_s
        self._one_at_a_time = asyncio.Lock()
        self._asking: asyncio.Task[Any] | None = None
        self._process: _Process | None = None
        self._cooling: asyncio.TimerHandle | None = None
        self._warming: asyncio.Task[None] | None = None

    async def ask(self, path: Path, *question: Any, hear: Callable[[Any], None] | None = None) -> Any:
        """Asks about a file.

        Args:
            path: the file.
            question: what is asked.
            hear: is called, on a thread, with what the process tells meanwhile.

        Raises:
            TaggerError: there is no answer; a `DecodeError` if the process ended over the file, or took too long.
        """
        # A task of its own, since who asks may be cancelled again and again, and nobody else may ask before this ended.
        task = asyncio.create_task(self._ask(path, question, hear))
        task.add_done_callback(_retrieve)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task is self._asking:
                asyncio.get_running_loop().call_later(self._grace_s, task.cancel)
            else:
                task.cancel()
            raise

    async def _ask(self, path: Path, question: tuple[Any, ...], hear: Callable[[Any], None] | None) -> Any:
        async with self._one_at_a_time:
            self._asking = asyncio.current_task()
            answering = asyncio.create_task(asyncio.to_thread(self._warm().ask, (path, *question), hear))
            try:
                return await asyncio.wait_for(asyncio.shield(answering), self._limit_s)
            except (asyncio.CancelledError, TimeoutError, EOFError, OSError) as error:
                # Half an answer may be in the pipe.
                answering.cancel()
                self.close()
                if isinstance(error, asyncio.CancelledError):
                    raise
                if isinstance(error, TimeoutError):
                    raise DecodeError(path, "takes too long to read", "check the disk or the connection") from None
                raise DecodeError(path, "crashed the decoder", "copy or export it again") from None
            finally:
                self._asking = None
                self._cool()

    def warm_up(self) -> None:
        """Starts the process soon and off the event loop, so that the first answer comes sooner."""
        self._warming = asyncio.create_task(self._start())

    async def _start(self) -> None:
        async with self._one_at_a_time:
            if self._process is None:
                self._process = await asyncio.to_thread(_Process, self._make)
            self._cool()

    def close(self) -> None:
        """Ends the process at once."""
        if self._cooling is not None:
            self._cooling.cancel()
        if self._process is not None:
            self._process.kill()
            self._process = None

    def _warm(self) -> _Process:
        if self._cooling is not None:
            self._cooling.cancel()
        if self._process is None:
            self._process = _Process(self._make)
        return self._process

    def _cool(self) -> None:
        if self._cooling is not None:
            self._cooling.cancel()
        if self._process is not None:
            self._cooling = asyncio.get_running_loop().call_later(self._warm_s, self.close)


def _retrieve(task: asyncio.Task[Any]) -> None:
    """Nobody may be there any more to be told of an error, and asyncio should not complain of that."""
    if not task.cancelled():
        task.exception()


class OnDemand:
    """Answers of a worker, kept and shared. Used from one event loop.

    Args:
        worker: gives bytes.
        kept_bytes: how much is kept, the latest asked for.
    """

    def __init__(self, worker: Worker, *, kept_bytes: int) -> None:
        self._worker = worker
        self._kept_bytes = kept_bytes
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._made: dict[str, asyncio.Task[bytes]] = {}
        self._waiting: Counter[str] = Counter()

    async def get(self, key: str, path: Path, *question: Any) -> bytes:
        """Asks about a file; nobody works on it any more when all who asked gave up.

        Args:
            key: equal for what has the same answer.
            path: the file.
            question: what is asked.

        Raises:
            TaggerError: there is no answer.
        """
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if key not in self._made:
            self._made[key] = asyncio.create_task(self._make(key, path, question))
        task = self._made[key]
        self._waiting[key] += 1
        try:
            return await asyncio.shield(task)
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key]
                self._made.pop(key, None)
                task.cancel()

    def close(self) -> None:
        """Stops working at once."""
        self._worker.close()

    async def _make(self, key: str, path: Path, question: tuple[Any, ...]) -> bytes:
        answer = await self._worker.ask(path, *question)
        assert isinstance(answer, bytes)
        self._kept[key] = answer
        while sum(map(len, self._kept.values())) > self._kept_bytes:
            self._kept.popitem(last=False)
        return answer


class _Process:
    """One process, and our end of its pipe."""

    def __init__(self, make: Callable[[], Answerer]) -> None:
        self._process, self._connection = processes.start(_serve, make)

    def ask(self, question: tuple[Any, ...], hear: Callable[[Any], None] | None) -> Any:
        """Waits for an answer; raises EOFError or OSError when the process ends before."""
        self._connection.send(question)
        while isinstance(answer := self._connection.recv(), _News):
            if hear is not None:
                hear(answer.what)
        if isinstance(answer, TaggerError):
            raise answer
        return answer

    def kill(self) -> None:
        self._process.kill()
        # One that waits for a dead network share does not even die of that.
        self._process.join(0.5)


class _News(NamedTuple):
    """What is told before there is an answer."""

    what: Any


_telling: ContextVar[Callable[[Any], None]] = ContextVar("telling")


def tell(what: Any) -> None:
    """Tells whoever waits for an answer how far it is; elsewhere than in the process of a worker, nobody."""
    if (send := _telling.get(None)) is not None:
        send(what)


def _serve(connection: Connection, make: Callable[[], Answerer]) -> None:
    """What the process does."""
    _telling.set(lambda what: connection.send(_News(what)))
    with suppress(EOFError, OSError):
        try:
            answerer = make()
        except TaggerError as error:
            connection.recv()
            connection.send(error)
            return
        while True:
            if not connection.poll(_IDLE_S):
                answerer.rest()
                connection.poll(None)
            path, *question = connection.recv()
            try:
                connection.send(answerer.answer(path, *question))
            except TaggerError as error:
                connection.send(error)
