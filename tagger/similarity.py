"""What sounds alike: the recordings of a catalog whose embeddings lie nearest to one.

The search is exact, one matrix product over all embeddings of one model: 3 ms for 100,000 recordings, which no index
betters by enough to be worth its errors. They are kept in memory, and read again when the catalog holds others.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tagger.catalog import Catalog
from tagger.catalog.vectors import Vectors

Embedding = npt.NDArray[np.float32]


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
    """Finds neighbours in one catalog.

    Args:
        catalog: open for as long as this is used.
        model: whose embeddings count, as `name@version`.
    """

    def __init__(self, catalog: Catalog, model: str) -> None:
        self._catalog = catalog
        self._model = model
        self._vectors: Vectors | None = None

    def nearest(self, embedding: Embedding, limit: int) -> list[Neighbour]:
        """The recordings that are nearest, best first; silence and missing files are left out.

        Args:
            embedding: (size,) float32 of unit length.
            limit: at most so many.

        Raises:
            CatalogError: the catalog cannot be read.
        """
        self._vectors = self._catalog.vectors(self._model, held=self._vectors)
        similarity = self._vectors.matrix @ embedding
        count = min(limit, len(similarity))
        best = np.argpartition(-similarity, count - 1)[:count] if count else np.zeros(0, dtype=np.int64)
        best = best[np.argsort(-similarity[best], kind="stable")]
        paths = self._catalog.places([int(self._vectors.file_ids[index]) for index in best])
        return [
            Neighbour(paths[file_id], float(similarity[index]))
            for index in best
            if (file_id := int(self._vectors.file_ids[index])) in paths
        ]
