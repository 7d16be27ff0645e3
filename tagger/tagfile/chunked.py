"""Tags of WAV and AIFF files: each layer a chunk, all of them together the file's tail where that can be.

A chunk of tags behind all else is written anew with the tail. One that other chunks follow cannot grow where it
is: it is changed there if its size stays, else it moves to the tail and its old place becomes a chunk that readers
pass over. New chunks go behind the last one, since readers that take the samples for granted at byte 44 are still
about.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from tagger.containers import Chunk
from tagger.tagfile import id3, info, ixml, xmp
from tagger.tagfile.chunks import AIFF_FILE, SIZE_LIMIT, WAV_FILE, ChunkFile, contents, end_of, start_of
from tagger.tagfile.fields import keys_of
from tagger.tagfile.in_place import Patch
from tagger.tagfile.tags import Contents, Edits, Scheme, Section

# Far more than texts take; what is larger is not worth the time.
_MOST_XML: Final = 1 << 22
_MOST: Final = 1 << 28


class Codec(Protocol):
    """What knows the inside of a chunk."""

    def read(self, body: bytes, keys: Collection[str]) -> Mapping[str, str]:
        """The values of fields that are not empty; raises `ValueError` where it must not be touched."""

    def write(self, body: bytes | None, values: Mapping[str, str], *, room: int) -> bytes | None:
        """The chunk with other values, "" for none; None for no chunk. Fills up `room` where it can."""


@dataclass(frozen=True, slots=True)
class ChunkLayer:
    """Where a scheme lives.

    Attributes:
        scheme: which.
        codec: what knows the inside.
        ids: names of its chunk, that of a new one first.
        form: what such a chunk starts with.
        most: bytes that are still looked into.
        is_vital: whether a file in which it is damaged is refused as a whole.
    """

    scheme: Scheme
    codec: Codec
    ids: tuple[bytes, ...]
    form: bytes = b""
    most: int = _MOST_XML
    is_vital: bool = False


@dataclass(frozen=True, slots=True)
class ChunkedTags:
    """WAV and AIFF.

    Attributes:
        chunks: how the file is built.
        layers: its places for tags, in the order in which new ones are written.
    """

    chunks: ChunkFile
    layers: tuple[ChunkLayer, ...]

    def read(self, path: Path) -> Contents:
        """Reads all layers.

        Raises:
            ValueError: with the reason, if the file is not exactly as the standard says.
        """
        with path.open("rb") as file:
            owners = self.owners(file, self.chunks.scan(file))
            return Contents(tuple(_section(file, layer, _chunks_of(layer, owners)) for layer in self.layers))

    def patch(self, path: Path, edits: Edits) -> Patch:
        """What changes in the file for edits.

        Raises:
            ValueError: with the reason, if the file would not hold what it should, or grow too large.
        """
        with path.open("rb") as file:
            scanned = self.chunks.scan(file)
            owners = self.owners(file, scanned)
            first = len(scanned)
            while scanned[first - 1] in owners:
                first -= 1
            old = {chunk: _raw(file, chunk) for chunk in scanned[first:]}
            tail: dict[Chunk | ChunkLayer, bytes] = dict(old.items())
            places: list[tuple[int, bytes]] = []
            for layer in self.layers:
                if values := edits.get(layer.scheme):
                    chunk = next(iter(_chunks_of(layer, owners)), None)
                    is_fixed = chunk is not None and chunk not in old
                    body = _body(file, layer, chunk)
                    room = len(body or b"") if is_fixed else 0
                    new = _written(layer, body, values, room=room)
                    if chunk and is_fixed and len(new) == chunk.size:
                        places.append((chunk.start, new))
                        continue
                    if chunk and is_fixed:
                        places.append((start_of(chunk), self.chunks.junk_id))
                    tail[chunk or layer] = self.chunks.chunk(chunk.id if chunk else layer.ids[0], new) if new else b""
        return self._patch(end_of(scanned[first - 1]), list(old.values()), list(tail.values()), tuple(places))

    def _patch(self, start: int, old: list[bytes], new: list[bytes], places: tuple[tuple[int, bytes], ...]) -> Patch:
        # What stays as it is at the beginning of the tail need not be written.
        same = 0
        while same < len(old) and old[same] == new[same]:
            same += 1
        patch = Patch(self.chunks, start + sum(map(len, old[:same])), b"".join(new[same:]), places)
        if patch.size >= SIZE_LIMIT:
            raise ValueError("it is too large to grow safely")
        return patch

    def owners(self, file: BinaryIO, scanned: tuple[Chunk, ...]) -> dict[Chunk, ChunkLayer]:
        """The chunks of tags, and which layer each belongs to."""
        owners = {}
        for chunk in scanned:
            for layer in self.layers:
                if chunk.id in layer.ids and contents(file, chunk, most=len(layer.form)) == layer.form:
                    owners[chunk] = layer
        return owners


def _chunks_of(layer: ChunkLayer, owners: Mapping[Chunk, ChunkLayer]) -> list[Chunk]:
    return [chunk for chunk, owner in owners.items() if owner is layer]


def _section(file: BinaryIO, layer: ChunkLayer, chunks: list[Chunk]) -> Section:
    try:
        if len(chunks) > 1:
            raise ValueError(f"it has more than one {layer.scheme} chunk")
        if any(chunk.size > layer.most for chunk in chunks):
            raise ValueError(f"its {layer.scheme} chunk is too large")
        body = _body(file, layer, next(iter(chunks), None))
        return Section(layer.scheme, {} if body is None else layer.codec.read(body, keys_of(layer.scheme)))
    except ValueError as error:
        if layer.is_vital:
            raise
        return Section(layer.scheme, {}, str(error))


def _body(file: BinaryIO, layer: ChunkLayer, chunk: Chunk | None) -> bytes | None:
    return contents(file, chunk)[len(layer.form) :] if chunk else None


def _written(layer: ChunkLayer, body: bytes | None, values: Mapping[str, str], *, room: int) -> bytes:
    """The contents of a layer's chunk after edits, which are looked at once more; b"" for no chunk."""
    new = layer.codec.write(body, values, room=room)
    keys = keys_of(layer.scheme)
    before = {} if body is None else layer.codec.read(body, keys)
    expected = {key: value for key, value in {**before, **values}.items() if value}
    if expected != ({} if new is None else layer.codec.read(new, keys)):
        raise ValueError(f"its {layer.scheme} tags would not hold what they should")
    return b"" if new is None else layer.form + new


def _raw(file: BinaryIO, chunk: Chunk) -> bytes:
    """A chunk with header and pad byte, as it is."""
    file.seek(start_of(chunk))
    return file.read(end_of(chunk) - start_of(chunk))


_ID3: Final = ChunkLayer(Scheme.ID3, id3, (b"id3 ", b"ID3 "), most=_MOST, is_vital=True)
WAV: Final = ChunkedTags(
    WAV_FILE,
    (
        ChunkLayer(Scheme.INFO, info, (b"LIST",), form=b"INFO", most=_MOST),
        ChunkLayer(Scheme.IXML, ixml, (b"iXML",)),
        _ID3,
        ChunkLayer(Scheme.XMP, xmp, (b"_PMX",)),
    ),
)
AIFF: Final = ChunkedTags(AIFF_FILE, (ChunkLayer(Scheme.ID3, id3, (b"ID3 ", b"id3 "), most=_MOST, is_vital=True),))
