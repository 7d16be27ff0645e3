"""The same short signal as a real file in every format that the program decodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import soundfile

SAMPLE_RATE = 48_000

Samples = npt.NDArray[np.float32]


def signal(frames: int = 12_000, *, channels: int = 2, sample_rate: int = SAMPLE_RATE) -> Samples:
    """A different tone in each channel, fading in and out: (frames, channels) float32, exact in 16 bits."""
    time_s = np.arange(frames)[:, np.newaxis] / sample_rate
    tones = np.sin(2 * np.pi * (220.0 + 110.0 * np.arange(channels)) * time_s)
    faded = 0.4 * tones * np.sin(np.pi * np.arange(frames) / frames)[:, np.newaxis]
    return (np.round(faded * 32768) / 32768).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Format:
    """One way to store the signal.

    Attributes:
        suffix: of the file, with the dot.
        write: writes (n, channels) samples of `SAMPLE_RATE` to a path.
        tolerance: largest error of a decoded sample.
    """

    suffix: str
    write: Callable[[Path, Samples], None]
    tolerance: float = 0.0

    def file(self, folder: Path, samples: Samples | None = None) -> Path:
        """Writes the signal, or other samples, into a folder."""
        path = folder / f"tone{self.suffix}"
        self.write(path, signal() if samples is None else samples)
        return path


def _write_sndfile(path: Path, samples: Samples, **options: str | None) -> None:
    soundfile.write(path, samples, SAMPLE_RATE, **options)


def _write_ffmpeg(path: Path, samples: Samples, *, codec: str, kind: str, sample_format: str | None) -> None:
    with av.open(str(path), "w", format=kind) as container:
        stream = container.add_stream(codec, rate=SAMPLE_RATE)
        stream.layout = "stereo"
        stream.bit_rate = 192_000
        stream.format = sample_format or stream.format
        to_codec = av.AudioResampler(format=stream.format, layout="stereo", rate=SAMPLE_RATE)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout="stereo")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = 0
        for part in [*to_codec.resample(frame), *to_codec.resample(None), None]:
            container.mux(stream.encode(part))


def _sndfile(
    suffix: str, kind: str, subtype: str | None = None, *, endian: str | None = None, tolerance: float = 0.0
) -> Format:
    return Format(suffix, partial(_write_sndfile, format=kind, subtype=subtype, endian=endian), tolerance)


def _ffmpeg(suffix: str, codec: str, kind: str, *, sample_format: str | None = None, tolerance: float = 0.0) -> Format:
    write = partial(_write_ffmpeg, codec=codec, kind=kind, sample_format=sample_format)
    return Format(suffix, write, tolerance)


_STEP_8_BIT = 1 / 128

FORMATS: dict[str, Format] = {
    "wav-u8": _sndfile(".wav", "WAV", "PCM_U8", tolerance=_STEP_8_BIT),
    "wav-16": _sndfile(".wav", "WAV", "PCM_16"),
    "wav-24": _sndfile(".wav", "WAV", "PCM_24"),
    "wav-32": _sndfile(".wav", "WAV", "PCM_32"),
    "wav-float": _sndfile(".wav", "WAV", "FLOAT"),
    "wav-double": _sndfile(".wav", "WAV", "DOUBLE"),
    "wav-ulaw": _sndfile(".wav", "WAV", "ULAW", tolerance=0.02),
    "wav-adpcm": _sndfile(".wav", "WAV", "IMA_ADPCM", tolerance=0.05),
    "wav-extensible": _sndfile(".wav", "WAVEX", "PCM_24"),
    "rifx": _sndfile(".wav", "WAV", "PCM_16", endian="BIG"),
    "rf64": _sndfile(".rf64", "RF64", "PCM_24"),
    "w64": _sndfile(".w64", "W64", "PCM_16"),
    "aiff-8": _sndfile(".aif", "AIFF", "PCM_S8", tolerance=_STEP_8_BIT),
    "aiff-16": _sndfile(".aiff", "AIFF", "PCM_16"),
    "aifc-float": _sndfile(".aifc", "AIFF", "FLOAT"),
    "au-16": _sndfile(".au", "AU", "PCM_16"),
    "au-little": _sndfile(".snd", "AU", "PCM_16", endian="LITTLE"),
    "caf-16": _sndfile(".caf", "CAF", "PCM_16"),
    "caf-alac": _sndfile(".caf", "CAF", "ALAC_16"),
    "flac-16": _sndfile(".flac", "FLAC", "PCM_16"),
    "flac-24": _sndfile(".flac", "FLAC", "PCM_24"),
    "mp3": _sndfile(".mp3", "MP3", tolerance=0.05),
    "ogg": _sndfile(".ogg", "OGG", "VORBIS", tolerance=0.05),
    "opus": _sndfile(".opus", "OGG", "OPUS", tolerance=0.1),
    "ogg-flac": _ffmpeg(".oga", "flac", "ogg"),
    "m4a-aac": _ffmpeg(".m4a", "aac", "ipod", tolerance=0.05),
    "m4a-alac": _ffmpeg(".m4a", "alac", "ipod"),
    "aac": _ffmpeg(".aac", "aac", "adts", tolerance=0.05),
    "wma": _ffmpeg(".wma", "wmav2", "asf", tolerance=0.05),
    "wv": _ffmpeg(".wv", "wavpack", "wv", sample_format="s16p"),
}
