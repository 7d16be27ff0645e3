"""A file replaced as a whole: at any moment there is the old one or the new one, never a half.

The new file grows beside the old one, under a name that library walks pass over, and takes its place in
one step. A crash leaves at most such a file behind.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tagger.errors import TagFileError

# Hidden, and no audio by its suffix: walks through libraries pass over what a crash may leave.
_TEMPORARY_PREFIX: Final = ".tagger-"
_TEMPORARY_SUFFIX: Final = ".tmp"
_COPYFILE_METADATA: Final = 0b111  # ACL, stat and extended attributes; copyfile.h of macOS


def check_replaceable(path: Path) -> None:
    """Raises `TagFileError` if replacing `path`, no symbolic link, would be refused or break something."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise TagFileError(path, "is not a regular file")
    if status.st_nlink > 1:
        raise TagFileError(path, "has other names (hard links) that tagging would cut off")
    if not status.st_mode & 0o222 or not os.access(path, os.W_OK):
        raise TagFileError(path, "is read-only", "allow writing to have it tagged")
    if not os.access(path.parent, os.W_OK):
        raise TagFileError(path, "is in a folder that is read-only", "allow writing to have it tagged")


@contextmanager
def replacement(path: Path) -> Iterator[Path]:
    """An empty file beside `path`, which takes its place when the block ends without an error.

    Mode, owner, extended attributes and times of `path` are kept.

    Raises:
        TagFileError: if somebody else changed `path` in the meantime.
        OSError: if a step fails; `path` is then what it was, and the new file is gone.
    """
    before = path.stat()
    handle, name = tempfile.mkstemp(_TEMPORARY_SUFFIX, _TEMPORARY_PREFIX, path.parent)
    os.close(handle)
    new = Path(name)
    try:
        yield new
        _flush(new)
        _copy_attributes(path, new, before)
        if _version(path.stat()) != _version(before):
            raise TagFileError(path, "was changed by another program meanwhile", "run again")
        new.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise


def _flush(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


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


def _version(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns
