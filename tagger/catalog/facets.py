"""How many of the files found have what: the numbers beside a search, by which it is narrowed.

Counting in SQL takes seconds where a search finds a hundred thousand files, since each is looked up in several
tables. So what can be counted is read once, in one pass, into columns of some 70 bytes a file, over which numpy counts
in milliseconds, whatever is asked. Columns are a picture of the catalog at one time; whoever keeps them makes
them anew when the catalog has changed (`daemon.api.counting`). Their conditions are those of
`tagger.catalog.statement`, which tests hold them to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, select, text

from tagger.catalog import paths
from tagger.catalog.conditions import at_path
from tagger.catalog.records import Query
from tagger.catalog.schema import LOCATION
from tagger.catalog.words import match_expression
from tagger.results import Kind

BANDS: Final = 10
"""Confidences are counted by tenths."""

_CHUNK: Final = 20_000
_PLACES: Final = "SELECT id, file_id, folder_id FROM location WHERE missing_since IS NULL AND file_id IS NOT NULL"
_FILES: Final = "SELECT id, kind, tempo_bpm, key FROM file"
_TAGS: Final = "SELECT file_id, label, family, confidence FROM tag"
_JUDGED: Final = "SELECT DISTINCT file_id FROM label WHERE state <> 'predicted'"

_Mask = npt.NDArray[np.bool_]
_Numbers = npt.NDArray[np.int64]
_Maker = Callable[[Sequence[Any]], npt.NDArray[Any]]


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
        without_tag: files without any, silence too.
        reviewed: files of which a person has judged a label.
    """

    files: int
    by_label: dict[str, int]
    by_family: dict[str, int]
    by_kind: dict[Kind, int]
    by_root: dict[int, int]
    by_band: tuple[int, ...]
    without_tag: int
    reviewed: int


class Places(NamedTuple):
    """Places of files.

    Attributes:
        ids: (n,) int64, the number of each place, as in `Hit.id`.
        recordings: (n,) int64, the number of what is there.
    """

    ids: _Numbers
    recordings: _Numbers


class _Names:
    """Small numbers for the few names of a column."""

    def __init__(self) -> None:
        self.numbers: dict[str | None, int] = {}

    def of(self, column: Sequence[Any]) -> npt.NDArray[np.int16]:
        for name in set(column) - self.numbers.keys():
            self.numbers[name] = len(self.numbers)
        return np.fromiter(map(self.numbers.__getitem__, column), dtype=np.int16, count=len(column))

    def among(self, names: Sequence[str]) -> list[int]:
        return [self.numbers[name] for name in names if name in self.numbers]


