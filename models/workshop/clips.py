"""Labelled clips, and how they are divided.

A group is one recording source: a player, a kit, a machine, a soundfont's patch. Splits follow groups and
libraries, never single files, because neighbours of a group share a microphone and a room.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Clip:
    """One labelled stretch of a recording.

    Attributes:
        path: the audio file.
        labels: what sounds; the first is what it is mainly of. Empty where no known label was heard.
        library: where it came from; nothing is shared between libraries.
        group: the recording source inside the library.
        is_real: recorded, not rendered or synthesised.
        start_s: where in the file the stretch begins.
        unknown: labels of which nobody said whether they sound.
    """

    path: Path
    labels: tuple[str, ...]
    library: str
    group: str
    is_real: bool = True
    start_s: float = 0.0
    unknown: frozenset[str] = frozenset()

    @property
    def is_single(self) -> bool:
        """Whether exactly one instrument is known to sound, and nothing else."""
        return len(self.labels) == 1 and not self.unknown


# An unseen soundfont, kept out of all training to validate on.
VALIDATION_ONLY = frozenset({"timgm6mb"})
# The fold that holds out groups of all libraries, instead of a library.
GROUPS = "groups"
# Libraries that share recordings, and leave together.
KIN = {"freepats": frozenset({"freepats_gm"}), "freepats_gm": frozenset({"freepats"})}


def label_matrices(
    clips: Sequence[Clip], labels: Sequence[str]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """What sounds in each clip, and what nobody knows of.

    Returns:
        (clips, labels) float32, 1 where a label sounds; (clips, labels) bool, whether it is unknown.
    """
    index = {label: position for position, label in enumerate(labels)}
    present = np.zeros((len(clips), len(labels)), dtype=np.float32)
    unknown = np.zeros((len(clips), len(labels)), dtype=np.bool_)
    for row, clip in enumerate(clips):
        present[row, [index[label] for label in clip.labels]] = 1.0
        unknown[row, [index[label] for label in clip.unknown]] = True
    return present, unknown


@dataclass(frozen=True, slots=True)
class Fold:
    """A way to divide clips into training and held-out ones.

    Attributes:
        held_out: a library, or several joined by "+"; `GROUPS` for an eighth of all groups of real libraries;
            "" for nothing.
    """

    held_out: str

    def trains_on(self, clip: Clip) -> bool:
        """Whether a clip is trained on; kin of a held-out library leave together with it."""
        if clip.library in VALIDATION_ONLY or any(clip.library in KIN.get(name, ()) for name in self._libraries):
            return False
        return not self.judges_on(clip)

    def judges_on(self, clip: Clip) -> bool:
        """Whether a clip is held out to be judged on."""
        if self.held_out == GROUPS:
            return clip.is_real and zlib.crc32(clip.group.encode()) % 8 == 0
        return clip.library in self._libraries

    def question(self, clips: Iterable[Clip]) -> Callable[[Clip], bool]:
        """Tells which clips to ask about: those held out all of whose labels are among those trained on."""
        known = {label for clip in clips if self.trains_on(clip) for label in clip.labels}
        return lambda clip: self.judges_on(clip) and known.issuperset(clip.labels)

    @property
    def _libraries(self) -> list[str]:
        # A library may have a plus in its own name.
        return [self.held_out, *self.held_out.split("+")]
