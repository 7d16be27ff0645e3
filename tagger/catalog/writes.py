"""The entries of the journal as plain values, and as rows of its tables."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import RowMapping

from tagger.catalog import paths
from tagger.stamp import Stamp


class WriteState(StrEnum):
    """What became of one write. `STARTED` and `UNDOING` are open: nobody has said how they ended."""

    STARTED = "started"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"


OPEN: Final = (WriteState.STARTED, WriteState.UNDOING)


class Target(StrEnum):
    """What was written: the tags in an audio file, or the file in which Ableton Live keeps those of a folder."""

    TAGS = "tags"
    SIDECAR = "sidecar"


class FieldText(NamedTuple):
    """One field that a write changed, as people know it; None where it was not there."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What is about to be written, with all that is needed to take it back.

    Attributes:
        path: the file, as the catalog spells it.
        target: what is written there.
        keeps_mtime: whether the file keeps its time of change.
        payload_hash: of the audio, by which a file that moved is found again; None for a sidecar.
        before_fingerprint: of all bytes before; "" where there was no file.
        before: size and time before.
        after_fingerprint: of all bytes after.
        way_back: what makes the old bytes from the new ones.
        temporary: a copy beside the file that a kill may leave behind, or None.
        fields: what changes.
    """

    path: Path
    target: Target
    keeps_mtime: bool
    payload_hash: str | None
    before_fingerprint: str
    before: Stamp
    after_fingerprint: str
    way_back: bytes
    temporary: Path | None
    fields: tuple[FieldText, ...]


@dataclass(frozen=True, slots=True)
class WriteRecord:
    """An entry of the journal.

    Attributes:
        id: numbers grow with time.
        batch_id: the run that wrote.
        written_at: when it began, UTC.
        state: what became of it.
        after: size and time after; None while it is not known.
        intent: what was to be written; `way_back` is empty once it was undone.
    """

    id: int
    batch_id: int
    written_at: datetime
    state: WriteState
    after: Stamp | None
    intent: Intent


class Left(NamedTuple):
    """An audio file as a write left it.

    Attributes:
        path: where it was then.
        payload_hash: of its audio.
        fingerprint: of all its bytes.
        stamp: its size and time.
    """

    path: Path
    payload_hash: str | None
    fingerprint: str
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Batch:
    """One run that wrote into files.

    Attributes:
        id: its number.
        started_at: UTC.
        finished_at: UTC; None if it was killed, or is still at it.
        command: as it was typed, without the program's name.
        files: how many files it wrote into.
        undone: how many of these were undone.
        failed: how many could be neither finished nor put back.
        held_bytes: what it takes in the journal, roughly.
    """

    id: int
    started_at: datetime
    finished_at: datetime | None
    command: str
    files: int
    undone: int
    failed: int
    held_bytes: int


def place_of(path: Path) -> dict[str, str]:
    """The columns that say which file an entry is of."""
    text = paths.folder_text(path)
    return {"path": text, "path_key": paths.name_key(text)}


def row_of(intent: Intent) -> dict[str, Any]:
    """The columns of an entry that is about to be made."""
    return {
        **place_of(intent.path),
        "target": intent.target.value,
        "keeps_mtime": intent.keeps_mtime,
        "payload_hash": intent.payload_hash,
        "before_fingerprint": intent.before_fingerprint,
        "before_size": intent.before.size,
        "before_mtime_ns": intent.before.mtime_ns,
        "after_fingerprint": intent.after_fingerprint,
        "way_back": intent.way_back,
        "temporary": None if intent.temporary is None else str(intent.temporary),
        "fields": json.dumps(intent.fields, ensure_ascii=False),
    }


def record_of(row: RowMapping) -> WriteRecord:
    """An entry."""
    intent = Intent(
        path=Path(row["path"]),
        target=Target(row["target"]),
        keeps_mtime=row["keeps_mtime"],
        payload_hash=row["payload_hash"],
        before_fingerprint=row["before_fingerprint"],
        before=Stamp(row["before_size"], row["before_mtime_ns"]),
        after_fingerprint=row["after_fingerprint"],
        way_back=row["way_back"] or b"",
        temporary=Path(row["temporary"]) if row["temporary"] else None,
        fields=tuple(FieldText(*field) for field in json.loads(row["fields"])),
    )
    has_after = row["after_size"] is not None
    return WriteRecord(
        id=row["id"],
        batch_id=row["batch_id"],
        written_at=datetime.fromtimestamp(row["written_at"], UTC),
        state=WriteState(row["state"]),
        after=Stamp(row["after_size"], row["after_mtime_ns"]) if has_after else None,
        intent=intent,
    )


def batch_of(row: RowMapping) -> Batch:
    """A run, from its row and the sums over its entries."""
    finished_at = row["finished_at"]
    return Batch(
        id=row["id"],
        started_at=datetime.fromtimestamp(row["started_at"], UTC),
        finished_at=None if finished_at is None else datetime.fromtimestamp(finished_at, UTC),
        command=row["command"],
        files=row["files"],
        undone=row["undone"],
        failed=row["failed"],
        held_bytes=row["held_bytes"],
    )
