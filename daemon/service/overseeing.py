"""The roots: whether each is there, what is to be looked at in it, and what follows from what was seen.

    offline ── probe finds it ─→ watched and looked through ── probe misses it ─→ offline

All of it is done by the engine's thread, save what touches a disk: that is asked for (`asking`), and answered
by news. A root is probed every few seconds; looked through when it comes (back), when hints
were lost, and on a schedule; and looked at, folder by folder, where there was a hint.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from daemon.service.asking import Asking, Finding
from daemon.service.events import Broadcast, FilesGone, RootChanged
from daemon.service.looking import Hand, Look, Looked, Probe
from daemon.service.watching import Watch
from tagger.catalog import Catalog
from tagger.catalog.roots import Root
from tagger.reconcile import Difference
from tagger.settings import DaemonSettings
from tagger.walk import Obstacle

PROBE_EVERY_S: Final = 10.0
DEAD_AFTER_S: Final = 60.0
"""How long a root may leave a question unanswered before it is held to be out of reach."""

_MOST_OBSTACLES: Final = 100
_CLOSING_S: Final = 0.5
_DUTY: Final = 20
"""A folder is not looked at for more than one part in so many of the time, however often it changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RootState:
    """A root as it is now.

    Attributes:
        root: what was asked for.
        state: "starting", "offline", "paused", "scanning" or "watching".
        is_native: whether the system tells of changes in it.
        notice: what its user should know, or None.
        files: audio files in it when it was last looked through; None before that.
        scanned_at: when that was, in seconds since 1970.
        next_scan_at: when it is looked through next.
        obstacles: what stood in the way, at most the first hundred.
    """

    root: Root
    state: str
    is_native: bool
    notice: str | None
    files: int | None
    scanned_at: float | None
    next_scan_at: float
    obstacles: tuple[Obstacle, ...]


@dataclass(slots=True)
class _Charge:
    """All that is kept of one root while the daemon runs."""

    root: Root
    hand: Hand
    is_online: bool = False
    is_scanning: bool = False
    watch: Watch | None = None
    is_native: bool = False
    notice: str | None = None
    next_probe: float = 0.0
    next_scan: float = 0.0
    scanned_at: float | None = None
    files: int | None = None
    obstacles: list[Obstacle] = field(default_factory=list)
    mounts: frozenset[Path] = frozenset()
    looks: dict[Path, tuple[bool, float]] = field(default_factory=dict)
    look_s: float = 0.0


