"""How far a daemon is, noted in the catalog for those in other processes who ask."""

from __future__ import annotations

import os
import time
from typing import Final

from daemon.service.events import ProgressMade
from daemon.service.lock import is_running
from tagger.catalog import Catalog

_NOTE: Final = "progress"
_FRESH_S: Final = 15.0
"""A daemon that has something to do notes it every few seconds."""


def note(catalog: Catalog, progress: ProgressMade, now: float) -> None:
    """Notes how far this process is, at a time in seconds since 1970."""
    value = {
        "process": os.getpid(),
        "at": now,
        "done": progress.done,
        "waiting": progress.waiting,
        "per_s": progress.per_s,
        "eta_s": progress.eta_s,
    }
    catalog.jobs.write_note(_NOTE, value)


def noted(catalog: Catalog) -> ProgressMade | None:
    """How far the daemon of a catalog is, whichever process that is; None if none runs, or it said nothing lately."""
    value = catalog.jobs.read_note(_NOTE) or {}
    if time.time() - value.get("at", 0.0) >= _FRESH_S or not is_running(catalog.path):
        return None
    return ProgressMade(value["done"], value["waiting"], value["per_s"], value["eta_s"])
