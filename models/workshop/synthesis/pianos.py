"""Pianos: struck stiff strings, one to three to a note, on a soundboard.

Partials are at f_n = n f_0 sqrt(1 + B n^2); the strings of a note, slightly mistuned, beat and leave a slow
aftersound behind a quick one (Fletcher and Rossing, "The Physics of Musical Instruments"; Weinreich 1977).
The felt of the hammer is a low-pass that opens with the stroke, and its place on the string a comb.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from models.workshop.synthesis.oscillators import Signal, Studio, decay, low_pass
from models.workshop.synthesis.partials import Partials, body, joined, rolled_off, stiff_ratios, uneven
from models.workshop.synthesis.pedals import chorus, normalised, taped
from models.workshop.synthesis.playing import KEYBOARD_CHORDS, performed, tune

_SOUNDBOARD_HZ: Final = (60.0, 95.0, 140.0, 190.0)


@dataclass(frozen=True, slots=True)
class _Piano:
    """Ranges of what one kind of piano is drawn from; cents are between the strings of a note."""

    t60_s: tuple[float, float]
    hammer_hz: tuple[float, float]
    cents: tuple[float, float]
    stiffness: tuple[float, float]
    knock: tuple[float, float]
    board: tuple[float, float]


_GRAND: Final = _Piano((6.0, 18.0), (700.0, 2600.0), (0.2, 1.5), (1.5e-4, 5e-4), (0.01, 0.15), (0.2, 0.9))
_UPRIGHT: Final = _Piano((3.0, 10.0), (600.0, 2200.0), (0.5, 5.0), (3e-4, 1.2e-3), (0.03, 0.35), (0.4, 1.6))
_HONKY_TONK: Final = _Piano((3.0, 9.0), (1200.0, 4500.0), (6.0, 25.0), (3e-4, 1.2e-3), (0.03, 0.3), (0.4, 1.6))
_FELT: Final = _Piano((2.0, 9.0), (200.0, 700.0), (0.3, 4.0), (2e-4, 1e-3), (0.1, 0.7), (0.4, 1.6))
_ELECTRIC_GRAND: Final = _Piano((3.0, 9.0), (1500.0, 5000.0), (0.2, 3.0), (3e-4, 2e-3), (0.0, 0.1), (0.0, 0.1))


def grand_piano(studio: Studio) -> Signal:
    """Long strings, well tuned."""
    return _struck(studio, _GRAND)


def upright_piano(studio: Studio) -> Signal:
    """Shorter strings, not quite in tune, and more of the case."""
    return _struck(studio, _UPRIGHT)


def honky_tonk_piano(studio: Studio) -> Signal:
    """Hard hammers on strings clearly out of tune with each other."""
    return _struck(studio, _HONKY_TONK)


def felt_piano(studio: Studio) -> Signal:
    """Muffled by a strip of felt, close to the microphone; at times on tape."""
    wave = _struck(studio, _FELT)
    return taped(studio, wave) if studio.chance(0.4) else wave


def electric_grand_piano(studio: Studio) -> Signal:
    """Short strings over pickups in place of a soundboard, often with chorus."""
    wave = _struck(studio, _ELECTRIC_GRAND)
    return chorus(studio, wave) if studio.chance(0.5) else wave


def _struck(studio: Studio, piano: _Piano) -> Signal:
    hammer_hz, place = studio.log_uniform(*piano.hammer_hz), studio.uniform(0.08, 0.16)
    t60_s, cents = studio.log_uniform(*piano.t60_s), studio.log_uniform(*piano.cents)
    damping, order = studio.log_uniform(0.3, 1.5), studio.uniform(0.9, 1.8)
    stiffness = studio.log_uniform(*piano.stiffness)

    def tone(hz: float, duration_s: float, strength: float) -> Signal:
        # Hammers are smaller and harder up the keyboard, strings stiffer, and they ring for less time.
        felt_hz = hammer_hz * (0.25 + 1.5 * strength**1.5) * (hz / 261.6) ** 0.35
        fall_s = t60_s * float(np.clip((261.6 / hz) ** 0.8, 0.05, 2.0))
        bend = stiffness * max(0.4, (hz / 261.6) ** 1.5)
        strings = 1 if hz < 55.0 else 2 if hz < 130.0 else 3
        return joined(
            [
                _string(studio, hz, 2.0 ** (shift / 1200.0), bend, place, (felt_hz, order), (fall_s, damping), i)
                for i, shift in enumerate(studio.rng.normal(0.0, cents, strings))
            ]
        ).sounded(duration_s, studio.sample_rate)

    notes = tune(studio, 24, 103, chords=KEYBOARD_CHORDS, chord_share=0.4, phrase_share=0.2)
    wave = performed(studio, notes, tone, release_s=studio.log_uniform(0.05, 0.6))
    wave = _knocked(studio, wave, studio.uniform(*piano.knock))
    amount = studio.uniform(*piano.board)
    wave = body(studio, wave, _SOUNDBOARD_HZ, amount=amount, highest_hz=5000.0, count=40)
    return low_pass(wave, studio.log_uniform(3500.0, 15_000.0), studio.sample_rate)


def _string(
    studio: Studio,
    hz: float,
    detune: float,
    stiffness: float,
    place: float,
    felt: tuple[float, float],
    fall: tuple[float, float],
    index: int,
) -> Partials:
    """One string of a note; the first dies sooner than the rest, which is the quick part of the decay."""
    ratios = stiff_ratios(hz, stiffness, studio.sample_rate)
    n, partials_hz = np.arange(1, len(ratios) + 1), hz * detune * ratios
    gains = (0.1 + np.abs(np.sin(np.pi * n * place))) / n**0.5 * rolled_off(partials_hz, *felt)
    gains *= uneven(studio, len(n), 2.5) * (1.0 if index == 0 else studio.uniform(0.1, 0.6))
    t60s_s = fall[0] * (0.45 if index == 0 else 1.2) / (1.0 + fall[1] * partials_hz / 1000.0)
    return Partials(partials_hz, gains, t60s_s, studio.rng.normal(0.0, 0.4, len(n)))


def _knocked(studio: Studio, wave: Signal, level: float) -> Signal:
    """With the thud of key, hammer and case."""
    length_s = studio.uniform(0.02, 0.12)
    knock = low_pass(studio.noise(length_s), studio.log_uniform(120.0, 1500.0), studio.sample_rate)
    knock = normalised(knock * decay(studio, length_s, length_s))[: len(wave)]
    knocked = normalised(wave)
    knocked[: len(knock)] += level * knock
    return knocked
