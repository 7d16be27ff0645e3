"""One process at a time writes tags with one catalog, so that an open entry of the journal is always a dead one's.

The lock is the system's own, on a file beside the catalog: it dies with the process that holds it, and the file that
stays behind means nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from tagger.errors import CatalogError, reason_of


class BusyError(CatalogError):
    """Raised when another process, or another thread of this one, writes tags with a catalog, which passes."""


@contextmanager
def writing_lock(catalog_path: Path) -> Iterator[None]:
    """Holds the lock of a catalog.

    Raises:
        BusyError: another process writes tags with this catalog.
        CatalogError: the lock file cannot be made.
    """
    lock = FileLock(catalog_path.with_name(catalog_path.name + ".writing"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        reason = "another run, or the daemon, is writing tags with this catalog"
        advice = "run again when that has finished; `tagger jobs pause` has the daemon rest, `tagger jobs resume` go on"
        raise BusyError(catalog_path, reason, advice) from None
    except OSError as error:
        reason = f"cannot be locked for writing tags: {reason_of(error)}"
        raise CatalogError(catalog_path, reason, "give yourself write permission to its folder") from error
    try:
        yield
    finally:
        lock.release()
