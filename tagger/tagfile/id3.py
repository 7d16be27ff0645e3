"""ID3v2 tags edited frame by frame, so that every other frame stays byte for byte what it was.

A library that parses all frames and renders them again drops those that it does not understand, joins
duplicates and normalises text; sample vendors keep whole presets in such frames. Here only `TXXX` frames
are looked into. The version of an existing tag is kept; new tags are v2.3, which all readers know.

Dropped on writing, as the standard wants: an extended header, whose checksum would be stale, and the
unsynchronisation of v2.2 and v2.3, undone. Sources: ID3 v2.2.0, v2.3.0 and v2.4.0 (id3.org).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

MAGIC: Final = b"ID3"
HEADER_SIZE: Final = 10
NEW_VERSION: Final = 3

_UNSYNCHRONISED, _EXTENDED, _EXPERIMENTAL, _FOOTER = 0x80, 0x40, 0x20, 0x10
_V22_COMPRESSED: Final = 0x40
_LIMIT: Final = 1 << 28
_ENCODINGS: Final = ("latin-1", "utf-16", "utf-16-be", "utf-8")
# iTunes leaves v2.2 names with a NUL or blank behind them in newer tags.
_FRAME_ID: Final = {
    2: re.compile(rb"[A-Z][A-Z0-9]{2}"),
    3: re.compile(rb"[A-Z][A-Z0-9]{2}[A-Z0-9\0 ]"),
    4: re.compile(rb"[A-Z][A-Z0-9]{2}[A-Z0-9\0 ]"),
}


@dataclass(frozen=True, slots=True)
class Id3Tag:
    """One tag.

    Attributes:
        version: 2, 3 or 4, for ID3v2.2 to ID3v2.4.
        flags: of the header, those that still hold when the tag is rendered.
        frames: raw frames with their headers, in the file's order.
    """

    version: int = NEW_VERSION
    flags: int = 0
    frames: tuple[bytes, ...] = ()

    def texts(self) -> list[tuple[str, str] | None]:
        """Description and value of each frame that is a readable `TXXX`, else None; as long as `frames`."""
        return [_user_text(self, frame) for frame in self.frames]

    def with_texts(self, values: Mapping[str, str], replaced: Collection[str]) -> Id3Tag:
        """The tag with `TXXX` frames of `values` instead of those whose description is in `replaced`."""
        kept = self.without_texts(replaced)
        added = [_text_frame(self.version, name, value) for name, value in values.items()]
        return Id3Tag(self.version, self.flags, (*kept, *added))

    def without_texts(self, names: Collection[str]) -> tuple[bytes, ...]:
        """The raw frames other than `TXXX` frames of these names; names are case-blind."""
        return tuple(
            frame
            for frame, text in zip(self.frames, self.texts(), strict=True)
            if text is None or text[0].upper() not in names
        )

    def render(self, *, size: int = 0, padding: int = 0) -> bytes:
        """The tag as bytes, b"" without any frame.

        Args:
            size: total size to fill up with padding, where the frames leave room.
            padding: bytes of padding where they do not.
        """
        if not self.frames:
            return b""
        body = b"".join(self.frames)
        room = size - HEADER_SIZE - len(body)
        body += bytes(room if room >= 0 else padding)
        if len(body) >= _LIMIT:
            raise ValueError("the ID3 tag would be too large")
        return MAGIC + bytes((self.version, 0, self.flags)) + _to_syncsafe(len(body)) + body


def total_size(header: bytes) -> int:
    """Size in bytes of the tag that starts with this header, itself included.

    Args:
        header: at least the 10 bytes of the header.

    Raises:
        ValueError: with the reason, when it is no header of a known version.
    """
    if not header.startswith(MAGIC) or len(header) < HEADER_SIZE:
        raise ValueError("there is no ID3 tag where one should be")
    if header[3] not in _FRAME_ID or max(header[6:10]) > 0x7F:
        raise ValueError("the ID3 tag is damaged, or of an unknown version")
    footer = HEADER_SIZE if header[3] == 4 and header[5] & _FOOTER else 0
    return HEADER_SIZE + _syncsafe(header[6:10]) + footer


def parse(data: bytes) -> Id3Tag:
    """Reads the tag at the start of `data`.

    Raises:
        ValueError: with the reason, when the tag is damaged or cut off.
    """
    if len(data) < total_size(data):
        raise ValueError("the ID3 tag is cut off")
    version, flags = data[3], data[5]
    body = data[HEADER_SIZE : HEADER_SIZE + _syncsafe(data[6:10])]
    if version < 4 and flags & _UNSYNCHRONISED:
        body = _synchronised(body)
    if version == 2 and flags & _V22_COMPRESSED:
        raise ValueError("the ID3 tag is compressed in an unknown way")
    if version > 2 and flags & _EXTENDED:
        body = body[_extended_header_size(version, body) :]
    kept_flags = flags & (_UNSYNCHRONISED | _EXPERIMENTAL) if version == 4 else flags & _EXPERIMENTAL
    return Id3Tag(version, 0 if version == 2 else kept_flags, _split(version, body))


def _split(version: int, body: bytes) -> tuple[bytes, ...]:
    # Old iTunes wrote plain sizes into v2.4; only the right reading meets every frame's start.
    for syncsafe in (True, False) if version == 4 else (False,):
        frames = _walk(version, body, syncsafe=syncsafe)
        if frames is not None:
            return frames
    raise ValueError("the ID3 tag is damaged")


def _walk(version: int, body: bytes, *, syncsafe: bool) -> tuple[bytes, ...] | None:
    id_size, header_size = (3, 6) if version == 2 else (4, 10)
    frames = []
    position = 0
    while position + header_size <= len(body) and body[position]:
        size_field = body[position + id_size : position + 2 * id_size]
        size = _syncsafe(size_field) if syncsafe else int.from_bytes(size_field, "big")
        end = position + header_size + size
        if not _FRAME_ID[version].match(body, position) or end > len(body):
            return None
        if syncsafe and max(size_field) > 0x7F:
            return None
        frames.append(body[position:end])
        position = end
    return None if body[position:].strip(b"\0") else tuple(frames)


def _user_text(tag: Id3Tag, frame: bytes) -> tuple[str, str] | None:
    data = _user_text_data(tag, frame)
    if not data or data[0] >= len(_ENCODINGS):
        return None
    try:
        text = data[1:].decode(_ENCODINGS[data[0]])
    except UnicodeDecodeError:
        return None
    description, _, value = text.partition("\0")
    # Each UTF-16 string carries its own byte order mark; several values stand with NULs between them.
    return description, "; ".join(value.replace("\ufeff", "").strip("\0").split("\0"))


def _user_text_data(tag: Id3Tag, frame: bytes) -> bytes | None:
    """The contents of a `TXXX` frame, freed of what its flags say; None for others and for opaque ones."""
    if tag.version == 2:
        return frame[6:] if frame.startswith(b"TXX") else None
    if not frame.startswith(b"TXXX"):
        return None
    flags, data = frame[9], frame[10:]
    if tag.version == 3:
        return None if flags & 0xC0 else data[flags >> 5 & 1 :]
    if flags & 0x0C:
        return None
    data = data[(flags >> 6 & 1) + 4 * (flags & 1) :]
    return _synchronised(data) if flags & 0x02 or tag.flags & _UNSYNCHRONISED else data


def _text_frame(version: int, name: str, value: str) -> bytes:
    text = f"{name}\0{value}"
    if text.isascii():
        data = b"\0" + text.encode("ascii")
    elif version == 4:
        data = b"\x03" + text.encode("utf-8")
    else:
        data = b"\x01" + name.encode("utf-16") + b"\0\0" + value.encode("utf-16")
    if version == 2:
        return b"TXX" + len(data).to_bytes(3, "big") + data
    size = _to_syncsafe(len(data)) if version == 4 else len(data).to_bytes(4, "big")
    return b"TXXX" + size + b"\0\0" + data


def _extended_header_size(version: int, body: bytes) -> int:
    field = body[:4]
    return _syncsafe(field) if version == 4 else 4 + int.from_bytes(field, "big")


def _synchronised(data: bytes) -> bytes:
    return data.replace(b"\xff\x00", b"\xff")


def _syncsafe(field: bytes) -> int:
    size = 0
    for byte in field:
        size = size << 7 | byte & 0x7F
    return size


def _to_syncsafe(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
