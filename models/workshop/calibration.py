"""Calibration: probabilities that mean what they say on libraries the network has not heard.

Everything here is chosen on leave-one-library-out predictions, each library counting the same however
many clips it has. Temperature: Guo et al. 2017. The presence head gets one scale and offset (Platt 1999).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.optimize
import scipy.special

from models.workshop.evaluation import FAMILY_OF_LEAF, Predictions, family_sums
from tagger.taxonomy import LEAVES

# Claims are to be right this often on unheard libraries.
TARGET_PRECISION: Final = 0.9
# Of several instruments at once none is ever that sure; at 0.9 hardly a loop would get a tag at all.
PRESENCE_PRECISION: Final = 0.7
# A label's own threshold counts as much as the common one at this many predictions.
_SHRINKAGE: Final = 30.0
_LEAST_THRESHOLD: Final = 0.3
_GREATEST_THRESHOLD: Final = 0.95

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns logits into claims; see `tagger.recogniser.ModelCard` for the meaning of each."""

    temperature: float
    presence_scale: float
    presence_offset: float
    single_thresholds: tuple[float, ...]
    presence_thresholds: tuple[float, ...]
    family_threshold: float


@dataclass(frozen=True, slots=True)
class Honesty:
    """How well claims hold.

    Attributes:
        expected_calibration_error: mean gap between confidence and accuracy of the top-1, in 15 bins.
        precision: share of leaf claims that are right.
        coverage: share of clips for which a leaf is claimed.
        family_precision: share of family claims that are right.
        family_coverage: share of clips for which only a family is claimed.
    """

    expected_calibration_error: float
    precision: float
    coverage: float
    family_precision: float
    family_coverage: float


def calibrate(predictions: Predictions) -> Calibration:
    """Chooses temperature, scale, offset and thresholds on held-out predictions."""
    weights = _library_weights(predictions)
    temperature = _temperature(predictions, weights)
    said = _Said.by(predictions, temperature)
    common = _threshold(said.confidence, said.is_right, weights)
    single = tuple(
        _own_threshold(said.leaf == leaf, said.confidence, said.is_right, weights, common)
        for leaf in range(len(LEAVES))
    )
    scale, offset = _platt(predictions, weights)
    present = scipy.special.expit(scale * predictions.presence + offset)
    truth = np.arange(len(LEAVES)) == predictions.leaf[:, None]
    common_presence = _threshold(
        present.ravel(), truth.ravel(), np.repeat(weights, len(LEAVES)), target=PRESENCE_PRECISION
    )
    return Calibration(
        temperature=temperature,
        presence_scale=scale,
        presence_offset=offset,
        single_thresholds=single,
        presence_thresholds=(common_presence,) * len(LEAVES),
        # Families are claimed only where no leaf is, which are the harder clips.
        family_threshold=_threshold(said.family_confidence, said.is_family_right, weights * ~said.claims(single)),
    )


def honesty(predictions: Predictions, calibration: Calibration) -> Honesty:
    """Measures a calibration; each library counts the same."""
    weights = _library_weights(predictions)
    said = _Said.by(predictions, calibration.temperature)
    claims = said.claims(calibration.single_thresholds)
    family_claims = ~claims & (said.family_confidence >= calibration.family_threshold)
    return Honesty(
        expected_calibration_error=_calibration_error(said.confidence, said.is_right, weights),
        precision=_mean(said.is_right, weights * claims),
        coverage=_mean(claims, weights),
        family_precision=_mean(said.is_family_right, weights * family_claims),
        family_coverage=_mean(family_claims, weights),
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """What the single-instrument head says of each clip at a temperature, and whether it is right."""

    leaf: npt.NDArray[np.int64]
    confidence: Vector
    is_right: npt.NDArray[np.bool_]
    family_confidence: Vector
    is_family_right: npt.NDArray[np.bool_]

    @classmethod
    def by(cls, predictions: Predictions, temperature: float) -> _Said:
        probability = scipy.special.softmax(predictions.single / temperature, axis=1)
        families = family_sums(probability)
        leaf = probability.argmax(axis=1)
        return cls(
            leaf=leaf,
            confidence=probability.max(axis=1),
            is_right=leaf == predictions.leaf,
            family_confidence=families.max(axis=1),
            is_family_right=families.argmax(axis=1) == FAMILY_OF_LEAF[predictions.leaf],
        )

    def claims(self, thresholds: tuple[float, ...]) -> npt.NDArray[np.bool_]:
        return self.confidence >= np.array(thresholds)[self.leaf]


def _library_weights(predictions: Predictions) -> Vector:
    names, inverse, counts = np.unique(predictions.library, return_inverse=True, return_counts=True)
    weights: Vector = 1.0 / (len(names) * counts[inverse])
    return weights


def _temperature(predictions: Predictions, weights: Vector) -> float:
    rows = np.arange(len(predictions.leaf))

    def loss(log_temperature: float) -> float:
        log_probability = scipy.special.log_softmax(predictions.single / np.exp(log_temperature), axis=1)
        return float(-np.sum(weights * log_probability[rows, predictions.leaf]))

    return float(np.exp(scipy.optimize.minimize_scalar(loss, bounds=(-2, 3), method="bounded").x))


def _platt(predictions: Predictions, weights: Vector) -> tuple[float, float]:
    truth = np.arange(len(LEAVES)) == predictions.leaf[:, None]

    def loss(parameters: Vector) -> float:
        logits = parameters[0] * predictions.presence + parameters[1]
        losses = np.logaddexp(0, logits) - truth * logits
        return float(np.sum(weights[:, None] * losses))

    scale, offset = scipy.optimize.minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return float(scale), float(offset)


def _threshold(
    confidence: Vector, right: npt.NDArray[np.bool_], weights: Vector, *, target: float = TARGET_PRECISION
) -> float:
    """The least threshold from which on claims reach the target precision."""
    order = np.argsort(-confidence)
    precision = np.cumsum((weights * right)[order]) / np.maximum(np.cumsum(weights[order]), 1e-12)
    good = np.flatnonzero(precision >= target)
    threshold = float(confidence[order][good[-1]]) if len(good) else _GREATEST_THRESHOLD
    return float(np.clip(threshold, _LEAST_THRESHOLD, _GREATEST_THRESHOLD))


def _own_threshold(
    chosen: npt.NDArray[np.bool_],
    confidence: Vector,
    right: npt.NDArray[np.bool_],
    weights: Vector,
    common: float,
) -> float:
    count = int(chosen.sum())
    if not count:
        return common
    own = _threshold(confidence[chosen], right[chosen], weights[chosen])
    return (count * own + _SHRINKAGE * common) / (count + _SHRINKAGE)


def _calibration_error(confidence: Vector, right: npt.NDArray[np.bool_], weights: Vector) -> float:
    bins = np.minimum((confidence * 15).astype(int), 14)
    gaps = [abs(np.sum((weights * (right - confidence))[bins == each])) for each in range(15)]
    return float(sum(gaps) / weights.sum())


def _mean(values: npt.NDArray[np.bool_], weights: Vector) -> float:
    return float(np.sum(values * weights) / max(float(weights.sum()), 1e-12))
