"""An engine in a test's own hands: its clock passes as it is told to, its library is made of small files of text."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Final, Self
from unittest.mock import patch

from daemon.service import analysing, tagging
from daemon.service.engine import Engine
from daemon.service.events import Event, Subscription
from tagger.catalog import Catalog, FileRecord, Problem, Query
from tagger.settings import Settings
from tagger.workers import SupportsAnalyse, Workers
from tests.made_up import MODEL, StandIn

SETTLE_S: Final = 4.0
ROUND_S: Final = 70.0
"""Longer than the minute after which a root is looked through again."""

_PATIENCE_S: Final = 60.0


class KeptWorkers(Workers):
    """Processes that go from engine to engine, unless one leaves them at something: their start is most of a test."""

    _kept: ClassVar[dict[tuple[Callable[[], SupportsAnalyse], int], Workers]] = {}

    @classmethod
    def of(cls, make: Callable[[], SupportsAnalyse], count: int) -> Workers:
        return cls._kept.setdefault((make, count), cls(make, count))

    def __exit__(self, *_: object) -> None:
        if self.is_busy:
            super().__exit__()
            self._again.clear()
            self._crashes.clear()


class Bench:
    """A catalog, and an engine on it that is driven by hand. What is on the disk and in processes is real."""

    def __init__(
        self,
        folder: Path,
        *,
        make: Callable[[], SupportsAnalyse] = StandIn,
        model: str = MODEL,
        start: float | None = None,
        **settings: Any,
    ) -> None:
        self._quick = ExitStack()
        # What passes in no time here would else be rest enough to end processes.
        self._quick.enter_context(patch.object(analysing, "_REST_S", 1e9))
        self._quick.enter_context(patch.object(analysing, "Workers", KeptWorkers.of))
        self._quick.enter_context(patch.object(tagging, "_LINGER_S", 0.0))
        self.now = time.time() if start is None else start
        self.catalog = Catalog(folder / "catalog.db")
        self._settings = Settings(daemon={"settle_s": SETTLE_S, "poll_every_min": 1, **settings})  # type: ignore[arg-type] # pydantic makes the section
        self._make, self._model = make, model
        self.engine = self._new_engine()
        self.heard: Subscription = self.engine.events()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.engine.close()
        self.catalog.close()
        self._quick.close()

    def _new_engine(self) -> Engine:
        return Engine(self.catalog, self._settings, make_analyser=self._make, model=self._model, now=lambda: self.now)

    def restart(self, *, is_killed: bool = False) -> None:
        """Ends the engine, as SIGKILL would if asked to, and makes a new one."""
        if is_killed:
            # What the catalog would say of jobs that were at work.
            claimed = [*self.engine._analysing._claimed, *self.engine._analysing._given.values()]
            self.engine._analysing._claimed.clear()
            self.engine._analysing._given.clear()
            self.engine.close()
            mark_running(self.catalog, [job.id for job in claimed])
        else:
            self.engine.close()
        self.engine = self._new_engine()
        self.engine._analysing.recover()
        self.heard = self.engine.events()

    def pass_time(self, seconds: float, *, until: Callable[[], bool] = lambda: False) -> None:
        """Lets the engine work while so many seconds of its clock pass; what really takes time is waited for."""
        end, deadline = self.now + seconds, time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            due = self.engine.turn()
            if until():
                return
            if self.engine.is_busy:
                started = time.monotonic()
                self.engine._sleep(self.now + 0.05)
                self.now += time.monotonic() - started
            elif due > end:
                self.now = max(end, self.now)
                return
            else:
                self.now = max(due, self.now + 0.001)
        raise AssertionError("the engine did not come to rest")

    def events(self, kind: type[Event]) -> list[Any]:
        """What was told since this was asked last, of one kind."""
        told = []
        while event := self.heard.next(0):
            told.append(event)
        return [event for event in told if isinstance(event, kind)]

    def names(self) -> list[str]:
        """The names of all files found, sorted."""
        return sorted(hit.path.name for hit in self.catalog.find(Query()))

    def record(self, path: Path) -> FileRecord:
        record = self.catalog.show(path)
        assert isinstance(record, FileRecord)
        return record

    def problem(self, path: Path) -> str:
        problem = self.catalog.show(path)
        assert isinstance(problem, Problem)
        return problem.reason

    def root_state(self, path: Path) -> str:
        return next(root.state for root in self.engine.state().roots if root.root.path == path)


def mark_running(catalog: Catalog, ids: list[int]) -> None:
    """Leaves jobs as a killed daemon does."""
    with closing(sqlite3.connect(catalog.path)) as connection, connection:
        connection.executemany("UPDATE job SET is_running = 1 WHERE id = ?", [(each,) for each in ids])
