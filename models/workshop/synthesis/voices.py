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

from models.workshop.synthesis import (
    acoustic,
    bowed,
    brass,
    drums,
    effects,
    electric,
    electric_pianos,
    electronic,
    foley,
    kit,
    machines,
    organs,
    percussion,
    pianos,
    singing,
    string_section,
    strings,
    winds,
)
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
    "acoustic_guitar": (
        acoustic.nylon_guitar,
        strings.steel_guitar,
        strings.twelve_string_guitar,
        strings.damped_guitar,
    ),
    "electric_guitar": (
        electric.clean_guitar,
        electric.jazz_guitar,
        electric.muted_guitar,
        electric.overdriven_guitar,
        electric.distorted_guitar,
        electric.lead_guitar,
    ),
    "electric_bass": (
        electric.fingered_bass,
        electric.picked_bass,
        electric.slapped_bass,
        electric.muted_bass,
        electric.fretless_bass,
    ),
    "piano": (
        pianos.grand_piano,
        pianos.upright_piano,
        pianos.honky_tonk_piano,
        pianos.felt_piano,
        pianos.electric_grand_piano,
    ),
    "electric_piano": (
        electric_pianos.tine_piano,
        electric_pianos.reed_piano,
        electric_pianos.fm_piano,
        electric_pianos.clavinet,
    ),
    "organ": (organs.tonewheel_organ, organs.transistor_organ, organs.pipe_organ, organs.reed_organ),
    "mandolin": (strings.picked_mandolin, strings.tremolo_mandolin),
    "sitar": (strings.sitar_melody, strings.sitar_strum),
    "violin": (bowed.bowed_violin, bowed.short_violin, bowed.tremolo_violin, bowed.plucked_violin),
    "viola": (bowed.bowed_viola, bowed.short_viola, bowed.tremolo_viola, bowed.plucked_viola),
    "cello": (bowed.bowed_cello, bowed.short_cello, bowed.tremolo_cello, bowed.plucked_cello),
    "double_bass": (
        strings.plucked_double_bass,
        strings.slapped_double_bass,
        bowed.bowed_double_bass,
        bowed.short_double_bass,
    ),
    "string_ensemble": (
        string_section.sustained_ensemble,
        string_section.marcato_ensemble,
        string_section.tremolo_ensemble,
        string_section.pizzicato_ensemble,
        string_section.tape_ensemble,
    ),
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
    "woodblock": (acoustic.woodblock, percussion.castanets),
    "cowbell": (acoustic.struck_cowbell, drums.machine_cowbell, percussion.agogo),
    "accordion": (acoustic.accordion,),
    "harmonica": (acoustic.harmonica,),
    "kick": (drums.machine_kick, kit.acoustic_kick),
    "snare": (drums.machine_snare, kit.acoustic_snare, kit.brushed_snare),
    "clap": (drums.machine_clap, kit.hand_claps),
    "hihat": (drums.machine_hihat, kit.acoustic_hihat),
    "tom": (drums.machine_tom, kit.acoustic_tom),
    "cymbal": (drums.machine_cymbal, kit.crash, kit.ride),
    "rimshot": (drums.machine_rimshot, kit.side_stick, kit.stick_clicks),
    "flute": (winds.flute, winds.piccolo, winds.recorder, winds.pan_flute, winds.shakuhachi, winds.ocarina),
    "clarinet": (winds.clarinet, winds.bass_clarinet, winds.shaped_clarinet),
    "oboe": (winds.oboe, winds.pulsed_oboe),
    "english_horn": (winds.english_horn, winds.pulsed_english_horn),
    "bassoon": (winds.bassoon, winds.pulsed_bassoon),
    "saxophone": (winds.soprano_saxophone, winds.alto_saxophone, winds.tenor_saxophone, winds.baritone_saxophone),
    "bagpipe": (winds.bagpipe, winds.bagpipe_drones),
    "trumpet": (brass.trumpet, brass.fm_trumpet, brass.muted_trumpet),
    "trombone": (brass.trombone, brass.fm_trombone, brass.trombone_glissando, brass.muted_trombone),
    "french_horn": (brass.french_horn, brass.fm_french_horn, brass.french_horns),
    "tuba": (brass.tuba, brass.fm_tuba),
    "brass_section": (brass.brass_section, brass.brass_stabs, brass.saw_brass_section),
    "voice": (
        singing.low_singer,
        singing.high_singer,
        singing.choir,
        singing.choir_oohs_and_aahs,
        singing.speech,
        singing.sung_syllables,
        singing.whisper,
        singing.shout,
    ),
    "hand_drum": (percussion.conga, percussion.djembe, percussion.tabla, percussion.frame_drum, percussion.cuica),
    "tambourine": (percussion.tambourine, percussion.shaken_tambourine),
    "shaker": (percussion.shaker, percussion.smooth_shaker, percussion.cabasa),
    "gong": (percussion.gong, percussion.tuned_gong),
    "percussion_other": (kit.guiro, kit.vibraslap, kit.whip, kit.referee_whistle, kit.steel_drum),
    "sound_effect": (
        effects.riser,
        effects.laser,
        effects.impact,
        effects.weather,
        effects.burst,
        effects.beeps,
        effects.glitch,
        effects.hum,
        foley.footsteps,
        foley.creak,
        foley.slam,
        foley.rain,
        foley.wind,
        foley.water,
        foley.fire,
        foley.crowd,
        foley.applause,
        foley.breaking,
        foley.keys_or_coins,
        foley.scrape,
        foley.rustle,
        foley.birds,
        foley.beast,
        foley.gunshot,
        foley.whoosh,
        foley.zipper,
        machines.engine,
        machines.electric_motor,
        machines.mains,
        machines.siren,
        machines.telephone,
        machines.modem,
        machines.radio,
        machines.record_noise,
        machines.clock,
        machines.measuring_tone,
        machines.coloured_noise,
        machines.reversed_hit,
        machines.scratch,
        machines.chopper,
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
