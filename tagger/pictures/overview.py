"""A recording at a glance: what a picture of it needs, in memory that does not grow with its length.

Blocks come in as they are decoded and go into columns: least and greatest sample, and mel power. The hop is
chosen by the duration that the container tells. When that was too little, or the recording is longer than
the largest hop allows for, columns are folded in pairs, so that there are never more than `MAX_COLUMNS`.

Mel power is computed by the frontend at the file's own rate, but with more and finer bands than the network
gets: a picture is for eyes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tagger.audio import PathLike, open_audio
from tagger.frontend import MelParameters, MelStream, Samples, decibels

MAX_COLUMNS: Final = 2000

_AIMED_COLUMNS: Final = 1500
# Longer, and frames would leave gaps between their windows; shorter, and a column is finer than any screen.
_LARGEST_HOP_S: Final = 0.02
_SMALLEST_HOP_S: Final = 0.0005
_WINDOW_S: Final = 2048 / 44100
_BANDS: Final = 96
# Below this rate fewer bands, since some would hold no bin of the FFT and stay black.
_RATE_OF_ALL_BANDS: Final = 8000
_FMIN_HZ: Final = 40.0
_FMAX_HZ: Final = 20_000.0

Columns = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Overview:
    """A recording in at most `MAX_COLUMNS` columns.

    Attributes:
        duration_s: length of the recording in seconds.
        column_s: seconds from one column to the next; column `i` begins at `i * column_s`.
        peaks: (columns, 2) float32, least and greatest sample of each column, full scale -1 to 1.
        mel: (columns, n_mels) float32, mean mel power of each column in dB relative to full scale.
        edges_hz: (n_mels + 2,) float64, where the bands begin, peak and end; band `m` peaks at edge `m + 1`.
        is_sketch: whether only a part of each column was looked at.
    """

    duration_s: float
    column_s: float
    peaks: Columns
    mel: Columns
    edges_hz: npt.NDArray[np.float64]
    is_sketch: bool = False


class OverviewBuilder:
    """Makes an overview of blocks as they come, beside whatever else reads them."""

    def __init__(self, sample_rate: int, *, duration_s: float = 0.0) -> None:
        """Starts an overview.

        Args:
            sample_rate: of the blocks, in Hz.
            duration_s: how long the recording is as far as is known; 0 where nothing is.
        """
        self._sample_rate = sample_rate
        self._hop_length = _hop_length(duration_s, sample_rate)
        self._parameters = mel_parameters(sample_rate, self._hop_length)
        self._stream = MelStream(self._parameters, sample_rate)
        self._pending: Samples = np.zeros(0, dtype=np.float32)
        self._length = 0
        self._least = _Folding(np.min)
        self._greatest = _Folding(np.max)
        self._power = _Folding(np.mean)

    def push(self, block: Samples) -> None:
        """Takes the next samples: (n,) float32, mono; n may be 0."""
        self._length += len(block)
        samples = np.concatenate([self._pending, block])
        whole = len(samples) // self._hop_length * self._hop_length
        self._pending = samples[whole:].copy()
        self._measure(samples[:whole].reshape(-1, self._hop_length))
        self._power.push(self._stream.push(block))

    def finish(self) -> Overview:
        """The overview of all that came; nothing can be pushed after."""
        if len(self._pending):
            self._measure(self._pending[np.newaxis])
        # A frame may stand at the very end of the signal, where no column begins.
        missing = self._least.rows - self._power.rows
        self._power.push(self._stream.finish()[:missing])
        # Before the factor is asked for, since this may fold once more.
        least, greatest = self._least.columns(), self._greatest.columns()
        return Overview(
            duration_s=self._length / self._sample_rate,
            column_s=self._hop_length * self._least.factor / self._sample_rate,
            peaks=np.concatenate([least, greatest], axis=1),
            mel=decibels(self._power.columns(), self._parameters),
            edges_hz=self._parameters.edges_hz(),
        )

    def _measure(self, hops: Samples) -> None:
        self._least.push(hops.min(axis=1, keepdims=True))
        self._greatest.push(hops.max(axis=1, keepdims=True))


def overview(path: PathLike, *, progress: Callable[[float], None] | None = None) -> Overview:
    """Reads a file once, from start to end.

    Args:
        path: the audio file.
        progress: is called with the seconds read so far.

    Raises:
        DecodeError: the file cannot be read, is cut off, damaged, or is no audio that can be decoded.
    """
    with open_audio(path) as audio:
        builder = OverviewBuilder(audio.facts.sample_rate, duration_s=audio.facts.duration_s)
        read_s = 0.0
        for block in audio.blocks():
            builder.push(block)
            read_s += len(block) / audio.facts.sample_rate
            if progress is not None:
                progress(read_s)
        return builder.finish()


def mel_parameters(sample_rate: int, hop_length: int) -> MelParameters:
    """The bands of a picture, at a rate in Hz and with so many samples between two frames."""
    return MelParameters(
        window_s=_WINDOW_S,
        hop_s=hop_length / sample_rate,
        n_mels=max(1, min(_BANDS, _BANDS * sample_rate // _RATE_OF_ALL_BANDS)),
        fmin_hz=min(_FMIN_HZ, sample_rate / 100),
        fmax_hz=min(_FMAX_HZ, sample_rate / 2),
    )


class _Folding:
    """Rows combined into columns, `factor` at a time; the factor doubles whenever there are too many columns.

    Attributes:
        rows: how many came.
        factor: how many make a column.
    """

    def __init__(self, combine: Callable[..., Columns]) -> None:
        self._combine = combine
        self._columns: Columns = np.empty((MAX_COLUMNS, 0), dtype=np.float32)
        self._count = 0
        self._pending: Columns = np.empty((0, 0), dtype=np.float32)
        self.rows = 0
        self.factor = 1

    def push(self, rows: Columns) -> None:
        """Takes (n, width) rows; the width is always the same."""
        if not self.rows:
            self._columns = np.empty((MAX_COLUMNS, rows.shape[1]), dtype=np.float32)
            self._pending = rows[:0]
        self.rows += len(rows)
        rows = np.concatenate([self._pending, rows])
        while len(rows) >= self.factor:
            if self._count == MAX_COLUMNS:
                self._fold()
                continue
            count = min(len(rows) // self.factor, MAX_COLUMNS - self._count)
            groups = rows[: count * self.factor].reshape(count, self.factor, -1)
            self._columns[self._count : self._count + count] = self._combine(groups, axis=1)
            self._count += count
            rows = rows[count * self.factor :]
        self._pending = rows.copy()

    def columns(self) -> Columns:
        """(n, width) float32, n at most `MAX_COLUMNS`; the last may be of fewer rows than the others."""
        if not len(self._pending):
            return self._columns[: self._count].copy()
        if self._count == MAX_COLUMNS:
            self._fold()
        last = self._combine(self._pending, axis=0, keepdims=True)
        return np.concatenate([self._columns[: self._count], last])

    def _fold(self) -> None:
        self._count = MAX_COLUMNS // 2
        self._columns[: self._count] = self._combine(self._columns.reshape(self._count, 2, -1), axis=1)
        self.factor *= 2


def _hop_length(duration_s: float, sample_rate: int) -> int:
    aimed_s = duration_s / _AIMED_COLUMNS if duration_s > 0 else _LARGEST_HOP_S
    return max(1, round(min(max(aimed_s, _SMALLEST_HOP_S), _LARGEST_HOP_S) * sample_rate))
