"""What happens, told to any number of listeners, each at its own speed, and none waited for.

The latest events are in one ring, and a listener is no more than a place in it. So listeners cost nothing, a slow
or stalled one holds nobody up, and one that was away takes up where it was, if the ring still holds that;
else it is told how many it missed, and asks for the state of things instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Final, NamedTuple

from daemon.service.events import Event, EventsMissed

MOST_LISTENERS: Final = 64

_RING: Final = 1000
_AT_ONCE: Final = 100


class Told(NamedTuple):
    """An event, and where it stands."""

    at: str
    event: Event


class Listener(NamedTuple):
    """Who listens.

    Attributes:
        something: set when there may be something to tell.
        at: how many events it is not to be told, since they were before.
    """

    something: asyncio.Event
    at: int


class Feed:
    """The latest events. Any thread may tell; coroutines of one loop listen."""

    def __init__(self) -> None:
        # A mark of another run of the program is not to be mistaken for one of this.
        self._run = secrets.token_hex(4)
        self._ring: deque[tuple[float, Event]] = deque(maxlen=_RING)
        self._count = 0
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: set[asyncio.Event] = set()
        self._is_closed = False

    @property
    def listeners(self) -> int:
        """How many wait for something to happen."""
        return len(self._waiting)

    def tell(self, event: Event) -> None:
        """Adds an event."""
        with self._lock:
            self._ring.append((time.time(), event))
            self._count += 1
        self._wake()

    def latest(self, wanted: tuple[type[Event], ...], count: int) -> list[tuple[float, Event]]:
        """The latest events of some kinds, newest first, with when they were told, in seconds since 1970."""
        with self._lock:
            return list(islice((told for told in reversed(self._ring) if isinstance(told[1], wanted)), count))

    def close(self) -> None:
        """Ends all listening, when what is there has been told."""
        self._is_closed = True
        self._wake()

    @contextmanager
    def joined(self, after: str | None = None) -> Iterator[Listener]:
        """A listener for as long as its connection lasts, to be entered on the loop that listens.

        No part of `listen`, since a generator that nobody takes from any more ends when the garbage collector likes,
        and begins when it is first asked: what happens from here on is told, however late that is.

        Args:
            after: the mark of the event that was told last; None for what happens from now on.
        """
        self._loop = asyncio.get_running_loop()
        something = asyncio.Event()
        at = self._place(after)
        self._waiting.add(something)
        try:
            yield Listener(something, at)
        finally:
            self._waiting.discard(something)

    async def listen(self, listener: Listener) -> AsyncIterator[Told]:
        """What happens, for a listener from `joined`."""
        something, at = listener
        while True:
            something.clear()
            missed, events = self._since(at)
            if missed:
                at += missed
                yield Told(self._mark(at), EventsMissed(missed))
            for event in events:
                at += 1
                yield Told(self._mark(at), event)
            if not events:
                if self._is_closed:
                    return
                await something.wait()

    def _wake(self) -> None:
        # The loop may end at any moment, and nobody listens then.
        with contextlib.suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._wake_all)

    def _wake_all(self) -> None:
        for something in self._waiting:
            something.set()

    def _since(self, at: int) -> tuple[int, list[Event]]:
        """How many events after a place are lost, and the next of those that are not."""
        with self._lock:
            oldest = self._count - len(self._ring)
            start = max(at, oldest)
            told = islice(self._ring, start - oldest, start - oldest + _AT_ONCE)
            return start - at, [event for _, event in told]

    def _mark(self, at: int) -> str:
        return f"{self._run}-{at}"

    def _place(self, after: str | None) -> int:
        run, _, number = (after or "").partition("-")
        if after is None:
            return self._count
        # What came from another run cannot be told any more; the listener is to learn of it.
        is_ours = run == self._run and number.isdecimal() and int(number) <= self._count
        return int(number) if is_ours else -1
