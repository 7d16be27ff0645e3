"""The two decoders: libsndfile for what it knows, FFmpeg (PyAV, the extra `m4a`) for the rest.

Whoever opens one says how channels are mixed: into one to listen, into two at most to play.

FFmpeg is told that the path is a file's, and the container. Left to guess, it takes any text with an audio
name for some format, and follows playlists and URLs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
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
Mix = Callable[[Samples], Samples]
"""Makes what is wanted of (channels, n) samples: (n,) or (fewer channels, n)."""

# Interleaved samples decoded at a time: few enough to stay in the cache until they are mixed.
_SAMPLES_PER_READ: Final = 1 << 16
_UNKNOWN_FRAMES: Final = (1 << 63) - 1
_NO_AUDIO: Final = "is not audio of a known format"
_MPEG_SYNC: Final = re.compile(rb"\xff[\xe2-\xff]")
_MPEG_SEARCH_BYTES: Final = 1 << 16
# Frames before the one that is sought are decoded as well, since codecs overlap them.
_PREROLL_S: Final = 0.25
_FFMPEG_ONLY: Final = frozenset({Container.MP4, Container.ASF, Container.ADTS, Container.WAVPACK})


class Decoder(Protocol):
    """Something that decodes one file from start to end, or from elsewhere on.

    Attributes:
        sample_rate: in Hz.
        channels: how many there are in the file.
        frames: length that the container declares, in samples; 0 where it says nothing.
        counts_frames: whether that is a count, not an estimate.
    """

    sample_rate: int
    channels: int
    frames: int
    counts_frames: bool

    def read(self, samples: Samples) -> int:
        """Fills (n,) or (channels, n) samples from the front; returns how far, less than n only at the end."""

    def seek(self, frame: int) -> None:
        """Reads on from a frame that is in the file; in MP3, only from about there.

        Raises:
            DamagedError: there is no way to get there.
        """

    def close(self) -> None:
        """Lets go of the file."""


class DamagedError(Exception):
    """Raised by decoders that cannot go on."""


def to_mono(planes: Samples) -> Samples:
    """Means of (channels, n) samples; numpy's own `mean` takes 20 times as long over interleaved ones."""
    channels = len(planes)
    if channels == 1:
        only: Samples = planes[0]
        return only
    total: Samples = planes[0] + planes[1] if channels == 2 else np.einsum("ij->j", planes)
    total *= np.float32(1 / channels)
    return total