class Overseer:
    """Looks after all roots.

    Args:
        catalog: where they, and the files in them, are kept.
        settings: how often to look.
        broadcast: is told what changes.
        wake: called from any thread when there is something for `turn` to do.
        now: the time, in seconds since 1970.
        model: whose analyses count, as `name@version`; None for those of any model.
    """

    def __init__(
        self,
        catalog: Catalog,
        settings: DaemonSettings,
        *,
        broadcast: Broadcast,
        wake: Callable[[], None],
        now: Callable[[], float],
        model: str | None,
    ) -> None:
        self._catalog = catalog
        self._settings = settings
        self._broadcast = broadcast
        self._wake = wake
        self._now = now
        self.model = model
        """Whose analyses count."""
        self.has_new_jobs = False
        """Whether jobs were added since this was last set to False."""
        self.has_told = False
        """Whether anything was told of a root since this was last set to False."""
        self._charges: dict[int, _Charge] = {}
        self._asking = Asking(catalog, wake)

    @property
    def active(self) -> list[int]:
        """The roots in which something may be done, by their numbers."""
        return [at for at, charge in self._charges.items() if charge.is_online and not charge.root.is_paused]

    @property
    def is_busy(self) -> bool:
        """Whether something is being looked at, or about to be."""
        return self._asking.has_news or any(charge.hand.is_busy for charge in self._charges.values())

    def root(self, root_id: int) -> Root | None:
        """A root by its number."""
        charge = self._charges.get(root_id)
        return charge.root if charge else None

    def states(self) -> tuple[RootState, ...]:
        """All roots as they are now, by path."""
        return tuple(map(_state, sorted(self._charges.values(), key=lambda charge: charge.root.key)))

    def reload(self) -> None:
        """Takes up what somebody changed about the roots in the catalog."""
        roots = {root.id: root for root in self._catalog.roots.all()}
        for gone in self._charges.keys() - roots.keys():
            charge = self._charges.pop(gone)
            _stop_watching(charge)
            self.has_told = True
            self._broadcast.tell(RootChanged(charge.root.path, "removed"))
        for at, root in roots.items():
            if at not in self._charges:
                mounts = frozenset(map(Path, self._catalog.jobs.read_note(_mounts_note(root)) or ()))
                self._charges[at] = _Charge(root, Hand(f"root {at}", self._wake), mounts=mounts)
                self._tell(self._charges[at])
            elif (charge := self._charges[at]).root != root:
                self._change(charge, root)

    def scan_soon(self, path: Path | None = None) -> None:
        """Has a root, or all, looked through as soon as can be. Any thread may ask for it."""
        for charge in list(self._charges.values()):
            if path is None or charge.root.path == path:
                charge.next_scan = 0.0

    def scan_at(self, when: float) -> None:
        """Has all roots looked through at a time, in seconds since 1970, and not before it but for a hint."""
        for charge in self._charges.values():
            charge.next_scan = when

    def turn(self) -> float:
        """Does what is due.

        Returns:
            when something is due next, in seconds since 1970.
        """
        now = self._now()
        self._take_hints(now)
        self._take_news(now)
        for charge in self._charges.values():
            self._see_to(charge, now)
        return min((self._next(charge, now) for charge in self._charges.values()), default=now + PROBE_EVERY_S)

    def close(self) -> None:
        """Stops watching and looking; waits a moment for those who look."""
        self._asking.close()
        deadline = time.monotonic() + _CLOSING_S
        # Each of thousands of folders is let go of by itself, which nobody has to wait for.
        closing = threading.Thread(target=self._stop_watching_all, name="closing", daemon=True)
        closing.start()
        closing.join(_CLOSING_S)
        for charge in self._charges.values():
            while charge.hand.is_busy and time.monotonic() < deadline:
                charge.hand.join(0.02)

    def _stop_watching_all(self) -> None:
        for charge in list(self._charges.values()):
            _stop_watching(charge)

    # What is due for one root.

    def _see_to(self, charge: _Charge, now: float) -> None:
        if charge.hand.is_busy:
            if charge.is_online and time.monotonic() - charge.hand.since > DEAD_AFTER_S:
                self._lose(charge, "does not answer")
            return
        if now >= charge.next_probe:
            charge.next_probe = now + PROBE_EVERY_S
            self._asking.probe(charge.root, charge.hand)
        elif charge.is_online and not charge.root.is_paused:
            self._look_at_what_is_due(charge, now)

    def _look_at_what_is_due(self, charge: _Charge, now: float) -> None:
        if now >= charge.next_scan:
            charge.next_scan = now + self._interval_s(charge)
            charge.is_scanning, charge.obstacles = True, []
            charge.looks.clear()
            self._tell(charge)
            self._begin(charge, Look(charge.root.path, is_deep=True))
            return
        for folder, (is_deep, due) in charge.looks.items():
            if now >= due:
                del charge.looks[folder]
                self._begin(charge, Look(folder, is_deep=is_deep))
                return

    def _begin(self, charge: _Charge, look: Look) -> None:
        inner = [other.root.key for other in self._charges.values() if other.root.key.startswith(charge.root.key)]
        without = frozenset(inner) - {charge.root.key}
        self._asking.look(charge.root, charge.hand, look, without=without, mounts=charge.mounts, model=self.model)

    def _next(self, charge: _Charge, now: float) -> float:
        if charge.hand.is_busy:
            return now + DEAD_AFTER_S
        dues = [charge.next_probe]
        if charge.is_online and not charge.root.is_paused:
            dues += [charge.next_scan, *(due for _, due in charge.looks.values())]
        return min(dues)

    def _interval_s(self, charge: _Charge) -> float:
        return 60.0 * (self._settings.scan_every_min if charge.is_native else self._settings.poll_every_min)

    # What follows from what other threads say.

    def _take_hints(self, now: float) -> None:
        hints, lost = self._asking.take_hints()
        for root_id, looks in hints.items():
            if charge := self._charges.get(root_id):
                due = now + max(self._settings.settle_s / 2, _DUTY * charge.look_s)
                for look in looks:
                    was_deep, before = charge.looks.get(look.folder, (False, due))
                    charge.looks[look.folder] = (look.is_deep or was_deep, min(due, before))
        for root_id in lost:
            if charge := self._charges.get(root_id):
                # The burst that was too much may still go on.
                charge.next_scan = min(charge.next_scan, now + self._settings.settle_s)

    def _take_news(self, now: float) -> None:
        for root_id, news in self._asking.take_news():
            if charge := self._charges.get(root_id):
                self._take(charge, news, now)
            elif isinstance(news, Watch):
                news.close()

    def _take(self, charge: _Charge, news: Finding, now: float) -> None:
        match news:
            case Probe():
                self._take_probe(charge, news, now)
            case Difference():
                self._take_difference(charge, news, now)
            case Obstacle():
                if len(charge.obstacles) < _MOST_OBSTACLES and charge.is_scanning:
                    charge.obstacles.append(news)
            case Looked():
                self._take_end(charge, news, now)
            case Watch():
                _stop_watching(charge)
                charge.watch, charge.is_native, charge.notice = news, True, None
            case str():
                _stop_watching(charge)
                charge.notice = news
                charge.next_scan = min(charge.next_scan, now + self._interval_s(charge))
                self._tell(charge)

    def _take_probe(self, charge: _Charge, found: Probe, now: float) -> None:
        if found.reason is not None:
            self._lose(charge, found.reason)
            return
        if charge.is_online and charge.root.identity == found.identity:
            return
        self._catalog.roots.set_online(charge.root.id, found.identity)
        charge.root = replace(charge.root, identity=found.identity, offline_since=None, offline_reason=None)
        charge.is_online = True
        # Before it is looked through, so that nothing falls between.
        charge.next_scan = now
        self._arm(charge)
        self._tell(charge)

    def _arm(self, charge: _Charge) -> None:
        """Watches a root that is there; a watch from before hangs on a folder that may be another now."""
        _stop_watching(charge)
        charge.notice = None
        if not charge.root.poll and not charge.root.is_paused:
            charge.hand.join(1.0)
            self._asking.watch(charge.root, charge.hand)

    def _lose(self, charge: _Charge, reason: str) -> None:
        _stop_watching(charge)
        charge.looks.clear()
        was_known = not charge.is_online and charge.root.offline_reason == reason
        charge.is_online = charge.is_scanning = False
        if not was_known:
            self._catalog.roots.set_offline(charge.root.id, reason)
            charge.root = replace(charge.root, offline_since=self._now(), offline_reason=reason)
            self._tell(charge)

    def _take_difference(self, charge: _Charge, found: Difference, now: float) -> None:
        self._catalog.jobs.add(charge.root.id, found.folder, found.to_do, not_before=now + self._settings.settle_s)
        if found.back:
            self._catalog.mark(found.folder, found.back, missing=False)
        if found.gone:
            self._catalog.mark(found.folder, found.gone, missing=True)
            self._catalog.jobs.drop(found.folder / name for name in found.gone)
            self._broadcast.tell(FilesGone(found.folder, len(found.gone)))
        self.has_new_jobs = self.has_new_jobs or bool(found.to_do)

    def _take_end(self, charge: _Charge, looked: Looked, now: float) -> None:
        if not looked.is_valid:
            charge.is_scanning, charge.next_probe = False, now
            charge.next_scan = min(charge.next_scan, now + PROBE_EVERY_S)
            return
        for folder in looked.gone:
            self._catalog.jobs.drop_below(folder)
            if count := self._catalog.mark_below(folder):
                self._broadcast.tell(FilesGone(folder, count))
        if not looked.look.is_deep:
            charge.look_s = looked.seconds
        elif looked.look.folder == charge.root.path:
            self._end_scan(charge, looked, now)

    def _end_scan(self, charge: _Charge, looked: Looked, now: float) -> None:
        if not looked.mounts <= charge.mounts:
            charge.mounts |= looked.mounts
            self._catalog.jobs.write_note(_mounts_note(charge.root), sorted(map(str, charge.mounts)))
        self._catalog.forget(charge.root.path, now - 86_400 * self._settings.forget_after_days)
        charge.is_scanning, charge.scanned_at, charge.files = False, now, looked.files
        if charge.is_native:
            charge.hand.join(1.0)
            self._asking.check_limit(charge.root, charge.hand)
        self._tell(charge)

    def _change(self, charge: _Charge, root: Root) -> None:
        before, charge.root = charge.root, root
        if before.identity != root.identity and root.offline_since is None:
            charge.is_online, charge.next_probe = False, 0.0
        if (before.poll, before.is_paused) != (root.poll, root.is_paused):
            charge.next_scan = 0.0
            if charge.is_online and not charge.hand.is_busy:
                self._arm(charge)
            elif charge.is_online:
                charge.is_online, charge.next_probe = False, 0.0
        self._tell(charge)

    def _tell(self, charge: _Charge) -> None:
        self.has_told = True
        self._broadcast.tell(RootChanged(charge.root.path, _state(charge).state))


def _mounts_note(root: Root) -> str:
    return f"mounts of root {root.id} at {root.identity}"


def _stop_watching(charge: _Charge) -> None:
    if charge.watch is not None:
        charge.watch.close()
    charge.watch, charge.is_native = None, False


def _state(charge: _Charge) -> RootState:
    state = "scanning" if charge.is_scanning else "watching"
    if not charge.is_online:
        state = "offline" if charge.root.offline_since is not None else "starting"
    elif charge.root.is_paused:
        state = "paused"
    return RootState(
        root=charge.root,
        state=state,
        is_native=charge.is_native,
        notice=charge.notice,
        files=charge.files,
        scanned_at=charge.scanned_at,
        next_scan_at=charge.next_scan,
        obstacles=tuple(charge.obstacles),
    )
