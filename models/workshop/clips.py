"""Labelled clips, listed in manifests.

A manifest is a CSV beside a folder `clips/`, with at least the columns `file`, `label`, `library` and
`group`. A group is one recording source: a player, a kit, a machine, a soundfont's patch. Splits follow
groups and libraries, never single files, because neighbours of a group share a microphone and a room.
"""

from __future__ import annotations

import csv
import zlib
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
# The fold that holds out groups of all libraries, instead of a library.
GROUPS = "groups"
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


@dataclass(frozen=True, slots=True)
class Fold:
    """A way to divide clips into training and held-out ones.

    Attributes:
        held_out: a library; `GROUPS` for an eighth of all groups of real libraries; "" for nothing.
    """

    held_out: str

    def trains_on(self, clip: Clip) -> bool:
        """Whether a clip is trained on; kin of a held-out library leave together with it."""
        if clip.library in VALIDATION_ONLY or clip.library in KIN.get(self.held_out, ()):
            return False
        return not self.judges_on(clip)

    def judges_on(self, clip: Clip) -> bool:
        """Whether a clip is held out to be judged on."""
        if self.held_out == GROUPS:
            return clip.is_real and zlib.crc32(clip.group.encode()) % 8 == 0
        return clip.library == self.held_out
