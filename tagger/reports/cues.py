"""Segments as cue points in the chunks of a WAV: `cue ` with positions, `LIST adtl` with names and lengths.

A codec over the bodies of the two chunks; putting them into a file is the tag-file layer's. Whatever else is in
them is kept byte for byte. Ours are known by their `note`, which repeats name, position and length: a cue point
that somebody has renamed, moved or stretched since is theirs, and stays.

Sources: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0" (1991), and Microsoft,
"New Multimedia Data Types and Data Techniques" (1994): the cue-points and associated-data-list chunks.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from tagger.reports.markers import name_of
from tagger.timeline import Timeline

_POINT: Final = struct.Struct("<II4sIII")  # id, position, chunk, start of chunk, start of block, sample offset
_RANGE: Final = struct.Struct("<II4sHHHH")  # id, length, purpose, country, language, dialect, code page
_LIST_TYPE: Final = b"adtl"
_MARK: Final = "instrument-tagger"
# Loops of samplers name cue points by small numbers; ours must not become one of them.
_FIRST_ID: Final = 1001
_LARGEST: Final = 0xFFFF_FFFF


class CueChunks(NamedTuple):
    """The bodies of the two chunks; None for a chunk that is not there.

    Attributes:
        cue: of `cue `, from the number of points on.
        adtl: of `LIST`, from its type `adtl` on.
    """

    cue: bytes | None = None
    adtl: bytes | None = None


def cue_chunks(heard: Timeline, present: CueChunks | None = None) -> CueChunks:
    """What the chunks have to be for a file to hold a timeline's segments, in place of those we wrote before.

    Args:
        heard: the timeline; without segments, those we wrote before go.
        present: what the file holds now.

    Returns:
        The new bodies; None for a chunk that would be empty.

    Raises:
        ValueError: the present chunks are not understood and must stay as they are, or a position cannot be held.
    """
    points, items = _without_ours(present or CueChunks())
    taken = {_POINT.unpack(point)[0] for point in points} | {_owner(item) for item in items}
    free = (number for number in range(_FIRST_ID, _LARGEST) if number not in taken)
    names: list[bytes] = []
    for each, identity in zip(heard.segments, free, strict=False):
        start = round(each.start_s * heard.facts.sample_rate)
        length = max(1, round(each.end_s * heard.facts.sample_rate) - start)
        if start + length > _LARGEST:
            raise ValueError("a cue point lies beyond what a WAV can hold")
        points.append(_POINT.pack(identity, start, b"data", 0, 0, start))
        name = name_of(heard, each)
        names.append(_item(b"labl", identity, _text(name)))
        items += [
            _item(b"note", identity, _text(_note(name, each.confidence, start, length))),
            _chunk(b"ltxt", _RANGE.pack(identity, length, b"rgn ", 0, 0, 0, 0)),
        ]
    return CueChunks(
        cue=struct.pack("<I", len(points)) + b"".join(points) if points else None,
        adtl=_LIST_TYPE + b"".join(_with_names(names, items)) if names or items else None,
    )


def _with_names(names: Sequence[bytes], items: Sequence[bytes]) -> list[bytes]:
    """Names before all else, since FFmpeg and libsndfile stop reading at the first item that is none."""
    first = next((place for place, item in enumerate(items) if item[:4] != b"labl"), len(items))
    return [*items[:first], *names, *items[first:]]


def _without_ours(present: CueChunks) -> tuple[list[bytes], list[bytes]]:
    points, items = _points(present.cue), _items(present.adtl)
    ours = set(_ours(points, items))
    kept = [point for point in points if _POINT.unpack(point)[0] not in ours]
    return kept, [item for item in items if _owner(item) not in ours]


def _ours(points: Sequence[bytes], items: Sequence[bytes]) -> Iterator[int]:
    """Ids of the cue points that are as we wrote them."""
    items_of: dict[int, list[bytes]] = {}
    for item in items:
        items_of.setdefault(_owner(item), []).append(item)
    for point in points:
        identity, *_, offset = _POINT.unpack(point)
        own = items_of.get(identity, [])
        if [item[:4] for item in own] != [b"labl", b"note", b"ltxt"] or len(own[2]) != 8 + _RANGE.size:
            continue
        name, note, length = _words(own[0]), _words(own[1]), _RANGE.unpack(own[2][8:])[1]
        if note.startswith(f"{name} ") and note.endswith(_ending(offset, length)):
            yield identity


def _note(name: str, confidence: float, start: int, length: int) -> str:
    return f"{name} {confidence:.2f}{_ending(start, length)}"


def _ending(start: int, length: int) -> str:
    return f" ({_MARK}, {length} samples from {start})"


def _points(body: bytes | None) -> list[bytes]:
    if body is None:
        return []
    if len(body) < 4 or len(body) != 4 + _POINT.size * int.from_bytes(body[:4], "little"):
        raise ValueError("its cue points are damaged")
    return [body[start : start + _POINT.size] for start in range(4, len(body), _POINT.size)]


def _items(body: bytes | None) -> list[bytes]:
    """The chunks in an associated-data list, each with its header and padding."""
    if body is None:
        return []
    if body[:4] != _LIST_TYPE:
        raise ValueError("its list of cue names is damaged")
    items, start = [], 4
    while start < len(body):
        size = int.from_bytes(body[start + 4 : start + 8], "little")
        end = start + 8 + size
        if start + 8 > len(body) or end > len(body) or size < 4:
            raise ValueError("its list of cue names is damaged")
        # The last may have lost its padding.
        items.append(body[start : end + size % 2].ljust(8 + size + size % 2, b"\0"))
        start = end + size % 2
    return items


def _owner(item: bytes) -> int:
    return int.from_bytes(item[8:12], "little")


def _words(item: bytes) -> str:
    size = int.from_bytes(item[4:8], "little")
    return item[12 : 8 + size].split(b"\0")[0].decode("utf-8", "replace")


def _text(text: str) -> bytes:
    return text.replace("\0", " ").encode() + b"\0"


def _item(name: bytes, identity: int, content: bytes) -> bytes:
    return _chunk(name, identity.to_bytes(4, "little") + content)


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)
