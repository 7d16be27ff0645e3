"""What sounds alike: the samples of the library that are nearest to a file or to a live stream.

The search is exact (`tagger.similarity`). Identical audio is one answer with several places, so that copies of one hit
do not fill the list. Conditions are those of the search box, counted by what facets are counted by, so that they cost
milliseconds. What an embedding means is up to its model; so a sound is compared to what the same model heard.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from daemon.api.counting import Counting
from tagger.catalog import Catalog, FileRecord, Hit, Query
from tagger.errors import CatalogError
from tagger.results import Kind
from tagger.similarity import Embedding, Neighbours

_ANY: Final = Query()


@dataclass(frozen=True, slots=True)
class Similar:
    """A recording that sounds alike.

    Attributes:
        similarity: cosine of the embeddings, -1 to 1; 1 is the same sound.
        hit: where it is, of several places the first that meets the conditions; `Hit.position` is empty.
        copies: the other places that hold the same audio, by path.
    """

    similarity: float
    hit: Hit
    copies: tuple[Hit, ...]


class SimilarSounds:
    """Finds what sounds alike in one catalog. Any thread may ask; to be closed before the catalog is.

    Args:
        catalog: open for as long as this is used.
        counting: that of the catalog.
    """

    def __init__(self, catalog: Catalog, counting: Counting) -> None:
        self._catalog = catalog
        self._counting = counting
        self._lock = threading.Lock()
        self._neighbours: dict[str, Neighbours] = {}

    def close(self) -> None:
        """Lets go of the catalog, and of the memory: 0.5 kB a recording."""
        with self._lock:
            for each in self._neighbours.values():
                each.close()
            self._neighbours.clear()

    def to_file(self, file_id: int, limit: int, query: Query = _ANY) -> list[Similar]:
        """The recordings that sound most like a file's, which is left out with all its copies.

        Args:
            file_id: of its place, as in `Hit.id`.
            limit: at most so many.
            query: what the others have to meet; its order and limit do not matter.

        Raises:
            CatalogError: the file is not in the catalog, or is silent.
        """
        record = self._catalog.records_at([file_id]).get(file_id)
        if record is None:
            raise CatalogError(self._catalog.path, f"there is no recording {file_id} in it", "search again")
        if record.kind is Kind.SILENCE:
            raise CatalogError(record.path, "is silent, and sounds like nothing")
        found = self.to_embedding(record.analysis.embedding, record.analysis.model, limit + 1, query)
        return [each for each in found if not _holds(each, record)][:limit]

    def to_embedding(self, embedding: Embedding, model: str, limit: int, query: Query = _ANY) -> list[Similar]:
        """The recordings that sound most like something heard, best first; of a live stream say.

        Args:
            embedding: (128,) float32 of unit length.
            model: which gave it, as `name@version`.
            limit: at most so many.
            query: what they have to meet; its order and limit do not matter.

        Raises:
            CatalogError: the catalog cannot be read.
        """
        places = None if query == _ANY else self._counting.places(query)
        meeting = None if places is None else set(places.ids.tolist())
        neighbours = self._of(model)
        found: list[Similar] = []
        for ranked in neighbours.ranked(embedding, limit, among=None if places is None else places.recordings):
            held = self._catalog.copies([recording for recording, _ in ranked])
            for recording, similarity in ranked:
                hits = held.get(recording, ())
                if first := next((hit for hit in hits if meeting is None or hit.id in meeting), None):
                    found.append(Similar(similarity, first, tuple(hit for hit in hits if hit is not first)))
            if len(found) >= limit:
                break
        return found[:limit]

    def _of(self, model: str) -> Neighbours:
        with self._lock:
            if model not in self._neighbours:
                self._neighbours[model] = Neighbours(self._catalog, model)
            return self._neighbours[model]


def _holds(similar: Similar, record: FileRecord) -> bool:
    places: Sequence[Hit] = (similar.hit, *similar.copies)
    return any(hit.path == record.path for hit in places)
