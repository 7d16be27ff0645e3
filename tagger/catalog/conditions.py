"""The conditions on a place that several statements share."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import and_, select
from sqlalchemy.sql import ColumnElement

from tagger.catalog import paths
from tagger.catalog.schema import FOLDER, LOCATION


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
