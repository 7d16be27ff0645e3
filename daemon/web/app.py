"""The application with a page: the HTTP interface, the door, and behind it NiceGUI for all other addresses.

NiceGUI takes a second and a half to load, so this is called by what serves, and by nobody else. It is one for a whole
process, and so is a page.
"""

from __future__ import annotations

import os
from typing import Final

from fastapi import FastAPI
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from daemon.api import app as api
from daemon.api.access import PREFIX
from daemon.api.backend import Backend
from daemon.web.access.door import Door
from daemon.web.access.password import Password
from daemon.web.access.policy import WithPolicy, give_nonces
from daemon.web.drop.desk import MOST_BYTES
from daemon.web.drop.drop_routes import UPLOAD

_BODY_BYTES: Final = {"/_nicegui_ws": 1_000_000, UPLOAD: MOST_BYTES}
"""What socket.io itself takes, for networks that let no websocket through; and files that are dropped."""


def create_app(backend: Backend) -> FastAPI:
    """The application with a page.

    Args:
        backend: what it works with; whoever made it closes it.
    """
    door = Door(backend.access, Password(backend.catalog.path))
    app = api.create_app(backend, door=door, body_bytes=_BODY_BYTES)
    door.add_to(app)
    _keep_to_ourselves(backend)
    from daemon.web.page import add_page

    add_page(app, backend)
    give_nonces()
    _put_last(app)
    return app


def _keep_to_ourselves(backend: Backend) -> None:
    """Has NiceGUI keep what it may keep beside the catalog, not in the current folder, and not on a server."""
    path = backend.catalog.path
    os.environ["NICEGUI_STORAGE_PATH"] = os.fspath(path.with_name(f"{path.name}.page"))
    os.environ.pop("NICEGUI_REDIS_URL", None)


def _put_last(app: FastAPI) -> None:
    """Leaves to NiceGUI what nothing else is at, save below the API, which has errors of its own.

    As a route at "/" it would also take requests for addresses that are there, by methods that are not.
    """
    mount = app.router.routes.pop()
    assert isinstance(mount, Mount)
    page, not_found = WithPolicy(mount.app), app.router.default

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        is_api = scope["path"] == PREFIX or scope["path"].startswith(f"{PREFIX}/")
        await (not_found if is_api else page)(scope, receive, send)

    app.router.default = answer
