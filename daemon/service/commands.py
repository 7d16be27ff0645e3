"""The commands `tagger root` and `tagger jobs`: they change the catalog, and a daemon that runs takes it from there."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from daemon.opening import open_catalog
from daemon.output import Json, count_words, duration_words, nearby, print_json, print_line, print_problem, rate_words
from daemon.service import retrying
from daemon.service.engine import PAUSED_NOTE
from daemon.service.events import ProgressMade
from daemon.service.lock import is_running
from daemon.service.progress_note import noted
from tagger.catalog import Catalog
from tagger.catalog.jobs import Counts, Job
from tagger.catalog.roots import Root
from tagger.errors import printable

_MOST_LINES: Final = 50


def add_root(catalog: Path | None, folder: Path, *, write: bool, ableton: bool, poll: bool) -> None:
    """Watches a folder."""
    with open_catalog(catalog, is_new_ok=True) as opened:
        root = opened.roots.add(folder, write=write, ableton=ableton, poll=poll)
        print_line(f"{printable(root.path)}  {_manner(root)}")
        if not is_running(opened.path):
            print_problem("no daemon is running; `tagger daemon` starts one, `tagger service install` for good")


def list_roots(catalog: Path | None, *, as_json: bool) -> None:
    """Lists the watched folders."""
    with open_catalog(catalog) as opened:
        counts = opened.jobs.counts()
        for root in opened.roots.all():
            count = counts.get(root.id, Counts())
            if as_json:
                print_json(root_object(root) | {"waiting": count.waiting, "quarantined": count.quarantined})
            else:
                waiting = f", {count_words(count.waiting, 'file')} waiting" if count.waiting else ""
                print_line(f"{printable(root.path)}  {_condition(root)}; {_manner(root)}{waiting}")


def remove_root(catalog: Path | None, folder: Path) -> None:
    """Watches a folder no longer."""
    with open_catalog(catalog) as opened:
        opened.roots.remove(folder)


def pause_root(catalog: Path | None, folder: Path, *, is_paused: bool) -> None:
    """Leaves a folder alone, or goes on with it."""
    with open_catalog(catalog) as opened:
        opened.roots.change(folder, is_paused=is_paused)


def pause(catalog: Path | None, *, is_paused: bool) -> None:
    """Stops or resumes all work."""
    with open_catalog(catalog) as opened:
        opened.jobs.write_note(PAUSED_NOTE, is_paused)


def cancel(catalog: Path | None, path: Path) -> None:
    """Leaves out what waits at or below a path."""
    with open_catalog(catalog) as opened:
        print_line(f"{count_words(opened.jobs.cancel(path), 'file')} left out until they change or are retried")


def retry(catalog: Path | None, path: Path | None) -> None:
    """Tries again what failed at or below a path, or anywhere."""
    with open_catalog(catalog) as opened:
        count = retrying.retry(opened, path, now=time.time())
        print_line(f"{count_words(count, 'file')} will be tried again")


def list_jobs(catalog: Path | None, *, as_json: bool) -> None:
    """Shows what waits and what failed."""
    with open_catalog(catalog) as opened:
        overview, failing = _overview(opened), opened.jobs.failing()
        if as_json:
            print_json(overview.to_object())
            for job in failing:
                print_json(job_object(job))
            return
        print_line(overview.words())
        for job in failing[:_MOST_LINES]:
            print_line(f"{nearby(job.path)}  {job_words(job)}")
        if len(failing) > _MOST_LINES:
            print_line(f"… and {count_words(len(failing) - _MOST_LINES, 'more file')}")


@dataclass(frozen=True, slots=True)
class _Overview:
    is_running: bool
    is_paused: bool
    waiting: int
    quarantined: int
    cancelled: int
    progress: ProgressMade

    def words(self) -> str:
        state = "the daemon works" if self.is_running else "no daemon is running"
        if self.is_paused:
            state += ", but all is paused (`tagger jobs resume`)"
        parts = [state, f"{count_words(self.waiting, 'file')} waiting"]
        if self.waiting and self.progress.eta_s:
            parts.append(f"{rate_words(self.progress.per_s, 1)}, {duration_words(self.progress.eta_s)} left")
        if self.quarantined:
            parts.append(f"{self.quarantined:,} in quarantine")
        if self.cancelled:
            parts.append(f"{self.cancelled:,} left out")
        return "; ".join(parts)

    def to_object(self) -> Json:
        return {
            "is_running": self.is_running,
            "is_paused": self.is_paused,
            "waiting": self.waiting,
            "quarantined": self.quarantined,
            "cancelled": self.cancelled,
            "done": self.progress.done,
            "per_s": self.progress.per_s,
            "eta_s": self.progress.eta_s,
        }


def _overview(catalog: Catalog) -> _Overview:
    counts = catalog.jobs.counts().values()
    return _Overview(
        is_running=is_running(catalog.path),
        is_paused=bool(catalog.jobs.read_note(PAUSED_NOTE)),
        waiting=sum(each.waiting for each in counts),
        quarantined=sum(each.quarantined for each in counts),
        cancelled=sum(each.cancelled for each in counts),
        progress=noted(catalog) or ProgressMade(0, 0, 0.0, None),
    )


def root_object(root: Root) -> Json:
    """A root as programs see it."""
    return {
        "path": printable(root.path),
        "write": root.write,
        "ableton": root.ableton,
        "poll": root.poll,
        "is_paused": root.is_paused,
        "is_offline": root.offline_since is not None,
        "reason": root.offline_reason,
    }


def job_object(job: Job) -> Json:
    """A job as programs see it."""
    return {
        "path": printable(job.path),
        "task": job.task.value,
        "tries": job.tries,
        "is_quarantined": job.is_quarantined,
        "is_cancelled": job.is_cancelled,
        "reason": job.reason,
        "not_before": job.not_before,
    }


def job_words(job: Job) -> str:
    """What is the matter with a job, as in "tried 3 times, again in 20.0 s: no permission to read it"."""
    if job.is_cancelled:
        return "left out (`tagger jobs retry` has it tried again)"
    left_s = max(job.not_before - time.time(), 0.0)
    tried = "in quarantine" if job.is_quarantined else f"tried {count_words(job.tries, 'time')}"
    return f"{tried}, again in {duration_words(left_s)}: {job.reason}"


def _manner(root: Root) -> str:
    parts = ["tags are written into files" if root.write else "files are never changed"]
    parts += ["Ableton Live is told"] if root.ableton else []
    parts += ["looked through from time to time only"] if root.poll else []
    return ", ".join(parts)


def _condition(root: Root) -> str:
    if root.offline_since is not None:
        return f"offline: {root.offline_reason}"
    return "paused" if root.is_paused else "watched"
