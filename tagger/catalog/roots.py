"""The watched folders, as the catalog keeps them.

A root that cannot be reached is offline, and all that is known of the files in it stays. Of roots within
each other the innermost is in charge of a file.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, delete, func, insert, select, update

from tagger.catalog import paths
from tagger.catalog.conditions import in_subtree
from tagger.catalog.database import plain_errors, reading, writing
from tagger.catalog.queueing import queue_tagging
from tagger.catalog.schema import FOLDER, LOCATION
from tagger.catalog.service_schema import JOB, ROOT
from tagger.errors import CatalogError


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """A watched folder.

    Attributes:
        id: its number.
        path: the folder, absolute.
        write: whether tags are written into the files in it.
        ableton: whether Ableton Live's file of tags is kept beside them.
        poll: whether it is looked through from time to time even where the system would tell of changes.
        is_paused: whether nothing is done about it for now.
        identity: device and inode of the folder as it was last seen with its files, or None.
        offline_since: when it was last found to be out of reach, in seconds since 1970; None if it is not.
        offline_reason: why, in words.
    """

    id: int
    path: Path
    write: bool
    ableton: bool
    poll: bool
    is_paused: bool
    identity: str | None
    offline_since: float | None
    offline_reason: str | None

    @property
    def key(self) -> str:
        """What the keys of all folders in it begin with."""
        return paths.folder_key(str(self.path))


class Roots:
    """Reads and writes the watched folders of one catalog. Each method raises CatalogError as `Catalog` does."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self._path = path

    def add(self, path: Path, *, write: bool = False, ableton: bool = False, poll: bool = False) -> Root:
        """Watches a folder from now on; one that is watched already is changed, and accepted as it is now.

        Args:
            path: an existing folder.
            write: whether tags are to be written into the files in it.
            ableton: whether Ableton Live's file of tags is to be kept beside them.
            poll: whether not to rely on the system to tell of changes.

        Raises:
            CatalogError: there is no such folder.
        """
        if not path.is_dir():
            raise CatalogError(path, "is not a folder that can be watched", "name a folder that is there")
        text = paths.folder_text(path)
        row: dict[str, Any] = {"write": write, "ableton": ableton, "poll": poll, "identity": identity_of(path)}
        row |= {"offline_since": None, "offline_reason": None}
        with plain_errors(self._path), writing(self._engine) as connection:
            key = paths.folder_key(text)
            known = connection.scalar(select(ROOT.c.id).where(ROOT.c.path_key == key))
            if known is None:
                new = {"path": text, "path_key": key, "is_paused": False, "added_at": time.time()}
                connection.execute(insert(ROOT), [row | new])
            else:
                connection.execute(update(ROOT).where(ROOT.c.id == known).values(row))
            # What waits below belongs to the innermost root, which this may be now.
            root_id = select(ROOT.c.id).where(ROOT.c.path_key == key).scalar_subquery()
            inner = select(ROOT.c.path_key).where(
                ROOT.c.path_key > key, ROOT.c.path_key < key[:-1] + chr(ord(os.sep) + 1)
            )
            below = JOB.c.path_key.startswith(key, autoescape=True)
            for other in connection.scalars(inner):
                below &= ~JOB.c.path_key.startswith(other, autoescape=True)
            connection.execute(update(JOB).where(below).values(root_id=root_id))
            if write:
                queue_tagging(connection, in_subtree(path))
        return self.get(path)

    def remove(self, path: Path) -> None:
        """Watches a folder no longer. What is known of the files in it stays; what was waiting goes.

        Raises:
            CatalogError: it is not watched.
        """
        root = self.get(path)
        with plain_errors(self._path), writing(self._engine) as connection:
            connection.execute(delete(JOB).where(JOB.c.root_id == root.id))
            connection.execute(delete(ROOT).where(ROOT.c.id == root.id))

    def change(
        self,
        path: Path,
        *,
        is_paused: bool | None = None,
        write: bool | None = None,
        ableton: bool | None = None,
        poll: bool | None = None,
    ) -> None:
        """Has the daemon leave a root alone for now or go on with it, or watches it otherwise; None changes nothing.

        Args:
            path: the root.
            is_paused: whether nothing is done about it for now.
            write: as in `add`.
            ableton: as in `add`.
            poll: as in `add`.

        Raises:
            CatalogError: it is not watched.
        """
        root = self.get(path)
        wanted = {"is_paused": is_paused, "write": write, "ableton": ableton, "poll": poll}
        values = {name: value for name, value in wanted.items() if value not in (None, getattr(root, name))}
        if not values:
            return
        with plain_errors(self._path), writing(self._engine) as connection:
            connection.execute(update(ROOT).where(ROOT.c.id == root.id).values(values))
            # What is known already is for the files, and for Live, too.
            if values.get("write") or values.get("ableton"):
                queue_tagging(connection, in_subtree(root.path))

    def set_online(self, root_id: int, identity: str) -> None:
        """Notes that a root is there, and what its folder is known by."""
        self._set(root_id, identity=identity, offline_since=None, offline_reason=None)

    def set_offline(self, root_id: int, reason: str) -> None:
        """Notes that a root is out of reach."""
        self._set(root_id, offline_since=time.time(), offline_reason=reason)

    def all(self) -> Sequence[Root]:
        """All roots, by path."""
        columns = [column for column in ROOT.c if column.name not in {"path_key", "added_at"}]
        with plain_errors(self._path), reading(self._engine) as connection:
            rows = connection.execute(select(*columns).order_by(ROOT.c.path_key)).mappings()
            return [Root(**(dict(row) | {"path": Path(row["path"])})) for row in rows]

    def get(self, path: Path) -> Root:
        """The root that is exactly this folder.

        Raises:
            CatalogError: it is not watched.
        """
        key = paths.folder_key(paths.folder_text(path))
        for root in self.all():
            if root.key == key:
                return root
        raise CatalogError(path, "is not a watched folder", "see `tagger root list`")

    def witnesses(self, root: Root, limit: int = 64) -> Sequence[tuple[Path, int]]:
        """Files that are known to be in a root, in as many folders as can be, with their sizes in bytes.

        One of them still being there shows that the folder is the one it was, whatever device it is on now.
        """
        one_each = (
            select(FOLDER.c.path, LOCATION.c.name, LOCATION.c.size, func.min(LOCATION.c.id))
            .select_from(LOCATION.join(FOLDER))
            .where(in_subtree(root.path), LOCATION.c.missing_since.is_(None))
            .group_by(FOLDER.c.id)
            .limit(limit)
        )
        with plain_errors(self._path), reading(self._engine) as connection:
            return [(Path(folder, name), size) for folder, name, size, _ in connection.execute(one_each)]

    def _set(self, root_id: int, **values: object) -> None:
        with plain_errors(self._path), writing(self._engine) as connection:
            connection.execute(update(ROOT).where(ROOT.c.id == root_id).values(**values))


def identity_of(folder: Path) -> str:
    """What tells a folder from another that stands in its place: device and inode.

    Raises:
        OSError: there is no way to it.
    """
    status = folder.stat()
    return f"{status.st_dev}:{status.st_ino}"


def in_charge(roots: Sequence[Root], folder: Path) -> Root | None:
    """The innermost root that a folder is in."""
    key = paths.folder_key(str(folder))
    return max((root for root in roots if key.startswith(root.key)), key=lambda root: len(root.key), default=None)
