"""What sounds alike: the recordings of a catalog whose embeddings lie nearest to one.

The search is exact, one matrix product over all embeddings of one model: 3 ms for 100,000 recordings, which no index
betters by enough to be worth its errors. They are kept in memory, 0.5 kB each, and others join them as the catalog
holds more.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from tagger.catalog import Catalog
from tagger.catalog.vectors import Vectors

_REACH_FACTOR: Final = 4

Embedding: TypeAlias = npt.NDArray[np.float32]
Ranked: TypeAlias = tuple[int, float]
"""The number of a recording, and how alike it sounds: cosine, -1 to 1."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A recording that sounds alike.

    Attributes:
        path: where it is.
        similarity: cosine, -1 to 1.
    """

    path: Path
    similarity: float


class Neighbours:
    """Finds neighbours in one catalog. Any thread may ask; to be closed before the catalog is.

    Args:
        catalog: open for as long as this is used.
        model: whose embeddings count, as `name@version`.
    """

    def __init__(self, catalog: Catalog, model: str) -> None:
        self._catalog = catalog
        self._model = model
        self._changes = catalog.changes()
        self._lock = threading.Lock()
        self._vectors: Vectors | None = None
        self._is_stale = True

    def close(self) -> None:
        """Lets go of the catalog, and of what was read."""
        with self._lock:
            self._changes.close()
            self._vectors = None

    def nearest(self, embedding: Embedding, limit: int) -> list[Neighbour]:
        """The recordings that are nearest, best first; silence and missing files are left out.

        Args:
            embedding: (size,) float32 of unit length.
            limit: at most so many.

        Raises:
            CatalogError: the catalog cannot be read.
        """
        found: list[Neighbour] = []
        for ranked in self.ranked(embedding, limit):
            paths = self._catalog.places([file_id for file_id, _ in ranked])
            found += [Neighbour(paths[file_id], cosine) for file_id, cosine in ranked if file_id in paths]
            if len(found) >= limit:
                break
        return found[:limit]

    def ranked(
        self, embedding: Embedding, count: int, *, among: npt.NDArray[np.int64] | None = None
    ) -> Iterator[list[Ranked]]:
        """All recordings but silence, nearest first: as many as asked for, then ever more, until there are no others.

        Args:
            embedding: (size,) float32 of unit length.
            count: how many come first.
            among: the numbers of the only ones that count, or None for all.

        Raises:
            CatalogError: the catalog cannot be read.
        """
        held = self._read()
        if not len(held.matrix):
            return
        similarity = held.matrix @ embedding
        file_ids = held.file_ids
        if among is not None:
            is_among = np.isin(file_ids, among)
            similarity, file_ids = similarity[is_among], file_ids[is_among]
        given = 0
        while given < len(similarity):
            best = _largest(similarity, given + count)[given:]
            yield list(zip(file_ids[best].tolist(), similarity[best].tolist(), strict=True))
            given += len(best)
            count *= _REACH_FACTOR

    def _read(self) -> Vectors:
        with self._lock:
            self._is_stale |= self._changes.are_there()
            if self._vectors is None or self._is_stale:
                self._vectors = self._catalog.vectors(self._model, held=self._vectors)
                self._is_stale = False
            return self._vectors


def _largest(values: Embedding, count: int) -> npt.NDArray[np.int64]:
    """Where the largest values are, largest first, and of equal ones the first; for any count the same order."""
    count = min(count, len(values))
    least = -np.partition(-values, count - 1)[count - 1]
    above = np.flatnonzero(values > least)
    best = np.concatenate([above, np.flatnonzero(values == least)[: count - len(above)]])
    ordered: npt.NDArray[np.int64] = best[np.argsort(-values[best], kind="stable")]
    return ordered
