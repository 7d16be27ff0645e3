"""What a network said of clips that it had not been trained on, beside what is true of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.special

from tagger.taxonomy import family_of

Logits = npt.NDArray[np.float32]


def mean_of_stretches(logits: Logits) -> Logits:
    """(labels,) mean of (stretches, labels) logits."""
    mean: Logits = logits.mean(axis=0)
    return mean


@dataclass(frozen=True, slots=True)
class Predictions:
    """Truth and logits, a row a clip.

    Attributes:
        labels: (labels,) str, the network's labels in the order of its outputs.
        library: (n,) str, the library of each clip.
        recording: (n,) str, the file of each clip; several clips may be stretches of one.
        present: (n, labels) bool, what sounds.
        unknown: (n, labels) bool, of what nobody knows whether it sounds.
        single: (n, labels) float32 logits of the head for one instrument (softmax).
        presence: (n, labels) float32 logits of the head for several (sigmoid).
    """

    labels: npt.NDArray[np.str_]
    library: npt.NDArray[np.str_]
    recording: npt.NDArray[np.str_]
    present: npt.NDArray[np.bool_]
    unknown: npt.NDArray[np.bool_]
    single: Logits
    presence: Logits

    def __len__(self) -> int:
        return len(self.library)

    @property
    def truth(self) -> npt.NDArray[np.int64]:
        """(n,) index of the label that sounds, the first of them where there are several."""
        first: npt.NDArray[np.int64] = self.present.argmax(axis=1)
        return first

    @property
    def is_single(self) -> npt.NDArray[np.bool_]:
        """(n,) whether one label sounds and nothing else."""
        alone: npt.NDArray[np.bool_] = (self.present.sum(axis=1) == 1) & ~self.unknown.any(axis=1)
        return alone

    def presence_probability(self, scale: float = 1.0, offset: float = 0.0) -> npt.NDArray[np.float64]:
        """(n, labels) how probable each label is among several, its logits calibrated by Platt's two numbers."""
        probability: npt.NDArray[np.float64] = scipy.special.expit(scale * self.presence.astype(np.float64) + offset)
        return probability

    def rows(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Predictions:
        """Only these rows."""
        return Predictions(self.labels, *(getattr(self, each.name)[chosen] for each in fields(self)[1:]))

    def by_library(self) -> dict[str, Predictions]:
        """The rows of each library."""
        return {str(library): self.rows(self.library == library) for library in np.unique(self.library)}

    def by_recording(self, join: Callable[[Logits], Logits] = mean_of_stretches) -> Predictions:
        """One row a recording: the logits of its stretches joined, truth of the first of them.

        Args:
            join: makes (labels,) of (stretches, labels) logits; by default their mean.
        """
        _, first, inverse = np.unique(self.recording, return_index=True, return_inverse=True)
        members = [np.flatnonzero(inverse == each) for each in range(len(first))]
        if not members:
            return self
        single = np.stack([join(self.single[rows]) for rows in members])
        presence = np.stack([join(self.presence[rows]) for rows in members])
        return dataclasses.replace(self.rows(first), single=single, presence=presence)

    def save(self, path: Path) -> None:
        """Writes an NPZ file; its folder is made where it is missing."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **{each.name: getattr(self, each.name) for each in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Predictions:
        """Reads what `save` wrote."""
        with np.load(path) as saved:
            return cls(*(saved[each.name] for each in fields(cls)))

    @classmethod
    def join(cls, parts: Sequence[Predictions]) -> Predictions:
        """All rows of at least one part; the labels must be the same in all."""
        joined = (np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(cls)[1:])
        return cls(parts[0].labels, *joined)


def families_of(labels: Sequence[str] | npt.NDArray[np.str_]) -> tuple[list[str], npt.NDArray[np.int64]]:
    """The families of labels in the order in which they come first, and each label's index among them."""
    names = [family_of(str(label)) for label in labels]
    families = list(dict.fromkeys(names))
    return families, np.array([families.index(name) for name in names])


def family_sums(probability: Logits, labels: Sequence[str] | npt.NDArray[np.str_]) -> Logits:
    """(n, families) sums of (n, labels) probabilities."""
    families, index = families_of(labels)
    return np.stack([probability[:, index == family].sum(axis=1) for family in range(len(families))], axis=1)
