"""The log-mel frontend: one definition for files, blocks and live streams.

Mel power is computed at the signal's own sample rate, since resampling costs more than the mel itself.
That is sound because the window has the same *duration* at every rate: the FFT's bins then lie at the
same frequencies (to 0.1 %), and with the window normalised to sum 1, power does not depend on the rate
either. Bands above half the sample rate hold the floor. Rates at which a hop is no whole number of
samples are resampled first.

The numbers are those of `librosa.feature.melspectrogram` (Slaney mel scale and norm, periodic Hann,
centred frames padded with zeros) divided by the square of the window's sum.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.sparse

if TYPE_CHECKING:
    import soxr

Samples = npt.NDArray[np.float32]
Frames = npt.NDArray[np.float32]

# Enough frames for pocketfft to vectorise over them, few enough to stay in the L2 cache.
_FRAMES_PER_BLOCK: Final = 80
_LENGTH_TOLERANCE: Final = 1e-3
_NOTHING: Final = np.zeros(0, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class MelParameters:
    """What defines the frontend; stored in the model's file, so that both stay one.

    Attributes:
        window_s: length of the Hann window, in seconds.
        hop_s: time between frames, in seconds.
        n_mels: number of mel bands.
        fmin_hz: lower edge of the lowest band.
        fmax_hz: upper edge of the highest band.
        floor_db: least value of a log-mel cell, in dB relative to full scale.
    """

    window_s: float = 1440 / 44100
    hop_s: float = 0.02
    n_mels: int = 64
    fmin_hz: float = 40.0
    fmax_hz: float = 14000.0
    floor_db: float = -120.0

    def hop_length(self, sample_rate: int) -> int:
        """Samples between two frames at `sample_rate`."""
        return round(self.hop_s * sample_rate)

    def n_fft(self, sample_rate: int) -> int:
        """Window length in samples at `sample_rate`: right to 0.1 %, and cheap to transform."""
        exact = self.window_s * sample_rate
        slack = max(0.5, exact * _LENGTH_TOLERANCE)
        lengths = range(math.ceil(exact - slack), math.floor(exact + slack) + 1)
        return min(lengths, key=lambda n: (_largest_prime(n), abs(n - exact)))

    def edges_hz(self) -> npt.NDArray[np.float64]:
        """(n_mels + 2,) frequencies at which the triangles begin, peak and end; band `m` peaks at edge `m + 1`."""
        lowest, highest = _hz_to_mel(self.fmin_hz), _hz_to_mel(self.fmax_hz)
        return _mel_to_hz(np.linspace(lowest, highest, self.n_mels + 2))

    def native_rate(self, sample_rate: int) -> int:
        """The rate to compute at: `sample_rate` itself where a hop is a whole number of samples."""
        hop = self.hop_s * sample_rate
        if abs(hop - round(hop)) < 1e-9:
            return sample_rate
        return 32000 if sample_rate < 32000 else 48000


class MelStream:
    """Mel power of a signal that arrives in pieces of any size.

    Frame `t` is centred on sample `t * hop_length`, as if zeros stood around the signal. Frames do not
    depend on how the signal was cut into pieces.
    """

    def __init__(self, parameters: MelParameters, sample_rate: int) -> None:
        """Starts a stream.

        Args:
            parameters: the frontend's definition.
            sample_rate: of the samples that will come, in Hz.
        """
        rate = parameters.native_rate(sample_rate)
        self._resampler = None if rate == sample_rate else _resampler(sample_rate, rate)
        self._plan = _plan(parameters, rate)
        self._pending: Samples = np.zeros(self._plan.n_fft // 2, dtype=np.float32)

    def push(self, samples: Samples) -> Frames:
        """Takes the next samples and returns the frames that they complete.

        Args:
            samples: (n,) float32, full scale at 1; n may be 0.

        Returns:
            (frames, n_mels) float32 mel power.
        """
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        return self._advance(samples)

    def finish(self, samples: Samples = _NOTHING) -> Frames:
        """Ends the stream with its last samples: their frames, and those whose window reaches past the end."""
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples, last=True)
        return self._advance(samples, np.zeros(self._plan.n_fft // 2, dtype=np.float32))

    def _advance(self, *pieces: Samples) -> Frames:
        plan = self._plan
        signal = np.concatenate([self._pending, *pieces])
        count = max(0, (len(signal) - plan.n_fft) // plan.hop_length + 1)
        self._pending = signal[count * plan.hop_length :].copy()
        return plan.mel_power(signal, count)


def mel_power(samples: Samples, sample_rate: int, parameters: MelParameters) -> Frames:
    """Mel power of a whole signal.

    Args:
        samples: (n,) float32, full scale at 1.
        sample_rate: in Hz.
        parameters: the frontend's definition.

    Returns:
        (1 + n // hop_length, n_mels) float32, never negative.
    """
    return MelStream(parameters, sample_rate).finish(samples)


def log_mel(blocks: Iterable[Samples], sample_rate: int, parameters: MelParameters) -> Iterator[Frames]:
    """Log-mel of a signal that comes in blocks.

    Args:
        blocks: (n,) float32, full scale at 1, any n.
        sample_rate: in Hz.
        parameters: the frontend's definition.

    Yields:
        (frames, n_mels) float32 in dB, for each block the frames that it completes, and then the rest.
    """
    stream = MelStream(parameters, sample_rate)
    for block in blocks:
        yield decibels(stream.push(block), parameters)
    yield decibels(stream.finish(), parameters)


def decibels(power: Frames, parameters: MelParameters) -> Frames:
    """Mel power as dB relative to full scale, no lower than the floor; same shape, float32."""
    floor = np.float32(10 ** (parameters.floor_db / 10))
    log_mel = np.log10(np.maximum(power, floor))
    log_mel *= np.float32(10)
    return log_mel


@dataclass(frozen=True, slots=True)
class _Plan:
    """All that is computed once for a sample rate."""

    n_fft: int
    hop_length: int
    window: Samples
    first_bin: int
    filters: scipy.sparse.csr_array

    def mel_power(self, signal: Samples, count: int) -> Frames:
        mel = np.empty((count, self.filters.shape[0]), dtype=np.float32)
        if count:
            windows = np.lib.stride_tricks.sliding_window_view(signal, self.n_fft)[:: self.hop_length]
            workspace = np.empty((min(count, _FRAMES_PER_BLOCK), self.n_fft), dtype=np.float32)
            for start in range(0, count, _FRAMES_PER_BLOCK):
                block = windows[start : min(start + _FRAMES_PER_BLOCK, count)]
                weighted = np.multiply(block, self.window, out=workspace[: len(block)])
                mel[start : start + len(block)] = self._mel_of(weighted)
        return mel

    def _mel_of(self, weighted: Samples) -> Frames:
        spectrum = scipy.fft.rfft(weighted, axis=1)
        power = np.abs(spectrum[:, self.first_bin : self.first_bin + self.filters.shape[1]])
        power *= power
        mel: Frames = (self.filters @ power.T).T
        return mel


@lru_cache(maxsize=16)
def _plan(parameters: MelParameters, sample_rate: int) -> _Plan:
    n_fft = parameters.n_fft(sample_rate)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    filters = _mel_filters(parameters, sample_rate, n_fft)
    used = np.flatnonzero(filters.any(axis=0))
    first, last = int(used[0]), int(used[-1])
    return _Plan(
        n_fft=n_fft,
        hop_length=parameters.hop_length(sample_rate),
        window=(hann / hann.sum()).astype(np.float32),
        first_bin=first,
        filters=scipy.sparse.csr_array(filters[:, first : last + 1].astype(np.float32)),
    )


def _mel_filters(parameters: MelParameters, sample_rate: int, n_fft: int) -> npt.NDArray[np.float64]:
    """Triangles of unit area in Hz on the Slaney mel scale: (n_mels, 1 + n_fft // 2)."""
    bins_hz = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    edges_hz = parameters.edges_hz()[:, None]
    lower, centre, upper = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    rising = (bins_hz - lower) / (centre - lower)
    falling = (upper - bins_hz) / (upper - centre)
    triangles: npt.NDArray[np.float64] = np.maximum(0, np.minimum(rising, falling)) * 2 / (upper - lower)
    return triangles


# The Slaney scale (Auditory Toolbox, 1998): linear to 1 kHz, then 27 steps for each factor of 6.4.
_LINEAR_HZ_PER_MEL: Final = 200 / 3
_LOG_START_HZ: Final = 1000.0
_LOG_START_MEL: Final = _LOG_START_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP: Final = math.log(6.4) / 27


def _hz_to_mel(hz: float) -> float:
    if hz < _LOG_START_HZ:
        return hz / _LINEAR_HZ_PER_MEL
    return _LOG_START_MEL + math.log(hz / _LOG_START_HZ) / _LOG_STEP


def _mel_to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    logarithmic = _LOG_START_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _LOG_START_MEL) - _LOG_START_MEL))
    hz: npt.NDArray[np.float64] = np.where(mel < _LOG_START_MEL, mel * _LINEAR_HZ_PER_MEL, logarithmic)
    return hz


def _largest_prime(n: int) -> int:
    largest, divisor = 1, 2
    while divisor * divisor <= n:
        while n % divisor == 0:
            largest, n = divisor, n // divisor
        divisor += 1
    return max(largest, n)


def _resampler(from_rate: int, to_rate: int) -> soxr.ResampleStream:
    import soxr

    return soxr.ResampleStream(from_rate, to_rate, 1, dtype="float32")
