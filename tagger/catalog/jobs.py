"""What the daemon still has to do, a row a file, in the catalog itself.

A job waits until `not_before`, and is then due if the file still has the stamp it was queued with; so
a file that is still being written moves its own job back, and that survives a restart too. Done, the job
goes in the transaction that records the result. A job that fails for a passing reason waits twice as long
each time, and after `MOST_TRIES` is quarantined: told by `tagger doctor`, and tried once a day. One that fails
for a lasting reason is quarantined at once.

Which jobs are at work is marked too. A mark that is found at the start means that the program was ended
at that moment, perhaps by the file: such jobs come last and one at a time, and are given up as a problem
of the file after `MOST_INTERRUPTIONS`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, case, delete, false, func, or_, select, true, update
from sqlalchemy.dialects.sqlite import insert

from tagger.catalog import paths, store
from tagger.catalog.database import plain_errors, reading, writing
from tagger.catalog.records import Entry
from tagger.catalog.service_schema import JOB, NOTE
from tagger.stamp import Stamp

MOST_TRIES: Final = 8
MOST_INTERRUPTIONS: Final = 3
FIRST_DELAY_S: Final = 5.0
LONGEST_DELAY_S: Final = 3600.0
DAY_S: Final = 86_400.0

_CHUNK: Final = 500
_IS_QUARANTINED: Final = JOB.c.tries >= MOST_TRIES
_IS_OPEN: Final = ~JOB.c.is_cancelled & ~_IS_QUARANTINED
_IS_FAILING: Final = JOB.c.reason.is_not(None) | JOB.c.is_cancelled


class Task(StrEnum):
    """What is to be done about a file: listen to it, then see to its tags."""

    ANALYSE = "analyse"
    TAGS = "tags"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A file that something is to be done about.

    Attributes:
        id: the job's number.
        root_id: the root in charge of the file.
        path: the file.
        task: what is to be done.
        stamp: how the file has to be found for that.
        not_before: when it is due, in seconds since 1970.
        tries: how often it failed for a passing reason; `MOST_TRIES` if it failed for a lasting one.
        interruptions: how often the program was ended while it was at work.
        is_cancelled: whether a person took it off.
        reason: why it failed last, as one line, or None.
    """

    id: int
    root_id: int
    path: Path
    task: Task
    stamp: Stamp
    not_before: float
    tries: int
    interruptions: int
    is_cancelled: bool
    reason: str | None

    @property
    def is_quarantined(self) -> bool:
        """Whether it is tried once a day only, since it failed too often, or always will."""
        return self.tries >= MOST_TRIES


