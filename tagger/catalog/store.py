"""Writes: a batch of results, a person's verdict, and what became of files on the disk.

Each function works in the write transaction of its caller. Rows of a batch go in by few statements
with many rows each. Whatever changes a row of `label` ends with `_weigh`, the one place that says
which labels may be claimed; what a person said is never deleted here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Table, and_, case, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert

from tagger.catalog import paths
from tagger.catalog.conditions import at_path, in_folder, in_subtree
from tagger.catalog.queueing import queue_tagging
from tagger.catalog.records import FILENAME, HUMAN, VENDOR, Entry, LabelState
from tagger.catalog.schema import (
    ANALYSIS,
    EDIT,
    FILE,
    FOLDER,
    LABEL,
    LIVE_TAG,
    LOCATION,
    METADATA,
    SOURCE,
    TAG,
    WORDS,
)
from tagger.catalog.words import index_words
from tagger.errors import CatalogError
from tagger.filenames import NAME_CONFIDENCE, labels_in
from tagger.results import Analysis, Instrument, Kind
from tagger.taxonomy import FAMILIES, family_of

Row = dict[str, Any]

_CHUNK: Final = 500
_FILE_FACTS: Final = ("duration_s", "sample_rate", "channels", "kind", "tempo_bpm", "key")
_LOCATION_FACTS: Final = ("name", "file_id", "problem", "size", "mtime_ns", "missing_since")


def record(connection: Connection, entries: Sequence[Entry]) -> None:
    """Writes what came of a batch of paths; of a path given twice, the last counts."""
    for start in range(0, len(entries), _CHUNK):
        chunk = entries[start : start + _CHUNK]
        analyses = [entry.result for entry in chunk if isinstance(entry.result, Analysis)]
        file_ids = _put_files(connection, analyses)
        _put_locations(connection, chunk, file_ids)
        for model in {analysis.model for analysis in analyses}:
            _put_analyses(connection, model, [a for a in analyses if a.model == model], file_ids)
        _weigh(connection, file_ids.values())


def queue_tags(connection: Connection, entries: Iterable[Entry]) -> None:
    """Queues the tags of all places of recordings that were listened to."""
    hashes = [entry.result.facts.payload_hash for entry in entries if isinstance(entry.result, Analysis)]
    for start in range(0, len(hashes), _CHUNK):
        heard = select(FILE.c.id).where(FILE.c.payload_hash.in_(hashes[start : start + _CHUNK]))
        queue_tagging(connection, LOCATION.c.file_id.in_(heard))


def judge(connection: Connection, path: Path, verdicts: Mapping[str, LabelState]) -> None:
    """Writes a person's verdicts on labels of the recording at a path, in place of earlier ones."""
    check_labels(connection, path, verdicts)
    put_verdicts(connection, {_file_id(connection, path): verdicts})


def check_labels(connection: Connection, path: Path, labels: Iterable[str]) -> None:
    """Raises `CatalogError` for a label that neither the taxonomy nor anything in the catalog has.

    Args:
        connection: to the catalog.
        path: what the error names.
        labels: to be looked for.
    """
    for label in labels:
        is_given = exists().where(LABEL.c.label == label)
        if family_of(label) not in FAMILIES and not connection.scalar(select(is_given)):
            raise CatalogError(path, f'there is no label "{label}"', "see `tagger labels`")


def put_verdicts(connection: Connection, verdicts: Mapping[int, Mapping[str, LabelState | None]]) -> None:
    """Writes what people say of labels, by recording, in place of what they said before; None takes it away."""
    human = _source_id(connection, HUMAN)
    said = [(file_id, label, state) for file_id, each in verdicts.items() for label, state in each.items()]
    gone = [(file_id, label) for file_id, label, state in said if state is None]
    for start in range(0, len(gone), _CHUNK):
        is_gone = tuple_(LABEL.c.file_id, LABEL.c.label).in_(gone[start : start + _CHUNK])
        connection.execute(delete(LABEL).where(LABEL.c.source_id == human, is_gone))
    rows = [
        {"file_id": file_id, "source_id": human} | _label_row(Instrument(label, family_of(label), 1.0), state)
        for file_id, label, state in said
        if state is not None
    ]
    if rows:
        statement = insert(LABEL)
        renewed = {"state": statement.excluded.state}
        keys = ("file_id", "label", "source_id")
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=renewed), rows)
    judged = [file_id for file_id, each in verdicts.items() if each]
    for start in range(0, len(judged), _CHUNK):
        chunk = judged[start : start + _CHUNK]
        _weigh(connection, chunk)
        queue_tagging(connection, LOCATION.c.file_id.in_(chunk))


