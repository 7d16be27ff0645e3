"""The command `tagger undo`: what came of each write that is meant, and which runs there are."""

from __future__ import annotations

import sys
from collections import Counter

from rich.console import Console
from rich.table import Table

from daemon.changes import diff_lines, fields_object, print_recovered, undone_words
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
from tagger.errors import printable
from tagger.writing import Outcome, Selection, Undoing, Undone, write_ids


def undo(catalog: Catalog, selection: Selection, *, dry_run: bool, as_json: bool) -> int:
    """Takes writes back.

    Returns:
        the exit code.
    """
    tally: Counter[Outcome] = Counter()
    with Undoing(catalog, dry_run=dry_run) as undoing:
        print_recovered(undoing.recovered)
        meant = write_ids(catalog, selection, undoing.places(selection.paths))
        try:
            with progress(len(meant)) as shown, closed_after(undoing.undo(meant)) as undone:
                for done, each in enumerate(undone, start=1):
                    tally[each.outcome] += 1
                    _tell_undone(each, dry_run=dry_run, as_json=as_json)
                    shown.update(done, each.path.parent)
        except KeyboardInterrupt:
            print_problem("stopped; the same command goes on from there")
            return STOPPED_EXIT_CODE
    if not as_json:
        hint = "" if tally[Outcome.RESTORED] or tally[Outcome.REFUSED] else "; `tagger undo --list` shows earlier runs"
        print_problem(undone_words(tally, dry_run=dry_run) + (hint if tally else ""))
    return 1 if tally[Outcome.REFUSED] else 0


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
