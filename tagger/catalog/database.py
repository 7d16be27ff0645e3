"""Opening the SQLite file behind the catalog, and saying plainly what is wrong with it.

One writer at a time, any number of readers beside it: write-ahead log, and every write takes the
lock when it begins, so that no transaction can fail half-way for want of it. With
`synchronous=NORMAL` a killed process loses nothing that was committed; a power cut may lose the last
commits but never the file. A transaction that has to outlast a power cut says so (`durable`), and
waits for the disk.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError

from tagger.errors import CatalogError, reason_of

BUSY_TIMEOUT_MS: Final = 10_000
CACHE_KIB: Final = 64 * 1024
"""At most; the indexes that a search jumps about in fit at a million files."""

_ELSEWHERE: Final = "choose another place by the environment variable TAGGER_CATALOG"
_MEANING: Final = {
    sqlite3.SQLITE_BUSY: ("is in use by another program", "try again when that has finished"),
    sqlite3.SQLITE_LOCKED: ("is in use by another program", "try again when that has finished"),
    sqlite3.SQLITE_FULL: ("the disk is full", f"free some space, or {_ELSEWHERE}"),
    sqlite3.SQLITE_READONLY: ("cannot be written", f"give yourself write permission, or {_ELSEWHERE}"),
    sqlite3.SQLITE_PERM: ("cannot be written", f"give yourself write permission, or {_ELSEWHERE}"),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", f"check the permissions of its folder, or {_ELSEWHERE}"),
    sqlite3.SQLITE_NOTADB: ("is not a catalog of this program", _ELSEWHERE),
    sqlite3.SQLITE_CORRUPT: ("is damaged", "put a backup in its place, or move it away and tag again"),
}


def open_engine(path: Path, *, foreign_keys: bool = True) -> Engine:
    """An engine for a catalog file; connections are made when first needed.

    Args:
        path: the SQLite file.
        foreign_keys: whether references are enforced; off only while tables are rebuilt.
    """
    engine = create_engine(
        "sqlite://",
        creator=lambda: _connect(path, foreign_keys=foreign_keys),
        # What SQLAlchemy would take by itself closes the connections of other threads when there are many.
        poolclass=QueuePool,
        pool_use_lifo=True,
    )
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the catalog for as long as it is open."""
    with engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine, *, durable: bool = False) -> Iterator[Connection]:
    """A connection that holds the write lock; commits at the end, rolls back on an error.

    Args:
        engine: of the catalog.
        durable: whether what is committed is on the disk when the block ends.
    """
    options = {"begin_mode": "IMMEDIATE", "synchronous": "FULL" if durable else "NORMAL"}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Turns what SQLite or the system raise inside into a `CatalogError` for this file."""
    try:
        yield
    except DBAPIError as error:
        raise _explained(path, error.orig) from error
    except sqlite3.Error as error:
        raise _explained(path, error) from error
    except OSError as error:
        raise CatalogError(path, f"cannot be opened: {reason_of(error)}", _ELSEWHERE) from error


def _explained(path: Path, error: BaseException | None) -> CatalogError:
    code = getattr(error, "sqlite_errorcode", 0)
    if code & 0xFF == sqlite3.SQLITE_IOERR:
        return CatalogError(path, f"cannot be read or written: {error}", "check the disk and its free space")
    reason, advice = _MEANING.get(code & 0xFF, (f"failed: {error}", ""))
    return CatalogError(path, reason, advice)


def _connect(path: Path, *, foreign_keys: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(
        os.fspath(path), timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None, check_same_thread=False
    )
    connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
    connection.execute("PRAGMA synchronous = NORMAL")
    # What macOS calls a sync leaves data in the drive's cache; elsewhere this does nothing.
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    return connection


def _begin(connection: Connection) -> None:
    options: dict[str, Any] = dict(connection.get_execution_options())
    if level := options.get("synchronous"):
        connection.exec_driver_sql(f"PRAGMA synchronous = {level}")
    connection.exec_driver_sql(f"BEGIN {options.get('begin_mode', 'DEFERRED')}")
