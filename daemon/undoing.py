"""The command `tagger undo`: which writes are meant, what came of each, and which runs there are."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from daemon.changes import diff_lines, fields_object, print_recovered
from daemon.iteration import closed_after
from daemon.output import (
    STOPPED_EXIT_CODE,
    Json,
    count_words,
    nearby,
    print_json,
    print_line,
    print_problem,
    size_words,
)
from daemon.progress import progress
from tagger.catalog import Batch, Catalog
from tagger.catalog.journal import KEPT_BYTES, KEPT_DAYS
from tagger.errors import CatalogError, printable
from tagger.writing import Outcome, Undoing, Undone


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which writes are to be undone; nothing given means the last run.

    Attributes:
        paths: only these files, and files below these folders; alone, the last write of each.
        batch_id: those of this run.
        since: those of then and later.
    """

    paths: tuple[Path, ...] = ()
    batch_id: int | None = None
    since: datetime | None = None


def undo(catalog: Catalog, selection: Selection, *, dry_run: bool, as_json: bool) -> int:
    """Takes writes back.

    Returns:
        the exit code.
    """
    tally: dict[Outcome, int] = dict.fromkeys(Outcome, 0)
    with Undoing(catalog, dry_run=dry_run) as undoing:
        print_recovered(undoing.recovered)
        write_ids = _selected(catalog, selection, undoing.places(selection.paths))
        try:
            with progress(len(write_ids)) as shown, closed_after(undoing.undo(write_ids)) as undone:
                for done, each in enumerate(undone, start=1):
                    tally[each.outcome] += 1
                    _tell_undone(each, dry_run=dry_run, as_json=as_json)
                    shown.update(done, each.path.parent)
        except KeyboardInterrupt:
            print_problem("stopped; the same command goes on from there")
            return STOPPED_EXIT_CODE
    if not as_json:
        print_problem(_summary(tally, dry_run=dry_run))
    return 1 if tally[Outcome.REFUSED] else 0


def _selected(catalog: Catalog, selection: Selection, paths: Sequence[Path]) -> list[int]:
    journal = catalog.journal
    if selection.since is not None:
        return journal.write_ids(since=selection.since, under=paths)
    if selection.batch_id is not None:
        if found := journal.write_ids(batch_id=selection.batch_id, under=paths):
            return found
        reason = f"there is no run {selection.batch_id} in the journal" + (" with these files" if paths else "")
        raise CatalogError(catalog.path, reason, "`tagger undo --list` shows those there are")
    if paths:
        return journal.last_write_ids(paths)
    last = next(iter(journal.batches()), None)
    return journal.write_ids(batch_id=last.id) if last else []


def _tell_undone(undone: Undone, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(_undone_object(undone, dry_run=dry_run))
    elif undone.outcome is Outcome.RESTORED:
        print_line(f"{nearby(undone.path)}  {'would be as' if dry_run else 'as'} before run {undone.write.batch_id}")
        for line in diff_lines(undone.fields) if dry_run else ():
            print_line(line)
    elif undone.outcome is Outcome.REFUSED:
        print_problem(f"{nearby(undone.path)}: not undone, {undone.reason}")
        for line in diff_lines(undone.fields):
            sys.stderr.write(printable(line) + "\n")


def _undone_object(undone: Undone, *, dry_run: bool) -> Json:
    is_done = undone.outcome is Outcome.RESTORED and not dry_run
    return {
        "path": printable(undone.path),
        "batch": undone.write.batch_id,
        "outcome": undone.outcome.value,
        "undone": is_done,
        "reason": undone.reason,
        "fields": fields_object(undone.fields),
    }


def _summary(tally: Mapping[Outcome, int], *, dry_run: bool) -> str:
    if not any(tally.values()):
        return "nothing to undo"
    words = {
        Outcome.RESTORED: "would be as before" if dry_run else "as before",
        Outcome.ALREADY: "undone already",
        Outcome.REFUSED: "not undone",
    }
    hint = "" if tally[Outcome.RESTORED] or tally[Outcome.REFUSED] else "; `tagger undo --list` shows earlier runs"
    return f"files: {', '.join(f'{tally[each]:,} {text}' for each, text in words.items() if tally[each])}{hint}"


def list_batches(catalog: Catalog, *, as_json: bool) -> None:
    """Prints the runs that can be undone, newest first, and how long the journal keeps them."""
    batches = catalog.journal.batches()
    if as_json:
        for batch in batches:
            print_json(_batch_object(batch))
        return
    table = Table("run", "when", "command", "files", "", box=None, pad_edge=False, header_style="bold")
    for batch in batches:
        when = f"{batch.started_at.astimezone():%Y-%m-%d %H:%M}"
        table.add_row(str(batch.id), when, batch.command, f"{batch.files:,}", _state(batch))
    if batches:
        Console(file=sys.stdout, highlight=False).print(table)
    held = size_words(sum(batch.held_bytes for batch in batches))
    print_problem(
        f"{count_words(len(batches), 'run')} in the journal, {held}; runs are kept for {KEPT_DAYS} days, the oldest "
        f"beyond {size_words(KEPT_BYTES)} less long, the newest always"
    )


def _state(batch: Batch) -> str:
    parts = [] if batch.finished_at else ["stopped half-way"]
    if batch.undone:
        parts.append("undone" if batch.undone == batch.files else f"{batch.undone:,} undone")
    if batch.failed:
        parts.append(f"{batch.failed:,} could not be put right")
    return ", ".join(parts)


def _batch_object(batch: Batch) -> Json:
    return {
        "batch": batch.id,
        "started_at": batch.started_at.isoformat(timespec="seconds"),
        "finished_at": batch.finished_at.isoformat(timespec="seconds") if batch.finished_at else None,
        "command": batch.command,
        "files": batch.files,
        "undone": batch.undone,
        "failed": batch.failed,
        "held_bytes": batch.held_bytes,
    }
