"""The commands that only read: find, show, labels, stats, export."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from daemon import records
from daemon.iteration import closed_after
from daemon.output import (
    count_words,
    nearby,
    print_json,
    print_line,
    print_problem,
    words_in,
)
from tagger import tagfile
from tagger.catalog import Catalog, Problem, Query
from tagger.errors import CatalogError, OutputError, TagFileError, one_line, printable
from tagger.output import replaced
from tagger.tagfile import Reading
from tagger.taxonomy import FAMILIES, LABEL_SETS, LEAVES, words_of

_WIDTH: Final = 12


def find(catalog: Catalog, query: Query, *, as_json: bool, as_paths: bool) -> None:
    """Prints the files that meet a query, one a line."""
    words = words_in("own")
    count = 0
    with closed_after(catalog.find(query)) as hits:
        for hit in hits:
            count += 1
            if as_json:
                print_json(records.hit_object(hit))
            else:
                print_line(str(hit.path) if as_paths else records.hit_line(hit, words))
    if not count:
        print_problem("nothing found" + _hint(query))
    elif sys.stderr.isatty() and not as_json and not as_paths:
        print_problem(count_words(count, "file"))


def show(catalog: Catalog, path: Path, *, as_json: bool) -> None:
    """Prints all that is held of one file.

    Raises:
        CatalogError: the file is not in the catalog.
    """
    held = catalog.show(path)
    if held is None:
        raise CatalogError(path, "is not in the catalog", f'run `tagger tag "{nearby(path)}"` first')
    if isinstance(held, Problem):
        _show_problem(held, as_json=as_json)
    elif as_json:
        print_json(records.record_object(held) | {"in_file": dict(_reading_of(held.path).values)})
    else:
        lines = [*records.record_lines(held, words_in("own")), ("in the file", _reading_words(_reading_of(held.path)))]
        _print_lines(held.path, lines)


def labels(label_set: str, *, as_json: bool) -> None:
    """Prints a set of labels, each with what it stands for."""
    chosen = LABEL_SETS[label_set]
    for label, leaves in chosen.leaves_of.items():
        if as_json:
            print_json({"label": label, "words": chosen.words[label], "leaves": list(leaves)})
    if as_json:
        return
    if label_set == "own":
        rows = [(family, ", ".join(leaves)) for family, leaves in FAMILIES.items()]
        _print_table(("family", "labels"), rows)
        print_line(f"{len(LEAVES)} labels in {len(FAMILIES)} families")
    else:
        rows = [(label, ", ".join(leaves)) for label, leaves in chosen.leaves_of.items()]
        _print_table((label_set, "made of"), rows)


def stats(catalog: Catalog, *, as_json: bool) -> None:
    """Prints the catalog in numbers."""
    numbers = catalog.stats()
    if as_json:
        print_json(records.stats_object(numbers) | {"catalog": printable(catalog.path)})
        return
    words = words_in("own")
    facts = [
        ("catalog", nearby(catalog.path)),
        ("files", f"{count_words(numbers.files, 'file')}, {numbers.hours:.1f} hours"),
        ("duplicates", f"{numbers.duplicates:,}"),
        ("unsure", f"{numbers.unsure:,}"),
        ("problems", f"{numbers.problems:,}"),
        *((kind.value, f"{count:,}") for kind, count in numbers.by_kind.items()),
    ]
    for name, value in facts:
        print_line(f"{name:<{_WIDTH}}{value}")
    if numbers.by_label:
        rows = [(words.get(label, words_of(label)), f"{count:,}") for label, count in numbers.by_label.items()]
        _print_table(("instrument", "files"), rows)


def export(catalog: Catalog, *, as_csv: bool, output: Path | None) -> None:
    """Writes all records to a file, or to standard output.

    Raises:
        OutputError: the file cannot be written.
    """
    write = records.write_csv if as_csv else records.write_jsonl
    with closed_after(catalog.export()) as held:
        if output is None:
            write(held, sys.stdout)
            return
        if output.exists() and output.samefile(catalog.path):
            raise OutputError(output, "is the catalog itself", "name another file")
        with replaced(output) as file, io.TextIOWrapper(file, encoding="utf-8", newline="") as text:
            write(held, text)


def _hint(query: Query) -> str:
    known = [word for word in query.words.lower().split() if word in LEAVES or word in FAMILIES]
    return f"; words are looked for in paths, for the instrument use --label {known[0]}" if known else ""


def _show_problem(problem: Problem, *, as_json: bool) -> None:
    if as_json:
        print_json({"path": printable(problem.path), "error": printable(problem.reason)})
    else:
        _print_lines(problem.path, [("problem", problem.reason)])


def _reading_of(path: Path) -> Reading:
    try:
        return tagfile.read(path)
    except TagFileError:
        return Reading({}, None)


def _reading_words(reading: Reading) -> str:
    if reading.instrument is None:
        return "no instrument tag"
    return f"INSTRUMENT: {one_line(reading.instrument)} ({'written by tagger' if reading.is_ours else 'not ours'})"


def _print_lines(path: Path, lines: Iterable[tuple[str, str]]) -> None:
    print_line(nearby(path))
    for name, value in lines:
        print_line(f"  {name:<{_WIDTH}}{value}")


def _print_table(columns: tuple[str, str], rows: Iterable[tuple[str, str]]) -> None:
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    Console(file=sys.stdout, highlight=False).print(table)
