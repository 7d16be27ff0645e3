"""Whether confidence means what it says: bins of confidence against how often they are right.

Sources: Naeini, Cooper, Hauskrecht 2015 (expected calibration error), Guo, Pleiss, Sun, Weinberger 2017 (diagram).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.workshop.reporting.single import Flags, Scores, Vector


@dataclass(frozen=True, slots=True)
class Reliability:
    """Bins of equal width over confidences of 0 to 1.

    Attributes:
        centre: (bins,) middle of each bin.
        confidence: (bins,) mean confidence in it, nan where it is empty.
        accuracy: (bins,) share that is right, nan where it is empty.
        weight: (bins,) sum of weights, which is the count where nothing was weighted.
    """

    centre: Vector
    confidence: Vector
    accuracy: Vector
    weight: Vector

    @property
    def expected_calibration_error(self) -> float:
        """Mean over all that was weighed of the gap between a bin's confidence and accuracy, 0 to 1."""
        filled = self.weight > 0
        if not filled.any():
            return float("nan")
        gaps = np.abs(self.confidence[filled] - self.accuracy[filled])
        return float(np.average(gaps, weights=self.weight[filled]))


def reliability(confidence: Scores, is_right: Flags, bins: int = 15, weights: Vector | None = None) -> Reliability:
    """Sorts claims into bins of confidence.

    Args:
        confidence: (n,) in 0 to 1; 1 belongs to the last bin.
        is_right: (n,) whether the claim holds.
        bins: how many; 15 is what papers compare by.
        weights: (n,) at least 0, or None to count all claims the same.
    """
    weights = np.ones(len(confidence)) if weights is None else weights.astype(np.float64)
    index = np.clip((confidence * bins).astype(np.int64), 0, bins - 1)
    weight: Vector = np.bincount(index, weights, minlength=bins).astype(np.float64)
    # An empty bin has no mean; 0 / 0 says so without a warning.
    with np.errstate(invalid="ignore"):
        return Reliability(
            centre=(np.arange(bins) + 0.5) / bins,
            confidence=np.bincount(index, weights * confidence, minlength=bins) / weight,
            accuracy=np.bincount(index, weights * is_right, minlength=bins) / weight,
            weight=weight,
        )