def note_evidence(connection: Connection, path: Path, vendor: Collection[str]) -> None:
    """Notes what the file at a path, and its name, say of the recording, in place of what was noted before."""
    file_id = connection.scalar(select(LOCATION.c.file_id).where(at_path(path)))
    if file_id is None:
        return
    names = connection.scalars(select(LOCATION.c.name).where(LOCATION.c.file_id == file_id)).all()
    wanted = {VENDOR: dict.fromkeys(vendor, 1.0)}
    wanted[FILENAME] = dict.fromkeys((label for name in names for label in labels_in(name)), NAME_CONFIDENCE)
    said = LABEL.join(SOURCE)
    for source, labels in wanted.items():
        ours = (LABEL.c.file_id == file_id) & (SOURCE.c.name == source)
        before = set(connection.scalars(select(LABEL.c.label).select_from(said).where(ours)))
        if before == labels.keys():
            continue
        own = {"file_id": file_id, "source_id": _source_id(connection, source)}
        connection.execute(delete(LABEL).where(*(LABEL.c[name] == value for name, value in own.items())))
        rows = [
            own | _label_row(Instrument(each, family_of(each), sure), LabelState.PREDICTED)
            for each, sure in labels.items()
        ]
        if rows:
            connection.execute(insert(LABEL), rows)


def take_edit(connection: Connection, path: Path, theirs: str, verdicts: Mapping[str, LabelState]) -> bool:
    """Writes what an edit of a file's tag says, if it was not taken in before; says whether."""
    file_id = connection.scalar(select(LOCATION.c.file_id).where(at_path(path)))
    if file_id is None:
        return False
    row = {"file_id": file_id, "theirs": theirs}
    is_new = connection.execute(insert(EDIT).on_conflict_do_nothing().returning(EDIT.c.file_id), row).first()
    if is_new:
        judge(connection, path, verdicts)
    return is_new is not None


def forget_edits(connection: Connection, path: Path) -> None:
    """Lets the edits of a recording's tag count again: it was written since."""
    file_id = select(LOCATION.c.file_id).where(at_path(path)).scalar_subquery()
    connection.execute(delete(EDIT).where(EDIT.c.file_id == file_id))


def remember_live_tags(connection: Connection, tags: Mapping[Path, Sequence[str]]) -> None:
    """Notes which tags of files are ours in the sidecars of Ableton Live; none forgets a file."""
    keys = {paths.name_key(paths.folder_text(path)): list(each) for path, each in tags.items()}
    for start in range(0, len(keys), _CHUNK):
        connection.execute(delete(LIVE_TAG).where(LIVE_TAG.c.path_key.in_(list(keys)[start : start + _CHUNK])))
    rows = [{"path_key": key, "tags": json.dumps(each, ensure_ascii=False)} for key, each in keys.items() if each]
    if rows:
        connection.execute(insert(LIVE_TAG), rows)


def _file_id(connection: Connection, path: Path) -> int:
    file_id = connection.scalar(select(LOCATION.c.file_id).where(at_path(path)))
    if file_id is None:
        raise CatalogError(path, "is not in the catalog", "tag it first")
    return int(file_id)


def mark(connection: Connection, folder: Path, names: Collection[str], *, missing: bool) -> None:
    """Notes that files of one folder, given by the keys of their names, are gone or back."""
    keys = list(names)
    other = LOCATION.c.missing_since.is_(None) if missing else LOCATION.c.missing_since.is_not(None)
    for start in range(0, len(keys), _CHUNK):
        in_chunk = LOCATION.c.name_key.in_(keys[start : start + _CHUNK])
        connection.execute(
            update(LOCATION)
            .where(in_folder(paths.folder_text(folder)), in_chunk, other)
            .values(missing_since=time.time() if missing else None)
        )


def mark_below(connection: Connection, folder: Path) -> int:
    """Notes that all files at and below a folder are gone, and gives how many that are."""
    below = select(FOLDER.c.id).where(in_subtree(folder))
    here = LOCATION.c.folder_id.in_(below) & LOCATION.c.missing_since.is_(None)
    return connection.execute(update(LOCATION).where(here).values(missing_since=time.time())).rowcount


def forget(connection: Connection, under: Path, before: float) -> int:
    """Drops missing places that are old or were moved from, and recordings without any place that no person judged."""
    other = LOCATION.alias()
    is_elsewhere = exists().where(other.c.file_id == LOCATION.c.file_id, other.c.missing_since.is_(None))
    below = LOCATION.c.folder_id.in_(select(FOLDER.c.id).where(in_subtree(under)))
    is_over = LOCATION.c.missing_since.is_not(None) & or_(LOCATION.c.missing_since < before, is_elsewhere)
    rows = connection.execute(select(LOCATION.c.id, LOCATION.c.file_id).where(below, is_over)).all()
    ids = [location_id for location_id, _ in rows]
    file_ids = list({file_id for _, file_id in rows if file_id is not None})
    for start in range(0, len(ids), _CHUNK):
        _drop_locations(connection, ids[start : start + _CHUNK])
    for start in range(0, len(file_ids), _CHUNK):
        _drop_homeless(connection, file_ids[start : start + _CHUNK])
    return len(ids)


