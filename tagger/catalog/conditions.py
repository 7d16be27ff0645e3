"""The conditions that several statements share."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Final

from sqlalchemy import and_, select
from sqlalchemy.sql import ColumnElement

from tagger.catalog import paths
from tagger.catalog.records import Review
from tagger.catalog.schema import FOLDER, LOCATION

# The least and the greatest of the states of its labels, by name.
_SAID: Final = {
    Review.CONFIRMED: "max(state) = 'confirmed'",
    Review.CORRECTED: "min(state) < max(state)",
    Review.REJECTED: "min(state) = 'rejected'",
}


def at_path(path: Path) -> ColumnElement[bool]:
    """The condition that a location is at a path."""
    folder, name = paths.split(path)
    return in_folder(folder) & (LOCATION.c.name_key == paths.name_key(name))


def in_folder(folder: str) -> ColumnElement[bool]:
    """The condition that a location is directly in a folder."""
    key = paths.folder_key(folder)
    return LOCATION.c.folder_id == select(FOLDER.c.id).where(FOLDER.c.path_key == key).scalar_subquery()


def in_subtree(folder: Path) -> ColumnElement[bool]:
    """The condition that a folder is this one or anywhere below it."""
    low, high = paths.subtree(folder)
    return and_(FOLDER.c.path_key >= low, FOLDER.c.path_key < high)


def folder_pattern(name: str) -> str:
    """What GLOB has to match of a folder's key: that it is below a folder of this name, as in `Query.folders`.

    GLOB, since LIKE is blind to the case of ASCII only: each letter becomes a set of its cases.
    """
    key = paths.name_key(name.replace(os.altsep, os.sep) if os.altsep else name)
    start = "" if Path(key).is_absolute() else f"*{os.sep}"
    return f"{start}{''.join(map(_any_case, key))}*"


def _any_case(char: str) -> str:
    cases = sorted({case for case in (char, char.lower(), char.upper()) if len(case) == 1})
    return char if len(cases) == 1 and char not in "*?[" else f"[{''.join(cases)}]"


def judged(reviews: Collection[Review]) -> str:
    """SQL that gives the numbers of the recordings of which people said one of these things, PREDICTED left out."""
    said = " OR ".join(_SAID[each] for each in reviews if each in _SAID)
    return f"SELECT file_id FROM label WHERE state <> 'predicted' GROUP BY file_id HAVING {said or 'FALSE'}"
