"""From probabilities to claims: what is in there, how sure, and when to say "unsure".

A one-shot holds one instrument, so the single-instrument head answers, at the onset. Loops and tracks may
hold several, so the presence head answers: an instrument counts as there when it is clearly heard in some
windows, not when it plays all the time. A leaf is claimed above its own threshold; where no leaf can be
claimed, the family is, above its threshold; else nothing is, and that is an answer too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tagger.recogniser import ModelCard, Prediction
from tagger.results import Instrument, Kind
from tagger.taxonomy import FAMILY_OF, LEAVES, Labels, family_of

_TOP: Final = 3
_LOUDEST_SHARE: Final = 0.25
# Labels of the field's sets are unions of leaves and have no threshold of their own.
_PROJECTED_THRESHOLD: Final = 0.5

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of a recording.

    Attributes:
        instruments: the three most likely labels, best first.
        tags: what may be claimed, best first; empty means unsure.
    """

    instruments: tuple[Instrument, ...]
    tags: tuple[Instrument, ...]


def aggregate(prediction: Prediction, kind: Kind) -> Scores:
    """One score a leaf from the windows of a recording.

    Args:
        prediction: of n >= 1 windows in order of time.
        kind: of the recording.

    Returns:
        (labels,) float32, 0 to 1.
    """
    if kind is Kind.ONE_SHOT:
        first: Scores = prediction.single[0]
        return first
    count = max(1, round(len(prediction.presence) * _LOUDEST_SHARE))
    strongest: Scores = np.sort(prediction.presence, axis=0)[-count:].mean(axis=0)
    return strongest


def decide(scores: Scores, kind: Kind, card: ModelCard) -> Verdict:
    """Top three and claims from the scores of all leaves.

    Args:
        scores: (labels,) float32 from `aggregate`.
        kind: of the recording.
        card: holds labels and thresholds.
    """
    ranked = [
        Instrument(card.labels[index], family_of(card.labels[index]), float(scores[index]))
        for index in _ranking(scores)
    ]
    thresholds = card.single_thresholds if kind is Kind.ONE_SHOT else card.presence_thresholds
    threshold_of = dict(zip(card.labels, thresholds, strict=True))
    tags = [each for each in ranked if each.confidence >= threshold_of[each.label]]
    if kind is Kind.ONE_SHOT:
        tags = tags[:1]
    return Verdict(tuple(ranked[:_TOP]), tuple(tags or _family_claim(scores, kind, card)))


def decide_projected(scores: Scores, labels: Labels) -> Verdict:
    """The same in another label set of the field; the family is that of the best leaf behind a label."""
    projected = labels.project(scores)
    names = list(labels.leaves_of)
    ranked = [
        Instrument(names[index], _family_behind(labels.leaves_of[names[index]], scores), float(projected[index]))
        for index in _ranking(projected)
    ]
    tags = [each for each in ranked if each.confidence >= _PROJECTED_THRESHOLD]
    return Verdict(tuple(ranked[:_TOP]), tuple(tags))


def family_scores(scores: Scores, kind: Kind, labels: Sequence[str]) -> dict[str, float]:
    """One score a family: the sum for exclusive labels, else the probability that any of them sounds."""
    grouped: dict[str, list[float]] = {}
    for label, score in zip(labels, scores, strict=True):
        grouped.setdefault(family_of(label), []).append(float(score))
    if kind is Kind.ONE_SHOT:
        return {family: min(sum(part), 1.0) for family, part in grouped.items()}
    return {family: 1 - math.prod(1 - score for score in part) for family, part in grouped.items()}


def _family_claim(scores: Scores, kind: Kind, card: ModelCard) -> list[Instrument]:
    families = family_scores(scores, kind, card.labels)
    best = max(families, key=lambda family: families[family])
    # A family of one label says no more than the label, which was not sure enough.
    if families[best] < card.family_threshold or [family_of(label) for label in card.labels].count(best) == 1:
        return []
    return [Instrument(best, best, families[best])]


def _family_behind(leaves: tuple[str, ...], scores: Scores) -> str:
    return FAMILY_OF[max(leaves, key=lambda leaf: scores[LEAVES.index(leaf)])]


def _ranking(scores: Scores) -> list[int]:
    return [int(index) for index in np.argsort(-scores, kind="stable")]
