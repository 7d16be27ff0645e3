"""The commands `tagger write` and `tagger undo`, and the writer that `tagger tag --write` shares with them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from daemon.changes import (
    count,
    diff_lines,
    fields_object,
    print_recovered,
    print_sidecar,
    print_written,
    written_object,
)
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
from daemon.tally import Tally
from tagger import settings
from tagger.catalog import Batch, Catalog, FileRecord, Seen, name_key
from tagger.catalog.journal import KEPT_BYTES, KEPT_DAYS
from tagger.errors import CatalogError, printable
from tagger.writing import Outcome, Undoing, Undone, Writer, WrittenSidecar


@contextmanager
def open_writer(
    catalog: Catalog, paths: Sequence[Path], tally: Tally, *, command: str, dry_run: bool, as_json: bool
) -> Iterator[Writer]:
    """A writer with the settings in force, after telling what an earlier run was killed over.

    Args:
        catalog: what is written.
        paths: that were named, for the list of runs.
        tally: counts what goes wrong beside the files themselves.
        command: that was typed, for the list of runs.
        dry_run: whether nothing is written, only found out.
        as_json: whether output is for programs.

    Raises:
        CatalogError: another run is writing.
        SettingsError: the settings make no sense.
    """

    def tell_sidecar(sidecar: WrittenSidecar) -> None:
        tally.problems += sidecar.error is not None
        print_sidecar(sidecar, with_fields=dry_run, as_json=as_json)

    typed = " ".join([command, *map(nearby, paths)])
    with Writer(catalog, settings.load(), command=typed, dry_run=dry_run, on_sidecar=tell_sidecar) as writer:
        print_recovered(writer.recovered)
        yield writer


def write(catalog: Catalog, paths: Sequence[Path], *, dry_run: bool, as_json: bool) -> int:
    """Writes what the catalog knows of files at and below paths.

    Returns:
        the exit code.
    """
    places = catalog.seen(paths)
    tally = Tally(problems=_tell_strangers(catalog, paths, as_json=as_json))
    try:
        with (
            open_writer(catalog, paths, tally, command="write", dry_run=dry_run, as_json=as_json) as writer,
            progress(len(places)) as shown,
        ):
            for done, (place, record) in enumerate(_with_records(catalog, places), start=1):
                _write_one(writer, tally, place, record, dry_run=dry_run, as_json=as_json)
                shown.update(done, place.path.parent)
    except KeyboardInterrupt:
        print_problem("stopped; what is written is kept, and `tagger undo` takes it back")
        return STOPPED_EXIT_CODE
    if not as_json:
        print_problem(tally.changes_words(is_done=not dry_run) or "nothing to write")
    return 1 if tally.problems else 0


def _tell_strangers(catalog: Catalog, paths: Sequence[Path], *, as_json: bool) -> int:
    strangers = [path for path in paths if not catalog.seen([path])]
    for path in strangers:
        reason = f'is not in the catalog (run `tagger tag "{nearby(path)}"` first)'
        if as_json:
            print_json({"path": printable(path), "error": reason})
        else:
            print_problem(f"{nearby(path)}: {reason}")
    return len(strangers)


def _with_records(catalog: Catalog, places: Sequence[Seen]) -> Iterator[tuple[Seen, FileRecord | None]]:
    """Each place with what is held of it, by one query a folder."""
    folder: Path | None = None
    records: Mapping[str, FileRecord] = {}
    for place in places:
        if place.path.parent != folder:
            folder = place.path.parent
            records = catalog.records_in(folder)
        yield place, records.get(name_key(place.path.name))


def _write_one(
    writer: Writer, tally: Tally, place: Seen, record: FileRecord | None, *, dry_run: bool, as_json: bool
) -> None:
    if record is None or place.is_missing:
        return
    written = writer.write(record)
    count(written, tally)
    if as_json:
        print_json({"path": printable(place.path)} | written_object(written, is_done=not dry_run))
    else:
        print_written(written, with_fields=dry_run)


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
        write_ids = _selected(catalog, selection)
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


def _selected(catalog: Catalog, selection: Selection) -> list[int]:
    journal, paths = catalog.journal, selection.paths
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
