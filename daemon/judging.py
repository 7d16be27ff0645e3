"""The commands `tagger confirm`, `reject` and `correct`: what a person says of a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from daemon.output import claims_words, instrument_object, nearby, print_json, print_line, print_problem, words_in
from tagger.catalog import Catalog, FileRecord, LabelState
from tagger.catalog.roots import in_charge
from tagger.errors import CatalogError, printable
from tagger.results import Instrument

Verdict = Literal["confirm", "reject", "correct"]


def judge(catalog: Catalog, path: Path, labels: Sequence[str], *, verdict: Verdict, as_json: bool) -> None:
    """Keeps a person's verdict, and prints what is claimed of the file from now on.

    Raises:
        CatalogError: the file is not in the catalog.
    """
    record = _record(catalog, path)
    catalog.judge_all(path, verdicts_on(record.tags, labels, verdict=verdict))
    tags = _record(catalog, path).tags
    if as_json:
        print_json({"path": printable(record.path), "tags": [instrument_object(tag) for tag in tags]})
        return
    print_line(f"{nearby(record.path)}  {claims_words(tags, words_in('own')) or 'no instrument'}")
    root = in_charge(catalog.roots.all(), record.path.parent)
    if root is None or not root.write:
        print_problem(f'`tagger write "{nearby(record.path)}"` puts that into the file')


def verdicts_on(tags: Iterable[Instrument], labels: Sequence[str], *, verdict: Verdict) -> dict[str, LabelState]:
    """What a verdict says of each label; to correct rejects all tags of the file besides."""
    verdicts = dict.fromkeys(labels, LabelState.REJECTED if verdict == "reject" else LabelState.CONFIRMED)
    if verdict == "correct":
        others = [tag.label for tag in tags if tag.label not in verdicts]
        verdicts |= dict.fromkeys(others, LabelState.REJECTED)
    return verdicts


def _record(catalog: Catalog, path: Path) -> FileRecord:
    record = catalog.show(path)
    if isinstance(record, FileRecord):
        return record
    raise CatalogError(path, "is not in the catalog", f'run `tagger tag "{nearby(path)}"` first')
