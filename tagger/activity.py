"""From probabilities over time to what is on and off: smoothing, hysteresis, least duration.

Everything here is fed window by window, in order of time, and knows nothing of what is still to come; a file is a
stream that ends. What differs between the two is one number: a file is smoothed to both sides, so that a window
comes out of the `Smoother` half a width late, a live stream only backwards, so that it comes out at once.

A label goes on at its threshold, and off below a share of it, as a Schmitt trigger does: a sound that hovers at
the threshold would else come and go with each window. In silence nothing is on, and silence is no part of an
average: the sounds beside it would look weaker than they are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

_AVERAGES: Final[Mapping[str, Callable[[npt.NDArray[np.float32]], Scores]]] = {
    "mean": lambda scores: scores.mean(axis=0),
    "median": lambda scores: np.median(scores, axis=0),
}
SMOOTHINGS: Final = ("none", *_AVERAGES)

# Sums of hops are not exact.
_SLACK_S: Final = 1e-6


class Smoother:
    """Moving mean or median of each label.

    Args:
        smoothing: one of `SMOOTHINGS`.
        before_s: how far back windows count, in seconds.
        after_s: how far ahead; so much later a window comes out.
    """

    def __init__(self, smoothing: str, *, before_s: float, after_s: float = 0.0) -> None:
        self._average = _AVERAGES.get(smoothing)
        self._before_s = before_s if self._average else 0.0
        self._after_s = after_s if self._average else 0.0
        self._held: deque[tuple[float, Scores | None]] = deque()
        self._out = 0
        """How many of those held have come out already."""

    def push(self, time_s: float, scores: Scores | None) -> Iterator[Scores | None]:
        """Takes the next window, and yields those that it completes, in order.

        Args:
            time_s: of the window, later than the last one's.
            scores: (labels,) float32; None for silence, which stays silence.
        """
        self._held.append((time_s, scores))
        yield from self._complete(time_s)

    def finish(self) -> Iterator[Scores | None]:
        """Ends the stream, and yields the windows that were still waiting for later ones."""
        yield from self._complete(float("inf"))

    def _complete(self, now_s: float) -> Iterator[Scores | None]:
        while self._out < len(self._held) and self._held[self._out][0] + self._after_s <= now_s + _SLACK_S:
            yield self._smoothed(*self._held[self._out])
            self._out += 1
            self._forget()

    def _smoothed(self, time_s: float, scores: Scores | None) -> Scores | None:
        if scores is None or self._average is None:
            return scores
        first, last = time_s - self._before_s - _SLACK_S, time_s + self._after_s + _SLACK_S
        return self._average(
            np.stack([held for at_s, held in self._held if held is not None and first <= at_s <= last])
        )

    def _forget(self) -> None:
        """Drops what no window to come looks back to."""
        next_s = self._held[self._out][0] if self._out < len(self._held) else self._held[-1][0]
        while self._out and self._held[0][0] < next_s - self._before_s - _SLACK_S:
            self._held.popleft()
            self._out -= 1


@dataclass(frozen=True, slots=True)
class Stretch:
    """Windows in a row in which a label was on.

    Attributes:
        label: index of the label.
        first: index of its first window.
        last: index of its last window.
        start_s: when the first began, in seconds.
        end_s: when the last ended, in seconds.
        confidence: mean score over them.
    """

    label: int
    first: int
    last: int
    start_s: float
    end_s: float
    confidence: float


class Activity:
    """Which labels are on, window by window.

    Args:
        thresholds: (labels,) score from which on each label goes on.
        off_ratio: share of its threshold below which a label goes off.
        min_duration_s: what is on for less never was, in seconds.
    """

    def __init__(self, thresholds: npt.ArrayLike, *, off_ratio: float, min_duration_s: float) -> None:
        self._thresholds = np.asarray(thresholds, dtype=np.float32)
        self._off = self._thresholds * np.float32(off_ratio)
        self._min_duration_s = min_duration_s
        self._on = np.zeros(self._thresholds.shape, dtype=np.bool_)
        self._first = np.zeros(self._thresholds.shape, dtype=np.int64)
        self._start_s = np.zeros(self._thresholds.shape)
        self._sum = np.zeros(self._thresholds.shape)
        self._windows = 0
        self._end_s = 0.0

    def push(self, start_s: float, end_s: float, scores: Scores | None) -> list[Stretch]:
        """Takes the next window.

        Args:
            start_s: from when on the window speaks, in seconds, later than the last one.
            end_s: until when it speaks; before `start_s` where there is nothing to be heard in its time.
            scores: (labels,) float32, smoothed; None for silence.

        Returns:
            The stretches that ended with the window before, in the order of their labels.
        """
        heard = np.zeros_like(self._thresholds) if scores is None else scores
        # A threshold of 0 is passed by anything, but not by nothing.
        is_on = (heard >= np.where(self._on, self._off, self._thresholds)) & (heard > 0)
        ended = list(self._ended(self._on & ~is_on))
        begun = is_on & ~self._on
        self._first[begun], self._start_s[begun], self._sum[begun] = self._windows, start_s, 0.0
        self._sum += heard
        self._on, self._end_s = is_on, end_s
        self._windows += 1
        return ended

    def finish(self) -> list[Stretch]:
        """Ends the stream; the stretches that were still on."""
        ended = list(self._ended(self._on))
        self._on = np.zeros_like(self._on)
        return ended

    @property
    def active(self) -> Flags:
        """(labels,) bool, what is on by now, and has been for long enough."""
        duration_s = self._end_s - self._start_s
        return self._on & (duration_s > 0) & (duration_s >= self._min_duration_s - _SLACK_S)

    def _ended(self, which: Flags) -> Iterator[Stretch]:
        for label in np.flatnonzero(which & self.active):
            first, start_s = int(self._first[label]), float(self._start_s[label])
            confidence = float(self._sum[label]) / (self._windows - first)
            yield Stretch(int(label), first, self._windows - 1, start_s, self._end_s, confidence)


def smoothed(scores: Scores, is_silent: Flags, time_s: Iterable[float], *, smoothing: str, width_s: float) -> Scores:
    """The windows of a whole file, smoothed to both sides.

    Args:
        scores: (n, labels) float32.
        is_silent: (n,) bool.
        time_s: (n,) of each window, ascending.
        smoothing: one of `SMOOTHINGS`.
        width_s: how much time counts, half of it to each side of a window.

    Returns:
        (n, labels) float32, 0 for silence.
    """
    smoother = Smoother(smoothing, before_s=width_s / 2, after_s=width_s / 2)
    result = np.zeros_like(scores)
    rows = iter(result)
    for row, silent, at_s in zip(scores, is_silent, time_s, strict=True):
        _fill(rows, smoother.push(at_s, None if silent else row))
    _fill(rows, smoother.finish())
    return result


def stretches(scores: Scores, is_silent: Flags, spans_s: npt.NDArray[np.float64], activity: Activity) -> list[Stretch]:
    """What is on when in a whole file.

    Args:
        scores: (n, labels) float32, smoothed.
        is_silent: (n,) bool.
        spans_s: (n, 2) from when to when each window speaks.
        activity: that has not been fed yet.

    Returns:
        By start, then label.
    """
    ended: list[Stretch] = []
    for row, silent, (start_s, end_s) in zip(scores, is_silent, spans_s.tolist(), strict=True):
        ended += activity.push(start_s, end_s, None if silent else row)
    return sorted(ended + activity.finish(), key=lambda each: (each.start_s, each.label))


def _fill(rows: Iterator[Scores], values: Iterable[Scores | None]) -> None:
    for value in values:
        row = next(rows)
        if value is not None:
            row[:] = value
