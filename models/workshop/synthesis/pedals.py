"""What a finished wave is sent through: drive, loudspeaker cabinet, chorus, tremolo, rotary speaker, tape.

All of them are memoryless curves, biquads and varying delays, with every setting drawn at random.
"""

from __future__ import annotations

import numpy as np
from scipy import signal

from models.workshop.synthesis.oscillators import Signal, Studio, band_pass, high_pass, low_pass


def driven(studio: Studio, wave: Signal, gain: float) -> Signal:
    """Overdrive: a symmetric, an asymmetric, or two cascaded clipping stages, at twice the sample rate."""
    x = normalised(wave)
    if gain > 4.0:
        # Hard clipping makes partials far above half the sample rate; twice the rate keeps most from folding back.
        x = signal.resample_poly(x, 2, 1)
    stages = int(studio.rng.integers(3))
    if stages == 0:
        clipped = np.tanh(gain * x)
    elif stages == 1:
        bias = studio.uniform(0.1, 0.8)
        clipped = np.tanh(gain * x + bias) - np.tanh(bias)
    else:
        first = np.tanh(gain**0.5 * x + studio.uniform(-0.3, 0.3))
        clipped = np.clip(gain**0.5 * (first - first.mean()), -1.0, studio.uniform(0.5, 1.0))
    halved: Signal = signal.resample_poly(clipped, 1, 2)[: len(wave)] if gain > 4.0 else clipped
    return high_pass(halved, 25.0, studio.sample_rate)


def cabinet(studio: Studio, wave: Signal, *, lowest_hz: float = 80.0, highest_hz: float = 5000.0) -> Signal:
    """A loudspeaker in a box: band-limited, with random resonances, at times heard off its axis."""
    rate = studio.sample_rate
    total = wave.copy()
    for _ in range(int(studio.rng.integers(2, 7))):
        centre_hz, q = studio.log_uniform(1.2 * lowest_hz, 0.9 * highest_hz), studio.uniform(0.8, 5.0)
        total += studio.uniform(-0.7, 2.0) * band_pass(wave, centre_hz, rate, q=q)
    total = high_pass(total, lowest_hz * studio.uniform(0.6, 1.5), rate, q=studio.uniform(0.6, 1.6))
    cutoff_hz = highest_hz * studio.log_uniform(0.5, 1.4)
    total = low_pass(total, cutoff_hz, rate, q=studio.uniform(0.6, 1.4))
    if studio.chance(0.7):
        total = low_pass(total, cutoff_hz * studio.uniform(0.9, 1.4), rate)
    if studio.chance(0.3):
        place = studio.samples(studio.log_uniform(0.0002, 0.003))
        total[place:] += studio.uniform(-0.6, 0.6) * total[:-place].copy()
    return total


def chorus(studio: Studio, wave: Signal) -> Signal:
    """One or two copies of slowly varying delay; short and fed by itself it is a flanger."""
    t = np.arange(len(wave)) / studio.sample_rate
    total, base_s = wave.copy(), studio.log_uniform(0.001, 0.02)
    for _ in range(int(studio.pick(1, 1, 2))):
        swing = np.sin(2.0 * np.pi * (studio.log_uniform(0.15, 6.0) * t + studio.uniform(0.0, 1.0)))
        delay_s = base_s * (1.0 + studio.uniform(0.05, 0.5) * swing)
        total += studio.uniform(0.3, 1.0) * studio.pick(1.0, 1.0, -1.0) * _read(wave, t - delay_s, studio.sample_rate)
    return total


def tremolo(studio: Studio, wave: Signal) -> Signal:
    """Level that goes up and down, smoothly or nearly switched."""
    t = np.arange(len(wave)) / studio.sample_rate
    lfo = np.sin(2.0 * np.pi * (studio.log_uniform(2.0, 9.0) * t + studio.uniform(0.0, 1.0)))
    shape = studio.log_uniform(0.3, 6.0)
    depth = studio.uniform(0.15, 0.9)
    return wave * (1.0 - 0.5 * depth * (1.0 - np.tanh(shape * lfo) / np.tanh(shape)))


