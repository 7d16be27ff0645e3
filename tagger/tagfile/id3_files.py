"""Files that hold an ID3 tag: WAV and AIFF in a chunk, MPEG audio in front of all.

Everything but the tag is copied as it is. A new chunk goes behind the last one, since readers that take
the samples for granted at byte 44 are still about.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from tagger.containers import Chunk
from tagger.tagfile.chunks import ChunkFile, contents, end_of, start_of
from tagger.tagfile.id3 import HEADER_SIZE, MAGIC, Id3Tag, parse, total_size
from tagger.tagfile.tags import FIELDS, SEPARATOR, Tags

_TAG_IDS: Final = (b"id3 ", b"ID3 ")
_BUFFER_SIZE: Final = 1 << 20
# Enough for other programs' next edit, without the 1 % of the file that is customary elsewhere.
_PADDING: Final = 512


@dataclass(frozen=True, slots=True)
class ChunkedId3:
    """WAV and AIFF.

    Attributes:
        name: what people call it.
        chunks: how the file is built.
        tag_id: the name of a new ID3 chunk; one that is there keeps its name.
    """

    name: str
    chunks: ChunkFile
    tag_id: bytes

    def read(self, path: Path) -> Tags:
        """Reads the tags; `foreign` are all chunks but the samples, and all other ID3 frames."""
        chunks = self.chunks.scan(path)
        with path.open("rb") as file:
            tag = _chunk_tag(file, chunks)
            others = tuple(
                (chunk.id, _digest(file, chunk))
                for chunk in chunks
                if chunk.id not in (*_TAG_IDS, self.chunks.audio_id)
            )
        return Tags(_values(tag), (others, tag.without_texts(FIELDS)))

    def write(self, source: Path, target: Path, values: Mapping[str, str]) -> None:
        """Copies all chunks as they are, with another ID3 chunk."""
        chunks = self.chunks.scan(source)
        with source.open("rb") as file:
            tag = _chunk_tag(file, chunks).with_texts(values, FIELDS).render()
        old = _tag_chunk(chunks)
        end = end_of(old or chunks[-1])
        start = start_of(old) if old else end
        new = self.chunks.chunk(old.id if old else self.tag_id, tag) if tag else b""
        _splice(source, target, start, end, new)
        self.chunks.patch_size(target)


@dataclass(frozen=True, slots=True)
class LeadingId3:
    """MPEG audio, behind its ID3 tag."""

    name: str

    def read(self, path: Path) -> Tags:
        """Reads the tags; `foreign` are all other ID3 frames."""
        tag, _ = _leading_tag(path)
        return Tags(_values(tag), tag.without_texts(FIELDS))

    def write(self, source: Path, target: Path, values: Mapping[str, str]) -> None:
        """Copies what is behind the tag as it is; the tag keeps its size where there is room."""
        tag, size = _leading_tag(source)
        new = tag.with_texts(values, FIELDS).render(size=size, padding=_PADDING)
        _splice(source, target, 0, size, new)


def _leading_tag(path: Path) -> tuple[Id3Tag, int]:
    with path.open("rb") as file:
        head = file.read(HEADER_SIZE)
        size = total_size(head) if head.startswith(MAGIC) else 0
        file.seek(0)
        data = file.read(size)
        if file.read(len(MAGIC)) == MAGIC:
            raise ValueError("it starts with more than one ID3 tag")
    return (parse(data) if size else Id3Tag()), size


def _chunk_tag(file: BinaryIO, chunks: tuple[Chunk, ...]) -> Id3Tag:
    chunk = _tag_chunk(chunks)
    data = contents(file, chunk) if chunk else b""
    if not data:
        return Id3Tag()
    if data[total_size(data) :].strip(b"\0"):
        raise ValueError("there is more than a tag in its ID3 chunk")
    return parse(data)


def _tag_chunk(chunks: tuple[Chunk, ...]) -> Chunk | None:
    found = [chunk for chunk in chunks if chunk.id in _TAG_IDS]
    if len(found) > 1:
        raise ValueError("it has more than one ID3 chunk")
    return found[0] if found else None


def _digest(file: BinaryIO, chunk: Chunk) -> bytes:
    digest = hashlib.sha256()
    file.seek(chunk.start)
    for block in _blocks(file, chunk.size):
        digest.update(block)
    return digest.digest()


def _values(tag: Id3Tag) -> dict[str, str]:
    """The fields' values; a field that stands there twice holds both."""
    values: dict[str, str] = {}
    for text in tag.texts():
        name = text[0].upper() if text else ""
        if text and name in FIELDS:
            values[name] = SEPARATOR.join(filter(None, (values.get(name), text[1])))
    return values


def _splice(source: Path, target: Path, start: int, end: int, middle: bytes) -> None:
    """Fills `target` with `source`, its bytes from `start` to `end` replaced by `middle`."""
    with source.open("rb") as old, target.open("wb") as new:
        new.writelines(_blocks(old, start))
        new.write(middle)
        old.seek(end)
        shutil.copyfileobj(old, new, _BUFFER_SIZE)


def _blocks(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size and (block := file.read(min(size, _BUFFER_SIZE))):
        yield block
        size -= len(block)