class Columns:
    """The catalog at one time, to be counted.

    Args:
        connection: reads the catalog; let go of afterwards.
    """

    def __init__(self, connection: Connection) -> None:
        self._kinds, self._keys, self._labels, self._families = _Names(), _Names(), _Names(), _Names()
        files = _read(connection, _FILES, (_whole, self._kinds.of, _real, self._keys.of))
        order = np.argsort(files[0], kind="stable")
        ids, self._kind, self._tempo, self._key = (column[order] for column in files)
        self._ids = ids
        place_ids, place_files, self._folder = _read(connection, _PLACES, (_whole, _whole, _whole))
        self._place = place_ids
        self._file = np.searchsorted(ids, place_files).astype(np.int32)
        tag_files, self._label, self._family, self._sure = _read(
            connection, _TAGS, (_whole, self._labels.of, self._families.of, _real)
        )
        self._tagged = np.searchsorted(ids, tag_files).astype(np.int32)
        (judged,) = _read(connection, _JUDGED, (_whole,))
        self._judged = np.zeros(len(ids), dtype=np.bool_)
        self._judged[np.searchsorted(ids, judged)] = True
        self._folders = [(int(at), str(key)) for at, key in connection.execute(text("SELECT id, path_key FROM folder"))]
        roots = connection.execute(text("SELECT id, path_key FROM root ORDER BY path_key"))
        self._roots = [(int(at), str(key)) for at, key in roots]
        self._surest = self._strongest(np.ones(len(self._label), dtype=np.bool_))
        # A file may have several tags of one family, and counts once.
        families = self._tagged.astype(np.int64) * (len(self._families.numbers) + 1) + self._family
        self._first_of_family = np.unique(families, return_index=True)[1]

    def count(self, connection: Connection, query: Query) -> Facets:
        """The numbers of the files that meet a query; its order and limit do not matter.

        Args:
            connection: looks up words and single files.
            query: what is counted.
        """
        is_found = self._of_place(connection, query)
        is_found &= self._of_file(query)[self._file]
        files = np.bincount(self._file[is_found], minlength=len(self._kind))
        weights, first = files[self._tagged], self._first_of_family
        surest = np.repeat(self._surest, files)
        has_tag = ~np.isnan(surest)
        bands = np.minimum((surest[has_tag] * BANDS).astype(np.int64), BANDS - 1)
        return Facets(
            files=int(files.sum()),
            by_label=_ranked(self._labels, _weighed(self._label, weights, self._labels)),
            by_family=_ranked(self._families, _weighed(self._family[first], weights[first], self._families)),
            by_kind={
                Kind(kind): count
                for kind, count in _ranked(self._kinds, _weighed(self._kind, files, self._kinds)).items()
            },
            by_root={root: int(self._below(key)[is_found].sum()) for root, key in self._roots},
            by_band=tuple(map(int, np.bincount(bands, minlength=BANDS))),
            without_tag=int((~has_tag).sum()),
            reviewed=int(files[self._judged].sum()),
        )

    def places(self, connection: Connection, query: Query) -> Places:
        """The places of the files that meet a query, and what recordings they hold, by their numbers."""
        is_found = self._of_place(connection, query)
        is_found &= self._of_file(query)[self._file]
        return Places(self._place[is_found], self._ids[self._file[is_found]])

    def _of_place(self, connection: Connection, query: Query) -> _Mask:
        is_found = np.ones(len(self._place), dtype=np.bool_)
        if expression := match_expression(query.words):
            rows = connection.execute(text("SELECT rowid FROM words WHERE words MATCH :words"), {"words": expression})
            is_found &= np.isin(self._place, np.fromiter(rows.scalars(), dtype=np.int64))
        if query.path is not None:
            at = connection.scalar(select(LOCATION.c.id).where(at_path(query.path)))
            key = paths.folder_key(paths.folder_text(query.path))
            is_found &= self._below(key) if at is None else self._place == at
        return is_found

    def _of_file(self, query: Query) -> _Mask:
        is_found = self._of_tags(query)
        if query.kinds:
            is_found &= np.isin(self._kind, self._kinds.among([kind.value for kind in query.kinds]))
        if query.key is not None:
            is_found &= np.isin(self._key, self._keys.among([query.key]))
        # A file without a tempo has none that is a number, which is neither more nor less than any.
        if query.tempo_min_bpm is not None:
            is_found &= self._tempo >= query.tempo_min_bpm
        if query.tempo_max_bpm is not None:
            is_found &= self._tempo <= query.tempo_max_bpm
        if query.is_reviewed is not None:
            is_found &= self._judged == query.is_reviewed
        return is_found

    def _of_tags(self, query: Query) -> _Mask:
        in_families = np.isin(self._family, self._families.among(query.families))
        best, is_found = self._surest, np.ones(len(self._kind), dtype=np.bool_)
        if query.labels:
            best = self._strongest(np.isin(self._label, self._labels.among(query.labels)))
            if query.families:
                is_found &= ~np.isnan(self._strongest(in_families))
        elif query.families:
            best = self._strongest(in_families)
        if query.labels or query.families:
            is_found &= ~np.isnan(best)
        if query.min_confidence > 0:
            is_found &= best >= query.min_confidence
        if query.max_confidence < 1:
            is_found &= best <= query.max_confidence
        return is_found

    def _strongest(self, is_asked: _Mask) -> npt.NDArray[np.float64]:
        """(files,) how sure the surest of some tags is; not a number where a file has none of them."""
        best = np.full(len(self._kind), np.nan)
        np.fmax.at(best, self._tagged[is_asked], self._sure[is_asked])
        return best

    def _below(self, key: str) -> _Mask:
        """(places,) whether each is in a folder or below it."""
        is_below = np.zeros(self._folder.max(initial=0) + 1, dtype=np.bool_)
        is_below[[at for at, folder in self._folders if folder.startswith(key) and at < len(is_below)]] = True
        below: _Mask = is_below[self._folder]
        return below


def _whole(column: Sequence[Any]) -> _Numbers:
    return np.array(column, dtype=np.int64)


def _real(column: Sequence[Any]) -> npt.NDArray[np.float64]:
    """Numbers; what is NULL is not a number."""
    return np.array(column, dtype=np.float64)


def _read(connection: Connection, sql: str, makers: Sequence[_Maker]) -> list[npt.NDArray[Any]]:
    """The columns of a result, read in pieces, since rows take ten times the room of columns."""
    # Without SQLAlchemy's rows, which cost more than reading does.
    cursor = connection.exec_driver_sql(sql).cursor
    assert cursor is not None
    pieces: list[list[npt.NDArray[Any]]] = [[make(())] for make in makers]
    while rows := cursor.fetchmany(_CHUNK):
        for piece, make, column in zip(pieces, makers, zip(*rows, strict=True), strict=True):
            piece.append(make(column))
    return [np.concatenate(piece) for piece in pieces]


def _weighed(numbers: npt.NDArray[Any], weights: _Numbers, names: _Names) -> _Numbers:
    counts: _Numbers = np.bincount(numbers, weights, minlength=len(names.numbers)).astype(np.int64)
    return counts


def _ranked(names: _Names, counts: _Numbers) -> dict[str, int]:
    pairs: Mapping[str, int] = {str(name): int(counts[at]) for name, at in names.numbers.items() if counts[at]}
    return dict(sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0])))
