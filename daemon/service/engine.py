"""The daemon's engine: one object with plain methods, whatever is above it, a command or a page.

One thread owns all that happens. It does what is due, then sleeps until the next thing is, until a worker
answers, or until somebody wakes it; nothing is polled but whether the catalog was written to, which costs
microseconds. So a command that changes the catalog (a root, a pause, a correction) needs no line to the
daemon. Methods may be called from any thread; they change the catalog and wake the engine.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing import Pipe
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from daemon.service import progress_note
from daemon.service.analysing import Analysing
from daemon.service.events import Broadcast, Event, HoldsChanged, ProgressMade, Subscription
from daemon.service.holds import PAUSED, Holds
from daemon.service.modelling import accepted_model
from daemon.service.overseeing import Overseer, RootState
from daemon.service.pace import Pace
from daemon.service.retrying import retry
from daemon.service.tagging import Tagging
from tagger.catalog import Catalog
from tagger.catalog.jobs import Counts, Job, Task
from tagger.catalog.roots import Root
from tagger.errors import CatalogError, TaggerError
from tagger.settings import Settings
from tagger.workers import SupportsAnalyse

_LOG: Final = logging.getLogger(__name__)
_LOOK_AT_CATALOG_EVERY_S: Final = 2.0
_TELL_EVERY_S: Final = 2.0
_AFTER_FAULT_S: Final = 30.0
_LONGEST_SLEEP_S: Final = 60.0

PAUSED_NOTE: Final = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The daemon as it is now.

    Attributes:
        holds: the reasons for which it rests, in words; empty if it works.
        new_model: a model that waits to be accepted, as `name@version`, or None.
        fault: why nothing can be done though nothing holds it, as one line; None if nothing is wrong.
        progress: how far the work is.
        roots: the roots, by path.
        quarantined: files that are tried once a day only, since they failed too often, or always will.
        cancelled: files that a person took off.
    """

    holds: tuple[str, ...]
    new_model: str | None
    fault: str | None
    progress: ProgressMade
    roots: tuple[RootState, ...]
    quarantined: int
    cancelled: int


