"""The General MIDI instrument sets that clips and songs are rendered with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.workshop.rendering.general_midi import KEYS, KITS, PROGRAMS, VARIATIONS, Program
from models.workshop.rendering.soundfonts import Renderer, fluidsynth, timidity

FLUIDR3: Final = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
TIMGM6MB: Final = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")
FREEPATS: Final = Path("/etc/timidity/freepats.cfg")
SHARED_WITH_FREEPATS: Final = (26, 53, 75, 79, 122)
"""Programs of TimGM6mb whose waveforms match Freepats' (correlation above 0.95)."""


@dataclass(frozen=True, slots=True)
class InstrumentSet:
    """Instruments of one source.

    Attributes:
        library: what its clips are said to come from.
        licence: of its recordings.
        renderer: plays MIDI with it.
        programs: by (bank, program).
        kits: drum kits, by program of the percussion channel.
        keys: keys that the kits have.
    """

    library: str
    licence: str
    renderer: Renderer
    programs: Mapping[tuple[int, int], Program]
    kits: Mapping[int, str]
    keys: tuple[int, ...]


def fluidr3() -> InstrumentSet:
    """The FluidR3 soundfont, with its variation banks."""
    programs = {**_bank_0(PROGRAMS), **VARIATIONS}
    return InstrumentSet("fluidr3", "MIT", fluidsynth(FLUIDR3), programs, KITS, tuple(KEYS))


def timgm6mb() -> InstrumentSet:
    """The TimGM6mb soundfont, which is for validation only, less what it shares with Freepats."""
    programs = _bank_0({number: each for number, each in PROGRAMS.items() if number not in SHARED_WITH_FREEPATS})
    return InstrumentSet("timgm6mb", "GPL-2.0", fluidsynth(TIMGM6MB), programs, KITS, tuple(KEYS))


def freepats() -> InstrumentSet:
    """The Freepats patches: only what the set has of its own."""
    text = FREEPATS.read_text(encoding="utf-8")
    drums = [int(key) for key in re.findall(r"^\s*(\d+)\s+Drum_", text, flags=re.MULTILINE)]
    tones = [int(number) for number in re.findall(r"^\s*(\d+)\s+Tone_", text, flags=re.MULTILINE)]
    return InstrumentSet(
        "freepats_gm",
        "GPL-2.0-or-later with composition exception",
        timidity(FREEPATS),
        _bank_0({number: PROGRAMS[number] for number in tones if number in PROGRAMS}),
        {0: KITS[0]},
        tuple(key for key in drums if key in KEYS),
    )


def _bank_0(programs: Mapping[int, Program]) -> dict[tuple[int, int], Program]:
    return {(0, number): program for number, program in programs.items()}
