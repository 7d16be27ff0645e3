"""WAV and AIFF files changed where they are: audio never moves, and the file stays the same file.

What we write is the file's *tail*, chunks of tags behind all else, and a few bytes that keep their place:

1. where there is an old tail, the size in the header is made to end before it; flushed to the disk;
2. the new tail is written over it, and the file made to end there; flushed;
3. the size in the header is made to end behind it; flushed;
4. bytes that keep their place are changed: names of chunks that are superseded, chunks whose size stays; flushed.

So at every moment the file is whole, with at worst stray bytes behind its end, and samples are never written. What is
cut off in between is put back from the old bytes by the very same steps, which are the way back too.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from tagger.disk import flush
from tagger.errors import TagFileError
from tagger.tagfile.chunks import ChunkFile, chunk_file_of
from tagger.tagfile.delta import Copy, Operation, pieces, size_of

_SIZE_FIELD: Final = 4
_SIZE_FIELD_END: Final = 8
# Windows locks ranges, and refuses them to all other readers; its own library cuts places off at 32 bits. No file
# that we change reaches here.
_LOCKED_BYTE: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Patch:
    """What changes in a file of chunks.

    Attributes:
        chunks: what sort of file it is.
        tail_start: where the tail begins; everything before stays, but for `places`.
        tail: all bytes from there to the new end.
        places: offsets before the tail, behind the header, and the bytes to be there.
    """

    chunks: ChunkFile
    tail_start: int
    tail: bytes
    places: tuple[tuple[int, bytes], ...] = ()

    @property
    def size(self) -> int:
        """Bytes of the file afterwards."""
        return self.tail_start + len(self.tail)

    def operations(self) -> tuple[Operation, ...]:
        """The file afterwards, made from the file before; only bytes that never change are copied."""
        made: list[Operation] = []
        at = 0
        for start, data in sorted([(_SIZE_FIELD, self.chunks.size_field(self.size)), *self.places]):
            made += [Copy(at, start - at), data]
            at = start + len(data)
        return tuple(filter(size_of, (*made, Copy(at, self.tail_start - at), self.tail)))

    def undoing(self, file: BinaryIO) -> Patch:
        """The patch that makes the file what it is now, once this one has changed it."""
        places = tuple((start, _read(file, start, len(data))) for start, data in self.places)
        file.seek(self.tail_start)
        return Patch(self.chunks, self.tail_start, file.read(), places)

    def write(self, descriptor: int) -> None:
        """Takes the steps in a file that is open for reading and writing, whatever a crash left of it."""
        os.lseek(descriptor, _SIZE_FIELD, os.SEEK_SET)
        size_field = os.read(descriptor, _SIZE_FIELD_END - _SIZE_FIELD)
        before = self.chunks.size_field(self.tail_start)
        if size_field != before:
            _put(descriptor, _SIZE_FIELD, before)
        _put(descriptor, self.tail_start, self.tail, size=self.size)
        _put(descriptor, _SIZE_FIELD, self.chunks.size_field(self.size))
        if self.places:
            for start, data in self.places[:-1]:
                _put_only(descriptor, start, data)
            _put(descriptor, *self.places[-1])

    def is_on_the_way(self, other: Patch, file: BinaryIO) -> bool:
        """Whether a file is what a crash may leave between the states that this patch and its undoing make."""
        states = (self, other)
        held = _read(file, self.tail_start, max(len(each.tail) for each in states) + 1)
        places = zip(self.places, other.places, strict=False)
        return (
            self.tail_start == other.tail_start
            and [start for start, _ in self.places] == [start for start, _ in other.places]
            and len(held) <= max(len(each.tail) for each in states)
            and _is_mixed(held, self.tail, other.tail, bytes(len(held)))
            and all(_is_mixed(_read(file, start, len(one)), one, two) for (start, one), (_, two) in places)
        )

    def is_written(self, file: BinaryIO) -> bool:
        """Whether a file holds all that the steps write."""
        pieces = [(_SIZE_FIELD, self.chunks.size_field(self.size)), *self.places, (self.tail_start, self.tail)]
        is_there = all(_read(file, start, len(data)) == data for start, data in pieces)
        return is_there and file.seek(0, os.SEEK_END) == self.size


def patch_of(operations: Iterable[Operation], head: bytes) -> Patch | None:
    """The patch whose operations these are; None if that cannot be.

    Args:
        operations: as `Patch.operations` gives them.
        head: the first 12 bytes of the file.
    """
    chunks = chunk_file_of(head)
    made = list(pieces(operations))
    if not chunks or any(isinstance(each, Copy) and each.start != start for start, each in made):
        return None
    places = [(start, each) for start, each in made if isinstance(each, bytes) and start != _SIZE_FIELD]
    end = sum(size_of(each) for _, each in made)
    tail_start, tail = places.pop() if places and places[-1] == made[-1] else (end, b"")
    return Patch(chunks, tail_start, tail, tuple(places))


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """A file open for changes in place, which no other program that asks may change meanwhile.

    Raises:
        TagFileError: if another program is at it.
        OSError: if it cannot be opened.
    """
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0))
    try:
        with _locked(descriptor, path):
            yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _locked(descriptor: int, path: Path) -> Iterator[None]:
    try:
        _lock(descriptor)
    except (BlockingIOError, PermissionError):
        raise TagFileError(path, "is being changed by another program", "run again when it is done") from None
    except OSError:
        # A file system without locks, as on some servers.
        yield
        return
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            _unlock(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        # Locks of the other kind would go as soon as anybody in this process closes the file.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _put(descriptor: int, start: int, data: bytes, *, size: int | None = None) -> None:
    """Writes bytes, ends the file at `size` where that is given, and waits for the disk."""
    _put_only(descriptor, start, data)
    if size is not None and os.fstat(descriptor).st_size != size:
        os.ftruncate(descriptor, size)
    flush(descriptor)


def _put_only(descriptor: int, start: int, data: bytes) -> None:
    os.lseek(descriptor, start, os.SEEK_SET)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _is_mixed(held: bytes, *sources: bytes) -> bool:
    """Whether each byte is at its place in one of the sources."""
    is_known = np.zeros(len(held), bool)
    for source in sources:
        length = min(len(held), len(source))
        is_known[:length] |= np.frombuffer(held, np.uint8, length) == np.frombuffer(source, np.uint8, length)
    return bool(is_known.all())


def _read(file: BinaryIO, start: int, size: int) -> bytes:
    file.seek(start)
    return file.read(size)
