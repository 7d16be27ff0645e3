"""Puts the page onto the HTTP application.

NiceGUI is one for the whole process, so at most one application of a process has the page. Nothing of it is loaded
from elsewhere, and it keeps nothing on the disk.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request
from nicegui import core, ui

from daemon.api.backend import Backend
from daemon.web.drop import drop_routes
from daemon.web.drop.desk import Desks
from daemon.web.parts.news import News
from daemon.web.shell import STATIC, Shell
from daemon.web.visit import Shared, Visit
from daemon.web.work.reviewing import Doubts
from daemon.web.work.similar import SimilarSounds

TITLE: Final = "Instrument tagger"

_HERE: Final = Path(__file__).parent
_RECONNECT_S: Final = 30.0
"""For how long a page may be away, as when a laptop sleeps, and find everything as it was."""


def add_page(app: FastAPI, backend: Backend) -> None:
    """Adds the page at `/`, below all that the application has already.

    Args:
        app: as from `daemon.api.app.create_app`, not yet started.
        backend: what the page works with.
    """
    similar, doubts = SimilarSounds(backend.catalog, backend.counting), Doubts(backend.catalog)
    desks = Desks(backend.timelines)
    shared = Shared(backend, News(backend.feed), similar, doubts, desks)
    drop_routes.add_routes(app, backend, desks)

    @ui.page("/", title=TITLE, response_timeout=20)
    async def index(request: Request) -> None:
        Shell(Visit.of(request, shared)).build()
        # The first waveform would take seconds, and so would the first sound that has to be decoded.
        backend.sketches.warm_up()
        backend.sounds.warm_up()

    ui.run_with(
        app,
        title=TITLE,
        favicon=_HERE / "icon.svg",
        dark=None,
        language="en-US",
        tailwind=False,
        # Nothing here is bound to a value that would have to be looked at again and again.
        binding_refresh_interval=None,
        reconnect_timeout=_RECONNECT_S,
        show_welcome_message=False,
        mount_path="/",
    )
    core.app.add_static_files("/style", STATIC)
    for each in (similar, doubts, desks):
        core.app.on_shutdown(each.close)
