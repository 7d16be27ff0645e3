"""Drums of the analog rhythm machines: the circuits of the TR-808 and TR-909, with wide parameters.

A kick is a sine whose pitch drops, a snare a pair of sines with noise, a clap bursts of band-passed noise,
a cymbal six square waves through a high-pass (Werner, Abel and Smith 2014 describe the circuits).
"""

from __future__ import annotations

import numpy as np

from models.workshop.synthesis.oscillators import (
    Signal,
    Studio,
    band_pass,
    decay,
    high_pass,
    low_pass,
    mixed,
    modes,
    pulse,
    sine,
)


def machine_kick(studio: Studio) -> Signal:
    """A sine with a falling pitch, a click, and drive."""
    duration_s = studio.log_uniform(0.2, 1.6)
    t, hz = studio.time(duration_s), studio.log_uniform(38.0, 75.0)
    drop = 1.0 + studio.log_uniform(0.5, 7.0) * np.exp(-t / studio.log_uniform(0.006, 0.06))
    tone = sine(hz * drop, studio.sample_rate, 0.25 * studio.pick(0.0, 1.0))
    tone *= decay(studio, duration_s, duration_s * studio.uniform(0.7, 1.1))
    click = high_pass(studio.noise(duration_s), 1500.0, studio.sample_rate) * decay(studio, duration_s, 0.015)
    return np.tanh((tone + studio.uniform(0.0, 0.3) * click) * studio.log_uniform(0.7, 5.0))


def machine_snare(studio: Studio) -> Signal:
    """Two sines and a burst of high-passed noise."""
    duration_s, hz = studio.uniform(0.15, 0.7), studio.log_uniform(130.0, 280.0)
    shift = 1.0 + studio.uniform(0.0, 1.0) * np.exp(-studio.time(duration_s) / 0.01)
    tone = sine(hz * shift, studio.sample_rate) + studio.uniform(0.2, 1.0) * sine(
        hz * studio.uniform(1.4, 1.9) * shift, studio.sample_rate
    )
    tone *= decay(studio, duration_s, studio.uniform(0.08, 0.35))
    rattle = high_pass(studio.noise(duration_s), studio.log_uniform(600.0, 3500.0), studio.sample_rate)
    rattle *= decay(studio, duration_s, studio.uniform(0.15, 0.7) * duration_s * 2.0)
    return np.tanh((studio.uniform(0.2, 1.0) * tone + studio.uniform(0.3, 1.0) * rattle) * studio.uniform(0.5, 3.0))


def machine_clap(studio: Studio) -> Signal:
    """Three or four short bursts, then a tail, of band-passed noise."""
    duration_s = studio.uniform(0.2, 0.8)
    t, gap_s, count = studio.time(duration_s), studio.uniform(0.006, 0.016), int(studio.pick(2, 3, 4))
    bursts = np.where(t < gap_s * count, np.exp(-np.mod(t, gap_s) / (0.4 * gap_s)), 0.0)
    tail = np.exp(-np.maximum(t - gap_s * count, 0.0) / studio.uniform(0.02, 0.12)) * (t >= gap_s * count)
    noise = band_pass(studio.noise(duration_s), studio.log_uniform(700.0, 2200.0), studio.sample_rate, q=1.5)
    noise += studio.uniform(0.0, 0.3) * high_pass(studio.noise(duration_s), 3000.0, studio.sample_rate)
    return noise * (bursts + studio.uniform(0.4, 1.0) * tail)


def machine_hihat(studio: Studio) -> Signal:
    """Six squares or noise, high-passed; closed or open."""
    t60_s = studio.log_uniform(0.04, 0.2) if studio.chance(0.6) else studio.log_uniform(0.3, 1.5)
    duration_s = min(1.5, t60_s + 0.05)
    metal = _squares(studio, duration_s) if studio.chance(0.6) else studio.noise(duration_s)
    bright = high_pass(metal, studio.log_uniform(4500.0, 9000.0), studio.sample_rate, q=studio.uniform(0.6, 2.0))
    return bright * decay(studio, duration_s, t60_s)


def machine_cymbal(studio: Studio) -> Signal:
    """Squares and noise in two bands, the higher the shorter."""
    duration_s = studio.uniform(0.8, 3.0)
    metal = _squares(studio, duration_s) + studio.uniform(0.1, 1.0) * studio.noise(duration_s)
    low = band_pass(metal, studio.log_uniform(2500.0, 4500.0), studio.sample_rate) * decay(
        studio, duration_s, duration_s
    )
    high = high_pass(metal, studio.log_uniform(5500.0, 9000.0), studio.sample_rate)
    return studio.uniform(0.2, 1.0) * low + high * decay(studio, duration_s, duration_s * studio.uniform(0.4, 1.0))


def machine_tom(studio: Studio) -> Signal:
    """A sine that falls a little, with some noise at its start."""
    duration_s, hz = studio.uniform(0.25, 1.2), studio.log_uniform(70.0, 260.0)
    t = studio.time(duration_s)
    drop = 1.0 + studio.uniform(0.1, 1.2) * np.exp(-t / studio.uniform(0.02, 0.2))
    tone = sine(hz * drop, studio.sample_rate) + studio.uniform(0.0, 0.3) * sine(1.59 * hz * drop, studio.sample_rate)
    skin = low_pass(studio.noise(duration_s), studio.log_uniform(800.0, 4000.0), studio.sample_rate)
    skin *= decay(studio, duration_s, studio.uniform(0.05, 0.25))
    return tone * decay(studio, duration_s, duration_s) + studio.uniform(0.0, 0.4) * skin


def machine_rimshot(studio: Studio) -> Signal:
    """A click of two or three short modes."""
    hz = studio.log_uniform(350.0, 1100.0)
    ratios = (1.0, studio.uniform(1.8, 3.9), studio.uniform(4.0, 6.0))
    t60s_s = [studio.uniform(0.02, 0.1) for _ in ratios]
    gains = [1.0, studio.uniform(0.3, 1.0), studio.uniform(0.0, 0.6)]
    wave = modes(studio, 0.2, frequencies_hz=[hz * r for r in ratios], gains=gains, t60s_s=t60s_s)
    click = high_pass(studio.noise(0.2), 1500.0, studio.sample_rate) * decay(studio, 0.2, 0.02)
    return np.tanh((wave + studio.uniform(0.1, 0.8) * click) * studio.uniform(0.8, 4.0))


def machine_cowbell(studio: Studio) -> Signal:
    """Two square waves about 540 and 800 Hz, band-passed."""
    duration_s, hz = studio.uniform(0.2, 0.9), studio.log_uniform(430.0, 680.0)
    half = np.full(studio.samples(duration_s), 0.5)
    pair = mixed(
        pulse(np.full(len(half), hz * ratio), studio.sample_rate, width=half)
        for ratio in (1.0, studio.uniform(1.44, 1.52))
    )
    voiced = band_pass(pair, hz * studio.uniform(1.4, 3.0), studio.sample_rate, q=1.2)
    envelope = decay(studio, duration_s, duration_s) + 2.0 * decay(studio, duration_s, 0.04)
    return voiced * envelope


def _squares(studio: Studio, duration_s: float) -> Signal:
    """Six square waves at the frequencies of the TR-808's oscillators, shifted together."""
    n, shift = studio.samples(duration_s), studio.log_uniform(0.7, 3.0)
    half = np.full(n, 0.5)
    return mixed(
        pulse(np.full(n, hz * shift), studio.sample_rate, width=half, start=studio.uniform(0.0, 1.0))
        for hz in (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)
    )
