"""Reads over many files: what is known of a folder, which files failed, and the numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from sqlalchemy import ColumnElement, Connection, column, exists, func, or_, select, text, tuple_

from tagger.catalog import paths
from tagger.catalog.conditions import at_path, folder_pattern, in_folder, in_subtree
from tagger.catalog.records import Known, Problem, Query, Seen, Stats
from tagger.catalog.schema import ANALYSIS, FILE, FOLDER, LIVE_TAG, LOCATION, SOURCE, TAG, WORDS
from tagger.catalog.words import match_expression
from tagger.results import Kind

_PAGE: Final = 500
# From label to label along the index, a hundred times as fast as DISTINCT, which goes through all tags.
_LABELS: Final = """
    WITH RECURSIVE each(label) AS (
        SELECT min(label) FROM tag
        UNION ALL SELECT (SELECT min(label) FROM tag WHERE label > each.label) FROM each WHERE label IS NOT NULL
    )
    SELECT label FROM each WHERE label IS NOT NULL ORDER BY label
"""
_HERE: Final = LOCATION.c.missing_since.is_(None)


def known(connection: Connection, folder: Path, model: str | None) -> dict[str, Known]:
    """What is held of the files directly in a folder, by the keys of their names."""
    analysed = exists().where(ANALYSIS.c.file_id == LOCATION.c.file_id)
    if model is not None:
        source_id = select(SOURCE.c.id).where(SOURCE.c.name == model).scalar_subquery()
        analysed = analysed.where(ANALYSIS.c.source_id == source_id)
    is_problem, is_missing = LOCATION.c.problem.is_not(None), LOCATION.c.missing_since.is_not(None)
    columns = LOCATION.c["name_key", "size", "mtime_ns"]
    statement = select(*columns, or_(is_problem, analysed), is_missing, LOCATION.c.problem)
    rows = connection.execute(statement.where(in_folder(paths.folder_text(folder))))
    return {key: Known(*values) for key, *values in rows.all()}


def folders(connection: Connection, under: Path) -> list[Path]:
    """The folders at and below a path that hold files not known to be missing."""
    holds = exists().where(LOCATION.c.folder_id == FOLDER.c.id, _HERE)
    statement = select(FOLDER.c.path).where(in_subtree(under), holds).order_by(FOLDER.c.path_key)
    return [Path(path) for path in connection.scalars(statement)]


def places_of(connection: Connection, payload_hash: str) -> list[Path]:
    """Where a recording is, places known to be missing left out."""
    statement = (
        select(FOLDER.c.path, LOCATION.c.name)
        .select_from(LOCATION.join(FOLDER).join(FILE))
        .where(FILE.c.payload_hash == payload_hash, _HERE)
        .order_by(FOLDER.c.path_key, LOCATION.c.name_key)
    )
    return [Path(folder, name) for folder, name in connection.execute(statement)]


def place(connection: Connection, location_id: int) -> Path | None:
    """Where the file is whose place has a number."""
    statement = select(FOLDER.c.path, LOCATION.c.name).select_from(LOCATION.join(FOLDER))
    row = connection.execute(statement.where(LOCATION.c.id == location_id)).first()
    return None if row is None else Path(*row)


def seen_at(connection: Connection, location_ids: Sequence[int]) -> dict[int, Seen]:
    """What was seen at places given by their numbers; those that hold no recording are left out."""
    columns = (FOLDER.c.path, LOCATION.c.name, FILE.c.payload_hash, LOCATION.c.missing_since.is_not(None))
    statement = select(LOCATION.c.id, *columns).select_from(LOCATION.join(FOLDER).join(FILE))
    found: dict[int, Seen] = {}
    for start in range(0, len(location_ids), _PAGE):
        rows = connection.execute(statement.where(LOCATION.c.id.in_(location_ids[start : start + _PAGE])))
        found |= {
            at: Seen(Path(folder, name), payload_hash, missing) for at, folder, name, payload_hash, missing in rows
        }
    return found


def live_tags(connection: Connection, path: Path) -> tuple[str, ...]:
    """Which tags of a file are ours in the sidecar of Ableton Live."""
    key = paths.name_key(paths.folder_text(path))
    tags = connection.scalar(select(LIVE_TAG.c.tags).where(LIVE_TAG.c.path_key == key))
    return tuple(json.loads(tags)) if tags else ()


def tags(connection: Connection) -> list[str]:
    """All labels and families that any file is tagged with, sorted."""
    return list(connection.scalars(text(_LABELS)))


def problems(connection: Connection, query: Query) -> Iterator[Problem]:
    """The files that could not be analysed, by path."""
    # Nothing is known of them but where they are.
    where = replace(Query(), words=query.words, path=query.path, folders=query.folders)
    if replace(query, sort=None, descending=None, limit=None, after=None) != where:
        return
    statement = (
        select(LOCATION.c.id, FOLDER.c.path, *LOCATION.c["name", "size", "mtime_ns", "problem"])
        .select_from(LOCATION.join(FOLDER))
        .where(LOCATION.c.problem.is_not(None), _HERE, *_where(query))
        .order_by(FOLDER.c.path_key, LOCATION.c.name_key)
        .limit(query.limit)
    )
    for location_id, folder, name, size, mtime_ns, reason in connection.execute(statement):
        yield Problem(location_id, Path(folder, name), size, mtime_ns, reason)


def _where(query: Query) -> Iterator[ColumnElement[bool]]:
    if query.path is not None:
        yield or_(in_subtree(query.path), at_path(query.path))
    if query.folders:
        yield or_(*(FOLDER.c.path_key.op("GLOB")(folder_pattern(name)) for name in query.folders))
    if expression := match_expression(query.words):
        yield LOCATION.c.id.in_(select(WORDS.c.rowid).where(column("words").op("MATCH")(expression)))
    if query.after is not None:
        yield tuple_(FOLDER.c.path_key, LOCATION.c.name_key) > tuple_(*query.after)


def models(connection: Connection) -> dict[str, int]:
    """How many recordings each model heard, most first."""
    count = func.count()
    statement = select(SOURCE.c.name, count).select_from(ANALYSIS.join(SOURCE)).group_by(SOURCE.c.name)
    return {name: int(number) for name, number in connection.execute(statement.order_by(count.desc()))}


def stats(connection: Connection) -> Stats:
    """The catalog in numbers."""
    kinds = connection.execute(
        select(FILE.c.kind, func.count(), func.sum(FILE.c.duration_s))
        .select_from(LOCATION.join(FILE))
        .where(_HERE)
        .group_by(FILE.c.kind)
        .order_by(func.count().desc())
    ).all()
    files = sum(count for _, count, _ in kinds)
    recordings = select(func.count(LOCATION.c.file_id.distinct())).where(_HERE)
    unsure = select(func.count()).select_from(LOCATION.join(FILE)).where(_HERE, FILE.c.is_unsure)
    failed = select(func.count()).where(_HERE, LOCATION.c.problem.is_not(None))
    return Stats(
        files=files,
        hours=sum(seconds for *_, seconds in kinds) / 3600,
        duplicates=files - connection.execute(recordings).scalar_one(),
        unsure=connection.execute(unsure).scalar_one(),
        problems=connection.execute(failed).scalar_one(),
        by_label=_count_tags(connection, "label"),
        by_family=_count_tags(connection, "family"),
        by_kind={Kind(kind): count for kind, count, _ in kinds},
    )


def _count_tags(connection: Connection, column: str) -> dict[str, int]:
    count = func.count(LOCATION.c.id.distinct() if column == "family" else LOCATION.c.id)
    statement = (
        select(TAG.c[column], count)
        .select_from(TAG.join(LOCATION, LOCATION.c.file_id == TAG.c.file_id))
        .where(_HERE)
        .group_by(TAG.c[column])
        .order_by(count.desc(), TAG.c[column])
    )
    return {row[0]: row[1] for row in connection.execute(statement)}
