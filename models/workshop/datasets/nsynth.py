"""NSynth: single notes of 1 006 instruments, four seconds each, in 11 families.

Source: Engel et al., "Neural Audio Synthesis of Musical Notes with WaveNet Autoencoders", ICML 2017.

The official training part shares no instrument with the others, but validation and test share theirs: what
was tuned on `valid` is flattered by `test`. A random division of notes has the same instrument at
neighbouring pitches on both sides, and measures memory.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, Literal

from models.workshop.clips import Clip
from models.workshop.datasets.errors import DatasetError
from models.workshop.datasets.listing import Listing, listed
from tagger.taxonomy import NSYNTH

LIBRARY: Final = "nsynth"
FAMILIES: Final = tuple(NSYNTH.leaves_of)
# The families that have acoustic instruments in numbers.
ACOUSTIC_FAMILIES: Final = ("brass", "flute", "guitar", "keyboard", "mallet", "reed", "string", "vocal")

Split = Literal["train", "valid", "test"]

_SOURCES: Final = ("acoustic", "electronic", "synthetic")


def official(root: Path, split: Split) -> Listing:
    """A part of the official split, all 11 families.

    Args:
        root: the folder in which `nsynth-train`, `nsynth-valid` and `nsynth-test` lie.
        split: which of them.

    Raises:
        DatasetError: the folder has another layout, an entry is malformed, or no audio is there.
    """
    return _listing(root, split, FAMILIES, _SOURCES)


def acoustic(root: Path, split: Split) -> Listing:
    """The acoustic instruments of a part of the official split, in the 8 families of `ACOUSTIC_FAMILIES`.

    Raises:
        DatasetError: as `official` does.
    """
    return _listing(root, split, ACOUSTIC_FAMILIES, ("acoustic",))


def balanced(clips: Sequence[Clip], *, per_family: int) -> list[Clip]:
    """As many clips from each family, from as many of its instruments as can be.

    Instruments take turns, each with a random one of its notes, until a family is full. The same clips in
    any order give the same result.

    Args:
        clips: of `official` or `acoustic`.
        per_family: how many from each; where a family has fewer, that many from each.
    """
    families: dict[str, list[Clip]] = defaultdict(list)
    for clip in sorted(clips, key=lambda clip: clip.path.name):
        families[clip.labels[0]].append(clip)
    count = min([per_family, *map(len, families.values())])
    return [clip for family in sorted(families) for clip in _in_turns(families[family], seed=family)[:count]]


def _in_turns(clips: Sequence[Clip], *, seed: str) -> list[Clip]:
    # Seeded by family: whether another family is there changes nothing.
    dice = random.Random(seed)
    instruments: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        instruments[clip.group].append(clip)
    queues = [dice.sample(notes, len(notes)) for notes in instruments.values()]
    dice.shuffle(queues)
    return [clip for turn in zip_longest(*queues) for clip in turn if clip is not None]


def _listing(root: Path, split: Split, families: Container[str], sources: Container[str]) -> Listing:
    folder = root / f"nsynth-{split}"
    layout = f"{folder.name}/audio/*.wav beside {folder.name}/examples.json"
    return listed(_clips(folder, layout, families, sources), root=folder, layout=layout)


def _clips(folder: Path, layout: str, families: Container[str], sources: Container[str]) -> Iterator[Clip]:
    path = folder / "examples.json"
    for note, entry in _read_entries(path, layout).items():
        family, source, instrument = _facts(path, note, entry)
        if family in families and source in sources:
            yield Clip(
                path=folder / "audio" / f"{note}.wav",
                labels=(family,),
                library=LIBRARY,
                group=instrument,
                is_real=source != "synthetic",
            )


def _read_entries(path: Path, layout: str) -> dict[str, Any]:
    try:
        entries = json.loads(path.read_bytes())
    except OSError as error:
        raise DatasetError(path, f"cannot be read: {error.strerror}", f"expected is {layout}") from error
    except json.JSONDecodeError as error:
        raise DatasetError(path, f"line {error.lineno}: {error.msg}", "unpack the archive again") from error
    except UnicodeDecodeError as error:
        raise DatasetError(path, "is no text", "unpack the archive again") from error
    if not isinstance(entries, dict):
        raise DatasetError(path, "is no table of notes", "unpack the archive again")
    return entries


def _facts(path: Path, note: str, entry: Any) -> tuple[str, str, str]:
    """Family, source and instrument of a note."""
    family = _fact(path, note, entry, "instrument_family_str")
    if family not in FAMILIES:
        raise DatasetError(path, f"note {note!r} is of the unknown family {family!r}", f"known: {', '.join(FAMILIES)}")
    source = _fact(path, note, entry, "instrument_source_str")
    if source not in _SOURCES:
        raise DatasetError(path, f"note {note!r} is of the unknown source {source!r}", f"known: {', '.join(_SOURCES)}")
    return family, source, _fact(path, note, entry, "instrument_str")


def _fact(path: Path, note: str, entry: Any, key: str) -> str:
    fact = entry.get(key) if isinstance(entry, dict) else None
    if not isinstance(fact, str):
        raise DatasetError(path, f"note {note!r} has no {key}", "unpack the archive again")
    return fact
