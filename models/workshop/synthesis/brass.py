"""Trumpet, trombone, horn, tuba and sections of them, as additive and as FM tones.

The louder, the brighter: the cutoff of the harmonics follows the level. Formants belong to the bell and the
mouthpiece and stay in place. FM after Chowning (1973), whose brass tones tie the index to the level.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from models.workshop.synthesis.blown import Habits, Line, additive, breath, line, opened, rolled
from models.workshop.synthesis.oscillators import Signal, Studio, band_pass, high_pass, low_pass, mixed, saw
from models.workshop.synthesis.resonance import formants, levelled, one_pole


@dataclass(frozen=True, slots=True)
class _Brass:
    """A brass instrument: habits, formants in Hz, cutoff in Hz when soft and when loud."""

    habits: Habits
    formants_hz: tuple[float, ...]
    soft_hz: float
    loud_hz: float


_TRUMPET: Final = _Brass(Habits(54, 86, (0.02, 0.09), 0.3, 0.6), (1200.0, 2200.0), 550.0, 4500.0)
_TROMBONE: Final = _Brass(Habits(40, 72, (0.02, 0.1), 0.3, 0.6), (520.0, 1500.0), 330.0, 3000.0)
_HORN: Final = _Brass(Habits(36, 77, (0.03, 0.14), 0.12, 0.5), (400.0, 750.0), 180.0, 1000.0)
_TUBA: Final = _Brass(Habits(28, 60, (0.03, 0.14), 0.12, 0.5), (230.0, 450.0), 110.0, 650.0)


def trumpet(studio: Studio) -> Signal:
    """The open trumpet."""
    return _blown(studio, _TRUMPET)


def fm_trumpet(studio: Studio) -> Signal:
    """The trumpet as FM with a ratio of 1."""
    return _modulated(studio, _TRUMPET)


def muted_trumpet(studio: Studio) -> Signal:
    """A straight, cup or harmon mute: a band-pass, the fundamental nearly gone, at times opened by a hand."""
    return _muted(studio, _blown(studio, _TRUMPET), (1000.0, 2800.0))


def trombone(studio: Studio) -> Signal:
    """The open trombone."""
    return _blown(studio, _TROMBONE)


def fm_trombone(studio: Studio) -> Signal:
    """The trombone as FM."""
    return _modulated(studio, _TROMBONE)


def trombone_glissando(studio: Studio) -> Signal:
    """One slide, up or down, by up to a tritone."""
    played = line(studio, _TROMBONE.habits)
    n = len(played.hz)
    begin, end = sorted(studio.rng.uniform(0.0, 1.0, 2))
    way = np.clip((np.linspace(0.0, 1.0, n) - begin) / max(0.1, end - begin), 0.0, 1.0)
    slide = studio.uniform(-6.0, 6.0) * way**2 * (3.0 - 2.0 * way)
    return _voiced(studio, _TROMBONE, Line(played.hz * 2.0 ** (slide / 12.0), played.level, played.vibrato))


def muted_trombone(studio: Studio) -> Signal:
    """A trombone with a straight mute or a plunger."""
    return _muted(studio, _blown(studio, _TROMBONE), (600.0, 1800.0))


def french_horn(studio: Studio) -> Signal:
    """Dark, slow to speak; blared only when loud."""
    return _blown(studio, _HORN)


def fm_french_horn(studio: Studio) -> Signal:
    """The horn as FM."""
    return _modulated(studio, _HORN)


def french_horns(studio: Studio) -> Signal:
    """Two to four horns in unison."""
    return _players(studio, _HORN, int(studio.rng.integers(2, 5)), (0,))


def tuba(studio: Studio) -> Signal:
    """Few harmonics, broad attack."""
    return _blown(studio, _TUBA)


def fm_tuba(studio: Studio) -> Signal:
    """The tuba as FM."""
    return _modulated(studio, _TUBA)


def _blown(studio: Studio, brass: _Brass) -> Signal:
    return _voiced(studio, brass, line(studio, brass.habits))


def _voiced(studio: Studio, brass: _Brass, played: Line) -> Signal:
    size = studio.log_uniform(0.7, 1.5)
    # the brightness lags the level a little, so that the upper harmonics come last
    lagging = one_pole(played.level, studio.log_uniform(0.002, 0.025), studio.sample_rate)
    cutoff_hz = opened(lagging, brass.soft_hz * size, brass.loud_hz * size)
    weights = rolled(studio, 90, studio.uniform(-0.2, 0.4), 0.3)
    tone = additive(played.hz, weights, studio.sample_rate, cutoff_hz=cutoff_hz)
    tone *= played.level * np.exp(played.middle_hz / cutoff_hz.max())
    return _lips(studio, _belled(studio, brass, tone), played)


def _modulated(studio: Studio, brass: _Brass) -> Signal:
    """FM whose index follows the level, less for high notes."""
    played = line(studio, brass.habits)
    angle = 2.0 * np.pi * np.cumsum(played.hz / studio.sample_rate)
    index = min(studio.uniform(0.6, 1.4) * brass.loud_hz / played.middle_hz, studio.uniform(3.0, 6.0))
    ratio = studio.pick(1.0, 1.0, 1.0, 2.0) + studio.uniform(-0.002, 0.002)
    lagging = one_pole(played.level, studio.log_uniform(0.002, 0.025), studio.sample_rate)
    tone = np.sin(angle + index * lagging * np.sin(ratio * angle + studio.uniform(0.0, 6.28))) * played.level
    tone = high_pass(tone, 0.6 * played.middle_hz, studio.sample_rate)  # the mean moves with the index
    return _lips(studio, _belled(studio, brass, tone), played)


def _belled(studio: Studio, brass: _Brass, tone: Signal) -> Signal:
    centres_hz = [hz * studio.log_uniform(0.8, 1.25) for hz in brass.formants_hz]
    gains = [studio.uniform(0.2, 2.0) for _ in centres_hz]
    q = studio.uniform(0.8, 3.0)
    return formants(studio, tone, centres_hz=centres_hz, gains=gains, q=q, direct=1.0)


def _lips(studio: Studio, tone: Signal, played: Line) -> Signal:
    """With the noise of lips and air, and at times a flutter."""
    tone = tone * (1.0 + studio.uniform(0.0, 0.12) * played.vibrato)
    if studio.chance(0.06):
        t = np.arange(len(tone)) / studio.sample_rate
        tone = tone * (1.0 - 0.4 + 0.4 * np.sin(2.0 * np.pi * studio.uniform(18.0, 30.0) * t))
    noise = studio.log_uniform(0.001, 0.06)
    return breath(studio, tone, played.level, around=studio.uniform(0.0, 0.1), beside=noise)


def _muted(studio: Studio, tone: Signal, centre_hz: tuple[float, float]) -> Signal:
    hz, rate = studio.log_uniform(*centre_hz), studio.sample_rate
    thin = high_pass(tone, 0.4 * hz, rate)
    if studio.chance(0.3):  # wah: the hand opens and closes the mute
        t = np.arange(len(tone)) / rate
        moving_hz = hz * 2.0 ** (studio.uniform(0.3, 1.0) * np.sin(2.0 * np.pi * studio.uniform(0.6, 4.0) * t))
        return band_pass(thin, moving_hz, rate, q=studio.uniform(1.0, 4.0)) + 0.1 * thin
    return thin * studio.uniform(0.1, 0.8) + 2.0 * band_pass(thin, hz, rate, q=studio.uniform(1.0, 4.0))


_CHORDS: Final = ((0,), (0, 12), (0, -12), (0, 4, 7), (0, 3, 7), (0, 5, 10), (0, 4, 10), (0, 7, 12), (0, 3, 10, 14))


def brass_section(studio: Studio) -> Signal:
    """Three to eight players in chords, unisons and octaves."""
    chord = _CHORDS[int(studio.rng.integers(len(_CHORDS)))]
    mean = _TRUMPET if studio.chance(0.5) else _TROMBONE
    habits = replace(mean.habits, lowest=46, highest=70)
    return _players(studio, replace(mean, habits=habits), max(len(chord), int(studio.rng.integers(3, 9))), chord)


def brass_stabs(studio: Studio) -> Signal:
    """Short chords, hit together, one or a few."""
    habits = Habits(46, 68, (0.008, 0.03), 0.05, 0.8)
    chord = _CHORDS[int(studio.rng.integers(3, len(_CHORDS)))]
    hit = _players(studio, replace(_TRUMPET, habits=habits), len(chord) + int(studio.pick(0, 1, 2)), chord)
    n = min(len(hit), studio.samples(studio.uniform(0.3, 0.6)))
    fade = np.clip((n - np.arange(n)) / studio.samples(0.05), 0.0, 1.0)
    stab = hit[:n] * fade
    gap = np.zeros(studio.samples(studio.uniform(0.02, 0.2)))
    return np.concatenate([stab, gap] * int(studio.pick(1, 1, 2, 3)))[: studio.samples(2.95)]


def saw_brass_section(studio: Studio) -> Signal:
    """A section as detuned saws behind low-passes that follow the level."""
    chord = _CHORDS[int(studio.rng.integers(len(_CHORDS)))]
    played = line(studio, replace(_TROMBONE.habits, lowest=46, highest=70))
    wave = mixed(
        saw(played.hz * 2.0 ** ((i + studio.uniform(-0.15, 0.15)) / 12.0), studio.sample_rate, studio.uniform(0.0, 1.0))
        for i in np.repeat(chord, 2 if len(chord) > 2 else 3)
    )
    cutoff_hz = opened(played.level, 600.0, studio.log_uniform(2500.0, 10_000.0))
    return low_pass(wave, cutoff_hz, studio.sample_rate, q=studio.uniform(0.6, 1.3)) * played.level


def _players(studio: Studio, brass: _Brass, count: int, chord: tuple[int, ...]) -> Signal:
    """Players of the same line, each out of tune and late in its own way."""
    played = line(studio, brass.habits)
    n, cents, late_s = len(played.hz), studio.uniform(3.0, 25.0), studio.log_uniform(0.003, 0.05)
    players = []
    for i in range(count):
        shift = chord[i % len(chord)] + studio.uniform(-cents, cents) / 100.0
        late = int(studio.uniform(0.0, late_s) * studio.sample_rate)
        level = np.concatenate([np.zeros(late), played.level])[:n]
        own = Line(played.hz * 2.0 ** (shift / 12.0), level, np.roll(played.vibrato, late * 3))
        size = studio.log_uniform(0.7, 1.4)
        cutoff_hz = opened(own.level, brass.soft_hz * size, brass.loud_hz * size)
        tone = additive(own.hz, rolled(studio, 45, 0.1, 0.3), studio.sample_rate, cutoff_hz=cutoff_hz)
        players.append(levelled(tone * own.level) * studio.uniform(0.5, 1.0))
    return _lips(studio, _belled(studio, brass, mixed(players)), played)
