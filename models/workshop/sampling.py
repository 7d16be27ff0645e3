"""Which rows of a store a batch is made of: drawn evenly, so that nothing large drowns the rest.

Drawing goes label, then library, then group, then row: neither a label with many clips nor a large library
nor a soundfont's sixty notes outweigh the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from models.workshop.clips import Clip
from models.workshop.features import Store

_RENDERED_WEIGHT = 0.6
# Beyond so many groups a label is broad, and a library no more worth for being larger.
_BROAD_LABEL = 12
_BROAD_LIBRARY = 9

Rows = npt.NDArray[np.int64]


class Sampler:
    """Draws rows of a store: label by the square root of its breadth, then library, group and row."""

    def __init__(self, clips: Sequence[Clip], store: Store, belongs: Callable[[Clip], bool], seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        tree: dict[str, dict[str, dict[str, list[int]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
        for row, index in enumerate(store.clip):
            clip = clips[index]
            if belongs(clip):
                for label in clip.labels:
                    tree[label][clip.library][clip.group].append(row)
        is_real = {clip.library: clip.is_real for clip in clips}
        self._labels = [_Label(libraries, is_real) for _, libraries in sorted(tree.items())]
        breadth = [min(_BROAD_LABEL, label.groups) for label in self._labels]
        self._weights = _normalised(np.sqrt(np.array(breadth) + 1.0))

    def rows(self, count: int, of_each: int = 1) -> Rows:
        """Draws (count, of_each) rows; those of one line belong to one group."""
        chosen = self._rng.choice(len(self._labels), size=count, p=self._weights)
        return np.stack([self._labels[label].rows(self._rng, of_each) for label in chosen])


class _Label:
    """The rows of one label, by library and group."""

    def __init__(self, libraries: dict[str, dict[str, list[int]]], is_real: dict[str, bool]) -> None:
        names = sorted(libraries)
        self.groups = sum(len(libraries[name]) for name in names)
        self._rows = [[np.array(rows) for _, rows in sorted(libraries[name].items())] for name in names]
        worth = [np.sqrt(min(len(libraries[name]), _BROAD_LIBRARY)) for name in names]
        factor = [1.0 if is_real[name] else _RENDERED_WEIGHT for name in names]
        self._edges = np.cumsum(_normalised(np.array(worth) * np.array(factor)))

    def rows(self, rng: np.random.Generator, count: int) -> Rows:
        library = self._rows[min(int(np.searchsorted(self._edges, rng.random())), len(self._rows) - 1)]
        rows = library[int(rng.integers(len(library)))]
        drawn: Rows = rows[rng.integers(len(rows), size=count)]
        return drawn


def _normalised(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    normalised: npt.NDArray[np.float64] = weights / weights.sum()
    return normalised
