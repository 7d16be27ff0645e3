"""Which files a person's look helps most: the queue of a review.

First comes what a look puts most right (`tagger.catalog.doubts`). But fifty hits of one pack that the model takes for
the same are one question, not fifty. So the ranking is cut into stretches, and in each the files are dealt out in
rounds: a round takes few of one folder with the same label, and few that sound almost the same; the others come in
later rounds. Nothing is left out, the order is the same each time it is asked for, and what has been judged meanwhile
is skipped.

The ranking is made when a review begins, and kept until the next begins: it takes some tenths of a second at 100,000
files and seconds at a million, its pages take some tenths.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from tagger.catalog import FILENAME, HUMAN, VENDOR, Catalog, FileRecord, Hit, LabelRecord
from tagger.results import Kind
from tagger.taxonomy import words_of

_STRETCH: Final = 1000
_OF_A_KIND: Final = 3
"""So many of one folder with the same label come in a round."""

_ALIKE: Final = 2
_NEARLY_EQUAL: Final = 0.97
"""Cosine of embeddings. One sound pitched, or with noise on it, is at 0.99 to itself, and most others are below 0.8."""

_MOST_REASONS: Final = 3
_SURE: Final = 0.9
_LIKELY: Final = 0.1
_SOURCES: Final = {FILENAME: "its name", VENDOR: "its maker"}


@dataclass(frozen=True, slots=True)
class Doubt:
    """A file to be looked at.

    Attributes:
        recording: its number, by which the queue goes on after it.
        hit: the file, as a search gives it; of copies, the first.
        payload_hash: of its audio, as a verdict needs it.
        labels: what it may be, likeliest first.
        reasons: why a look helps, as in "its name says Snare"; most telling first.
    """

    recording: int
    hit: Hit
    payload_hash: str
    labels: tuple[str, ...]
    reasons: tuple[str, ...]


class Doubts:
    """The queue of one catalog. Any thread may ask; to be closed before the catalog is.

    Args:
        catalog: open for as long as this is used.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._changes = catalog.changes()
        self._lock = threading.Lock()
        self._queue: _Queue | None = None

    def close(self) -> None:
        """Lets go of the catalog."""
        with self._lock:
            self._changes.close()
            self._queue = None

    def most_useful(self, limit: int, *, after: int | None = None) -> list[Doubt]:
        """The files that a look helps most and that nobody has judged, in order.

        Args:
            limit: at most so many.
            after: `Doubt.recording` of the last one so far; None begins a review, and so does one that is not known.

        Raises:
            CatalogError: the catalog cannot be read.
        """
        with self._lock:
            has_changed = self._changes.are_there()
            if self._queue is None or (after is None and (has_changed or self._queue.is_old)):
                self._queue = _Queue(self._catalog.doubtful())
            self._queue.is_old |= has_changed
            return self._page(self._queue, self._queue.start(self._catalog, after), limit)

    def _page(self, queue: _Queue, start: int, limit: int) -> list[Doubt]:
        found: list[Doubt] = []
        while len(found) < limit:
            recordings = queue.slice(self._catalog, start, limit)
            if not recordings:
                break
            start += len(recordings)
            found += _doubts(self._catalog, recordings)
        return found[:limit]


