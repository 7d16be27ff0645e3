"""What became of a write, or of an undo, that nobody closed: read from the file's own bytes.

The journal knows the fingerprints before and after. A file that has either of them is whole, and the entry is closed
to say which. One that has neither is put back if the write itself left it so, which `tagger.tagfile.restore` can
tell; otherwise somebody else has been at it, and it stays.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from tagger import tagfile
from tagger.catalog import Catalog, Target, WriteRecord, WriteState
from tagger.disk import TEMPORARY_PREFIX
from tagger.errors import TaggerError, reason_of
from tagger.stamp import Stamp
from tagger.writing import sidecars
from tagger.writing.lock import writing_lock

FINGERPRINT: Final[dict[Target, Callable[[Path], str]]] = {
    Target.TAGS: tagfile.fingerprint,
    Target.SIDECAR: sidecars.fingerprint,
}
RESTORE: Final[dict[Target, Callable[[Path, bytes, Stamp], None]]] = {
    Target.TAGS: tagfile.restore,
    Target.SIDECAR: sidecars.restore,
}


class Fate(StrEnum):
    """What was found out, or done."""

    UNTOUCHED = "was not touched yet"
    WRITTEN = "was written whole"
    PUT_BACK = "was half-written, and is now as it was before"
    LEFT = "is left as it is"
    GONE = "is not there any more"
    LATER = "cannot be looked at now; the next run tries again"


@dataclass(frozen=True, slots=True)
class Recovered:
    """A file over which an earlier run was stopped.

    Attributes:
        path: the file.
        fate: what was found out, or done.
        reason: of a file that is left or for later, why; else "".
    """

    path: Path
    fate: Fate
    reason: str = ""


@contextmanager
def writing_alone(catalog: Catalog) -> Iterator[list[Recovered]]:
    """Holds the lock of a catalog, after closing the entries of its journal that a dead run left open.

    Yields:
        what became of the files over which that run was stopped, newest first.

    Raises:
        CatalogError: another run is writing, or the catalog cannot be read or written.
    """
    with writing_lock(catalog.path):
        yield [settle(catalog, write) for write in catalog.journal.open_writes()]


def settle(catalog: Catalog, write: WriteRecord) -> Recovered:
    """Closes one open entry, after putting back a file that was left half-written."""
    path = write.intent.path
    try:
        found = FINGERPRINT[write.intent.target](path)
        _remove_temporary(write)
    except (OSError, TaggerError) as error:
        return _settle_unseen(catalog, write, reason_of(error))
    if found not in (write.intent.before_fingerprint, write.intent.after_fingerprint):
        return _put_back(catalog, write)
    if found == write.intent.before_fingerprint:
        _set_time(write)
        return _close_as_before(catalog, write, Fate.UNTOUCHED)
    if write.intent.keeps_mtime and write.state is WriteState.STARTED:
        _set_time(write)
    sidecars.remember(catalog, write, is_undone=False)
    catalog.journal.settle(write, WriteState.DONE, stamp=Stamp.of(path))
    return Recovered(path, Fate.WRITTEN)


def _settle_unseen(catalog: Catalog, write: WriteRecord, reason: str) -> Recovered:
    """A file that is gone is given up; one whose whole folder is may be on a disk that is not plugged in."""
    path = write.intent.path
    if path.exists() or not path.parent.is_dir():
        return Recovered(path, Fate.LATER, reason)
    _remove_temporary(write)
    catalog.journal.settle(write, WriteState.FAILED, stamp=None)
    return Recovered(path, Fate.GONE)


def _put_back(catalog: Catalog, write: WriteRecord) -> Recovered:
    """Puts a file back that is neither as it was nor as it was to be, if it is what the write itself left."""
    path = write.intent.path
    if write.intent.target is Target.SIDECAR:
        # It takes its place in one step: what is neither is Live's, and newer.
        catalog.journal.settle(write, WriteState.FAILED, stamp=None)
        return Recovered(path, Fate.LEFT, "was changed by another program since")
    try:
        RESTORE[write.intent.target](path, write.intent.way_back, write.intent.before)
    except (OSError, TaggerError) as error:
        if isinstance(error.__cause__ or error, OSError) or not _may_be_written(path):
            return Recovered(path, Fate.LATER, reason_of(error))
        catalog.journal.settle(write, WriteState.FAILED, stamp=None)
        return Recovered(path, Fate.LEFT, reason_of(error))
    return _close_as_before(catalog, write, Fate.PUT_BACK)


def _close_as_before(catalog: Catalog, write: WriteRecord, fate: Fate) -> Recovered:
    """Closes the entry of a file that has its old bytes."""
    sidecars.remember(catalog, write, is_undone=True)
    stamp = Stamp.of(write.intent.path)
    if write.state is WriteState.UNDOING:
        catalog.journal.settle(write, WriteState.UNDONE, stamp=stamp)
    else:
        catalog.journal.forget(write, stamp=stamp)
    return Recovered(write.intent.path, fate)


def _may_be_written(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o222) and os.access(path, os.W_OK)


def _set_time(write: WriteRecord) -> None:
    """Gives a file the time that it had; setting that is the last step of a write and of an undo."""
    path, mtime_ns = write.intent.path, write.intent.before.mtime_ns
    with suppress(OSError):
        if path.stat().st_mtime_ns != mtime_ns:
            os.utime(path, ns=(path.stat().st_atime_ns, mtime_ns))


def _remove_temporary(write: WriteRecord) -> None:
    temporary = write.intent.temporary
    if temporary is not None and temporary.name.startswith(TEMPORARY_PREFIX):
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
