"""How many of the files found have what: the numbers beside a search, by which it is narrowed.

Counting in SQL takes seconds where a search finds a hundred thousand files, since each is looked up in several
tables. So what can be counted is read once into columns of some 70 bytes a file, over which numpy counts
in milliseconds, whatever is asked. Columns are a picture of the catalog at one time; whoever keeps them makes
them anew when the catalog has changed (`daemon.api.counting`). Their conditions are those of
`tagger.catalog.statement`, which tests hold them to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, select, text

from tagger.catalog import paths
from tagger.catalog.columns import PAGE, Numbers, Positions, TagColumns, indices, numbers, ranked, rows, valued
from tagger.catalog.conditions import at_path, folder_pattern, judged
from tagger.catalog.records import REVIEWED, Query, Review, TempoRange
from tagger.catalog.schema import LOCATION
from tagger.catalog.words import match_expression
from tagger.results import Kind

BANDS: Final = 10
"""Confidences are counted by tenths."""

# Tempos too are read as whole numbers, of which all bits stay from 1 to 1023 BPM.
_OF_TEMPO: Final = 2.0**52

_PLACES: Final = """
    SELECT max(id), group_concat(id), group_concat(file_id), group_concat(folder_id)
    FROM (SELECT id, file_id, folder_id FROM location WHERE id > :after AND file_id IS NOT NULL ORDER BY id LIMIT :page)
"""
_MISSING: Final = "SELECT group_concat(id) FROM location WHERE missing_since IS NOT NULL AND file_id IS NOT NULL"
_KINDS: Final = "SELECT kind, group_concat(id) FROM file GROUP BY kind"
_KEYS: Final = "SELECT key, group_concat(id) FROM file WHERE key IS NOT NULL GROUP BY key"
_TEMPOS: Final = f"""
    SELECT group_concat(id), group_concat(CAST(tempo_bpm * {_OF_TEMPO:.1f} AS INTEGER))
    FROM file WHERE tempo_bpm IS NOT NULL
