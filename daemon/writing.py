"""The command `tagger write`, and the writer that `tagger tag --write` shares with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from daemon.changes import (
    count,
    print_recovered,
    print_sidecar,
    print_written,
    written_object,
)
from daemon.output import STOPPED_EXIT_CODE, count_words, nearby, print_json, print_problem
from daemon.progress import progress
from daemon.tally import Tally
from tagger import settings
from tagger.catalog import Catalog, FileRecord, Seen, name_key
from tagger.errors import printable
from tagger.writing import Writer, WrittenSidecar

_MOST_NAMED: Final = 10
"""Paths of a command that the list of runs repeats."""


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

    more = [f"and {len(paths) - _MOST_NAMED:,} more"] if len(paths) > _MOST_NAMED else []
    typed = " ".join([command, *map(nearby, paths[:_MOST_NAMED]), *more])
    with Writer(catalog, settings.load(), command=typed, dry_run=dry_run, on_sidecar=tell_sidecar) as writer:
        print_recovered(writer.recovered)
        yield writer


def write(catalog: Catalog, paths: Sequence[Path], *, dry_run: bool, as_json: bool) -> int:
    """Writes what the catalog knows of files at and below paths.

    Returns:
        the exit code.
    """
    tally = Tally(problems=_tell_strangers(catalog, paths, as_json=as_json))
    try:
        with (
            open_writer(catalog, paths, tally, command="write", dry_run=dry_run, as_json=as_json) as writer,
            progress(catalog.count(paths)) as shown,
        ):
            for done, (place, record) in enumerate(_with_records(catalog, catalog.seen(paths)), start=1):
                _write_one(writer, tally, place, record, dry_run=dry_run, as_json=as_json)
                shown.update(done, place.path.parent)
    except KeyboardInterrupt:
        print_problem("stopped; what is written is kept, and `tagger undo` takes it back")
        return STOPPED_EXIT_CODE
    if not as_json:
        changes = tally.changes_words(is_done=not dry_run)
        problems = [count_words(tally.problems, "problem")] if tally.problems else []
        print_problem(", ".join([changes or ("nothing written" if problems else "nothing to write"), *problems]))
    return 1 if tally.problems else 0


def _tell_strangers(catalog: Catalog, paths: Sequence[Path], *, as_json: bool) -> int:
    strangers = [path for path in paths if not catalog.count([path])]
    for path in strangers:
        reason = f'is not in the catalog (run `tagger tag "{nearby(path)}"` first)'
        if as_json:
            print_json({"path": printable(path), "error": reason})
        else:
            print_problem(f"{nearby(path)}: {reason}")
    return len(strangers)


def _with_records(catalog: Catalog, places: Iterable[Seen]) -> Iterator[tuple[Seen, FileRecord | None]]:
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