def decoder_of(path: str | os.PathLike[str], file: BinaryIO, *, mix: Mix = to_mono) -> Decoder:
    """Chooses and opens the decoder for an open file.

    Args:
        path: the file.
        file: the same, open.
        mix: what is made of its channels.

    Raises:
        DecodeError: none can decode it, or the one that could is not installed.
    """
    container = container_of(file)
    if container in _FFMPEG_ONLY:
        return _FfmpegDecoder(path, container, mix)
    if container is Container.OTHER and _only_says_mp3(path, file):
        raise DecodeError(path, _NO_AUDIO)
    try:
        return _SndfileDecoder(path, mix)
    except (soundfile.LibsndfileError, TypeError):
        if not Path(path).exists():
            raise DecodeError(path, "vanished while it was read") from None
        if container is Container.OTHER:
            raise DecodeError(path, _NO_AUDIO) from None
        return _FfmpegDecoder(path, container, mix)


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

    def __init__(self, path: str | os.PathLike[str], mix: Mix) -> None:
        self._mix = mix
        self._reopen = partial(_ForwardFile, os.fspath(path))
        self._file = self._reopen()
        self.sample_rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.frames: int = self._file.frames if self._file.frames < _UNKNOWN_FRAMES else 0
        self.counts_frames = self._file.format != "MP3" and self.frames > 0
        # What stands behind the last frame, as ID3v1 tags do, would be an error to the FLAC decoder.
        self._left = self.frames if self.counts_frames else _UNKNOWN_FRAMES
        frames = max(1, _SAMPLES_PER_READ // self.channels)
        self._interleaved = np.empty((frames, self.channels), dtype=np.float32)

    def read(self, samples: Samples) -> int:
        filled = 0
        while wanted := min(samples.shape[-1] - filled, len(self._interleaved), self._left):
            interleaved = self._interleaved[:wanted]
            try:
                count = self._file.buffer_read_into(interleaved, "float32")
            except soundfile.LibsndfileError as error:
                raise DamagedError from error
            if not count:
                break
            samples[..., filled : filled + count] = self._mix(interleaved[:count].T)
            filled += count
            self._left -= count
        return filled

    def seek(self, frame: int) -> None:
        try:
            if self._file.format == "OGG":
                # Once it has read Vorbis, libsndfile begins elsewhere with what it had left (1.2.2).
                self._file.close()
                self._file = self._reopen()
            self._file.seek(frame)
        except soundfile.LibsndfileError as error:
            raise DamagedError from error
        self._left = self.frames - frame if self.counts_frames else _UNKNOWN_FRAMES

    def close(self) -> None:
        self._file.close()


class _FfmpegDecoder:
    """Decodes by FFmpeg.

    Raises:
        DecodeError: PyAV is not installed, or FFmpeg finds no audio that it can decode.
    """

    def __init__(self, path: str | os.PathLike[str], container: Container, mix: Mix) -> None:
        try:
            import av
        except ImportError:
            reason = f"its {container.name} container needs another decoder"
            raise DecodeError(path, reason, "install instrument-tagger[m4a]") from None
        self._failures = (av.FFmpegError, OSError, ValueError)
        self._mix = mix
        self._open = partial(av.open, f"file:{os.fspath(path)}", format=container.value, metadata_errors="replace")
        try:
            self._container = self._open()
        except self._failures:
            raise _nothing_in(path, container) from None
        stream = self._first_stream()
        if stream is None:
            self._container.close()
            raise _nothing_in(path, container)
        self._stream = stream
        self.sample_rate: int = stream.sample_rate
        self.channels: int = stream.channels
        self.frames = round(float((stream.duration or 0) * stream.time_base) * self.sample_rate)
        self.counts_frames = False
        self._begins: int | None = None
        self._parts = self._converted(self._from_start())
        self._rest: Samples | None = None

    def _first_stream(self) -> av.AudioStream | None:
        return next((each for each in self._container.streams.audio if each.codec_context), None)

    def _from_start(self) -> Iterator[av.AudioFrame]:
        """What FFmpeg decodes; takes down when the first frame begins by its own times."""
        for frame in self._container.decode(self._stream):
            if self._begins is None:
                self._begins = frame.pts or 0
            yield frame

    def _converted(self, frames: Iterable[av.AudioFrame]) -> Iterator[Samples]:
        """Yields what FFmpeg decodes, frame by frame."""
        import av

        to_float = av.AudioResampler(format="fltp", rate=self.sample_rate)
        for frame in chain(frames, [None]):
            for part in to_float.resample(frame):
                yield self._mix(part.to_ndarray())

    def read(self, samples: Samples) -> int:
        filled, length = 0, samples.shape[-1]
        while filled < length:
            try:
                part = next(self._parts) if self._rest is None else self._rest
            except StopIteration:
                break
            except self._failures as error:
                raise DamagedError from error
            count = min(length - filled, part.shape[-1])
            samples[..., filled : filled + count] = part[..., :count]
            self._rest = part[..., count:] if count < part.shape[-1] else None
            filled += count
        return filled

    def seek(self, frame: int) -> None:
        try:
            skipped = frame - self._rewind(frame - round(_PREROLL_S * self.sample_rate))
            while skipped > 0:
                part = next(self._parts)
                self._rest = part[..., skipped:] if skipped < part.shape[-1] else None
                skipped -= part.shape[-1]
        except StopIteration:
            pass
        except self._failures as error:
            raise DamagedError from error

    def _rewind(self, frame: int) -> int:
        """Goes to a frame that FFmpeg can begin with, no later than one of ours if it can; returns which."""
        if self._begins is None:
            next(self._parts)
        self._rest = None
        if frame <= 0:
            # What encoders put before the sound is only left out after opening.
            self._container.close()
            self._container = self._open()
            self._stream = self._first_stream()
            self._parts = self._converted(self._from_start())
            return 0
        stream, begins = self._stream, self._begins or 0
        self._container.seek(begins + int(frame / self.sample_rate / stream.time_base), stream=stream)
        frames = iter(self._container.decode(stream))
        first = next(each for each in frames if each.pts is not None)
        self._parts = self._converted(chain([first], frames))
        at = round(float((first.pts - begins) * stream.time_base) * self.sample_rate)
        # Times in ms, as those of WMA, are made whole frames again.
        is_rough = stream.time_base * self.sample_rate > 1
        return round(at / first.samples) * first.samples if is_rough else at

    def close(self) -> None:
        self._container.close()


def _nothing_in(path: str | os.PathLike[str], container: Container) -> DecodeError:
    return DecodeError(path, f"its {container.name} container holds no audio that can be decoded")
