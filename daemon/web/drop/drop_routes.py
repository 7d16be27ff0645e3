"""The addresses of dropped files: one to put them at, and what a browser loads of them. Never below the API.

Whoever calls them has come past the guard, which lets in no other site's page and nobody without a session; and has to
know the secret of a desk, which only the page itself is told.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Final, Literal

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.requests import ClientDisconnect

from daemon.api import models, ranges
from daemon.api.backend import Backend
from daemon.api.decoding import Sound
from daemon.api.problems import problem
from daemon.web.drop.desk import Desk, Desks, Dropped
from tagger.stamp import Stamp

UPLOAD: Final = "/page/upload"
DROPPED: Final = "/page/dropped"

_PRIVATE: Final = {"Cache-Control": "no-store"}
_CLOSED_REQUEST: Final = 499


def upload_url(desk: Desk) -> str:
    """Where files are put; `name` is to be added."""
    return f"{UPLOAD}/{desk.secret}"


def url_of(desk: Desk, dropped: Dropped, what: Literal["audio", "peaks", "spectrogram.png"]) -> str:
    """Where a browser finds something of a file."""
    return f"{DROPPED}/{desk.secret}/{dropped.number}/{what}"


def export_url(desk: Desk, key: str) -> str:
    """Where a browser finds a report."""
    return f"{DROPPED}/{desk.secret}/exports/{key}"


def add_routes(app: FastAPI, backend: Backend, desks: Desks) -> None:
    """Adds the addresses to the application."""
    router = APIRouter(include_in_schema=False)

    @router.post(f"{UPLOAD}/{{secret}}", status_code=204)
    async def upload(request: Request, secret: str, name: Annotated[str, Query(max_length=1000)]) -> Response:
        desk = desks.find(secret)
        # Both are wanted as soon as it was listened to, and take a while to start.
        backend.sounds.warm_up()
        backend.sketches.warm_up()
        size = request.headers.get("content-length", "")
        try:
            await desk.receive(name, int(size) if size.isdecimal() else None, request.stream())
        except ClientDisconnect:
            return Response(status_code=_CLOSED_REQUEST)
        return Response(status_code=204)

    @router.get(f"{DROPPED}/{{secret}}/exports/{{key}}")
    def export(secret: str, key: str) -> Response:
        path, name = desks.find(secret).exported(key)
        return FileResponse(path, filename=name, headers=_PRIVATE)

    @router.get(f"{DROPPED}/{{secret}}/{{number}}/audio")
    @router.head(f"{DROPPED}/{{secret}}/{{number}}/audio")
    async def audio(request: Request, secret: str, number: int) -> Response:
        sound = await _sound(desks, secret, number)
        return await ranges.respond(await backend.sounds.body(sound), request.method, request.headers)

    @router.get(f"{DROPPED}/{{secret}}/{{number}}/peaks")
    async def peaks(secret: str, number: int, wish: Annotated[models.PeaksWish, Query()]) -> Response:
        drawn = await backend.sketches.peaks(await _sound(desks, secret, number), wish)
        return Response(drawn, media_type="application/json", headers=_PRIVATE)

    @router.get(f"{DROPPED}/{{secret}}/{{number}}/spectrogram.png")
    async def spectrogram(secret: str, number: int, wish: Annotated[models.SpectrogramWish, Query()]) -> Response:
        drawn = await backend.sketches.spectrogram(await _sound(desks, secret, number), wish)
        return Response(drawn, media_type="image/png", headers=_PRIVATE)

    app.include_router(router)


async def _sound(desks: Desks, secret: str, number: int) -> Sound:
    path = desks.find(secret).file(number).path
    stamp = await asyncio.to_thread(Stamp.of, path)
    if stamp is None:
        raise problem(404, "that file is not here any more (drop it again)")
    return Sound(path, stamp, f"{path} {stamp}", 0.0)
