"""Tags into the files of roots where that was allowed, a batch at a time on a thread of its own.

What is written is what the catalog claims at that moment, not when the job was made: a person's word that
came in between counts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from daemon.service.events import Broadcast, FileFailed, FileTagged
from daemon.service.looking import Hand
from tagger import tagfile
from tagger.catalog import Catalog, FileRecord
from tagger.catalog.jobs import Job, Result, Task, delay_s
from tagger.errors import TagFileError
from tagger.stamp import Stamp, is_gone
from tagger.tagfile import UntaggableError

_BATCH: Final = 32


class Tagging:
    """Writes what is due.

    Args:
        catalog: where jobs are.
        broadcast: is told what came of each file.
        wake: called from the thread when it is done.
        now: the time, in seconds since 1970.
    """

    def __init__(
        self, catalog: Catalog, *, broadcast: Broadcast, wake: Callable[[], None], now: Callable[[], float]
    ) -> None:
        self._catalog = catalog
        self._broadcast = broadcast
        self._now = now
        self._hand = Hand("tagging", wake)
        self._jobs: list[Job] = []
        self._results: list[Result] = []
        self._is_closing = False

    @property
    def is_busy(self) -> bool:
        """Whether something is being written or not recorded yet."""
        return bool(self._jobs)

    def feed(self, roots: Collection[int]) -> None:
        """Begins with what is due in some roots, unless it is at something."""
        if self._jobs:
            return
        self._jobs = self._catalog.jobs.claim(roots, now=self._now(), limit=_BATCH, task=Task.WRITE)
        if self._jobs:
            self._hand.do(self._work)

    def collect(self) -> int:
        """Records what was written since; gives how many files that are."""
        if not self._jobs or self._hand.is_busy:
            return 0
        results, done = self._results, {result.job.id for result in self._results}
        self._catalog.jobs.settle(results)
        self._catalog.jobs.release([job for job in self._jobs if job.id not in done])
        self._jobs, self._results = [], []
        for result in results:
            self._tell(result)
        return len(results)

    def close(self) -> None:
        """Finishes the file it is at, and records what is done."""
        self._is_closing = True
        self._hand.join(1.0)
        self.collect()

    def _work(self) -> None:
        for job in self._jobs:
            if self._is_closing:
                return
            self._results.append(self._write(job))

    def _write(self, job: Job) -> Result:
        record = self._catalog.show(job.path)
        if not isinstance(record, FileRecord) or is_gone(job.path):
            return Result(job)
        try:
            change = tagfile.apply(job.path, [tag.label for tag in record.tags])
        except UntaggableError:
            return Result(job)
        except TagFileError as error:
            reason = f"{error.reason} ({error.advice})" if error.advice else error.reason
            delay = delay_s(job.tries + 1)
            return Result(job, next_task=Task.WRITE, not_before=self._now() + delay, failure=reason)
        if change.rewrites and (stamp := Stamp.of(job.path)):
            self._catalog.restat(job.path, size=stamp.size, mtime_ns=stamp.mtime_ns)
        return Result(job)

    def _tell(self, result: Result) -> None:
        if result.failure:
            self._broadcast.tell(FileFailed(result.job.path, result.failure, result.not_before))
        else:
            self._broadcast.tell(FileTagged(result.job.path))