def _drop_homeless(connection: Connection, file_ids: Collection[int]) -> None:
    human = select(SOURCE.c.id).where(SOURCE.c.name == HUMAN).scalar_subquery()
    is_judged = exists().where(LABEL.c.file_id == FILE.c.id, LABEL.c.source_id == human)
    has_place = exists().where(LOCATION.c.file_id == FILE.c.id)
    homeless = select(FILE.c.id).where(FILE.c.id.in_(file_ids), ~has_place, ~is_judged)
    ids = connection.scalars(homeless).all()
    for table in METADATA.sorted_tables:
        if table is not LOCATION and any(key.column is FILE.c.id for key in table.foreign_keys):
            connection.execute(delete(table).where(table.c.file_id.in_(ids)))
    connection.execute(delete(FILE).where(FILE.c.id.in_(ids)))


def restat(connection: Connection, path: Path, *, size: int, mtime_ns: int) -> None:
    """Notes a new size and time of a file whose audio is as it was."""
    connection.execute(update(LOCATION).where(at_path(path)).values(size=size, mtime_ns=mtime_ns))


def _put_files(connection: Connection, analyses: Iterable[Analysis]) -> dict[str, int]:
    """Makes or renews the rows of recordings; gives their ids by hash."""
    rows = {analysis.facts.payload_hash: _file_row(analysis) for analysis in analyses}
    if "" in rows:
        raise ValueError("the analysis of an array has no place in the catalog")
    ids = _upsert(connection, FILE, rows.values(), key=("payload_hash",), renew=_FILE_FACTS)
    return {payload_hash: file_id for (payload_hash,), file_id in ids.items()}


def _file_row(analysis: Analysis) -> Row:
    facts = analysis.facts
    return {
        "payload_hash": facts.payload_hash,
        "duration_s": float(facts.duration_s),
        "sample_rate": int(facts.sample_rate),
        "channels": int(facts.channels),
        "kind": analysis.kind.value,
        "tempo_bpm": None if analysis.tempo_bpm is None else float(analysis.tempo_bpm),
        "key": analysis.key,
        "added_at": time.time(),
    }


def _put_locations(connection: Connection, entries: Iterable[Entry], file_ids: Mapping[str, int]) -> None:
    places = [(*paths.split(entry.path), entry) for entry in entries]
    folder_ids = _put_folders(connection, {folder for folder, _, _ in places})
    rows, words = {}, {}
    for folder, name, entry in places:
        place = (folder_ids[folder], paths.name_key(name))
        rows[place] = _location_row(entry, file_ids) | {
            "folder_id": place[0],
            "name": name,
            "name_key": place[1],
        }
        words[place] = index_words(folder, PurePath(name).stem)
    ids = _upsert(connection, LOCATION, rows.values(), key=("folder_id", "name_key"), renew=_LOCATION_FACTS)
    _put_words(connection, {location_id: words[place] for place, location_id in ids.items()})
    _drop_moved(connection, file_ids.values())


def _put_folders(connection: Connection, folders: Collection[str]) -> dict[str, int]:
    rows = [{"path": folder, "path_key": paths.folder_key(folder)} for folder in folders]
    ids = _upsert(connection, FOLDER, rows, key=("path_key",), renew=("path",))
    return {folder: ids[(paths.folder_key(folder),)] for folder in folders}


def _location_row(entry: Entry, file_ids: Mapping[str, int]) -> Row:
    row: Row = {"size": entry.size, "mtime_ns": entry.mtime_ns, "missing_since": None}
    if isinstance(entry.result, Analysis):
        return row | {"file_id": file_ids[entry.result.facts.payload_hash], "problem": None}
    return row | {"file_id": None, "problem": entry.result}


def _put_words(connection: Connection, words: Mapping[int, str]) -> None:
    """Indexes the words of locations that are new; a location's words never change."""
    known = set(connection.scalars(select(WORDS.c.rowid).where(WORDS.c.rowid.in_(words))))
    rows = [{"rowid": at, "text": text} for at, text in words.items() if at not in known]
    if rows:
        connection.execute(insert(WORDS), rows)


def _drop_moved(connection: Connection, file_ids: Collection[int]) -> None:
    """Drops the missing locations of recordings that were just found elsewhere."""
    moved = select(LOCATION.c.id).where(LOCATION.c.file_id.in_(file_ids), LOCATION.c.missing_since.is_not(None))
    ids = connection.scalars(moved).all()
    _drop_locations(connection, ids)


