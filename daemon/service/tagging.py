"""What files say of themselves, and what is written into them where that was allowed.

After a file was analysed its own tags are read: a person's edit of ours is taken in, what a vendor wrote and
what its name says is noted beside what the model says. In roots where tags may be written the catalog's claim is then
written, as it is at that moment and not when the job was made, so that a person's word that came in
between counts. All of it happens on one thread, and writing in one run of the journal for as long as there is
something to do, so that `tagger undo` takes back what belongs together.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from typing import Final

from daemon.service.events import Broadcast, FileFailed, FileTagged
from daemon.service.looking import Hand
from tagger import tagfile
from tagger.catalog import Catalog, FileRecord
from tagger.catalog.jobs import MOST_TRIES, Job, Result, Task, delay_s
from tagger.catalog.roots import Root
from tagger.errors import TagFileError, TaggerError
from tagger.settings import Settings
from tagger.stamp import is_gone
from tagger.tagfile import UnfitError, UntaggableError
from tagger.vocabulary import label_of
from tagger.writing import BusyError, Writer, look_for_edit
from tagger.writing.claims import values_in

_LOG: Final = logging.getLogger(__name__)
_BATCH: Final = 32
_LINGER_S: Final = 3.0
"""How long a run of the journal waits for more to write."""

_AFTER_FAULT_S: Final = 30.0
_COMMAND: Final = "daemon"


class Tagging:
    """Sees to the tags of what is due.

    Args:
        catalog: where jobs are.
        settings: how tags are written.
        broadcast: is told what came of each file.
        wake: called from the thread when it is done.
        root: gives a root by its number, or None.
        now: the time, in seconds since 1970.
    """

    def __init__(
        self,
        catalog: Catalog,
        settings: Settings,
        *,
        broadcast: Broadcast,
        wake: Callable[[], None],
        root: Callable[[int], Root | None],
        now: Callable[[], float],
    ) -> None:
        self._catalog = catalog
        self._settings = settings
        self._broadcast = broadcast
        self._root = root
        self._now = now
        self._hand = Hand("tagging", wake)
        self._roots: tuple[int, ...] = ()
        self._is_stopped = threading.Event()
        self._more = threading.Event()
        self._done = 0
        self._not_before = 0.0
        self._left: list[Job] = []
        self._is_waiting = False
        self._writers = _Writers(catalog, settings)

    @property
    def is_busy(self) -> bool:
        """Whether it is at something."""
        return self._hand.is_busy

    def recover(self) -> None:
        """Puts right what an earlier run was killed over; where another program writes, that does it."""
        try:
            with Writer(self._catalog, self._settings, command=_COMMAND) as writer:
                for each in writer.recovered:
                    _LOG.warning("%s: an earlier run was ended while it wrote; now %s", each.path, each.fate.value)
        except TaggerError as error:
            _LOG.warning("%s", error)

    def feed(self, roots: Collection[int]) -> None:
        """Sees to what is due in some roots, from now on until there is nothing or `hold`."""
        self._roots = tuple(roots)
        self._is_stopped.clear()
        self._more.set()
        if not self._hand.is_busy and self._now() >= self._not_before:
            self._put_back()
            first = self._claim()
            if first:
                self._hand.do(lambda: self._work(first))

    def next_due(self, roots: Collection[int]) -> float | None:
        """When `feed` has something to do, in seconds since 1970; None if nothing, or while it is at something."""
        if self._hand.is_busy:
            return None
        due = 0.0 if self._left else self._catalog.jobs.next_due(roots, Task.TAGS)
        return None if due is None else max(due, self._not_before)

    def collect(self) -> int:
        """How many files were done since this was asked last."""
        done, self._done = self._done, 0
        return done

    def hold(self) -> None:
        """Ends after the file it is at."""
        self._is_stopped.set()
        self._more.set()

    def close(self) -> None:
        """Ends after the file it is at, and waits for that."""
        self.hold()
        self._hand.join(1.2)

    def _claim(self) -> list[Job]:
        return self._catalog.jobs.claim(self._roots, now=self._now(), limit=_BATCH, task=Task.TAGS)

    def _put_back(self) -> None:
        """Puts back what an error of the catalog left marked as at work."""
        if self._left:
            self._catalog.jobs.release(self._left)
            self._left = []

    def _work(self, jobs: list[Job]) -> None:
        try:
            with self._writers:
                while jobs:
                    self._see_to(jobs)
                    jobs = self._next_claim()
        except BusyError:
            self._not_before = self._now() + _AFTER_FAULT_S
            if not self._is_waiting:
                _LOG.info("tags wait: another run is writing some with this catalog")
            self._is_waiting = True
        except TaggerError:
            self._not_before = self._now() + _AFTER_FAULT_S
            raise
        else:
            self._is_waiting = False

    def _next_claim(self) -> list[Job]:
        if self._is_stopped.is_set():
            return []
        self._more.clear()
        if jobs := self._claim():
            return jobs
        self._more.wait(_LINGER_S if self._writers.is_open else 0.0)
        return [] if self._is_stopped.is_set() else self._claim()

    def _see_to(self, jobs: list[Job]) -> None:
        results: list[Result] = []
        self._left = jobs
        try:
            for job in jobs:
                if self._is_stopped.is_set():
                    return
                results.append(self._tag(job))
        finally:
            self._catalog.jobs.settle(results)
            self._left = jobs[len(results) :]
            self._put_back()
            self._done += len(results)

    def _tag(self, job: Job) -> Result:
        root, record = self._root(job.root_id), self._catalog.show(job.path)
        if root is None or not isinstance(record, FileRecord) or is_gone(job.path):
            return Result(job)
        self._note_evidence(record)
        try:
            if root.write:
                self._writers.write(root, record)
            else:
                look_for_edit(self._catalog, job.path)
        except UntaggableError:
            return Result(job)
        except TagFileError as error:
            if is_gone(job.path):
                return Result(job)
            is_lasting = isinstance(error, UnfitError)
            not_before = self._now() + delay_s(MOST_TRIES if is_lasting else job.tries + 1)
            self._broadcast.tell(FileFailed(job.path, error.words, not_before))
            return Result(job, next_task=Task.TAGS, not_before=not_before, failure=error.words, is_lasting=is_lasting)
        if root.write:
            self._broadcast.tell(FileTagged(job.path))
        return Result(job)

    def _note_evidence(self, record: FileRecord) -> None:
        vendor: list[str] = []
        try:
            reading = tagfile.read(record.path)
            if not reading.is_ours and reading.edit is None:
                vendor = [label for word in values_in(reading.instrument) if (label := label_of(word))]
        except TagFileError:
            # Whatever is wrong with its tags is told when they are to be written.
            pass
        self._catalog.note_evidence(record.path, vendor)


class _Writers:
    """The writer of the run at hand, opened when first needed; another where Ableton Live is told or not."""

    def __init__(self, catalog: Catalog, settings: Settings) -> None:
        self._catalog = catalog
        self._settings = settings
        self._open: Mapping[bool, Writer] = {}
        self._held = ExitStack()

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._open = {}
        self._held.close()

    @property
    def is_open(self) -> bool:
        return bool(self._open)

    def write(self, root: Root, record: FileRecord) -> None:
        """Writes into one file.

        Raises:
            TagFileError: that file cannot be written.
            CatalogError: another program writes just now.
        """
        tells_live = root.ableton or self._settings.write.ableton
        if tells_live not in self._open:
            self.__exit__()
            section = self._settings.write.model_copy(update={"ableton": tells_live})
            settings = self._settings.model_copy(update={"write": section})
            writer = self._held.enter_context(Writer(self._catalog, settings, command=_COMMAND))
            self._open = {tells_live: writer}
        written = self._open[tells_live].write(record)
        if written.error is not None:
            raise written.error
