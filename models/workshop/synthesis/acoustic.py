"""Plucked strings, free reeds, struck bars and small percussion, by physical and modal models.

Strings are the loops of `plucked`. Bars, bells and drums are sums of decaying modes with the ratios of the
textbooks (Fletcher and Rossing, "The Physics of Musical Instruments"). Reeds are detuned, band-limited pulse
waves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.workshop.synthesis.oscillators import (
    Signal,
    Studio,
    adsr,
    band_pass,
    decay,
    high_pass,
    low_pass,
    modes,
    pulse,
    saw,
)
from models.workshop.synthesis.plucked import Plucked, plucked

_UKULELE: Final = Plucked(60, 86, (0.5, 1.8), (0.2, 0.6), (290.0, 450.0, 700.0), (1, 1, 4, 4))
_HARP: Final = Plucked(28, 100, (1.5, 5.0), (0.3, 0.7), (180.0, 260.0, 420.0), (1, 1, 1, 3))
_HARPSICHORD: Final = Plucked(29, 89, (1.0, 4.0), (0.8, 1.0), (150.0, 320.0, 900.0), (1, 1, 3))
_NYLON: Final = Plucked(40, 83, (1.0, 4.0), (0.2, 0.6), (100.0, 200.0, 390.0), (1, 1, 4))
_BANJO: Final = Plucked(48, 86, (0.4, 1.4), (0.6, 0.95), (300.0, 550.0, 1100.0, 1800.0), (1, 1, 1, 3))


def ukulele(studio: Studio) -> Signal:
    """Short nylon strings on a small body, plucked or strummed."""
    return plucked(studio, _UKULELE)


def harp(studio: Studio) -> Signal:
    """Long, undamped strings, at times three at once."""
    return plucked(studio, _HARP)


def harpsichord(studio: Studio) -> Signal:
    """Bright strings, often two of them an octave apart, with the click of the quill."""
    wave = plucked(studio, _HARPSICHORD)
    click = studio.noise(0.008) * np.linspace(1.0, 0.0, studio.samples(0.008)) * studio.uniform(0.02, 0.2)
    wave[: len(click)] += click * np.abs(wave).max()
    return wave


def nylon_guitar(studio: Studio) -> Signal:
    """Nylon strings on a guitar body, plucked or strummed."""
    return plucked(studio, _NYLON)


def banjo(studio: Studio) -> Signal:
    """Bright strings that die quickly on a ringing head."""
    return plucked(studio, _BANJO)


@dataclass(frozen=True, slots=True)
class _Bar:
    """A struck instrument: range, partial ratios, T60 in s at its middle note, how hard mallets are."""

    lowest: int
    highest: int
    ratios: tuple[float, ...]
    t60_s: tuple[float, float]
    hardness: tuple[float, float]
    tilt: float = 0.6


_MARIMBA: Final = _Bar(45, 96, (1.0, 3.92, 9.24, 16.3), (0.3, 1.6), (0.05, 0.5))
_XYLOPHONE: Final = _Bar(65, 108, (1.0, 3.0, 6.1, 10.2, 14.5), (0.12, 0.6), (0.4, 1.0))
_VIBRAPHONE: Final = _Bar(53, 89, (1.0, 3.98, 10.7, 18.0), (2.0, 8.0), (0.1, 0.6), 0.8)
_GLOCKENSPIEL: Final = _Bar(72, 108, (1.0, 2.71, 5.15, 8.43, 12.2), (1.5, 6.0), (0.5, 1.0), 0.4)
_TUBULAR: Final = _Bar(60, 79, (0.5, 1.0, 1.5, 2.0, 2.76, 3.2, 4.08, 5.4, 6.8), (3.0, 10.0), (0.3, 1.0), 0.35)
_KALIMBA: Final = _Bar(55, 91, (1.0, 5.4, 6.27, 14.7, 17.5), (0.5, 2.5), (0.1, 0.7))
_TIMPANI: Final = _Bar(36, 57, (1.0, 1.5, 1.98, 2.44, 2.9, 0.85, 1.75, 2.2), (0.8, 3.5), (0.05, 0.5), 0.3)


def marimba(studio: Studio) -> Signal:
    """Wooden bars tuned 1 : 4 : 10 over resonators; sometimes rolled."""
    return _struck(studio, _MARIMBA, rolls=True)


def xylophone(studio: Studio) -> Signal:
    """Short, hard wooden bars tuned 1 : 3 : 6."""
    return _struck(studio, _XYLOPHONE, rolls=True)


def vibraphone(studio: Studio) -> Signal:
    """Long metal bars tuned 1 : 4, mostly with the tremolo of the turning discs."""
    wave = _struck(studio, _VIBRAPHONE, rolls=False)
    depth, rate_hz = studio.pick(0.0, 1.0, 1.0) * studio.uniform(0.1, 0.45), studio.uniform(2.0, 7.5)
    t = np.arange(len(wave)) / studio.sample_rate
    return wave * (1.0 - depth + depth * np.sin(2.0 * np.pi * rate_hz * t))


def glockenspiel(studio: Studio) -> Signal:
    """Free metal bars, 1 : 2.71 : 5.15."""
    return _struck(studio, _GLOCKENSPIEL, rolls=False)


def tubular_bells(studio: Studio) -> Signal:
    """A chime tube, whose strike tone lies an octave below its fourth mode."""
    return _struck(studio, _TUBULAR, rolls=False)


def kalimba(studio: Studio) -> Signal:
    """A plucked tongue, 1 : 6.27, with a buzz and a box."""
    return _struck(studio, _KALIMBA, rolls=False)


def timpani(studio: Studio) -> Signal:
    """The preferred modes of a kettledrum, near 2 : 3 : 4 : 5; sometimes rolled."""
    wave = _struck(studio, _TIMPANI, rolls=True)
    thump = low_pass(studio.noise(0.06), 400.0, studio.sample_rate) * decay(studio, 0.06, 0.05)
    wave[: len(thump)] += studio.uniform(0.1, 0.6) * np.abs(wave).max() * thump[: len(wave)]
    return wave


def _struck(studio: Studio, model: _Bar, *, rolls: bool) -> Signal:
    duration_s, hz = studio.uniform(0.5, 3.0), studio.note(model.lowest, model.highest)
    hit = _hit(studio, model, hz, duration_s)
    if not rolls or not studio.chance(0.15):
        return hit
    total, place = np.zeros(len(hit)), 0
    while place < len(total):
        total[place:] += studio.uniform(0.5, 1.0) * hit[: len(total) - place]
        place += studio.samples(studio.uniform(0.045, 0.09))
    return total


def _hit(studio: Studio, model: _Bar, hz: float, duration_s: float) -> Signal:
    hardness = studio.uniform(*model.hardness)
    middle_hz = 440.0 * 2.0 ** ((0.5 * (model.lowest + model.highest) - 69) / 12)
    t60_s = studio.uniform(*model.t60_s) * (middle_hz / hz) ** 0.5
    ratios = np.array(model.ratios) * (1.0 + studio.rng.normal(0.0, 0.006, len(model.ratios)))
    gains = hardness ** (model.tilt * np.log2(np.maximum(ratios, 1.0))) * studio.rng.uniform(0.5, 1.0, len(ratios))
    t60s_s = t60_s / np.maximum(ratios, 1.0) ** studio.uniform(0.6, 1.1)
    wave = modes(studio, duration_s, frequencies_hz=hz * ratios, gains=gains, t60s_s=t60s_s)
    knock = band_pass(studio.noise(0.02), studio.log_uniform(300.0, 5000.0), studio.sample_rate)
    knock *= decay(studio, 0.02, 0.015) * hardness * studio.uniform(0.0, 0.8)
    wave[: len(knock)] += knock
    return wave


def triangle(studio: Studio) -> Signal:
    """A dense, high, inharmonic ring, open or muted."""
    return _metal(studio, (900.0, 2200.0), (0.15, 4.0), 14)


def bar_chimes(studio: Studio) -> Signal:
    """A sweep over many small bars."""
    duration_s, count = studio.uniform(1.0, 3.0), int(studio.rng.integers(8, 30))
    total = np.zeros(studio.samples(duration_s))
    onsets = np.sort(studio.rng.uniform(0.0, 0.7 * duration_s, count))
    pitches_hz = np.geomspace(studio.log_uniform(1500.0, 2500.0), studio.log_uniform(4000.0, 8000.0), count)
    for onset_s, hz in zip(onsets, pitches_hz[:: int(studio.pick(-1, 1))], strict=True):
        start = studio.samples(onset_s)
        bar = _Bar(60, 100, (1.0, 2.76, 5.4), (0.5, 2.0), (0.5, 1.0))
        ring = _hit(studio, bar, hz * studio.uniform(0.97, 1.03), duration_s)
        total[start:] += studio.uniform(0.3, 1.0) * ring[: len(total) - start]
    return total


def struck_cowbell(studio: Studio) -> Signal:
    """A bell of sheet metal: a few inharmonic modes, dry."""
    return _metal(studio, (450.0, 950.0), (0.1, 0.7), 6)


def _metal(studio: Studio, hz: tuple[float, float], t60_s: tuple[float, float], count: int) -> Signal:
    lowest_hz, long_s = studio.log_uniform(*hz), studio.log_uniform(*t60_s)
    ratios = np.sort(np.concatenate([[1.0], studio.rng.uniform(1.3, 9.0, count - 1)]))
    gains = studio.rng.uniform(0.2, 1.0, count) / ratios ** studio.uniform(0.0, 0.6)
    t60s_s = long_s / ratios ** studio.uniform(0.1, 0.6)
    duration_s = min(3.0, long_s + 0.2)
    return modes(studio, duration_s, frequencies_hz=lowest_hz * ratios, gains=gains, t60s_s=t60s_s)


def woodblock(studio: Studio) -> Signal:
    """One or two short, strongly damped modes and a knock."""
    hz, t60_s = studio.log_uniform(500.0, 2800.0), studio.log_uniform(0.03, 0.18)
    ratios = (1.0, studio.uniform(1.3, 1.9), studio.uniform(2.2, 3.5))
    gains = (1.0, studio.uniform(0.1, 0.7), studio.uniform(0.0, 0.4))
    wave = modes(
        studio, 0.3, frequencies_hz=[hz * r for r in ratios], gains=gains, t60s_s=[t60_s, t60_s / 2, t60_s / 3]
    )
    knock = studio.noise(0.004) * studio.uniform(0.0, 0.8)
    wave[: len(knock)] += knock
    return wave


def accordion(studio: Studio) -> Signal:
    """Two to four reeds a note, detuned against each other (musette), chords and single notes."""
    return _reeds(studio, 41, 89, (2, 3, 3, 4), (4.0, 28.0))


def harmonica(studio: Studio) -> Signal:
    """One or two reeds, bent and breathed, with the tremolo of a hand."""
    wave = _reeds(studio, 60, 91, (1, 1, 2), (0.0, 12.0))
    t, depth = np.arange(len(wave)) / studio.sample_rate, studio.pick(0.0, 1.0) * studio.uniform(0.1, 0.5)
    wave = wave * (1.0 - depth + depth * np.sin(2.0 * np.pi * studio.uniform(3.0, 7.0) * t))
    breath = high_pass(studio.noise(len(wave) / studio.sample_rate), 2000.0, studio.sample_rate)
    amount = studio.uniform(0.0, 0.03) * float(np.abs(wave).max())
    return wave + amount * breath * (np.abs(wave) > 1e-3)


def _reeds(studio: Studio, lowest: int, highest: int, counts: tuple[int, ...], cents: tuple[float, float]) -> Signal:
    duration_s = studio.uniform(0.4, 3.0)
    t = studio.time(duration_s)
    root = int(studio.rng.integers(lowest, highest - 11))
    intervals = ((0,), (0,), (0, 4), (0, 4, 7), (0, 3, 7), (0, 12))[int(studio.rng.integers(6))]
    spread, count = studio.uniform(*cents), int(studio.pick(*counts))
    bend = studio.pick(0.0, 0.0, -1.0) * studio.uniform(0.1, 1.0) * np.exp(-t / 0.12)
    reed: Callable[[Signal], Signal] = _pulse_reed(studio) if studio.chance(0.6) else _saw_reed(studio)
    total = np.zeros(len(t))
    for interval in intervals:
        for shift in np.linspace(-spread, spread, count) if count > 1 else (0.0,):
            hz = 440.0 * 2.0 ** ((root + interval - 69 + bend + shift / 100.0) / 12)
            total += reed(hz * studio.pick(*([1.0] * 4), 0.5))
    bright_hz = studio.log_uniform(2000.0, 9000.0)
    voiced = low_pass(total, bright_hz, studio.sample_rate)
    voiced += studio.uniform(0.3, 1.5) * band_pass(total, studio.log_uniform(700.0, 2600.0), studio.sample_rate)
    attack_s, release_s = studio.log_uniform(0.015, 0.12), min(0.12, duration_s / 4)
    return voiced * adsr(
        studio, duration_s, attack_s=attack_s, decay_s=1.0, sustain=studio.uniform(0.7, 1.0), release_s=release_s
    )


def _pulse_reed(studio: Studio) -> Callable[[Signal], Signal]:
    width = studio.uniform(0.08, 0.35)
    return lambda hz: pulse(hz, studio.sample_rate, width=np.full(len(hz), width), start=studio.uniform(0.0, 1.0))


def _saw_reed(studio: Studio) -> Callable[[Signal], Signal]:
    return lambda hz: saw(hz, studio.sample_rate, studio.uniform(0.0, 1.0))
