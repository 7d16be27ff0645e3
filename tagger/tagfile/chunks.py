"""RIFF and FORM files, looked at strictly before a byte is written.

Readers forgive wrong sizes, a missing pad byte, or bytes behind the end; a writer that forgives them puts
a tag where players expect samples. Whatever is not exactly as the standard says is therefore left alone.

Sources: Multimedia Programming Interface and Data Specifications 1.0 (IBM and Microsoft, 1991);
Audio Interchange File Format 1.3 (Apple, 1989).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from tagger.containers import Chunk, ChunkLayout, file_size, iter_chunks

# Sizes have 32 bits; the margin leaves room for tags, ours and those of others.
SIZE_LIMIT: Final = (1 << 32) - (1 << 24)

_CONTAINER_HEADER_SIZE: Final = 12
_CHUNK_HEADER_SIZE: Final = 8


@dataclass(frozen=True, slots=True)
class ChunkFile:
    """What sets WAV and AIFF apart.

    Attributes:
        container: the id that a file starts with.
        kinds: what may stand behind the container's size.
        layout: how its chunks are spelt.
        audio_id: the chunk of samples, of which there is exactly one.
    """

    container: bytes
    kinds: tuple[bytes, ...]
    layout: ChunkLayout
    audio_id: bytes

    def scan(self, path: Path) -> tuple[Chunk, ...]:
        """The file's chunks, in order.

        Raises:
            ValueError: with the reason, unless sizes, ids and pad bytes are exactly right.
            MalformedError: if a chunk is cut off within its header.
            OSError: if the file cannot be read.
        """
        with path.open("rb") as file:
            self._check_container(file)
            chunks = tuple(iter_chunks(file, self.layout, start=_CONTAINER_HEADER_SIZE))
            self._check_chunks(chunks, file_size(file))
        return chunks

    def chunk(self, chunk_id: bytes, contents: bytes) -> bytes:
        """A whole chunk as bytes, with header and pad byte."""
        header = self.layout.header.pack(chunk_id, len(contents))
        return header + contents + bytes(len(contents) % 2)

    def patch_size(self, path: Path) -> None:
        """Makes the container's size that of the file."""
        with path.open("r+b") as file:
            size = file_size(file) - _CHUNK_HEADER_SIZE
            file.seek(0)
            file.write(self.layout.header.pack(self.container, size))

    def _check_container(self, file: BinaryIO) -> None:
        held = file_size(file)
        file.seek(0)
        header = file.read(_CONTAINER_HEADER_SIZE)
        if len(header) < _CONTAINER_HEADER_SIZE or header[8:] not in self.kinds:
            raise ValueError("its header is damaged")
        _, size = self.layout.header.unpack(header[:_CHUNK_HEADER_SIZE])
        if held >= SIZE_LIMIT:
            raise ValueError("it is too large to grow safely")
        if size + _CHUNK_HEADER_SIZE != held:
            raise ValueError(f"its header tells of {size + _CHUNK_HEADER_SIZE} bytes, but it has {held}")

    def _check_chunks(self, chunks: tuple[Chunk, ...], held: int) -> None:
        for chunk in chunks:
            if not chunk.id.isascii() or not chunk.id.decode().isprintable():
                raise ValueError(f"there is no chunk at byte {start_of(chunk)}")
            if end_of(chunk) > held:
                raise ValueError(f"its chunk {chunk.id.decode()!r} reaches past the end")
        if chunks and end_of(chunks[-1]) < held:
            raise ValueError("there are stray bytes behind its last chunk")
        audio = sum(chunk.id == self.audio_id for chunk in chunks)
        if audio != 1:
            raise ValueError(f"it has {audio} chunks of samples instead of one")


def start_of(chunk: Chunk) -> int:
    """Where a chunk's header starts in the file."""
    return chunk.start - _CHUNK_HEADER_SIZE


def end_of(chunk: Chunk) -> int:
    """Where the next chunk starts, behind the pad byte that makes sizes even."""
    return chunk.start + chunk.size + chunk.size % 2


def contents(file: BinaryIO, chunk: Chunk) -> bytes:
    """All that a chunk holds."""
    file.seek(chunk.start)
    return file.read(chunk.size)
