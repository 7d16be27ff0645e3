"""Opening the catalog for a command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from daemon.output import nearby, print_problem
from tagger.catalog import Catalog, default_catalog_path
from tagger.errors import CatalogError


def open_catalog(path: Path | None, *, is_new_ok: bool = False) -> Catalog:
    """Opens a catalog, and tells of the backup if it had to be upgraded.

    Args:
        path: the catalog file; None for the user's own.
        is_new_ok: whether one is made where there is none.

    Raises:
        CatalogError: there is none, or it cannot be used.
    """
    path = path or default_catalog_path()
    if not is_new_ok and not path.exists():
        raise CatalogError(path, "there is no catalog yet", "`tagger tag FOLDER` makes one")
    catalog = Catalog(path)
    if catalog.backup is not None:
        print_problem(f"the catalog was upgraded; as it was before, it is kept in {nearby(catalog.backup)}")
    return catalog


def tags_in(path: Path | None) -> Sequence[str]:
    """What files are tagged with in a catalog; nothing where there is no catalog."""
    path = path or default_catalog_path()
    if not path.exists():
        return ()
    with Catalog(path) as catalog:
        return catalog.tags()
