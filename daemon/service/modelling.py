"""A new model, and what it would change, before it changes anything.

The daemon goes on with what an older model said until a person accepts the new one; only new files are heard by
it. `tagger model diff` has it listen to a sample of what is known, records nothing, and tells what would be
otherwise; `tagger model accept` has the daemon go over everything, at its leisure. The files have to be heard
again for that: what is stored, probabilities and embedding, are answers of the old network, and of no use to another.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from daemon.opening import open_catalog
from daemon.output import count_words, nearby, print_json, print_line, print_problem
from daemon.progress import progress
from tagger.catalog import Catalog, FileRecord, Query
from tagger.errors import printable
from tagger.model_name import default_model, model_name
from tagger.results import Analysis
from tagger.taxonomy import words_of
from tagger.workers import Workers

MODEL_NOTE: Final = "model"


@dataclass(frozen=True, slots=True)
class Difference:
    """What a new model says otherwise of one file.

    Attributes:
        path: the file.
        lost: labels that the old model claimed and the new one does not.
        gained: labels that the new model claims and the old one did not.
    """

    path: Path
    lost: tuple[str, ...]
    gained: tuple[str, ...]


def accepted_model(catalog: Catalog, model: str) -> str:
    """The model whose analyses count, as `name@version`: as a person said, else this one if there was none before."""
    chosen = catalog.jobs.read_note(MODEL_NOTE)
    if chosen is None:
        lineage = model.partition("@")[0]
        older = [name for name in catalog.models() if name != model and name.partition("@")[0] == lineage]
        chosen = older[0] if older else model
        catalog.jobs.write_note(MODEL_NOTE, chosen)
    return str(chosen)


def accept_model(catalog: Catalog, model: str) -> None:
    """Has a model's analyses count from now on, so that a daemon goes over what others heard."""
    catalog.jobs.write_note(MODEL_NOTE, model)


def status(catalog: Path | None, *, as_json: bool) -> None:
    """Tells which models said what is known, and whether a new one waits."""
    name = model_name(default_model())
    with open_catalog(catalog) as opened:
        accepted, counts = accepted_model(opened, name), opened.models()
    if as_json:
        print_json({"model": name, "accepted": accepted, "recordings": dict(counts)})
        return
    for model, count in counts.items():
        print_line(f"{model}  {count_words(count, 'recording')}")
    if accepted == name:
        print_problem(f"{name} is in use")
    else:
        print_problem(
            f"{name} is new; `tagger model diff` shows what it would change, `tagger model accept` has it do so"
        )


def accept(catalog: Path | None) -> None:
    """Has the daemon go over everything with the model that comes with the program."""
    name = model_name(default_model())
    with open_catalog(catalog) as opened:
        accept_model(opened, name)
    print_line(f"{name} is in use; the daemon goes over what other models heard")


def diff(catalog: Path | None, *, files: int, as_json: bool) -> None:
    """Has the new model listen to a sample of what is known, and tells what would be otherwise."""
    name = model_name(default_model())
    with open_catalog(catalog) as opened:
        sample, total = _sample(opened, name, files)
        if not sample:
            print_problem(f"nothing that is there was heard by another model than {name}")
            return
        changes: Counter[str] = Counter()
        count = 0
        for difference in _differences(sample):
            count += 1
            changes.update([f"-{label}" for label in difference.lost] + [f"+{label}" for label in difference.gained])
            _tell(difference, as_json=as_json)
    if as_json:
        return
    for change, times in changes.most_common():
        print_problem(f"{change[0]} {words_of(change[1:]):<24}{times:>6,}")
    share = count / len(sample)
    print_problem(
        f"{count:,} of {count_words(len(sample), 'file')} would change; in all {total:,}, that is some "
        f"{round(share * total):,}. Nothing has been changed; `tagger model accept` does"
    )


def _sample(catalog: Catalog, model: str, count: int) -> tuple[dict[Path, FileRecord], int]:
    """Files that another model heard, drawn evenly, with what is held of them; and how many there are."""
    paths = [hit.path for hit in catalog.find(Query())]
    random.Random(0).shuffle(paths)
    found: dict[Path, FileRecord] = {}
    looked_at = 0
    for path in paths:
        record = catalog.show(path)
        looked_at += 1
        if isinstance(record, FileRecord) and record.analysis.model != model and path.exists():
            found[path] = record
        if len(found) >= count:
            break
    return found, round(len(paths) * len(found) / max(looked_at, 1))


def _differences(sample: dict[Path, FileRecord]) -> Iterator[Difference]:
    from tagger.analysis import Analyser

    ahead, done = iter(sample), 0
    with Workers(Analyser, 1) as workers, progress(len(sample)) as shown:
        while True:
            while workers.has_room and (path := next(ahead, None)):
                workers.submit(path)
            if not workers.is_busy:
                return
            for answer in workers.answers(0.5):
                done += 1
                shown.update(done, answer.path.parent)
                if isinstance(answer.result, Analysis):
                    before = [tag.label for tag in sample[answer.path].analysis.tags]
                    after = [tag.label for tag in answer.result.tags]
                    if set(before) != set(after):
                        lost = tuple(label for label in before if label not in after)
                        yield Difference(answer.path, lost, tuple(label for label in after if label not in before))


def _tell(difference: Difference, *, as_json: bool) -> None:
    if as_json:
        lost, gained = list(difference.lost), list(difference.gained)
        print_json({"path": printable(difference.path), "lost": lost, "gained": gained})
        return
    words = [f"- {words_of(label)}" for label in difference.lost] + [
        f"+ {words_of(each)}" for each in difference.gained
    ]
    print_line(f"{nearby(difference.path)}  {', '.join(words)}")
