"""A change of one file, prepared to the last byte before the first is written, and then made.

What a rewrite will do, what it takes to undo it, and what the file will be afterwards are all known beforehand, so
that a journal can hold them safely before anything happens. WAV and AIFF are changed in place (`in_place`), all
else by a copy that is compared with the file and then takes its place (`replacing`).
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tagger.errors import TagFileError
from tagger.payload import hash_payload, payload_hash
from tagger.stamp import Stamp
from tagger.tagfile.chunked import ChunkedTags
from tagger.tagfile.deciding import Decision
from tagger.tagfile.delta import between, view
from tagger.tagfile.fingerprint import fingerprint_of
from tagger.tagfile.formats import CopyFormat, TagFormat
from tagger.tagfile.in_place import Patch, opened
from tagger.tagfile.reasons import told_of
from tagger.tagfile.replacing import beside, check_replaceable, check_unchanged, check_writable, take_place
from tagger.tagfile.tags import Change, Contents, Edits, FileState, Section
from tagger.tagfile.way_back import WayBack

_BUFFER_SIZE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A change that is ready to be made.

    Attributes:
        change: what it does, as people are told.
        path: the real file, links followed.
        before: the file as it is; its fingerprint is "" where nothing changes.
        way_back: what `restore` needs to make the old bytes from the new file; b"" where nothing changes.
        after_fingerprint: of the file as it will be.
        in_place: whether the file stays the same file; else a copy takes its place.
        temporary: the copy, which a crash may leave behind; None in place.
    """

    change: Change
    path: Path
    before: FileState
    way_back: bytes
    after_fingerprint: str
    in_place: bool
    temporary: Path | None
    _make: Callable[[int | None], None] | None

    def commit(self, *, keep_mtime: bool = True) -> FileState:
        """Makes the change, and proves that it was made.

        Args:
            keep_mtime: whether the file keeps its time of change.

        Returns:
            The file as it is then.

        Raises:
            TagFileError: if the file was changed meanwhile, or a step fails; the old bytes are back then, unless the
                disk fails: then `restore` will bring them back.
        """
        with told_of(self.change.path):
            if self._make:
                self._make(self.before.stamp.mtime_ns if keep_mtime else None)
            return FileState(self.after_fingerprint, Stamp.from_status(self.path.stat()))


@dataclass(frozen=True, slots=True)
class Examined:
    """A file that was looked at, and what is to change in it.

    Attributes:
        target: the file, links followed.
        status: its status before it was looked at.
        tag_format: what knows its format.
        contents: its tags as they are.
        decision: what is to change.
        rest: what else must survive a write; None where nothing changes.
    """

    target: Path
    status: os.stat_result
    tag_format: TagFormat
    contents: Contents
    decision: Decision
    rest: Hashable = None

    @property
    def stamp(self) -> Stamp:
        """Its size and time of change."""
        return Stamp.from_status(self.status)

    def check_writable(self) -> None:
        """Raises `TagFileError` if the file may not be written."""
        is_in_place = isinstance(self.tag_format, ChunkedTags)
        (check_writable if is_in_place else check_replaceable)(self.target)


@contextmanager
def prepared(file: Examined, payload: str | None) -> Iterator[Rewrite]:
    """A rewrite of a file; leaves no trace if it is not committed.

    Args:
        file: the file, and what is to change in it.
        payload: the hash of its audio, if it is known.

    Raises:
        ValueError: with the reason, if the change cannot be made safely.
        TagFileError: if the file may not be written.
        OSError: if it cannot be read, or a copy not be made.
    """
    change = file.decision.change
    if not change.rewrites:
        yield unchanged(file)
        return
    if isinstance(file.tag_format, ChunkedTags):
        yield patched(file, file.tag_format.patch(file.target, file.decision.edits), payload)
        return
    with beside(file.target) as new:
        yield _copied(file, file.tag_format, new, payload)


def unchanged(file: Examined) -> Rewrite:
    """A rewrite that does nothing."""
    return Rewrite(file.decision.change, file.target, FileState("", file.stamp), b"", "", False, None, None)


