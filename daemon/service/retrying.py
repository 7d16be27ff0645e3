"""Another try for files that failed: jobs that wait long, and files that were given up."""

from __future__ import annotations

from pathlib import Path

from tagger.catalog import Catalog
from tagger.catalog.paths import folder_key
from tagger.catalog.roots import in_charge
from tagger.stamp import Stamp


def retry(catalog: Catalog, under: Path | None, *, now: float) -> int:
    """Has everything that failed or was taken off tried again at once.

    Args:
        catalog: the catalog.
        under: a file, or a folder with all below it; None for all.
        now: the time, in seconds since 1970.

    Returns:
        how many files that are.
    """
    count = catalog.jobs.retry(under, now=now)
    roots = catalog.roots.all()
    for problem in list(catalog.problems()):
        root = in_charge(roots, problem.path.parent)
        if root and (under is None or _is_in(problem.path, under)):
            stamp = Stamp(problem.size, problem.mtime_ns)
            catalog.jobs.add(root.id, problem.path.parent, {problem.path.name: stamp}, not_before=now)
            count += 1
    return count


def _is_in(path: Path, under: Path) -> bool:
    key = folder_key(str(under.absolute()))
    return folder_key(str(path)).startswith(key)
