"""Whether anybody wrote to the catalog since one last asked.

SQLite keeps a number for that in memory that all its users share (`PRAGMA data_version`); asking takes some
microseconds and reads nothing from the disk.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path


class Changes:
    """Asks one catalog. To be closed.

    Args:
        path: the SQLite file.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(os.fspath(path), isolation_level=None, check_same_thread=False)
        self._last = self._number()

    def are_there(self) -> bool:
        """Whether anybody, in this process too, wrote since this was asked last."""
        before, self._last = self._last, self._number()
        return self._last != before

    def close(self) -> None:
        """Lets go of the file. Closing twice does no harm."""
        self._connection.close()

    def _number(self) -> int:
        (number,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(number)