@dataclass(slots=True)
class _Queue:
    """A ranking, dealt out as far as anybody has asked.

    Attributes:
        ranked: the recordings, most doubtful first.
        dealt: those of the first stretches, in the order of the queue.
        taken: how many of `ranked` that are.
        is_old: whether the catalog has changed since.
    """

    ranked: npt.NDArray[np.int64]
    dealt: list[int] = field(default_factory=list)
    taken: int = 0
    is_old: bool = False

    def start(self, catalog: Catalog, after: int | None) -> int:
        """The place in the queue behind a recording."""
        if after is None or after not in self.ranked:
            return 0
        while after not in self.dealt and self._deal(catalog):
            pass
        return self.dealt.index(after) + 1 if after in self.dealt else 0

    def slice(self, catalog: Catalog, start: int, count: int) -> list[int]:
        """The recordings at some places; fewer at the end."""
        while len(self.dealt) < start + count and self._deal(catalog):
            pass
        return self.dealt[start : start + count]

    def _deal(self, catalog: Catalog) -> bool:
        stretch: list[int] = self.ranked[self.taken : self.taken + _STRETCH].tolist()
        self.taken += len(stretch)
        places = catalog.copies(stretch)
        there = [each for each in stretch if each in places]
        if there:
            of_a_kind = [(places[each][0].path.parent, _label(places[each][0])) for each in there]
            rounds = np.maximum(_ranks(of_a_kind) // _OF_A_KIND, _nearly_equal_before(catalog, there) // _ALIKE)
            self.dealt += [there[at] for at in np.argsort(rounds, kind="stable")]
        return bool(stretch)


def _label(hit: Hit) -> str:
    return hit.best.label if hit.best else ""


def _ranks(groups: Sequence[object]) -> npt.NDArray[np.int64]:
    """For each, how many of the same group come before it."""
    seen: Counter[object] = Counter()
    ranks = np.zeros(len(groups), dtype=np.int64)
    for at, group in enumerate(groups):
        ranks[at] = seen[group]
        seen[group] += 1
    return ranks


def _nearly_equal_before(catalog: Catalog, recordings: Sequence[int]) -> npt.NDArray[np.int64]:
    """For each, how many that sound almost the same come before it; those of another model's embedding do not."""
    embeddings = catalog.embeddings(recordings)
    size = max((len(each) for each in embeddings.values()), default=0)
    matrix = np.zeros((len(recordings), size), dtype=np.float32)
    for row, recording in zip(matrix, recordings, strict=True):
        if len(embeddings.get(recording, ())) == size:
            row[:] = embeddings[recording]
    is_alike = np.tril(matrix @ matrix.T > _NEARLY_EQUAL, k=-1)
    count: npt.NDArray[np.int64] = is_alike.sum(axis=1)
    return count


def _doubts(catalog: Catalog, recordings: Sequence[int]) -> Iterator[Doubt]:
    places = catalog.copies(recordings)
    records: Mapping[int, FileRecord] = catalog.records_at([hits[0].id for hits in places.values()])
    for recording in recordings:
        for hit in places.get(recording, ())[:1]:
            record = records.get(hit.id)
            if record is not None and not any(each.source == HUMAN for each in record.labels):
                payload_hash = record.facts.payload_hash
                yield Doubt(recording, hit, payload_hash, _likeliest(record), tuple(_reasons(record))[:_MOST_REASONS])


def _likeliest(record: FileRecord) -> tuple[str, ...]:
    tags = [tag.label for tag in record.tags]
    named = [each.label for each in record.labels if each.source in _SOURCES]
    candidates = [each.label for each in record.analysis.instruments if each.confidence >= _LIKELY]
    return tuple(dict.fromkeys([*tags, *named, *candidates]))


def _reasons(record: FileRecord) -> Iterator[str]:
    claimed = {tag.label: tag for tag in record.analysis.tags}
    for said in _contradicting(record.labels, claimed):
        yield f"{_SOURCES[said.source]} says {words_of(said.label)}"
    candidates = record.analysis.instruments
    if record.kind is Kind.ONE_SHOT and len(candidates) > 1 and candidates[1].confidence > candidates[0].confidence / 2:
        yield f"{words_of(candidates[0].label)} or {words_of(candidates[1].label)}"
    if not claimed:
        yield "no instrument is sure enough"
    for tag in claimed.values():
        if tag.confidence < _SURE:
            yield f"{words_of(tag.label)} is only {tag.confidence:.0%} sure"
    for each in candidates:
        if each.label not in claimed and each.confidence >= _LIKELY:
            yield f"may be {words_of(each.label)}, {each.confidence:.0%}"


def _contradicting(labels: Sequence[LabelRecord], claimed: Collection[str]) -> Iterator[LabelRecord]:
    return (each for each in labels if each.source in _SOURCES and each.label not in claimed)
