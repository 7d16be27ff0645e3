"""The work of the daemon: how far it is, and to pause, cancel and retry it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

from daemon.api import models, places
from daemon.service import modelling, retrying
from daemon.service.engine import PAUSED_NOTE, Engine
from daemon.service.events import ProgressMade
from daemon.service.holds import PAUSED
from daemon.service.lock import is_running
from daemon.service.modelling import accepted_model
from daemon.service.progress_note import noted
from tagger.catalog import Catalog, Problem
from tagger.catalog.jobs import Job
from tagger.catalog.roots import in_charge
from tagger.errors import printable
from tagger.model_name import default_model, model_name

_MOST_FAILED: Final = 500
_STUCK_S: Final = 120.0


def look(catalog: Catalog, engine: Engine | None) -> models.Work:
    """How far the work is."""
    by_root = catalog.jobs.counts()
    counts = by_root.values()
    active = [root.id for root in catalog.roots.all() if not root.is_paused and root.offline_since is None]
    waiting = sum(by_root[at].waiting - by_root[at].retrying for at in active if at in by_root)
    state = engine.state() if engine else None
    progress = (state.progress if state else noted(catalog)) or ProgressMade(0, 0, 0.0, None)
    given_up = _given_up(catalog)
    failing = [_failed(job) for job in catalog.jobs.failing(_MOST_FAILED)]
    return models.Work(
        is_running=engine.is_alive if engine else is_running(catalog.path),
        is_paused=bool(catalog.jobs.read_note(PAUSED_NOTE)),
        holds=list(state.holds) if state else [],
        fault=state.fault if state else None,
        done=progress.done,
        waiting=waiting,
        later=sum(each.waiting for each in counts) - waiting,
        quarantined=sum(each.quarantined for each in counts),
        cancelled=sum(each.cancelled for each in counts),
        per_s=progress.per_s,
        eta_s=progress.eta_s,
        failed=(failing + list(map(_of_problem, given_up)))[:_MOST_FAILED],
        failed_files=sum(each.retrying + each.quarantined + each.cancelled for each in counts) + len(given_up),
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


def model(catalog: Catalog, engine: Engine | None) -> models.Model:
    """Which model listens, and whose word counts."""
    name = engine.model if engine else model_name(default_model())
    return models.Model(model=name, accepted=accepted_model(catalog, name), recordings=dict(catalog.models()))


def accept_model(catalog: Catalog, engine: Engine | None) -> models.Model:
    """Has the model that listens count, so that everything is listened to anew."""
    modelling.accept_model(catalog, model(catalog, engine).model)
    _wake(engine)
    return model(catalog, engine)


def health(catalog: Catalog, engine: Engine | None) -> models.Health:
    """Whether all is well."""
    if engine is None:
        # One that does not answer over HTTP is one all the same.
        if not is_running(catalog.path):
            return _health("stopped", "no daemon is running (`tagger daemon` starts one)")
        return _health("resting", PAUSED) if catalog.jobs.read_note(PAUSED_NOTE) else _health("working", None)
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
        next_try_at=None if job.is_cancelled else datetime.fromtimestamp(job.not_before, UTC),
    )


def _given_up(catalog: Catalog) -> list[Problem]:
    """Files in watched folders that cannot be analysed as they are."""
    roots = catalog.roots.all()
    return [each for each in catalog.problems() if in_charge(roots, each.path.parent)]


def _of_problem(given_up: Problem) -> models.FailedJob:
    return models.FailedJob(
        path=printable(given_up.path),
        task="analyse",
        tries=0,
        is_quarantined=False,
        is_cancelled=False,
        reason=printable(given_up.reason),
        next_try_at=None,
    )


def _wake(engine: Engine | None) -> None:
    if engine:
        engine.wake()
