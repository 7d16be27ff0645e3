"""One run over a library: what is new is analysed and recorded, what is unchanged only counted.

Each folder is compared with the catalog by one query, so that a run over a library that is as it was
takes little more than the walk. Files that are gone are marked missing before anything is analysed:
when their audio turns up elsewhere, they were moved. Results are recorded in batches, and handed on
only when they are; a run that is killed loses the batch it had not recorded, and the next goes on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tagger.catalog import Catalog, Entry, Known
from tagger.catalog.paths import folder_key
from tagger.reconcile import compare
from tagger.results import Analysis
from tagger.stamp import is_gone
from tagger.walk import Listing, Walk, walk
from tagger.workers import Answer, SupportsAnalyse, Workers

_BATCH: Final = 64
_BATCH_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one path.

    Attributes:
        path: the file, or the folder that could not be listed.
        analysis: what was found; None of an unchanged file, whose record the catalog has.
        error: why there is no analysis, as one line; None if there is one.
        is_unchanged: whether the catalog knew the file, so that it was not looked into.
    """

    path: Path
    analysis: Analysis | None = None
    error: str | None = None
    is_unchanged: bool = False


class LibraryRun:
    """A run over folders and files. Made, it has walked and compared; iterated once, it does the work.

    Close the iterator, as `contextlib.closing` does, to stop: what is done is recorded, and no process is
    left behind. Ctrl-C during the iteration does the same.

    Args:
        paths: folders and files.
        catalog: where results are kept; it knows what is unchanged.
        model: the model that the analyser uses, as `name@version`.
        make_analyser: makes the analyser, once in each worker process; has to be picklable.
        workers: the most processes at a time; by default one for each core this process may use.
        force: whether unchanged files are analysed again.

    Attributes:
        unchanged: how many files need not be looked into.
        to_do: how many files do.

    Raises:
        CatalogError: the catalog cannot be read or written. Iterating may raise it too, and ModelError.
    """

    def __init__(
        self,
        paths: Iterable[Path],
        *,
        catalog: Catalog,
        model: str,
        make_analyser: Callable[[], SupportsAnalyse],
        workers: int | None = None,
        force: bool = False,
    ) -> None:
        self.unchanged = 0
        self._catalog = catalog
        self._make_analyser = make_analyser
        self._settled: list[Outcome] = []
        self._ahead: list[Path] = []
        self._survey(walk(paths), model, force=force)
        self.to_do = len(self._ahead)
        self._count = min(workers or _cores(), self.to_do)

    def __iter__(self) -> Generator[Outcome]:
        """First what stood in the way and what is unchanged, then each file when it is done and recorded."""
        yield from self._settled
        batch = _Batch(self._catalog)
        ahead = iter(self._ahead)
        with Workers(self._make_analyser, self._count) as workers:
            try:
                while _keep_busy(workers, ahead):
                    for answer in workers.answers(_BATCH_S):
                        batch.add(answer)
                    if batch.is_due:
                        yield from batch.record()
            finally:
                rest = batch.record()
        yield from rest

    def _survey(self, found: Walk, model: str, *, force: bool) -> None:
        """Sorts what the walk found into settled and ahead, and marks what is gone or back."""
        self._settled += [Outcome(obstacle.path, error=obstacle.reason) for obstacle in found.obstacles]
        for listing in found.listings:
            self._compare(listing, self._catalog.known(listing.folder, model), force=force)
        listed = {folder_key(str(listing.folder)) for listing in found.listings if listing.is_whole}
        for root in found.roots:
            for folder in self._catalog.folders(root):
                if folder_key(str(folder)) not in listed and is_gone(folder):
                    self._catalog.mark(folder, self._catalog.known(folder, model), missing=True)

    def _compare(self, listing: Listing, known: Mapping[str, Known], *, force: bool) -> None:
        found = compare(listing, known, force=force)
        self._ahead += [listing.folder / name for name in found.to_do]
        self.unchanged += len(found.unchanged)
        self._settled += [
            Outcome(listing.folder / name, error=problem, is_unchanged=True)
            for name, problem in found.unchanged.items()
        ]
        for keys, missing in ((found.back, False), (found.gone, True)):
            if keys:
                self._catalog.mark(listing.folder, keys, missing=missing)


class _Batch:
    """Answers that are not recorded yet."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._answers: list[Answer] = []
        self._since = 0.0

    @property
    def is_due(self) -> bool:
        return len(self._answers) >= _BATCH or (bool(self._answers) and time.monotonic() - self._since >= _BATCH_S)

    def add(self, answer: Answer) -> None:
        if not self._answers:
            self._since = time.monotonic()
        self._answers.append(answer)

    def record(self) -> list[Outcome]:
        """Writes the answers to the catalog, save those that may be others next time."""
        answers = self._answers
        entries = [
            Entry(answer.path, answer.stamp.size, answer.stamp.mtime_ns, answer.result)
            for answer in answers
            if answer.stamp
        ]
        if entries:
            self._catalog.record(entries)
        self._answers = []
        return [_outcome(answer) for answer in answers]


def _outcome(answer: Answer) -> Outcome:
    if isinstance(answer.result, Analysis):
        return Outcome(answer.path, analysis=answer.result)
    return Outcome(answer.path, error=answer.result)


def _keep_busy(workers: Workers, ahead: Iterator[Path]) -> bool:
    """Gives workers what they can take; says whether they have anything to do."""
    while workers.has_room and (path := next(ahead, None)):
        workers.submit(path)
    return workers.is_busy


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
