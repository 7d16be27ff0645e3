"""From a file to mono blocks at the file's own sample rate, in bounded memory.

A file meets a decoder only after it could be opened and its payload was hashed: that it is empty, cut off
or out of reach is then said in plain words, not in a decoder's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from tagger.decoders import DamagedError, Decoder, decoder_of
from tagger.errors import DecodeError
from tagger.payload import hash_payload, open_file
from tagger.results import AudioFacts

Samples = npt.NDArray[np.float32]
PathLike = str | os.PathLike[str]

AUDIO_SUFFIXES: Final = frozenset(
    {".aac", ".aif", ".aifc", ".aiff", ".au", ".bwf", ".caf", ".flac", ".m4a", ".m4b", ".mp2", ".mp3", ".oga"}
    | {".ogg", ".opus", ".rf64", ".snd", ".w64", ".wav", ".wave", ".wma", ".wv"}
)
"""Suffixes, in lower case, of the files that a walk through a library looks at."""

_SAMPLE_RATES: Final = range(1_000, 768_001)
# No recording reaches this; integers or text taken for floats do.
_LARGEST_SAMPLE: Final = 1e9


class AudioFile:
    """An audio file being read; made by `open_audio`.

    Attributes:
        facts: what the container says, and the payload's hash. As some containers estimate their duration
            (MP3) or leave it out, it is the counted one after `blocks` has been read to its end.
    """

    def __init__(self, path: PathLike, decoder: Decoder, *, payload_hash: str) -> None:
        self._path = path
        self._decoder = decoder
        self.facts = AudioFacts(
            duration_s=decoder.frames / decoder.sample_rate,
            sample_rate=decoder.sample_rate,
            channels=decoder.channels,
            payload_hash=payload_hash,
        )

    def blocks(self, block_s: float = 10.0) -> Iterator[Samples]:
        """Decodes the file from its start to its end; once.

        Args:
            block_s: length of all blocks but the last, in seconds.

        Yields:
            (n,) float32, mono (mean of the channels) at the file's own rate, full scale -1 to 1. Samples that are
            not finite are 0. Each block is a new array.

        Raises:
            DecodeError: the file is damaged, changes while it is read, or holds no samples.
        """
        length = max(1, round(block_s * self.facts.sample_rate))
        count, total = length, 0
        while count == length:
            mono = np.empty(length, dtype=np.float32)
            count = self._read(mono)
            total += count
            if count:
                yield _silence_garbage(mono[:count])
        self._finish(total)

    def _read(self, mono: Samples) -> int:
        try:
            return self._decoder.read(mono)
        except DamagedError:
            raise self._damaged() from None

    def _finish(self, total: int) -> None:
        if self._decoder.counts_frames and total < 0.99 * self._decoder.frames:
            raise self._damaged()
        if not total:
            raise DecodeError(self._path, "holds no samples", "if its recording was cut off, repair its header")
        self.facts = replace(self.facts, duration_s=total / self.facts.sample_rate)

    def _damaged(self) -> DecodeError:
        return DecodeError(
            self._path, "damaged or truncated: it cannot be decoded to its end", "copy or export it again"
        )


@contextmanager
def open_audio(path: PathLike) -> Iterator[AudioFile]:
    """Opens an audio file, hashes its payload and makes ready to decode it.

    Args:
        path: the file; its suffix does not matter.

    Yields:
        The open file.

    Raises:
        DecodeError: the file cannot be read, is cut off, or is no audio that can be decoded.
    """
    with open_file(path) as file:
        payload_hash = hash_payload(path, file)
        with closing(decoder_of(path, file)) as decoder:
            if decoder.sample_rate not in _SAMPLE_RATES:
                raise DecodeError(path, f"has an unlikely sample rate of {decoder.sample_rate} Hz")
            yield AudioFile(path, decoder, payload_hash=payload_hash)


def _silence_garbage(mono: Samples) -> Samples:
    """Sets samples to 0, in place, that are no numbers or far beyond the range of any recording."""
    if not (mono.max() < _LARGEST_SAMPLE and mono.min() > -_LARGEST_SAMPLE):
        mono[~(np.abs(mono) < _LARGEST_SAMPLE)] = 0
    return mono
