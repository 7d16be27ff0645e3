"""The way back: how the bytes of an old file are made from those of the new one.

A delta is a run of operations, each either "copy so many bytes of the new file from here" or "these bytes". Tags are
small, and so is the delta, even where a tag in front shifts all the audio, and where Ogg numbers every page anew:
behind the longest common start the files are compared twice, as they stand and shifted by the difference of their
sizes, and only the runs that differ are kept.

Whoever applies a delta can look at what comes out before a byte is written (`View`).
"""

from __future__ import annotations

import io
import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
import numpy.typing as npt

_OPERATION: Final = struct.Struct("<BQQ")
_COPY, _DATA = 0, 1
_SPAN: Final = 1 << 20
_BLOCK: Final = 1 << 12
# An operation costs about as much as so many bytes.
_GAP: Final = 16
_BUFFER_BYTES: Final = 1 << 16

Bytes = npt.NDArray[np.uint8]


class Copy(NamedTuple):
    """So many bytes of the new file, from `start`."""

    start: int
    size: int


Operation = Copy | bytes


class View(io.RawIOBase):
    """The old file, to be read as if it stood there.

    Args:
        operations: how it is made.
        new: the new file, open; whoever opened it closes it.
    """

    def __init__(self, operations: Iterable[Operation], new: BinaryIO) -> None:
        self._new = new
        self._pieces = list(pieces(operations))
        self._starts = [start for start, _ in self._pieces]
        self._size = sum(size_of(operation) for _, operation in self._pieces)
        self._position = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Goes to a place, in bytes from the start, from here or from the end."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = origin + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Reads what one operation makes from here on, at most as much as fits."""
        view = memoryview(buffer).cast("B")
        if not len(view) or self._position >= self._size:
            return 0
        start, operation = self._pieces[bisect_right(self._starts, self._position) - 1]
        skipped = self._position - start
        if isinstance(operation, bytes):
            data = operation[skipped : skipped + len(view)]
        else:
            self._new.seek(operation.start + skipped)
            data = self._new.read(min(len(view), operation.size - skipped))
        view[: len(data)] = data
        self._position += len(data)
        return len(data)


def view(operations: Iterable[Operation], new: BinaryIO) -> BinaryIO:
    """The old file, to be read as if it stood there; `new` is the new one, open."""
    return io.BufferedReader(View(operations, new), _BUFFER_BYTES)


def pieces(operations: Iterable[Operation]) -> Iterator[tuple[int, Operation]]:
    """The operations, each with where its bytes begin in the old file."""
    start = 0
    for operation in operations:
        yield start, operation
        start += size_of(operation)


def encode(operations: Iterable[Operation]) -> bytes:
    """Operations as bytes."""
    parts = []
    for operation in operations:
        if isinstance(operation, Copy):
            parts.append(_OPERATION.pack(_COPY, *operation))
        else:
            parts += [_OPERATION.pack(_DATA, 0, len(operation)), operation]
    return b"".join(parts)


def decode(data: bytes) -> Iterator[Operation]:
    """Reads what `encode` made.

    Raises:
        ValueError: if it is damaged.
    """
    position = 0
    while position < len(data):
        kind, start, size = _OPERATION.unpack(
            data[position : position + _OPERATION.size].ljust(_OPERATION.size, b"\xff")
        )
        position += _OPERATION.size
        if kind == _COPY:
            yield Copy(start, size)
            continue
        if kind != _DATA or position + size > len(data):
            raise ValueError("it is cut off")
        yield data[position : position + size]
        position += size


def between(old: Path, new: Path) -> tuple[Operation, ...]:
    """The operations that make the old file from the new one; neither is empty."""
    return operations(np.memmap(old, np.uint8, "r"), np.memmap(new, np.uint8, "r"))


def operations(old: Bytes, new: Bytes) -> tuple[Operation, ...]:
    """Does the same for bytes: (old,) and (new,) uint8."""
    least = min(len(old), len(new))
    head = _common(old[:least], new[:least])
    tail = _common(old[head:][::-1][: least - head], new[head:][::-1][: least - head])
    end, shift = len(old) - tail, len(new) - len(old)
    middle = _split(old, new, head, end, shift)
    parts = [
        [Copy(0, head)],
        _differing(old, new, head, middle, 0),
        _differing(old, new, middle, end, shift),
        [Copy(end + shift, tail)],
    ]
    return tuple(_joined(operation for part in parts for operation in part))


def size_of(operation: Operation) -> int:
    """Bytes of the old file that an operation makes."""
    return len(operation) if isinstance(operation, bytes) else operation.size


def _common(old: Bytes, new: Bytes) -> int:
    """Length of what two runs of the same length have in common at their start."""
    for start in range(0, len(old), _SPAN):
        differs = old[start : start + _SPAN] != new[start : start + _SPAN]
        if differs.any():
            return start + int(differs.argmax())
    return len(old)


def _split(old: Bytes, new: Bytes, start: int, end: int, shift: int) -> int:
    """The place before which fewest bytes differ as they stand, and behind which fewest differ shifted."""
    blocks = np.arange(start, end, _BLOCK)
    as_is = [_count(old, new, int(block), min(int(block) + _BLOCK, end), 0) for block in blocks]
    shifted = [_count(old, new, int(block), min(int(block) + _BLOCK, end), shift) for block in blocks]
    cost = np.concatenate(([0], np.cumsum(as_is))) + np.concatenate((np.cumsum(shifted[::-1])[::-1], [0]))
    return min(start + int(cost.argmin()) * _BLOCK, end)


def _count(old: Bytes, new: Bytes, start: int, end: int, shift: int) -> int:
    first, last = _overlap(new, start, end, shift)
    return end - start - (last - first) + int(np.count_nonzero(old[first:last] != new[first + shift : last + shift]))


def _overlap(new: Bytes, start: int, end: int, shift: int) -> tuple[int, int]:
    """The part of a run of the old file that has a counterpart in the new one."""
    first = min(max(start, -shift), end)
    return first, max(first, min(end, len(new) - shift))


def _differing(old: Bytes, new: Bytes, start: int, end: int, shift: int) -> Iterator[Operation]:
    """A run of the old file, with only what differs from the new one as bytes."""
    first, last = _overlap(new, start, end, shift)
    yield old[start:first].tobytes()
    for begin in range(first, last, _SPAN):
        stop = min(begin + _SPAN, last)
        at = begin
        for run_start, run_end in _runs(old[begin:stop] != new[begin + shift : stop + shift]):
            yield Copy(at + shift, begin + run_start - at)
            yield old[begin + run_start : begin + run_end].tobytes()
            at = begin + run_end
        yield Copy(at + shift, stop - at)
    yield old[last:end].tobytes()


def _runs(differs: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    places = np.flatnonzero(differs)
    if len(places):
        breaks = np.flatnonzero(np.diff(places) > _GAP)
        starts = places[np.concatenate(([0], breaks + 1))]
        ends = places[np.concatenate((breaks, [len(places) - 1]))] + 1
        yield from zip(starts.tolist(), ends.tolist(), strict=True)


def _joined(operations: Iterable[Operation]) -> Iterator[Operation]:
    """The same operations, neighbours made one, none empty."""
    last: Operation = b""
    for operation in operations:
        if not size_of(operation):
            continue
        if isinstance(last, bytes) and isinstance(operation, bytes):
            last += operation
        elif isinstance(last, Copy) and isinstance(operation, Copy) and last.start + last.size == operation.start:
            last = Copy(last.start, last.size + operation.size)
        else:
            if size_of(last):
                yield last
            last = operation
    if size_of(last):
        yield last
