"""How audio files are put together: which container it is, and its chunks.

Chunked containers differ only in how a chunk's header is spelt, so one walker serves RIFF, RF64, AIFF,
CAF, Wave64 and ASF. Walkers report what a header declares and check no chunk against the file's end:
whether a chunk that is cut off matters depends on who asks. Tags that stand around a file (ID3, APE,
Lyrics3) are measured here too.

Sources: Multimedia Programming Interface 1.0 (RIFF), EBU Tech 3306 (RF64), ITU-R BS.2088 (BW64), Apple AIFF-C
and Core Audio Format specifications, Sonic Foundry Wave64, Microsoft ASF 01.20, ISO/IEC 14496-12 (MP4),
id3.org (ID3v1, ID3v2.4, Lyrics3 2.00), APEv2.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import BinaryIO, Final


class MalformedError(Exception):
    """Raised when a container cannot be parsed; says the reason and what to do about it."""

    def __init__(self, reason: str, advice: str = "export it again") -> None:
        super().__init__(reason)
        self.advice = advice


class Container(StrEnum):
    """How a file is put together; the value is FFmpeg's name for it."""

    WAV = "wav"
    AIFF = "aiff"
    FLAC = "flac"
    OGG = "ogg"
    MP4 = "mov"
    CAF = "caf"
    AU = "au"
    W64 = "w64"
    ASF = "asf"
    ADTS = "aac"
    WAVPACK = "wv"
    OTHER = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk of a file.

    Attributes:
        id: its name, 4 bytes, or 16 where names are GUIDs.
        start: offset of its content.
        size: bytes of content that its header declares; the file may hold fewer.
    """

    id: bytes
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class ChunkLayout:
    """How the chunks of a container are spelt.

    Attributes:
        header: the chunk's name and size.
        alignment: chunks begin at multiples of this.
        counts_header: whether the size includes the header.
    """

    header: struct.Struct
    alignment: int = 1
    counts_header: bool = False


RIFF: Final = ChunkLayout(struct.Struct("<4sI"), alignment=2)
IFF: Final = ChunkLayout(struct.Struct(">4sI"), alignment=2)
CAF: Final = ChunkLayout(struct.Struct(">4sq"))
WAVE64: Final = ChunkLayout(struct.Struct("<16sQ"), alignment=8, counts_header=True)
ASF: Final = ChunkLayout(struct.Struct("<16sQ"), counts_header=True)

WAVE64_FORMAT: Final = b"fmt \xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
WAVE64_DATA: Final = b"data" + WAVE64_FORMAT[4:]
ASF_DATA: Final = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")

_WAVE64_RIFF: Final = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_ASF_HEADER: Final = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_MP4_FIRST_BOXES: Final = frozenset({b"ftyp", b"moov", b"mdat", b"wide"})
_MAGICS: Final = (
    (b"fLaC", Container.FLAC),
    (b"OggS", Container.OGG),
    (b"caff", Container.CAF),
    (b".snd", Container.AU),
    (b"dns.", Container.AU),
    (_WAVE64_RIFF, Container.W64),
    (_ASF_HEADER, Container.ASF),
    (b"wvpk", Container.WAVPACK),
)
_SIZE_ELSEWHERE: Final = 0xFFFFFFFF
_TO_THE_END: Final = -1
# Far more than any file has; a file of zeros after a good header would be walked for minutes.
_MOST_CHUNKS: Final = 10_000
_APE_HAS_HEADER: Final = 1 << 31
_XING_FRAMES: Final = 1
_XING_BYTES: Final = 2


def sniff(head: bytes) -> Container:
    """Tells the container from a file's first 16 bytes (those after a leading ID3 tag)."""
    if head[:4] in {b"RIFF", b"RIFX", b"RF64", b"BW64"} and head[8:12] == b"WAVE":
        return Container.WAV
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        return Container.AIFF
    if head[4:8] in _MP4_FIRST_BOXES:
        return Container.MP4
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return Container.ADTS
    return next((container for magic, container in _MAGICS if head.startswith(magic)), Container.OTHER)


def container_of(file: BinaryIO) -> Container:
    """Tells the container of an open file."""
    file.seek(end_of_leading_tags(file))
    return sniff(file.read(16))


def read_at(file: BinaryIO, offset: int, size: int) -> bytes:
    """Reads exactly `size` bytes at `offset`.

    Raises:
        MalformedError: the file ends before.
    """
    file.seek(offset)
    data = file.read(size)
    if len(data) < size:
        raise MalformedError("cut off within its header", "copy or export it again")
    return data


def file_size(file: BinaryIO) -> int:
    """Size of an open file in bytes."""
    return file.seek(0, os.SEEK_END)


def iter_chunks(
    file: BinaryIO, layout: ChunkLayout, *, start: int, long_sizes: Mapping[bytes, int] = MappingProxyType({})
) -> Iterator[Chunk]:
    """Walks the chunks from `start` to the end of the file.

    Args:
        file: an open file.
        layout: how the chunks are spelt.
        start: offset of the first chunk.
        long_sizes: by name, sizes of chunks whose header has no room for them; looked up as the walk goes.

    Raises:
        MalformedError: a chunk's size is impossible, or there are too many.
    """
    end = file_size(file)
    header = layout.header
    position = start
    for _ in range(_MOST_CHUNKS):
        if position + header.size > end:
            return
        name, size = header.unpack(read_at(file, position, header.size))
        content = position + header.size
        if size == _SIZE_ELSEWHERE:
            size = long_sizes.get(name, size)
        elif size == _TO_THE_END:
            size = end - content
        elif layout.counts_header:
            size -= header.size
        if size < 0:
            raise MalformedError("holds a chunk of impossible size")
        yield Chunk(name, content, size)
        position = content + size
        position += (start - position) % layout.alignment
    raise MalformedError("holds too many chunks")


