"""The 59 leaves in 12 families, and how they read in the label sets of the field.

A label set is a table from its labels to leaves; the score of a coarse label is made from the scores of its
leaves (`Labels.project`). Leaves that a set has no word for are in no row.

Sources: IRMAS (Bosch et al. 2012), OpenMIC-2018 (Humphrey et al. 2018), NSynth (Engel et al. 2017).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "drums": ("kick", "snare", "rimshot", "clap", "hihat", "tom", "cymbal"),
    "percussion": (
        "hand_drum",
        "tambourine",
        "shaker",
        "cowbell",
        "triangle",
        "woodblock",
        "gong",
        "chimes",
        "timpani",
        "percussion_other",
    ),
    "mallets": ("glockenspiel", "vibraphone", "marimba", "xylophone", "tubular_bells", "kalimba"),
    "keys": ("piano", "electric_piano", "harpsichord", "organ", "accordion"),
    "guitar": ("acoustic_guitar", "electric_guitar", "banjo", "mandolin", "ukulele", "sitar"),
    "bass": ("electric_bass", "synth_bass"),
    "strings": ("violin", "viola", "cello", "double_bass", "string_ensemble", "harp"),
    "woodwind": (
        "flute",
        "clarinet",
        "oboe",
        "english_horn",
        "bassoon",
        "saxophone",
        "harmonica",
        "bagpipe",
    ),
    "brass": ("trumpet", "trombone", "french_horn", "tuba", "brass_section"),
    "voice": ("voice",),
    "synth": ("synth_lead", "synth_pad"),
    "other": ("sound_effect",),
}

LEAVES: Final[tuple[str, ...]] = tuple(leaf for leaves in FAMILIES.values() for leaf in leaves)
FAMILY_OF: Final[Mapping[str, str]] = {leaf: family for family, leaves in FAMILIES.items() for leaf in leaves}


@dataclass(frozen=True, slots=True)
class Labels:
    """A set of labels, each a union of leaves.

    Attributes:
        name: what `--labels` calls it.
        leaves_of: the leaves that each label stands for, in the set's own order.
        words: what each label means, in words.
    """

    name: str
    leaves_of: Mapping[str, tuple[str, ...]]
    words: Mapping[str, str]

    def project(self, scores: npt.NDArray[np.float32], *, is_exclusive: bool) -> npt.NDArray[np.float32]:
        """Scores of this set's labels from scores of leaves.

        Args:
            scores: (..., 59) float32 in 0 to 1, in the order of `LEAVES`.
            is_exclusive: whether only one leaf can be right; else each may sound by itself.

        Returns:
            (..., n) float32: the probability that any leaf of the label sounds.
        """
        union = _any_of_exclusive if is_exclusive else _any_of_independent
        return np.stack([union(scores[..., _indices(leaves)]) for leaves in self.leaves_of.values()], axis=-1)


def family_of(label: str) -> str:
    """The family of a leaf; a label of somebody's own model is its own family."""
    return FAMILY_OF.get(label, label)


def words_of(label: str) -> str:
    """A label id as a person would write it: `acoustic_guitar` is "Acoustic guitar"."""
    name = label.removesuffix("_other")
    return f"{'other ' if name != label else ''}{name}".replace("_", " ").capitalize()


def _indices(leaves: tuple[str, ...]) -> list[int]:
    return [LEAVES.index(leaf) for leaf in leaves]


def _any_of_exclusive(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    # A sum of shares of 1 may be a little more than 1.
    union: npt.NDArray[np.float32] = np.minimum(scores.sum(axis=-1), np.float32(1))
    return union


def _any_of_independent(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    union: npt.NDArray[np.float32] = np.float32(1) - np.prod(np.float32(1) - scores, axis=-1)
    return union


_DRUMS: Final = FAMILIES["drums"]
_BOWED: Final = ("violin", "viola", "cello", "string_ensemble")
_PLUCKED: Final = ("acoustic_guitar", "electric_guitar", "banjo", "mandolin", "ukulele", "sitar")

OWN: Final = Labels("own", {leaf: (leaf,) for leaf in LEAVES}, {leaf: words_of(leaf) for leaf in LEAVES})
BY_FAMILY: Final = Labels("families", FAMILIES, {family: words_of(family) for family in FAMILIES})

IRMAS: Final = Labels(
    "irmas",
    {
        "cel": ("cello",),
        "cla": ("clarinet",),
        "flu": ("flute",),
        "gac": ("acoustic_guitar",),
        "gel": ("electric_guitar",),
        "org": ("organ",),
        "pia": ("piano",),
        "sax": ("saxophone",),
        "tru": ("trumpet",),
        "vio": ("violin",),
        "voi": ("voice",),
    },
    {
        "cel": "Cello",
        "cla": "Clarinet",
        "flu": "Flute",
        "gac": "Acoustic guitar",
        "gel": "Electric guitar",
        "org": "Organ",
        "pia": "Piano",
        "sax": "Saxophone",
        "tru": "Trumpet",
        "vio": "Violin",
        "voi": "Voice",
    },
)

_OPENMIC_ROWS: Final[Mapping[str, tuple[str, ...]]] = {
    "accordion": ("accordion",),
    "banjo": ("banjo",),
    "bass": ("electric_bass", "synth_bass", "double_bass"),
    "cello": ("cello",),
    "clarinet": ("clarinet",),
    "cymbals": ("cymbal", "hihat", "gong"),
    "drums": (*_DRUMS, "hand_drum", "timpani"),
    "flute": ("flute",),
    "guitar": ("acoustic_guitar", "electric_guitar"),
    "mallet_percussion": ("glockenspiel", "vibraphone", "marimba", "xylophone", "tubular_bells"),
    "mandolin": ("mandolin",),
    "organ": ("organ",),
    "piano": ("piano", "electric_piano"),
    "saxophone": ("saxophone",),
    "synthesizer": ("synth_lead", "synth_pad", "synth_bass"),
    "trombone": ("trombone",),
    "trumpet": ("trumpet",),
    "ukulele": ("ukulele",),
    "violin": ("violin",),
    "voice": ("voice",),
}
OPENMIC: Final = Labels("openmic", _OPENMIC_ROWS, {label: words_of(label) for label in _OPENMIC_ROWS})

_NSYNTH_ROWS: Final[Mapping[str, tuple[str, ...]]] = {
    "bass": ("electric_bass", "synth_bass"),
    "brass": FAMILIES["brass"],
    "flute": ("flute",),
    "guitar": _PLUCKED,
    "keyboard": ("piano", "electric_piano", "harpsichord"),
    "mallet": FAMILIES["mallets"],
    "organ": ("organ",),
    "reed": ("clarinet", "oboe", "english_horn", "bassoon", "saxophone"),
    "string": (*_BOWED, "double_bass", "harp"),
    "synth_lead": ("synth_lead", "synth_pad"),
    "vocal": ("voice",),
}
NSYNTH: Final = Labels("nsynth", _NSYNTH_ROWS, {label: words_of(label) for label in _NSYNTH_ROWS})

LABEL_SETS: Final[Mapping[str, Labels]] = {labels.name: labels for labels in (OWN, BY_FAMILY, IRMAS, OPENMIC, NSYNTH)}
