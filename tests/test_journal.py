"""The journal as a store: what it keeps, what it forgets, and that it is on the disk in time."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from tagger.catalog import (
    Catalog,
    FieldText,
    FileRecord,
    Intent,
    LabelState,
    Target,
    WriteState,
    database,
    journal,
    migrate,
)
from tagger.stamp import Stamp
from tests.catalog_entries import entry
from tests.made_up import analysis


@pytest.fixture
def catalog(tmp_path: Path, empty_catalog: Path) -> Iterator[Catalog]:
    shutil.copy(empty_catalog, tmp_path)
    with Catalog(tmp_path / "catalog.db") as opened:
        yield opened


def intent(path: str = "/a/1.wav", *, way_back: bytes = b"\0old", after: str = "new") -> Intent:
    return Intent(
        path=Path(path),
        target=Target.TAGS,
        keeps_mtime=True,
        payload_hash="a",
        before_fingerprint="old",
        before=Stamp(100, 10**18 + 1),
        after_fingerprint=after,
        way_back=way_back,
        temporary=Path(path + ".tmp"),
        fields=(FieldText("ID3 TXXX:INSTRUMENT", None, "Kick"), FieldText("INFO IGNR", "Ü", None)),
    )


def write_done(catalog: Catalog, batch_id: int, path: str = "/a/1.wav", *, way_back: bytes = b"old") -> int:
    write = catalog.journal.begin(batch_id, intent(path, way_back=way_back))
    catalog.journal.settle(write, WriteState.DONE, stamp=Stamp(120, 10**18 + 2))
    return write.id


def test_an_entry_comes_out_as_it_went_in(catalog: Catalog) -> None:
    batch_id = catalog.journal.begin_batch("write samples")
    begun = catalog.journal.begin(batch_id, intent())
    held = catalog.journal.write(begun.id)
    assert held == begun
    assert held.intent == intent()
    assert catalog.journal.open_writes() == [begun]

    catalog.journal.settle(begun, WriteState.DONE, stamp=Stamp(120, 10**18 + 2))
    done = catalog.journal.write(begun.id)
    assert done is not None
    assert (done.state, done.after, done.intent) == (WriteState.DONE, Stamp(120, 10**18 + 2), intent())
    assert catalog.journal.open_writes() == []


def test_settling_tells_the_catalog_how_the_file_is_now(catalog: Catalog) -> None:
    catalog.record([entry("/a/1.wav", analysis("a", "kick"))])
    write_done(catalog, catalog.journal.begin_batch("write"))
    record = catalog.show(Path("/a/1.wav"))
    assert isinstance(record, FileRecord)
    assert (record.size, record.mtime_ns) == (120, 10**18 + 2)


def test_an_undone_write_needs_no_way_back_and_follows_the_file(catalog: Catalog) -> None:
    write_id = write_done(catalog, catalog.journal.begin_batch("write"))
    write = catalog.journal.write(write_id)
    assert write is not None
    undoing = catalog.journal.begin_undo(write, Path("/b/moved.wav"))
    assert catalog.journal.open_writes() == [undoing]
    assert undoing.intent.path == Path("/b/moved.wav")
    catalog.journal.settle(undoing, WriteState.UNDONE, stamp=undoing.intent.before)
    undone = catalog.journal.write(write_id)
    assert undone is not None
    assert (undone.state, undone.intent.way_back, undone.intent.path) == (
        WriteState.UNDONE,
        b"",
        Path("/b/moved.wav"),
    )


def test_writes_are_chosen_by_run_time_and_place(catalog: Catalog) -> None:
    first, second = (catalog.journal.begin_batch(name) for name in ("one", "two"))
    one = write_done(catalog, first, "/a/1.wav")
    two = write_done(catalog, first, "/a/b/2.wav")
    again = write_done(catalog, second, "/a/1.wav")
    book = catalog.journal
    assert book.write_ids(batch_id=first) == [two, one]
    assert book.write_ids(under=[Path("/a")]) == [again, two, one]
    assert book.write_ids(under=[Path("/a/b"), Path("/nowhere")]) == [two]
    assert book.write_ids(batch_id=first, under=[Path("/a/1.wav")]) == [one]
    assert book.write_ids(since=datetime.now(UTC) - timedelta(minutes=1)) == [again, two, one]
    assert book.write_ids(since=datetime.now(UTC) + timedelta(minutes=1)) == []
    assert book.last_write_ids([Path("/a")]) == [again, two]
    later = book.later_write(book.write(one))  # type: ignore[arg-type]  # it is there
    assert later is not None
    assert later.id == again
    assert [(batch.id, batch.files) for batch in book.batches()] == [(second, 1), (first, 2)]


def test_old_runs_are_forgotten_but_never_the_newest(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    old, kept = (catalog.journal.begin_batch(name) for name in ("old", "kept"))
    write_done(catalog, old)
    write_done(catalog, kept)
    now = time.time()
    with monkeypatch.context() as patch:
        patch.setattr("tagger.catalog.journal.time.time", lambda: now + (journal.KEPT_DAYS + 1) * 86_400)
        catalog.journal.finish_batch(kept)
    assert [batch.id for batch in catalog.journal.batches()] == [kept]
    assert catalog.journal.begin_batch("next") > kept


def test_the_journal_is_bounded_in_size(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "KEPT_BYTES", 25_000)
    batches = []
    for number in range(4):
        batches.append(catalog.journal.begin_batch(str(number)))
        write_done(catalog, batches[-1], way_back=bytes(10_000))
        catalog.journal.finish_batch(batches[-1])
    assert [batch.id for batch in catalog.journal.batches()] == batches[:1:-1]
    huge = catalog.journal.begin_batch("huge")
    write_done(catalog, huge, way_back=bytes(60_000))
    catalog.journal.finish_batch(huge)
    assert [batch.id for batch in catalog.journal.batches()] == [huge]


def test_what_is_open_is_not_forgotten(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "KEPT_BYTES", 1)
    killed = catalog.journal.begin_batch("killed")
    catalog.journal.begin(killed, intent())
    newest = catalog.journal.begin_batch("newest")
    write_done(catalog, newest)
    catalog.journal.finish_batch(newest)
    assert [batch.id for batch in catalog.journal.batches()] == [newest, killed]


def test_an_entry_waits_for_the_disk(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    levels: list[int] = []

    @contextmanager
    def spied(engine: Engine, *, durable: bool = False) -> Iterator[Connection]:
        with database.writing(engine, durable=durable) as connection:
            levels.append(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())
            yield connection

    monkeypatch.setattr(journal, "writing", spied)
    write = catalog.journal.begin(catalog.journal.begin_batch("write"), intent())
    catalog.journal.settle(write, WriteState.DONE, stamp=None)
    catalog.journal.begin_undo(write, write.intent.path)
    normal, full = 1, 2
    assert levels == [normal, full, normal, full]


def test_a_catalog_of_the_first_version_gets_its_journal_after_a_backup(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    migrate.upgrade(path, head="0001")
    with closing(sqlite3.connect(path)) as old, old:
        old.execute("INSERT INTO folder (path, path_key) VALUES ('/a', '/a/')")
        old.execute(
            "INSERT INTO file (payload_hash, duration_s, sample_rate, channels, kind, added_at)"
            " VALUES ('a', 1, 48000, 1, 'loop', 0)"
        )
        old.execute(
            "INSERT INTO location (folder_id, name, name_key, file_id, size, mtime_ns) VALUES (1, '1', '1', 1, 1, 1)"
        )
    with Catalog(path) as catalog:
        assert catalog.backup is not None
        assert catalog.stats().files == 1
        assert catalog.journal.batches() == []
        write_done(catalog, catalog.journal.begin_batch("write"))
        catalog.judge(Path("/a/1"), "kick", LabelState.CONFIRMED)
        assert len(catalog.journal.batches()) == 1
    with closing(sqlite3.connect(catalog.backup)) as backup:
        assert backup.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)


def test_an_edit_is_taken_in_once_until_the_tag_is_written_again(catalog: Catalog) -> None:
    path = Path("/a/1.wav")
    catalog.record([entry(path, analysis("a", "kick"))])
    verdicts = {"snare": LabelState.CONFIRMED, "kick": LabelState.REJECTED}
    assert catalog.take_edit(path, "Snare", verdicts)
    catalog.judge(path, "kick", LabelState.CONFIRMED)
    assert not catalog.take_edit(path, "Snare", verdicts)
    record = catalog.show(path)
    assert isinstance(record, FileRecord)
    assert {tag.label for tag in record.tags} == {"kick", "snare"}
    write = catalog.journal.begin(catalog.journal.begin_batch("write"), intent())
    catalog.journal.settle(write, WriteState.DONE, stamp=None, forgets_edits=True)
    assert catalog.take_edit(path, "Snare", verdicts)
    assert not catalog.take_edit(Path("/nowhere.wav"), "Snare", verdicts)
