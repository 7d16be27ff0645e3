"""Questions about files: answered from the catalog, or by listening, in a thread of their own.

The queue is short and its questions are bounded, so a program that asks too much is told so, and nobody else notices.
A file is listened to in a process of its own, as everywhere: a decoder may crash.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from osc_bridge.guard import is_this_machine
from osc_bridge.messages import Argument, BadMessage, write
from osc_bridge.subscriptions import Letter, Target
from osc_bridge.tracking import Scores
from tagger.analysis import Analyser
from tagger.catalog import Catalog, Problem, Query
from tagger.catalog.paths import is_below
from tagger.errors import CatalogError, TaggerError, printable
from tagger.results import Instrument, Kind
from tagger.similarity import Neighbours
from tagger.stamp import Stamp
from tagger.taxonomy import FAMILIES
from tagger.workers import Workers

_LONGEST_QUEUE: Final = 32
_LIMIT: Final = 20
_MOST_HITS: Final = 100
_MOST_PAGES: Final = 1000
_LONGEST_REQUEST: Final = 32
_PATIENCE_S: Final = 60.0
_LOOK_UP_S: Final = 0.2

Answers = Callable[[], Iterator[Letter]]


@dataclass(frozen=True, slots=True)
class _Job:
    """A question: what answers it, and what says why there is no answer."""

    answers: Answers
    problem: Callable[[str], Iterator[Letter]]


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """What is in a file.

    Attributes:
        kind: one-shot, loop, track or silence.
        tags: what may be claimed, surest first.
    """

    kind: Kind
    tags: tuple[Instrument, ...]


class Questions:
    """Answers questions one after the other.

    Args:
        send: takes each answer; called from the thread of this object.
        catalog_path: the catalog; a question that needs it is refused where there is none.
        model: whose embeddings count, as `name@version`.
        model_path: the model to listen with; None for the one that comes with the program.
        folders: below which files that the catalog does not know may be asked about too, as in watched ones.
        labels: what the model tells apart.
    """

    def __init__(
        self,
        send: Callable[[Letter], None],
        *,
        catalog_path: Path,
        model: str,
        model_path: Path | None = None,
        folders: Sequence[Path] = (),
        labels: Sequence[str] = (),
    ) -> None:
        self._send = send
        self._catalog_path = catalog_path
        self._model = model
        self._folders = folders
        self._labels = labels
        self._make_analyser = partial(Analyser, model_path)
        self._jobs: queue.Queue[_Job | None] = queue.Queue(_LONGEST_QUEUE)
        self._catalog: Catalog | None = None
        self._neighbours: Neighbours | None = None
        self._workers: Workers | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="osc questions")

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the question under way; those behind it are dropped."""
        self._stopping.set()
        while True:
            try:
                self._jobs.put_nowait(None)
                break
            except queue.Full:
                self._jobs.get_nowait()
        if self._thread.is_alive():
            self._thread.join()

    def find(
        self, target: Target, request: str, *, label: str, confidence: float, limit: int | None, page: int
    ) -> None:
        """Files that hold an instrument.

        Raises:
            BadMessage: an argument is out of its range, or there are too many questions.
        """
        count = _checked_limit(limit)
        if not 0 <= page < _MOST_PAGES:
            raise BadMessage("bad-value", "page", f"is from 0 to {_MOST_PAGES - 1}")
        if label not in FAMILIES and label not in self._labels:
            raise BadMessage("unknown-label", label, "there is no such label or family; see /tag/labels")
        query = Query(
            labels=() if label in FAMILIES and label not in self._labels else (label,),
            families=(label,) if label in FAMILIES and label not in self._labels else (),
            min_confidence=confidence,
            limit=(page + 1) * count + 1,
        )
        self._put(target, request, partial(self._find, target, request, query, page * count, count))

    def similar(self, target: Target, request: str, *, embedding: Scores, limit: int | None) -> None:
        """Files that sound like an embedding.

        Raises:
            BadMessage: an argument is out of its range, or there are too many questions.
        """
        count = _checked_limit(limit)
        self._put(target, request, partial(self._similar, target, request, embedding, count))

    def file(self, target: Target, request: str, *, path: str) -> None:
        """What is in a file.

        Raises:
            BadMessage: files may not be asked about from there, or there are too many questions.
        """
        if not is_this_machine(target[0]):
            raise BadMessage("denied", request, "files are told of on this machine only")
        self._put(target, request, partial(self._file, target, request, Path(path)))

    def listen(self, path: Path, take: Callable[[Sequence[Instrument]], None]) -> bool:
        """Has a file listened to for our own sake.

        Args:
            path: the file.
            take: called with what may be claimed; nothing where the file cannot be read.

        Returns:
            whether there was room for the question; if not, ask again later.
        """

        def answers() -> Iterator[Letter]:
            take((self._known(path) or self._listened(path)).tags)
            yield from ()

        def problem(_: str) -> Iterator[Letter]:
            take(())
            yield from ()

        try:
            self._jobs.put_nowait(_Job(answers, problem))
        except queue.Full:
            return False
        return True

    def _put(self, target: Target, request: str, answers: Answers) -> None:
        if not 0 < len(request) <= _LONGEST_REQUEST:
            raise BadMessage("bad-value", "request", f"is a text of 1 to {_LONGEST_REQUEST} characters")

        def problem(reason: str) -> Iterator[Letter]:
            yield target, write("/tag/error", "failed", request, reason)

        try:
            self._jobs.put_nowait(_Job(answers, problem))
        except queue.Full:
            raise BadMessage("rate-limited", request, "too many questions are waiting; ask again later") from None

    def _run(self) -> None:
        while job := self._jobs.get():
            for letter in self._letters(job):
                self._send(letter)
        self._drop_workers()
        if self._neighbours is not None:
            self._neighbours.close()
        if self._catalog is not None:
            self._catalog.close()

    def _letters(self, job: _Job) -> Iterator[Letter]:
        try:
            yield from job.answers()
        except TaggerError as error:
            yield from job.problem(printable(str(error)))
        except Exception as error:  # a fault of the program's costs this question, not all that come later
            yield from job.problem(f"unexpected error, {type(error).__name__}: {error}".partition("\n")[0])

    def _opened(self) -> Catalog:
        if self._catalog is None:
            if not self._catalog_path.exists():
                raise CatalogError(self._catalog_path, "there is no catalog yet", "`tagger tag FOLDER` makes one")
            self._catalog = Catalog(self._catalog_path)
        return self._catalog

    def _find(self, target: Target, request: str, query: Query, start: int, count: int) -> Iterator[Letter]:
        hits = list(islice(self._opened().find(query), start, start + count + 1))
        found = [(hit.path, hit.best.confidence if hit.best else 0.0) for hit in hits[:count]]
        yield from _found(target, request, found, has_more=len(hits) > count)

    def _similar(self, target: Target, request: str, embedding: Scores, count: int) -> Iterator[Letter]:
        if self._neighbours is None:
            self._neighbours = Neighbours(self._opened(), self._model)
        near = self._neighbours.nearest(embedding, count)
        yield from _found(target, request, [(each.path, each.similarity) for each in near], has_more=False)

    def _file(self, target: Target, request: str, path: Path) -> Iterator[Letter]:
        # All of it looks at the disk, which the thread that takes audio must not wait for.
        answer = self._known(path)
        if answer is None and not self._may_be_heard(path):
            reason = "the catalog does not know the file, and it is in none of the folders that are watched or given"
            yield target, write("/tag/error", "denied", request, reason)
            return
        answer = answer or self._listened(path)
        arguments: list[Argument] = [request, printable(path), answer.kind.value]
        for tag in answer.tags:
            arguments += [tag.label, tag.confidence]
        yield target, write("/tag/file/result", *arguments)

    def _known(self, path: Path) -> FileAnswer | None:
        """What the catalog says of a file, if it is as it was."""
        if not self._catalog_path.exists():
            return None
        held = self._opened().show(path)
        if held is None or isinstance(held, Problem) or Stamp.of(path) != (held.size, held.mtime_ns):
            return None
        return FileAnswer(held.kind, held.tags)

    def _may_be_heard(self, path: Path) -> bool:
        """Whether a file is in a folder that was given or is watched, wherever links lead."""
        watched = self._opened().roots.all() if self._catalog_path.exists() else ()
        folders = [*self._folders, *(root.path for root in watched)]
        return is_below(path.resolve(), [folder.resolve() for folder in folders])

    def _listened(self, path: Path) -> FileAnswer:
        if self._workers is None:
            self._workers = Workers(self._make_analyser, 1)
        self._workers.submit(path)
        until_s = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until_s and not self._stopping.is_set():
            for answer in self._workers.answers(_LOOK_UP_S):
                if isinstance(answer.result, str):
                    raise CatalogError(path, answer.result)
                return FileAnswer(answer.result.kind, answer.result.tags)
        self._drop_workers()
        raise CatalogError(path, f"took longer than {_PATIENCE_S:g} s", "tag it with `tagger tag`, and ask again")

    def _drop_workers(self) -> None:
        if self._workers is not None:
            self._workers.__exit__()
            self._workers = None


def _found(target: Target, request: str, found: Sequence[tuple[Path, float]], *, has_more: bool) -> Iterator[Letter]:
    for place, (path, confidence) in enumerate(found):
        yield target, write("/tag/found", request, place, len(found), printable(path), confidence)
    yield target, write("/tag/found/end", request, len(found), int(has_more))


def _checked_limit(limit: int | None) -> int:
    count = _LIMIT if limit is None else limit
    if not 1 <= count <= _MOST_HITS:
        raise BadMessage("bad-value", "limit", f"is from 1 to {_MOST_HITS}")
    return count
