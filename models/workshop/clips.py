"""Labelled clips, listed in manifests.

A manifest is a CSV beside a folder `clips/`, with at least the columns `file`, `label`, `library` and
`group`. A group is one recording source: a player, a kit, a machine, a soundfont's patch. Splits follow
groups and libraries, never single files, because neighbours of a group share a microphone and a room.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tagger.taxonomy import LEAVES


@dataclass(frozen=True, slots=True)
class Clip:
    """One labelled recording.

    Attributes:
        path: the audio file.
        label: a leaf of the taxonomy.
        library: where it came from; nothing is shared between libraries.
        group: the recording source inside the library.
        is_real: recorded, not rendered or synthesised.
    """

    path: Path
    label: str
    library: str
    group: str
    is_real: bool


# Rendered material; `timgm6mb` is an unseen soundfont, kept out of training to validate on.
RENDERED = frozenset({"fluidr3", "freepats_gm", "synthesis", "timgm6mb"})
VALIDATION_ONLY = frozenset({"timgm6mb"})
# Rendered libraries that share recordings with a real one, and leave together with it.
KIN = {"freepats": frozenset({"freepats_gm"})}


def read_manifests(manifests: Iterable[Path]) -> list[Clip]:
    """All clips of the manifests, in their order.

    Raises:
        ValueError: a label is no leaf of the taxonomy.
    """
    clips = []
    for manifest in manifests:
        with manifest.open(newline="", encoding="utf-8") as rows:
            for row in csv.DictReader(rows):
                if row["label"] not in LEAVES:
                    raise ValueError(f"{manifest}: {row['label']!r} is no leaf of the taxonomy")
                clips.append(
                    Clip(
                        path=manifest.parent / "clips" / row["file"],
                        label=row["label"],
                        library=row["library"],
                        group=row["group"],
                        is_real=row["library"] not in RENDERED,
                    )
                )
    return clips


def left_out(library: str) -> frozenset[str]:
    """All libraries that leave the training data together with `library`."""
    return KIN.get(library, frozenset()) | {library} | VALIDATION_ONLY
