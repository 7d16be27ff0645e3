"""Which places a request may name: folders and files in watched folders, whatever links there are, and no others."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from daemon.api.problems import problem
from tagger.catalog import Catalog
from tagger.catalog.paths import is_below
from tagger.catalog.roots import Root


def inside(catalog: Catalog, text: str | os.PathLike[str]) -> Path:
    """A place that a request named, as an absolute path.

    Args:
        catalog: knows the watched folders.
        text: an absolute path.

    Raises:
        HTTPException: 403, it is in no watched folder, or not what it seems.
    """
    path = os.fspath(text)
    plain = path.rstrip(os.sep + (os.altsep or "")) or path
    if "\0" in path or not Path(path).is_absolute() or os.path.normpath(path) != plain:
        raise problem(403, f"{path!r} is not an absolute path in plain form")
    roots = catalog.roots.all()
    if not is_below(path, [root.path for root in roots]) or not _is_really_below(path, roots):
        raise problem(403, f"{path!r} is in no watched folder")
    return Path(path)


def root_at(catalog: Catalog, root_id: int) -> Root:
    """A watched folder by its number.

    Raises:
        HTTPException: 404, there is none.
    """
    for root in catalog.roots.all():
        if root.id == root_id:
            return root
    raise problem(404, f"there is no watched folder {root_id}")


def _is_really_below(path: str, roots: Sequence[Root]) -> bool:
    """Whether that holds for what links lead to as well; a root may itself be a link."""
    return is_below(os.path.realpath(path), [os.path.realpath(root.path) for root in roots])