def rotary(studio: Studio, wave: Signal) -> Signal:
    """A rotating horn and drum: each turns its own band, which varies in level and by the Doppler effect."""
    rate, t = studio.sample_rate, np.arange(len(wave)) / studio.sample_rate
    low = low_pass(wave, studio.uniform(500.0, 1000.0), rate)
    total = np.zeros(len(wave))
    fast = studio.chance(0.6)
    for band in (low, wave - low):
        speed_hz = np.full(len(t), studio.uniform(5.0, 7.5) if fast else studio.uniform(0.5, 1.2))
        if studio.chance(0.2):
            speed_hz *= np.linspace(0.2, 1.0, len(t))[:: int(studio.pick(-1, 1))]
        turn = 2.0 * np.pi * (np.cumsum(speed_hz) / rate + studio.uniform(0.0, 1.0))
        moved = _read(band, t - studio.uniform(0.0002, 0.0008) * (1.0 + np.sin(turn)), rate)
        total += moved * (1.0 + studio.uniform(0.1, 0.6) * np.cos(turn))
    return total


def warped(wave: Signal, semitones: Signal, sample_rate: int) -> Signal:
    """The wave played at a varying speed: bends, slides, vibrato; what it runs past its end is silent."""
    position_s = np.cumsum(2.0 ** (semitones / 12.0)) / sample_rate
    return _read(wave, position_s - position_s[0], sample_rate)


def vibrato(studio: Studio, t: Signal, *, deepest: float) -> Signal:
    """Semitones of a delayed vibrato, up to `deepest`, whose rate and depth wander a little."""
    onset_s, grow_s = studio.uniform(0.0, 0.5), studio.uniform(0.05, 0.6)
    depth = studio.uniform(0.1, 1.0) * deepest * np.clip((t - onset_s) / grow_s, 0.0, 1.0)
    wander = 1.0 + studio.uniform(0.0, 0.12) * np.sin(
        2.0 * np.pi * (studio.uniform(0.3, 1.2) * t + studio.uniform(0, 1))
    )
    cycles = np.cumsum(studio.uniform(4.0, 7.2) * wander) * (t[1] - t[0] if len(t) > 1 else 0.0)
    return depth * np.sin(2.0 * np.pi * (cycles + studio.uniform(0.0, 1.0)))


def taped(studio: Studio, wave: Signal) -> Signal:
    """As from tape: wow, flutter, a narrow band, some saturation and hiss."""
    rate, t = studio.sample_rate, np.arange(len(wave)) / studio.sample_rate
    wow = studio.uniform(0.02, 0.2) * np.sin(2.0 * np.pi * (studio.uniform(0.4, 2.5) * t + studio.uniform(0, 1)))
    flutter = studio.uniform(0.0, 0.06) * np.sin(2.0 * np.pi * (studio.uniform(6.0, 14.0) * t + studio.uniform(0, 1)))
    played = warped(wave, wow + flutter - 0.05, rate)
    played = low_pass(
        high_pass(played, studio.log_uniform(60.0, 250.0), rate), studio.log_uniform(2500.0, 8000.0), rate
    )
    played = np.tanh(studio.uniform(0.3, 2.0) * normalised(played))
    return played + studio.log_uniform(0.0003, 0.006) * studio.rng.standard_normal(len(played))


def compressed(studio: Studio, wave: Signal) -> Signal:
    """Quieter where it is loud; what is faint comes up."""
    smoothing = float(np.exp(-1.0 / (studio.log_uniform(0.005, 0.08) * studio.sample_rate)))
    envelope = signal.lfilter([1.0 - smoothing], [1.0, -smoothing], np.abs(normalised(wave)))
    squeezed: Signal = wave / (0.05 + envelope) ** studio.uniform(0.2, 0.7)
    return squeezed


def normalised(wave: Signal) -> Signal:
    """With its peak at 1."""
    return wave / (float(np.abs(wave).max()) + 1e-12)


def _read(wave: Signal, at_s: Signal, sample_rate: int) -> Signal:
    read: Signal = np.interp(at_s * sample_rate, np.arange(len(wave)), wave, left=0.0, right=0.0)
    return read