def riff_chunks(file: BinaryIO, *, start: int = 0) -> Iterator[Chunk]:
    """Walks the chunks of a RIFF, RIFX, RF64 or BW64 file that begins at `start`.

    Sizes that a `ds64` chunk holds are taken from there.

    Raises:
        MalformedError: a chunk is cut off within its header.
    """
    layout = IFF if read_at(file, start, 4) == b"RIFX" else RIFF
    long_sizes: dict[bytes, int] = {}
    for chunk in iter_chunks(file, layout, start=start + 12, long_sizes=long_sizes):
        if chunk.id == b"ds64":
            (long_sizes[b"data"],) = struct.unpack("<8xQ", read_at(file, chunk.start, 16))
        yield chunk


def mp4_boxes(file: BinaryIO, *, start: int = 0) -> Iterator[Chunk]:
    """Walks the top-level boxes of an MP4 or QuickTime file.

    Raises:
        MalformedError: a box is smaller than its header.
    """
    end = file_size(file)
    while start + 8 <= end:
        size, name = struct.unpack(">I4s", read_at(file, start, 8))
        content = start + 8
        if size == 1:
            (size,) = struct.unpack(">Q", read_at(file, content, 8))
            content += 8
        elif size == 0:
            size = end - start
        if start + size < content:
            raise MalformedError("holds a box of impossible size")
        yield Chunk(name, content, start + size - content)
        start += size


@dataclass(frozen=True, slots=True)
class OggPage:
    """One page of an Ogg file.

    Attributes:
        serial: which of the file's streams it belongs to.
        begins_stream: whether it is the stream's first.
        lacing: lengths of its segments; one under 255 ends a packet.
        body: the segments' contents.
    """

    serial: bytes
    begins_stream: bool
    lacing: bytes
    body: bytes

    def packets(self) -> Iterator[tuple[bytes, bool]]:
        """Yields the parts of packets on the page, each with whether its packet ends here."""
        start = end = 0
        for length in self.lacing:
            end += length
            if length < 255:
                yield self.body[start:end], True
                start = end
        if start < end:
            yield self.body[start:end], False


def ogg_pages(file: BinaryIO, *, start: int = 0) -> Iterator[OggPage]:
    """Walks the pages of an Ogg file, up to the first bytes that begin none.

    Raises:
        MalformedError: the last page is cut off.
    """
    file.seek(start)
    while (header := file.read(27))[:4] == b"OggS":
        lacing = file.read(header[26]) if len(header) == 27 else b""
        body = file.read(sum(lacing))
        if len(header) < 27 or len(lacing) < header[26] or len(body) < sum(lacing):
            raise MalformedError("truncated: its last Ogg page is cut off", "copy or export it again")
        yield OggPage(header[14:18], bool(header[5] & 2), lacing, body)


def xing_size(frame: bytes) -> int | None:
    """Bytes of audio that an MP3 file's first frame declares in its Xing or Info header; None where it does not.

    Args:
        frame: the first 64 bytes of the frame.
    """
    if len(frame) < 64 or frame[0] != 0xFF or frame[1] & 0xE6 != 0xE2:
        return None
    is_mpeg1, is_mono, has_crc = bool(frame[1] & 8), frame[3] >> 6 == 3, not frame[1] & 1
    side_information = (17 if is_mono else 32) if is_mpeg1 else (9 if is_mono else 17)
    name, flags, first, second = struct.unpack_from(">4sIII", frame, 4 + 2 * has_crc + side_information)
    if name not in {b"Xing", b"Info"} or not flags & _XING_BYTES:
        return None
    return int(second if flags & _XING_FRAMES else first)


def end_of_leading_tags(file: BinaryIO) -> int:
    """Offset behind all ID3v2 tags at the file's start; 0 where there are none."""
    offset = 0
    while True:
        file.seek(offset)
        head = file.read(10)
        if len(head) < 10 or head[:3] != b"ID3" or max(head[6:]) > 0x7F:
            return offset
        footer = 10 if head[5] & 0x10 else 0
        offset += 10 + _syncsafe(head[6:]) + footer


def start_of_trailing_tags(file: BinaryIO, *, start: int) -> int:
    """Offset of the first ID3v1, APEv2, Lyrics3 or appended ID3v2 tag behind the audio, else the file's end.

    Args:
        file: an open file.
        start: where the audio begins; nothing before it is looked at.
    """
    end = file_size(file)
    while (size := _trailing_tag_size(file, start=start, end=end)) and end - size >= start:
        end -= size
    return end


def _trailing_tag_size(file: BinaryIO, *, start: int, end: int) -> int:
    """Size of the tag that ends at `end`; 0 where there is none."""
    if end <= start:
        return 0
    file.seek(max(start, end - 128))
    tail = file.read(min(128, end - start))
    if len(tail) == 128 and tail[:3] == b"TAG":
        return 128
    if tail[-9:] == b"LYRICS200" and tail[-15:-9].isdigit():
        return int(tail[-15:-9]) + 15
    if tail[-32:-24] == b"APETAGEX" and len(tail) >= 32:
        size, flags = struct.unpack("<I4xI", tail[-20:-8])
        return int(size) + (32 if flags & _APE_HAS_HEADER else 0)
    if tail[-10:-7] == b"3DI" and max(tail[-4:]) <= 0x7F:
        return _syncsafe(tail[-4:]) + 20
    return 0


def _syncsafe(digits: bytes) -> int:
    """A number in ID3v2's spelling: 7 bits a byte, most significant first."""
    return sum(digit << (7 * place) for place, digit in enumerate(reversed(digits)))
