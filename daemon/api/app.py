"""The FastAPI application: routes, errors, documentation, and the guard around all of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any, Final

import anyio.to_thread
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from daemon.api import problems, routes
from daemon.api.access import PREFIX, Door, Guard
from daemon.api.backend import Backend
from tagger.errors import TaggerError
from tagger.reports import document

_THREADS: Final = 8
"""Requests that are worked on at a time; each may hold a connection to the catalog."""

_ABOUT: Final = (
    "What the daemon of the instrument tagger knows and does. Reading from this machine needs no token; what changes "
    "anything does, and all of it where other machines can reach the daemon. Errors are problem details (RFC 9457)."
)
_NO_TELEMETRY: Final[Any] = dict.fromkeys(("tracing", "metrics", "logs", "operation_spans", "auto_configure"), False)


def create_app(backend: Backend, *, door: Door | None = None, body_bytes: Mapping[str, int] | None = None) -> FastAPI:
    """The application, to which a page can be added.

    Args:
        backend: what it works with; whoever made it closes it.
        door: a person's way in, if there is one.
        body_bytes: how long bodies may be by where they are sent to, as `Guard` has it.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
        yield
        for processes in (backend.timelines, backend.sounds, backend.sketches):
            processes.close()

    app = FastAPI(
        title="Instrument tagger",
        version=version("instrument-tagger"),
        description=_ABOUT,
        lifespan=lifespan,
        openapi_url=f"{PREFIX}/openapi.json",
        # The usual pages of documentation load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        telemetry=_NO_TELEMETRY,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        exception_handlers={
            HTTPException: problems.of_http,
            RequestValidationError: problems.of_input,
            TaggerError: problems.of_tagger,
            Exception: problems.of_fault,
        },
    )
    app.state.backend = backend
    app.include_router(routes.router)
    app.include_router(routes.changes)
    app.add_middleware(Guard, access=backend.access, door=door, body_bytes=body_bytes)
    _document(app)
    return app


def _document(app: FastAPI) -> None:
    """Adds the forms that are not models of ours to the document."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schemas = made()["components"]["schemas"]
            schemas["Problem"] = problems.Problem.model_json_schema()
            schemas["Timeline"] = _timeline_schema()
        return made()

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents


def _timeline_schema() -> dict[str, Any]:
    """The published schema of timelines, with its references as they are inside of another document."""
    text = json.dumps(document.schema()).replace('"#/$defs/', '"#/components/schemas/Timeline/$defs/')
    schema: dict[str, Any] = json.loads(text)
    # A base of its own would make these references lead nowhere.
    return {key: value for key, value in schema.items() if key not in ("$schema", "$id")}