class Engine:
    """Watches roots and works. Use as a context, or call `start` and `close`.

    Args:
        catalog: the catalog; the caller closes it, after the engine.
        settings: all settings.
        make_analyser: makes the analyser in each worker process; has to be picklable.
        model: what the analyser uses, as `name@version`.
        now: the time, in seconds since 1970.
    """

    def __init__(
        self,
        catalog: Catalog,
        settings: Settings,
        *,
        make_analyser: Callable[[], SupportsAnalyse],
        model: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._catalog = catalog
        self.model = model
        """What it analyses with, as `name@version`."""
        self._now = now
        self._waker, self._alarm = Pipe(duplex=False)
        self._is_woken = threading.Event()
        self._is_closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._changes = catalog.changes()
        self._broadcast = Broadcast()
        self._pace = Pace()
        self._holds = Holds(settings.daemon.quiet_hours, self.wake)
        self._overseer = Overseer(
            catalog, settings.daemon, broadcast=self._broadcast, wake=self.wake, now=now, model=None
        )
        self._analysing = Analysing(
            catalog,
            make_analyser,
            workers=settings.daemon.workers,
            settle_s=settings.daemon.settle_s,
            broadcast=self._broadcast,
            now=now,
        )
        self._tagging = Tagging(
            catalog,
            settings,
            broadcast=self._broadcast,
            wake=self.wake,
            root=self._overseer.root,
            now=now,
        )
        self._reasons: tuple[str, ...] = ()
        self._new_model: str | None = None
        self._fault: str | None = None
        self._fault_until = 0.0
        self._next_look = 0.0
        self._next_telling = 0.0
        self._must_read = self._jobs_changed = self._is_stale = True
        self._was_tagging = False
        self._next_job: float | None = None
        self._state = State(
            holds=(),
            new_model=None,
            fault=None,
            progress=ProgressMade(0, 0, 0.0, None),
            roots=(),
            quarantined=0,
            cancelled=0,
        )
        self.beat = time.monotonic()
        """When the engine was last seen to be alive, in seconds of the monotonic clock."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What anybody may ask for.

    def start(self) -> None:
        """Begins to work, on a thread."""
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops in less than two seconds: what is done is recorded, what is begun is done again next time."""
        self._is_closing.set()
        self.wake()
        if self._thread is not None:
            self._thread.join(5.0)
            self._thread = None
        else:
            self._end()
        self._broadcast.close()

    def state(self) -> State:
        """The daemon as it was a moment ago."""
        return self._state

    def events(self) -> Subscription:
        """What happens from now on. Close it, or use it as a context."""
        return self._broadcast.subscribe()

    def tell(self, event: Event) -> None:
        """Tells whoever listens of what happened beside the engine."""
        self._broadcast.tell(event)

    def add_root(self, path: Path, *, write: bool = False, ableton: bool = False, poll: bool = False) -> Root:
        """Watches a folder; see `tagger.catalog.roots.Roots.add`."""
        root = self._catalog.roots.add(path, write=write, ableton=ableton, poll=poll)
        self._look_at_catalog()
        return root

    def remove_root(self, path: Path) -> None:
        """Watches a folder no longer; see `Roots.remove`."""
        self._catalog.roots.remove(path)
        self._look_at_catalog()

    def pause_root(self, path: Path, *, is_paused: bool) -> None:
        """Leaves a root alone, or goes on with it; see `Roots.change`."""
        self._catalog.roots.change(path, is_paused=is_paused)
        self._look_at_catalog()

    def pause(self, *, is_paused: bool) -> None:
        """Pauses all work until it is resumed, over restarts too."""
        self._catalog.jobs.write_note(PAUSED_NOTE, is_paused)
        self._look_at_catalog()

    def hold(self, reason: str, *, lease_s: float | None = None) -> None:
        """Rests for a reason, such as a DAW that plays, until `release`.

        Args:
            reason: in words that people are shown.
            lease_s: after how many seconds the hold ends by itself unless it is renewed by another call.
        """
        self._holds.hold(reason, until=float("inf") if lease_s is None else self._now() + lease_s)

    def release(self, reason: str) -> None:
        """Ends a hold."""
        self._holds.release(reason)

    def scan(self, path: Path | None = None) -> None:
        """Looks through a root, or all, as soon as can be."""
        self._overseer.scan_soon(path)
        self.wake()

    def failing(self) -> Sequence[Job]:
        """The jobs that failed or were taken off, most often tried first."""
        return self._catalog.jobs.failing()

    def cancel(self, under: Path) -> int:
        """Takes off what waits at or below a path; gives how many files that are."""
        count = self._catalog.jobs.cancel(under)
        self._look_at_catalog()
        return count

    def retry(self, under: Path | None = None) -> int:
        """Tries again what failed or was taken off; gives how many files that are."""
        count = retry(self._catalog, under, now=self._now())
        self._look_at_catalog()
        return count

    @property
    def is_alive(self) -> bool:
        """Whether it was started, and neither closed nor ended by an error."""
        return self._thread is not None and self._thread.is_alive()

    def wake(self) -> None:
        """Has the engine look whether there is something to do."""
        if not self._is_woken.is_set():
            self._is_woken.set()
            with contextlib.suppress(OSError):
                self._alarm.send_bytes(b"!")

    # What the engine's thread does.

    def _run(self) -> None:
        try:
            self._tagging.recover()
            self._analysing.recover()
            self._look_at_catalog()
            while not self._is_closing.is_set():
                self._sleep(self._turn_or_rest())
        except Exception:
            _LOG.exception("the engine stopped")
        finally:
            self._end()

    def _turn_or_rest(self) -> float:
        try:
            return self.turn()
        except TaggerError as error:
            # A full disk or a locked catalog passes, and a person has to be told of it meanwhile.
            _LOG.error("%s", error)
            self._fault, self._fault_until = str(error), self._now() + _AFTER_FAULT_S
            self._state = replace(self._state, fault=self._fault)
            if isinstance(error, CatalogError):
                # What was seen and could not be noted is seen again, but not at once, which would be again and again.
                self._overseer.scan_at(self._fault_until)
            with contextlib.suppress(TaggerError):
                self._analysing.give_up()
            return self._fault_until

    def turn(self) -> float:
        """Does all that is due.

        Returns:
            when something is due next, in seconds since 1970.
        """
        now = self._now()
        if now >= self._next_look:
            self._next_look = now + _LOOK_AT_CATALOG_EVERY_S
            if self._changes.are_there() or self._must_read:
                self._read_catalog()
        due = self._overseer.turn()
        if self._overseer.has_new_jobs:
            self._jobs_changed, self._overseer.has_new_jobs = True, False
        self._work(now)
        self._tell(now)
        return min(filter(None, (due, self._next_look, *self._dues(now))))

    @property
    def is_busy(self) -> bool:
        """Whether anything is going on, or waits for nothing but time."""
        return self._overseer.is_busy or self._analysing.is_busy or self._tagging.is_busy

    def _work(self, now: float) -> None:
        done = self._analysing.collect() + self._tagging.collect()
        if done:
            self._pace.step(now, done)
        was_tagging, self._was_tagging = self._was_tagging, self._tagging.is_busy
        if done or was_tagging != self._was_tagging:
            self._jobs_changed = self._is_stale = True
        self._take_holds(now)
        is_due = self._jobs_changed or (self._next_job is not None and now >= self._next_job)
        if self._reasons or now < self._fault_until:
            self._analysing.hold()
            self._tagging.hold()
        elif is_due or self._analysing.is_busy:
            self._fault = None
            self._analysing.feed(self._overseer.active)
            if is_due:
                self._tagging.feed(self._overseer.active)
                self._jobs_changed = False
                self._next_job = self._first_due()
        self._analysing.rest(now)

    def _first_due(self) -> float | None:
        active = self._overseer.active
        dues = [self._catalog.jobs.next_due(active, Task.ANALYSE), self._tagging.next_due(active)]
        return min((due for due in dues if due is not None), default=None)

    def _dues(self, now: float) -> list[float | None]:
        is_idle = self._reasons or self._analysing.is_busy
        next_job = None if is_idle or self._next_job is None else max(self._next_job, now + 0.01)
        telling = self._next_telling if self._is_telling else None
        return [next_job, telling, self._holds.next_change(now), self._analysing.next_due(now)]

    def _sleep(self, until: float) -> None:
        timeout_s = min(max(until - self._now(), 0.0), _LONGEST_SLEEP_S)
        self.beat = time.monotonic()
        wait([self._waker, *self._analysing.connections], timeout_s)
        self.beat = time.monotonic()
        while self._waker.poll():
            self._waker.recv_bytes()
        # In this order: what comes between is seen to by the turn that follows.
        self._is_woken.clear()

    def _look_at_catalog(self) -> None:
        self._next_look = 0.0
        self._must_read = True
        self.wake()

    def _read_catalog(self) -> None:
        self._must_read = False
        self._jobs_changed = self._is_stale = True
        self._overseer.reload()
        self._take_model(accepted_model(self._catalog, self.model))
        if self._catalog.jobs.read_note(PAUSED_NOTE):
            self._holds.hold(PAUSED)
        else:
            self._holds.release(PAUSED)

    def _take_model(self, accepted: str) -> None:
        """Has what older models said count, until a person accepts the new one."""
        self._new_model = None if accepted == self.model else self.model
        counting = None if self._new_model else self.model
        if counting != self._overseer.model:
            self._overseer.model = counting
            self._overseer.scan_soon()

    def _take_holds(self, now: float) -> None:
        reasons = self._holds.reasons(now)
        if reasons != self._reasons:
            self._reasons = reasons
            self._jobs_changed = self._is_stale = True
            # Whoever is told looks at once.
            self._state = replace(self._state, holds=reasons)
            self._broadcast.tell(HoldsChanged(reasons))

    @property
    def _is_telling(self) -> bool:
        return self._is_stale or self.is_busy

    def _tell(self, now: float) -> None:
        """Brings the state up to date, the costly parts from time to time; the catalog hears of it for commands."""
        if self._overseer.has_told:
            self._overseer.has_told = False
            self._state = replace(self._state, roots=self._overseer.states())
        if now < self._next_telling:
            return
        self._next_telling = now + _TELL_EVERY_S
        before = self._state
        if self._is_telling or not before.roots:
            self._is_stale = False
            by_root = self._catalog.jobs.counts()
            # What waits for a disk, a person or another try says nothing of how long the rest will take.
            active = [by_root[at] for at in self._overseer.active if at in by_root]
            waiting = sum(each.waiting - each.retrying for each in active)
            counts = by_root.values()
            others = Counts(0, sum(each.quarantined for each in counts), sum(each.cancelled for each in counts))
        else:
            waiting, others = before.progress.waiting, Counts(0, before.quarantined, before.cancelled)
        if waiting and not before.progress.waiting:
            self._pace.begin()
        progress = ProgressMade(self._pace.done, waiting, round(self._pace.per_s, 1), self._pace.eta_s(waiting))
        self._state = State(
            holds=self._reasons,
            new_model=self._new_model,
            fault=self._fault,
            progress=progress,
            roots=self._overseer.states(),
            quarantined=others.quarantined,
            cancelled=others.cancelled,
        )
        if progress != before.progress:
            self._broadcast.tell(progress)
            progress_note.note(self._catalog, progress, now)

    def _end(self) -> None:
        for part in (self._overseer, self._tagging, self._analysing):
            try:
                part.close()
            except TaggerError as error:
                _LOG.error("%s", error)
        self._changes.close()
        self._waker.close()
        self._alarm.close()
