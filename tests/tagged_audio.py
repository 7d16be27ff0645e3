"""Audio files of all formats that hold tags, made on the spot, and a second opinion on what is in them."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import soundfile as sf

from tagger import tagfile
from tagger.results import Kind
from tagger.tagfile import Change, Claim

SAMPLE_RATE = 48000


def tone(duration_s: float = 0.1) -> npt.NDArray[np.float32]:
    """A decaying tone with a little noise: (n,) float32."""
    time_s = np.arange(round(duration_s * SAMPLE_RATE)) / SAMPLE_RATE
    noise = np.random.default_rng(1).normal(0, 0.01, len(time_s))
    return (0.5 * np.exp(-20 * time_s) * np.sin(2 * np.pi * 440 * time_s) + noise).astype(np.float32)


def _with_soundfile(path: Path, *, format: str, subtype: str) -> None:  # noqa: A002
    sf.write(path, tone(), SAMPLE_RATE, format=format, subtype=subtype)


def _with_av(path: Path, *, format: str, codec: str, sample_format: str, **options: str) -> None:  # noqa: A002
    with av.open(str(path), "w", format=format, options=options) as container:
        stream = container.add_stream(codec, rate=SAMPLE_RATE)
        stream.layout = "mono"
        stream.bit_rate = 128000
        samples = tone()
        if sample_format.startswith("s16"):
            samples = np.round(samples * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format=sample_format, layout="mono")
        frame.sample_rate = SAMPLE_RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)


def _flac_in_ogg(path: Path) -> None:
    plain = path.with_suffix(".flac")
    _with_soundfile(plain, format="FLAC", subtype="PCM_16")
    with av.open(str(plain)) as source, av.open(str(path), "w", format="ogg") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    plain.unlink()


MAKERS: dict[str, Callable[[Path], None]] = {
    "16.wav": partial(_with_soundfile, format="WAV", subtype="PCM_16"),
    "24.wav": partial(_with_soundfile, format="WAV", subtype="PCM_24"),
    "extensible.wav": partial(_with_soundfile, format="WAVEX", subtype="FLOAT"),
    "16.aiff": partial(_with_soundfile, format="AIFF", subtype="PCM_16"),
    "float.aifc": partial(_with_soundfile, format="AIFF", subtype="FLOAT"),
    "lossless.flac": partial(_with_soundfile, format="FLAC", subtype="PCM_16"),
    "plain.mp3": partial(_with_soundfile, format="MP3", subtype="MPEG_LAYER_III"),
    "tagged.mp3": partial(_with_av, format="mp3", codec="libmp3lame", sample_format="fltp"),
    "vorbis.ogg": partial(_with_soundfile, format="OGG", subtype="VORBIS"),
    "opus.opus": partial(_with_soundfile, format="OGG", subtype="OPUS"),
    "flac.oga": _flac_in_ogg,
    "aac.m4a": partial(_with_av, format="ipod", codec="aac", sample_format="fltp"),
    "faststart.m4a": partial(_with_av, format="ipod", codec="aac", sample_format="fltp", movflags="faststart"),
    "alac.m4a": partial(_with_av, format="ipod", codec="alac", sample_format="s16p"),
    "windows.wma": partial(_with_av, format="asf", codec="wmav2", sample_format="fltp"),
    "pack.wv": partial(_with_av, format="wv", codec="wavpack", sample_format="fltp"),
}


def make(folder: Path, name: str) -> Path:
    """A file of `MAKERS` in `folder`."""
    path = folder / name
    path.write_bytes(made(name))
    return path


@cache
def made(name: str) -> bytes:
    """The bytes of a file of `MAKERS`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        MAKERS[name](path)
        return path.read_bytes()


def seen_by_ffmpeg(path: Path) -> dict[str, str]:
    """What FFmpeg shows of a file's tags, names in upper case."""
    with av.open(str(path)) as container:
        metadata = {**container.metadata, **container.streams.audio[0].metadata}
    return {name.upper(): value for name, value in metadata.items()}


def decoded(path: Path) -> npt.NDArray[np.generic]:
    """All samples as FFmpeg decodes them."""
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)


def chunk(name: bytes, contents: bytes) -> bytes:
    """A RIFF chunk."""
    return name + struct.pack("<I", len(contents)) + contents + bytes(len(contents) % 2)


def riff(*chunks: bytes) -> bytes:
    """A WAV file of these chunks."""
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def plain_wav(*back: bytes, front: bytes = b"") -> bytes:
    """A WAV with a few samples, and chunks before and behind them."""
    fmt = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, SAMPLE_RATE, SAMPLE_RATE, 1, 8))
    return riff(fmt, front, chunk(b"data", bytes(range(200))), *back)


