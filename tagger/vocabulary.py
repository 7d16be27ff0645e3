"""How each label is spelt in the hosts' own vocabularies: Steinberg MediaBay, Ableton Live, UCS.

A host finds a sound only under its own words, letter by letter, mistakes in them included ("Mallett"). They
are data, a row a label in `vocabulary.csv`: the leaves, then the families that are no leaf too. Where a host has no
word that is surely right, or none is known, the cell is empty and nothing is written for that host: a wrong category
hides a sound better than none.

Sources: Steinberg VST 3 SDK, `vstpresetkeys.h`; Universal Category System 8.2.1; for Live 12, keywords that were seen
in the sidecars and databases of real libraries.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from tagger.taxonomy import family_of, words_of

# A CatID stands for its category and sub category.
_UCS: Final[Mapping[str, tuple[str, str]]] = {
    "": ("", ""),
    "MUSCBell": ("MUSICAL", "BELLS"),
    "MUSCBrass": ("MUSICAL", "BRASS"),
    "MUSCChim": ("MUSICAL", "CHIME"),
    "MUSCInst": ("MUSICAL", "INSTRUMENT"),
    "MUSCKeyd": ("MUSICAL", "KEYED"),
    "MUSCPerc": ("MUSICAL", "PERCUSSION"),
    "MUSCPluck": ("MUSICAL", "PLUCKED"),
    "MUSCShake": ("MUSICAL", "SHAKEN"),
    "MUSCStr": ("MUSICAL", "STRINGED"),
    "MUSCSynth": ("MUSICAL", "SYNTHESIZED"),
    "MUSCTnprc": ("MUSICAL", "PERCUSSION TUNED"),
    "MUSCWind": ("MUSICAL", "WOODWIND"),
    "VOXMisc": ("VOICES", "MISC"),
}


@dataclass(frozen=True, slots=True)
class Spelling:
    """What a label is called by people and by hosts; "" where a host has no word for it.

    Attributes:
        label: a leaf or a family.
        words: as a person would write it, "Acoustic guitar".
        family: the label's family; of a family, itself.
        steinberg_category: MediaBay's `MusicalCategory`, "Guitar/Plucked".
        steinberg_sub_category: what follows it and a bar in `MusicalInstrument`, "A. Guitar"; "" for the category
            alone.
        ableton: Live 12's keyword, its parts separated by bars, "Drums|Kick".
        ucs_id: the CatID, "MUSCPerc".
        ucs_category: "MUSICAL".
        ucs_sub_category: "PERCUSSION".
    """

    label: str
    words: str
    family: str
    steinberg_category: str
    steinberg_sub_category: str
    ableton: str
    ucs_id: str
    ucs_category: str
    ucs_sub_category: str


def spelling_of(label: str) -> Spelling | None:
    """The row of a leaf or family; None for a label of somebody's own model."""
    return _spellings().get(label)


def label_of(words: str) -> str | None:
    """The leaf or family that words stand for; None if they stand for none.

    Case, blanks and punctuation do not count: "Acoustic guitar", "acoustic_guitar" and "Hi-Hat" are known.
    """
    return _labels_by_letters().get(_letters(words))


@cache
def _spellings() -> Mapping[str, Spelling]:
    text = resources.files("tagger").joinpath("vocabulary.csv").read_text(encoding="utf-8")
    return {row["label"]: _spelling(row) for row in csv.DictReader(text.splitlines())}


def _spelling(row: Mapping[str, str]) -> Spelling:
    category, sub_category = _UCS[row["ucs_id"]]
    return Spelling(
        **row,
        words=words_of(row["label"]),
        family=family_of(row["label"]),
        ucs_category=category,
        ucs_sub_category=sub_category,
    )


@cache
def _labels_by_letters() -> Mapping[str, str]:
    by_words = {_letters(spelling.words): label for label, spelling in _spellings().items()}
    return by_words | {_letters(label): label for label in _spellings()}


def _letters(words: str) -> str:
    return "".join(filter(str.isalnum, words.casefold()))
