"""Watched folders: to look at, add, change, look through and remove."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from daemon.api import models, places
from daemon.api.problems import problem
from daemon.service.engine import Engine
from daemon.service.overseeing import RootState
from tagger.catalog import Catalog
from tagger.catalog.jobs import Counts
from tagger.catalog.roots import Root
from tagger.errors import printable


def roots(catalog: Catalog, engine: Engine | None) -> list[models.RootDetail]:
    """All watched folders, by path."""
    counts = catalog.jobs.counts()
    states = {state.root.id: state for state in engine.state().roots} if engine else {}
    return [_detail(root, states.get(root.id), counts.get(root.id, Counts())) for root in catalog.roots.all()]


def add(catalog: Catalog, engine: Engine | None, new: models.NewRoot, *, is_local: bool) -> models.RootDetail:
    """Watches a folder from now on, or changes how it is watched.

    Raises:
        HTTPException: 403, asked from another machine; 404, there is no such folder.
    """
    # What may be reached here is for those to say who sit at this machine.
    if not is_local:
        raise problem(403, "folders are added on the machine itself only (there: `tagger root add FOLDER`)")
    path = Path(new.path)
    if "\0" in new.path or not path.is_absolute() or not path.is_dir():
        raise problem(404, f"{new.path}: there is no such folder")
    root = catalog.roots.add(path, write=new.write, ableton=new.ableton, poll=new.poll)
    return _told(catalog, engine, root.id)


def change(catalog: Catalog, engine: Engine | None, root_id: int, wanted: models.RootChange) -> models.RootDetail:
    """Leaves a folder alone or goes on with it, or watches it otherwise.

    Raises:
        HTTPException: 404, there is no such watched folder.
    """
    catalog.roots.change(places.root_at(catalog, root_id).path, **wanted.model_dump())
    return _told(catalog, engine, root_id)


def remove(catalog: Catalog, engine: Engine | None, root_id: int) -> None:
    """Watches a folder no longer; what is known of it stays.

    Raises:
        HTTPException: 404, there is no such watched folder.
    """
    catalog.roots.remove(places.root_at(catalog, root_id).path)
    if engine:
        engine.wake()


def scan(catalog: Catalog, engine: Engine | None, root_id: int) -> models.RootDetail:
    """Has a folder looked through as soon as can be.

    Raises:
        HTTPException: 404, there is no such watched folder; 503, no daemon could do it.
    """
    root = places.root_at(catalog, root_id)
    if engine is None:
        raise problem(503, "no daemon is running (`tagger daemon` starts one)")
    engine.scan(root.path)
    return _told(catalog, engine, root_id)


def _told(catalog: Catalog, engine: Engine | None, root_id: int) -> models.RootDetail:
    if engine:
        engine.wake()
    for root in roots(catalog, engine):
        if root.id == root_id:
            return root
    raise problem(404, f"there is no watched folder {root_id}")


def _detail(root: Root, state: RootState | None, counts: Counts) -> models.RootDetail:
    obstacles = state.obstacles if state else ()
    return models.RootDetail(
        id=root.id,
        path=printable(root.path),
        write=root.write,
        ableton=root.ableton,
        poll=root.poll,
        is_paused=root.is_paused,
        is_offline=root.offline_since is not None,
        reason=root.offline_reason,
        state=state.state if state else None,
        notice=state.notice if state else None,
        is_told=state.is_native if state else None,
        files=state.files if state else None,
        scanned_at=_time(state.scanned_at) if state else None,
        next_scan_at=_time(state.next_scan_at) if state else None,
        unreadable=[models.Unreadable(path=printable(each.path), reason=each.reason) for each in obstacles],
        waiting=counts.waiting,
        retrying=counts.retrying,
        quarantined=counts.quarantined,
        cancelled=counts.cancelled,
    )


def _time(seconds: float | None) -> datetime | None:
    """A time in seconds since 1970; 0 is one that has come already, and none."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
