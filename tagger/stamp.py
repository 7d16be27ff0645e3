"""What tells an unchanged file without reading it, and one that is gone from one that is out of reach."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple, Self


class Stamp(NamedTuple):
    """Size in bytes, and time of last change in ns; a tuple, since a walk makes one for each file."""

    size: int
    mtime_ns: int

    @classmethod
    def from_status(cls, status: os.stat_result) -> Self:
        """The stamp of a file whose status is at hand."""
        return cls(status.st_size, status.st_mtime_ns)

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """The stamp of a file as it is now; None if it cannot be looked at."""
        try:
            return cls.from_status(path.stat())
        except OSError:
            return None


def is_gone(path: Path) -> bool:
    """Whether there is nothing at a path, and not only no way to it."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
