"""Reads of whole records: one file for `show`, all of them for `export`, by the same statements.

A record is put together for a page of places at once: a query for each table, and the rows of one
recording picked out of each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, RowMapping, Select, select, true

from tagger.catalog import paths
from tagger.catalog.conditions import at_path, in_folder
from tagger.catalog.records import FileRecord, LabelRecord, LabelState, Problem
from tagger.catalog.schema import ANALYSIS, FILE, FOLDER, LABEL, LOCATION, SOURCE
from tagger.catalog.search import tags_of
from tagger.results import Analysis, AudioFacts, Instrument, Kind

_PAGE: Final = 500
_FILE_COLUMNS: Final = tuple(column for column in FILE.c if column.name != "id")


def show(connection: Connection, path: Path) -> FileRecord | Problem | None:
    """All that is held of the file at a path."""
    places = connection.execute(_places().where(at_path(path))).mappings().all()
    if not places:
        return None
    if (reason := places[0]["problem"]) is not None:
        here = places[0]
        return Problem(here["id"], _path(here), here["size"], here["mtime_ns"], reason)
    return _records(connection, places, with_copies=True)[0]


def records_in(connection: Connection, folder: Path) -> dict[str, FileRecord]:
    """The records of all files directly in a folder, by the keys of their names; `same_audio` is left empty.

    A folder may hold one recording a thousand times, and then a list of the others for each would be a million.
    """
    records = _all_records(connection, in_folder(paths.folder_text(folder)), with_copies=False)
    return {paths.name_key(record.path.name): record for record in records}


def records_at(connection: Connection, location_ids: Sequence[int]) -> dict[int, FileRecord]:
    """The records of places given by their numbers; `same_audio` is left empty, and problems are left out."""
    records: dict[int, FileRecord] = {}
    for start in range(0, len(location_ids), _PAGE):
        chosen = LOCATION.c.id.in_(location_ids[start : start + _PAGE]) & LOCATION.c.file_id.is_not(None)
        places = connection.execute(_places().where(chosen)).mappings().all()
        found = _records(connection, places, with_copies=False)
        records |= {place["id"]: record for place, record in zip(places, found, strict=True)}
    return records


def analysis_of(connection: Connection, payload_hash: str, model: str) -> Analysis | None:
    """What a model said of a recording."""
    analysed = ANALYSIS.join(SOURCE).join(FILE, FILE.c.id == ANALYSIS.c.file_id)
    columns = (*ANALYSIS.c, SOURCE.c.name.label("source"), *_FILE_COLUMNS)
    statement = select(*columns).select_from(analysed)
    statement = statement.where(FILE.c.payload_hash == payload_hash, SOURCE.c.name == model)
    row = connection.execute(statement).mappings().first()
    if row is None:
        return None
    labels = connection.execute(_labels([row["file_id"]])).mappings().all()
    return _analysis(row, _facts(row), row, labels)


def export(connection: Connection) -> Iterator[FileRecord]:
    """Every path that has a recording, missing ones too, by path."""
    return _all_records(connection, true(), with_copies=True)


def _all_records(connection: Connection, condition: ColumnElement[bool], *, with_copies: bool) -> Iterator[FileRecord]:
    statement = _places().where(LOCATION.c.file_id.is_not(None), condition)
    for places in connection.execute(statement).mappings().partitions(_PAGE):
        yield from _records(connection, places, with_copies=with_copies)


def _places() -> Select[Any]:
    return (
        select(FOLDER.c.path, *LOCATION.c, *_FILE_COLUMNS)
        .select_from(LOCATION.join(FOLDER).outerjoin(FILE))
        .order_by(FOLDER.c.path_key, LOCATION.c.name_key)
    )


def _records(connection: Connection, places: Sequence[RowMapping], *, with_copies: bool) -> list[FileRecord]:
    file_ids = {place["file_id"] for place in places}
    tags = tags_of(connection, file_ids)
    labels = _by_file(connection, _labels(file_ids))
    analyses = _by_file(connection, _analyses(file_ids))
    copies = _by_file(connection, _copies(file_ids if with_copies else ()))
    return [
        _record(place, tags.get(at, ()), labels[at], analyses[at][-1], copies.get(at, ()))
        for place in places
        for at in [place["file_id"]]
    ]


def _by_file(connection: Connection, statement: Select[Any]) -> Mapping[int, list[RowMapping]]:
    rows: dict[int, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(statement).mappings():
        rows[row["file_id"]].append(row)
    return rows


def _labels(file_ids: Collection[int]) -> Select[Any]:
    return (
        select(*LABEL.c, SOURCE.c.name.label("source"))
        .select_from(LABEL.join(SOURCE))
        .where(LABEL.c.file_id.in_(file_ids))
        .order_by(LABEL.c.confidence.desc(), LABEL.c.label, SOURCE.c.name)
    )


def _analyses(file_ids: Collection[int]) -> Select[Any]:
    """Newest last."""
    return (
        select(*ANALYSIS.c, SOURCE.c.name.label("source"))
        .select_from(ANALYSIS.join(SOURCE))
        .where(ANALYSIS.c.file_id.in_(file_ids))
        .order_by(ANALYSIS.c.analysed_at, ANALYSIS.c.id)
    )


def _copies(file_ids: Collection[int]) -> Select[Any]:
    return (
        select(LOCATION.c.file_id, LOCATION.c.id, FOLDER.c.path, LOCATION.c.name)
        .select_from(LOCATION.join(FOLDER))
        .where(LOCATION.c.file_id.in_(file_ids), LOCATION.c.missing_since.is_(None))
        .order_by(FOLDER.c.path_key, LOCATION.c.name_key)
    )


def _record(
    place: RowMapping,
    tags: tuple[Instrument, ...],
    labels: Sequence[RowMapping],
    analysis: RowMapping,
    copies: Sequence[RowMapping],
) -> FileRecord:
    facts = _facts(place)
    return FileRecord(
        path=_path(place),
        size=place["size"],
        mtime_ns=place["mtime_ns"],
        facts=facts,
        kind=Kind(place["kind"]),
        tempo_bpm=place["tempo_bpm"],
        key=place["key"],
        tags=tags,
        labels=tuple(map(_label, labels)),
        analysis=_analysis(place, facts, analysis, labels),
        analysed_at=datetime.fromtimestamp(analysis["analysed_at"], UTC),
        added_at=datetime.fromtimestamp(place["added_at"], UTC),
        is_missing=place["missing_since"] is not None,
        same_audio=tuple(_path(copy) for copy in copies if copy["id"] != place["id"]),
    )


def _facts(row: RowMapping) -> AudioFacts:
    return AudioFacts(row["duration_s"], row["sample_rate"], row["channels"], row["payload_hash"])


def _label(row: RowMapping) -> LabelRecord:
    return LabelRecord(
        label=row["label"],
        family=row["family"],
        confidence=row["confidence"],
        source=row["source"],
        state=LabelState(row["state"]),
        is_tag=row["tag_rank"] is not None,
    )


def _analysis(place: RowMapping, facts: AudioFacts, analysis: RowMapping, labels: Sequence[RowMapping]) -> Analysis:
    own = [label for label in labels if label["source_id"] == analysis["source_id"]]
    return Analysis(
        facts=facts,
        kind=Kind(place["kind"]),
        instruments=_ranked(own, "candidate_rank"),
        tags=_ranked(own, "tag_rank"),
        model=analysis["source"],
        scores=_array(analysis["scores"]),
        embedding=_array(analysis["embedding"]),
        tempo_bpm=place["tempo_bpm"],
        key=place["key"],
    )


def _ranked(labels: Sequence[RowMapping], rank: str) -> tuple[Instrument, ...]:
    ranked = sorted((row for row in labels if row[rank] is not None), key=lambda row: int(row[rank]))
    return tuple(Instrument(row["label"], row["family"], row["confidence"]) for row in ranked)


def _array(blob: bytes) -> npt.NDArray[np.float32]:
    return np.frombuffer(blob, "<f4").astype(np.float32)


def _path(place: RowMapping) -> Path:
    return Path(place["path"], place["name"])
