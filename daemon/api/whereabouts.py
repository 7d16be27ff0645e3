"""Where a catalog is answered for: an address in a file beside it, which counts as long as a lock is held.

So a command finds the server of its own catalog, whatever port that took, and none of another's; and it asks nothing of
whoever else may listen at that port by now.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from tagger.errors import CatalogError, reason_of


@contextmanager
def serving_at(catalog: Path, url: str) -> Iterator[None]:
    """Tells others of this machine where a catalog is answered for; the first of several does.

    Raises:
        CatalogError: that cannot be written.
    """
    lock = FileLock(_lock_path(catalog))
    try:
        # Somebody who only asks holds it for a moment.
        lock.acquire(timeout=0.2)
    except Timeout:
        yield
        return
    except OSError as error:
        raise CatalogError(catalog, f"its lock cannot be made: {reason_of(error)}", "check its folder") from error
    try:
        _path(catalog).write_text(f"{url}\n", encoding="ascii")
        yield
    finally:
        _path(catalog).unlink(missing_ok=True)
        lock.release()


def served_at(catalog: Path) -> str | None:
    """Where a catalog is answered for at this moment, as in "http://127.0.0.1:8437"; None if nowhere."""
    if not _lock_path(catalog).exists():
        return None
    try:
        with FileLock(_lock_path(catalog)).acquire(blocking=False):
            return None
    except Timeout:
        pass
    except OSError:
        return None
    try:
        return _path(catalog).read_text(encoding="ascii").strip() or None
    except (OSError, ValueError):
        return None


def _lock_path(catalog: Path) -> Path:
    return catalog.with_name(f"{catalog.name}.http.lock")


def _path(catalog: Path) -> Path:
    # Beside the lock, since on Windows a locked file cannot be read.
    return catalog.with_name(f"{catalog.name}.http")
