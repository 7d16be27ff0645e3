"""A file replaced as a whole: at any moment there is the old one or the new one, never a half.

The new file grows beside the old one, under a name that library walks pass over, and takes its place in
one step. A crash leaves at most such a file behind.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tagger.disk import TEMPORARY_PREFIX, TEMPORARY_SUFFIX, flush
from tagger.errors import TagFileError

_ABANDONED_AFTER_S: Final = 3600.0
_COPYFILE_METADATA: Final = 0b111  # ACL, stat and extended attributes; copyfile.h of macOS


def check_writable(path: Path) -> None:
    """Raises `TagFileError` if `path`, no symbolic link, may not be changed."""
    status = path.stat()
    if not status.st_mode & 0o222 or not os.access(path, os.W_OK):
        raise TagFileError(path, "is read-only", "allow writing to have it tagged")


def check_replaceable(path: Path) -> None:
    """Raises `TagFileError` if replacing `path`, no symbolic link, would be refused or break something."""
    check_writable(path)
    if path.stat().st_nlink > 1:
        raise TagFileError(path, "has other names (hard links) that tagging would cut off")
    if not os.access(path.parent, os.W_OK):
        raise TagFileError(path, "is in a folder that is read-only", "allow writing to have it tagged")


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """An empty file beside `path`, gone when the block ends, unless it took its place."""
    handle, name = tempfile.mkstemp(TEMPORARY_SUFFIX, TEMPORARY_PREFIX, path.parent)
    os.close(handle)
    new = Path(name)
    try:
        yield new
    finally:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Deletes what crashes left in a folder: copies that were on their way, too old to be on it still."""
    latest = time.time() - _ABANDONED_AFTER_S
    with contextlib.suppress(OSError):
        for left in folder.glob(f"{TEMPORARY_PREFIX}*{TEMPORARY_SUFFIX}"):
            # The time of change is the original's by then; the other is the copy's own on every system.
            if left.is_file() and left.stat().st_ctime < latest:
                left.unlink(missing_ok=True)


def take_place(new: Path, path: Path, before: os.stat_result, *, mtime_ns: int | None) -> None:
    """Puts `new` in the place of `path`, whose mode, owner and extended attributes it gets.

    Args:
        new: the new file, beside `path`.
        path: the old file, no symbolic link.
        before: the status of `path` when `new` was made of it.
        mtime_ns: the time of change that it gets; None for now.

    Raises:
        TagFileError: if somebody else changed `path` in the meantime.
        OSError: if a step fails; `path` is then what it was.
    """
    _flush(new)
    _copy_attributes(path, new, before)
    if mtime_ns is None:
        os.utime(new)
    else:
        os.utime(new, ns=(before.st_atime_ns, mtime_ns))
    check_unchanged(path, before)
    new.replace(path)
    _flush_folder(path.parent)


def check_unchanged(path: Path, before: os.stat_result) -> None:
    """Raises `TagFileError` if a file is not what it was."""
    if _version(path.stat()) != _version(before):
        raise TagFileError(path, "was changed by another program meanwhile", "run again")


def _flush(path: Path) -> None:
    with path.open("r+b") as file:
        flush(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Makes the new name last through a power cut, where the system can."""
    if os.name == "posix":
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                flush(descriptor)
            finally:
                os.close(descriptor)


def _copy_attributes(source: Path, target: Path, status: os.stat_result) -> None:
    if os.name == "posix":
        # Only root may give a file away; otherwise it is ours already, or the group's to write.
        with contextlib.suppress(PermissionError):
            os.chown(target, status.st_uid, status.st_gid)
    if sys.platform == "darwin":
        _copy_macos_metadata(source, target)
    shutil.copystat(source, target)


def _copy_macos_metadata(source: Path, target: Path) -> None:
    """Finder tags, colours and access lists, which `shutil.copystat` leaves behind on macOS."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if library.copyfile(os.fsencode(source), os.fsencode(target), None, _COPYFILE_METADATA):
        raise OSError(ctypes.get_errno(), "cannot copy its attributes", source)


def _version(status: os.stat_result) -> tuple[int, int, int, int]:
    # Taggers keep the time of change, as we do; on POSIX the last of these tells of them all the same.
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
