"""Cue points of a WAV, put into the file as tags are: in place, samples untouched, with a way back known before.

What the two chunks hold is somebody else's business, told by a function from their bodies to new ones. The chunks go
into the file's tail, before the tags, so that neither grows the other's place: both are written anew with the tail.
Where other chunks follow them they cannot grow; then the new ones go to the tail, and the old become chunks that
readers pass over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from tagger.containers import Chunk
from tagger.tagfile.chunked import WAV
from tagger.tagfile.chunks import SIZE_LIMIT, WAV_FILE, contents, end_of, start_of
from tagger.tagfile.in_place import Patch
from tagger.tagfile.tags import Action, Change, FieldChange

Bodies = tuple[bytes | None, bytes | None]
"""Of `cue ` and of `LIST adtl`, from its type on; None for a chunk that is not there."""
CueEdit = Callable[[bytes | None, bytes | None], Bodies]

CUE_POINTS: Final = "cue points"
"""The name of the field that says how many there are."""

_CUE: Final = b"cue "
_LIST: Final = b"LIST"
_ADTL: Final = b"adtl"
_MOST: Final = 1 << 28


@dataclass(frozen=True, slots=True)
class CuePoints:
    """The two chunks of a file.

    Attributes:
        path: the file, links followed.
        scanned: all its chunks, in order.
        chunks: those two, None for one that is not there.
        bodies: what they hold.
    """

    path: Path
    scanned: tuple[Chunk, ...]
    chunks: tuple[Chunk | None, Chunk | None]
    bodies: Bodies

    @classmethod
    def read(cls, path: Path) -> CuePoints:
        """Reads a WAV file.

        Raises:
            ValueError: with the reason, if the file is not exactly as the standard says, or has several such chunks.
            OSError: if it cannot be read.
        """
        with path.open("rb") as file:
            scanned = WAV_FILE.scan(file)
            cue = _only([each for each in scanned if each.id == _CUE], "cue")
            adtl = _only([each for each in scanned if _is_adtl(file, each)], "cue name")
            bodies = (_body(file, cue), _body(file, adtl))
        return cls(path, scanned, (cue, adtl), bodies)

    def patch(self, bodies: Bodies) -> Patch:
        """What changes in the file so that the chunks hold something else.

        Raises:
            ValueError: with the reason, if the file would grow too large.
            OSError: if it cannot be read.
        """
        with self.path.open("rb") as file:
            owned = {*WAV.owners(file, self.scanned), *filter(None, self.chunks)}
            first = len(self.scanned)
            while self.scanned[first - 1] in owned:
                first -= 1
            rest = [each for each in self.scanned[first:] if each not in self.chunks]
            kept = [_raw(file, each) for each in rest]
        fixed = [each for each in self.chunks if each and each in self.scanned[:first]]
        new = [WAV_FILE.chunk(name, body) for name, body in zip((_CUE, _LIST), bodies, strict=True) if body]
        places = tuple((start_of(each), WAV_FILE.junk_id) for each in fixed)
        patch = Patch(WAV_FILE, end_of(self.scanned[first - 1]), b"".join(new + kept), places)
        if patch.size >= SIZE_LIMIT:
            raise ValueError("it is too large to grow safely")
        return patch


def change_of(path: Path, before: Bodies, after: Bodies) -> Change:
    """What new bodies change in a file, as people are told."""
    if before == after:
        return Change(path, Action.UNCHANGED, None, None)
    counts = [f"{int.from_bytes(cue[:4], 'little')}" if cue else None for cue in (before[0], after[0])]
    action = Action.WRITE if after[0] else Action.REMOVE
    return Change(path, action, None, None, fields=(FieldChange(CUE_POINTS, *counts),))


def _only(chunks: list[Chunk], name: str) -> Chunk | None:
    if len(chunks) > 1:
        raise ValueError(f"it has more than one {name} chunk")
    if any(each.size > _MOST for each in chunks):
        raise ValueError(f"its {name} chunk is too large")
    return chunks[0] if chunks else None


def _is_adtl(file: BinaryIO, chunk: Chunk) -> bool:
    return chunk.id == _LIST and contents(file, chunk, most=len(_ADTL)) == _ADTL


def _body(file: BinaryIO, chunk: Chunk | None) -> bytes | None:
    return contents(file, chunk) if chunk else None


def _raw(file: BinaryIO, chunk: Chunk) -> bytes:
    file.seek(start_of(chunk))
    return file.read(end_of(chunk) - start_of(chunk))