@dataclass(frozen=True, slots=True)
class Counts:
    """How many jobs there are.

    Attributes:
        waiting: those that wait or are at work.
        quarantined: those that failed so often that they are tried once a day only.
        cancelled: those that a person took off.
        retrying: those that wait because they failed.
    """

    waiting: int = 0
    quarantined: int = 0
    cancelled: int = 0
    retrying: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a job.

    Attributes:
        job: the job.
        entry: what is to be recorded, or None.
        next_task: what is to be done about the file now; None if nothing, and the job goes.
        stamp: how the file has to be found for it.
        not_before: when, in seconds since 1970.
        failure: why it has to be tried again, as one line; None if nothing failed.
        is_lasting: whether it will fail again as long as the file is as it is.
    """

    job: Job
    entry: Entry | None = None
    next_task: Task | None = None
    stamp: Stamp | None = None
    not_before: float = 0.0
    failure: str | None = None
    is_lasting: bool = False

    @property
    def tries(self) -> int:
        """How often the job has failed by now; where it always will, as often as it takes to be quarantined."""
        if self.failure is None:
            return 0
        return MOST_TRIES if self.is_lasting else self.job.tries + 1


def delay_s(tries: int) -> float:
    """How long to wait after so many failures, in seconds."""
    return DAY_S if tries >= MOST_TRIES else min(FIRST_DELAY_S * 2.0 ** (tries - 1), LONGEST_DELAY_S)


class Jobs:
    """Reads and writes the jobs of one catalog. Each method raises CatalogError as `Catalog` does."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self._path = path

    def add(
        self, root_id: int, folder: Path, stamps: Mapping[str, Stamp], *, not_before: float, task: Task = Task.ANALYSE
    ) -> None:
        """Queues files of one folder. A job that is there already stays as it is, unless the file has changed since.

        Args:
            root_id: the root in charge of the folder.
            folder: the folder.
            stamps: of each file, by name.
            not_before: when they are due if they stand still until then.
            task: what is to be done about them.
        """
        rows = [
            {
                "root_id": root_id,
                "path": str(folder / name),
                "path_key": paths.name_key(str(folder / name)),
                "task": task.value,
                "size": stamp.size,
                "mtime_ns": stamp.mtime_ns,
                "not_before": not_before,
            }
            for name, stamp in stamps.items()
        ]
        if not rows:
            return
        statement = insert(JOB)
        new = statement.excluded
        changed = or_(JOB.c.size != new.size, JOB.c.mtime_ns != new.mtime_ns, JOB.c.task != new.task)
        fresh: dict[str, Any] = {
            name: new[name] for name in ("root_id", "path", "task", "size", "mtime_ns", "not_before")
        }
        fresh |= {"tries": 0, "interruptions": 0, "is_cancelled": False, "reason": None}
        statement = statement.on_conflict_do_update(index_elements=("path_key",), set_=fresh, where=changed)
        with plain_errors(self._path), writing(self._engine) as connection:
            connection.execute(statement, rows)

    def claim(self, roots: Collection[int], *, now: float, limit: int, task: Task = Task.ANALYSE) -> list[Job]:
        """Marks due jobs of some roots as at work, those due first; the interrupted last, and one at a time."""
        due = self._of(roots, task) & ~JOB.c.is_cancelled & ~JOB.c.is_running & _is_due(now)
        with plain_errors(self._path), writing(self._engine) as connection:
            jobs = _jobs(connection, due & (JOB.c.interruptions == 0), limit)
            if not jobs and (suspects := _jobs(connection, due, 1)):
                at_work = select(func.count()).where(JOB.c.is_running, JOB.c.interruptions > 0)
                jobs = [] if connection.scalar(at_work) else suspects
            _mark(connection, [job.id for job in jobs], is_running=True)
        return jobs

    def next_due(self, roots: Collection[int], task: Task) -> float | None:
        """When the next job of some roots that is not at work is due, in seconds since 1970."""
        ahead = self._of(roots, task) & ~JOB.c.is_cancelled & ~JOB.c.is_running
        with plain_errors(self._path), reading(self._engine) as connection:
            # Not the minimum: this is the first step of a walk along the index.
            first = select(JOB.c.not_before).where(ahead).order_by(JOB.c.not_before).limit(1)
            due: float | None = connection.scalar(first)
        return due

    def release(self, jobs: Iterable[Job]) -> None:
        """Puts jobs that were claimed back as they were."""
        with plain_errors(self._path), writing(self._engine) as connection:
            _mark(connection, [job.id for job in jobs], is_running=False)

    def recover(self) -> list[Job]:
        """Counts the end of the program against the jobs that were at work then.

        Returns:
            those that were at work at too many such ends; they are still there.
        """
        with plain_errors(self._path), writing(self._engine) as connection:
            counted = {"is_running": False, "interruptions": JOB.c.interruptions + 1}
            connection.execute(update(JOB).where(JOB.c.is_running).values(counted))
            return _jobs(connection, JOB.c.interruptions >= MOST_INTERRUPTIONS, -1)

    def settle(self, results: Sequence[Result]) -> None:
        """Records what came of jobs and takes them off or moves them on, all or nothing."""
        with plain_errors(self._path), writing(self._engine) as connection:
            store.record(connection, [result.entry for result in results if result.entry])
            for result in results:
                # What changed meanwhile, the file or what is claimed of it, is a job of its own in the same row.
                same = (JOB.c.id == result.job.id) & (JOB.c.mtime_ns == result.job.stamp.mtime_ns)
                same &= (JOB.c.size == result.job.stamp.size) & (JOB.c.not_before == result.job.not_before)
                if result.next_task is None:
                    connection.execute(delete(JOB).where(same))
                else:
                    connection.execute(update(JOB).where(same).values(_moved_on(result)))
            _mark(connection, [result.job.id for result in results], is_running=False)

    def drop(self, paths_: Iterable[Path]) -> None:
        """Takes off the jobs of files that are gone."""
        keys = [paths.name_key(str(path)) for path in paths_]
        with plain_errors(self._path), writing(self._engine) as connection:
            for start in range(0, len(keys), _CHUNK):
                connection.execute(delete(JOB).where(JOB.c.path_key.in_(keys[start : start + _CHUNK])))

    def drop_below(self, folder: Path) -> None:
        """Takes off the jobs of a folder that is gone with all below it."""
        with plain_errors(self._path), writing(self._engine) as connection:
            connection.execute(delete(JOB).where(_below(folder)))

    def cancel(self, under: Path) -> int:
        """Takes off what waits at or below a path until it changes or is retried; gives how many that are."""
        with plain_errors(self._path), writing(self._engine) as connection:
            done = connection.execute(update(JOB).where(_below(under), ~JOB.c.is_cancelled).values(is_cancelled=True))
            return done.rowcount

    def retry(self, under: Path | None, *, now: float) -> int:
        """Has everything that failed or was taken off, at or below a path or anywhere, tried again at once."""
        where = _below(under) if under else true()
        where &= (JOB.c.tries > 0) | JOB.c.is_cancelled | (JOB.c.interruptions > 0)
        fresh = {"tries": 0, "interruptions": 0, "is_cancelled": False, "not_before": now, "reason": None}
        with plain_errors(self._path), writing(self._engine) as connection:
            return connection.execute(update(JOB).where(where).values(fresh)).rowcount

    def counts(self) -> Mapping[int, Counts]:
        """How many jobs each root has; one without any is left out."""
        retrying = _IS_OPEN & JOB.c.reason.is_not(None)
        conditions = (_IS_OPEN, _IS_QUARANTINED & ~JOB.c.is_cancelled, JOB.c.is_cancelled, retrying)
        columns = [func.sum(case((condition, 1), else_=0)) for condition in conditions]
        with plain_errors(self._path), reading(self._engine) as connection:
            rows = connection.execute(select(JOB.c.root_id, *columns).group_by(JOB.c.root_id))
            return {root_id: Counts(*numbers) for root_id, *numbers in rows}

    def failing(self, limit: int = -1) -> Sequence[Job]:
        """The jobs that failed or were taken off, most often tried first; at most so many, or all."""
        with plain_errors(self._path), reading(self._engine) as connection:
            return _jobs(connection, _IS_FAILING, limit, JOB.c.tries.desc(), JOB.c.path)

    def read_note(self, name: str) -> Any:
        """What was noted under a name, or None."""
        with plain_errors(self._path), reading(self._engine) as connection:
            value = connection.scalar(select(NOTE.c.value).where(NOTE.c.name == name))
            return None if value is None else json.loads(value)

    def write_note(self, name: str, value: Any) -> None:
        """Notes something, a value that JSON can hold, in place of what was noted before."""
        statement = insert(NOTE).values(name=name, value=json.dumps(value))
        statement = statement.on_conflict_do_update(index_elements=("name",), set_={"value": statement.excluded.value})
        with plain_errors(self._path), writing(self._engine) as connection:
            connection.execute(statement)

    @staticmethod
    def _of(roots: Collection[int], task: Task) -> ColumnElement[bool]:
        return JOB.c.root_id.in_(roots) & (JOB.c.task == task.value) if roots else false()


