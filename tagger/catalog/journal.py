"""The journal: what was written into which file, and the way back from it.

An entry is made, durably, before the first byte of a file changes, and closed after the last. Whatever kills
the program in between, the next one finds the entry open and can tell from the file's bytes what had become of
it (`tagger.writing.recovery`). So the transaction that makes an entry, and the one that announces an undo, wait
until the disk has them (`synchronous=FULL`); the others need not, since a lost one is found out again.

The journal is bounded: runs older than `KEPT_DAYS`, and the oldest beyond `KEPT_BYTES`, are forgotten. The newest
run and what is still open are kept, however old and large they are. What was undone needs no way back any more,
and loses it at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Select, case, delete, func, insert, or_, select, update

from tagger.catalog import paths, store
from tagger.catalog.database import plain_errors, reading, writing
from tagger.catalog.schema import BATCH, WRITE
from tagger.catalog.writes import (
    OPEN,
    Batch,
    Intent,
    Left,
    Target,
    WriteRecord,
    WriteState,
    batch_of,
    place_of,
    record_of,
    row_of,
)
from tagger.stamp import Stamp

KEPT_DAYS: Final = 90
KEPT_BYTES: Final = 256_000_000

_AT_ONCE: Final = 200
_ROW_BYTES: Final = 400
"""What an entry takes beside its two long columns, roughly."""


class Journal:
    """The journal of one catalog. All methods raise `CatalogError` as those of `Catalog` do."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self._path = path
        self._engine = engine

    def begin_batch(self, command: str) -> int:
        """Notes that a run begins to write; gives its number."""
        with plain_errors(self._path), writing(self._engine) as connection:
            row = {"started_at": time.time(), "command": command}
            return _new_id(connection.execute(insert(BATCH).values(row)).inserted_primary_key)

    def finish_batch(self, batch_id: int) -> None:
        """Notes that a run is over, and forgets what the journal need not hold any longer."""
        with plain_errors(self._path), writing(self._engine) as connection:
            connection.execute(update(BATCH).where(BATCH.c.id == batch_id).values(finished_at=time.time()))
            _forget(connection, now=time.time())

    def begin(self, batch_id: int, intent: Intent) -> WriteRecord:
        """Notes, on the disk when this returns, what is about to be written."""
        now = time.time()
        row = {"batch_id": batch_id, "written_at": now, "state": WriteState.STARTED.value, **row_of(intent)}
        with plain_errors(self._path), writing(self._engine, durable=True) as connection:
            write_id = _new_id(connection.execute(insert(WRITE).values(row)).inserted_primary_key)
        return WriteRecord(write_id, batch_id, datetime.fromtimestamp(now, UTC), WriteState.STARTED, None, intent)

    def begin_undo(self, write: WriteRecord, path: Path) -> WriteRecord:
        """Notes, on the disk when this returns, that a write is about to be undone.

        Args:
            write: the entry.
            path: where the file is now; the entry follows it.
        """
        intent = replace(write.intent, path=path)
        values = {"state": WriteState.UNDOING.value, **place_of(path)}
        with plain_errors(self._path), writing(self._engine, durable=True) as connection:
            connection.execute(_entry(write).values(values))
        return replace(write, state=WriteState.UNDOING, intent=intent)

    def settle(
        self, write: WriteRecord, state: WriteState, *, stamp: Stamp | None, forgets_edits: bool = False
    ) -> None:
        """Notes how a write or its undoing ended, and in the same transaction the file's new stamp.

        Args:
            write: the entry.
            state: done, undone or failed.
            stamp: the file's size and time now, so that the next run finds it unchanged; None if that is unknown.
            forgets_edits: whether the instrument was written, so that a person's next edit of it is a new one.
        """
        values: dict[str, Any] = {"state": state.value}
        if state is WriteState.DONE and stamp:
            values |= {"after_size": stamp.size, "after_mtime_ns": stamp.mtime_ns}
        if state is WriteState.UNDONE:
            values["way_back"] = None
        with plain_errors(self._path), writing(self._engine) as connection:
            connection.execute(_entry(write).values(values))
            _restat(connection, write, stamp)
            if forgets_edits:
                store.forget_edits(connection, write.intent.path)

    def forget(self, write: WriteRecord, *, stamp: Stamp | None) -> None:
        """Drops the entry of a write that never happened, or was put back at once; notes the file's stamp."""
        with plain_errors(self._path), writing(self._engine) as connection:
            connection.execute(delete(WRITE).where(WRITE.c.id == write.id))
            _restat(connection, write, stamp)

    def open_writes(self) -> list[WriteRecord]:
        """The entries of which nobody has said how they ended, newest first."""
        return self._records(WRITE.c.state.in_([state.value for state in OPEN]))

    def batches(self) -> list[Batch]:
        """The runs that wrote into files, newest first."""
        with plain_errors(self._path), reading(self._engine) as connection:
            return [batch_of(row) for row in connection.execute(_BATCHES).mappings() if row["files"]]

    def write_ids(
        self, *, batch_id: int | None = None, since: datetime | None = None, under: Sequence[Path] = ()
    ) -> list[int]:
        """The numbers of the entries that meet all conditions given, newest first.

        Args:
            batch_id: they are of this run.
            since: they were written then or later.
            under: they are of these files, or of files below these folders.
        """
        numbers = select(WRITE.c.id)
        if batch_id is not None:
            numbers = numbers.where(WRITE.c.batch_id == batch_id)
        if since is not None:
            numbers = numbers.where(WRITE.c.written_at >= since.timestamp())
        return self._newest_first(numbers, under)

    def last_write_ids(self, under: Sequence[Path]) -> list[int]:
        """The numbers of the last entries that were not undone of each file at or below paths, newest first."""
        is_there = WRITE.c.state != WriteState.UNDONE.value
        last = select(func.max(WRITE.c.id)).where(is_there).group_by(WRITE.c.path_key, WRITE.c.target)
        return self._newest_first(last, under)

    def left(self) -> list[Left]:
        """The audio files that were written, as they were left; newest first, one for each entry that holds."""
        columns = WRITE.c["path", "payload_hash", "after_fingerprint", "after_size", "after_mtime_ns"]
        holds = (WRITE.c.state == WriteState.DONE.value) & (WRITE.c.target == Target.TAGS.value)
        statement = select(*columns).where(holds, WRITE.c.after_size.is_not(None)).order_by(WRITE.c.id.desc())
        with plain_errors(self._path), reading(self._engine) as connection:
            rows = connection.execute(statement).all()
        return [Left(Path(path), payload, fingerprint, Stamp(*stamp)) for path, payload, fingerprint, *stamp in rows]

    def write(self, write_id: int) -> WriteRecord | None:
        """One entry; None if it was forgotten meanwhile."""
        return next(iter(self._records(WRITE.c.id == write_id)), None)

    def later_write(self, write: WriteRecord) -> WriteRecord | None:
        """The next entry of the same file that still holds."""
        key = paths.name_key(str(write.intent.path))
        later = (WRITE.c.path_key == key) & (WRITE.c.id > write.id) & (WRITE.c.state == WriteState.DONE.value)
        return next(iter(reversed(self._records(later))), None)

    def is_holding(self, path: Path) -> bool:
        """Whether there is an entry of the file at a path that could be undone."""
        condition = (WRITE.c.path_key == paths.name_key(str(path))) & (WRITE.c.state == WriteState.DONE.value)
        with plain_errors(self._path), reading(self._engine) as connection:
            return connection.scalar(select(WRITE.c.id).where(condition).limit(1)) is not None

    def _newest_first(self, numbers: Select[int], under: Sequence[Path]) -> list[int]:
        with plain_errors(self._path), reading(self._engine) as connection:
            parts = map(numbers.where, _under(under)) if under else [numbers]
            return sorted({number for part in parts for number in connection.scalars(part)}, reverse=True)

    def _records(self, condition: ColumnElement[bool]) -> list[WriteRecord]:
        statement = select(*WRITE.c).where(condition).order_by(WRITE.c.id.desc())
        with plain_errors(self._path), reading(self._engine) as connection:
            return [record_of(row) for row in connection.execute(statement).mappings()]


