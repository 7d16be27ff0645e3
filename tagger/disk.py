"""Bytes on their way: how each system is made to put them on the disk, and how a file not whole yet is called."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Final

TEMPORARY_PREFIX: Final = ".tagger-"
TEMPORARY_SUFFIX: Final = ".tmp"
"""Hidden, and no audio: walks through libraries pass over what a crash may leave."""


def flush(descriptor: int) -> None:
    """Waits until the disk holds what was written to an open file."""
    os.fsync(descriptor)
    if sys.platform == "darwin":
        import fcntl

        # What macOS calls a sync leaves data in the drive's cache. Not every file system knows this one.
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
