"""Measuring: leave one library out, and what the held-out predictions say.

For each library a network is trained on all others and judged on that one, over the labels that both
sides have. The predictions of all held-out libraries together are what calibration and thresholds are
chosen on: they are the only predictions here that resemble a user's library.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tagger.taxonomy import FAMILIES, FAMILY_OF, LEAVES

# The family of each leaf, as an index into `FAMILIES`.
FAMILY_OF_LEAF = np.array([list(FAMILIES).index(FAMILY_OF[leaf]) for leaf in LEAVES])


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a network said of clips it had not seen.

    Attributes:
        library: (n,) str, the held-out library of each row.
        leaf: (n,) int, the true leaf.
        single: (n, 59) float32 logits.
        presence: (n, 59) float32 logits.
    """

    library: npt.NDArray[np.str_]
    leaf: npt.NDArray[np.int64]
    single: npt.NDArray[np.float32]
    presence: npt.NDArray[np.float32]

    def save(self, path: Path) -> None:
        """Writes the predictions as npz."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, library=self.library, leaf=self.leaf, single=self.single, presence=self.presence)

    @classmethod
    def load(cls, path: Path) -> Predictions:
        """Reads predictions that were saved."""
        with np.load(path) as saved:
            return cls(*(saved[name] for name in cls.__slots__))

    @classmethod
    def join(cls, parts: Sequence[Predictions]) -> Predictions:
        """All rows of all parts."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__))

    def of_leaves(self, leaves: Iterable[int]) -> Predictions:
        """The rows whose true leaf is one of these."""
        rows = np.isin(self.leaf, list(leaves))
        return Predictions(*(getattr(self, name)[rows] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Score:
    """Figures of one library, in 0 to 1; `clips` counts what they are made of."""

    clips: int
    top1: float
    top3: float
    macro_f1: float
    family: float


def score(predictions: Predictions) -> Score:
    """Top-1, top-3, macro F1 over the true labels, and family accuracy."""
    order = np.argsort(-predictions.single, axis=1)
    best = order[:, 0]
    return Score(
        clips=len(best),
        top1=float(np.mean(best == predictions.leaf)),
        top3=float(np.mean((order[:, :3] == predictions.leaf[:, None]).any(axis=1))),
        macro_f1=_macro_f1(predictions.leaf, best),
        family=float(np.mean(best_families(predictions.single) == FAMILY_OF_LEAF[predictions.leaf])),
    )


def best_families(single: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """The family with the largest sum of leaf probabilities, as an index: (n,)."""
    probability = np.exp(single - single.max(axis=1, keepdims=True))
    best: npt.NDArray[np.int64] = family_sums(probability).argmax(axis=1)
    return best


def family_sums(probability: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(n, 12) sums of (n, 59) leaf probabilities."""
    return np.stack([probability[:, family == FAMILY_OF_LEAF].sum(axis=1) for family in range(len(FAMILIES))], axis=1)


def _macro_f1(truth: npt.NDArray[np.int64], predicted: npt.NDArray[np.int64]) -> float:
    scores = []
    for leaf in np.unique(truth):
        hits = np.sum((truth == leaf) & (predicted == leaf))
        scores.append(2 * hits / (np.sum(truth == leaf) + np.sum(predicted == leaf)))
    return float(np.mean(scores))
