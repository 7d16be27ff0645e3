"""Resonance and texture: many ringing modes at once, formants, rooms, slow random curves, scattered grains.

A sum of decaying sines is written as a product of two small matrices (time in steps of a block, and time within
the block), so that hundreds of modes cost no more than a few sines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import signal

from models.workshop.synthesis.oscillators import Signal, Studio, band_pass, low_pass, mixed

_BLOCK: Final = 256


def ringing(
    studio: Studio, duration_s: float, *, frequencies_hz: Signal, gains: Signal, t60s_s: Signal, rises_s: float = 0.0
) -> Signal:
    """A sum of decaying sines of random phase.

    Args:
        studio: source of the phases.
        duration_s: length.
        frequencies_hz: of each mode; those above half the sample rate are left out.
        gains: of each mode.
        t60s_s: decay of each mode by 60 dB.
        rises_s: if above 0, modes swell over about this time, the higher the later (bloom).

    Returns:
        The sum.
    """
    audible = frequencies_hz < 0.48 * studio.sample_rate
    hz, gain, falls = frequencies_hz[audible], gains[audible], 6.9078 / t60s_s[audible]
    coefficients = gain * np.exp(2j * np.pi * studio.rng.random(len(hz)))
    if rises_s > 0.0 and len(hz):
        rates = falls + 1.0 / (rises_s * (0.05 + hz / hz.max()))
        hz, falls = np.tile(hz, 2), np.concatenate([falls, rates])
        coefficients = np.concatenate([coefficients, -coefficients])
    n = studio.samples(duration_s)
    poles = (2j * np.pi * hz - falls) / studio.sample_rate
    coarse = np.exp(np.outer(np.arange(-(-n // _BLOCK)) * _BLOCK, poles)) * coefficients
    fine = np.exp(np.outer(poles, np.arange(_BLOCK)))
    total: Signal = coarse.real @ fine.real - coarse.imag @ fine.imag
    return total.ravel()[:n]


def bent(studio: Studio, wave: Signal, amount: float, settle_s: float) -> Signal:
    """The wave played faster at its start, as the pitch of a skin falls after a stroke; `amount` 0.1 is 10 %."""
    t = np.arange(len(wave)) / studio.sample_rate
    position = (t + amount * settle_s * (1.0 - np.exp(-t / settle_s))) * studio.sample_rate
    warped: Signal = np.interp(position, np.arange(len(wave)), wave, right=0.0)
    return warped


def formants(
    studio: Studio, wave: Signal, *, centres_hz: Sequence[float], gains: Sequence[float], q: float, direct: float
) -> Signal:
    """The wave through parallel band-passes, with some of it passed by."""
    bands = [
        gain * band_pass(wave, centre_hz, studio.sample_rate, q=q)
        for centre_hz, gain in zip(centres_hz, gains, strict=True)
    ]
    return mixed([direct * wave, *bands])


def wandering(studio: Studio, duration_s: float, rate_hz: float) -> Signal:
    """A smooth random curve between 0 and 1 that turns about `rate_hz` times a second."""
    n, knots = studio.samples(duration_s), max(3, int(duration_s * rate_hz) + 2)
    curve: Signal = np.interp(np.linspace(0.0, knots - 1.0, n), np.arange(knots), studio.rng.random(knots))
    return curve


def one_pole(samples: Signal, time_s: float, sample_rate: int) -> Signal:
    """The samples smoothed with a time constant, settled at the first of them."""
    keep = float(np.exp(-1.0 / max(1.0, time_s * sample_rate)))
    smoothed: Signal = signal.lfilter([1.0 - keep], [1.0, -keep], samples, zi=[keep * samples[0]])[0]
    return smoothed


def roomed(studio: Studio, wave: Signal, amount: float) -> Signal:
    """The wave with the reverberation of a small random room, at the same length."""
    t60_s = studio.log_uniform(0.08, 0.9)
    n = min(len(wave), studio.samples(t60_s))
    tail = studio.rng.standard_normal(n) * np.exp(-6.9 * np.arange(n) / studio.samples(t60_s))
    tail = low_pass(tail, studio.log_uniform(1500.0, 12_000.0), studio.sample_rate)
    wet = signal.fftconvolve(wave, tail / float(np.sqrt(np.sum(tail**2)) + 1e-9))[: len(wave)]
    mix: Signal = wave + amount * wet
    return mix


def scattered(
    studio: Studio, duration_s: float, onsets_s: npt.NDArray[np.floating[Any]], grains: Sequence[Signal]
) -> Signal:
    """Grains laid down at their onsets, each at a random level and drawn at random; what runs over is cut."""
    total = np.zeros(studio.samples(duration_s))
    for onset_s in onsets_s:
        grain, start = grains[int(studio.rng.integers(len(grains)))], int(onset_s * studio.sample_rate)
        piece = grain[: max(0, len(total) - start)]
        total[start : start + len(piece)] += studio.uniform(0.3, 1.0) * piece
    return total


def sparks(studio: Studio, duration_s: float, per_second: float) -> Signal:
    """Single impulses of random height at random times."""
    n = studio.samples(duration_s)
    count = max(1, int(studio.rng.poisson(per_second * duration_s)))
    impulses = np.zeros(n)
    np.add.at(impulses, studio.rng.integers(0, n, count), studio.rng.standard_normal(count) * studio.rng.random(count))
    return impulses


def squashed(wave: Signal) -> Signal:
    """Rare peaks held back to five times the root mean square, which would else leave nothing but themselves."""
    return 5.0 * np.tanh(levelled(wave) / 5.0)


def levelled(wave: Signal) -> Signal:
    """The wave at a root mean square of 1."""
    return wave / float(np.sqrt(np.mean(wave**2)) + 1e-9)
