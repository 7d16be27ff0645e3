"""Facets at once, however large the catalog: kept while it stays as it is, and made anew beside the answers.

Reading what is counted takes seconds at a million files. So an answer may be a little behind a catalog that is being
written to: by no more than `_DUTY` times what reading takes, and it says of which time it is. Nothing is read while
nobody asks.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from tagger.catalog import Catalog, Query
from tagger.catalog.facets import Columns, Facets, Places
from tagger.errors import CatalogError

_LOG: Final = logging.getLogger(__name__)
_DUTY: Final = 20.0
"""Of so many parts of the time, one at most is spent on reading."""

_QUICK_S: Final = 0.1
"""A catalog that is read in less is read before the answer, so that this is never behind."""


class Counting:
    """Counts in one catalog. Any thread may ask."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._changes = catalog.changes()
        self._lock = threading.Lock()
        self._columns: Columns | None = None
        self._read_at = 0.0
        self._cost_s = 0.0
        self._is_stale = True
        self._reader: threading.Thread | None = None

    def facets(self, query: Query, *, apart: bool = False) -> tuple[Facets, float]:
        """The numbers of a search, and when they last were so, in seconds since 1970; `apart` as in `Columns.count`."""
        columns, as_of = self._current()
        return self._catalog.facets(columns, query, apart=apart), as_of

    def places(self, query: Query) -> Places:
        """Where the files are that a search finds, in no order; as up to date as the numbers."""
        columns, _ = self._current()
        return self._catalog.places_found(columns, query)

    def close(self) -> None:
        """Lets go of the catalog. What is being read is dropped."""
        with self._lock:
            self._changes.close()

    def _current(self) -> tuple[Columns, float]:
        with self._lock:
            self._is_stale |= self._changes.are_there()
            if self._columns is None or (self._is_stale and self._cost_s < _QUICK_S):
                self._read()
            elif self._is_stale and not self._is_reading and time.time() > self._read_at + _DUTY * self._cost_s:
                self._is_stale = False
                self._reader = threading.Thread(target=self._read_again, name="facets", daemon=True)
                self._reader.start()
            assert self._columns is not None
            is_behind = self._is_stale or self._is_reading
            return self._columns, self._read_at if is_behind else time.time()

    @property
    def _is_reading(self) -> bool:
        return self._reader is not None and self._reader.is_alive()

    def _read_again(self) -> None:
        before = time.time()
        try:
            columns = self._catalog.columns()
        except CatalogError as error:
            # What was read before still stands, and is tried again when somebody asks.
            _LOG.error("%s", error)
            self._is_stale = True
            return
        with self._lock:
            self._keep(columns, before)

    def _read(self) -> None:
        before = time.time()
        self._keep(self._catalog.columns(), before)
        self._is_stale = False

    def _keep(self, columns: Columns, before: float) -> None:
        self._columns, self._read_at, self._cost_s = columns, before, time.time() - before
