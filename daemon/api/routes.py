"""The addresses, each a thin function over what lies beneath."""

from __future__ import annotations

import asyncio
import dataclasses
import mimetypes
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request, Response, Security
from fastapi.responses import FileResponse, JSONResponse
from fastapi.security import HTTPBearer
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import AfterValidator
from starlette.requests import HTTPConnection

from daemon.api import feed, finding, folders, models, ranges, sounds, verdicts, work
from daemon.api.access import PREFIX
from daemon.api.backend import Backend
from daemon.api.problems import documented, problem
from daemon.api.timelines import Wanted
from daemon.service import events
from osc_bridge.heard import Heard
from tagger.errors import printable
from tagger.timeline import TimelineSettings

EVENT_NAMES: Final = {
    events.FileAnalysed: "analysed",
    events.FileTagged: "tagged",
    events.FileFailed: "failed",
    events.FilesGone: "gone",
    events.RootChanged: "root",
    events.ProgressMade: "progress",
    events.HoldsChanged: "holds",
    Heard: "heard",
    events.EventsMissed: "missed",
}
"""How events are called; their data are the attributes of these classes."""

_TOKEN: Final = HTTPBearer(auto_error=False, description="What is in `catalog.db.token`, beside the catalog.")
_ALWAYS: Final = (401, 403, 421, 422, 500, 503)
_CLOSED_REQUEST: Final = 499
_AUDIO: Final[dict[str, Any]] = {kind: {} for kind in ("audio/wav", "audio/flac", "audio/mpeg")}
_BYTES: Final = "application/octet-stream"
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}

router = APIRouter(prefix=PREFIX, responses=documented(*_ALWAYS))
changes = APIRouter(prefix=PREFIX, responses=documented(*_ALWAYS, 400, 413), dependencies=[Security(_TOKEN)])
"""What changes something, and needs the token wherever it comes from."""


def _backend(connection: HTTPConnection) -> Backend:
    backend: Backend = connection.app.state.backend
    return backend


def _id_in_range(number: int) -> int:
    # SQLite's numbers are of 64 bits; a larger one is of nothing.
    return number if number < 2**63 else 0


Work = Annotated[Backend, Depends(_backend)]
Id = Annotated[int, AfterValidator(_id_in_range)]


@router.get("/health", tags=["daemon"])
def health(backend: Work) -> models.Health:
    """Tells whether all is well."""
    return work.health(backend.catalog, backend.engine)


@router.get("/labels", tags=["files"])
def labels(backend: Work) -> models.Labels:
    """Gives the taxonomy."""
    return finding.labels(backend.catalog)


@router.get("/files", tags=["files"], responses=documented(404))
def files(backend: Work, search: Annotated[models.Search, Query()]) -> models.FilePage:
    """Finds files, a page at a time; each that stays is on one page, whatever is added meanwhile."""
    return finding.find(backend.catalog, search)


@router.get("/problems", tags=["files"], responses=documented(404))
def problems(backend: Work, search: Annotated[models.ProblemSearch, Query()]) -> models.ProblemPage:
    """Lists the files that could not be analysed, a page at a time."""
    return finding.problems(backend.catalog, search)


@router.get("/facets", tags=["files"])
def facets(backend: Work, filters: Annotated[models.Filters, Query()]) -> models.FacetCounts:
    """Counts what a search finds."""
    return finding.count(backend.catalog, backend.counting, filters)


@router.get("/files/{file_id}", tags=["files"], responses=documented(404))
def file(backend: Work, file_id: Id) -> models.FileDetail:
    """Tells all that is known of a file."""
    return finding.show(backend.catalog, file_id)


@router.get(
    "/files/{file_id}/timeline",
    tags=["files"],
    responses=documented(404)
    | {
        200: {
            "description": "As in the schema of `tagger timeline --json`.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Timeline"}}},
        }
    },
    response_class=JSONResponse,
)
async def timeline(
    request: Request, backend: Work, file_id: Id, wanted: Annotated[models.TimelineWish, Query()]
) -> Response:
    """Tells what plays when in a file; may take seconds, and stops when nobody waits any more."""
    sound = await asyncio.to_thread(sounds.sound_of, backend.catalog, file_id)
    wish = Wanted(sound.path, sound.identity, TimelineSettings(**wanted.model_dump()))
    return await _while_wanted(request, backend.timelines.get(wish), "application/json")


