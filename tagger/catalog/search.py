"""Search: runs the statement made from a query, and gives the hits with their tags a page at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, RowMapping, select, text

from tagger.catalog.records import Hit, Query
from tagger.catalog.schema import FILE, FOLDER, LOCATION, TAG
from tagger.catalog.statement import POSITION_COLUMNS, Statement
from tagger.results import Instrument, Kind

_PAGE: Final = 500


def find(connection: Connection, query: Query) -> Iterator[Hit]:
    """The files that meet a query, in its order, read as they are taken."""
    statement = Statement(connection, query)
    for rows in connection.execute(text(statement.sql), statement.values).mappings().partitions(_PAGE):
        tags = tags_of(connection, [row["file_id"] for row in rows])
        for row in rows:
            yield _hit(row, tags.get(row["file_id"], ()))


def copies(connection: Connection, file_ids: Collection[int]) -> dict[int, tuple[Hit, ...]]:
    """Where recordings are, each with all its places by path; those that are nowhere are left out."""
    rows = connection.execute(
        select(
            *LOCATION.c["file_id", "name"],
            *FILE.c["kind", "duration_s", "tempo_bpm", "key"],
            FOLDER.c.path,
            LOCATION.c.id.label("location_id"),
        )
        .select_from(LOCATION.join(FOLDER).join(FILE))
        .where(LOCATION.c.file_id.in_(file_ids), LOCATION.c.missing_since.is_(None))
        .order_by(FOLDER.c.path_key, LOCATION.c.name_key)
    ).mappings()
    tags = tags_of(connection, file_ids)
    found: dict[int, tuple[Hit, ...]] = {}
    for row in rows:
        found[row["file_id"]] = (*found.get(row["file_id"], ()), _hit(row, tags.get(row["file_id"], ())))
    return found


def tags_of(connection: Connection, file_ids: Collection[int]) -> dict[int, tuple[Instrument, ...]]:
    """The tags of recordings, surest first; a recording without any is left out."""
    rows = connection.execute(
        select(TAG.c.file_id, TAG.c.label, TAG.c.family, TAG.c.confidence)
        .where(TAG.c.file_id.in_(file_ids))
        .order_by(TAG.c.confidence.desc(), TAG.c.label)
    )
    tags: dict[int, tuple[Instrument, ...]] = {}
    for file_id, label, family, confidence in rows:
        tags[file_id] = (*tags.get(file_id, ()), Instrument(label, family, confidence))
    return tags


def _hit(row: RowMapping, tags: tuple[Instrument, ...]) -> Hit:
    best = tags[0] if tags else None
    position = tuple(row[name] for name in POSITION_COLUMNS if name in row)
    if "label" in row:
        best = Instrument(row["label"], row["family"], row["confidence"])
    return Hit(
        id=row["location_id"],
        position=position,
        path=Path(row["path"], row["name"]),
        best=best,
        tags=tags,
        kind=Kind(row["kind"]),
        duration_s=row["duration_s"],
        tempo_bpm=row["tempo_bpm"],
        key=row["key"],
    )
