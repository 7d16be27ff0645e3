"""Variants of a clip in the audio domain: what happens to samples on their way to a library.

Only what cannot be done on mel power is done here (pitch, reverb, saturation, quantising); equalising,
mixing and noise are cheaper on the log-mel, at every step of the training anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.signal
import soundfile
import soxr

Samples = npt.NDArray[np.float32]


def read_impulse_responses(folder: Path, sample_rate: int) -> list[Samples]:
    """Impulse responses of a folder, mono, at most 1.5 s, of unit energy."""
    responses = []
    for path in sorted(folder.glob("*.ogg")):
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        response = soxr.resample(samples.mean(axis=1), rate, sample_rate)[: int(1.5 * sample_rate)]
        energy = float(np.sqrt(np.sum(response**2)))
        if energy > 0:
            responses.append((response / energy).astype(np.float32))
    return responses


def distort(samples: Samples, rng: np.random.Generator, rooms: Sequence[Samples], sample_rate: int) -> Samples:
    """One random variant of a clip.

    Args:
        samples: (n,) float32 at `sample_rate`.
        rng: source of all choices.
        rooms: impulse responses at `sample_rate`.
        sample_rate: in Hz.

    Returns:
        (m,) float32, peak within 1, at most 3.5 s.
    """
    if rng.random() < 0.7:
        samples = _repitch(samples, semitones=float(rng.uniform(-4, 4)))
    if rng.random() < 0.25:
        samples = _shorten(samples, rng, sample_rate)
    if rng.random() < 0.2:
        drive = np.float32(10 ** rng.uniform(0, 1.2))
        samples = np.tanh(samples * drive)
    if rng.random() < 0.4:
        samples = _reverberate(samples, rng, rooms, sample_rate)
    if rng.random() < 0.15:
        steps = np.float32(2 ** rng.integers(6, 11))
        samples = (np.round(samples * steps) / steps).astype(np.float32)
    peak = float(np.max(np.abs(samples), initial=1e-9))
    normalised: Samples = (samples * np.float32(0.9 / peak)).astype(np.float32)
    return normalised[: int(3.5 * sample_rate)]


def _repitch(samples: Samples, semitones: float) -> Samples:
    """Plays faster or slower, as a sampler does: pitch, length and formants move together."""
    repitched: Samples = soxr.resample(samples, 2 ** (semitones / 12), 1.0, quality="MQ")
    return repitched


def _shorten(samples: Samples, rng: np.random.Generator, sample_rate: int) -> Samples:
    """A shorter decay, as an envelope or a gate gives it."""
    time_s = np.arange(len(samples), dtype=np.float32) / sample_rate
    decay_s = np.float32(rng.uniform(0.08, 0.8))
    return samples * np.exp(-time_s / decay_s)


def _reverberate(samples: Samples, rng: np.random.Generator, rooms: Sequence[Samples], sample_rate: int) -> Samples:
    is_recorded = bool(rooms) and rng.random() < 0.6
    room = rooms[int(rng.integers(len(rooms)))] if is_recorded else _generated_room(rng, sample_rate)
    wet = scipy.signal.fftconvolve(samples, room).astype(np.float32)
    dry = np.zeros_like(wet)
    dry[: len(samples)] = samples
    balance = 10 ** (rng.uniform(-25, 0) / 20) * np.max(np.abs(dry)) / max(float(np.max(np.abs(wet))), 1e-9)
    return dry + wet * np.float32(balance)


def _generated_room(rng: np.random.Generator, sample_rate: int) -> Samples:
    """Exponentially decaying noise, T60 of 0.1 to 1.5 s."""
    t60_s = float(rng.uniform(0.1, 1.5))
    time_s = np.arange(int(t60_s * sample_rate)) / sample_rate
    return (rng.standard_normal(len(time_s)) * 10 ** (-3 * time_s / t60_s)).astype(np.float32)
