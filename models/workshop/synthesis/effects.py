"""Sounds that are no instrument: sweeps, impacts, weather, beeps, glitches, hum."""

from __future__ import annotations

import numpy as np

from models.workshop.synthesis.oscillators import (
    Signal,
    Studio,
    band_pass,
    decay,
    high_pass,
    low_pass,
    pulse,
    saw,
    sine,
)


def riser(studio: Studio) -> Signal:
    """Noise or a tone that rises or falls over its whole length."""
    duration_s = studio.uniform(1.0, 3.0)
    way = np.linspace(0.0, 1.0, studio.samples(duration_s)) ** studio.uniform(0.6, 2.5)
    way = way if studio.chance(0.7) else way[::-1].copy()
    hz = studio.log_uniform(100.0, 600.0) * studio.log_uniform(4.0, 30.0) ** way
    noise = band_pass(studio.noise(duration_s), hz, studio.sample_rate, q=studio.uniform(0.7, 8.0))
    tone = saw(np.minimum(hz, 5000.0), studio.sample_rate)
    mix = studio.pick(0.0, 0.0, 0.3, 1.0)
    return ((1.0 - mix) * noise / float(noise.std() + 1e-9) + mix * tone) * (0.05 + way)


def laser(studio: Studio) -> Signal:
    """A fast fall in pitch, once or several times."""
    duration_s = studio.uniform(0.15, 1.2)
    t, period_s = studio.time(duration_s), studio.uniform(0.1, 0.5)
    hz = studio.log_uniform(80.0, 400.0) + studio.log_uniform(1500.0, 7000.0) * np.exp(
        -np.mod(t, period_s) / studio.log_uniform(0.01, 0.1)
    )
    wave = sine(hz, studio.sample_rate) if studio.chance(0.6) else saw(hz, studio.sample_rate)
    return wave * decay(studio, duration_s, duration_s * studio.uniform(0.8, 3.0))


def impact(studio: Studio) -> Signal:
    """A low boom with falling noise: an explosion, a slam, a cinematic hit."""
    duration_s = studio.uniform(0.8, 3.0)
    cutoff_hz = studio.log_uniform(1000.0, 8000.0) * decay(studio, duration_s, duration_s * 2.0) + 60.0
    noise = low_pass(studio.noise(duration_s), cutoff_hz, studio.sample_rate)
    noise *= decay(studio, duration_s, duration_s * studio.uniform(0.6, 1.2))
    boom = sine(np.full(len(noise), studio.uniform(25.0, 60.0)), studio.sample_rate)
    return np.tanh((noise + studio.uniform(0.0, 0.8) * boom * decay(studio, duration_s, duration_s)) * 2.0)


def weather(studio: Studio) -> Signal:
    """Wind, rain or surf: slowly moving filtered noise, at times with drops."""
    duration_s = studio.uniform(1.0, 3.0)
    n, knots = studio.samples(duration_s), int(studio.rng.integers(3, 14))
    gusts = np.interp(np.linspace(0, 1, n), np.linspace(0, 1, knots), studio.rng.uniform(0.2, 1.0, knots))
    hz = studio.log_uniform(200.0, 5000.0) * 2.0 ** (2.0 * gusts - 1.0)
    wave = band_pass(studio.noise(duration_s), hz, studio.sample_rate, q=studio.log_uniform(0.4, 6.0)) * gusts
    if studio.chance(0.4):
        drops = studio.noise(duration_s) * (studio.rng.random(n) < studio.log_uniform(0.0005, 0.02))
        wave = studio.uniform(0.0, 1.0) * wave + band_pass(drops, studio.log_uniform(1500, 7000), studio.sample_rate)
    return wave


def burst(studio: Studio) -> Signal:
    """A short or long burst of coloured noise with a plain envelope: steam, a switch, tape hiss."""
    duration_s = studio.log_uniform(0.3, 2.5)
    wave = studio.noise(duration_s)
    wave = low_pass(wave, studio.log_uniform(300.0, 14_000.0), studio.sample_rate)
    wave = high_pass(wave, studio.log_uniform(20.0, 3000.0), studio.sample_rate)
    return wave if studio.chance(0.5) else wave * np.hanning(len(wave))


def beeps(studio: Studio) -> Signal:
    """Tones of a machine: one, or a row of equal or alternating ones."""
    duration_s = studio.uniform(0.3, 2.5)
    t, period_s = studio.time(duration_s), studio.uniform(0.08, 0.6)
    pair = np.array([studio.log_uniform(300.0, 4000.0), studio.log_uniform(300.0, 4000.0)])
    hz = pair[(t / period_s).astype(int) % int(studio.pick(1, 2))]
    gate = (np.mod(t, period_s) < studio.uniform(0.3, 1.0) * period_s).astype(np.float64)
    half = np.full(len(t), 0.5)
    wave = sine(hz, studio.sample_rate) if studio.chance(0.6) else pulse(hz, studio.sample_rate, width=half)
    return wave * gate


def glitch(studio: Studio) -> Signal:
    """Short grains of noise, tones and repeats, held and crushed."""
    duration_s = studio.uniform(0.4, 2.5)
    total, place = np.zeros(studio.samples(duration_s)), 0
    while place < len(total):
        length = studio.samples(studio.log_uniform(0.005, 0.15))
        grain = _grain(studio, length)[: len(total) - place]
        total[place : place + len(grain)] = grain
        place += length
    hold = int(studio.rng.integers(1, 24))
    return np.repeat(total[::hold], hold)[: len(total)]


def _grain(studio: Studio, length: int) -> Signal:
    if studio.chance(0.25):
        return np.zeros(length)
    if studio.chance(0.5):
        return np.tile(studio.rng.standard_normal(int(studio.rng.integers(8, 400))), length)[:length] * 0.5
    return sine(np.full(length, studio.log_uniform(60.0, 9000.0)), studio.sample_rate)


def hum(studio: Studio) -> Signal:
    """Mains hum, engines and drones: few low harmonics, modulated, with noise."""
    duration_s, hz = studio.uniform(1.0, 3.0), studio.pick(50.0, 60.0, studio.uniform(20.0, 120.0))
    t = studio.time(duration_s)
    wave = np.zeros(len(t))
    for k in range(1, 14):
        wave += studio.rng.random() / k**0.7 * np.sin(2 * np.pi * (k * hz * t + studio.uniform(0, 1)))
    wave *= 1.0 + studio.uniform(0.0, 0.9) * np.sin(2 * np.pi * studio.log_uniform(0.5, 25.0) * t)
    noise = low_pass(studio.noise(duration_s), studio.log_uniform(200.0, 6000.0), studio.sample_rate)
    return wave + studio.uniform(0.0, 1.5) * noise
