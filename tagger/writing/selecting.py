"""Which writes are to be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tagger.catalog import Catalog
from tagger.errors import CatalogError


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which writes are to be undone; nothing given means the last run.

    Attributes:
        paths: only these files, and files below these folders; alone, the last write of each.
        batch_id: those of this run.
        since: those of then and later.
    """

    paths: tuple[Path, ...] = ()
    batch_id: int | None = None
    since: datetime | None = None


def write_ids(catalog: Catalog, selection: Selection, paths: Sequence[Path]) -> list[int]:
    """The numbers of the writes that are meant, newest first.

    Args:
        catalog: with the journal.
        selection: what is meant.
        paths: its paths, and where files that have moved there were (`Undoing.places`).

    Raises:
        CatalogError: there is no such run.
    """
    journal = catalog.journal
    if selection.since is not None:
        return journal.write_ids(since=selection.since, under=paths)
    if selection.batch_id is not None:
        if found := journal.write_ids(batch_id=selection.batch_id, under=paths):
            return found
        reason = f"there is no run {selection.batch_id} in the journal" + (" with these files" if paths else "")
        raise CatalogError(catalog.path, reason, "`tagger undo --list` shows those there are")
    if paths:
        return journal.last_write_ids(paths)
    last = next(iter(journal.batches()), None)
    return journal.write_ids(batch_id=last.id) if last else []
