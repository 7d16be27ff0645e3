"""Reads of all embeddings at once, for similarity search."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, func, select

from tagger.catalog.schema import ANALYSIS, FOLDER, LOCATION, SOURCE
from tagger.results import Kind

_PAGE: Final = 10_000
_ADDED: Final = """
    SELECT file_id, embedding FROM analysis
    WHERE source_id = ? AND id > ? AND file_id NOT IN (SELECT id FROM file WHERE kind = ?)
"""


class Mark(NamedTuple):
    """Tells one state of a model's analyses from another.

    Attributes:
        size: how many there are.
        last: the highest number of one.
        total: the sum of their numbers; with the two above, it says whether any went.
        last_at: when the last was made, since SQLite uses the highest number again once its row is gone.
    """

    size: int
    last: int
    total: int
    last_at: float


@dataclass(frozen=True, slots=True)
class Vectors:
    """The embeddings of one model.

    Attributes:
        file_ids: (n,) int64, the recording of each row.
        matrix: (n, size) float32, rows of unit length.
        mark: tells whether the catalog holds others by now.
    """

    file_ids: npt.NDArray[np.int64]
    matrix: npt.NDArray[np.float32]
    mark: Mark


def vectors(connection: Connection, model: str, held: Vectors | None) -> Vectors:
    """All embeddings of a model, silence left out; `held` itself where nothing changed.

    Where analyses were only added, no others are read. A recording that was analysed again by the same model has the
    embedding that it had.
    """
    source_id = connection.scalar(select(SOURCE.c.id).where(SOURCE.c.name == model))
    mark = _mark(connection, source_id)
    if held is not None and held.mark == mark:
        return held
    added = _read(connection, source_id, after=held.mark.last if held else -1)
    if held is not None and not _is_only_added(connection, held.mark, added, mark):
        held, added = None, _read(connection, source_id, after=-1)
    file_ids, matrix = added.file_ids, added.matrix
    if held is not None and len(held.matrix):
        if not len(matrix):
            return replace(held, mark=mark)
        file_ids, matrix = np.concatenate([held.file_ids, file_ids]), np.concatenate([held.matrix, matrix])
    return Vectors(file_ids, matrix, mark)


class _Rows(NamedTuple):
    size: int
    total: int
    file_ids: npt.NDArray[np.int64]
    matrix: npt.NDArray[np.float32]


def _mark(connection: Connection, source_id: int | None) -> Mark:
    # All of it is in the index over both numbers; the rows, embeddings and all, take ten times as long to go through.
    own = ANALYSIS.c.source_id == source_id
    numbers = select(func.count(), func.max(ANALYSIS.c.id), func.sum(ANALYSIS.c.id)).where(own)
    count, last, total = connection.execute(numbers).one()
    return Mark(int(count), int(last or 0), int(total or 0), _made_at(connection, last))


def _is_only_added(connection: Connection, before: Mark, added: _Rows, now: Mark) -> bool:
    is_all = (before.size + added.size, before.total + added.total) == (now.size, now.total)
    return is_all and _made_at(connection, before.last) == before.last_at


def _made_at(connection: Connection, number: int | None) -> float:
    return float(connection.scalar(select(ANALYSIS.c.analysed_at).where(ANALYSIS.c.id == number)) or 0.0)


def _read(connection: Connection, source_id: int | None, *, after: int) -> _Rows:
    """The embeddings of the analyses whose numbers are above one, and how many analyses there are, silence too."""
    newer = (ANALYSIS.c.source_id == source_id, ANALYSIS.c.id > after)
    size, total = connection.execute(select(func.count(), func.sum(ANALYSIS.c.id)).where(*newer)).one()
    # Without SQLAlchemy's rows, which cost more than reading does.
    cursor = connection.exec_driver_sql(_ADDED, (source_id, after, Kind.SILENCE.value)).cursor
    assert cursor is not None
    file_ids, matrix, end = np.zeros(size, dtype=np.int64), np.zeros((0, 1), dtype=np.float32), 0
    while page := cursor.fetchmany(_PAGE):
        whose, embeddings = zip(*page, strict=True)
        rows = np.frombuffer(b"".join(embeddings), "<f4").reshape(len(page), -1)
        if not end:
            # All at once: parts that are put together afterwards would take twice the memory, 1 GB at a million.
            matrix = np.empty((size, rows.shape[1]), dtype=np.float32)
        file_ids[end : end + len(page)] = whose
        matrix[end : end + len(page)] = rows
        end += len(page)
    return _Rows(int(size), int(total or 0), file_ids[:end], matrix[:end])


def embeddings(connection: Connection, file_ids: Collection[int]) -> dict[int, npt.NDArray[np.float32]]:
    """(128,) float32 of unit length for each recording, by the model that heard it last; zeros for silence."""
    rows = connection.execute(
        select(ANALYSIS.c.file_id, ANALYSIS.c.embedding)
        .where(ANALYSIS.c.file_id.in_(file_ids))
        .order_by(ANALYSIS.c.analysed_at, ANALYSIS.c.id)
    )
    return {file_id: np.frombuffer(blob, "<f4").astype(np.float32) for file_id, blob in rows}


def places(connection: Connection, file_ids: Collection[int]) -> dict[int, Path]:
    """A path for each recording that is anywhere: the first one by name."""
    rows = connection.execute(
        select(LOCATION.c.file_id, FOLDER.c.path, LOCATION.c.name)
        .select_from(LOCATION.join(FOLDER))
        .where(LOCATION.c.file_id.in_(file_ids), LOCATION.c.missing_since.is_(None))
        .order_by(FOLDER.c.path_key.desc(), LOCATION.c.name_key.desc())
    )
    return {file_id: Path(folder, name) for file_id, folder, name in rows}
