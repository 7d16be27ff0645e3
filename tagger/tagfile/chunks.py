"""RIFF and FORM files, looked at strictly before a byte is written.

Readers forgive wrong sizes, a missing pad byte, or bytes behind the end; a writer that forgives them puts
a tag where players expect samples. Whatever is not exactly as the standard says is therefore left alone.

Sources: Multimedia Programming Interface and Data Specifications 1.0 (IBM and Microsoft, 1991);
Audio Interchange File Format 1.3 (Apple, 1989).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Final

from tagger.containers import IFF, RIFF, Chunk, ChunkLayout, file_size, iter_chunks
from tagger.payload import UNKNOWN_SIZES

# Sizes have 32 bits; the margin leaves room for tags, ours and those of others.
SIZE_LIMIT: Final = (1 << 32) - (1 << 24)

CONTAINER_HEADER_SIZE: Final = 12
CHUNK_HEADER_SIZE: Final = 8


@dataclass(frozen=True, slots=True)
class ChunkFile:
    """What sets WAV and AIFF apart.

    Attributes:
        container: the id that a file starts with.
        kinds: what may stand behind the container's size.
        layout: how its chunks are spelt.
        form_id: the chunk that says how samples are stored.
        audio_id: the chunk of samples; there is exactly one of each.
        junk_id: a chunk that every reader passes over.
    """

    container: bytes
    kinds: tuple[bytes, ...]
    layout: ChunkLayout
    form_id: bytes
    audio_id: bytes
    junk_id: bytes

    def scan(self, file: BinaryIO) -> tuple[Chunk, ...]:
        """The chunks of an open file, in order.

        Raises:
            ValueError: with the reason, unless sizes, ids and pad bytes are exactly right.
            MalformedError: if a chunk is cut off within its header.
            OSError: if the file cannot be read.
        """
        self._check_container(file)
        chunks = tuple(iter_chunks(file, self.layout, start=CONTAINER_HEADER_SIZE))
        self._check_chunks(chunks, file_size(file))
        return chunks

    def chunk(self, chunk_id: bytes, contents: bytes) -> bytes:
        """A whole chunk as bytes, with header and pad byte."""
        header = self.layout.header.pack(chunk_id, len(contents))
        return header + contents + bytes(len(contents) % 2)

    def size_field(self, file_bytes: int) -> bytes:
        """The size in the header, 4 bytes at byte 4, of a file of so many bytes."""
        return self.layout.header.pack(self.container, file_bytes - CHUNK_HEADER_SIZE)[4:]

    def _check_container(self, file: BinaryIO) -> None:
        held = file_size(file)
        file.seek(0)
        header = file.read(CONTAINER_HEADER_SIZE)
        if len(header) < CONTAINER_HEADER_SIZE or header[:4] != self.container or header[8:] not in self.kinds:
            raise ValueError("its header is damaged")
        _, size = self.layout.header.unpack(header[:CHUNK_HEADER_SIZE])
        if held >= SIZE_LIMIT:
            raise ValueError("it is too large to grow safely")
        if size + CHUNK_HEADER_SIZE != held:
            raise ValueError(f"its header tells of {size + CHUNK_HEADER_SIZE} bytes, but it has {held}")

    def _check_chunks(self, chunks: tuple[Chunk, ...], held: int) -> None:
        for chunk in chunks:
            if not chunk.id.isascii() or not chunk.id.decode().isprintable():
                raise ValueError(f"there is no chunk at byte {start_of(chunk)}")
            if end_of(chunk) > held:
                raise ValueError(f"its chunk {chunk.id.decode()!r} reaches past the end")
        if chunks and end_of(chunks[-1]) < held:
            raise ValueError("there are stray bytes behind its last chunk")
        for chunk_id in (self.form_id, self.audio_id):
            count = sum(chunk.id == chunk_id for chunk in chunks)
            if count != 1:
                raise ValueError(f"it has {count} chunks {chunk_id.decode()!r} instead of one")
        if any(chunk.id == self.audio_id and chunk.size in UNKNOWN_SIZES for chunk in chunks):
            raise ValueError("its header does not tell how much audio it holds")


WAV_FILE: Final = ChunkFile(b"RIFF", (b"WAVE",), RIFF, b"fmt ", b"data", b"JUNK")
AIFF_FILE: Final = ChunkFile(b"FORM", (b"AIFF", b"AIFC"), IFF, b"COMM", b"SSND", b"FLLR")


def chunk_file_of(head: bytes) -> ChunkFile | None:
    """What a file that starts so is, if it is WAV or AIFF."""
    return next(
        (each for each in (WAV_FILE, AIFF_FILE) if head[:4] == each.container and head[8:12] in each.kinds), None
    )


def start_of(chunk: Chunk) -> int:
    """Where a chunk's header starts in the file."""
    return chunk.start - CHUNK_HEADER_SIZE


def end_of(chunk: Chunk) -> int:
    """Where the next chunk starts, behind the pad byte that makes sizes even."""
    return chunk.start + chunk.size + chunk.size % 2


def contents(file: BinaryIO, chunk: Chunk, *, most: int | None = None) -> bytes:
    """What a chunk holds, or the first bytes of it."""
    file.seek(chunk.start)
    return file.read(chunk.size if most is None else min(most, chunk.size))
