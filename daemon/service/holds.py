"""When the daemon leaves the machine alone: a person paused it, it is a quiet hour, a DAW plays.

Each reason holds for itself; work goes on when none is left. A hold may be a lease, for a holder that
may vanish without a word: it ends by itself unless it is renewed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

PAUSED: Final = "paused"
QUIET: Final = "quiet hours"


class Holds:
    """The reasons to rest. Any thread may hold and release.

    Args:
        quiet_hours: spans such as "22:00-06:30", in local time; one may pass midnight.
        on_change: called after a change by `hold` or `release`.
    """

    def __init__(self, quiet_hours: Sequence[str] = (), on_change: Callable[[], None] = lambda: None) -> None:
        self._quiet = [_span(text) for text in quiet_hours]
        self._on_change = on_change
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def hold(self, reason: str, *, until: float = float("inf")) -> None:
        """Begins a hold, or renews it.

        Args:
            reason: whose hold it is, in words that people are shown.
            until: when it ends by itself, in seconds since 1970.
        """
        with self._lock:
            before = self._until.get(reason)
            self._until[reason] = until
        if before is None:
            self._on_change()

    def release(self, reason: str) -> None:
        """Ends a hold, if it is on."""
        with self._lock:
            before = self._until.pop(reason, None)
        if before is not None:
            self._on_change()

    def reasons(self, now: float) -> tuple[str, ...]:
        """What speaks against working at a time in seconds since 1970; empty if nothing does."""
        with self._lock:
            self._until = {reason: until for reason, until in self._until.items() if until > now}
            held = tuple(sorted(self._until))
        return (*held, QUIET) if self._is_quiet(now) else held

    def next_change(self, now: float) -> float | None:
        """When the reasons may next be others by themselves, in seconds since 1970."""
        with self._lock:
            ends = [until for until in self._until.values() if until != float("inf")]
        return min([*ends, *(self._boundary(now, minute) for span in self._quiet for minute in span)], default=None)

    def _is_quiet(self, now: float) -> bool:
        clock = datetime.fromtimestamp(now)
        minute = clock.hour * 60 + clock.minute
        return any(
            start <= minute < end if start < end else minute >= start or minute < end for start, end in self._quiet
        )

    @staticmethod
    def _boundary(now: float, minute: int) -> float:
        """The next time that the clock shows a minute of the day."""
        clock = datetime.fromtimestamp(now)
        today = clock.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0)
        return (today if today > clock else today + timedelta(days=1)).timestamp()


def _span(text: str) -> tuple[int, int]:
    start, end = text.split("-")
    return _minute(start), _minute(end)


def _minute(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)