@router.get(
    "/files/{file_id}/audio",
    tags=["files"],
    responses=documented(404, 416)
    | {
        200: {"description": "All of it.", "content": _AUDIO},
        206: {"description": "The part that `Range` asks for.", "content": _AUDIO},
        304: {"description": "It is as `If-None-Match` says."},
    },
    response_class=Response,
)
@router.head("/files/{file_id}/audio", include_in_schema=False)
async def audio(request: Request, backend: Work, file_id: Id) -> Response:
    """Gives the sound of a file as browsers can play it: as it is, or as 16-bit WAV, any part at once."""
    sound = await asyncio.to_thread(sounds.sound_of, backend.catalog, file_id)
    return await ranges.respond(await backend.sounds.body(sound), request.method, request.headers)


@router.get("/files/{file_id}/peaks", tags=["files"], responses=documented(404) | {200: {"model": models.Peaks}})
async def peaks(request: Request, backend: Work, file_id: Id, wanted: Annotated[models.PeaksWish, Query()]) -> Response:
    """Gives the waveform of a file, to be drawn."""
    sound = await asyncio.to_thread(sounds.sound_of, backend.catalog, file_id)
    return await _while_wanted(request, backend.sketches.peaks(sound, wanted), "application/json")


@router.get(
    "/files/{file_id}/spectrogram.png",
    tags=["files"],
    responses=documented(404) | {200: {"description": "A picture without margins.", "content": {"image/png": {}}}},
    response_class=Response,
)
async def spectrogram(
    request: Request, backend: Work, file_id: Id, wanted: Annotated[models.SpectrogramWish, Query()]
) -> Response:
    """Draws the mel spectrogram of a file; time goes from the left edge to the right one."""
    sound = await asyncio.to_thread(sounds.sound_of, backend.catalog, file_id)
    return await _while_wanted(request, backend.sketches.spectrogram(sound, wanted), "image/png")


@router.get(
    "/files/{file_id}/download",
    tags=["files"],
    responses=documented(404) | {200: {"description": "The file.", "content": {"audio/*": _BINARY, _BYTES: _BINARY}}},
    response_class=FileResponse,
)
def download(backend: Work, file_id: Id) -> FileResponse:
    """Gives a file as it is, tags and all, to be saved under its name; parts of it too, by `Range`."""
    path = finding.path_of(backend.catalog, file_id)
    kind = mimetypes.guess_type(path.name)[0] or ""
    return FileResponse(path, media_type=kind if kind.startswith("audio/") else _BYTES, filename=path.name)


@changes.post("/files/{file_id}/verdicts", tags=["files"], responses=documented(404, 409))
def judge(backend: Work, file_id: Id, said: models.Verdict) -> models.FileDetail:
    """Keeps what a person says of a file, and tells all that is known of it from now on."""
    return verdicts.judge(backend.catalog, file_id, said)


@router.get("/roots", tags=["folders"])
def roots(backend: Work) -> list[models.RootDetail]:
    """Lists the watched folders."""
    return folders.roots(backend.catalog, backend.engine)


@changes.post("/roots", tags=["folders"], responses=documented(404))
def add_root(request: Request, backend: Work, new: models.NewRoot) -> models.RootDetail:
    """Watches a folder from now on, or changes how it is watched; on the machine itself only."""
    return folders.add(backend.catalog, backend.engine, new, is_local=_is_local(request, backend))


@changes.patch("/roots/{root_id}", tags=["folders"], responses=documented(404))
def change_root(backend: Work, root_id: Id, wanted: models.RootChange) -> models.RootDetail:
    """Leaves a watched folder alone or goes on with it, or watches it otherwise."""
    return folders.change(backend.catalog, backend.engine, root_id, wanted)