def _is_due(now: float) -> ColumnElement[bool]:
    # A clock that was set back would otherwise put a job off for as long.
    return or_(JOB.c.not_before <= now, JOB.c.not_before > now + 2 * DAY_S)


def _below(path: Path) -> ColumnElement[bool]:
    text = paths.folder_text(path)
    return (JOB.c.path_key == paths.name_key(text)) | JOB.c.path_key.startswith(paths.folder_key(text), autoescape=True)


def _moved_on(result: Result) -> dict[str, Any]:
    stamp = result.stamp or result.job.stamp
    task = result.next_task or result.job.task
    return {
        "task": task.value,
        "size": stamp.size,
        "mtime_ns": stamp.mtime_ns,
        "not_before": result.not_before,
        "tries": result.tries,
        "interruptions": 0,
        "reason": result.failure,
    }


def _mark(connection: Connection, ids: Sequence[int], *, is_running: bool) -> None:
    for start in range(0, len(ids), _CHUNK):
        here = JOB.c.id.in_(ids[start : start + _CHUNK])
        connection.execute(update(JOB).where(here).values(is_running=is_running))


def _jobs(
    connection: Connection,
    condition: ColumnElement[bool],
    limit: int,
    *order: ColumnElement[Any],
) -> list[Job]:
    by = order or (JOB.c.not_before, JOB.c.id)
    rows = connection.execute(select(JOB).where(condition).order_by(*by).limit(limit)).mappings()
    return [
        Job(
            id=row["id"],
            root_id=row["root_id"],
            path=Path(row["path"]),
            task=Task(row["task"]),
            stamp=Stamp(row["size"], row["mtime_ns"]),
            not_before=row["not_before"],
            tries=row["tries"],
            interruptions=row["interruptions"],
            is_cancelled=row["is_cancelled"],
            reason=row["reason"],
        )
        for row in rows
    ]
