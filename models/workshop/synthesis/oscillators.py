"""The parts that the synthesizers are built of: oscillators, envelopes, filters, modes.

All signals are mono float64 arrays; frequencies are in Hz and may vary from sample to sample. A `Studio`
holds what every voice needs: the random generator that its parameters are drawn from, the sample rate, and
the single-cycle wavetables.

Sources: polynomial band-limited steps after Välimäki and Huovilainen (2007); biquads after Bristow-Johnson,
"Cookbook formulae for audio EQ biquad filter coefficients".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import signal

Signal = npt.NDArray[np.float64]
Wavetables = npt.NDArray[np.float32]

_BLOCK: Final = 64


@dataclass(frozen=True, slots=True)
class Studio:
    """What a voice is played with.

    Attributes:
        rng: every parameter of every voice is drawn from it.
        sample_rate: in Hz.
        wavetables: (n, length) float32 single cycles in -1 to 1, n at least 1.
    """

    rng: np.random.Generator
    sample_rate: int
    wavetables: Wavetables

    def uniform(self, low: float, high: float) -> float:
        """A number drawn evenly between `low` and `high`."""
        return float(self.rng.uniform(low, high))

    def log_uniform(self, low: float, high: float) -> float:
        """A number between `low` and `high`, both above 0, every octave as likely as any other."""
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return bool(self.rng.random() < probability)

    def pick(self, *choices: float) -> float:
        """One of the choices."""
        return float(self.rng.choice(choices))

    def samples(self, duration_s: float) -> int:
        """Length in samples, at least 1."""
        return max(1, round(duration_s * self.sample_rate))

    def time(self, duration_s: float) -> Signal:
        """Time in seconds of every sample."""
        return np.arange(self.samples(duration_s)) / self.sample_rate

    def noise(self, duration_s: float) -> Signal:
        """White noise of standard deviation 1."""
        return self.rng.standard_normal(self.samples(duration_s))

    def note(self, lowest: int, highest: int) -> float:
        """Frequency of an equal-tempered note between two MIDI note numbers, a few cents off."""
        return midi_hz(int(self.rng.integers(lowest, highest + 1)) + self.uniform(-0.08, 0.08))


def midi_hz(pitch: float) -> float:
    """Frequency of a MIDI note number; 69 is 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def phase(frequency_hz: Signal, sample_rate: int, start: float = 0.0) -> Signal:
    """Running phase in cycles, 0 to 1."""
    return np.mod(start + np.cumsum(frequency_hz / sample_rate), 1.0)


def sine(frequency_hz: Signal, sample_rate: int, start: float = 0.0) -> Signal:
    """A sine of varying frequency."""
    return np.sin(2.0 * np.pi * phase(frequency_hz, sample_rate, start))


def saw(frequency_hz: Signal, sample_rate: int, start: float = 0.0) -> Signal:
    """A sawtooth with a smoothed step (polyBLEP)."""
    return _saw_of(phase(frequency_hz, sample_rate, start), frequency_hz / sample_rate)


def pulse(frequency_hz: Signal, sample_rate: int, *, width: Signal, start: float = 0.0) -> Signal:
    """A pulse wave of varying width (0 to 1), made of two sawtooths."""
    cycles, step = phase(frequency_hz, sample_rate, start), frequency_hz / sample_rate
    return 0.5 * (_saw_of(cycles, step) - _saw_of(np.mod(cycles + width, 1.0), step))


def _saw_of(cycles: Signal, step: Signal) -> Signal:
    wave = 2.0 * cycles - 1.0
    after, before = cycles < step, cycles > 1.0 - step
    t = cycles[after] / step[after]
    wave[after] -= 2.0 * t - t * t - 1.0
    t = (cycles[before] - 1.0) / step[before]
    wave[before] -= t * t + 2.0 * t + 1.0
    return wave


def wavetable(table: npt.NDArray[np.float32], frequency_hz: Signal, sample_rate: int) -> Signal:
    """A single cycle read at a varying frequency, its partials above half the sample rate removed."""
    spectrum = np.fft.rfft(table)
    spectrum[0] = 0.0
    spectrum[max(2, int(0.5 * sample_rate / frequency_hz.max())) :] = 0.0
    cycle = np.fft.irfft(spectrum, len(table))
    cycle /= np.abs(cycle).max() + 1e-9
    position = phase(frequency_hz, sample_rate) * len(cycle)
    wave: Signal = np.interp(position, np.arange(len(cycle) + 1), np.append(cycle, cycle[0]))
    return wave


