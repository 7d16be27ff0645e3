"""The one hot message, `/tag/audio`: read and written by its fixed layout, without a general OSC parser.

A general parser takes ten times as long for it, and this is all that comes a hundred times a second from each stream.
"""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from osc_bridge.messages import BadMessage

Samples = npt.NDArray[np.float32]

PREFIX: Final = b"/tag/audio\0\0,siiiisb\0\0\0\0"
MAX_BLOB: Final = 60_000
MAX_DATAGRAM: Final = 65_507
"""The most that UDP over IPv4 carries."""

_STREAM: Final = re.compile(rb"[A-Za-z0-9._-]{1,32}")
_NUMBERS: Final = struct.Struct(">iiii4si")
_LOUDEST: Final = np.float32(8.0)
_SAMPLE_SIZES: Final = {b"s16\0": 2, b"f32\0": 4}
_RATES: Final = range(8_000, 192_001)
_CHANNELS: Final = range(1, 9)


class AudioPacket(NamedTuple):
    """A stretch of a stream.

    Attributes:
        stream: identifier.
        seq: counts packets, mod 2^32, signed.
        frame: number of its first sample frame, mod 2^32, signed.
        sample_rate: in Hz.
        channels: number of them.
        sample_size: bytes a sample: 2 for integers, 4 for floats.
        blob: little-endian samples, interleaved; whole frames.
    """

    stream: str
    seq: int
    frame: int
    sample_rate: int
    channels: int
    sample_size: int
    blob: bytes

    @property
    def frames(self) -> int:
        """How many sample frames there are."""
        return len(self.blob) // (self.sample_size * self.channels)

    def mono(self) -> Samples:
        """(frames,) float32, full scale at 1; what is no number is 0, what is over full scale by 18 dB clipped."""
        if self.sample_size == 2:
            samples = np.frombuffer(self.blob, "<i2").astype(np.float32)
            samples *= np.float32(1 / 32768)
        else:
            samples = np.nan_to_num(np.frombuffer(self.blob, "<f4").astype(np.float32), posinf=0, neginf=0)
            np.clip(samples, -_LOUDEST, _LOUDEST, out=samples)
        if self.channels == 1:
            return samples
        mixed: Samples = samples[0 :: self.channels].copy()
        for channel in range(1, self.channels):
            mixed += samples[channel :: self.channels]
        mixed /= np.float32(self.channels)
        return mixed


def read_audio(datagram: bytes) -> AudioPacket:
    """Reads an audio packet.

    Args:
        datagram: one that begins with `PREFIX`.

    Raises:
        BadMessage: it is cut off, or an argument is out of its range.
    """
    end = datagram.find(b"\0", len(PREFIX), len(PREFIX) + 33)
    stream = _stream(datagram[len(PREFIX) : end] if end > 0 else b"")
    start = (end | 3) + 1
    try:
        seq, frame, sample_rate, channels, form, size = _NUMBERS.unpack_from(datagram, start)
    except struct.error:
        raise BadMessage("bad-message", stream, "the packet is cut off") from None
    sample_size = _SAMPLE_SIZES.get(form)
    if sample_size is None:
        raise BadMessage("bad-value", stream, "the format is s16 or f32")
    if sample_rate not in _RATES or channels not in _CHANNELS:
        raise BadMessage("bad-value", stream, "the rate is 8000 to 192000 Hz, and there are 1 to 8 channels")
    if size > MAX_BLOB:
        raise BadMessage("too-big", stream, f"a packet holds at most {MAX_BLOB} bytes of audio")
    blob = datagram[start + _NUMBERS.size : start + _NUMBERS.size + max(0, size)]
    if len(blob) != size or not size or size % (sample_size * channels):
        raise BadMessage("bad-value", stream, "the samples are no whole frames, or cut off")
    return AudioPacket(stream, seq, frame, sample_rate, channels, sample_size, blob)


def write_audio(packet: AudioPacket) -> bytes:
    """The datagram of an audio packet."""
    stream = packet.stream.encode("ascii")
    form = b"s16\0" if packet.sample_size == 2 else b"f32\0"
    numbers = _NUMBERS.pack(packet.seq, packet.frame, packet.sample_rate, packet.channels, form, len(packet.blob))
    return b"".join((PREFIX, stream, bytes(4 - len(stream) % 4), numbers, packet.blob, bytes(-len(packet.blob) % 4)))


def wrapped(number: int) -> int:
    """A count as it is sent: mod 2^32, from −2^31 to 2^31 − 1. The difference of two counts is wrapped likewise."""
    return (number + 0x8000_0000) % 0x1_0000_0000 - 0x8000_0000


@lru_cache(maxsize=1024)
def _stream(name: bytes) -> str:
    if not _STREAM.fullmatch(name):
        raise BadMessage("bad-value", "stream", "a stream is named by 1 to 32 of A-Z a-z 0-9 . _ -")
    return name.decode("ascii")


def checked_stream(name: str) -> str:
    """The name of a stream, if it may be one.

    Raises:
        BadMessage: it may not.
    """
    return _stream(name.encode("utf-8", "replace"))
