"""The state of folders, files and of the daemon, in the words that people read on the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath, PureWindowsPath
from typing import Final, Literal

from daemon.api import models
from daemon.output import count_words
from daemon.service.hearing import PLAYING
from daemon.service.holds import PAUSED, QUIET
from daemon.service.looking import REPLACED

Tone = Literal["busy", "good", "rest", "bad", "off"]

_HOLDS: Final = {
    PAUSED: ("Paused", "Nothing is analysed or tagged until you go on."),
    QUIET: ("Resting: quiet hours", "It goes on by itself when they end. The settings say when they are."),
    PLAYING: ("Resting: a DAW plays", "It goes on by itself when that stops."),
}
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Condition:
    """How something is.

    Attributes:
        tone: which colour it has.
        words: how it is, in two or three words.
        detail: what follows from that; "" where there is nothing to say.
    """

    tone: Tone
    words: str
    detail: str = ""


def of_work(work: models.Work, *, has_roots: bool) -> Condition:
    """How the work as a whole is."""
    if not work.is_running:
        return Condition("off", "The daemon is not running", "What is new or changed waits until it runs.")
    if work.fault:
        return Condition("bad", "Nothing can be done", work.fault)
    if reasons := [PAUSED] * work.is_paused or work.holds:
        return Condition("rest", *hold_words(reasons[0]))
    if work.waiting:
        return Condition("busy", "Listening")
    if not has_roots:
        return Condition("off", "No folder is watched")
    return Condition("good", "Up to date")


def of_root(root: models.RootDetail, work: models.Work) -> Condition:
    """How a watched folder is."""
    if root.is_offline:
        return Condition("bad", "Offline", f"{_why_offline(root.reason)} All that is known of it stays.")
    if root.is_paused:
        return Condition("rest", "Paused", "Nothing is done about it.")
    if not work.is_running:
        return Condition("off", "Not watched", "The daemon is not running.")
    if root.state == "scanning":
        return Condition("busy", "Being looked through")
    if root.state in (None, "starting"):
        return Condition("busy", "Starting")
    if to_do := root.waiting - root.retrying:
        is_resting = bool(work.holds or work.is_paused or work.fault)
        return Condition("rest" if is_resting else "busy", f"{to_do:,} to do")
    return Condition("good", "Up to date")


def of_failed(failed: models.FailedJob, now: datetime) -> str:
    """What becomes of a file that failed."""
    if failed.is_cancelled:
        return "Left out until it changes"
    if failed.next_try_at is None:
        return "Given up until it changes"
    when = until(failed.next_try_at, now)
    return f"Quarantine: next try {when}" if failed.is_quarantined else f"Next try {when}"


def kind_of(failed: models.FailedJob) -> Literal["soon", "quarantined", "given up", "cancelled"]:
    """Which kind of failure it is."""
    if failed.is_cancelled:
        return "cancelled"
    if failed.next_try_at is None:
        return "given up"
    return "quarantined" if failed.is_quarantined else "soon"


def failure(failed: models.FailedJob) -> str:
    """What is wrong with a file, as a sentence begins."""
    reason = failed.reason or ("left out by a person" if failed.is_cancelled else "failed")
    words = f"tags not written: {reason}" if failed.task == "tags" and failed.reason else reason
    return words[:1].upper() + words[1:]


def hold_words(reason: str) -> tuple[str, str]:
    """Why it rests, and what ends that."""
    return _HOLDS.get(reason, (f"Resting: {reason}", ""))


def progress_words(progress: models.Work) -> str:
    """How far the work is, as in "120 of 3,400 files, 4.2 files/s, 13 min left"."""
    if not progress.waiting:
        return ""
    parts = [f"{progress.done:,} of {count_words(progress.done + progress.waiting, 'file')}"]
    if progress.per_s:
        parts.append(f"{progress.per_s:g} files/s")
    if progress.eta_s is not None:
        parts.append(f"{time_left(progress.eta_s)} left")
    return ", ".join(parts)


def looks_words(root: models.RootDetail, now: datetime) -> str:
    """When a folder was looked through, and when changes are seen."""
    parts = [] if root.scanned_at is None else [f"looked through {ago(root.scanned_at, now)}"]
    if root.is_told:
        parts.append("changes are seen at once")
    elif root.is_told is not None and root.next_scan_at is not None and not root.is_paused:
        parts.append(f"again {until(root.next_scan_at, now)}")
    return ", ".join(parts)


def time_left(seconds: float) -> str:
    """A length of time, as coarse as people take it: "less than a minute", "12 min", "2 h 5 min", "3 days"."""
    minutes = round(seconds / _MINUTE_S)
    if not minutes:
        return "less than a minute"
    if minutes < 60:
        return f"{minutes} min"
    if seconds < 2 * _DAY_S:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{round(seconds / _DAY_S)} days"


def ago(when: datetime, now: datetime) -> str:
    """How long something is past."""
    seconds = (now - when).total_seconds()
    return "just now" if seconds < _MINUTE_S else f"{_rough(seconds)} ago"


def until(when: datetime, now: datetime) -> str:
    """How long something is ahead."""
    seconds = (when - now).total_seconds()
    return "within a minute" if seconds < _MINUTE_S else f"in {_rough(seconds)}"


def name_of(path: str) -> str:
    """What a folder or file is called."""
    return PurePath(path).name or path


def prefix(path: str) -> str:
    """What the paths of all that is in a folder begin with."""
    separator = "\\" if PureWindowsPath(path).drive else "/"
    return path.rstrip(separator) + separator


def now() -> datetime:
    """The time, as the others here take it."""
    return datetime.now(UTC)


def _rough(seconds: float) -> str:
    if seconds < _HOUR_S:
        return f"{seconds / _MINUTE_S:.0f} min"
    return f"{seconds / _HOUR_S:.0f} h" if seconds < 2 * _DAY_S else f"{seconds / _DAY_S:.0f} days"


def _why_offline(reason: str | None) -> str:
    if reason == REPLACED:
        return "Another folder is in its place."
    return f"It {reason}." if reason else "It is out of reach."
