"""Figures of a network, in the field's usual definitions, for one instrument alone.

A figure that has no value, such as the ROC-AUC of a label that always sounds, is nan and is left out of means.
"Macro" is a mean over labels, each counting the same. Ranking figures are taken from the softmax, so that clips
are compared with each other by what the network claims, not by the size of its logits.

Sources: Manning, Raghavan, Schütze 2008, chapters 8 and 13 (precision, recall, F1, average precision), Fawcett 2006
(ROC-AUC), Tsoumakas, Katakis, Vlahavas 2010 (label ranking average precision).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.special
import sklearn.metrics

from models.workshop.predictions import Predictions, families_of, family_sums

Flags = npt.NDArray[np.bool_]
Scores = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SingleScores:
    """Figures of the head for one instrument; all but `clips` in 0 to 1, or nan.

    Attributes:
        clips: how many clips they are made of.
        top1: share of clips whose likeliest label is right.
        top3: share of clips whose label is among the three likeliest.
        balanced_top1: mean recall of the labels, so that frequent ones count no more than rare ones.
        macro_f1: mean F1 of the labels that sound in any clip.
        family: share of clips whose likeliest family, by its sum of probabilities, is right.
        roc_auc: mean over labels of the ROC-AUC of one label against the rest.
        mean_average_precision: mean over labels of the average precision.
        ranking_precision: label ranking average precision; with one label a clip, the mean reciprocal rank.
    """

    clips: int
    top1: float
    top3: float
    balanced_top1: float
    macro_f1: float
    family: float
    roc_auc: float
    mean_average_precision: float
    ranking_precision: float


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Figures of one label; all but the first two in 0 to 1, or nan.

    Attributes:
        label: its index among the network's labels.
        support: clips in which it sounds.
        precision: share of the clips for which it is claimed in which it sounds; 0 where it is never claimed.
        recall: share of the clips in which it sounds for which it is claimed.
        f1: harmonic mean of both.
        average_precision: precision averaged over the recalls that thresholds reach.
        roc_auc: chance that a clip with the label scores above a clip without.
    """

    label: int
    support: int
    precision: float
    recall: float
    f1: float
    average_precision: float
    roc_auc: float


def single_scores(predictions: Predictions) -> SingleScores:
    """Figures over the clips in which one label sounds and nothing else; without any, all are nan."""
    alone = predictions.rows(predictions.is_single)
    if not len(alone):
        return SingleScores(0, *[float("nan")] * 8)
    probability, truth = softmax(alone), alone.truth
    order = np.argsort(-probability, axis=1, kind="stable")
    labels = per_label(alone)
    families = families_of(alone.labels)[1]
    return SingleScores(
        clips=len(alone),
        top1=float(np.mean(order[:, 0] == truth)),
        top3=float(np.mean((order[:, :3] == truth[:, None]).any(axis=1))),
        balanced_top1=mean_of(each.recall for each in labels),
        macro_f1=mean_of(each.f1 for each in labels),
        family=float(np.mean(family_sums(probability, alone.labels).argmax(axis=1) == families[truth])),
        roc_auc=mean_of(each.roc_auc for each in labels),
        mean_average_precision=mean_of(each.average_precision for each in labels),
        ranking_precision=float(sklearn.metrics.label_ranking_average_precision_score(alone.present, probability)),
    )


def per_label(predictions: Predictions) -> tuple[LabelScores, ...]:
    """Figures of each label that sounds alone in any clip, over the clips in which one label sounds."""
    alone = predictions.rows(predictions.is_single)
    if not len(alone):
        return ()
    probability = softmax(alone)
    labels = np.flatnonzero(alone.present.any(axis=0))
    claims = sklearn.metrics.precision_recall_fscore_support(
        alone.truth, probability.argmax(axis=1), labels=labels, average=None, zero_division=0.0
    )
    return tuple(
        LabelScores(
            label=int(label),
            support=int(support),
            precision=float(precision),
            recall=float(recall),
            f1=float(f1),
            average_precision=average_precision(alone.present[:, label], probability[:, label]),
            roc_auc=roc_auc(alone.present[:, label], probability[:, label]),
        )
        for label, precision, recall, f1, support in zip(labels, *claims, strict=True)
    )


def confusion(predictions: Predictions) -> npt.NDArray[np.int64]:
    """(labels, labels) counts of clips with one label: a row is what sounds, a column what was said."""
    alone = predictions.rows(predictions.is_single)
    counts = np.zeros((len(predictions.labels),) * 2, dtype=np.int64)
    np.add.at(counts, (alone.truth, alone.single.argmax(axis=1)), 1)
    return counts


def softmax(predictions: Predictions, temperature: float = 1.0) -> npt.NDArray[np.float32]:
    """(n, labels) probabilities of the head for one instrument, at a temperature above 0."""
    probability: npt.NDArray[np.float32] = scipy.special.softmax(predictions.single / np.float32(temperature), axis=1)
    return probability


def average_precision(present: Flags, score: Scores) -> float:
    """Average precision of one label.

    Args:
        present: (n,) whether it sounds.
        score: (n,) finite, the larger the likelier.

    Returns:
        0 to 1, or nan where it sounds in no clip.
    """
    if not present.any():
        return float("nan")
    return float(sklearn.metrics.average_precision_score(present, score))


def roc_auc(present: Flags, score: Scores) -> float:
    """Area under the ROC curve of one label.

    Args:
        present: (n,) whether it sounds.
        score: (n,) finite, the larger the likelier.

    Returns:
        0 to 1, 0.5 by chance, or nan where it sounds in all clips or in none.
    """
    if not present.any() or present.all():
        return float("nan")
    return float(sklearn.metrics.roc_auc_score(present, score))


def mean_of(values: Iterable[float]) -> float:
    """Mean of those that are not nan; nan without any."""
    known = np.array(list(values), dtype=np.float64)
    known = known[~np.isnan(known)]
    return float(known.mean()) if len(known) else float("nan")
