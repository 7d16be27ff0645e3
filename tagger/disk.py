"""The one place that knows how each system is made to put written bytes on the disk itself."""

from __future__ import annotations

import contextlib
import os
import sys


def flush(descriptor: int) -> None:
    """Waits until the disk holds what was written to an open file."""
    os.fsync(descriptor)
    if sys.platform == "darwin":
        import fcntl

        # What macOS calls a sync leaves data in the drive's cache. Not every file system knows this one.
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
