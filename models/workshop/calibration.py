"""Calibration: probabilities that mean what they say on libraries the network has not heard.

Everything here is chosen on leave-one-library-out predictions, each library counting the same however
many clips it has. Temperature: Guo et al. 2017. The presence head gets one scale and offset (Platt 1999).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.optimize
import scipy.special

from models.workshop.predictions import Predictions, families_of, family_sums

# Claims are to be right this often on unheard libraries.
TARGET_PRECISION: Final = 0.9
# Of several instruments at once none is ever that sure. The best F1 would claim more, of which 40 % are right.
PRESENCE_PRECISION: Final = 0.6
# A label's own threshold counts as much as the common one at this many predictions. They come from few libraries, and
# what one takes for a cello the next does not: at 30, claims on libraries that had no say were right in 84 %.
_SHRINKAGE: Final = 1000.0
_LEAST_THRESHOLD: Final = 0.3
_GREATEST_THRESHOLD: Final = 0.95

# What the taxonomy calls everything that is no instrument.
SOUND_EFFECT: Final = "sound_effect"

Vector = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns logits into claims; see `tagger.recogniser.ModelCard` for the meaning of each."""

    temperature: float
    presence_scale: float
    presence_offset: float
    single_thresholds: tuple[float, ...]
    presence_thresholds: tuple[float, ...]
    family_threshold: float

    def to_json(self) -> str:
        """All values as JSON."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Reads what `to_json` wrote."""
        values = json.loads(text)
        for name in ("single_thresholds", "presence_thresholds"):
            values[name] = tuple(values[name])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Honesty:
    """How well claims hold.

    Attributes:
        expected_calibration_error: mean gap between confidence and accuracy of the top-1, in 15 bins.
        precision: share of leaf claims that are right.
        coverage: share of clips for which a leaf is claimed.
        family_precision: share of family claims that are right.
        family_coverage: share of clips for which only a family is claimed.
        effects_as_instruments: share of the sound effects for which an instrument or its family is claimed; nan
            where there are none.
    """

    expected_calibration_error: float
    precision: float
    coverage: float
    family_precision: float
    family_coverage: float
    effects_as_instruments: float


def calibrate(singles: Predictions, mixtures: Predictions) -> Calibration:
    """Chooses temperature, scale, offset and thresholds on held-out predictions.

    Args:
        singles: for the head for one instrument; clips of several are passed over.
        mixtures: clips of one and several, for the presence head.
    """
    scale, offset = _platt(mixtures)
    present = mixtures.presence_probability(scale, offset)
    single = _Single.fitted(singles.rows(singles.is_single))
    return Calibration(
        temperature=single.temperature,
        presence_scale=scale,
        presence_offset=offset,
        single_thresholds=single.thresholds,
        presence_thresholds=_presence_thresholds(mixtures, present),
        family_threshold=single.family_threshold,
    )


def _presence_thresholds(mixtures: Predictions, present: Vector) -> tuple[float, ...]:
    """From where on claims of each label among several reach their precision; judged cells count the same."""
    judged = ~mixtures.unknown
    evenly = judged.astype(np.float64)
    every = present[judged], mixtures.present[judged], evenly[judged]
    common = _threshold(*every, target=PRESENCE_PRECISION)
    return tuple(
        _own_threshold(
            judged[:, label] & (present[:, label] >= _LEAST_THRESHOLD),
            present[:, label],
            mixtures.present[:, label],
            evenly[:, label],
            common,
            target=PRESENCE_PRECISION,
        )
        for label in range(len(mixtures.labels))
    )


def honesty(singles: Predictions, calibration: Calibration) -> Honesty:
    """Measures a calibration on clips of one instrument; each library counts the same."""
    single = _Single(calibration.temperature, calibration.single_thresholds, calibration.family_threshold)
    return _measured(_Judged.by(singles.rows(singles.is_single), single))


def honesty_elsewhere(singles: Predictions) -> Honesty:
    """Measures what calibrating on these gives: each library is judged by what is chosen on all others.

    Each library counts the same. A library without others is judged by what is chosen on itself, which flatters.
    """
    parts = singles.rows(singles.is_single).by_library()
    judged = []
    for name, part in parts.items():
        others = [each for other, each in parts.items() if other != name] or [part]
        judged.append(_Judged.by(part, _Single.fitted(Predictions.join(others))))
    return _measured(_Judged.join(judged))


@dataclass(frozen=True, slots=True)
class _Single:
    """The part of a calibration that is for the head for one instrument."""

    temperature: float
    thresholds: tuple[float, ...]
    family_threshold: float

    @classmethod
    def fitted(cls, singles: Predictions) -> _Single:
        weights = _library_weights(singles.library)
        temperature = _temperature(singles, weights)
        said = _Said.by(singles, temperature)
        common = _threshold(said.confidence, said.is_right, weights)
        thresholds = tuple(
            _own_threshold(said.label == label, said.confidence, said.is_right, weights, common)
            for label in range(len(singles.labels))
        )
        # Families are claimed only where no label is, which are the harder clips.
        left = weights * ~said.claims(thresholds)
        return cls(temperature, thresholds, _threshold(said.family_confidence, said.is_family_right, left))


