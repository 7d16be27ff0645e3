"""Own synthesis of training sounds: which voices make which label.

Every voice draws its parameters from the generator it is given, so that one seed always gives one sound.
Variety counts here, not beauty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from models.workshop.synthesis import acoustic, drums, effects, electronic
from models.workshop.synthesis.oscillators import Signal, Studio, Wavetables, finished

Voice = Callable[[Studio], Signal]
"""Plays one sound of 0.1 to 3 s, mono, at any level."""

MIN_DURATION_S: Final = 0.3

VOICES: Final[Mapping[str, tuple[Voice, ...]]] = {
    "synth_lead": (
        electronic.subtractive_lead,
        electronic.fm_lead,
        electronic.supersaw_lead,
        electronic.wavetable_lead,
        electronic.sync_lead,
    ),
    "synth_pad": (
        electronic.subtractive_pad,
        electronic.wavetable_pad,
        electronic.fm_pad,
        electronic.additive_pad,
    ),
    "synth_bass": (
        electronic.subtractive_bass,
        electronic.fm_bass,
        electronic.long_sine_bass,
        electronic.wavetable_bass,
        electronic.reese_bass,
        electronic.acid_bass,
    ),
    "ukulele": (acoustic.ukulele,),
    "harp": (acoustic.harp,),
    "harpsichord": (acoustic.harpsichord,),
    "acoustic_guitar": (acoustic.nylon_guitar,),
    "banjo": (acoustic.banjo,),
    "marimba": (acoustic.marimba,),
    "xylophone": (acoustic.xylophone,),
    "vibraphone": (acoustic.vibraphone,),
    "glockenspiel": (acoustic.glockenspiel,),
    "tubular_bells": (acoustic.tubular_bells,),
    "kalimba": (acoustic.kalimba,),
    "timpani": (acoustic.timpani,),
    "triangle": (acoustic.triangle,),
    "chimes": (acoustic.bar_chimes,),
    "woodblock": (acoustic.woodblock,),
    "cowbell": (acoustic.struck_cowbell, drums.machine_cowbell),
    "accordion": (acoustic.accordion,),
    "harmonica": (acoustic.harmonica,),
    "kick": (drums.machine_kick,),
    "snare": (drums.machine_snare,),
    "clap": (drums.machine_clap,),
    "hihat": (drums.machine_hihat,),
    "tom": (drums.machine_tom,),
    "cymbal": (drums.machine_cymbal,),
    "rimshot": (drums.machine_rimshot,),
    "sound_effect": (
        effects.riser,
        effects.laser,
        effects.impact,
        effects.weather,
        effects.burst,
        effects.beeps,
        effects.glitch,
        effects.hum,
    ),
}
"""The voices of each label that there is synthesis for."""


def synthesise(
    label: str, rng: np.random.Generator, sample_rate: int, wavetables: Wavetables
) -> npt.NDArray[np.float32]:
    """One sound of a label.

    Args:
        label: a key of `VOICES`.
        rng: source of every parameter.
        sample_rate: in Hz.
        wavetables: (n, length) float32 single cycles in -1 to 1, as of `load_wavetables`.

    Returns:
        Mono float32 in -1 to 1, 0.3 to 3 s.

    Raises:
        KeyError: if there is no voice for the label.
    """
    voices = VOICES[label]
    return synthesise_voice(voices[int(rng.integers(len(voices)))], rng, sample_rate, wavetables)


def synthesise_voice(
    voice: Voice, rng: np.random.Generator, sample_rate: int, wavetables: Wavetables
) -> npt.NDArray[np.float32]:
    """One sound of one voice, as of `synthesise`."""
    sound = finished(voice(Studio(rng, sample_rate, wavetables)))
    missing = round(MIN_DURATION_S * sample_rate) - len(sound)
    return np.pad(sound, (0, max(0, missing)))


def load_wavetables(path: Path) -> Wavetables:
    """Single cycles of an NPZ file that holds them as int16 under `single_cycle`.

    Args:
        path: the file.

    Returns:
        (n, length) float32 in -1 to 1.
    """
    with np.load(path) as archive:
        cycles: Wavetables = archive["single_cycle"].astype(np.float32) / np.float32(32_768.0)
    return cycles
