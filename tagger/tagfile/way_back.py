"""What a journal keeps of a rewrite: enough to make the old bytes again, and to tell whether that would be right.

A file may be brought back if it is the new one, byte for byte, or if it is what a crash in the middle of the rewrite
left. The latter can only be where a file is changed in place: then every byte that a step writes is as it was, as it
was to be, or a zero that the disk had no time to fill. Anything else was changed by somebody else, and is theirs.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Self

from tagger.tagfile.chunks import CONTAINER_HEADER_SIZE
from tagger.tagfile.delta import Operation, decode, encode, view
from tagger.tagfile.fingerprint import fingerprint_of
from tagger.tagfile.in_place import Patch, patch_of

_MAGIC: Final = b"TWB1"
_HEAD: Final = struct.Struct("<4sHHI")


@dataclass(frozen=True, slots=True)
class WayBack:
    """How a file is brought back.

    Attributes:
        before: fingerprint of the old file.
        after: fingerprint of the new one.
        back: operations that make the old file from the new one.
        forward: in place, operations that make the new file from the old one; else none.
    """

    before: str
    after: str
    back: tuple[Operation, ...]
    forward: tuple[Operation, ...] = ()

    def encode(self) -> bytes:
        """The way back as bytes."""
        names = (self.before.encode("ascii"), self.after.encode("ascii"))
        back = encode(self.back)
        head = _HEAD.pack(_MAGIC, *map(len, names), len(back))
        return head + b"".join(names) + zlib.compress(back + encode(self.forward))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Reads what `encode` made.

        Raises:
            ValueError: if it is damaged or of another version.
        """
        try:
            magic, first, second, size = _HEAD.unpack_from(data)
            if magic != _MAGIC:
                raise ValueError("it is of another version")
            names = data[_HEAD.size :][: first + second].decode("ascii")
            body = zlib.decompress(data[_HEAD.size + first + second :])
            return cls(names[:first], names[first:], tuple(decode(body[:size])), tuple(decode(body[size:])))
        except (struct.error, zlib.error, ValueError) as error:
            raise ValueError(f"the way back is damaged: {error}") from error

    def patch(self, file: BinaryIO) -> Patch | None:
        """The way back as changes in place; None where the file has to be made anew."""
        return _patch(self.back, file) if self.forward else None

    def leads_back(self, path: Path, file: BinaryIO, found: str) -> bool:
        """Whether the old bytes come out of a file as it is, and nobody else has changed it.

        Args:
            path: for errors.
            file: the file, open.
            found: its fingerprint.
        """
        if found != self.after and not self._is_cut_off(file):
            return False
        return fingerprint_of(path, view(self.back, file)) == self.before

    def _is_cut_off(self, file: BinaryIO) -> bool:
        back, forward = self.patch(file), _patch(self.forward, file)
        return back is not None and forward is not None and back.is_on_the_way(forward, file)


def _patch(operations: tuple[Operation, ...], file: BinaryIO) -> Patch | None:
    file.seek(0)
    return patch_of(operations, file.read(CONTAINER_HEADER_SIZE))