@dataclass(frozen=True, slots=True)
class _Said:
    """What the single-instrument head says of each clip at a temperature, and whether it is right."""

    label: npt.NDArray[np.int64]
    confidence: Vector
    is_right: Flags
    family_confidence: Vector
    is_family_right: Flags

    @classmethod
    def by(cls, predictions: Predictions, temperature: float) -> _Said:
        probability = scipy.special.softmax(predictions.single / temperature, axis=1)
        families = family_sums(probability, predictions.labels)
        family_of = families_of(predictions.labels)[1]
        label = probability.argmax(axis=1)
        return cls(
            label=label,
            confidence=probability.max(axis=1),
            is_right=label == predictions.truth,
            family_confidence=families.max(axis=1),
            is_family_right=families.argmax(axis=1) == family_of[predictions.truth],
        )

    def claims(self, thresholds: tuple[float, ...]) -> Flags:
        return self.confidence >= np.array(thresholds)[self.label]


@dataclass(frozen=True, slots=True)
class _Judged:
    """What is claimed of each clip, and whether that is right."""

    library: npt.NDArray[np.str_]
    is_effect: Flags
    confidence: Vector
    is_right: Flags
    is_family_right: Flags
    is_claimed: Flags
    is_family_claimed: Flags

    @classmethod
    def by(cls, singles: Predictions, single: _Single) -> _Judged:
        said = _Said.by(singles, single.temperature)
        is_claimed = said.claims(single.thresholds)
        return cls(
            library=singles.library,
            is_effect=singles.labels[singles.truth] == SOUND_EFFECT,
            confidence=said.confidence,
            is_right=said.is_right,
            is_family_right=said.is_family_right,
            is_claimed=is_claimed,
            is_family_claimed=~is_claimed & (said.family_confidence >= single.family_threshold),
        )

    @classmethod
    def join(cls, parts: Sequence[_Judged]) -> _Judged:
        return cls(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(cls)))


def _measured(judged: _Judged) -> Honesty:
    weights, effects = _library_weights(judged.library), judged.is_effect
    is_wrong = judged.is_claimed & ~judged.is_right | judged.is_family_claimed & ~judged.is_family_right
    return Honesty(
        expected_calibration_error=_calibration_error(judged.confidence, judged.is_right, weights),
        precision=_mean(judged.is_right, weights * judged.is_claimed),
        coverage=_mean(judged.is_claimed, weights),
        family_precision=_mean(judged.is_family_right, weights * judged.is_family_claimed),
        family_coverage=_mean(judged.is_family_claimed, weights),
        effects_as_instruments=float(is_wrong[effects].mean()) if effects.any() else float("nan"),
    )


def _library_weights(library: npt.NDArray[np.str_]) -> Vector:
    names, inverse, counts = np.unique(library, return_inverse=True, return_counts=True)
    weights: Vector = 1.0 / (len(names) * counts[inverse])
    return weights


def _temperature(predictions: Predictions, weights: Vector) -> float:
    if not len(predictions):
        return 1.0
    rows, truth = np.arange(len(predictions)), predictions.truth

    def loss(log_temperature: float) -> float:
        log_probability = scipy.special.log_softmax(predictions.single / np.exp(log_temperature), axis=1)
        return float(-np.sum(weights * log_probability[rows, truth]))

    return float(np.exp(scipy.optimize.minimize_scalar(loss, bounds=(-2, 3), method="bounded").x))


def _platt(mixtures: Predictions) -> tuple[float, float]:
    """One scale and offset for all labels, each judged cell counting the same (Platt 1999)."""
    judged = ~mixtures.unknown
    logits, truth = mixtures.presence[judged].astype(np.float64), mixtures.present[judged]

    def loss(parameters: Vector) -> float:
        scaled = parameters[0] * logits + parameters[1]
        return float(np.mean(np.logaddexp(0, scaled) - truth * scaled))

    scale, offset = scipy.optimize.minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return float(scale), float(offset)


def _threshold(confidence: Vector, right: Flags, weights: Vector, *, target: float = TARGET_PRECISION) -> float:
    """The least threshold from which on claims reach the target precision."""
    order = np.argsort(-confidence)
    precision = np.cumsum((weights * right)[order]) / np.maximum(np.cumsum(weights[order]), 1e-12)
    good = np.flatnonzero(precision >= target)
    threshold = float(confidence[order][good[-1]]) if len(good) else _GREATEST_THRESHOLD
    return float(np.clip(threshold, _LEAST_THRESHOLD, _GREATEST_THRESHOLD))


def _own_threshold(
    chosen: Flags, confidence: Vector, right: Flags, weights: Vector, common: float, *, target: float = TARGET_PRECISION
) -> float:
    count = int(chosen.sum())
    if not count:
        return common
    own = _threshold(confidence[chosen], right[chosen], weights[chosen], target=target)
    return (count * own + _SHRINKAGE * common) / (count + _SHRINKAGE)


def _calibration_error(confidence: Vector, right: Flags, weights: Vector) -> float:
    bins = np.minimum((confidence * 15).astype(int), 14)
    gaps = [abs(np.sum((weights * (right - confidence))[bins == each])) for each in range(15)]
    return float(sum(gaps) / max(float(weights.sum()), 1e-12))


def _mean(values: Flags, weights: Vector) -> float:
    return float(np.sum(values * weights) / max(float(weights.sum()), 1e-12))