@changes.delete("/roots/{root_id}", tags=["folders"], status_code=204, responses=documented(404))
def remove_root(backend: Work, root_id: Id) -> None:
    """Watches a folder no longer. What is known of the files in it stays."""
    folders.remove(backend.catalog, backend.engine, root_id)


@changes.post("/roots/{root_id}/scan", tags=["folders"], responses=documented(404))
def scan_root(backend: Work, root_id: Id) -> models.RootDetail:
    """Has a watched folder looked through as soon as can be."""
    return folders.scan(backend.catalog, backend.engine, root_id)


@router.get("/jobs", tags=["work"])
def jobs(backend: Work) -> models.Work:
    """Tells how far the work is, and what failed."""
    return work.look(backend.catalog, backend.engine)


@changes.post("/jobs/pause", tags=["work"])
def pause(backend: Work) -> models.Work:
    """Pauses all work until it is resumed, over restarts too."""
    return work.pause(backend.catalog, backend.engine, is_paused=True)


@changes.post("/jobs/resume", tags=["work"])
def resume(backend: Work) -> models.Work:
    """Goes on with the work."""
    return work.pause(backend.catalog, backend.engine, is_paused=False)


@changes.post("/jobs/cancel", tags=["work"])
def cancel(backend: Work, place: models.Folder) -> models.Count:
    """Takes off what waits in a folder, until it changes or is retried."""
    return work.cancel(backend.catalog, backend.engine, place)


@changes.post("/jobs/retry", tags=["work"])
def retry(backend: Work, place: models.Place) -> models.Count:
    """Tries again what failed or was taken off."""
    return work.retry(backend.catalog, backend.engine, place)


@router.get("/model", tags=["daemon"])
def model(backend: Work) -> models.Model:
    """Tells which model listens, and whether a new one waits to be accepted."""
    return work.model(backend.catalog, backend.engine)


@changes.post("/model/accept", tags=["daemon"])
def accept_model(backend: Work) -> models.Model:
    """Has the new model count: what others heard is listened to again, at leisure."""
    return work.accept_model(backend.catalog, backend.engine)


async def _joined(
    backend: Work, last_event_id: Annotated[str | None, Header(max_length=100)] = None
) -> AsyncIterator[feed.Listener]:
    if backend.feed.listeners >= feed.MOST_LISTENERS:
        raise problem(503, f"{feed.MOST_LISTENERS} listen already (close one)")
    with backend.feed.joined(last_event_id) as listener:
        yield listener


@router.get("/events", tags=["daemon"], response_class=EventSourceResponse)
async def tell(backend: Work, listener: Annotated[feed.Listener, Depends(_joined)]) -> AsyncIterator[ServerSentEvent]:
    """Tells what happens from now on, or since an event: analysed, tagged, failed, gone, root, progress, holds, missed.

    After `missed`, ask anew for whatever you show.
    """
    yield ServerSentEvent(comment="listening", retry=2000)
    async for mark, event in backend.feed.listen(listener):
        yield ServerSentEvent(data=_data(event), event=EVENT_NAMES[type(event)], id=mark)


def _data(event: events.Event) -> dict[str, Any]:
    values = dataclasses.asdict(event)
    return {name: printable(value) if isinstance(value, str | Path) else value for name, value in values.items()}


def _is_local(request: Request, backend: Backend) -> bool:
    host = request.client.host if request.client else ""
    return backend.access.is_local or host in ("127.0.0.1", "::1")


async def _while_wanted(request: Request, work: Coroutine[Any, Any, bytes], media_type: str) -> Response:
    """What the work makes, unless the client goes away before; then the work is cancelled."""
    work_on_it = asyncio.create_task(work)
    gone = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait({work_on_it, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not work_on_it.done():
            return Response(status_code=_CLOSED_REQUEST)
        return Response(work_on_it.result(), media_type=media_type)
    finally:
        gone.cancel()
        work_on_it.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
