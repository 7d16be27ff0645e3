"""From scores to on and off: smoothing and hysteresis for all labels of one stream, in seconds of stream time."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from osc_bridge.parameters import Parameters

Scores = npt.NDArray[np.float32]


class Change(NamedTuple):
    """A label that went on or off.

    Attributes:
        label: its index.
        is_on: whether it is heard from now on.
        confidence: smoothed score for on, the greatest while it was on for off.
        since_s: stream time at which it went on.
    """

    label: int
    is_on: bool
    confidence: float
    since_s: float


class Tracker:
    """The state of all labels of a stream.

    Args:
        thresholds: (labels,) float32, the model's own.
    """

    def __init__(self, thresholds: Scores) -> None:
        self._own_thresholds = thresholds
        self._time_s = -math.inf
        self._beyond_s = np.zeros(len(thresholds))
        self._on_since_s = np.zeros(len(thresholds))
        self._peak = np.zeros(len(thresholds), dtype=np.float32)
        self.smoothed: Scores = np.zeros(len(thresholds), dtype=np.float32)
        self.is_on = np.zeros(len(thresholds), dtype=bool)

    def step(self, time_s: float, scores: Scores, parameters: Parameters) -> list[Change]:
        """Takes the scores of a moment.

        Args:
            time_s: stream time, later than before.
            scores: (labels,) float32, 0 to 1.
            parameters: in force.
        """
        elapsed_s = min(time_s - self._time_s, 1.0)
        self._time_s = time_s
        weight = 1 - math.exp(-elapsed_s / parameters.smoothing_s) if parameters.smoothing_s else 1.0
        self.smoothed += np.float32(weight) * (scores - self.smoothed)
        thresholds = self._own_thresholds if not parameters.threshold else np.float32(parameters.threshold)
        bounds = np.where(self.is_on, thresholds * np.float32(parameters.off_ratio), thresholds)
        differs = (self.smoothed >= bounds) != self.is_on
        self._beyond_s = np.where(differs, self._beyond_s + elapsed_s, 0.0)
        needed_s = np.where(self.is_on, parameters.release_s, parameters.attack_s)
        changed = np.flatnonzero(differs & (self._beyond_s >= needed_s))
        np.maximum(self._peak, self.smoothed, out=self._peak)
        return [self._change(int(label)) for label in changed]

    def end(self) -> list[Change]:
        """Takes all labels off, as at the end of a stream."""
        return [self._change(int(label)) for label in np.flatnonzero(self.is_on)]

    @property
    def leading(self) -> tuple[int, float] | None:
        """Index and smoothed score of the surest label that is on; None if none is."""
        if not self.is_on.any():
            return None
        label = int(np.argmax(np.where(self.is_on, self.smoothed, -1)))
        return label, float(self.smoothed[label])

    def _change(self, label: int) -> Change:
        self.is_on[label] = not self.is_on[label]
        self._beyond_s[label] = 0.0
        if self.is_on[label]:
            self._on_since_s[label] = self._time_s
            self._peak[label] = self.smoothed[label]
            return Change(label, True, float(self.smoothed[label]), self._time_s)
        return Change(label, False, float(self._peak[label]), float(self._on_since_s[label]))