def patched(examined: Examined, patch: Patch, known: str | None) -> Rewrite:
    """A rewrite of a file in place; the parameters are those of `prepared`, and what changes in the file."""
    target, status = examined.target, examined.status
    with target.open("rb") as file:
        payload = known or hash_payload(target, file)
        before = fingerprint_of(target, file, payload=payload)
        undoing = patch.undoing(file)
        after = fingerprint_of(target, view(patch.operations(), file), payload=payload)

    def make(mtime_ns: int | None) -> None:
        failure: BaseException | None = None
        with opened(target) as descriptor:
            check_unchanged(target, status)
            try:
                patch.write(descriptor)
                _prove(target, patch, known)
            except BaseException as error:
                with contextlib.suppress(OSError):
                    undoing.write(descriptor)
                failure = error
        # Windows sets the time when a file is closed that was written.
        _set_mtime(target, status.st_mtime_ns if failure else mtime_ns)
        if failure:
            raise failure

    way_back = WayBack(before, after, undoing.operations(), patch.operations()).encode()
    state = FileState(before, examined.stamp)
    return Rewrite(examined.decision.change, target, state, way_back, after, True, None, make)


def _prove(target: Path, patch: Patch, known: str | None) -> None:
    """Raises `TagFileError` unless a patch is written, and the audio is what it was.

    Where the payload's hash was taken just before, it is not taken again: samples are never written.
    """
    with target.open("rb") as file:
        if not patch.is_written(file):
            raise TagFileError(target, "does not hold what was written", "check the disk; the old tags were put back")
        patch.chunks.scan(file)
        if known and hash_payload(target, file) != known:
            raise TagFileError(target, "holds other audio than was analysed", "left untouched; run again")


def _copied(examined: Examined, tag_format: CopyFormat, new: Path, known: str | None) -> Rewrite:
    target, status, edits = examined.target, examined.status, examined.decision.edits
    tag_format.write(target, new, edits)
    if (tag_format.read(new), tag_format.rest(new)) != (_edited(examined.contents, edits), examined.rest):
        raise ValueError("other tags would not survive the writing")
    if payload_hash(new) != (known or payload_hash(target)):
        raise ValueError("the audio would not survive the writing")
    before, after = _fingerprint(target), _fingerprint(new)
    way_back = WayBack(before, after, between(target, new))
    with new.open("rb") as file:
        if not way_back.leads_back(target, file, after):
            raise ValueError("there would be no way back")

    def make(mtime_ns: int | None) -> None:
        take_place(new, target, status, mtime_ns=mtime_ns)

    state = FileState(before, examined.stamp)
    return Rewrite(examined.decision.change, target, state, way_back.encode(), after, False, new, make)


def _edited(contents: Contents, edits: Edits) -> Contents:
    sections = []
    for section in contents.sections:
        values = {**section.values, **edits.get(section.scheme, {})}
        sections.append(Section(section.scheme, {key: value for key, value in values.items() if value}))
    return Contents(tuple(sections), contents.foreign)


def brought_back(target: Path, way_back: bytes, stamp: Stamp) -> None:
    """Makes the old bytes of a file again, and gives it the old time of change.

    A second call after a crash at any step, and one for a file that is back already, end in the same bytes.

    Args:
        target: the file, links followed.
        way_back: of the rewrite; the file may also be one that was cut off in the middle of it.
        stamp: of the file before the rewrite.

    Raises:
        ValueError: if the way back is damaged.
        TagFileError: if the file may not be written, or something else changed it since; it is then untouched.
        OSError: if a step fails.
    """
    way = WayBack.decode(way_back)
    found = _fingerprint(target)
    if found == way.before:
        _set_mtime(target, stamp.mtime_ns)
        return
    with target.open("rb") as file:
        if not way.leads_back(target, file, found):
            reason = "was changed by another program since it was tagged"
            raise TagFileError(target, reason, "its tags were left as they are")
        patch = way.patch(file)
    if patch:
        check_writable(target)
        with opened(target) as descriptor:
            patch.write(descriptor)
            _prove(target, patch, None)
        _set_mtime(target, stamp.mtime_ns)
    else:
        _copied_back(target, way, stamp)


def _copied_back(target: Path, way: WayBack, stamp: Stamp) -> None:
    check_replaceable(target)
    status = target.stat()
    with beside(target) as new:
        with target.open("rb") as file, new.open("wb") as copy:
            shutil.copyfileobj(view(way.back, file), copy, _BUFFER_SIZE)
        if _fingerprint(new) != way.before:
            raise TagFileError(target, "cannot be copied as it was", "check the disk")
        take_place(new, target, status, mtime_ns=stamp.mtime_ns)


def _fingerprint(path: Path) -> str:
    with path.open("rb") as file:
        return fingerprint_of(path, file)


def _set_mtime(path: Path, mtime_ns: int | None) -> None:
    if mtime_ns is not None:
        os.utime(path, ns=(path.stat().st_atime_ns, mtime_ns))
