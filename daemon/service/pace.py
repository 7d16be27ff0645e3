"""How fast the work goes, and how long it will still take.

The speed is that of the last half minute of work, so that it follows what the machine can do beside
other programs; time in which nothing was to be done, or nothing was allowed, does not count.
"""

from __future__ import annotations

from collections import deque
from typing import Final

_SPAN_S: Final = 30.0
_GAP_S: Final = 5.0


class Pace:
    """Counts what is done. Times are in seconds of any steady clock."""

    def __init__(self) -> None:
        self.done = 0
        self._steps: deque[tuple[float, int]] = deque()
        self._last = 0.0

    def begin(self) -> None:
        """Starts to count anew, when there was nothing to do for a while."""
        self.done = 0
        self._steps.clear()

    def step(self, now: float, count: int) -> None:
        """Counts files that are done."""
        self.done += count
        duration = min(now - self._last, _GAP_S) if self._last else 0.0
        self._last = now
        self._steps.append((duration, count))
        while sum(duration for duration, _ in self._steps) > _SPAN_S and len(self._steps) > 1:
            self._steps.popleft()

    @property
    def per_s(self) -> float:
        """Files a second lately; 0 if that is not known."""
        duration = sum(duration for duration, _ in self._steps)
        return sum(count for seconds, count in self._steps if seconds) / duration if duration else 0.0

    def eta_s(self, waiting: int) -> float | None:
        """Seconds until so many more files are done; None if that is not known."""
        if not waiting:
            return 0.0
        return waiting / self.per_s if self.per_s else None
