"""From scores to on and off for all labels of one live stream: the rules of `tagger.activity`, looking back only."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from osc_bridge.parameters import Parameters
from tagger.activity import Activity, Smoother

Scores = npt.NDArray[np.float32]

# After a pause, time has not been heard; it counts as one step.
_LONGEST_STEP_S: Final = 0.5


class Change(NamedTuple):
    """A label that went on or off.

    Attributes:
        label: its index.
        is_on: whether it is heard from now on.
        confidence: smoothed score for on, the greatest while it was on for off.
        since_s: stream time at which it was first heard.
    """

    label: int
    is_on: bool
    confidence: float
    since_s: float


class Tracker:
    """The state of all labels of a stream.

    Args:
        thresholds: (labels,) float32, the model's own.
        parameters: in force at the beginning.

    Attributes:
        smoothed: (labels,) float32, zeros in silence.
        is_on: (labels,) bool.
    """

    def __init__(self, thresholds: Scores, parameters: Parameters) -> None:
        self._own_thresholds = thresholds
        self._time_s = 0.0
        self._since_s = np.zeros(len(thresholds))
        self._peak: Scores = np.zeros(len(thresholds), dtype=np.float32)
        self.smoothed: Scores = np.zeros(len(thresholds), dtype=np.float32)
        self._last = self.smoothed
        self.is_on: npt.NDArray[np.bool_] = np.zeros(len(thresholds), dtype=np.bool_)
        self._activity = Activity(thresholds, off_ratio=0.0, min_duration_s=0.0)
        self.set(parameters)

    def set(self, parameters: Parameters) -> None:
        """Goes on with other parameters."""
        thresholds = np.full_like(self._own_thresholds, parameters.threshold)
        self._activity.change(
            thresholds if parameters.threshold else self._own_thresholds,
            off_ratio=parameters.off_ratio,
            min_duration_s=parameters.attack_s,
            release_s=parameters.release_s,
        )
        self._smoother = Smoother("mean", before_s=parameters.smoothing_s)

    def step(self, time_s: float, scores: Scores | None) -> list[Change]:
        """Takes the scores of a moment.

        Args:
            time_s: stream time, later than before.
            scores: (labels,) float32, 0 to 1; None for silence.
        """
        start_s = max(self._time_s, time_s - _LONGEST_STEP_S)
        self._time_s = time_s
        (smoothed,) = self._smoother.push(time_s, scores)
        self.smoothed = np.zeros_like(self._peak) if smoothed is None else smoothed
        self._last = self._last if smoothed is None else smoothed
        self._activity.push(start_s, time_s, smoothed)
        return self._changes(self._activity.active, start_s)

    def end(self) -> list[Change]:
        """Takes all labels off, as at the end of a stream."""
        return self._changes(np.zeros_like(self.is_on), self._time_s)

    @property
    def leading(self) -> tuple[int, float] | None:
        """Index and score of the surest label that is on, as it was last heard; None if none is."""
        if not self.is_on.any():
            return None
        label = int(np.argmax(np.where(self.is_on, self._last, -1)))
        return label, float(self._last[label])

    def _changes(self, is_on: npt.NDArray[np.bool_], start_s: float) -> list[Change]:
        changed = np.flatnonzero(is_on != self.is_on)
        begun = is_on & ~self.is_on
        self._peak = np.where(begun, self.smoothed, np.maximum(self._peak, self.smoothed))
        self._since_s[begun] = start_s
        self.is_on = is_on.copy()
        confidence = np.where(is_on, self.smoothed, self._peak)
        return [
            Change(int(label), bool(is_on[label]), float(confidence[label]), float(self._since_s[label]))
            for label in changed
        ]