def _drop_locations(connection: Connection, ids: Sequence[int]) -> None:
    if ids:
        connection.execute(delete(WORDS).where(WORDS.c.rowid.in_(ids)))
        connection.execute(delete(LOCATION).where(LOCATION.c.id.in_(ids)))


def _put_analyses(
    connection: Connection, model: str, analyses: Iterable[Analysis], file_ids: Mapping[str, int]
) -> None:
    """Puts what a model said in place of all that it or another version of it said before."""
    source_id = _source_id(connection, model)
    by_file = {file_ids[analysis.facts.payload_hash]: analysis for analysis in analyses}
    versions = select(SOURCE.c.id).where(SOURCE.c.lineage == _lineage(model))
    for table in (ANALYSIS, LABEL):
        outdated = table.c.file_id.in_(by_file) & table.c.source_id.in_(versions)
        if table is LABEL:
            outdated &= LABEL.c.state == LabelState.PREDICTED.value
        connection.execute(delete(table).where(outdated))
    ids: list[Row] = [{"file_id": file_id, "source_id": source_id} for file_id in by_file]
    connection.execute(insert(ANALYSIS), [own | _analysis_row(by_file[own["file_id"]]) for own in ids])
    labels = [own | row for own in ids for row in _label_rows(by_file[own["file_id"]])]
    if labels:
        connection.execute(insert(LABEL).on_conflict_do_nothing(), labels)


def _analysis_row(analysis: Analysis) -> Row:
    return {
        "analysed_at": time.time(),
        "scores": _blob(analysis.scores),
        "embedding": _blob(analysis.embedding),
    }


def _blob(values: npt.NDArray[np.float32]) -> bytes:
    return values.astype("<f4", copy=False).tobytes()


def _label_rows(analysis: Analysis) -> list[Row]:
    rows: dict[str, Row] = {}
    for column, instruments in (("candidate_rank", analysis.instruments), ("tag_rank", analysis.tags)):
        for rank, instrument in enumerate(instruments):
            row = rows.setdefault(instrument.label, _label_row(instrument, LabelState.PREDICTED))
            row[column] = rank
    return list(rows.values())


def _label_row(instrument: Instrument, state: LabelState) -> Row:
    return {
        "label": instrument.label,
        "family": instrument.family,
        "confidence": float(instrument.confidence),
        "state": state.value,
        "candidate_rank": None,
        "tag_rank": None,
    }


def _source_id(connection: Connection, name: str) -> int:
    row = {"name": name, "lineage": _lineage(name)}
    return _upsert(connection, SOURCE, [row], key=("name",), renew=("lineage",))[(name,)]


def _lineage(source: str) -> str:
    return source.partition("@")[0]


def _weigh(connection: Connection, file_ids: Collection[int]) -> None:
    """Makes the tags of recordings anew: what was claimed or confirmed, less what was rejected."""
    confirmed = LABEL.c.state == LabelState.CONFIRMED.value
    rejected = LABEL.c.state == LabelState.REJECTED.value
    claimed = (
        select(
            LABEL.c.file_id,
            LABEL.c.label,
            func.min(LABEL.c.family),
            func.max(case((confirmed, 1.0), else_=LABEL.c.confidence)),
        )
        .where(LABEL.c.file_id.in_(file_ids), or_(LABEL.c.tag_rank.is_not(None), confirmed, rejected))
        .group_by(LABEL.c.file_id, LABEL.c.label)
        .having(func.sum(case((rejected, 1), else_=0)) == 0)
    )
    connection.execute(delete(TAG).where(TAG.c.file_id.in_(file_ids)))
    connection.execute(insert(TAG).from_select(["file_id", "label", "family", "confidence"], claimed))
    is_tagged = exists().where(TAG.c.file_id == FILE.c.id)
    is_unsure = and_(FILE.c.kind != Kind.SILENCE.value, ~is_tagged)
    changed = FILE.c.id.in_(file_ids) & (FILE.c.is_unsure != is_unsure)
    connection.execute(update(FILE).where(changed).values(is_unsure=~FILE.c.is_unsure))


def _upsert(
    connection: Connection, table: Table, rows: Collection[Row], *, key: Sequence[str], renew: Sequence[str]
) -> dict[tuple[Any, ...], int]:
    """Inserts rows, or renews some columns of those there already; gives the ids by key."""
    if not rows:
        return {}
    statement = insert(table)
    statement = statement.on_conflict_do_update(
        index_elements=key, set_={name: statement.excluded[name] for name in renew}
    )
    columns = (table.c.id, *(table.c[name] for name in key))
    returned = connection.execute(statement.returning(*columns), list(rows))
    return {tuple(values): row_id for row_id, *values in returned}
