"""Makes a new catalog, or brings one of an older version up to date after a backup of it.

A catalog at the right revision is recognised by one look with sqlite3, so that the usual start does
not pay for Alembic. An upgrade is one transaction: it happens whole or not at all, and a second
program that waited for the lock finds nothing left to do. Foreign keys are off meanwhile, since
SQLite changes a table by building it anew, and are checked before the commit.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from tagger.catalog.database import open_engine, plain_errors, writing
from tagger.catalog.schema import APPLICATION_ID
from tagger.errors import CatalogError

HEAD: Final = "0005"
"""The revision this version of the program works with."""

SCRIPTS: Final = Path(__file__).parent / "migrations"


def upgrade(path: Path, *, head: str = HEAD, scripts: Path = SCRIPTS) -> Path | None:
    """Brings the catalog at a path to a revision, making it first where there is none.

    Args:
        path: the SQLite file.
        head: the revision wanted.
        scripts: the folder of Alembic scripts.

    Returns:
        the backup that was made, or None when there was nothing to upgrade.

    Raises:
        CatalogError: it is no catalog, or a newer version's, or cannot be read or written.
    """
    with plain_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        revision = _revision(path)
        if revision == head:
            return None
        if revision and not _is_known(revision, scripts):
            raise CatalogError(path, "was made by a newer version of this program", "update tagger")
        backup = _back_up(path, revision) if revision else None
        _run(path, head, scripts)
    return backup


def _revision(path: Path) -> str:
    """The revision of a catalog; "" of a file that is not there or empty."""
    with closing(sqlite3.connect(path)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if not tables:
            return ""
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
        if application_id != APPLICATION_ID or "alembic_version" not in tables:
            raise CatalogError(path, "is a database of another program", "choose another file")
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(revision)


def _is_known(revision: str, scripts: Path) -> bool:
    return any(file.name.startswith(f"{revision}_") for file in (scripts / "versions").glob("*.py"))


def _back_up(path: Path, revision: str) -> Path:
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    backup = path.with_name(f"{path.stem}-backup-{revision}-{now}{path.suffix}")
    partial = backup.with_name(backup.name + ".part")
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(partial)) as target:
            source.backup(target)
        partial.replace(backup)
    finally:
        partial.unlink(missing_ok=True)
    return backup


def _run(path: Path, head: str, scripts: Path) -> None:
    engine = open_engine(path, foreign_keys=False)
    try:
        with engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA journal_mode = WAL")  # type: ignore[union-attr]
        with writing(engine) as connection:
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
            _run_alembic(connection, head, scripts)
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise CatalogError(path, "holds rows that refer to nothing", "put a backup in its place")
    finally:
        engine.dispose()


def _run_alembic(connection: Connection, head: str, scripts: Path) -> None:
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, head)
