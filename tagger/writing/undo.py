"""The way back: files as they were before a write, byte for byte and to the tick of their clock.

Only a file that is exactly what we left is put back. One that something else has changed since is refused, with what is
different, since putting back old bytes would lose that. Newest first, so that several runs over one file are taken
back one after the other. A file that moved is found again by its audio, and is the one only if its bytes are those that
we left. What people said of labels stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final, Self

from tagger import tagfile
from tagger.catalog import Catalog, FieldText, Target, WriteRecord, WriteState
from tagger.errors import TagFileError, TaggerError, reason_of
from tagger.stamp import Stamp
from tagger.writing import sidecars
from tagger.writing.moved import Moved
from tagger.writing.recovery import FINGERPRINT, RESTORE, Fate, Recovered, settle, writing_alone

_NAME_IT: Final = "if you moved it, name its new place"


class Outcome(StrEnum):
    """What came of undoing one write."""

    RESTORED = "restored"
    ALREADY = "already"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Undone:
    """One write that was undone, or not.

    Attributes:
        path: the file, where it is now.
        write: the entry of the journal.
        outcome: what came of it.
        reason: why it was not needed or is refused; "" where it was done.
        fields: what is taken back, from what stands there to what stood there; of a file that was refused because
            something else changed it, from what we left to what stands there now.
    """

    path: Path
    write: WriteRecord
    outcome: Outcome
    reason: str
    fields: tuple[FieldText, ...]


class Undoing:
    """Takes writes back, as a context; entering it recovers what an earlier run was killed over.

    Args:
        catalog: with the journal.
        dry_run: whether nothing is changed, only found out.

    Attributes:
        recovered: files that an earlier run was stopped over, and what became of them.

    Raises:
        CatalogError: another run is writing; or the catalog cannot be used, also later.
    """

    def __init__(self, catalog: Catalog, *, dry_run: bool = False) -> None:
        self.recovered: list[Recovered] = []
        self._catalog = catalog
        self._dry_run = dry_run
        self._held = ExitStack()
        self._as_if: dict[Path, str] = {}
        """Fingerprints that files would have by now, of a dry run."""
        self._moved = Moved(catalog, partial(self._fingerprint, Target.TAGS))

    def __enter__(self) -> Self:
        if not self._dry_run:
            self.recovered = self._held.enter_context(writing_alone(self._catalog))
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def places(self, paths: Sequence[Path]) -> list[Path]:
        """Some paths, and where files that have moved there since were when they were written."""
        return [*paths, *(self._moved.old_places(paths) if paths else ())]

    def undo(self, write_ids: Sequence[int]) -> Iterator[Undone]:
        """Takes back the writes of these numbers, newest first, each when it is asked for."""
        for write_id in sorted(write_ids, reverse=True):
            if write := self._catalog.journal.write(write_id):
                yield self._undo(write)

    def _undo(self, write: WriteRecord) -> Undone:
        path = write.intent.path
        if write.state is WriteState.UNDONE:
            return Undone(path, write, Outcome.ALREADY, "was undone already", ())
        if (place := self._moved.place_of(write)) is None:
            return _refused(path, write, f"is not there any more, and not found elsewhere ({_NAME_IT})")
        try:
            found = self._fingerprint(write.intent.target, place)
        except (OSError, TaggerError) as error:
            return _refused(place, write, f"cannot be read: {reason_of(error)}")
        if found == write.intent.after_fingerprint:
            return self._restore(write, place)
        if found == write.intent.before_fingerprint:
            return self._note_restored(write, place, Outcome.ALREADY, "is as it was before")
        return self._refuse_changed(write, place)

    def _fingerprint(self, target: Target, path: Path) -> str:
        return self._as_if.get(path) or FINGERPRINT[target](path)

    def _restore(self, write: WriteRecord, place: Path) -> Undone:
        if self._dry_run:
            self._as_if[place] = write.intent.before_fingerprint
            return Undone(place, write, Outcome.RESTORED, "", _turned(write.intent.fields))
        write = self._catalog.journal.begin_undo(write, place)
        try:
            RESTORE[write.intent.target](place, write.intent.way_back, write.intent.before)
            if FINGERPRINT[write.intent.target](place) != write.intent.before_fingerprint:
                raise TagFileError(place, "could not be made what it was")
        except (OSError, TaggerError) as error:
            fate = settle(self._catalog, write).fate
            if fate in (Fate.UNTOUCHED, Fate.PUT_BACK):
                return Undone(place, write, Outcome.RESTORED, "", _turned(write.intent.fields))
            return _refused(place, write, reason_of(error))
        except BaseException:
            settle(self._catalog, write)
            raise
        return self._note_restored(write, place, Outcome.RESTORED, "")

    def _note_restored(self, write: WriteRecord, place: Path, outcome: Outcome, reason: str) -> Undone:
        if not self._dry_run:
            sidecars.remember(self._catalog, write, is_undone=True)
            self._catalog.journal.settle(write, WriteState.UNDONE, stamp=Stamp.of(place))
        return Undone(place, write, outcome, reason, _turned(write.intent.fields))

    def _refuse_changed(self, write: WriteRecord, place: Path) -> Undone:
        if later := self._catalog.journal.later_write(write):
            reason = f"was written again by run {later.batch_id}; undo that first"
            return _refused(place, write, reason)
        fields = tuple(_differences(write, place))
        is_tag = all(field.name != tagfile.CUE_POINTS for field in write.intent.fields)
        what = ", in what this program did not write" if is_tag and not fields else ""
        return _refused(place, write, f"was changed by another program since{what}", fields)


def _differences(write: WriteRecord, place: Path) -> Iterator[FieldText]:
    """The fields of tags that we wrote and somebody changed, from what we left to what is there."""
    if write.intent.target is Target.SIDECAR:
        return
    try:
        now = tagfile.read(place).values
    except TaggerError:
        return
    for field in write.intent.fields:
        if field.name != tagfile.CUE_POINTS and now.get(field.name) != field.after:
            yield FieldText(field.name, field.after, now.get(field.name))


def _turned(fields: tuple[FieldText, ...]) -> tuple[FieldText, ...]:
    return tuple(FieldText(field.name, field.after, field.before) for field in fields)


def _refused(path: Path, write: WriteRecord, reason: str, fields: tuple[FieldText, ...] = ()) -> Undone:
    return Undone(path, write, Outcome.REFUSED, reason, fields)
