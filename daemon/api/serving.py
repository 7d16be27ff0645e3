"""The server: uvicorn on a thread of the daemon, with an event loop of its own, asleep unless somebody asks.

uvicorn looks ten times a second whether it should stop; here it is told. Stopping takes a second at most, since
answers that are still being sent then are cut off: an open stream of events would never end by itself.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from typing import Final

import uvicorn
from fastapi import FastAPI

from daemon.api.access import Access, load_token, token_path
from daemon.api.app import create_app
from daemon.api.backend import Backend
from daemon.api.timelines import background_analyser
from daemon.api.whereabouts import serving_at
from daemon.service.engine import Engine
from daemon.service.events import handed_on
from daemon.service.hearing import Hearing
from tagger.catalog import Catalog
from tagger.errors import CatalogError, SettingsError, reason_of
from tagger.settings import ApiSettings, settings_path

_LOG: Final = logging.getLogger(__name__)
_GRACE_S: Final = 1
_AGAIN_S: Final = 4.0
_MOST_CONNECTIONS: Final = 256
_MOST_MESSAGE_BYTES: Final = 1_000_000
_HERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""How this machine calls itself where we listen at all addresses."""

MakeApp = Callable[[Backend], FastAPI]
"""Makes what is served: `create_app`, or something above that adds a page to it."""


@contextmanager
def serving(backend: Backend, settings: ApiSettings, make_app: MakeApp = create_app) -> Iterator[str]:
    """Answers requests while the context is open.

    Args:
        backend: what is served; closed at the end.
        settings: where.
        make_app: makes the application.

    Yields:
        the address, as in "http://127.0.0.1:8437".

    Raises:
        SettingsError: the address cannot be had.
    """
    try:
        with _listening(settings) as listening:
            server = _Server(make_app(backend))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="http", daemon=True)
            thread.start()
            try:
                port = listening.getsockname()[1]
                with serving_at(backend.catalog.path, _url(_HERE.get(settings.host, settings.host), port)):
                    yield _url(settings.host, port)
            finally:
                backend.feed.close()
                server.stop()
                thread.join(2 * _GRACE_S)
    finally:
        backend.close()


@contextmanager
def answering(
    catalog: Catalog,
    engine: Engine,
    settings: ApiSettings,
    make_app: MakeApp = create_app,
    *,
    hearing: Hearing | None = None,
) -> Iterator[None]:
    """Has a daemon answer over HTTP, if the settings say so.

    One that cannot works on without, says why, and tries again: the page of `tagger web` goes when a daemon comes.
    """
    with ExitStack() as stack:

        def begin() -> None:
            with ExitStack() as begun:
                access = Access.of(settings, load_token(catalog.path))
                backend = Backend(catalog, engine, access, background_analyser, hearing)
                url = begun.enter_context(serving(backend, settings, make_app))
                begun.enter_context(handed_on(engine.events(), backend.feed.tell))
                _LOG.info("answering at %s, with the token in %s", url, token_path(catalog.path))
                stack.push(begun.pop_all())

        with _tried(begin) if settings.is_on else nullcontext():
            yield


@contextmanager
def _tried(begin: Callable[[], None]) -> Iterator[None]:
    """Begins something, now or as soon as it can be; says once why it could not."""
    is_over = threading.Event()

    def succeeds(level: int) -> bool:
        try:
            begin()
        except (CatalogError, SettingsError) as error:
            _LOG.log(level, "nothing is answered over HTTP: %s", error)
            return False
        return True

    def try_again() -> None:
        while not is_over.wait(_AGAIN_S) and not succeeds(logging.DEBUG):
            pass

    thread = threading.Thread(target=try_again, name="http again", daemon=True)
    if not succeeds(logging.ERROR):
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        if thread.is_alive():
            thread.join()


class _Server(uvicorn.Server):
    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                # Whatever else is installed, as it may be by other packages.
                loop="asyncio",
                http="h11",
                ws="websockets-sansio",
                ws_max_size=_MOST_MESSAGE_BYTES,
                log_config=None,
                access_log=False,
                # What fails is in our own log, once.
                log_level="critical",
                server_header=False,
                date_header=False,
                # What a proxy says of its client would make others pass for this machine.
                proxy_headers=False,
                limit_concurrency=_MOST_CONNECTIONS,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_stopping = threading.Event()
        self._stop = asyncio.Event()

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        if not self._is_stopping.is_set():
            await self._stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        # What a client does not take cannot be sent, and would keep its connection for ever.
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    def stop(self) -> None:
        self._is_stopping.set()
        # The loop may have ended by itself.
        with suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._stop.set)


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _listening(settings: ApiSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=128)
    except OSError as error:
        reason = f"nothing can listen at {settings.host}, port {settings.port}: {reason_of(error)}"
        raise SettingsError(settings_path(), reason, "choose others under [api]") from error
