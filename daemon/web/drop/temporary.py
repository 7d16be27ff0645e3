"""Where dropped files are for a while, and how they are called."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

from tagger.errors import OutputError, one_line, reason_of

_LONGEST_NAME: Final = 200
_PREFIX: Final = "tagger-page-"


def shown_name(name: str) -> str:
    """A file's name as it is shown, from whatever a browser says: no folders, one line, of sensible length."""
    last = PureWindowsPath(PurePosixPath(name).name).name
    return "file without a name" if not last.strip(". ") else one_line(last)[-_LONGEST_NAME:]


def new_folder() -> Path:
    """An empty folder that only its owner can look into; raises OutputError."""
    try:
        return Path(tempfile.mkdtemp(prefix=_PREFIX))
    except OSError as error:
        reason = f"nothing can be kept here: {reason_of(error)}"
        raise OutputError(tempfile.gettempdir(), reason, "make room for temporary files") from error


def delete(path: Path) -> None:
    """Deletes a file if that can be."""
    # On Windows a file that is being played stays until its desk is cleared.
    with contextlib.suppress(OSError):
        path.unlink()


def sweep(older_than_s: float) -> None:
    """Deletes what was left by a program that was killed: what nobody added to for so long."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            status = folder.lstat()
            is_ours = not hasattr(os, "getuid") or status.st_uid == os.getuid()
            if is_ours and folder.is_dir() and not folder.is_symlink() and time.time() - status.st_mtime > older_than_s:
                shutil.rmtree(folder, ignore_errors=True)
