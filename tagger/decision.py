"""From probabilities to claims: what is in there, how sure, and when to say "unsure".

A one-shot holds one instrument, so the single-instrument head answers, at the onset. Loops and tracks may
hold several, so the presence head answers: an instrument counts as there when it is clearly heard in some
windows, not when it plays all the time (`pooled`). A leaf is claimed above its own threshold; where no leaf can be
claimed, the family is, above its threshold; else nothing is, and that is an answer too.

Labels of the field's sets are unions of leaves (`Question`). Such a label is claimed above the mean of the thresholds
of its leaves: its claims are then right about as often as theirs. Nothing stands in for it where it is unsure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from tagger.results import Instrument, Kind
from tagger.taxonomy import LABEL_SETS, Labels, family_of, words_of

if TYPE_CHECKING:
    from tagger.model_card import ModelCard
    from tagger.recogniser import Prediction

_TOP: Final = 3
_STRONGEST_SHARE: Final = 0.25
# What is clear for so long is there, however long the recording is; in a medley nothing plays for a quarter of it.
_STRONGEST_S: Final = 12.0

Scores = npt.NDArray[np.float32]


def _strongest(scores: Scores, hop_s: float) -> Scores:
    count = max(1, min(round(len(scores) * _STRONGEST_SHARE), round(_STRONGEST_S / hop_s)))
    strongest: Scores = np.sort(scores, axis=0)[-count:].mean(axis=0)
    return strongest


_AGGREGATES: Final[Mapping[str, Callable[[Scores, float], Scores]]] = {
    "strongest": _strongest,
    "mean": lambda scores, _: scores.mean(axis=0),
    "max": lambda scores, _: scores.max(axis=0),
}
AGGREGATIONS: Final = tuple(_AGGREGATES)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of a recording.

    Attributes:
        instruments: the three most likely labels, best first.
        tags: what may be claimed, best first; empty means unsure.
    """

    instruments: tuple[Instrument, ...]
    tags: tuple[Instrument, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a recording: labels of a set, each with the threshold above which it is claimed.

    Attributes:
        label_set: the labels; the model's own among them where the set is `own`.
        kind: of the recording, which says which head answers.
        thresholds: (labels,) float32.
        family_threshold: from which a family stands in for its leaves, where all of them are unsure.
        leaves: the model's labels, in the order of its outputs.
    """

    label_set: Labels
    kind: Kind
    thresholds: Scores
    family_threshold: float
    leaves: tuple[str, ...]

    @classmethod
    def of(
        cls,
        card: ModelCard,
        label_set: str,
        kind: Kind,
        *,
        threshold: float | None = None,
        thresholds: Mapping[str, float] | None = None,
    ) -> Question:
        """Asks for a label set.

        Args:
            card: of the model.
            label_set: name of the set; all but `own` need a model with the leaves of the taxonomy.
            kind: of the recording.
            threshold: for all labels, instead of the model's own.
            thresholds: for single labels, before all others.
        """
        labels = labels_of(card, label_set)
        own = card.single_thresholds if kind is Kind.ONE_SHOT else card.presence_thresholds
        of_leaf = dict(zip(card.labels, own, strict=True))
        given = thresholds or {}
        values = [
            given.get(label, float(np.mean([of_leaf[leaf] for leaf in leaves])) if threshold is None else threshold)
            for label, leaves in labels.leaves_of.items()
        ]
        family_threshold = max(card.family_threshold, threshold or 0.0)
        return cls(labels, kind, np.array(values, dtype=np.float32), family_threshold, card.labels)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in their order."""
        return tuple(self.label_set.leaves_of)

    def scores(self, of_leaves: Scores) -> Scores:
        """(..., labels) float32 probabilities from those of the model's (..., leaves)."""
        if self.label_set.name == "own":
            return of_leaves
        return self.label_set.project(of_leaves, is_exclusive=self.kind is Kind.ONE_SHOT)

    def verdict(self, of_leaves: Scores) -> Verdict:
        """Top three and claims.

        Args:
            of_leaves: (leaves,) float32 from `aggregate`.
        """
        scores = self.scores(of_leaves)
        ranked = [
            (Instrument(self.labels[index], self._family(index, of_leaves), float(scores[index])), index)
            for index in np.argsort(-scores, kind="stable")
        ]
        tags = [each for each, index in ranked if scores[index] >= self.thresholds[index] and scores[index] > 0]
        if self.kind is Kind.ONE_SHOT:
            tags = tags[:1]
        if not tags and self.label_set.name == "own":
            tags = self._family_claim(of_leaves)
        return Verdict(tuple(each for each, _ in ranked[:_TOP]), tuple(tags))

    def _family(self, index: int, of_leaves: Scores) -> str:
        """The family of a label: that of its likeliest leaf."""
        leaves = self.label_set.leaves_of[self.labels[index]]
        return family_of(max(leaves, key=lambda leaf: of_leaves[self.leaves.index(leaf)]))

    def _family_claim(self, of_leaves: Scores) -> list[Instrument]:
        families = family_scores(of_leaves, self.kind, self.leaves)
        best = max(families, key=lambda family: families[family])
        # A family of one label says no more than the label, which was not sure enough.
        is_alone = [family_of(label) for label in self.leaves].count(best) == 1
        return [] if is_alone or families[best] < self.family_threshold else [Instrument(best, best, families[best])]


def labels_of(card: ModelCard, label_set: str) -> Labels:
    """A label set as a model answers in it: `own` is what the model tells apart."""
    if label_set != "own":
        return LABEL_SETS[label_set]
    return Labels("own", {label: (label,) for label in card.labels}, {label: words_of(label) for label in card.labels})


def pooled(scores: Scores, *, hop_s: float, aggregation: str = AGGREGATIONS[0]) -> Scores:
    """One score a label from those of the windows of a loop or track.

    Args:
        scores: (n, labels) float32, n >= 1.
        hop_s: between the starts of two windows, in seconds.
        aggregation: `strongest` is the mean of the windows where the label is strongest, a quarter of all and 12 s
            of them at most; `mean` and `max` are of all.

    Returns:
        (labels,) float32.
    """
    return _AGGREGATES[aggregation](scores, hop_s)


def aggregate(prediction: Prediction, kind: Kind, *, hop_s: float) -> Scores:
    """One score a leaf from the windows of a recording.

    Args:
        prediction: of n >= 1 windows in order of time, the first of them at the onset.
        kind: of the recording.
        hop_s: between the starts of two windows, in seconds.

    Returns:
        (leaves,) float32, 0 to 1.
    """
    if kind is Kind.ONE_SHOT:
        first: Scores = prediction.single[0]
        return first
    return pooled(prediction.presence, hop_s=hop_s)


def decide(scores: Scores, kind: Kind, card: ModelCard, label_set: str = "own") -> Verdict:
    """Top three and claims from the scores of all leaves, at the model's thresholds.

    Args:
        scores: (leaves,) float32 from `aggregate`.
        kind: of the recording.
        card: holds labels and thresholds.
        label_set: name of the set to answer in.
    """
    return Question.of(card, label_set, kind).verdict(scores)


def family_scores(scores: Scores, kind: Kind, labels: Sequence[str]) -> dict[str, float]:
    """One score a family: the sum for exclusive labels, else the probability that any of them sounds."""
    grouped: dict[str, list[float]] = {}
    for label, score in zip(labels, scores, strict=True):
        grouped.setdefault(family_of(label), []).append(float(score))
    if kind is Kind.ONE_SHOT:
        return {family: min(sum(part), 1.0) for family, part in grouped.items()}
    return {family: 1 - math.prod(1 - score for score in part) for family, part in grouped.items()}