def rich_wav() -> bytes:
    """24 bit, an odd number of bytes of samples, and everything that samplers and recorders leave in a WAV."""
    samples = np.round(tone() * 8388607).astype("<i4").tobytes()
    data = b"".join(samples[start : start + 3] for start in range(0, 4 * 999, 4))
    bext = bytes(602) + b"A=PCM,F=48000,W=24,M=mono\r\n"
    ixml = b"<?xml version='1.0'?>\n<BWFXML>\n <PROJECT>p</PROJECT>\n <USER><!-- mine --></USER>\n</BWFXML>\0\0\0"
    return riff(
        chunk(b"bext", bext),
        chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, SAMPLE_RATE, SAMPLE_RATE * 3, 3, 24)),
        chunk(b"data", data),
        chunk(b"smpl", struct.pack("<9I", 0, 0, 20833, 60, 0, 0, 0, 1, 0) + struct.pack("<6I", 0, 0, 0, 998, 0, 0)),
        chunk(b"acid", struct.pack("<IHHfIHHf", 1, 60, 0x8000, 0.0, 4, 4, 4, 120.0)),
        chunk(b"inst", bytes((60, 0, 0, 0, 127, 1, 127))),
        chunk(b"cue ", struct.pack("<I", 1) + struct.pack("<II4sIII", 1, 0, b"data", 0, 0, 0)),
        chunk(b"LIST", b"adtl" + chunk(b"labl", struct.pack("<I", 1) + b"hit\0")),
        chunk(b"LIST", b"INFO" + chunk(b"ISFT", b"maker\0")),
        chunk(b"xtra", b"odd"),
        chunk(b"none", b""),
        chunk(b"iXML", ixml),
        chunk(b"ID3 ", vendor_id3()),
    )


def rich_aiff() -> bytes:
    """16 bit, and everything that samplers and recorders leave in an AIFF, the tag in front."""
    samples = np.round(tone() * 32767).astype(">i2").tobytes()
    rate = b"\x40\x0e\xbb\x80" + bytes(6)
    parts = (
        (b"COMM", struct.pack(">hIh", 1, len(samples) // 2, 16) + rate),
        (b"ID3 ", vendor_id3()),
        (b"MARK", struct.pack(">HHI", 1, 1, 7) + b"\x05start"),
        (b"INST", struct.pack(">6bh6h", 60, 0, 0, 127, 1, 127, 0, 0, 0, 0, 0, 0, 0)),
        (b"COMT", struct.pack(">HIHH", 1, 0, 0, 3) + b"abc\0"),
        (b"ANNO", b"odd"),
        (b"APPL", b"stocSurely"),
        (b"SSND", bytes(8) + samples),
        (b"basc", bytes(84)),
        (b"cate", bytes(202)),
    )
    body = b"AIFF" + b"".join(name + struct.pack(">I", len(data)) + data + bytes(len(data) % 2) for name, data in parts)
    return b"FORM" + struct.pack(">I", len(body)) + body


def vendor_id3() -> bytes:
    """An ID3v2.4 tag with a vendor's preset, a picture, and a frame that nobody knows."""
    frames = (
        (b"GEOB", b"\0\0\0com.native-instruments.nks.soundinfo\0" + bytes(range(256))),
        (b"GEOB", b"\0application/octet-stream\0\0Serato Overview\0" + bytes(range(99))),
        (b"APIC", b"\0image/png\0\3\0" + bytes(300)),
        (b"XYZZ", b"nobody knows"),
    )
    body = b"".join(name + syncsafe(len(data)) + b"\0\0" + data for name, data in frames)
    return b"ID3\x04\0\0" + syncsafe(len(body)) + body


def syncsafe(number: int) -> bytes:
    """A size as ID3 spells it."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def rich_chunks(container: bytes) -> list[tuple[bytes, bytes]]:
    """What must survive in a rich file: whole chunks of others, and what others put into those that we edit."""
    order = "<" if container.startswith(b"RIFF") else ">"
    parts = []
    place = 12
    while place < len(container):
        name, size = struct.unpack_from(f"{order}4sI", container, place)
        end = place + 8 + size + size % 2
        is_edited = name in (b"iXML", b"ID3 ") or container[place + 8 : place + 12] == b"INFO"
        parts.append((name, container[place:end] if not is_edited else inner(name, container[place + 8 : end])))
        place = end
    return parts


def inner(name: bytes, contents: bytes) -> bytes:
    """What others put into a chunk that we edit, in one piece."""
    if name == b"iXML":
        return b"\n <PROJECT>p</PROJECT>\n <USER>"
    return contents[10:].rstrip(b"\0") if name == b"ID3 " else contents[4:]


def claim(*labels: str, kind: Kind = Kind.ONE_SHOT) -> Claim:
    """What may be said of a file."""
    return Claim(labels, kind)


def write(path: Path, said: Claim, **options: Any) -> Change:
    """Writes a claim into a file."""
    with tagfile.prepare(path, said, **options) as rewrite:
        rewrite.commit()
        return rewrite.change
