"""General MIDI read as leaves: which programs and drum keys sound like which label.

Programs and keys whose sound is no clear leaf (dulcimer, shamisen, orchestra hit, synth brass) are in no
table and are never rendered. Ranges are those of the real instruments, in MIDI note numbers (60 = C4).

Source: General MIDI System Level 1, and for the bank variations Roland GS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Program:
    """One program and the notes that its instrument plays.

    Attributes:
        leaf: label of the taxonomy.
        detail: name of the instrument, in lower case.
        lowest: lowest note, MIDI note number.
        highest: highest note, MIDI note number.
        plays_chords: whether players of it play chords.
    """

    leaf: str
    detail: str
    lowest: int
    highest: int
    plays_chords: bool = False


PROGRAMS: Final[Mapping[int, Program]] = {
    0: Program("piano", "acoustic grand piano", 24, 103, True),
    1: Program("piano", "bright acoustic piano", 24, 103, True),
    2: Program("piano", "electric grand piano", 28, 98, True),
    3: Program("piano", "honky-tonk piano", 28, 98, True),
    4: Program("electric_piano", "electric piano 1", 28, 96, True),
    5: Program("electric_piano", "electric piano 2", 28, 96, True),
    6: Program("harpsichord", "harpsichord", 29, 89, True),
    7: Program("electric_piano", "clavinet", 29, 89, True),
    8: Program("glockenspiel", "celesta", 60, 108, True),
    9: Program("glockenspiel", "glockenspiel", 72, 108),
    10: Program("glockenspiel", "music box", 60, 100, True),
    11: Program("vibraphone", "vibraphone", 53, 89, True),
    12: Program("marimba", "marimba", 45, 96, True),
    13: Program("xylophone", "xylophone", 65, 108),
    14: Program("tubular_bells", "tubular bells", 60, 79),
    16: Program("organ", "drawbar organ", 36, 96, True),
    17: Program("organ", "percussive organ", 36, 96, True),
    18: Program("organ", "rock organ", 36, 96, True),
    19: Program("organ", "church organ", 30, 98, True),
    20: Program("organ", "reed organ", 36, 96, True),
    21: Program("accordion", "accordion", 41, 93, True),
    22: Program("harmonica", "harmonica", 60, 96, True),
    23: Program("accordion", "tango accordion", 41, 93, True),
    24: Program("acoustic_guitar", "nylon guitar", 40, 84, True),
    25: Program("acoustic_guitar", "steel guitar", 40, 86, True),
    26: Program("electric_guitar", "jazz guitar", 40, 86, True),
    27: Program("electric_guitar", "clean electric guitar", 40, 86, True),
    28: Program("electric_guitar", "muted electric guitar", 40, 80),
    29: Program("electric_guitar", "overdriven guitar", 40, 86, True),
    30: Program("electric_guitar", "distortion guitar", 40, 86, True),
    32: Program("double_bass", "acoustic bass, pizzicato", 28, 60),
    33: Program("electric_bass", "fingered bass", 28, 60),
    34: Program("electric_bass", "picked bass", 28, 60),
    35: Program("electric_bass", "fretless bass", 28, 60),
    36: Program("electric_bass", "slap bass 1", 28, 60),
    37: Program("electric_bass", "slap bass 2", 28, 60),
    38: Program("synth_bass", "synth bass 1", 24, 55),
    39: Program("synth_bass", "synth bass 2", 24, 55),
    40: Program("violin", "violin", 55, 100),
    41: Program("viola", "viola", 48, 88),
    42: Program("cello", "cello", 36, 76),
    43: Program("double_bass", "contrabass, arco", 28, 60),
    44: Program("string_ensemble", "tremolo strings", 36, 91, True),
    45: Program("string_ensemble", "pizzicato strings", 36, 91, True),
    46: Program("harp", "harp", 28, 100, True),
    47: Program("timpani", "timpani", 36, 57),
    48: Program("string_ensemble", "string ensemble 1", 36, 94, True),
    49: Program("string_ensemble", "string ensemble 2", 36, 94, True),
    52: Program("voice", "choir aahs", 41, 82, True),
    53: Program("voice", "voice oohs", 41, 82, True),
    56: Program("trumpet", "trumpet", 54, 86),
    57: Program("trombone", "trombone", 40, 72),
    58: Program("tuba", "tuba", 28, 60),
    59: Program("trumpet", "muted trumpet", 54, 84),
    60: Program("french_horn", "french horn", 36, 77),
    61: Program("brass_section", "brass section", 38, 84, True),
    64: Program("saxophone", "soprano saxophone", 56, 87),
    65: Program("saxophone", "alto saxophone", 49, 81),
    66: Program("saxophone", "tenor saxophone", 44, 76),
    67: Program("saxophone", "baritone saxophone", 36, 69),
    68: Program("oboe", "oboe", 58, 91),
    69: Program("english_horn", "english horn", 52, 81),
    70: Program("bassoon", "bassoon", 34, 72),
    71: Program("clarinet", "clarinet", 50, 91),
    72: Program("flute", "piccolo", 74, 106),
    73: Program("flute", "flute", 60, 96),
    74: Program("flute", "recorder", 60, 93),
    75: Program("flute", "pan flute", 60, 93),
    77: Program("flute", "shakuhachi", 55, 84),
    79: Program("flute", "ocarina", 60, 86),
    80: Program("synth_lead", "square lead", 41, 93, True),
    81: Program("synth_lead", "saw lead", 41, 93, True),
    82: Program("synth_lead", "calliope lead", 41, 93),
    83: Program("synth_lead", "chiff lead", 41, 93),
    84: Program("synth_lead", "charang lead", 41, 93),
    86: Program("synth_lead", "fifths lead", 41, 88),
    88: Program("synth_pad", "new age pad", 41, 84, True),
    89: Program("synth_pad", "warm pad", 41, 84, True),
    90: Program("synth_pad", "polysynth pad", 41, 84, True),
    91: Program("synth_pad", "choir pad", 41, 84, True),
    92: Program("synth_pad", "bowed pad", 41, 84, True),
    93: Program("synth_pad", "metallic pad", 41, 84, True),
    94: Program("synth_pad", "halo pad", 41, 84, True),
    95: Program("synth_pad", "sweep pad", 41, 84, True),
    97: Program("synth_pad", "soundtrack", 41, 84, True),
    101: Program("synth_pad", "goblins", 41, 84, True),
    104: Program("sitar", "sitar", 48, 79),
    105: Program("banjo", "banjo", 48, 86, True),
    108: Program("kalimba", "kalimba", 60, 91),
    109: Program("bagpipe", "bagpipe", 55, 82),
    110: Program("violin", "fiddle", 55, 96),
    112: Program("chimes", "tinkle bell", 72, 100),
    113: Program("cowbell", "agogo", 60, 84),
    114: Program("percussion_other", "steel drum", 52, 84, True),
    115: Program("woodblock", "woodblock", 60, 84),
    116: Program("hand_drum", "taiko drum", 40, 64),
    117: Program("tom", "melodic tom", 40, 72),
    118: Program("tom", "synth drum", 40, 72),
    119: Program("sound_effect", "reverse cymbal", 48, 72),
    120: Program("sound_effect", "guitar fret noise", 48, 72),
    121: Program("sound_effect", "breath noise", 48, 72),
    122: Program("sound_effect", "seashore", 48, 72),
    123: Program("sound_effect", "bird tweet", 48, 72),
    124: Program("sound_effect", "telephone ring", 48, 72),
    125: Program("sound_effect", "helicopter", 48, 72),
    126: Program("sound_effect", "applause", 48, 72),
    127: Program("sound_effect", "gunshot", 48, 72),
}

VARIATIONS: Final[Mapping[tuple[int, int], Program]] = {
    (8, 4): Program("electric_piano", "detuned electric piano 1", 28, 96, True),
    (8, 5): Program("electric_piano", "detuned electric piano 2", 28, 96, True),
    (8, 6): Program("harpsichord", "coupled harpsichord", 29, 89, True),
    (8, 14): Program("tubular_bells", "church bell", 55, 79),
    (8, 16): Program("organ", "detuned organ 1", 36, 96, True),
    (8, 17): Program("organ", "detuned organ 2", 36, 96, True),
    (8, 19): Program("organ", "church organ 2", 30, 98, True),
    (8, 21): Program("accordion", "italian accordion", 41, 93, True),
    (8, 24): Program("ukulele", "ukulele", 60, 86, True),
    (8, 25): Program("acoustic_guitar", "12-string guitar", 40, 86, True),
    (16, 25): Program("mandolin", "mandolin", 55, 91, True),
    (8, 26): Program("electric_guitar", "hawaiian guitar", 45, 86, True),
    (8, 28): Program("electric_guitar", "funk guitar", 40, 84, True),
    (8, 38): Program("synth_bass", "synth bass 3", 24, 55),
    (8, 39): Program("synth_bass", "synth bass 4", 24, 55),
    (8, 40): Program("violin", "slow violin", 55, 96),
    (8, 48): Program("string_ensemble", "orchestra strings", 36, 94, True),
    (8, 61): Program("brass_section", "brass 2", 38, 84, True),
    (8, 80): Program("synth_lead", "sine lead", 41, 93),
    (8, 115): Program("woodblock", "castanets", 60, 76),
    (8, 116): Program("kick", "concert bass drum", 48, 66),
    (8, 117): Program("tom", "melodic tom 2", 40, 72),
    (8, 118): Program("tom", "808 tom", 40, 72),
}
"""Programs of the GS variation banks, by (bank, program): only soundfonts that have such banks."""

_EFFECTS: Final = {
    1: ("cut noise", "flute key click", "rain", "dog", "telephone 2", "car engine", "laughing", "machine gun"),
    2: ("string slap", "", "thunder", "horse gallop", "door creaking", "car stop", "scream", "laser gun"),
    3: ("", "", "wind", "bird 2", "door", "car pass", "punch", "explosion"),
    4: ("", "", "stream", "", "", "car crash", "heartbeat", ""),
    5: ("", "", "bubbles", "", "", "siren", "footsteps", ""),
    6: ("", "", "", "", "", "train", "", ""),
    7: ("", "", "", "", "", "jet plane", "", ""),
    8: ("", "", "", "", "", "starship", "", ""),
    9: ("", "", "", "", "", "burst noise", "", ""),
}
EFFECTS: Final[Mapping[tuple[int, int], Program]] = {
    (bank, 120 + i): Program("sound_effect", name, 57, 63)
    for bank, names in _EFFECTS.items()
    for i, name in enumerate(names)
    if name
}
"""Sound effects of the GS variation banks, which are hardly changed by the note that is played."""

KEYS: Final[Mapping[int, tuple[str, str]]] = {
    26: ("percussion_other", "finger snap"),
    28: ("percussion_other", "slap"),
    31: ("rimshot", "sticks"),
    35: ("kick", "bass drum 2"),
    36: ("kick", "bass drum 1"),
    37: ("rimshot", "side stick"),
    38: ("snare", "snare 1"),
    39: ("clap", "hand clap"),
    40: ("snare", "snare 2"),
    41: ("tom", "low floor tom"),
    42: ("hihat", "closed hi-hat"),
    43: ("tom", "high floor tom"),
    44: ("hihat", "pedal hi-hat"),
    45: ("tom", "low tom"),
    46: ("hihat", "open hi-hat"),
    47: ("tom", "low-mid tom"),
    48: ("tom", "high-mid tom"),
    49: ("cymbal", "crash 1"),
    50: ("tom", "high tom"),
    51: ("cymbal", "ride 1"),
    52: ("cymbal", "chinese cymbal"),
    53: ("cymbal", "ride bell"),
    54: ("tambourine", "tambourine"),
    55: ("cymbal", "splash"),
    56: ("cowbell", "cowbell"),
    57: ("cymbal", "crash 2"),
    58: ("percussion_other", "vibraslap"),
    59: ("cymbal", "ride 2"),
    60: ("hand_drum", "high bongo"),
    61: ("hand_drum", "low bongo"),
    62: ("hand_drum", "mute high conga"),
    63: ("hand_drum", "open high conga"),
    64: ("hand_drum", "low conga"),
    65: ("tom", "high timbale"),
    66: ("tom", "low timbale"),
    67: ("cowbell", "high agogo"),
    68: ("cowbell", "low agogo"),
    69: ("shaker", "cabasa"),
    70: ("shaker", "maracas"),
    71: ("percussion_other", "short whistle"),
    72: ("percussion_other", "long whistle"),
    73: ("percussion_other", "short guiro"),
    74: ("percussion_other", "long guiro"),
    75: ("woodblock", "claves"),
    76: ("woodblock", "high woodblock"),
    77: ("woodblock", "low woodblock"),
    78: ("hand_drum", "mute cuica"),
    79: ("hand_drum", "open cuica"),
    80: ("triangle", "mute triangle"),
    81: ("triangle", "open triangle"),
    82: ("shaker", "shaker"),
    83: ("tambourine", "jingle bell"),
    84: ("chimes", "bell tree"),
    85: ("woodblock", "castanets"),
    86: ("hand_drum", "mute surdo"),
    87: ("hand_drum", "open surdo"),
}
"""Leaf and name of each key of a drum kit."""

KITS: Final[Mapping[int, str]] = {
    0: "standard kit",
    8: "room kit",
    16: "power kit",
    24: "electronic kit",
    25: "analog kit",
    32: "jazz kit",
    40: "brush kit",
}
"""Drum kits that follow `KEYS`, by program of the percussion channel."""
