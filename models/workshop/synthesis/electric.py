"""Electric bass and guitar: a plucked string, the comb of its pickups, an amplifier, a cabinet, effects.

The string is that of `plucked` (Karplus and Strong 1983; Jaffe and Smith 1983). What makes the styles differ
is where and with what the string is plucked, how long it rings, and how hard the amplifier is driven.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from models.workshop.synthesis.oscillators import Signal, Studio, band_pass, decay, high_pass, low_pass
from models.workshop.synthesis.pedals import (
    cabinet,
    chorus,
    compressed,
    driven,
    normalised,
    tremolo,
    vibrato,
    warped,
)
from models.workshop.synthesis.playing import GUITAR_CHORDS, Note, performed, tune
from models.workshop.synthesis.plucked import StringTimbre, string

_BASS: Final = (28, 55)
_GUITAR: Final = (40, 86)
_POWER_CHORDS: Final = ((0, 7), (0, 7, 12), (0, 5), (0, 12), (0, 7, 12, 19), (0, 7, 14))


def fingered_bass(studio: Studio) -> Signal:
    """Plucked with the flesh of the finger."""
    timbre = _strings(studio, t60_s=(1.5, 7.0), damping=(0.4, 4.0), cutoff_hz=(350.0, 2500.0), place=(0.12, 0.4))
    return _bass_amplifier(studio, _played(studio, timbre, _bass_tune(studio)), (0.2, 2.5))


def picked_bass(studio: Studio) -> Signal:
    """Plucked with a plectrum near the bridge, bright and even."""
    timbre = _strings(studio, t60_s=(1.0, 6.0), damping=(0.2, 2.0), cutoff_hz=(1500.0, 7000.0), place=(0.05, 0.25))
    wave = _clicked(studio, _played(studio, timbre, _bass_tune(studio)), (0.02, 0.3))
    return _bass_amplifier(studio, wave, (0.3, 8.0))


def slapped_bass(studio: Studio) -> Signal:
    """Struck with the thumb, or popped: the string hits the frets and clanks."""
    timbre = _strings(studio, t60_s=(0.8, 5.0), damping=(0.1, 1.0), cutoff_hz=(2500.0, 9000.0), place=(0.05, 0.45))
    wave = _played(studio, timbre, _bass_tune(studio))
    # The frets stop the string's widest swings, which adds high partials at the loud start only.
    rattle = high_pass(np.clip(normalised(wave) * studio.uniform(1.5, 6.0), -0.5, 0.8), 900.0, studio.sample_rate)
    wave = normalised(wave) + studio.uniform(0.1, 0.8) * rattle
    return _bass_amplifier(studio, _clicked(studio, wave, (0.1, 0.9)), (0.2, 2.0))


def muted_bass(studio: Studio) -> Signal:
    """Damped with the palm, or with foam under the strings."""
    timbre = _strings(studio, t60_s=(0.15, 0.7), damping=(1.0, 6.0), cutoff_hz=(250.0, 2500.0), place=(0.08, 0.4))
    return _bass_amplifier(studio, _played(studio, timbre, _bass_tune(studio)), (0.2, 3.0))


def fretless_bass(studio: Studio) -> Signal:
    """Slid into, with vibrato, and a resonance that opens after the attack."""
    timbre = _strings(studio, t60_s=(1.5, 6.0), damping=(0.5, 3.0), cutoff_hz=(500.0, 3000.0), place=(0.1, 0.4))
    wave = _bent(studio, _played(studio, timbre, _bass_tune(studio)), deepest=0.5)
    t = np.arange(len(wave)) / studio.sample_rate
    growl_hz = studio.uniform(250.0, 500.0) * (1.0 + studio.uniform(0.5, 2.5) * (1.0 - np.exp(-t / 0.2)))
    wave = wave + studio.uniform(0.5, 2.5) * band_pass(wave, growl_hz, studio.sample_rate, q=studio.uniform(1.5, 4.0))
    return _bass_amplifier(studio, wave, (0.2, 2.0))


def clean_guitar(studio: Studio) -> Signal:
    """Bright and undistorted: notes, strums and arpeggios, often with chorus or tremolo."""
    timbre = _strings(studio, t60_s=(1.0, 5.0), damping=(0.2, 1.5), cutoff_hz=(2500.0, 9000.0), place=(0.05, 0.3))
    wave = _clicked(studio, _played(studio, timbre, _guitar_tune(studio, 0.4)), (0.0, 0.15))
    wave = driven(studio, wave, studio.log_uniform(0.2, 2.0))
    return _effects(studio, cabinet(studio, wave, highest_hz=studio.uniform(4500.0, 9000.0)), 0.55)


def jazz_guitar(studio: Studio) -> Signal:
    """A hollow body and its neck pickup with the tone turned down."""
    timbre = _strings(studio, t60_s=(0.7, 3.0), damping=(0.8, 4.0), cutoff_hz=(700.0, 3000.0), place=(0.15, 0.45))
    wave = driven(studio, _played(studio, timbre, _guitar_tune(studio, 0.4)), studio.log_uniform(0.2, 1.2))
    wave = wave + studio.uniform(0.0, 0.8) * band_pass(wave, studio.uniform(150.0, 350.0), studio.sample_rate, q=2.0)
    return _effects(studio, cabinet(studio, wave, highest_hz=3500.0), 0.2)


def muted_guitar(studio: Studio) -> Signal:
    """Short notes and chords damped with the palm, and scratched strings."""
    timbre = _strings(studio, t60_s=(0.08, 0.5), damping=(0.5, 3.0), cutoff_hz=(1500.0, 8000.0), place=(0.05, 0.3))
    notes = tune(studio, 40, 80, chords=GUITAR_CHORDS, chord_share=0.3, phrase_share=0.4, shortest_s=0.1)
    wave = _clicked(studio, _played(studio, timbre, notes), (0.05, 0.6))
    wave = driven(studio, wave, studio.log_uniform(0.2, 12.0))
    return _effects(studio, cabinet(studio, wave, highest_hz=6000.0), 0.25)


def overdriven_guitar(studio: Studio) -> Signal:
    """An amplifier turned up: notes, small chords, bends."""
    timbre = _strings(studio, t60_s=(2.0, 7.0), damping=(0.2, 1.5), cutoff_hz=(2000.0, 8000.0), place=(0.05, 0.3))
    notes = tune(studio, *_GUITAR, chords=(*_POWER_CHORDS, *GUITAR_CHORDS), chord_share=0.35, phrase_share=0.3)
    wave = _bent(studio, _played(studio, timbre, notes), deepest=0.5)
    return _effects(studio, cabinet(studio, driven(studio, wave, studio.log_uniform(2.0, 15.0))), 0.3)


def distorted_guitar(studio: Studio) -> Signal:
    """High gain: power chords, open or palm-muted, compressed by their own clipping."""
    t60_s = (0.2, 0.8) if studio.chance(0.3) else (2.0, 8.0)
    timbre = _strings(studio, t60_s=t60_s, damping=(0.2, 1.5), cutoff_hz=(2000.0, 8000.0), place=(0.05, 0.25))
    notes = tune(studio, 36, 64, chords=_POWER_CHORDS, chord_share=0.65, phrase_share=0.2)
    wave = high_pass(_played(studio, timbre, notes), studio.log_uniform(60.0, 700.0), studio.sample_rate)
    wave = driven(studio, wave, studio.log_uniform(12.0, 150.0))
    if studio.chance(0.5):
        middle = band_pass(wave, studio.log_uniform(400.0, 1000.0), studio.sample_rate, q=0.8)
        wave = wave - studio.uniform(-0.8, 0.8) * middle
    return _effects(studio, cabinet(studio, wave), 0.15)


def lead_guitar(studio: Studio) -> Signal:
    """A singing, high-gain line with bends and vibrato."""
    timbre = _strings(studio, t60_s=(3.0, 9.0), damping=(0.2, 1.2), cutoff_hz=(2000.0, 8000.0), place=(0.05, 0.4))
    notes = tune(studio, 52, 88, phrase_share=0.4, shortest_s=0.5)
    wave = _bent(studio, _played(studio, timbre, notes), deepest=0.9)
    wave = driven(studio, wave, studio.log_uniform(8.0, 80.0))
    return _effects(studio, cabinet(studio, wave), 0.3)


def _bass_tune(studio: Studio) -> list[Note]:
    return tune(studio, *_BASS, phrase_share=0.35, shortest_s=0.15)


def _guitar_tune(studio: Studio, chord_share: float) -> list[Note]:
    return tune(studio, *_GUITAR, chords=GUITAR_CHORDS, chord_share=chord_share, phrase_share=0.25)


def _strings(
    studio: Studio,
    *,
    t60_s: tuple[float, float],
    damping: tuple[float, float],
    cutoff_hz: tuple[float, float],
    place: tuple[float, float],
) -> StringTimbre:
    """The strings of one instrument, with one or two pickups."""
    pickups = [(studio.uniform(0.05, 0.3), 1.0)]
    if studio.chance(0.4):
        pickups.append((studio.uniform(0.05, 0.3), studio.pick(1.0, -1.0) * studio.uniform(0.3, 1.0)))
    return StringTimbre(
        t60_s=studio.log_uniform(*t60_s),
        damping=studio.log_uniform(*damping),
        cutoff_hz=studio.log_uniform(*cutoff_hz),
        place=studio.uniform(*place),
        pickups=tuple(pickups),
        stiffness=studio.log_uniform(1e-5, 3e-4),
        looped=studio.chance(0.4),
    )


def _played(studio: Studio, timbre: StringTimbre, notes: list[Note]) -> Signal:
    def tone(hz: float, duration_s: float, strength: float) -> Signal:
        return normalised(string(studio, timbre, hz, duration_s, strength))

    return performed(studio, notes, tone, release_s=studio.log_uniform(0.02, 0.2))


def _clicked(studio: Studio, wave: Signal, share: tuple[float, float]) -> Signal:
    """With the knock of the plectrum or the fret at the start."""
    length_s = studio.uniform(0.004, 0.03)
    click = band_pass(studio.noise(length_s), studio.log_uniform(800.0, 6000.0), studio.sample_rate)
    click = normalised(click * decay(studio, length_s, length_s))[: len(wave)]
    clicked = normalised(wave)
    clicked[: len(click)] += studio.uniform(*share) * click
    return clicked


def _bent(studio: Studio, wave: Signal, *, deepest: float) -> Signal:
    """At times slid or bent into pitch, at times with vibrato."""
    t = np.arange(len(wave)) / studio.sample_rate
    slide = studio.pick(0.0, 0.0, -1.0, -2.0, -3.0) * np.exp(-((t / studio.log_uniform(0.04, 0.4)) ** 2))
    shake = studio.pick(0.0, 1.0) * vibrato(studio, t, deepest=deepest)
    return warped(wave, slide + shake, studio.sample_rate)


def _bass_amplifier(studio: Studio, wave: Signal, gain: tuple[float, float]) -> Signal:
    """Compression, a little drive, the tone control, and at times a cabinet."""
    if studio.chance(0.6):
        wave = compressed(studio, wave)
    wave = driven(studio, wave, studio.log_uniform(*gain))
    wave = low_pass(wave, studio.log_uniform(800.0, 9000.0), studio.sample_rate, q=studio.uniform(0.6, 1.8))
    if studio.chance(0.5):
        wave = cabinet(studio, wave, lowest_hz=40.0, highest_hz=studio.uniform(3000.0, 6000.0))
    return chorus(studio, wave) if studio.chance(0.1) else wave


def _effects(studio: Studio, wave: Signal, share: float) -> Signal:
    if studio.chance(share):
        wave = chorus(studio, wave) if studio.chance(0.6) else tremolo(studio, wave)
    return compressed(studio, wave) if studio.chance(0.2) else wave