"""
_UNSURE: Final = "SELECT group_concat(id) FROM file INDEXED BY ix_file_unsure WHERE is_unsure"
_COUNT_PROBLEMS: Final = "SELECT count(*) FROM location WHERE problem IS NOT NULL AND missing_since IS NULL"

_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Facets:
    """The files of a search in numbers. Each path counts, so that copies count as often as they are there.

    Attributes:
        files: all of them.
        by_label: files that have each tag, most first.
        by_family: files that have a tag in each family, most first.
        by_kind: files of each kind, most first.
        by_root: files in each watched folder, by its number; one within another counts for both.
        by_band: files whose surest tag is this sure: `BANDS` numbers, each a tenth wide, 1 in the last.
        by_review: files of which people said each thing.
        without_tag: files without any, silence too.
        unsure: files of which nothing may be claimed, silence left out.
        missing: files that were gone when their folders were last looked at, in the whole catalog.
        problems: files that could not be analysed, in the whole catalog.
    """

    files: int
    by_label: dict[str, int]
    by_family: dict[str, int]
    by_kind: dict[Kind, int]
    by_root: dict[int, int]
    by_band: tuple[int, ...]
    by_review: dict[Review, int]
    without_tag: int
    unsure: int
    missing: int
    problems: int


class Places(NamedTuple):
    """Places of files.

    Attributes:
        ids: (n,) int64, the number of each place, as in `Hit.id`.
        recordings: (n,) int64, the number of what is there.
    """

    ids: Numbers
    recordings: Numbers


class _Found(NamedTuple):
    """What meets a query.

    Attributes:
        is_found: (places,) whether each does.
        files: (recordings,) in how many of them each is.
    """

    is_found: _Mask
    files: Numbers


class Columns:
    """The catalog at one time, to be counted.

    Args:
        connection: reads the catalog; let go of afterwards.
    """

    def __init__(self, connection: Connection) -> None:
        kinds = list(rows(connection, _KINDS))
        positions = Positions(np.concatenate([numbers(None), *(numbers(ids) for _, ids in kinds)]))
        self._ids, self._count = positions.ids, len(positions)
        self._kinds, self._kind = valued(kinds, positions)
        self._keys, self._key = valued(rows(connection, _KEYS), positions)
        self._tempo = np.full(self._count, np.nan)
        for ids, tempos in rows(connection, _TEMPOS):
            self._tempo[positions.of(ids)] = numbers(tempos) / _OF_TEMPO
        self._is_unsure = np.zeros(self._count, dtype=np.bool_)
        for (ids,) in rows(connection, _UNSURE):
            self._is_unsure[positions.of(ids)] = True
        said = [
            next(rows(connection, f"SELECT '{each}', group_concat(file_id) FROM ({judged([each])})"))
            for each in REVIEWED
        ]
        self._review = valued(said, positions)[1]
        self._labels, self._families = (TagColumns(connection, name, positions) for name in ("label", "family"))
        self._surest = self._labels.surest(self._count)
        self._read_places(connection, positions)
        self._folders = [(int(at), str(key)) for at, key in connection.execute(text("SELECT id, path_key FROM folder"))]
        roots = connection.execute(text("SELECT id, path_key FROM root ORDER BY path_key"))
        self._roots = [(int(at), str(key)) for at, key in roots]

    def _read_places(self, connection: Connection, positions: Positions) -> None:
        places, files, folders = [numbers(None)], [positions.of("")], [numbers(None).astype(np.int32)]
        after = -1
        while True:
            last, *columns = next(rows(connection, _PLACES, after=after, page=PAGE))
            if last is None:
                break
            after = last
            places.append(numbers(columns[0]))
            files.append(positions.of(columns[1]))
            folders.append(numbers(columns[2]).astype(np.int32))
        self._place, self._file = np.concatenate(places), np.concatenate(files)
        self._folder = np.concatenate(folders)
        self._is_missing = np.zeros(len(self._place), dtype=np.bool_)
        for (ids,) in rows(connection, _MISSING):
            self._is_missing[np.searchsorted(self._place, numbers(ids))] = True

    def count(self, connection: Connection, query: Query, *, apart: bool = False) -> Facets:
        """The numbers of the files that meet a query; its order and limit do not matter.

        Args:
            connection: looks up words, folders and single files.
            query: what is counted.
            apart: whether tags, kinds, roots, bands and what people said are each counted as if the query asked for
                none of its own, so that they tell what else could be chosen. All other numbers are of the query.
        """
        of_words = self._of_words(connection, query)
        found: dict[Query, _Found] = {}

        def without(**conditions: Any) -> _Found:
            wider = replace(query, **conditions) if apart else query
            if wider not in found:
                is_found = of_words & self._of_place(connection, wider)
                is_found &= self._of_file(wider)[self._file]
                found[wider] = _Found(is_found, np.bincount(self._file[is_found], minlength=self._count))
            return found[wider]

        files, of_tags = without().files, without(labels=(), families=()).files
        in_folders = np.bincount(self._folder[without(path=None, folders=()).is_found], minlength=1)
        has_tag = ~np.isnan(self._surest)
        bands = np.minimum((self._surest[has_tag] * BANDS).astype(np.int64), BANDS - 1)
        of_bands = without(min_confidence=0.0, max_confidence=1.0).files[has_tag]
        reviews = np.bincount(self._review + 1, without(reviews=()).files, minlength=len(REVIEWED) + 1)
        kinds = np.bincount(self._kind, without(kinds=()).files, minlength=len(self._kinds))
        by_kind = ranked(dict(zip(self._kinds, map(int, kinds), strict=True)))
        return Facets(
            files=int(files.sum()),
            by_label=self._labels.counted(of_tags),
            by_family=self._families.counted(of_tags),
            by_kind={Kind(kind): count for kind, count in by_kind.items()},
            by_root={root: int(in_folders[self._below(key)[: len(in_folders)]].sum()) for root, key in self._roots},
            by_band=tuple(map(int, np.bincount(bands, of_bands, minlength=BANDS))),
            by_review=dict(zip((Review.PREDICTED, *REVIEWED), map(int, reviews), strict=True)),
            without_tag=int(files[~has_tag].sum()),
            unsure=int(files[self._is_unsure].sum()),
            missing=int(self._is_missing.sum()),
            problems=int(connection.scalar(text(_COUNT_PROBLEMS)) or 0),
        )

    def places(self, connection: Connection, query: Query) -> Places:
        """The places of the files that meet a query, and what recordings they hold, by their numbers."""
        is_found = self._of_words(connection, query) & self._of_place(connection, query)
        is_found &= self._of_file(query)[self._file]
        return Places(self._place[is_found], self._ids[self._file[is_found]])

    def _of_words(self, connection: Connection, query: Query) -> _Mask:
        expression = match_expression(query.words)
        if not expression:
            return np.ones(len(self._place), dtype=np.bool_)
        found = "SELECT group_concat(rowid) FROM words WHERE words MATCH :words"
        ids = next(rows(connection, found, words=expression))[0]
        return np.isin(self._place, numbers(ids))

    def _of_place(self, connection: Connection, query: Query) -> _Mask:
        is_found: _Mask = self._is_missing == query.is_missing
        if query.path is not None:
            at = connection.scalar(select(LOCATION.c.id).where(at_path(query.path)))
            key = paths.folder_key(paths.folder_text(query.path))
            is_found &= self._below(key)[self._folder] if at is None else self._place == at
        if query.folders:
            is_named = np.zeros(self._folder.max(initial=0) + 1, dtype=np.bool_)
            for name in query.folders:
                ids = rows(
                    connection, "SELECT group_concat(id) FROM folder WHERE path_key GLOB :at", at=folder_pattern(name)
                )
                named = numbers(next(ids)[0])
                is_named[named[named < len(is_named)]] = True
            is_found &= is_named[self._folder]
        return is_found

    def _of_file(self, query: Query) -> _Mask:
        is_found = self._of_tags(query)
        if query.kinds:
            is_found &= np.isin(self._kind, indices(self._kinds, [kind.value for kind in query.kinds]))
        if query.keys:
            is_found &= np.isin(self._key, indices(self._keys, query.keys))
        if query.tempo_ranges_bpm:
            is_found &= np.logical_or.reduce([self._in_tempo(each) for each in query.tempo_ranges_bpm])
        if query.reviews:
            is_found &= np.isin(
                self._review, [REVIEWED.index(each) if each in REVIEWED else -1 for each in query.reviews]
            )
        if query.is_unsure:
            is_found &= self._is_unsure
        return is_found

    def _in_tempo(self, bounds: TempoRange) -> _Mask:
        # A file without a tempo has none that is a number, which is neither more nor less than any.
        low, high = bounds
        is_in: _Mask = self._tempo >= (-np.inf if low is None else low)
        return is_in & (self._tempo <= (np.inf if high is None else high))

    def _of_tags(self, query: Query) -> _Mask:
        best, is_found = self._surest, np.ones(self._count, dtype=np.bool_)
        if query.families:
            best = self._families.strongest(query.families, self._count)
            is_found &= ~np.isnan(best)
        if query.labels:
            best = self._labels.strongest(query.labels, self._count)
            is_found &= ~np.isnan(best)
        if query.min_confidence > 0:
            is_found &= best >= query.min_confidence
        if query.max_confidence < 1:
            is_found &= best <= query.max_confidence
        return is_found

    def _below(self, key: str) -> _Mask:
        """(folders,) whether each, by its id, is a folder or below it."""
        is_below = np.zeros(self._folder.max(initial=0) + 1, dtype=np.bool_)
        is_below[[at for at, folder in self._folders if folder.startswith(key) and at < len(is_below)]] = True
        return is_below
