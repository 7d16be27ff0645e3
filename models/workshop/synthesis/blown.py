"""What every blown or sung tone has in common: a line of notes, harmonics that follow its level, breath.

The spectrum of a blown tone falls off exponentially above a frequency that rises with the level: played
louder it becomes brighter, and in the attack the harmonics enter one after another (Risset and Mathews 1969
measured this of the trumpet).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.workshop.synthesis.oscillators import Signal, Studio, high_pass, low_pass
from models.workshop.synthesis.resonance import levelled, one_pole, wandering


@dataclass(frozen=True, slots=True)
class Line:
    """What is played: frequency in Hz, level (0 to 1, which brightness follows) and vibrato (-1 to 1)."""

    hz: Signal
    level: Signal
    vibrato: Signal

    @property
    def middle_hz(self) -> float:
        """The median frequency."""
        return float(np.median(self.hz))


@dataclass(frozen=True, slots=True)
class Habits:
    """How an instrument is played: range, attack, vibrato in semitones, scoop in semitones at an onset."""

    lowest: int
    highest: int
    attack_s: tuple[float, float] = (0.015, 0.12)
    vibrato: float = 0.3
    scoop: float = 0.3


def line(studio: Studio, habits: Habits) -> Line:
    """One note, short or long, or a phrase of two to five, tongued or slurred."""
    pitches, lengths = _score(studio, habits)
    slurred = studio.chance(0.5)
    pitch = one_pole(np.repeat(pitches, lengths), studio.log_uniform(0.002, 0.03), studio.sample_rate)
    since_s = np.concatenate([np.arange(n) for n in lengths]) / studio.sample_rate
    scoop = habits.scoop * studio.uniform(-0.2, 1.0) * np.exp(-since_s / studio.log_uniform(0.01, 0.08))
    vibrato = _vibrato(studio, len(pitch))
    depth = habits.vibrato * studio.uniform(0.0, 1.0) * studio.pick(0.0, 1.0, 1.0)
    drift = 0.12 * (wandering(studio, len(pitch) / studio.sample_rate, 6.0)[: len(pitch)] - 0.5)
    hz = 440.0 * 2.0 ** ((pitch - scoop + depth * vibrato + drift - 69.0) / 12.0)
    level = _articulation(studio, lengths, habits, slurred=slurred) * _dynamics(studio, len(pitch))
    return Line(hz, level * studio.uniform(0.3, 1.0), vibrato)


def _score(studio: Studio, habits: Habits) -> tuple[Signal, list[int]]:
    pitch = int(studio.rng.integers(habits.lowest, habits.highest + 1)) + studio.uniform(-0.25, 0.25)
    if studio.chance(0.65):
        length_s = studio.uniform(0.3, 0.5) if studio.chance(0.3) else studio.log_uniform(0.5, 3.0)
        return np.array([pitch]), [studio.samples(length_s)]
    count = int(studio.rng.integers(2, 6))
    steps = studio.rng.choice([-7, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 7], size=count - 1)
    pitches = np.clip(pitch + np.cumsum([0, *steps]), habits.lowest, habits.highest)
    beat_s = studio.log_uniform(0.1, 0.6)
    lengths_s = beat_s * studio.rng.choice([1.0, 1.0, 2.0], size=count)
    lengths_s *= min(1.0, 2.95 / lengths_s.sum())
    lengths_s *= max(1.0, 0.3 / lengths_s.sum())
    return pitches, [studio.samples(float(length_s)) for length_s in lengths_s]


def _vibrato(studio: Studio, n: int) -> Signal:
    t = np.arange(n) / studio.sample_rate
    rate_hz = studio.uniform(3.8, 7.2) * (0.9 + 0.2 * wandering(studio, n / studio.sample_rate, 3.0)[:n])
    delay_s, growth_s = studio.uniform(0.0, 0.5), studio.uniform(0.05, 0.6)
    grown = np.clip((t - delay_s) / growth_s, 0.0, 1.0)
    swing: Signal = grown * np.sin(2.0 * np.pi * (np.cumsum(rate_hz) / studio.sample_rate + studio.uniform(0.0, 1.0)))
    return swing


def _articulation(studio: Studio, lengths: list[int], habits: Habits, *, slurred: bool) -> Signal:
    """The level of every note: a curved attack, a release; slurred notes only dip."""
    attack_s, release_s = studio.log_uniform(*habits.attack_s), studio.log_uniform(0.02, 0.15)
    held, parts = studio.uniform(0.55, 1.0), []
    dip = studio.uniform(0.5, 0.95) if slurred else 0.0
    for i, n in enumerate(lengths):
        t = np.arange(n) / studio.sample_rate
        left_s = max(0.05, held * n / studio.sample_rate if not slurred else n / studio.sample_rate) - t
        rise = 1.0 - np.exp(-3.0 * t / attack_s)
        fall = np.clip(left_s / min(release_s, 0.4 * n / studio.sample_rate), 0.0, 1.0)
        rise = rise if i == 0 else dip + (1.0 - dip) * rise
        parts.append(rise * (fall if i == len(lengths) - 1 else dip + (1.0 - dip) * fall))
    return one_pole(np.concatenate(parts), 0.004, studio.sample_rate)


def _dynamics(studio: Studio, n: int) -> Signal:
    """Even, crescendo, decrescendo, swell, or an accent that falls back."""
    way, soft = np.linspace(0.0, 1.0, n), studio.uniform(0.1, 0.7)
    t = np.arange(n) / studio.sample_rate
    curves = (
        np.ones(n),
        soft + (1.0 - soft) * way**1.5,
        1.0 - (1.0 - soft) * way,
        soft + (1.0 - soft) * np.sin(np.pi * way),
        soft + (1.0 - soft) * np.exp(-t / studio.log_uniform(0.05, 0.4)),
    )
    return curves[int(studio.rng.choice(5, p=[0.4, 0.15, 0.15, 0.15, 0.15]))]


def additive(hz: Signal, weights: Signal, sample_rate: int, *, cutoff_hz: Signal | None = None) -> Signal:
    """Harmonics of given weights, damped exponentially above a cutoff that may vary.

    The sines come from the recurrence of Chebyshev, two products a sample instead of a sine.

    Args:
        hz: fundamental, from sample to sample.
        weights: of the first, second, ... harmonic; those above half the sample rate are left out.
        sample_rate: in Hz.
        cutoff_hz: harmonic k is multiplied with exp(-k hz / cutoff_hz).

    Returns:
        The sum.
    """
    angle = 2.0 * np.pi * np.cumsum(hz / sample_rate)
    twice, before, now = 2.0 * np.cos(angle), np.zeros(len(hz)), np.sin(angle)
    damping = np.exp(-hz / cutoff_hz) if cutoff_hz is not None else None
    gain, total = np.ones(len(hz)) if damping is None else damping.copy(), np.zeros(len(hz))
    count = int(0.47 * sample_rate / float(hz.max()))
    if damping is not None:  # harmonics below -60 dB only cost time
        count = min(count, 1 + int(-6.9 / np.log(min(float(damping.max()), 0.999))))
    for weight in weights[:count]:
        total += weight * (gain * now)
        before *= -1.0
        before += twice * now
        before, now = now, before
        if damping is not None:
            gain *= damping
    return total


def opened(level: Signal, closed_hz: float, open_hz: float) -> Signal:
    """The cutoff of a spectrum, from `closed_hz` at level 0 to `open_hz` at level 1, geometrically."""
    return closed_hz * (open_hz / closed_hz) ** level


def breath(studio: Studio, tone: Signal, level: Signal, *, around: float, beside: float) -> Signal:
    """The tone with noise: `around` its harmonics (turbulence in the jet), and `beside` them (hiss)."""
    n, rate = len(tone), studio.sample_rate
    slow = levelled(low_pass(studio.rng.standard_normal(n), studio.log_uniform(20.0, 250.0), rate))
    hiss = high_pass(studio.rng.standard_normal(n), studio.log_uniform(300.0, 3000.0), rate)
    hiss = levelled(low_pass(hiss, studio.log_uniform(3000.0, 12_000.0), rate))
    size = float(np.sqrt(np.mean(tone**2)) + 1e-9)
    return tone * (1.0 + around * slow) + beside * size * hiss * (level / float(level.max() + 1e-9)) ** 0.6


def rolled(studio: Studio, count: int, tilt: float, scatter: float) -> Signal:
    """Weights k^-tilt, each multiplied with a random number about 1 (`scatter` 0 to 1)."""
    k = np.arange(1, count + 1)
    weights: Signal = k**-tilt * (1.0 + scatter * studio.rng.uniform(-1.0, 1.0, count))
    return weights
