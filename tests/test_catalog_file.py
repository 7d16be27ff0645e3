"""The catalog as a file: made, upgraded after a backup, refused with advice, whole after a kill."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tagger.catalog import Catalog, FileRecord, LabelState, Query, database, migrate
from tagger.catalog.database import open_engine
from tagger.catalog.schema import METADATA
from tagger.errors import CatalogError
from tests.catalog_entries import entry
from tests.made_up import analysis

SECOND_REVISION = '''
"""A column more, and a table built anew."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "0002"


def upgrade():
    op.add_column("file", sa.Column("loudness_lufs", sa.Float()))
    with op.batch_alter_table("folder", recreate="always") as folder:
        folder.add_column(sa.Column("note", sa.Text()))
'''

OPENER = """
import logging, pathlib, sys
logging.basicConfig(level=logging.DEBUG)
from tagger.catalog import Catalog
Catalog(pathlib.Path(sys.argv[1])).close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some" / "folder" / "catalog.db"


@pytest.fixture
def newer_scripts(tmp_path: Path) -> Path:
    scripts = tmp_path / "100% newer"
    shutil.copytree(migrate.SCRIPTS, scripts)
    (scripts / "versions" / "9999_more.py").write_text(SECOND_REVISION)
    return scripts


def fill(path: Path) -> None:
    with Catalog(path) as catalog:
        catalog.record([entry("/a/1.wav", analysis("a", "kick"))])
        catalog.judge(Path("/a/1.wav"), "tom", LabelState.CONFIRMED)


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


class TestMaking:
    def test_the_tables_are_those_of_the_schema(self, path: Path) -> None:
        with Catalog(path):
            engine = open_engine(path)
            with engine.connect() as connection:
                context = MigrationContext.configure(
                    connection,
                    opts={"include_name": lambda name, kind, _: kind != "table" or name in METADATA.tables},
                )
                assert compare_metadata(context, METADATA) == []
            engine.dispose()

    def test_the_head_is_the_last_revision(self) -> None:
        assert ScriptDirectory(str(migrate.SCRIPTS)).get_heads() == [migrate.HEAD]

    def test_write_ahead_and_nothing_beside_the_file_after_closing(self, path: Path) -> None:
        fill(path)
        assert rows(path, "PRAGMA journal_mode") == [("wal",)]
        assert [each.name for each in path.parent.iterdir()] == ["catalog.db"]

    def test_it_says_nothing_and_warns_of_nothing(self, path: Path) -> None:
        command = [sys.executable, "-W", "error", "-c", OPENER, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


class TestUpgrade:
    def test_files_that_nothing_is_claimed_of_are_known_after_an_upgrade(self, path: Path) -> None:
        migrate.upgrade(path, head="0004")
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("INSERT INTO folder (id, path, path_key) VALUES (1, '/a', '/a/')")
            for at, kind in enumerate(("loop", "loop", "silence"), start=1):
                sound = "INSERT INTO file (id, payload_hash, kind, duration_s, sample_rate, channels, added_at)"
                connection.execute(f"{sound} VALUES (?, ?, ?, 1, 8000, 1, 0)", (at, str(at), kind))
                place = "INSERT INTO location (folder_id, name, name_key, file_id, size, mtime_ns)"
                connection.execute(f"{place} VALUES (1, ?, ?, ?, 1, 1)", (f"{at}.wav", f"{at}.wav", at))
            connection.execute("INSERT INTO tag (file_id, label, family, confidence) VALUES (1, 'kick', 'drums', 0.5)")
        with Catalog(path) as catalog:
            assert [hit.path.stem for hit in catalog.find(Query(is_unsure=True))] == ["2"]
            assert catalog.stats().unsure == 1

    def test_an_older_catalog_is_upgraded_with_all_it_holds_after_a_backup(
        self, path: Path, newer_scripts: Path
    ) -> None:
        fill(path)
        backup = migrate.upgrade(path, head="9999", scripts=newer_scripts)

        assert backup is not None
        assert rows(path, "SELECT payload_hash, loudness_lufs FROM file") == [("a", None)]
        assert rows(path, "SELECT count(*) FROM location JOIN folder ON folder.id = folder_id") == [(1,)]
        with Catalog(backup) as catalog:
            record = catalog.show(Path("/a/1.wav"))
        assert isinstance(record, FileRecord)
        assert [tag.label for tag in record.tags] == ["tom", "kick"]

    def test_an_upgrade_that_fails_changes_nothing(self, path: Path, newer_scripts: Path) -> None:
        fill(path)
        script = newer_scripts / "versions" / "9999_more.py"
        script.write_text(SECOND_REVISION + "    op.execute('SELECT 1 FROM nowhere')\n")
        with pytest.raises(CatalogError, match="nowhere"):
            migrate.upgrade(path, head="9999", scripts=newer_scripts)

        assert rows(path, "SELECT version_num FROM alembic_version") == [(migrate.HEAD,)]
        assert rows(path, "SELECT count(*) FROM pragma_table_info('file') WHERE name = 'loudness_lufs'") == [(0,)]
        with Catalog(path) as catalog:
            assert catalog.stats().files == 1

    def test_a_catalog_that_is_up_to_date_is_left_alone(self, path: Path) -> None:
        fill(path)
        before = path.stat().st_mtime_ns
        with Catalog(path) as catalog:
            assert catalog.backup is None
        assert path.stat().st_mtime_ns == before

    def test_a_newer_catalog_is_refused(self, path: Path, newer_scripts: Path) -> None:
        migrate.upgrade(path, head="9999", scripts=newer_scripts)
        with pytest.raises(CatalogError, match=r"newer version .*update"):
            Catalog(path)


class TestRefusal:
    @pytest.mark.parametrize("content", [b"hello", b"RIFF" * 1000], ids=["short", "long"])
    def test_a_file_that_is_no_database(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        with pytest.raises(CatalogError, match="is not a catalog"):
            Catalog(path)
        assert path.read_bytes() == content

    def test_a_database_of_another_program(self, path: Path) -> None:
        path.parent.mkdir(parents=True)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE sound (id)")
        before = path.read_bytes()
        with pytest.raises(CatalogError, match="of another program"):
            Catalog(path)
        assert path.read_bytes() == before

    def test_a_folder_in_its_place(self, path: Path) -> None:
        path.mkdir(parents=True)
        with pytest.raises(CatalogError, match=r"cannot be opened .*TAGGER_CATALOG"):
            Catalog(path)

    def test_a_file_in_the_place_of_its_folder(self, path: Path) -> None:
        path.parent.parent.mkdir(parents=True)
        path.parent.touch()
        with pytest.raises(CatalogError, match=r"cannot be opened: .*TAGGER_CATALOG"):
            Catalog(path)

    def test_a_damaged_catalog(self, path: Path) -> None:
        fill(path)
        content = bytearray(path.read_bytes())
        content[4096:] = b"\xff" * (len(content) - 4096)
        path.write_bytes(content)
        with pytest.raises(CatalogError, match="is damaged"), Catalog(path) as catalog:
            catalog.stats()

    def test_a_catalog_that_another_program_keeps_locked(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
        fill(path)
        with closing(sqlite3.connect(path, isolation_level=None)) as other, Catalog(path) as catalog:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(CatalogError, match="in use by another program"):
                catalog.record([entry("/a/2.wav", analysis("b", "kick"))])
            assert len(list(catalog.find(Query()))) == 1
            other.execute("ROLLBACK")
            catalog.record([entry("/a/2.wav", analysis("b", "kick"))])

    def test_a_full_disk(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        fill(path)
        connect = database._connect

        def connect_to_full_disk(path: Path, *, foreign_keys: bool) -> sqlite3.Connection:
            connection = connect(path, foreign_keys=foreign_keys)
            connection.execute("PRAGMA max_page_count = 1")
            return connection

        monkeypatch.setattr(database, "_connect", connect_to_full_disk)
        with Catalog(path) as catalog:
            with pytest.raises(CatalogError, match=r"the disk is full .*free some space"):
                catalog.record([entry(f"/a/{at}.wav", analysis(str(at), "kick")) for at in range(500)])
            assert catalog.stats().files == 1

    def test_a_file_that_may_not_be_written(self, path: Path) -> None:
        fill(path)
        with (
            pytest.raises(CatalogError, match=r"cannot be written .*permission"),
            database.plain_errors(path),
            closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection,
        ):
            connection.execute("DELETE FROM file")


WRITER = """
import sys
from pathlib import Path
from tagger.catalog import Catalog
from tests.catalog_entries import entry
from tests.made_up import analysis

with Catalog(Path(sys.argv[1])) as catalog:
    for batch in range(100_000):
        catalog.record([entry(f"/{batch}/{at}.wav", analysis(f"{batch} {at}", "kick")) for at in range(64)])
        print(batch, flush=True)
"""


def test_a_killed_writer_loses_at_most_the_batch_it_was_writing(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        written = 0
        for line in writer.stdout:
            written = int(line) + 1
            if written == 5:
                writer.send_signal(signal.SIGKILL)
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    with Catalog(path) as catalog:
        files = catalog.stats().files
        assert files in {written * 64, written * 64 + 64}
        assert len(list(catalog.find(Query(labels=("kick",))))) == files
