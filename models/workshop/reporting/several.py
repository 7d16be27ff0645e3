"""Figures and thresholds for several instruments at once, where some of the truth may be unknown.

Only judged cells count: what nobody knows is neither a hit nor a miss, whatever is in its place. Data sets such as
OpenMIC-2018 (Humphrey, Durand, McFee 2018) judge a few labels a clip, so whole rows would hardly ever be left.
That is why the ranking precision ranks the judged labels of each clip among themselves, over the clips that have
labels of both sorts: with others there is nothing to rank.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import sklearn.metrics

from models.workshop.reporting.single import Flags, LabelScores, Scores, Vector, average_precision, mean_of, roc_auc

# A label's own threshold counts as much as the common one at this many clips with the label.
_SHRINKAGE: Final = 30.0
_THRESHOLD_OF_NOTHING: Final = 0.5


@dataclass(frozen=True, slots=True)
class Oracle:
    """The one threshold for all labels that is best on the very data it is judged on.

    No threshold chosen elsewhere can do better here, so its F1 is a bound and not what users will get.

    Attributes:
        threshold: claims are made from it upwards; nan where nothing sounds.
        micro_f1: what it reaches, 0 to 1, or nan.
    """

    threshold: float
    micro_f1: float


@dataclass(frozen=True, slots=True)
class MultiScores:
    """Figures of the head for several instruments over judged cells, in 0 to 1, or nan.

    Attributes:
        clips: clips of which at least one label was judged.
        judged: judged cells.
        micro_f1: F1 of all cells together.
        macro_f1: mean F1 of the labels that sound in any clip.
        mean_average_precision: mean over those labels of the average precision.
        roc_auc: mean ROC-AUC of the labels that sound in some clips and not in others.
        ranking_precision: label ranking average precision, see the module.
        labels: figures of each label that sounds in any clip.
        oracle: what one common threshold could reach at best.
    """

    clips: int
    judged: int
    micro_f1: float
    macro_f1: float
    mean_average_precision: float
    roc_auc: float
    ranking_precision: float
    labels: tuple[LabelScores, ...]
    oracle: Oracle


def multi_scores(present: Flags, unknown: Flags, probability: Scores, thresholds: Vector | float) -> MultiScores:
    """Figures over judged cells.

    Args:
        present: (n, labels) what sounds.
        unknown: (n, labels) of what nobody knows whether it sounds; these cells change nothing.
        probability: (n, labels) in 0 to 1.
        thresholds: (labels,) or one for all; a label is claimed from its threshold upwards.
    """
    judged = ~unknown
    limits = np.broadcast_to(np.asarray(thresholds, dtype=np.float64), probability.shape[1:])
    said = probability >= limits
    labels = tuple(
        _label_scores(label, present[rows, label], said[rows, label], probability[rows, label])
        for label, rows in enumerate(judged.T)
        if present[rows, label].any()
    )
    return MultiScores(
        clips=int(judged.any(axis=1).sum()),
        judged=int(judged.sum()),
        micro_f1=_f1(present[judged], said[judged]),
        macro_f1=mean_of(each.f1 for each in labels),
        mean_average_precision=mean_of(each.average_precision for each in labels),
        roc_auc=mean_of(each.roc_auc for each in labels),
        ranking_precision=_ranking_precision(present, unknown, probability),
        labels=labels,
        oracle=oracle(present, unknown, probability),
    )


def oracle(present: Flags, unknown: Flags, probability: Scores) -> Oracle:
    """The common threshold that maximises micro F1 over judged cells; arguments as of `multi_scores`."""
    return Oracle(*_best_threshold(present[~unknown], probability[~unknown]))


def best_thresholds(present: Flags, unknown: Flags, probability: Scores) -> Vector:
    """For each label the threshold that maximises its F1, drawn towards the common one where clips are few.

    A label that sounds in n judged clips has its own threshold with weight n / (n + 30), the oracle's with the rest.

    Args:
        present: (n, labels) what sounds.
        unknown: (n, labels) of what nobody knows whether it sounds.
        probability: (n, labels) in 0 to 1.

    Returns:
        (labels,) in 0 to 1; a half where nothing sounds at all.
    """
    common = oracle(present, unknown, probability).threshold
    if np.isnan(common):
        return np.full(present.shape[1], _THRESHOLD_OF_NOTHING)
    thresholds = np.full(present.shape[1], common)
    for label, rows in enumerate((~unknown).T):
        count = int(present[rows, label].sum())
        if count:
            own, _ = _best_threshold(present[rows, label], probability[rows, label])
            thresholds[label] = (count * own + _SHRINKAGE * common) / (count + _SHRINKAGE)
    return thresholds


def _label_scores(label: int, present: Flags, said: Flags, score: Scores) -> LabelScores:
    hits, claims, support = int((present & said).sum()), int(said.sum()), int(present.sum())
    return LabelScores(
        label=label,
        support=support,
        precision=hits / claims if claims else 0.0,
        recall=hits / support,
        f1=_f1(present, said),
        average_precision=average_precision(present, score),
        roc_auc=roc_auc(present, score),
    )


def _f1(present: Flags, said: Flags) -> float:
    """Of cells of any labels; nan where nothing sounds, which no claim can hit."""
    if not present.any():
        return float("nan")
    return float(2 * (present & said).sum() / (present.sum() + said.sum()))


def _best_threshold(present: Flags, score: Scores) -> tuple[float, float]:
    """The threshold with the greatest F1, and that F1; the higher of two equally good ones."""
    if not present.any():
        return float("nan"), float("nan")
    precision, recall, thresholds = sklearn.metrics.precision_recall_curve(present, score)
    # The last point stands for claiming nothing and has no threshold.
    f1 = (2 * precision * recall / np.maximum(precision + recall, 1e-12))[:-1]
    best = len(f1) - 1 - int(np.argmax(f1[::-1]))
    return float(thresholds[best]), float(f1[best])


def _ranking_precision(present: Flags, unknown: Flags, probability: Scores) -> float:
    sounds, silent = present & ~unknown, ~present & ~unknown
    rows = sounds.any(axis=1) & silent.any(axis=1)
    if not rows.any():
        return float("nan")
    # Below all judged labels and absent, an unknown one takes no rank from anything.
    scores = np.where(unknown, -1.0, probability)
    return float(sklearn.metrics.label_ranking_average_precision_score(sounds[rows], scores[rows]))
