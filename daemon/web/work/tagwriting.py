"""Tags in files, from the page: what would be written, to write it, and to take it back.

All of it goes the way of `tagger write` and `tagger undo` (`tagger.writing`), refusals and the journal included, so
that either can undo what the other wrote. Only one can write at a time. The daemon lets go of the lock a few seconds
after it has nothing more to write; so that long is waited for it, and then it is said who writes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from daemon import changes
from daemon.output import count_words
from daemon.tally import Tally
from daemon.web.work.errand import Errand
from daemon.web.work.reaching import in_order, refusal
from tagger import settings
from tagger.catalog import Batch, Catalog, FieldText, FileRecord, Seen
from tagger.errors import one_line, printable
from tagger.tagfile import Action, FieldChange
from tagger.tagfile.tags import Scheme
from tagger.writing import (
    BusyError,
    Outcome,
    Recovered,
    Selection,
    Undoing,
    Undone,
    Writer,
    Written,
    WrittenSidecar,
    write_ids,
)

PATIENCE_S: Final = 6.0
"""A little longer than the daemon keeps the lock after its last write."""

_LOOK_EVERY_S: Final = 0.1
_AT_ONCE: Final = 50
_MOST_NAMED: Final = 5
_SCHEMES: Final = frozenset(scheme.value for scheme in Scheme)

Held = TypeVar("Held", Writer, Undoing)


@dataclass(frozen=True, slots=True)
class Field:
    """One field that changes.

    Attributes:
        layer: where in the file: "ID3", "iXML"; "" where there is but one place.
        name: what it is called there.
        before: its value, or None where it is not there.
        after: its value then, or None where it is taken away.
    """

    layer: str
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class FileChange:
    """What came of one file, or would.

    Attributes:
        id: of its place, as in `Hit.id`; None for a file of Ableton Live's, and where it is not known.
        path: the file.
        is_changed: whether anything in it changes.
        words: what happens, in a line: "INSTRUMENT: (none) -> Kick".
        fields: every field that changes.
        kept: what is left alone and why, each in words.
        problem: why nothing could be done; the file is then as it was.
    """

    id: int | None
    path: Path
    is_changed: bool = False
    words: str = ""
    fields: tuple[Field, ...] = ()
    kept: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What came of many files, or would.

    Attributes:
        files: one each; of those that were looked at before it was cancelled.
        words: all in all, in a line.
        batch_id: the run in the journal, by which it can be undone; None if nothing was written.
        recovered: files over which an earlier run was stopped, and what became of them, in words.
        is_cancelled: whether it was ended early.
    """

    files: tuple[FileChange, ...]
    words: str
    batch_id: int | None = None
    recovered: tuple[str, ...] = ()
    is_cancelled: bool = False


def write(catalog: Catalog, file_ids: Sequence[int], errand: Errand, *, dry_run: bool) -> Changes:
    """Writes what the catalog knows of files, or finds out what that would change.

    Args:
        catalog: what is claimed, and the journal.
        file_ids: of their places, as in `Hit.id`.
        errand: is told how far it is; what was written before it is cancelled stays.
        dry_run: whether nothing is written.

    Raises:
        BusyError: somebody else is writing, and did not end soon.
        CatalogError: the catalog cannot be used.
        SettingsError: the settings make no sense.
    """
    tally = Tally()
    files: list[FileChange] = []

    def tell_sidecar(sidecar: WrittenSidecar) -> None:
        tally.problems += sidecar.error is not None
        files.append(_of_sidecar(sidecar))

    places = in_order(catalog, file_ids)
    command = _command("write", [seen.path for seen in places.values()])
    writer = Writer(catalog, settings.load(), command=command, dry_run=dry_run, on_sidecar=tell_sidecar)
    with _entered(writer, errand):
        for file_id, seen, written in _written(catalog, writer, places, errand):
            if isinstance(written, Written):
                changes.count(written, tally)
                files.append(_of_written(file_id, written))
            else:
                tally.problems += 1
                files.append(FileChange(file_id, seen.path, problem=written))
    problems = [count_words(tally.problems, "problem")] if tally.problems else []
    words = tally.changes_words(is_done=not dry_run) or ("nothing written" if problems else "nothing to write")
    told = ", ".join([words, *problems])
    return Changes(tuple(files), told, writer.batch_id, _recovered(writer.recovered), errand.is_cancelled)


