"""Instrument tags in audio files, written so that neither audio nor anybody else's tags can be harmed.

A file is looked at strictly; what is malformed is refused, untouched. What may be said of it is spelt for every
host that reads its format (`fields`), and one rule tells what may be filled (`deciding`). WAV and AIFF are changed
in place, in steps that leave a whole file at any moment (`in_place`); all others by a copy that is compared and then
takes the place (`replacing`). Each write is known to the last byte, its way back included, before it begins
(`rewriting`).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from tagger.stamp import Stamp
from tagger.tagfile import cue_points, deciding
from tagger.tagfile.chunked import WAV, ChunkedTags
from tagger.tagfile.cue_points import CUE_POINTS, CueEdit
from tagger.tagfile.fingerprint import fingerprint_of
from tagger.tagfile.formats import UnfitError, UntaggableError, format_of
from tagger.tagfile.reasons import told_of
from tagger.tagfile.replacing import sweep
from tagger.tagfile.rewriting import Examined, Rewrite, brought_back, patched, prepared, unchanged
from tagger.tagfile.tags import (
    ALL_LAYERS,
    Action,
    Change,
    Claim,
    Contents,
    Edit,
    FieldChange,
    FileState,
    Layer,
    Reading,
    Scheme,
)

__all__ = [
    "ALL_LAYERS",
    "CUE_POINTS",
    "Action",
    "Change",
    "Claim",
    "CueEdit",
    "Edit",
    "FieldChange",
    "FileState",
    "Layer",
    "Reading",
    "Rewrite",
    "UnfitError",
    "UntaggableError",
    "fingerprint",
    "plan",
    "prepare",
    "prepare_cue_points",
    "read",
    "restore",
    "sweep",
]


def read(path: Path) -> Reading:
    """What a file says of its instruments, in all the fields that this program knows.

    Raises:
        TagFileError: if the file cannot be read, is damaged, or of a format without tags.
    """
    with told_of(path):
        return deciding.reading_of(format_of(path).read(path).sections)


def plan(path: Path, claim: Claim, *, layers: Collection[Layer] = ALL_LAYERS) -> Change:
    """What writing a claim into a file would change; writes nothing.

    Args:
        path: the audio file; a symbolic link stands for what it points to.
        claim: what may be said of it.
        layers: the layers of a WAV file that are written; what is ours in others is taken out. At least one of
            them has to have room for the mark: ID3, iXML or XMP.

    Raises:
        TagFileError: if the file could not be tagged safely, with the reason.
    """
    with told_of(path):
        return _examine(path, claim, layers).decision.change


@contextmanager
def prepare(
    path: Path, claim: Claim, *, layers: Collection[Layer] = ALL_LAYERS, payload_hash: str | None = None
) -> Iterator[Rewrite]:
    """The same change, ready to be committed within the block; leaves no trace if it is not.

    Args:
        path: as in `plan`.
        claim: as in `plan`.
        layers: as in `plan`.
        payload_hash: the hash of the file's audio, if it is known. The audio is then read once, after the change,
            and compared with it; else it is read once before.

    Raises:
        TagFileError: if the file cannot be tagged safely, with the reason; it is then untouched.
    """
    with ExitStack() as stack:
        with told_of(path):
            rewrite = stack.enter_context(prepared(_examine(path, claim, layers), payload_hash))
        yield rewrite


def prepare_cue_points(path: Path, edit: CueEdit, *, payload_hash: str | None = None) -> Rewrite:
    """A change of the cue points of a WAV file, ready to be committed; leaves no trace if it is not.

    Args:
        path: as in `plan`.
        edit: makes the new bodies of the chunks `cue ` and `LIST adtl` from the present ones, None for no chunk;
            raises ValueError where they must stay as they are.
        payload_hash: as in `prepare`.

    Raises:
        UntaggableError: if the file is no WAV.
        TagFileError: if it cannot be changed safely, with the reason; it is then untouched.
    """
    with told_of(path):
        target = Path(os.path.realpath(path, strict=True))
        status = target.stat()
        if format_of(target) is not WAV:
            raise UntaggableError(path, "has no place for cue points", "only WAV has")
        points = cue_points.CuePoints.read(target)
        bodies = edit(*points.bodies)
        change = cue_points.change_of(path, points.bodies, bodies)
        examined = Examined(target, status, WAV, Contents(()), deciding.Decision(change, {}))
        if not change.rewrites:
            return unchanged(examined)
        examined.check_writable()
        return patched(examined, points.patch(bodies), payload_hash)


def restore(path: Path, way_back: bytes, stamp: Stamp) -> None:
    """Makes the bytes of a file again that it had before a rewrite, and gives it its old time of change.

    A crash at any step loses nothing: a second call ends in the same bytes.

    Args:
        path: the audio file, tagged, or cut off in the middle of being tagged.
        way_back: of the rewrite.
        stamp: of the file before the rewrite.

    Raises:
        TagFileError: if something else changed the file since, or it cannot be written; it is then untouched.
    """
    with told_of(path):
        brought_back(Path(os.path.realpath(path, strict=True)), way_back, stamp)


def fingerprint(path: Path) -> str:
    """Stands for all bytes of a file: two files with the same fingerprint are the same, byte for byte.

    Raises:
        TagFileError: if the file cannot be read.
    """
    with told_of(path), path.open("rb") as file:
        return fingerprint_of(path, file)


def _examine(path: Path, claim: Claim, layers: Collection[Layer]) -> Examined:
    target = Path(os.path.realpath(path, strict=True))
    status = target.stat()
    tag_format = format_of(target)
    contents = tag_format.read(target)
    wanted = {Scheme[layer.name] for layer in layers} if tag_format is WAV else frozenset(Scheme)
    decision = deciding.decide(path, contents.sections, claim, wanted=wanted)
    examined = Examined(target, status, tag_format, contents, decision)
    if not decision.change.rewrites:
        return examined
    examined.check_writable()
    return examined if isinstance(tag_format, ChunkedTags) else replace(examined, rest=tag_format.rest(target))
