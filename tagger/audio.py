"""From a file to mono blocks at the file's own sample rate, in bounded memory.

libsndfile decodes what it can, FFmpeg (PyAV, the extra `m4a`) the rest. A file is only given to a decoder
once its container has been recognised and its payload hashed, so that nonsense with an audio name, files that
are cut off and files that cannot be read are told in plain words and never reach a decoder's guesswork.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import soundfile

from tagger.errors import DecodeError
from tagger.payload import file_hash, open_file
from tagger.results import AudioFacts

Samples = npt.NDArray[np.float32]

AUDIO_SUFFIXES: Final = frozenset(
    ".aac .aif .aifc .aiff .au .bwf .caf .flac .m4a .m4b .mp2 .mp3 .oga .ogg .opus"
    " .rf64 .snd .w64 .wav .wave .wma .wv".split()
)

# Interleaved samples decoded at a time: few enough to stay in the cache until they are mixed.
_SAMPLES_PER_READ: Final = 1 << 16
_SAMPLE_RATES: Final = range(1_000, 768_001)
# No recording reaches this; integers or text taken for floats do.
_LARGEST_SAMPLE: Final = 1e9


class Decoder(Protocol):
    """Something that decodes one file, in order."""

    sample_rate: int
    channels: int
    duration_s: float

    def read(self, mono: Samples) -> int:
        """Fills `mono` from the front; returns how many samples, fewer than asked only at the end."""

    def close(self) -> None:
        """Closes the file."""


class AudioFile:
    """An audio file being read; made by `open_audio`.

    Attributes:
        facts: what the container says, and the payload's hash.
    """

    def __init__(self, path: str | os.PathLike[str], decoder: Decoder, *, payload_hash: str) -> None:
        self._path = path
        self._decoder = decoder
        self.facts = AudioFacts(decoder.duration_s, decoder.sample_rate, decoder.channels, payload_hash)

    def blocks(self, block_s: float = 10.0) -> Iterator[Samples]:
        """Decodes the file once, from its start to its end.

        Args:
            block_s: length of all blocks but the last, in seconds.

        Yields:
            (n,) float32, mono (mean of the channels) at the file's own rate, full scale -1 to 1, finite. Each
            block is a new array.

        Raises:
            DecodeError: the file is damaged, cut off or gone, or holds no samples.
        """
        length = max(1, round(block_s * self.facts.sample_rate))
        total = 0
        while True:
            mono = np.empty(length, dtype=np.float32)
            count = self._decoder.read(mono)
            total += count
            if count:
                yield _sane(mono[:count])
            if count < length:
                break
        if not total:
            raise DecodeError(self._path, "holds no samples")


@contextmanager
def open_audio(path: str | os.PathLike[str]) -> Iterator[AudioFile]:
    """Opens an audio file, hashes its payload and makes ready to decode it.

    Args:
        path: the file; its suffix does not matter.

    Yields:
        The open file.

    Raises:
        DecodeError: the file cannot be read, is cut off, or is no audio that can be decoded.
    """
    with open_file(path) as file:
        payload = file_hash(path, file)
        with closing(_SndfileDecoder(path)) as decoder:
            yield AudioFile(path, decoder, payload_hash=payload)


class _Sequential(soundfile.SoundFile):  # type: ignore[misc]
    """A file that is only read on and on.

    For a file that can be sought, soundfile seeks after each read to where it is already. That makes
    MP3 and FLAC slower and fails at the end of a FLAC file of unknown length.
    """

    def seekable(self) -> bool:
        return False


class _SndfileDecoder:
    """Decodes by libsndfile."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = _Sequential(os.fspath(path))
        self.sample_rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.duration_s = self._file.frames / self.sample_rate
        frames = max(1, _SAMPLES_PER_READ // self.channels)
        self._interleaved = np.empty((frames, self.channels), dtype=np.float32)

    def read(self, mono: Samples) -> int:
        filled = 0
        while filled < len(mono):
            wanted = self._interleaved[: len(mono) - filled]
            count = self._file.buffer_read_into(wanted, "float32")
            if not count:
                break
            _mix(wanted[:count], mono[filled : filled + count])
            filled += count
        return filled

    def close(self) -> None:
        self._file.close()


def _mix(interleaved: Samples, mono: Samples) -> None:
    """Writes the mean of (n, channels) `interleaved` into (n,) `mono`; numpy's mean takes 20 times as long."""
    channels = interleaved.shape[1]
    if channels == 1:
        mono[:] = interleaved[:, 0]
        return
    if channels == 2:
        np.add(interleaved[:, 0], interleaved[:, 1], out=mono)
    else:
        np.einsum("ij->i", interleaved, out=mono)
    mono *= np.float32(1 / channels)


def _sane(mono: Samples) -> Samples:
    """Silences, in place, samples that are not numbers or far beyond any recording's range."""
    sane = np.abs(mono) < _LARGEST_SAMPLE
    if not sane.all():
        mono[~sane] = 0
    return mono
