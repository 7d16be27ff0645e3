"""Who a file is: a hash over its encoded audio alone.

Renaming, moving and tagging leave it as it is. It is taken from the encoded bytes, never from decoded
samples, so it does not depend on a decoder's version or the machine. What counts as audio:

========  =====================================================================================
WAV       `fmt ` and `data`, also of RIFX, RF64 and BW64
AIFF      `COMM` and `SSND`
FLAC      STREAMINFO and all frames
Ogg       the contents of all packets but the comments; how pages divide them is left out
MP4       the contents of every `mdat`
CAF       `desc`, `data` and `pakt`
AU        encoding, rate, channels and samples
Wave64    `fmt ` and `data`
WMA       the data object
others    all between leading and trailing tags (MP3, AAC, WavPack), so the whole file if it has none
========  =====================================================================================

A file that declares more audio than it holds is refused, unless the size is one of those that a program
writes when it cannot go back to fill it in: then the audio goes on to the file's end.
"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from tagger import containers
from tagger.containers import Chunk, Container, MalformedError, OggPage, read_at
from tagger.errors import DecodeError, printable, reason_of

_BLOCK_BYTES: Final = 1 << 20
# Writers that count their own header make small slips, copies that break off lose whole sectors.
_MISCOUNT_BYTES: Final = 64
# What SoX (0x7FFFF000), arecord (0x80000000), FFmpeg and unfinished recordings leave in a size field.
UNKNOWN_SIZES: Final = frozenset({0, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF})
_FLAC_STREAMINFO: Final = 0
_OGG_FLAC: Final = b"\x7fFLAC"
_OGG_FLAC_STREAMINFO: Final = 17
_OGG_COMMENTS: Final = 1


def payload_hash(path: str | os.PathLike[str]) -> str:
    """Hashes a file's audio, leaving out its name and tags.

    Args:
        path: an audio file. At most 1 MiB of it is in memory at a time.

    Returns:
        32 hex digits of BLAKE2b.

    Raises:
        DecodeError: the file cannot be read, is cut off, or its container cannot be parsed.
    """
    with open_file(path) as file:
        return hash_payload(path, file)


def hash_payload(path: str | os.PathLike[str], file: BinaryIO) -> str:
    """Does the same for a file that is open; `path` is only for the error."""
    with _told_plainly(path):
        payload = _Payload(file)
        _FEEDERS.get(payload.container, _feed_stream)(payload)
        return payload.digest.hexdigest()


def open_file(path: str | os.PathLike[str]) -> BinaryIO:
    """Opens a file for reading.

    Raises:
        DecodeError: the file cannot be opened, is empty, is no file, or its name cannot be written down.
    """
    name = os.fspath(path)
    if (shown := printable(name)) != name:
        raise DecodeError(shown, "its name is not valid UTF-8", "rename it")
    with _told_plainly(name):
        status = Path(name).stat()
        if stat.S_ISDIR(status.st_mode):
            raise DecodeError(name, "is a folder, not a file")
        if not stat.S_ISREG(status.st_mode):
            raise DecodeError(name, "is not a regular file")
        if not status.st_size:
            raise DecodeError(name, "is empty", "delete it or copy it again")
        return Path(name).open("rb", buffering=1 << 16)


@contextmanager
def _told_plainly(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turns what the system and the parsers raise into a `DecodeError`."""
    try:
        yield
    except MalformedError as error:
        raise DecodeError(path, str(error), error.advice) from None
    except FileNotFoundError:
        raise DecodeError(path, "no such file", "it was moved, renamed or deleted") from None
    except PermissionError:
        raise DecodeError(path, "no permission to read it", "allow reading, or close what holds it") from None
    except OSError as error:
        reason = f"cannot be read: {reason_of(error)}"
        raise DecodeError(path, reason, "check the disk or the connection") from None


