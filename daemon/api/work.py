"""The work of the daemon: how far it is, and to pause, cancel and retry it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

from daemon.api import models, places
from daemon.service import retrying
from daemon.service.engine import PAUSED_NOTE, Engine
from tagger.catalog import Catalog
from tagger.catalog.jobs import Job
from tagger.errors import printable

_MOST_FAILED: Final = 500
_STUCK_S: Final = 120.0


def look(catalog: Catalog, engine: Engine | None) -> models.Work:
    """How far the work is."""
    counts = catalog.jobs.counts().values()
    state = engine.state() if engine else None
    return models.Work(
        is_running=engine is not None and engine.is_alive,
        is_paused=bool(catalog.jobs.read_note(PAUSED_NOTE)),
        holds=list(state.holds) if state else [],
        fault=state.fault if state else None,
        done=state.progress.done if state else 0,
        waiting=sum(each.waiting for each in counts),
        quarantined=sum(each.quarantined for each in counts),
        cancelled=sum(each.cancelled for each in counts),
        per_s=state.progress.per_s if state else 0.0,
        eta_s=state.progress.eta_s if state else None,
        failed=[_failed(job) for job in catalog.jobs.failing()[:_MOST_FAILED]],
    )


def pause(catalog: Catalog, engine: Engine | None, *, is_paused: bool) -> models.Work:
    """Pauses all work until it is resumed, over restarts too."""
    catalog.jobs.write_note(PAUSED_NOTE, is_paused)
    _wake(engine)
    return look(catalog, engine)


def cancel(catalog: Catalog, engine: Engine | None, place: models.Folder) -> models.Count:
    """Takes off what waits at or below a place, until it changes or is retried.

    Raises:
        HTTPException: 403, the place is in no watched folder.
    """
    files = catalog.jobs.cancel(places.inside(catalog, place.under))
    _wake(engine)
    return models.Count(files=files)


def retry(catalog: Catalog, engine: Engine | None, place: models.Place) -> models.Count:
    """Tries again what failed or was taken off.

    Raises:
        HTTPException: 403, the place is in no watched folder.
    """
    under = None if place.under is None else places.inside(catalog, place.under)
    files = retrying.retry(catalog, under, now=time.time())
    _wake(engine)
    return models.Count(files=files)


def health(engine: Engine | None) -> models.Health:
    """Whether all is well."""
    if engine is None:
        return _health("stopped", "no daemon is running (`tagger daemon` starts one)")
    state = engine.state()
    if not engine.is_alive or time.monotonic() - engine.beat > _STUCK_S:
        return _health("fault", "the engine gives no sign of life (start the daemon anew; its log says more)")
    if state.fault:
        return _health("fault", state.fault)
    return _health("resting", ", ".join(state.holds)) if state.holds else _health("working", None)


def _health(status: str, detail: str | None) -> models.Health:
    return models.Health.model_validate({"status": status, "version": version("instrument-tagger"), "detail": detail})


def _failed(job: Job) -> models.FailedJob:
    return models.FailedJob(
        path=printable(job.path),
        task=job.task.value,
        tries=job.tries,
        is_quarantined=job.is_quarantined,
        is_cancelled=job.is_cancelled,
        reason=None if job.reason is None else printable(job.reason),
        next_try_at=datetime.fromtimestamp(job.not_before, UTC),
    )


def _wake(engine: Engine | None) -> None:
    if engine:
        engine.wake()
