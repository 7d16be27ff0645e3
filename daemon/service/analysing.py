"""Files through the worker processes: jobs that are due go in, what came of them is recorded.

Jobs are claimed a few at a time, and recorded in batches together with the end of their jobs. The processes
are started when there is something to do, and ended when there was nothing for a while, so that an idle
daemon holds no model in memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from multiprocessing.connection import Connection
from typing import Final

from daemon.service.events import Broadcast, FileAnalysed, FileFailed
from tagger.catalog import Catalog, Entry
from tagger.catalog.jobs import MOST_INTERRUPTIONS, Job, Result, Task, delay_s
from tagger.results import Analysis
from tagger.workers import Answer, SupportsAnalyse, Workers

_CLAIM: Final = 16
_BATCH: Final = 64
_BATCH_S: Final = 0.5
_REST_S: Final = 20.0


class Analysing:
    """Analyses what is due.

    Args:
        catalog: where jobs are, and results go.
        make_analyser: makes the analyser in each process.
        workers: the most processes.
        settle_s: for how long a file has to stand still.
        broadcast: is told what came of each file.
        now: the time, in seconds since 1970.
    """

    def __init__(
        self,
        catalog: Catalog,
        make_analyser: Callable[[], SupportsAnalyse],
        *,
        workers: int,
        settle_s: float,
        broadcast: Broadcast,
        now: Callable[[], float],
    ) -> None:
        self._catalog = catalog
        self._make_analyser = make_analyser
        self._count = workers
        self._settle_s = settle_s
        self._broadcast = broadcast
        self._now = now
        self._workers: Workers | None = None
        self._claimed: deque[Job] = deque()
        self._given: dict[str, Job] = {}
        self._results: list[tuple[Result, Answer]] = []
        self._since = 0.0
        self._busy_at = 0.0

    @property
    def is_busy(self) -> bool:
        """Whether something is at work or not recorded yet."""
        return bool(self._given or self._results)

    @property
    def connections(self) -> Sequence[Connection]:
        """What answers will come by."""
        return self._workers.connections if self._workers else ()

    def recover(self) -> None:
        """Gives up files at which the program was ended too often: they may be the cause."""
        reason = f"the program was ended {MOST_INTERRUPTIONS} times while it was at it (copy or export it again)"
        for job in self._catalog.jobs.recover():
            entry = Entry(job.path, job.stamp.size, job.stamp.mtime_ns, reason)
            self._catalog.jobs.settle([Result(job, entry if job.task is Task.ANALYSE else None)])

    def feed(self, roots: Collection[int]) -> None:
        """Gives the processes what is due in some roots, as far as they have room."""
        while self._workers is None or self._workers.has_room:
            if not self._claimed:
                self._claimed += self._catalog.jobs.claim(roots, now=self._now(), limit=_CLAIM)
            if not self._claimed:
                return
            if self._workers is None:
                self._workers = Workers(self._make_analyser, self._count)
            job = self._claimed.popleft()
            self._given[str(job.path)] = job
            self._workers.submit(job.path, job.stamp)

    def collect(self) -> int:
        """Takes the answers that are there, and records them when it is time.

        Returns:
            how many files were recorded.

        Raises:
            TaggerError: the analyser cannot be made, or the catalog not be written.
        """
        now = self._now()
        if self._workers is not None and self._workers.is_busy:
            self._busy_at = now
            for answer in self._workers.answers(0):
                if job := self._given.pop(str(answer.path), None):
                    self._since = self._since if self._results else now
                    self._results.append((self._result(job, answer), answer))
        is_due = len(self._results) >= _BATCH or now - self._since >= _BATCH_S or not self._given
        return self._record() if self._results and is_due else 0

    def next_due(self, now: float) -> float | None:
        """When `collect` or `rest` has something to do though no answer comes, in seconds since 1970."""
        if self._results:
            return max(now, self._since + _BATCH_S)
        return self._busy_at + _REST_S if self._workers and not self._given else None

    def rest(self, now: float) -> None:
        """Ends the processes if there was nothing to do for a while."""
        if self._workers and not self._given and now - self._busy_at >= _REST_S:
            self._end_workers()

    def hold(self) -> None:
        """Gives back what was claimed and not begun; what is begun is still recorded."""
        if self._claimed:
            # First this, so that they are not forgotten if it fails.
            self._catalog.jobs.release(self._claimed)
            self._claimed.clear()

    def give_up(self) -> None:
        """Ends the processes at once, and gives back all that is not recorded."""
        self._end_workers()
        self._claimed += self._given.values()
        self._given.clear()
        self.hold()

    def close(self) -> None:
        """Records what is done, gives back the rest, and leaves no process."""
        self._end_workers()
        try:
            self._record()
        finally:
            self.give_up()

    def _end_workers(self) -> None:
        if self._workers is not None:
            self._workers.__exit__()
            self._workers = None

    def _record(self) -> int:
        self._catalog.jobs.settle([result for result, _ in self._results])
        recorded, self._results = self._results, []
        for result, answer in recorded:
            self._tell(result, answer)
        return len(recorded)

    def _result(self, job: Job, answer: Answer) -> Result:
        if answer.found is not None:
            not_before = self._now() + self._settle_s
            return Result(job, next_task=Task.ANALYSE, stamp=answer.found, not_before=not_before)
        if answer.is_gone:
            return Result(job)
        if answer.stamp is None:
            delay = delay_s(job.tries + 1)
            return Result(job, next_task=Task.ANALYSE, not_before=self._now() + delay, failure=str(answer.result))
        entry = Entry(job.path, answer.stamp.size, answer.stamp.mtime_ns, answer.result)
        if isinstance(answer.result, Analysis):
            return Result(job, entry, next_task=Task.TAGS, stamp=answer.stamp)
        return Result(job, entry)

    def _tell(self, result: Result, answer: Answer) -> None:
        if isinstance(answer.result, Analysis):
            self._broadcast.tell(FileAnalysed(answer.path, tuple(tag.label for tag in answer.result.tags)))
        elif answer.found is None and not answer.is_gone:
            retry_at = result.not_before if result.failure else None
            self._broadcast.tell(FileFailed(answer.path, answer.result, retry_at))