_HELD: Final = func.coalesce(func.length(WRITE.c.way_back), 0) + func.length(WRITE.c.fields) + _ROW_BYTES


def _count(state: WriteState) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((WRITE.c.state == state.value, 1), else_=0)), 0)


_BATCHES: Final = (
    select(
        *BATCH.c,
        func.count(WRITE.c.id).label("files"),
        _count(WriteState.UNDONE).label("undone"),
        _count(WriteState.FAILED).label("failed"),
        func.coalesce(func.sum(_HELD), 0).label("held_bytes"),
    )
    .select_from(BATCH.outerjoin(WRITE))
    .group_by(BATCH.c.id)
    .order_by(BATCH.c.id.desc())
)


def _forget(connection: Connection, *, now: float) -> None:
    """Drops the runs that are too old, or too much altogether."""
    held, gone = 0, []
    for at, row in enumerate(connection.execute(_BATCHES).mappings().all()):
        held += row["held_bytes"]
        is_too_old = row["started_at"] < now - KEPT_DAYS * 86_400
        if at and (is_too_old or held > KEPT_BYTES):
            gone.append(row["id"])
    still_open = select(WRITE.c.batch_id).where(WRITE.c.state.in_([state.value for state in OPEN]))
    gone = sorted(set(gone) - set(connection.scalars(still_open)))
    connection.execute(delete(WRITE).where(WRITE.c.batch_id.in_(gone)))
    connection.execute(delete(BATCH).where(BATCH.c.id.in_(gone)))


def _under(places: Sequence[Path]) -> Iterator[ColumnElement[bool]]:
    """Conditions for entries at or below paths, one of which has to hold; SQLite takes only so many at once."""
    for at in range(0, len(places), _AT_ONCE):
        conditions = []
        for place in places[at : at + _AT_ONCE]:
            low, high = paths.subtree(place)
            is_it = WRITE.c.path_key == paths.name_key(paths.folder_text(place))
            conditions.append(is_it | ((WRITE.c.path_key >= low) & (WRITE.c.path_key < high)))
        yield or_(*conditions)


def _restat(connection: Connection, write: WriteRecord, stamp: Stamp | None) -> None:
    if stamp and write.intent.target is Target.TAGS:
        store.restat(connection, write.intent.path, size=stamp.size, mtime_ns=stamp.mtime_ns)


def _entry(write: WriteRecord) -> Any:
    return update(WRITE).where(WRITE.c.id == write.id)


def _new_id(key: Any) -> int:
    return int(key[0])
