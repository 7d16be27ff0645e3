"""Hydrogen's drum kits: which recorded file is which leaf, by the kit's own instrument names.

A kit is a folder with `drumkit.xml`, which names instruments and the files of their layers. Names are the
makers' own; an instrument whose name holds none of the words below is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from models.workshop.rendering.naming import leaf_named

FILES_PER_LABEL: Final = 12

_WORDS: Final[Mapping[str, str]] = {
    "tambourine": "tambourine",
    "agogo": "cowbell",
    "cow ?bell": "cowbell",
    "(sangban|dununba|kenkeni)1 bell": "cowbell",
    "djembe|bongo|conga|cajon|sangban|dununba|kenkeni": "hand_drum",
    "maraca|shaker": "shaker",
    "clave|wood ?block": "woodblock",
    "finger snap|whistle": "percussion_other",
    "clap": "clap",
    "side stick|rim click|^stick|- stick": "rimshot",
    "hi-?hat|hi hat|\\bhat\\b|hh\\b": "hihat",
    "splash|china|crash|ride|cymbal|paiste bell": "cymbal",
    "kick|bass ?drum": "kick",
    "snare": "snare",
    "\\btom": "tom",
    "zap|fx": "sound_effect",
}
"""Pattern in an instrument's name to leaf; the first that is found counts."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One file of a kit: its path, its leaf, and what the kit calls the instrument."""

    path: Path
    label: str
    detail: str


def leaf_of(name: str) -> str | None:
    """Leaf that an instrument's name means, or None where it means none clearly."""
    return leaf_named(name.lower().replace("_", " "), _WORDS)


def hits(kit: Path) -> Iterator[Hit]:
    """Files of the kit in folder `kit` whose leaf is known, each once, at most 12 a label.

    Kits name some files that they do not bring; those are left out.
    """
    seen: set[str] = set()
    count: Counter[str] = Counter()
    for instrument in _elements(ElementTree.parse(kit / "drumkit.xml").getroot(), "instrument"):
        name = next((_text(element) for element in _elements(instrument, "name")), "")
        label = leaf_of(name)
        for element in _elements(instrument, "filename"):
            file_name = _text(element)
            wanted = label is not None and file_name not in seen and count[label] < FILES_PER_LABEL
            if label is None or not wanted or not (kit / file_name).is_file():
                continue
            seen.add(file_name)
            count[label] += 1
            yield Hit(kit / file_name, label, name)


def _elements(root: ElementTree.Element, tag: str) -> Iterator[ElementTree.Element]:
    """Descendants called `tag`, with or without a namespace."""
    return (element for element in root.iter() if element.tag.rpartition("}")[2] == tag)


def _text(element: ElementTree.Element) -> str:
    return (element.text or "").strip()
