"""Something that takes long and that a person waits for: how far it is, and whether it is still wanted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sized
from typing import Protocol, TypeVar

T = TypeVar("T", covariant=True)


class _SizedIterable(Sized, Iterable[T], Protocol[T]): ...


class Errand:
    """Shared by the thread that works and the one that shows it; the page looks at it as often as it likes.

    Attributes:
        done: how much is done.
        total: how much there is to do; 0 as long as that is not known.
    """

    def __init__(self) -> None:
        self.done = 0
        self.total = 0
        self._started_s = time.monotonic()
        self._cancelled = threading.Event()

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody wants it any more."""
        return self._cancelled.is_set()

    @property
    def eta_s(self) -> float | None:
        """How long it will take, in seconds, at the speed so far; None if that cannot be told."""
        if not 0 < self.done <= self.total:
            return None
        return (time.monotonic() - self._started_s) * (self.total - self.done) / self.done

    def cancel(self) -> None:
        """Ends it as soon as what is at hand is done, or put back as it was."""
        self._cancelled.set()

    def wait(self, seconds: float) -> bool:
        """Waits, and says whether it was cancelled meanwhile."""
        return self._cancelled.wait(seconds)

    def through(self, values: _SizedIterable[T]) -> Iterator[T]:
        """Each of some values, counted when it is done, until this is cancelled."""
        self.done, self.total, self._started_s = 0, len(values), time.monotonic()
        for value in values:
            if self.is_cancelled:
                return
            yield value
            self.done += 1
