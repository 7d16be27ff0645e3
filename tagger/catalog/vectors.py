"""Reads of all embeddings at once, for similarity search."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, func, select

from tagger.catalog.schema import ANALYSIS, FILE, FOLDER, LOCATION, SOURCE
from tagger.results import Kind

_PAGE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Vectors:
    """The embeddings of one model.

    Attributes:
        file_ids: (n,) int64, the recording of each row.
        matrix: (n, size) float32, rows of unit length.
        state: tells whether the catalog holds others by now.
    """

    file_ids: npt.NDArray[np.int64]
    matrix: npt.NDArray[np.float32]
    state: tuple[int, float]


def vectors(connection: Connection, model: str, held: Vectors | None) -> Vectors:
    """All embeddings of a model, silence left out; `held` itself where nothing changed."""
    of_model = select(SOURCE.c.id).where(SOURCE.c.name == model).scalar_subquery()
    count, newest = connection.execute(
        select(func.count(), func.max(ANALYSIS.c.analysed_at)).where(ANALYSIS.c.source_id == of_model)
    ).one()
    state = (int(count), float(newest or 0.0))
    if held is not None and held.state == state:
        return held
    rows = connection.execute(
        select(ANALYSIS.c.file_id, ANALYSIS.c.embedding)
        .join(FILE, FILE.c.id == ANALYSIS.c.file_id)
        .where(ANALYSIS.c.source_id == of_model, FILE.c.kind != Kind.SILENCE.value)
    )
    file_ids: list[int] = []
    parts: list[npt.NDArray[np.float32]] = []
    for page in rows.partitions(_PAGE):
        file_ids += [file_id for file_id, _ in page]
        parts.append(np.frombuffer(b"".join(blob for _, blob in page), "<f4").reshape(len(page), -1))
    matrix = np.concatenate(parts).astype(np.float32, copy=False) if parts else np.zeros((0, 1), dtype=np.float32)
    return Vectors(np.array(file_ids, dtype=np.int64), matrix, state)


def places(connection: Connection, file_ids: Collection[int]) -> dict[int, Path]:
    """A path for each recording that is anywhere: the first one by name."""
    rows = connection.execute(
        select(LOCATION.c.file_id, FOLDER.c.path, LOCATION.c.name)
        .select_from(LOCATION.join(FOLDER))
        .where(LOCATION.c.file_id.in_(file_ids), LOCATION.c.missing_since.is_(None))
        .order_by(FOLDER.c.path_key.desc(), LOCATION.c.name_key.desc())
    )
    return {file_id: Path(folder, name) for file_id, folder, name in rows}
