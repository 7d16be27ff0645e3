"""A folder as it is on the disk, compared with what the catalog holds of it.

The one rule by which files are new, changed, unchanged, back or gone; a run of the command line and the
daemon both go by it. A file is unchanged when its size and time of change are: nothing is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tagger.catalog.paths import name_key
from tagger.catalog.records import Known
from tagger.stamp import Stamp, is_gone
from tagger.walk import Listing


@dataclass(slots=True)
class Difference:
    """What is to do about the files directly in one folder.

    Attributes:
        folder: the folder.
        to_do: stamps of files that have to be looked into, by name.
        unchanged: of those that need not, the reason why each could not be analysed or None, by name.
        back: keys of unchanged files that were missing.
        gone: keys of files that are there no more.
    """

    folder: Path
    to_do: dict[str, Stamp] = field(default_factory=dict)
    unchanged: dict[str, str | None] = field(default_factory=dict)
    back: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


def compare(listing: Listing, known: Mapping[str, Known], *, force: bool = False) -> Difference:
    """Tells what is to do in a folder.

    Args:
        listing: what is there.
        known: what the catalog holds, as `Catalog.known` gives it.
        force: whether unchanged files are to be looked into too.
    """
    found = Difference(listing.folder)
    here = set()
    for name, stamp in listing.files.items():
        key = name_key(name)
        here.add(key)
        before = known.get(key)
        if force or before is None or not before.is_current or stamp != (before.size, before.mtime_ns):
            found.to_do[name] = stamp
            continue
        found.unchanged[name] = before.problem
        if before.is_missing:
            found.back.append(key)
    if listing.is_whole:
        left = [key for key, before in known.items() if key not in here and not before.is_missing]
        found.gone = [key for key in left if is_gone(listing.folder / key)]
    return found
