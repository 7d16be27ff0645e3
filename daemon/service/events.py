"""What happens in the daemon, told to whoever listens, and never waiting for anyone.

Each listener has a bounded queue of its own. One that is too slow loses the oldest events and is told how
many; it then asks the engine for its state instead. A listener that goes away just closes its subscription.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from osc_bridge.heard import Heard

_MOST_WAITING: Final = 1000


@dataclass(frozen=True, slots=True)
class FileAnalysed:
    """A file was analysed, or found to be a recording that is known, and the catalog holds it.

    Attributes:
        path: the file.
        labels: what the model claims of it, best first.
    """

    path: Path
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileTagged:
    """Tags of a file were brought up to date.

    Attributes:
        path: the file.
    """

    path: Path


@dataclass(frozen=True, slots=True)
class FileFailed:
    """A file could not be analysed or tagged.

    Attributes:
        path: the file.
        reason: why, as one line.
        retry_at: when it is tried again, in seconds since 1970; None if not before it changes.
    """

    path: Path
    reason: str
    retry_at: float | None


@dataclass(frozen=True, slots=True)
class FilesGone:
    """Files are no longer where they were.

    Attributes:
        folder: where they were.
        count: how many.
    """

    folder: Path
    count: int


@dataclass(frozen=True, slots=True)
class RootChanged:
    """A root was added, removed or looked through, or its state is another.

    Attributes:
        path: its folder.
        state: in words, as in `RootState.state`; "removed" if it is watched no longer.
    """

    path: Path
    state: str


@dataclass(frozen=True, slots=True)
class ProgressMade:
    """How far the work is.

    Attributes:
        done: files done since there was last nothing to do.
        waiting: files still to do, but for those that wait for a folder that is paused or offline, or for another try.
        per_s: files a second lately; 0 if none.
        eta_s: seconds until all is done at this speed; None if that is not known.
    """

    done: int
    waiting: int
    per_s: float
    eta_s: float | None


@dataclass(frozen=True, slots=True)
class HoldsChanged:
    """The reasons to rest are others.

    Attributes:
        reasons: what speaks against working, in words; empty if nothing does.
    """

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventsMissed:
    """The listener was too slow.

    Attributes:
        count: how many events it lost.
    """

    count: int


Event = (
    FileAnalysed
    | FileTagged
    | FileFailed
    | FilesGone
    | RootChanged
    | ProgressMade
    | HoldsChanged
    | Heard
    | EventsMissed
)


class Subscription:
    """One listener's events. Iterating waits for the next; it ends when the subscription or the daemon does."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast
        self._waiting: deque[Event] = deque()
        self._missed = 0
        self._is_closed = False
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Event]:
        while (event := self.next()) is not None:
            yield event

    def next(self, timeout_s: float | None = None) -> Event | None:
        """The next event; None after the timeout, or when there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._missed or self._is_closed, timeout_s)
            if self._missed:
                missed, self._missed = self._missed, 0
                return EventsMissed(missed)
            return self._waiting.popleft() if self._waiting else None

    def close(self) -> None:
        """Listens no longer, and ends an iteration that waits."""
        self._broadcast.forget(self)
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def put(self, event: Event) -> None:
        """Adds an event; drops the oldest where there are too many."""
        with self._changed:
            if len(self._waiting) >= _MOST_WAITING:
                self._waiting.popleft()
                self._missed += 1
            self._waiting.append(event)
            self._changed.notify()


class Broadcast:
    """Tells every listener. Any thread may tell and subscribe."""

    def __init__(self) -> None:
        self._listeners: tuple[Subscription, ...] = ()
        self._lock = threading.Lock()

    def subscribe(self) -> Subscription:
        """Begins to listen; what happened before is not told."""
        listener = Subscription(self)
        with self._lock:
            self._listeners = (*self._listeners, listener)
        return listener

    def forget(self, listener: Subscription) -> None:
        """Tells a listener nothing more."""
        with self._lock:
            self._listeners = tuple(each for each in self._listeners if each is not listener)

    def tell(self, event: Event) -> None:
        """Tells every listener, and waits for none."""
        for listener in self._listeners:
            listener.put(event)

    def close(self) -> None:
        """Ends all subscriptions."""
        for listener in self._listeners:
            listener.close()


@contextmanager
def handed_on(events: Subscription, tell: Callable[[Event], object]) -> Iterator[None]:
    """Hands what happens to a function for a while, on a thread."""

    def pump() -> None:
        for event in events:
            tell(event)

    thread = threading.Thread(target=pump, name="events", daemon=True)
    thread.start()
    try:
        yield
    finally:
        events.close()
        thread.join(1.0)