class _Payload:
    """A file being hashed."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.size = containers.file_size(file)
        self.start = containers.end_of_leading_tags(file)
        self.digest = hashlib.blake2b(digest_size=16)
        self.container = containers.container_of(file)

    def add(self, start: int, size: int) -> None:
        """Adds `size` bytes at `start`, all of which the file must hold."""
        self.file.seek(start)
        buffer = memoryview(bytearray(min(size, _BLOCK_BYTES)))
        while size > 0:
            count = self.file.readinto(buffer[:size])  # type: ignore[attr-defined]
            if not count:
                raise MalformedError("cut off, or it shrank while it was read", "copy or export it again")
            self.digest.update(buffer[:count])
            size -= count

    def add_audio(self, start: int, declared: int) -> None:
        """Adds the chunk of audio at `start`, or as much of it as there is."""
        held = max(self.size - start, 0)
        if declared in UNKNOWN_SIZES:
            declared = held
        if declared > held + _MISCOUNT_BYTES:
            raise truncated(declared, held)
        self.add(start, min(declared, held))


def truncated(declared: int, held: int) -> MalformedError:
    """The error for a file that declares more bytes of audio than it holds."""
    reason = f"truncated: declares {_amount(declared)} of audio, holds {_amount(held)}"
    return MalformedError(reason, "copy or export it again")


def _amount(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1e3:.1f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"


def _feed_wav(payload: _Payload) -> None:
    chunks = containers.riff_chunks(payload.file, start=payload.start)
    _feed_chunks(payload, chunks, form={b"fmt "}, audio=b"data")


def _feed_aiff(payload: _Payload) -> None:
    chunks = containers.iter_chunks(payload.file, containers.IFF, start=payload.start + 12)
    _feed_chunks(payload, chunks, form={b"COMM"}, audio=b"SSND")


def _feed_wave64(payload: _Payload) -> None:
    chunks = containers.iter_chunks(payload.file, containers.WAVE64, start=payload.start + 40)
    _feed_chunks(payload, chunks, form={containers.WAVE64_FORMAT}, audio=containers.WAVE64_DATA)


def _feed_caf(payload: _Payload) -> None:
    chunks = containers.iter_chunks(payload.file, containers.CAF, start=payload.start + 8)
    _feed_chunks(payload, chunks, form={b"desc", b"pakt"}, audio=b"data", optional={b"pakt"})


def _feed_asf(payload: _Payload) -> None:
    chunks = containers.iter_chunks(payload.file, containers.ASF, start=payload.start)
    _feed_chunks(payload, chunks, form=(), audio=containers.ASF_DATA)


def _feed_chunks(
    payload: _Payload,
    chunks: Iterable[Chunk],
    *,
    form: Iterable[bytes],
    audio: bytes,
    optional: Iterable[bytes] = (),
) -> None:
    """Adds the chunks named `form`, which say how samples are stored, and `audio`, which holds them."""
    missing = {*form, audio}
    for chunk in chunks:
        if chunk.id == audio:
            payload.add_audio(chunk.start, chunk.size)
        elif chunk.id in form:
            payload.add(chunk.start, chunk.size)
        missing.discard(chunk.id)
        if not missing:
            return
    if missing.difference(optional):
        raise MalformedError(f"holds no audio: its {payload.container.name} container has no chunk of samples")


def _feed_mp4(payload: _Payload) -> None:
    is_empty = True
    for box in containers.mp4_boxes(payload.file, start=payload.start):
        if box.id == b"mdat" and box.size:
            payload.add_audio(box.start, box.size)
            is_empty = False
        elif box.start + box.size > payload.size:
            raise MalformedError("truncated: its last MP4 box is cut off", "copy or export it again")
    if is_empty:
        raise MalformedError("holds no audio: its MP4 container has no media data")


def _feed_au(payload: _Payload) -> None:
    little = read_at(payload.file, payload.start, 4) == b"dns."
    header = read_at(payload.file, payload.start, 24)
    offset, size = struct.unpack("<4xII" if little else ">4xII", header[:12])
    payload.digest.update(header[12:])
    payload.add_audio(payload.start + offset, size)


def _feed_flac(payload: _Payload) -> None:
    position, is_last = payload.start + 4, False
    while not is_last:
        head, *length = read_at(payload.file, position, 4)
        is_first, is_last = position == payload.start + 4, bool(head & 0x80)
        if is_first != (head & 0x7F == _FLAC_STREAMINFO):
            raise MalformedError("damaged: its FLAC stream must begin with one STREAMINFO")
        position += 4
        if is_first:
            payload.add(position, int.from_bytes(length))
        position += int.from_bytes(length)
    end = containers.start_of_trailing_tags(payload.file, start=min(position, payload.size))
    if end <= position:
        raise MalformedError("cut off: its FLAC stream has no frames", "copy or export it again")
    payload.add(position, end - position)


def _feed_stream(payload: _Payload) -> None:
    end = containers.start_of_trailing_tags(payload.file, start=payload.start)
    if end <= payload.start:
        raise MalformedError("holds no audio, only tags")
    held = end - payload.start
    payload.file.seek(payload.start)
    declared = containers.xing_size(payload.file.read(64)) or 0
    # Encoders differ in what they count, and some count the tags.
    if held < 0.95 * declared:
        raise truncated(declared, held)
    payload.add(payload.start, held)


def _feed_ogg(payload: _Payload) -> None:
    streams: dict[bytes, _OggStream] = {}
    for page in containers.ogg_pages(payload.file, start=payload.start):
        if page.begins_stream or page.serial not in streams:
            streams[page.serial] = _OggStream()
        for part in streams[page.serial].audio_of(page):
            payload.digest.update(part)


class _OggStream:
    """Tells the packets of one Ogg stream that hold comments from those that hold audio."""

    def __init__(self) -> None:
        self._index = -1
        self._at_start = True
        self._is_flac = False
        self._is_kept = True
        self._is_past_headers = False

    def audio_of(self, page: OggPage) -> Iterator[bytes]:
        """Yields what belongs to the identity among a page's contents."""
        if self._is_past_headers:
            yield page.body
            return
        for part, ends in page.packets():
            yield self._kept(part)
            self._at_start = ends

    def _kept(self, part: bytes) -> bytes:
        if not self._at_start:
            return part if self._is_kept else b""
        self._index += 1
        if self._index == 0:
            self._is_flac = part.startswith(_OGG_FLAC)
            # Before the STREAMINFO: a count of header packets, which grows with the tags.
            return part[_OGG_FLAC_STREAMINFO:] if self._is_flac else part
        self._is_kept = part[:1] == b"\xff" if self._is_flac else self._index != _OGG_COMMENTS
        self._is_past_headers = self._is_kept
        return part if self._is_kept else b""


_FEEDERS: Final[dict[Container, Callable[[_Payload], None]]] = {
    Container.WAV: _feed_wav,
    Container.AIFF: _feed_aiff,
    Container.W64: _feed_wave64,
    Container.CAF: _feed_caf,
    Container.ASF: _feed_asf,
    Container.MP4: _feed_mp4,
    Container.AU: _feed_au,
    Container.FLAC: _feed_flac,
    Container.OGG: _feed_ogg,
}
