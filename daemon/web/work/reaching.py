"""Which of the files that are shown may be touched: those in watched folders, which are there."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException

from daemon.api import places
from tagger.catalog import Catalog, Seen
from tagger.errors import CatalogError, TaggerError


def refusal(catalog: Catalog, seen: Seen) -> str | None:
    """Why a file may or can not be touched, in words that go after its name; None if nothing is against it."""
    if seen.is_missing:
        return "is not there any more (look its folder through, or plug in its disk)"
    try:
        places.inside(catalog, seen.path)
    except HTTPException:
        return "is in no watched folder (add its folder first)"
    return None


def reachable(catalog: Catalog, file_id: int) -> Seen:
    """The file at a place, as in `Hit.id`.

    Raises:
        CatalogError: there is no such place.
        TaggerError: the file may or can not be touched.
    """
    seen = catalog.seen_at([file_id]).get(file_id)
    if seen is None:
        raise CatalogError(catalog.path, f"there is no file {file_id} in it", "search again")
    if reason := refusal(catalog, seen):
        raise TaggerError(seen.path, reason)
    return seen


def in_order(catalog: Catalog, file_ids: Sequence[int]) -> dict[int, Seen]:
    """What is at some places, by path, so that work on them goes through one folder after the other."""
    held = catalog.seen_at(list(dict.fromkeys(file_ids)))
    return dict(sorted(held.items(), key=lambda item: item[1].path))
