"""The General MIDI instrument sets that clips and songs are rendered with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.workshop.rendering.general_midi import EFFECTS, KEYS, KITS, PROGRAMS, VARIATIONS, Program
from models.workshop.rendering.soundfonts import Renderer, fluidsynth, sonivox, timidity

FLUIDR3: Final = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
FLUIDR3_EFFECTS: Final = Path("/usr/share/sounds/sf2/FluidR3_GS.sf2")
TIMGM6MB: Final = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")
FREEPATS: Final = Path("/etc/timidity/freepats.cfg")
GENERALUSER: Final = Path("/usr/share/minuet/soundfonts/GeneralUser-v1.47.sf2")
MUSESCORE: Final = Path("/usr/share/sounds/sf2/MuseScore_General_Full.sf2")
SHARED_WITH_FREEPATS: Final = (26, 53, 75, 79, 122)
"""Programs of TimGM6mb whose waveforms match Freepats' (correlation above 0.95)."""
SHARED_WITH_GENERALUSER: Final = (26, 108, 112, 114)
"""Programs of GeneralUser whose waveforms match Freepats' or TimGM6mb's (correlation above 0.6)."""
KEYS_SHARED_WITH_GENERALUSER: Final = (60, 61)
"""Keys of its kits that match TimGM6mb's."""
GENERALUSERS_OWN: Final[Mapping[tuple[int, int], Program]] = {
    (1, 38): Program("synth_bass", "synth bass 101", 24, 55),
    (1, 44): Program("string_ensemble", "tremolo strings, mono", 36, 91, True),
    (1, 48): Program("string_ensemble", "fast strings, mono", 36, 94, True),
    (1, 52): Program("voice", "concert choir", 41, 82, True),
    (1, 56): Program("trumpet", "trumpet 2", 54, 86),
    (1, 57): Program("trombone", "trombone 2", 40, 72),
    (1, 59): Program("trumpet", "muted trumpet 2", 54, 84),
    (1, 60): Program("french_horn", "solo french horn", 36, 77),
    (1, 61): Program("brass_section", "brass section, mono", 38, 84, True),
    (1, 80): Program("synth_lead", "square wave", 41, 93, True),
    (1, 81): Program("synth_lead", "saw wave", 41, 93, True),
    (8, 27): Program("electric_guitar", "chorused clean guitar", 40, 86, True),
    (8, 30): Program("electric_guitar", "feedback guitar", 40, 86, True),
    (11, 4): Program("electric_piano", "tine and fm electric pianos", 28, 96, True),
    (11, 38): Program("synth_bass", "techno bass", 24, 55),
    (11, 39): Program("synth_bass", "pulse bass", 24, 55),
    (11, 61): Program("brass_section", "brass section 3", 38, 84, True),
    (11, 81): Program("synth_lead", "sawtooth stab", 41, 93, True),
    (11, 89): Program("synth_pad", "solar wind", 41, 84, True),
    (12, 27): Program("electric_guitar", "clean guitar 2", 40, 86, True),
    (12, 38): Program("synth_bass", "mean saw bass", 24, 55),
    (12, 80): Program("synth_lead", "square lead 2", 41, 93, True),
    (12, 81): Program("synth_lead", "saw lead 2", 41, 93, True),
    (12, 89): Program("synth_pad", "solar wind 2", 41, 84, True),
    (13, 80): Program("synth_lead", "square lead 3", 41, 93, True),
    (13, 81): Program("synth_lead", "saw lead 3", 41, 93, True),
    (13, 88): Program("synth_pad", "night vision", 41, 84, True),
}
"""Banks that only GeneralUser has."""
MUSESCORES_OWN: Final = (
    (0, 5), (0, 38), (0, 39), (0, 44), (0, 45), (0, 48), (0, 49), (0, 56), (0, 80), (0, 81),
    (0, 86), (0, 88), (0, 89), (0, 90), (0, 92), (0, 95), (0, 97), (8, 5), (8, 38), (8, 48), (8, 80),
)  # fmt: skip
"""Programs of MuseScore General whose recordings are not FluidR3's, by its list of sources.

Its pianos are left out: they are a piano of the corpus."""
MUSESCORES_SECTIONS: Final = {
    20: ("violins", 55, 100), 25: ("second violins", 55, 96), 30: ("violas", 48, 88), 40: ("cellos", 36, 76),
    50: ("double basses", 28, 60),
}  # fmt: skip
"""Its sections of strings, by bank: name, lowest and highest note."""


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
    """The FluidR3 soundfont, with its variation banks and the sound effects that complete it."""
    programs = {**_bank_0(PROGRAMS), **VARIATIONS, **EFFECTS}
    return InstrumentSet("fluidr3", "MIT", fluidsynth(FLUIDR3, FLUIDR3_EFFECTS), programs, KITS, tuple(KEYS))


def generaluser() -> InstrumentSet:
    """The GeneralUser soundfont, with its banks, less what it shares with others."""
    programs = _bank_0({number: each for number, each in PROGRAMS.items() if number not in SHARED_WITH_GENERALUSER})
    variations = {place: each for place, each in VARIATIONS.items() if place != (8, 40)}
    keys = tuple(key for key in KEYS if key not in KEYS_SHARED_WITH_GENERALUSER)
    return InstrumentSet(
        "generaluser",
        "GeneralUser licence 2.0, free for any use",
        fluidsynth(GENERALUSER),
        {**programs, **variations, **EFFECTS, **GENERALUSERS_OWN},
        {**KITS, 1: "standard kit 2", 26: "dance kit"},
        keys,
    )


def musescore() -> InstrumentSet:
    """MuseScore General: what is not FluidR3's in it."""
    known = {**_bank_0(PROGRAMS), **VARIATIONS}
    sections = {
        (bank, number): Program("string_ensemble", f"{name}, {playing}", lowest, highest, True)
        for bank, (name, lowest, highest) in MUSESCORES_SECTIONS.items()
        for number, playing in ((44, "tremolo"), (45, "pizzicato"), (48, "fast"), (49, "slow"))
    }
    programs = {**{place: known[place] for place in MUSESCORES_OWN}, **sections}
    programs[1, 115] = Program("woodblock", "temple blocks", 60, 84)
    return InstrumentSet("musescore", "MIT", fluidsynth(MUSESCORE), programs, {}, ())


def sonivox_eas() -> InstrumentSet:
    """The wavetables of Sonivox EAS, up to 11 kHz, with one drum kit."""
    return InstrumentSet("sonivox", "Apache-2.0", sonivox(), _bank_0(PROGRAMS), {0: KITS[0]}, tuple(KEYS))


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
