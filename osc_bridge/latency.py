"""How long answers take: counts by length, so that percentiles cost no memory however long the bridge runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

_EDGES_S: Final = np.geomspace(1e-4, 10.0, 501)
_LATELY_S: Final = 1.0


class Latency:
    """A histogram of times, exact to 2.4 %."""

    def __init__(self) -> None:
        self._counts = np.zeros(len(_EDGES_S) + 1, dtype=np.int64)

    def clear(self) -> None:
        """Forgets all that was counted."""
        self._counts[:] = 0

    def add(self, times_s: Iterable[float]) -> None:
        """Counts times, in seconds."""
        self._counts += np.bincount(np.searchsorted(_EDGES_S, list(times_s)), minlength=len(self._counts))

    @property
    def count(self) -> int:
        """How many were counted."""
        return int(self._counts.sum())

    def percentile_s(self, share: float) -> float:
        """The time that `share` (0 to 1) of all stayed below, in seconds; 0 when there are none."""
        if not self.count:
            return 0.0
        place = int(np.searchsorted(np.cumsum(self._counts), share * self.count))
        return float(_EDGES_S[min(place, len(_EDGES_S) - 1)])


class Slowest:
    """The longest time lately: of the last second at least, and of the last two at most."""

    def __init__(self) -> None:
        self._longest_s = self._before_s = 0.0
        self._since_s = float("-inf")

    def add(self, latency_s: float, now_s: float) -> None:
        """Takes a time, in seconds, and when that was."""
        if now_s - self._since_s >= _LATELY_S:
            self._before_s, self._longest_s, self._since_s = self._longest_s, 0.0, now_s
        self._longest_s = max(self._longest_s, latency_s)

    @property
    def latency_s(self) -> float:
        """The longest, in seconds; 0 where there was none."""
        return max(self._longest_s, self._before_s)