def adsr(
    studio: Studio, duration_s: float, *, attack_s: float, decay_s: float, sustain: float, release_s: float
) -> Signal:
    """An envelope from 0 to 1: linear attack, exponential decay to `sustain`, release at the end."""
    t = studio.time(duration_s)
    rise = np.minimum(t / max(attack_s, 1e-4), 1.0)
    fall = sustain + (1.0 - sustain) * np.exp(-np.maximum(t - attack_s, 0.0) / max(decay_s, 1e-3) * 3.0)
    held_s = max(duration_s - release_s, 0.0)
    tail = np.exp(-np.maximum(t - held_s, 0.0) / max(release_s, 1e-3) * 5.0)
    return rise * fall * tail


def decay(studio: Studio, duration_s: float, t60_s: float) -> Signal:
    """An exponential decay from 1 that falls by 60 dB in `t60_s`."""
    return np.exp(-6.9078 * studio.time(duration_s) / t60_s)


def low_pass(samples: Signal, cutoff_hz: Signal | float, sample_rate: int, *, q: float = 0.707) -> Signal:
    """A second-order low-pass whose cutoff may vary from sample to sample."""
    return _swept("low", samples, cutoff_hz, sample_rate, q)


def band_pass(samples: Signal, centre_hz: Signal | float, sample_rate: int, *, q: float = 1.0) -> Signal:
    """A second-order band-pass, 0 dB at its centre, which may vary from sample to sample."""
    return _swept("band", samples, centre_hz, sample_rate, q)


def high_pass(samples: Signal, cutoff_hz: Signal | float, sample_rate: int, *, q: float = 0.707) -> Signal:
    """A second-order high-pass whose cutoff may vary from sample to sample."""
    return _swept("high", samples, cutoff_hz, sample_rate, q)


def _swept(kind: str, samples: Signal, hz: Signal | float, sample_rate: int, q: float) -> Signal:
    """Filters block by block, the filter's state kept; one block where the frequency is fixed."""
    if not isinstance(hz, np.ndarray):
        b, a = _biquad(kind, hz, sample_rate, q)
        fixed: Signal = signal.lfilter(b, a, samples)
        return fixed
    filtered, state = np.empty_like(samples), np.zeros(2)
    for start in range(0, len(samples), _BLOCK):
        b, a = _biquad(kind, float(hz[start]), sample_rate, q)
        block = slice(start, start + _BLOCK)
        filtered[block], state = signal.lfilter(b, a, samples[block], zi=state)
    return filtered


def _biquad(kind: str, hz: float, sample_rate: int, q: float) -> tuple[list[float], list[float]]:
    omega = 2.0 * np.pi * min(max(hz, 10.0), 0.47 * sample_rate) / sample_rate
    alpha, cosine = float(np.sin(omega) / (2.0 * q)), float(np.cos(omega))
    numerators = {
        "low": [(1.0 - cosine) / 2.0, 1.0 - cosine, (1.0 - cosine) / 2.0],
        "high": [(1.0 + cosine) / 2.0, -1.0 - cosine, (1.0 + cosine) / 2.0],
        "band": [alpha, 0.0, -alpha],
    }
    return [b / (1.0 + alpha) for b in numerators[kind]], [
        1.0,
        -2.0 * cosine / (1.0 + alpha),
        (1.0 - alpha) / (1.0 + alpha),
    ]


def modes(
    studio: Studio,
    duration_s: float,
    *,
    frequencies_hz: Sequence[float] | Signal,
    gains: Sequence[float] | Signal,
    t60s_s: Sequence[float] | Signal,
) -> Signal:
    """Modal synthesis: a sum of decaying sines; those above half the sample rate are left out."""
    t, total = studio.time(duration_s), np.zeros(studio.samples(duration_s))
    for hz, gain, t60_s in zip(frequencies_hz, gains, t60s_s, strict=True):
        if hz < 0.48 * studio.sample_rate:
            start = studio.uniform(-0.3, 0.3)
            total += gain * np.sin(2.0 * np.pi * hz * t + start) * np.exp(-6.9078 * t / t60_s)
    return total


def mixed(parts: Iterable[Signal]) -> Signal:
    """The sum of signals of equal length; there must be at least one."""
    total: Signal = np.sum(list(parts), axis=0)
    return total


def finished(samples: Signal) -> npt.NDArray[np.float32]:
    """As float32 with its mean removed, ends faded over 2 ms, and its peak at 0.89."""
    centred = samples - samples.mean()
    fade = min(64, len(centred) // 4)
    centred[:fade] *= np.linspace(0.0, 1.0, fade)
    centred[-fade:] *= np.linspace(1.0, 0.0, fade)
    peak = np.abs(centred).max()
    sound: npt.NDArray[np.float32] = (centred * (0.89 / max(peak, 1e-9))).astype(np.float32)
    return sound
