"""The two decoders: libsndfile for what it knows, FFmpeg (PyAV, the extra `m4a`) for the rest.

FFmpeg is told that the path is a file's, and the container. Left to guess, it takes any text with an audio
name for some format, and follows playlists and URLs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

import numpy as np
import numpy.typing as npt
import soundfile

from tagger.containers import Container, container_of, end_of_leading_tags
from tagger.errors import DecodeError

if TYPE_CHECKING:
    import av

Samples = npt.NDArray[np.float32]

# Interleaved samples decoded at a time: few enough to stay in the cache until they are mixed.
_SAMPLES_PER_READ: Final = 1 << 16
_UNKNOWN_FRAMES: Final = (1 << 63) - 1
_NO_AUDIO: Final = "is not audio of a known format"
_MPEG_SYNC: Final = re.compile(rb"\xff[\xe2-\xff]")
_MPEG_SEARCH_BYTES: Final = 1 << 16
_NO_SAMPLES: Final = np.empty(0, dtype=np.float32)
_FFMPEG_ONLY: Final = frozenset({Container.MP4, Container.ASF, Container.ADTS, Container.WAVPACK})


class Decoder(Protocol):
    """Something that decodes one file from start to end.

    Attributes:
        sample_rate: in Hz.
        channels: how many are mixed into one.
        frames: length that the container declares, in samples; 0 where it says nothing.
        counts_frames: whether that is a count, not an estimate.
    """

    sample_rate: int
    channels: int
    frames: int
    counts_frames: bool

    def read(self, mono: Samples) -> int:
        """Fills `mono` from the front; returns how far, less than its length only at the end."""

    def close(self) -> None:
        """Lets go of the file."""


class DamagedError(Exception):
    """Raised by decoders that cannot go on."""


def decoder_of(path: str | os.PathLike[str], file: BinaryIO) -> Decoder:
    """Chooses and opens the decoder for an open file.

    Raises:
        DecodeError: none can decode it, or the one that could is not installed.
    """
    container = container_of(file)
    if container in _FFMPEG_ONLY:
        return _FfmpegDecoder(path, container)
    if container is Container.OTHER and _only_says_mp3(path, file):
        raise DecodeError(path, _NO_AUDIO)
    try:
        return _SndfileDecoder(path)
    except (soundfile.LibsndfileError, TypeError):
        if not Path(path).exists():
            raise DecodeError(path, "vanished while it was read") from None
        if container is Container.OTHER:
            raise DecodeError(path, _NO_AUDIO) from None
        return _FfmpegDecoder(path, container)


def _only_says_mp3(path: str | os.PathLike[str], file: BinaryIO) -> bool:
    """Whether a file is called MP3 but has nothing of one; libmpg123 would print its doubts to the terminal."""
    file.seek(end_of_leading_tags(file))
    return Path(path).suffix.lower() == ".mp3" and not _MPEG_SYNC.search(file.read(_MPEG_SEARCH_BYTES))


class _ForwardFile(soundfile.SoundFile):  # type: ignore[misc]
    """A file that is only read on and on.

    Where it can, soundfile seeks after each read to where it is already. That makes MP3 and FLAC slower,
    and fails at the end of a FLAC file of unknown length.
    """

    def seekable(self) -> bool:
        return False


class _SndfileDecoder:
    """Decodes by libsndfile.

    Raises:
        soundfile.LibsndfileError: libsndfile does not know the format.
        TypeError: the name is one that soundfile takes for headerless samples.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = _ForwardFile(os.fspath(path))
        self.sample_rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.frames: int = self._file.frames if self._file.frames < _UNKNOWN_FRAMES else 0
        self.counts_frames = self._file.format != "MP3" and self.frames > 0
        # What stands behind the last frame, as ID3v1 tags do, would be an error to the FLAC decoder.
        self._left = self.frames if self.counts_frames else _UNKNOWN_FRAMES
        frames = max(1, _SAMPLES_PER_READ // self.channels)
        self._interleaved = np.empty((frames, self.channels), dtype=np.float32)

    def read(self, mono: Samples) -> int:
        filled = 0
        while wanted := min(len(mono) - filled, len(self._interleaved), self._left):
            interleaved = self._interleaved[:wanted]
            try:
                count = self._file.buffer_read_into(interleaved, "float32")
            except soundfile.LibsndfileError as error:
                raise DamagedError from error
            if not count:
                break
            mono[filled : filled + count] = _mix(interleaved[:count].T)
            filled += count
            self._left -= count
        return filled

    def close(self) -> None:
        self._file.close()


class _FfmpegDecoder:
    """Decodes by FFmpeg.

    Raises:
        DecodeError: PyAV is not installed, or FFmpeg finds no audio that it can decode.
    """

    def __init__(self, path: str | os.PathLike[str], container: Container) -> None:
        try:
            import av
        except ImportError:
            reason = f"its {container.name} container needs another decoder"
            raise DecodeError(path, reason, "install instrument-tagger[m4a]") from None
        self._failures = (av.FFmpegError, OSError, ValueError)
        try:
            self._container = av.open(f"file:{os.fspath(path)}", format=container.value, metadata_errors="replace")
        except self._failures:
            raise _nothing_in(path, container) from None
        stream = next((each for each in self._container.streams.audio if each.codec_context), None)
        if stream is None:
            self._container.close()
            raise _nothing_in(path, container)
        self.sample_rate: int = stream.sample_rate
        self.channels: int = stream.channels
        self.frames = round(float((stream.duration or 0) * stream.time_base) * self.sample_rate)
        self.counts_frames = False
        self._parts = self._decode(stream, av.AudioResampler(format="fltp", rate=self.sample_rate))
        self._rest = _NO_SAMPLES

    def _decode(self, stream: av.AudioStream, to_float: av.AudioResampler) -> Iterator[Samples]:
        """Yields what FFmpeg decodes, packet by packet."""
        for frame in chain(self._container.decode(stream), [None]):
            for part in to_float.resample(frame):
                yield _mix(part.to_ndarray())

    def read(self, mono: Samples) -> int:
        filled = 0
        while filled < len(mono):
            try:
                rest = self._rest if len(self._rest) else next(self._parts)
            except StopIteration:
                break
            except self._failures as error:
                raise DamagedError from error
            count = min(len(mono) - filled, len(rest))
            mono[filled : filled + count] = rest[:count]
            self._rest = rest[count:]
            filled += count
        return filled

    def close(self) -> None:
        self._container.close()


def _nothing_in(path: str | os.PathLike[str], container: Container) -> DecodeError:
    return DecodeError(path, f"its {container.name} container holds no audio that can be decoded")


def _mix(planes: Samples) -> Samples:
    """Means of (channels, n) samples; numpy's own `mean` takes 20 times as long over interleaved ones."""
    channels = len(planes)
    if channels == 1:
        only: Samples = planes[0]
        return only
    total: Samples = planes[0] + planes[1] if channels == 2 else np.einsum("ij->j", planes)
    total *= np.float32(1 / channels)
    return total
