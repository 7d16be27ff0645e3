"""The sound of a file as every browser can play it, any part at once.

What Chromium, Firefox and Safari all play is sent as it is: MP3, FLAC, and WAV of 8 or 16 bits. All else becomes 16-bit
WAV on the way: its length is known from the header of the file, so any bytes of it are frames that can be decoded when
they are asked for. A process of its own does that, and keeps what it decodes open between two blocks.
"""

from __future__ import annotations

import asyncio
import hashlib
import struct
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO, Final

from daemon.api import finding, places
from daemon.api.decoding import Decoding, Shape, Sound, changed
from daemon.api.problems import problem
from daemon.api.ranges import Body, Read
from daemon.api.workers import Worker
from tagger import containers
from tagger.catalog import Catalog, FileRecord
from tagger.containers import Container, MalformedError
from tagger.errors import DecodeError, reason_of
from tagger.payload import open_file
from tagger.stamp import Stamp

_WARM_S: Final = 600.0
_GRACE_S: Final = 2.0
_LIMIT_S: Final = 20.0
_KEPT_SHAPES: Final = 512

_HEADER: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")
_MOST_DATA_BYTES: Final = (1 << 32) - 1 - _HEADER.size
_RATES: Final = range(8_000, 192_001)
_PCM: Final = 1
_EXTENSIBLE: Final = 0xFFFE
_MPEG_LAYER_3: Final = 1


def sound_of(catalog: Catalog, file_id: int) -> Sound:
    """A file by its number.

    Raises:
        HTTPException: 403, it is in no watched folder any more; 404, there is none, or it cannot be reached.
    """
    held = finding.held_at(catalog, file_id)
    path = places.inside(catalog, held.path)
    stamp = Stamp.of(path)
    if stamp is None:
        raise problem(404, f"{path}: cannot be reached (it was moved or deleted, or its disk is away)")
    if isinstance(held, FileRecord) and stamp == Stamp(held.size, held.mtime_ns):
        return Sound(path, stamp, held.facts.payload_hash, held.facts.duration_s)
    return Sound(path, stamp, f"{path} {stamp}", 0.0)


class Sounds:
    """Gives files as bodies that browsers can play. Used from one event loop."""

    def __init__(self) -> None:
        self._decoding = Worker(Decoding, warm_s=_WARM_S, grace_s=_GRACE_S, limit_s=_LIMIT_S)
        self._shapes: OrderedDict[str, Shape] = OrderedDict()

    async def body(self, sound: Sound) -> Body:
        """What is sent for a file.

        Raises:
            DecodeError: it cannot be read or decoded.
        """
        media_type = await asyncio.to_thread(played_as_it_is, sound.path)
        if media_type:
            return Body(sound.stamp.size, media_type, _mark("file", sound), _reader(sound))
        return self._decoded(sound, await self._shape(sound))

    def warm_up(self) -> None:
        """Gets ready to decode, for when somebody is about to listen."""
        self._decoding.warm_up()

    def close(self) -> None:
        """Stops decoding at once."""
        self._decoding.close()

    async def _shape(self, sound: Sound) -> Shape:
        if sound.identity not in self._shapes:
            self._shapes[sound.identity] = await self._decoding.ask(sound.path, sound, 0, 0)
        if len(self._shapes) > _KEPT_SHAPES:
            self._shapes.popitem(last=False)
        return self._shapes[sound.identity]

    def _decoded(self, sound: Sound, shape: Shape) -> Body:
        frame_bytes = 2 * shape.channels
        frames = min(shape.frames, _MOST_DATA_BYTES // frame_bytes)
        header = wav_header(shape.sample_rate, shape.channels, frames)

        async def read(start: int, count: int) -> bytes:
            from_data = max(0, start - len(header))
            first, last = from_data // frame_bytes, -(-(start + count - len(header)) // frame_bytes)
            data = b""
            if last > first:
                data = await self._decoding.ask(sound.path, sound, first, last - first)
            return (header[start:] + data[from_data - first * frame_bytes :])[:count]

        return Body(len(header) + frames * frame_bytes, "audio/wav", _mark("wav", sound), read)


def wav_header(sample_rate: int, channels: int, frames: int) -> bytes:
    """What stands before the samples of a 16-bit WAV file."""
    size, frame_bytes = frames * channels * 2, channels * 2
    return _HEADER.pack(
        *(b"RIFF", _HEADER.size - 8 + size, b"WAVE"),
        *(b"fmt ", 16, _PCM, channels, sample_rate, sample_rate * frame_bytes, frame_bytes, 16),
        *(b"data", size),
    )


def played_as_it_is(path: Path) -> str:
    """The media type of a file that all browsers play; "" for all others.

    Raises:
        DecodeError: it cannot be read.
    """
    with open_file(path) as file:
        try:
            start = containers.end_of_leading_tags(file)
            container = containers.container_of(file)
            if container is Container.OTHER:
                return "audio/mpeg" if _is_mp3(file, start) else ""
            # Tags that do not belong there confuse some of them.
            if not start and container is Container.FLAC and _is_plain_flac(file):
                return "audio/flac"
            if not start and container is Container.WAV and _is_plain_wav(file):
                return "audio/wav"
        except (MalformedError, struct.error):
            return ""
        except OSError as error:
            reason = f"cannot be read: {reason_of(error)}"
            raise DecodeError(path, reason, "check the disk or the connection") from None
    return ""


def _is_mp3(file: BinaryIO, start: int) -> bool:
    file.seek(start)
    head = file.read(2)
    return len(head) == 2 and head[0] == 0xFF and head[1] >> 5 == 0b111 and head[1] >> 1 & 3 == _MPEG_LAYER_3


def _is_plain_flac(file: BinaryIO) -> bool:
    packed = int.from_bytes(containers.read_at(file, 18, 8), "big")
    sample_rate, channels, frames = packed >> 44, (packed >> 41 & 7) + 1, packed & (1 << 36) - 1
    return sample_rate in _RATES and channels <= 2 and frames > 0


def _is_plain_wav(file: BinaryIO) -> bool:
    """Whether a WAV file holds 8 or 16 bits, one or two channels, and as much as it says."""
    if containers.read_at(file, 0, 4) != b"RIFF":
        return False
    end, is_plain = containers.file_size(file), False
    for chunk in containers.riff_chunks(file):
        if chunk.id == b"fmt ":
            kind, channels, sample_rate, bits = struct.unpack("<HHI6xH", containers.read_at(file, chunk.start, 16))
            if kind == _EXTENSIBLE:
                (kind,) = struct.unpack("<H", containers.read_at(file, chunk.start + 24, 2))
            is_plain = kind == _PCM and channels in (1, 2) and sample_rate in _RATES and bits in (8, 16)
        elif chunk.id == b"data":
            return is_plain and 0 < chunk.size <= end - chunk.start
    return False


def _mark(form: str, sound: Sound) -> str:
    # The tags in a file that is sent as it is are a part of it.
    what = f"{sound.path} {sound.stamp}" if form == "file" else f"{sound.identity} {sound.duration_s}"
    return f"{form}-{hashlib.sha256(what.encode()).hexdigest()[:24]}"


def _reader(sound: Sound) -> Read:
    def read_now(start: int, count: int) -> bytes:
        # Opened for each block, or nobody could replace it on Windows while a player pauses.
        with open_file(sound.path) as file:
            file.seek(start)
            data = file.read(count)
        if len(data) < count or Stamp.of(sound.path) != sound.stamp:
            raise changed(sound.path)
        return data

    async def read(start: int, count: int) -> bytes:
        return await asyncio.to_thread(read_now, start, count)

    return read
