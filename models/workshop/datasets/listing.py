"""The clips of a data set, those of them whose audio is there, and a part of them to validate on.

Archives get unpacked in part, and single files are lost: those are left out and reported, so that a caller
can say how many they are. Only where nothing is left there is nothing to go on with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.workshop.clips import Clip
from models.workshop.datasets.errors import DatasetError

_VALIDATION_PARTS: Final = 8


@dataclass(frozen=True, slots=True)
class Listing:
    """What was found of a data set.

    Attributes:
        clips: those whose audio is there, in the data set's order.
        missing: files that should be there and are not, each once.
    """

    clips: list[Clip]
    missing: list[Path]


def found(listing: Listing, root: Path) -> list[Clip]:
    """The clips whose audio is there; prints a line where others are missing."""
    if listing.missing:
        print(f"{root}: {len(listing.missing)} files are missing and left out, first {listing.missing[0]}", flush=True)
    return listing.clips


def listed(clips: Iterable[Clip], *, root: Path, layout: str) -> Listing:
    """Sorts out the clips whose audio is missing.

    Args:
        clips: as the annotations have them.
        root: what an error is about.
        layout: where audio is expected, in words.

    Raises:
        DatasetError: no clip has its audio.
    """
    there: list[Clip] = []
    is_there: dict[Path, bool] = {}
    for clip in clips:
        if clip.path not in is_there:
            is_there[clip.path] = clip.path.is_file()
        if is_there[clip.path]:
            there.append(clip)
    if not there:
        raise DatasetError(root, "has no audio", f"expected is {layout}")
    return Listing(there, [path for path, is_file in is_there.items() if not is_file])


def divide(clips: Iterable[Clip]) -> tuple[list[Clip], list[Clip]]:
    """Clips to train on and clips to validate on: about an eighth of the groups, always the same ones."""
    parts: tuple[list[Clip], list[Clip]] = ([], [])
    for clip in clips:
        parts[_is_validation(clip.group)].append(clip)
    return parts


def is_hidden(name: str) -> bool:
    """Whether a name starts with a dot, as the `._*` companions do that macOS puts into archives."""
    return name.startswith(".")


def _is_validation(group: str) -> bool:
    # Groups are often running numbers, and checksums spread those unevenly; a cryptographic hash does not.
    return hashlib.sha256(group.encode()).digest()[0] % _VALIDATION_PARTS == 0
