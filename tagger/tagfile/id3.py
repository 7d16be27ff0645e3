"""ID3v2 tags edited frame by frame, so that every other frame stays byte for byte what it was.

A library that parses all frames and renders them again drops those that it does not understand, joins
duplicates and normalises text; sample vendors keep whole presets in such frames. Here only `TXXX` and `TCON`
frames are looked into. The version of an existing tag is kept; new tags are v2.3, which all readers know.

Dropped on writing, as the standard wants: an extended header, whose checksum would be stale, and the
unsynchronisation of v2.2 and v2.3, undone. Sources: ID3 v2.2.0, v2.3.0 and v2.4.0 (id3.org).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from tagger.tagfile.tags import SEPARATOR

MAGIC: Final = b"ID3"
HEADER_SIZE: Final = 10
NEW_VERSION: Final = 3

_UNSYNCHRONISED, _EXTENDED, _EXPERIMENTAL, _FOOTER = 0x80, 0x40, 0x20, 0x10
_V22_COMPRESSED: Final = 0x40
_LIMIT: Final = 1 << 28
_USER_TEXT: Final = "TXXX:"
_GENRE: Final = "TCON"
_FRAMES: Final = ((b"TXXX", b"TXX"), (b"TCON", b"TCO"))
_NAMES: Final = ({b"TXXX": _USER_TEXT, b"TCON": _GENRE}, {b"TXX": _USER_TEXT, b"TCO": _GENRE})
_UNREADABLE: Final = "(unreadable)"
_BOM: Final = b"\xff\xfe"
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
        """Key and value of each frame that may be one of our fields, else None; as long as `frames`.

        Keys are `TCON`, or `TXXX:` with the description in capitals, in every version.
        """
        return [_field_text(self, frame) for frame in self.frames]

    def with_values(self, values: Mapping[str, str]) -> Id3Tag:
        """The tag with other values, "" for none, of the fields with these keys; all other frames stay."""
        missing = dict(values)
        frames = []
        for frame, text in zip(self.frames, self.texts(), strict=True):
            if not text or text[0] not in values:
                frames.append(frame)
            elif value := missing.pop(text[0], ""):
                frames.append(_text_frame(self.version, text[0], value))
        added = [_text_frame(self.version, key, value) for key, value in missing.items() if value]
        return Id3Tag(self.version, self.flags, (*frames, *added))

    def foreign(self, keys: Collection[str]) -> tuple[bytes, ...]:
        """The raw frames other than those of the fields with these keys."""
        texts = zip(self.frames, self.texts(), strict=True)
        return tuple(frame for frame, text in texts if not text or text[0] not in keys)

    def values(self, keys: Collection[str]) -> dict[str, str]:
        """The values of the fields with these keys, those that are not empty; one that is there twice holds both."""
        found: dict[str, str] = {}
        for key, value in filter(None, self.texts()):
            if key in keys and value:
                found[key] = SEPARATOR.join(filter(None, (found.get(key), value)))
        return found

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


def read(body: bytes, keys: Collection[str]) -> Mapping[str, str]:
    """The values of fields in a chunk that holds a tag, or nothing.

    Raises:
        ValueError: with the reason, when it holds something else, or more.
    """
    return _in_chunk(body).values(keys)


def write(body: bytes | None, values: Mapping[str, str], *, room: int) -> bytes | None:
    """A chunk with other values of some fields; None when no frame is left.

    Args:
        body: what the chunk holds; None where there is none.
        values: by key, "" for none.
        room: size in bytes to fill up with padding, where the frames leave room.
    """
    return _in_chunk(body or b"").with_values(values).render(size=room) or None


def _in_chunk(body: bytes) -> Id3Tag:
    if not body:
        return Id3Tag()
    if body[total_size(body) :].strip(b"\0"):
        raise ValueError("there is more than a tag in its ID3 chunk")
    return parse(body)


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


def _field_text(tag: Id3Tag, frame: bytes) -> tuple[str, str] | None:
    name = _NAMES[tag.version == 2].get(frame[: 3 if tag.version == 2 else 4])
    if not name:
        return None
    text = _decoded(_data(tag, frame))
    if name == _GENRE:
        return name, _UNREADABLE if text is None else _joined(text)
    if text is None:
        return None
    description, _, value = text.partition("\0")
    return _USER_TEXT + description.upper(), _joined(value)


def _joined(value: str) -> str:
    # Each UTF-16 string carries its own byte order mark; several values stand with NULs between them.
    return SEPARATOR.join(filter(None, value.replace("\ufeff", "").split("\0")))


def _decoded(data: bytes | None) -> str | None:
    if not data or data[0] >= len(_ENCODINGS):
        return None
    try:
        return data[1:].decode(_ENCODINGS[data[0]])
    except UnicodeDecodeError:
        return None


def _data(tag: Id3Tag, frame: bytes) -> bytes | None:
    """The contents of a frame, freed of what its flags say; None for opaque ones."""
    if tag.version == 2:
        return frame[6:]
    flags, data = frame[9], frame[10:]
    if tag.version == 3:
        return None if flags & 0xC0 else data[flags >> 5 & 1 :]
    if flags & 0x0C:
        return None
    data = data[(flags >> 6 & 1) + 4 * (flags & 1) :]
    return _synchronised(data) if flags & 0x02 or tag.flags & _UNSYNCHRONISED else data


def _text_frame(version: int, key: str, value: str) -> bytes:
    texts = [value] if key == _GENRE else [key.removeprefix(_USER_TEXT), value]
    if all(map(str.isascii, texts)):
        data = b"\0" + "\0".join(texts).encode("ascii")
    elif version == 4:
        data = b"\x03" + "\0".join(texts).encode("utf-8")
    else:
        data = b"\x01" + b"\0\0".join(_BOM + text.encode("utf-16-le") for text in texts)
    name = _FRAMES[key == _GENRE][version == 2]
    if version == 2:
        return name + len(data).to_bytes(3, "big") + data
    size = _to_syncsafe(len(data)) if version == 4 else len(data).to_bytes(4, "big")
    return name + size + b"\0\0" + data


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
