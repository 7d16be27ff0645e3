"""LIST INFO chunks, edited entry by entry, so that every other entry stays byte for byte.

Entries hold text that ends with NUL, in whatever encoding the writer's system had. Many writers leave the NUL out,
some the last pad byte; both are read. A list whose entries do not follow each other is refused.

Source: Multimedia Programming Interface and Data Specifications 1.0 (IBM and Microsoft, 1991).
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Mapping

from tagger.tagfile.tags import SEPARATOR

_HEADER = struct.Struct("<4sI")


def read(body: bytes, keys: Collection[str]) -> Mapping[str, str]:
    """The values of entries, those that are not empty; one that is there twice holds both.

    Args:
        body: what follows the list's type.
        keys: names of entries, 4 characters.

    Raises:
        ValueError: with the reason, when the entries do not fit the list.
    """
    values: dict[str, str] = {}
    entries, _ = _split(body)
    for name, entry in entries:
        value = _text(entry)
        if name in keys and value:
            values[name] = SEPARATOR.join(filter(None, (values.get(name), value)))
    return values


def write(body: bytes | None, values: Mapping[str, str], *, room: int) -> bytes | None:
    """The list with other values of some entries; None when no entry is left.

    Args:
        body: what follows the list's type; None where there is no list.
        values: ASCII texts by name, "" for none.
        room: not used; a list has no padding.
    """
    del room
    missing = dict(values)
    entries = []
    old_entries, filler = _split(body or b"")
    for name, entry in old_entries:
        if name not in values:
            entries.append(entry)
        elif value := missing.pop(name, ""):
            entries.append(_entry(name, value))
    entries += [_entry(name, value) for name, value in missing.items() if value]
    return b"".join(entry + bytes(len(entry) % 2) for entry in entries) + filler or None


def _split(body: bytes) -> tuple[list[tuple[str, bytes]], bytes]:
    """Name and raw bytes, header and pad byte included, of each entry; and the zeros that some writers leave behind."""
    entries = []
    position = 0
    while body[position:].strip(b"\0"):
        name, size = _HEADER.unpack(body[position : position + _HEADER.size].ljust(_HEADER.size, b"\0"))
        end = position + _HEADER.size + size
        if end > len(body) or not name.isascii() or not name.decode().isprintable():
            raise ValueError("its entries do not fit")
        end = min(end + size % 2, len(body))
        entries.append((name.decode(), body[position:end]))
        position = end
    return entries, body[position:]


def _text(entry: bytes) -> str:
    (size,) = struct.unpack_from("<4xI", entry)
    data = entry[_HEADER.size : _HEADER.size + size].partition(b"\0")[0]
    try:
        return data.decode().strip()
    except UnicodeDecodeError:
        return data.decode("latin-1").strip()


def _entry(name: str, value: str) -> bytes:
    data = value.encode("ascii") + b"\0"
    return _HEADER.pack(name.encode("ascii"), len(data)) + data + bytes(len(data) % 2)
