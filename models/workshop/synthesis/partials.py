"""Sums of exponentially decaying partials, and the bodies that are made of them.

Strings, tines, tonewheels and soundboards are all sums of many sines of fixed frequency. A sample at
n = i B + j is Re(c z^n) = Re(c z^(iB) z^j), so that a whole sum is one product of two small matrices: hundreds
of partials cost little more than a few. Stiff strings follow f_n = n f_0 sqrt(1 + B n^2) (Fletcher and
Rossing, "The Physics of Musical Instruments").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import signal

from models.workshop.synthesis.oscillators import Signal, Studio

_FAINT: Final = 1e-4
_MOST_PARTIALS: Final = 90


@dataclass(frozen=True, slots=True)
class Partials:
    """Sines of fixed frequency in Hz, with their gains, decay times (T60 in s) and phases in radians."""

    hz: Signal
    gains: Signal
    t60s_s: Signal
    phases: Signal

    def sounded(self, duration_s: float, sample_rate: int) -> Signal:
        """Their sum; those that are too high or too faint to matter are left out."""
        n = max(1, round(duration_s * sample_rate))
        loud = np.abs(self.gains) > _FAINT * np.abs(self.gains).max(initial=1e-12)
        kept = loud & (self.hz < 0.47 * sample_rate) & (self.hz > 15.0)
        if not kept.any():
            return np.zeros(n)
        block = max(1, round(np.sqrt(n)))
        turn = 2.0 * np.pi * self.hz[kept] / sample_rate
        fall = 6.9078 / (self.t60s_s[kept] * sample_rate)
        coarse, fine = np.arange(-(-n // block))[:, None] * block, np.arange(block)[:, None]
        level, angle = self.gains[kept] * np.exp(-fall * coarse), turn * coarse + self.phases[kept]
        damping = np.exp(-fall * fine)
        total: Signal = (level * np.sin(angle)) @ (damping * np.cos(turn * fine)).T
        total += (level * np.cos(angle)) @ (damping * np.sin(turn * fine)).T
        return total.reshape(-1)[:n]


def joined(parts: Sequence[Partials]) -> Partials:
    """All partials of several sets as one; there must be at least one set."""
    return Partials(
        np.concatenate([part.hz for part in parts]),
        np.concatenate([part.gains for part in parts]),
        np.concatenate([part.t60s_s for part in parts]),
        np.concatenate([part.phases for part in parts]),
    )


def stiff_ratios(hz: float, stiffness: float, sample_rate: int) -> Signal:
    """Frequencies of a stiff string's partials over its fundamental, as many as fit."""
    n = np.arange(1, int(np.clip(0.47 * sample_rate / hz, 1, _MOST_PARTIALS)) + 1)
    return n * np.sqrt((1.0 + stiffness * n**2) / (1.0 + stiffness))


def rolled_off(hz: Signal, cutoff_hz: float, order: float) -> Signal:
    """Gain of a low-pass of any order at each frequency."""
    return 1.0 / np.sqrt(1.0 + (hz / cutoff_hz) ** (2.0 * order))


def uneven(studio: Studio, count: int, spread_db: float) -> Signal:
    """Random gains around 1."""
    return 10.0 ** (studio.rng.normal(0.0, spread_db, count) / 20.0)


def body(
    studio: Studio, wave: Signal, known_hz: Sequence[float], *, amount: float, highest_hz: float, count: int
) -> Signal:
    """Adds the ring of an instrument's body: its known lowest modes, and `count` random ones above them.

    Args:
        studio: what it is drawn from.
        wave: the sound of the strings alone.
        known_hz: lowest modes of an average body; all are shifted together, as by its size.
        amount: how loud the body is beside the strings.
        highest_hz: where its modes end.
        count: random modes above the known ones.
    """
    size = studio.uniform(0.86, 1.16)
    lowest_hz = np.asarray(known_hz, dtype=np.float64) * size * studio.rng.normal(1.0, 0.03, len(known_hz))
    upper_hz = np.exp(studio.rng.uniform(np.log(1.5 * lowest_hz.max()), np.log(highest_hz), count))
    hz = np.concatenate([lowest_hz, upper_hz])
    sharpness = np.exp(studio.rng.uniform(np.log(6.0), np.log(35.0), len(hz)))
    gains = uneven(studio, len(hz), 5.0) * studio.rng.choice([-1.0, 1.0], len(hz)) / sharpness
    modes = Partials(hz, gains * hz, 2.2 * sharpness / hz, np.full(len(hz), 0.5 * np.pi))
    response = modes.sounded(studio.uniform(0.05, 0.15), studio.sample_rate)
    response *= np.linspace(1.0, 0.0, len(response))
    ring: Signal = signal.oaconvolve(wave, response)[: len(wave)]
    return level_of(wave) * (wave / level_of(wave) + amount * ring / level_of(ring))


def level_of(wave: Signal) -> float:
    """Root mean square, never 0."""
    return float(np.sqrt(np.mean(wave**2))) + 1e-12