def undo(catalog: Catalog, selection: Selection, errand: Errand, *, dry_run: bool) -> Changes:
    """Takes writes back, or finds out what that would change. A file that something else changed since is refused.

    Args:
        catalog: with the journal.
        selection: which writes are meant.
        errand: is told how far it is; what was taken back before it is cancelled stays so.
        dry_run: whether nothing is changed.

    Raises:
        BusyError: somebody else is writing, and did not end soon.
        CatalogError: the catalog cannot be used, or there is no such run.
    """
    undoing = Undoing(catalog, dry_run=dry_run)
    undone: list[Undone] = []
    with _entered(undoing, errand):
        meant = write_ids(catalog, selection, undoing.places(selection.paths))
        for write_id in errand.through(meant):
            undone += undoing.undo([write_id])
    words = changes.undone_words(Counter(each.outcome for each in undone), dry_run=dry_run)
    return Changes(tuple(map(_of_undone, undone)), words, None, _recovered(undoing.recovered), errand.is_cancelled)


def runs(catalog: Catalog) -> list[Batch]:
    """The runs that wrote into files, newest first, whoever made them."""
    return catalog.journal.batches()


@contextmanager
def _entered(context: Held, errand: Errand) -> Iterator[Held]:
    """Enters what writes, waiting for a while where somebody else does."""
    with ExitStack() as held:
        until_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                held.enter_context(context)
                break
            except BusyError as error:
                if errand.wait(_LOOK_EVERY_S) or time.monotonic() > until_s:
                    reason = "the daemon, or another run, is writing tags just now"
                    advice = "try again when it has finished, or pause its work first"
                    raise BusyError(error.path, reason, advice) from None
        yield context


def _written(
    catalog: Catalog, writer: Writer, places: dict[int, Seen], errand: Errand
) -> Iterator[tuple[int, Seen, Written | str]]:
    """What came of each file, or why it may not be touched. What is known is read shortly before it is written."""
    order = list(places)
    records: Mapping[int, FileRecord] = {}
    for at, file_id in enumerate(errand.through(order)):
        if at % _AT_ONCE == 0:
            records = catalog.records_at(order[at : at + _AT_ONCE])
        seen = places[file_id]
        if reason := refusal(catalog, seen):
            yield file_id, seen, reason
        elif file_id not in records:
            yield file_id, seen, "is not in the catalog any more (search again)"
        else:
            yield file_id, seen, writer.write(records[file_id])


def _command(verb: str, paths: Sequence[Path]) -> str:
    """For the list of runs."""
    more = [f"and {len(paths) - _MOST_NAMED:,} more"] if len(paths) > _MOST_NAMED else []
    return f"{verb} (page): {', '.join([*(one_line(path.name) for path in paths[:_MOST_NAMED]), *more])}"


def _of_written(file_id: int, written: Written) -> FileChange:
    change = written.change
    return FileChange(
        file_id,
        written.path,
        is_changed=change is not None and change.rewrites,
        words="; ".join(changes.written_words(written)) or _why_not(written),
        fields=_fields(change.fields) if change else (),
        kept=tuple(map(one_line, change.kept)) if change else (),
        problem=printable(written.error.words) if written.error else None,
    )


def _why_not(written: Written) -> str:
    if written.change and written.change.action is Action.UNCHANGED and written.change.current:
        return changes.change_words(written.change)
    return "" if written.error else "nothing is claimed of it"


def _of_sidecar(sidecar: WrittenSidecar) -> FileChange:
    problem = printable(sidecar.error.words) if sidecar.error else None
    words = "" if sidecar.error else f"tags of {count_words(len(sidecar.fields), 'file')} in Ableton Live"
    fields = tuple(Field("", each.name, each.before, each.after) for each in sidecar.fields)
    return FileChange(None, sidecar.path, bool(fields), words, fields, problem=problem)


def _of_undone(undone: Undone) -> FileChange:
    is_refused = undone.outcome is Outcome.REFUSED
    words = {Outcome.RESTORED: "as before", Outcome.ALREADY: undone.reason, Outcome.REFUSED: ""}[undone.outcome]
    return FileChange(
        None,
        undone.path,
        is_changed=undone.outcome is Outcome.RESTORED,
        words=words,
        fields=_fields(undone.fields),
        problem=f"not undone: {undone.reason}" if is_refused else None,
    )


def _fields(fields: Sequence[FieldChange | FieldText]) -> tuple[Field, ...]:
    return tuple(Field(*_layer(each.name), each.before, each.after) for each in fields)


def _layer(name: str) -> tuple[str, str]:
    layer, _, rest = name.partition(" ")
    return (layer, rest) if rest and layer in _SCHEMES else ("", name)


def _recovered(recovered: Sequence[Recovered]) -> tuple[str, ...]:
    return tuple(f"{one_line(path)}: {words}" for path, words in changes.recovered_words(recovered))
