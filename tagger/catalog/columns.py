"""Columns of the catalog as arrays of numbers, read as fast as SQLite finds them.

A row that becomes Python's costs ten times what SQLite takes to find it, and keeps all other threads waiting. So
columns are read as text, thousands of numbers in one value (`group_concat`), made by SQLite and taken apart by
numpy. What has few values, labels say, is read by value, along its index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

PAGE: Final = 50_000
"""So many rows are read as one text."""

_NEVER_SPARSE: Final = 16
# Confidences are read as whole numbers of 64 bits, and lose nothing: by a power of two, so that all bits stay of those
# above 0.001.
_OF_SURE: Final = 2.0**62
_TAGS: Final = """
    SELECT {name}, group_concat(file_id), group_concat(CAST(confidence * {scale:.1f} AS INTEGER))
    FROM tag INDEXED BY ix_tag_{name}_confidence_file_id GROUP BY {name}
"""

Numbers = npt.NDArray[np.int64]


class Positions:
    """Where recordings stand in the columns, by their ids.

    Attributes:
        ids: (recordings,) int64, the ids in the order of the columns.
    """

    def __init__(self, ids: Numbers) -> None:
        self.ids = np.sort(ids)
        last = int(self.ids[-1]) if len(ids) else 0
        # Looking up a table is thirty times as fast as searching, but ids may have gaps of any size.
        self._table: npt.NDArray[np.int32] | None = None
        if last <= _NEVER_SPARSE * len(ids) + PAGE:
            self._table = np.zeros(last + 1, dtype=np.int32)
            self._table[self.ids] = np.arange(len(ids), dtype=np.int32)

    def __len__(self) -> int:
        return len(self.ids)

    def of(self, ids: str | None) -> npt.NDArray[np.int32]:
        """(n,) the places of recordings, by their ids as `group_concat` gives them."""
        wanted = numbers(ids)
        if self._table is not None:
            return self._table[wanted]
        return np.searchsorted(self.ids, wanted).astype(np.int32)


class TagColumns:
    """Tags by label or by family, a file once for each; those of a name stand together.

    Attributes:
        spans: of the labels or families, where those of each are.
        file: (tags,) int32, the place of the file among all.
        sure: (tags,) float64, how sure.
    """

    def __init__(self, connection: Connection, name: str, positions: Positions) -> None:
        self.spans: dict[str, slice] = {}
        end = 0
        files, sure = [positions.of("")], [np.zeros(0)]
        for value, of_files, confidences in rows(connection, _TAGS.format(name=name, scale=_OF_SURE)):
            # The surest come last, as the index has them.
            at, surest = positions.of(of_files), numbers(confidences) / _OF_SURE
            if name == "family":
                at, surest = _last_of_each(at, surest)
            files.append(at)
            sure.append(surest)
            self.spans[value] = slice(end, end := end + len(at))
        self.file, self.sure = np.concatenate(files), np.concatenate(sure)

    def strongest(self, wanted: Sequence[str], count: int) -> npt.NDArray[np.float64]:
        """(files,) how sure the surest of some tags is; not a number where a file has none of them."""
        return self._best([self.spans[name] for name in wanted if name in self.spans], count)

    def surest(self, count: int) -> npt.NDArray[np.float64]:
        """(files,) the same of all tags."""
        return self._best([slice(None)], count)

    def counted(self, weights: Numbers) -> dict[str, int]:
        """Files with each, most first; weights are how often each file counts."""
        return ranked({name: int(weights[self.file[span]].sum()) for name, span in self.spans.items()})

    def _best(self, spans: Iterable[slice], count: int) -> npt.NDArray[np.float64]:
        best = np.full(count, np.nan)
        for span in spans:
            np.fmax.at(best, self.file[span], self.sure[span])
        return best


def valued(groups: Iterable[Sequence[Any]], positions: Positions) -> tuple[list[str], npt.NDArray[np.int16]]:
    """A column of few values.

    Args:
        groups: each value, with the ids of the recordings that have it.
        positions: where these stand.

    Returns:
        the values, and (files,) int16 which of them each file has; -1 for none.
    """
    names: list[str] = []
    column = np.full(len(positions), -1, dtype=np.int16)
    for name, ids in groups:
        column[positions.of(ids)] = len(names)
        names.append(name)
    return names, column


def rows(connection: Connection, sql: str, **values: object) -> Iterator[Any]:
    """The rows of a statement, as they are taken."""
    return iter(connection.execute(text(sql), values))


def numbers(text: str | None) -> Numbers:
    """Whole numbers from what `group_concat` made, which is NULL of nothing."""
    return np.fromstring(text, dtype=np.int64, sep=",") if text else np.zeros(0, dtype=np.int64)


def _last_of_each(
    files: npt.NDArray[np.int32], sure: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """Each file once, with the last number that stands beside it."""
    once, from_end = np.unique(files[::-1], return_index=True)
    return once, sure[::-1][from_end]


def indices(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Which of the names are wanted; one that is none of them is in no file."""
    return [names.index(name) for name in wanted if name in names]


def ranked(counts: Mapping[str, int]) -> dict[str, int]:
    """Names with their counts, most first, those of none left out."""
    held = ((name, count) for name, count in counts.items() if count)
    return dict(sorted(held, key=lambda pair: (-pair[1], pair[0])))
