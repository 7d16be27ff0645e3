"""Timelines on demand: one at a time, in a process of their own, and only as long as somebody waits.

A decoder may crash on a file, so none runs in the daemon; and a process can be stopped, which a thread cannot. It
is kept warm for a minute, since people look at several files in a row. What was made is kept by the hash of
the audio and the settings, whatever becomes of the file's name and tags.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import signal
from collections import Counter, OrderedDict
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from daemon.service.priority import go_to_background
from tagger.errors import DecodeError, TaggerError
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
        self._make_analyser = make_analyser
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._made: dict[str, asyncio.Task[bytes]] = {}
        self._waiting: Counter[str] = Counter()
        self._one_at_a_time = asyncio.Lock()
        self._listener: _Listener | None = None
        self._cooling: asyncio.TimerHandle | None = None

    async def get(self, wanted: Wanted) -> bytes:
        """A timeline, as the JSON of `tagger.reports.document`. Nobody listens any more when all who asked gave up.

        Raises:
            TaggerError: there can be none.
        """
        key = wanted.key
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if key not in self._made:
            self._made[key] = asyncio.create_task(self._make(wanted))
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
        """Stops listening at once."""
        if self._cooling is not None:
            self._cooling.cancel()
        if self._listener is not None:
            self._listener.kill()
            self._listener = None

    async def _make(self, wanted: Wanted) -> bytes:
        async with self._one_at_a_time:
            if self._cooling is not None:
                self._cooling.cancel()
            if self._listener is None:
                self._listener = _Listener(self._make_analyser)
            try:
                document = await asyncio.to_thread(self._listener.ask, wanted.path, wanted.settings)
            except (asyncio.CancelledError, EOFError, OSError) as error:
                self.close()
                if isinstance(error, asyncio.CancelledError):
                    raise
                raise DecodeError(wanted.path, "crashed the decoder", "copy or export it again") from None
            self._cooling = asyncio.get_running_loop().call_later(WARM_S, self.close)
        self._keep(wanted.key, document)
        return document

    def _keep(self, key: str, document: bytes) -> None:
        self._kept[key] = document
        while sum(map(len, self._kept.values())) > KEPT_BYTES:
            self._kept.popitem(last=False)


class _Listener:
    """One process, and our end of its pipe."""

    def __init__(self, make_analyser: Callable[[], SupportsTimeline]) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, make_analyser), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, path: Path, settings: TimelineSettings) -> bytes:
        """Waits for a timeline; raises EOFError or OSError when the process ends before."""
        self._connection.send((path, settings))
        answer = self._connection.recv()
        if isinstance(answer, TaggerError):
            raise answer
        assert isinstance(answer, bytes)
        return answer

    def kill(self) -> None:
        self._process.kill()
        # One that waits for a dead network share does not even die of that.
        self._process.join(0.5)


def _serve(connection: Connection, make_analyser: Callable[[], SupportsTimeline]) -> None:
    """What the process does."""
    from tagger.reports.document import document

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        try:
            analyser = make_analyser()
        except TaggerError as error:
            connection.recv()
            connection.send(error)
            return
        while True:
            path, settings = connection.recv()
            try:
                connection.send(json.dumps(document(analyser.analyse_over_time(path, settings))).encode())
            except TaggerError as error:
                connection.send(error)
