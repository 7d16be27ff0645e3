"""From a file to what loudspeakers take: 16-bit frames of one or two channels, from any place on.

Channels beyond two are mixed down as ITU-R BS.775 has it, in WAVE's order, which both decoders keep: centre and
surround at -3 dB, and all so much softer that nothing clips. What has a number of channels that is no known
arrangement, as recordings of a whole stage, is heard in the middle.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from tagger.decoders import DamagedError, Decoder, Samples, decoder_of
from tagger.errors import DecodeError
from tagger.payload import open_file

Frames = npt.NDArray[np.int16]

_HALF: Final = 0.5**0.5
_LEFT_AND_RIGHT: Final = {
    3: ((1, 0, _HALF), (0, 1, _HALF)),
    4: ((1, 0, _HALF, 0), (0, 1, 0, _HALF)),
    5: ((1, 0, _HALF, _HALF, 0), (0, 1, _HALF, 0, _HALF)),
    6: ((1, 0, _HALF, 0, _HALF, 0), (0, 1, _HALF, 0, 0, _HALF)),
    8: ((1, 0, _HALF, 0, _HALF, 0, _HALF, 0), (0, 1, _HALF, 0, 0, _HALF, 0, _HALF)),
}
"""What goes to the left and to the right, by the number of channels; the low-frequency channel is left out."""

_FULL_SCALE: Final = np.float32(1 << 15)


class Playable:
    """A file opened to be played, from any place on. To be closed, or used as a context.

    Args:
        path: the file; what is cut off or damaged is played as far as it goes.
        duration_s: its length if it was counted before; some containers estimate it, or leave it out.

    Attributes:
        sample_rate: in Hz, the file's own.
        channels: 1 or 2.
        frames: how many there are.

    Raises:
        DecodeError: the file cannot be read, is no audio that can be decoded, or nothing says how long it is.
    """

    def __init__(self, path: Path, *, duration_s: float = 0.0) -> None:
        with open_file(path) as file:
            self._decoder: Decoder = decoder_of(path, file, mix=to_stereo)
        self.sample_rate = self._decoder.sample_rate
        self.channels = min(2, self._decoder.channels)
        self.frames = self._decoder.frames
        if duration_s and not self._decoder.counts_frames:
            self.frames = round(duration_s * self.sample_rate)
        if self.frames <= 0:
            self.close()
            raise DecodeError(path, "does not say how long it is", "copy or export it again")
        self._at = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, start: int, count: int) -> Frames:
        """Decodes frames of a place; the next ones come quickest.

        Args:
            start: the first.
            count: how many.

        Returns:
            (count, channels) int16; what is damaged or beyond the end is silent.
        """
        samples = np.zeros((self.channels, count), dtype=np.float32)
        try:
            if start != self._at:
                self._decoder.seek(start)
            self._decoder.read(samples)
            self._at = start + count
        except DamagedError:
            self._at = -1
        return _in_16_bits(samples)

    def close(self) -> None:
        """Lets go of the file."""
        self._decoder.close()


def to_stereo(planes: Samples) -> Samples:
    """One or two channels of (channels, n) samples: (1 or 2, n)."""
    channels = len(planes)
    if channels <= 2:
        return planes
    weights = np.array(_LEFT_AND_RIGHT.get(channels, ((1,) * channels,) * 2), dtype=np.float32)
    mixed: Samples = (weights / weights.sum(axis=1, keepdims=True)) @ planes
    return mixed


def _in_16_bits(samples: Samples) -> Frames:
    samples *= _FULL_SCALE
    np.nan_to_num(samples, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    np.rint(samples, out=samples)
    np.clip(samples, -_FULL_SCALE, _FULL_SCALE - 1, out=samples)
    return np.ascontiguousarray(samples.T, dtype=np.int16)
