"""One daemon for one catalog: a lock that ends with its process, however that ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from tagger.errors import CatalogError, reason_of


@contextmanager
def only_one(catalog: Path) -> Iterator[None]:
    """Keeps other daemons from a catalog.

    Raises:
        CatalogError: there is one already.
    """
    lock = FileLock(lock_path(catalog))
    try:
        # Somebody who only asks holds it for a moment.
        lock.acquire(timeout=1)
        _pid_path(catalog).write_text(f"{os.getpid()}\n", encoding="ascii")
    except Timeout:
        number = holder(catalog)
        who = f" (process {number})" if number else ""
        raise CatalogError(catalog, f"a daemon is at work on it already{who}", "stop that one first") from None
    except OSError as error:
        lock.release()
        reason = f"its lock cannot be made: {reason_of(error)}"
        raise CatalogError(catalog, reason, "check its folder, and the free space") from error
    try:
        yield
    finally:
        _pid_path(catalog).unlink(missing_ok=True)
        lock.release()


def is_running(catalog: Path) -> bool:
    """Whether a daemon is at work on a catalog."""
    lock = FileLock(lock_path(catalog))
    if not lock_path(catalog).exists():
        return False
    try:
        with lock.acquire(blocking=False):
            return False
    except Timeout:
        return True
    except OSError:
        return False


def holder(catalog: Path) -> int | None:
    """The process that said last that it is the daemon, or None."""
    try:
        return int(_pid_path(catalog).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def lock_path(catalog: Path) -> Path:
    """The file that is locked. It stays behind, empty; what counts is the lock."""
    return catalog.with_name(f"{catalog.name}.daemon.lock")


def _pid_path(catalog: Path) -> Path:
    # Beside the lock, since on Windows a locked file cannot be read.
    return catalog.with_name(f"{catalog.name}.daemon.pid")
