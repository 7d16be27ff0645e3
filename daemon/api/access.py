"""Who may ask: checks on every request before anything else looks at it.

Four dangers, and what is against each (decisions 015 and 018):

- a page in the user's browser whose host name was made to point here (DNS rebinding): the `Host` has to be one
  of ours. Starlette's middleware for that answers without advice, so this one does it;
- a page that sends requests from the user's browser (CSRF): `Sec-Fetch-Site` and `Origin`, which no page can forge,
  have to be our own, save where a link from elsewhere is followed; and what changes anything over the API needs
  the token as well, which a page cannot read;
- other machines: where any can reach us, every request needs the token, or has to come through the door of the page;
- content taken for something else: headers that forbid it.

The token is in a file that only its owner can read, and is sent as `Authorization: Bearer`. The door is a person's
way in: a login and its sessions, which open the page, and the API to read. What let a visitor in has to hold for as
long as a connection lasts, so that nothing stays open behind one who logged out.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daemon.api import problems, secret_files
from tagger.errors import SettingsError
from tagger.settings import ApiSettings

PREFIX: Final = "/api"

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SCHEMES: Final = ("http", "https")
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_ANY_ADDRESS: Final = frozenset({"0.0.0.0", "::"})
_MOST_BODY_BYTES: Final = 64 * 1024
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    # Under "no-referrer" browsers say of our own forms that they come from nowhere.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
}
_API_HEADERS: Final = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Access:
    """What is asked of a request.

    Attributes:
        hosts: the names that we answer to, as in a `Host` header without its port, in lower case.
        token: what has to be sent to change anything.
        is_local: whether no other machine can reach us, so that reading needs no token.
    """

    hosts: frozenset[str]
    token: str
    is_local: bool

    @classmethod
    def of(cls, settings: ApiSettings, token: str) -> Access:
        """What the settings ask for."""
        host = f"[{settings.host}]" if ":" in settings.host else settings.host.lower()
        own = {host} - {f"[{each}]" for each in _ANY_ADDRESS} - _ANY_ADDRESS
        is_local = host in _LOOPBACK and not settings.hosts
        return cls(_LOOPBACK | own | {name.lower() for name in settings.hosts}, token, is_local)


class Door(Protocol):
    """A person's way in, for whoever has one to offer."""

    @property
    def last_words(self) -> str:
        """What is sent over a websocket before it is cut off."""

    def is_locked(self) -> bool:
        """Whether everybody has to come through, from this machine too."""

    def admits(self, headers: Headers) -> bool:
        """Whether who sent these has come through."""

    def is_outside(self, path: str) -> bool:
        """Whether an address is for those as well who have not come through yet."""

    def turn_away(self, scope: Scope) -> Response:
        """What is answered to those who ask for any other address, outside of the API."""


def token_path(catalog: Path) -> Path:
    """The file that holds the token for a catalog."""
    return catalog.with_name(f"{catalog.name}.token")


def load_token(catalog: Path) -> str:
    """The token for a catalog, made at the first time.

    Raises:
        SettingsError: it cannot be kept, or others can read it.
    """
    path = token_path(catalog)
    secret_files.make(path, secrets.token_urlsafe(32))
    token = secret_files.read(path) or ""
    if len(token) < 20:
        raise SettingsError(path, "is too short to be safe", "delete it for a new one")
    return token


class Guard:
    """ASGI middleware around everything: lets a request pass or answers it, and adds headers to answers.

    Args:
        app: what is guarded.
        access: what is asked of a request.
        door: a person's way in, if there is one.
        body_bytes: how long bodies may be that are sent to addresses at and below these, and 64 KiB to all others.
    """

    def __init__(
        self, app: ASGIApp, access: Access, door: Door | None = None, body_bytes: Mapping[str, int] | None = None
    ) -> None:
        self._app = app
        self._access = access
        self._door = door
        self._body_bytes = body_bytes or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Deals with one request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        send = _with_headers(send, _HEADERS | (_API_HEADERS if _is_api(scope) else {}))
        if refusal is not None:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await refusal(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._app(scope, self._while_allowed(scope, headers, receive, send), send)
        else:
            limited = RequestBodyLimitMiddleware(self._app, self._most_body_bytes(scope["path"]))
            await limited(scope, receive, self._as_long_as_allowed(scope, headers, send))

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        name = _without_port(headers.get("host", ""))
        if name not in self._access.hosts:
            known = "add it to `hosts` under [api] in the settings if it is a name of this machine"
            return problems.answer(421, f"{name!r} is not a name that this program answers to ({known})")
        if not _is_own_page(headers) and (_is_api(scope) or not _is_visit(scope, headers)):
            return problems.answer(403, "pages of other sites may not ask this program anything")
        if not self._is_allowed(scope, headers):
            if self._door is not None and not _is_api(scope):
                return self._door.turn_away(scope)
            return problems.answer(
                401,
                "the token is missing or wrong (send it as `Authorization: Bearer`; it is kept beside the catalog)",
                {"WWW-Authenticate": 'Bearer realm="tagger"'},
            )
        size, most = headers.get("content-length", "0"), self._most_body_bytes(scope["path"])
        if not size.isdecimal() or int(size) > most:
            # Those of no declared length are measured by the framework, which would answer this one in plain text.
            return problems.answer(413, f"no request may be longer than {most:,} bytes")
        return None

    def _is_allowed(self, scope: Scope, headers: Headers) -> bool:
        scheme, _, sent = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and secrets.compare_digest(sent.strip().encode(), self._access.token.encode()):
            return True
        if _is_api(scope) and _is_change(scope):
            return False
        if self._door is None:
            return self._access.is_local
        return (
            self._door.is_outside(scope["path"])
            or (self._access.is_local and not self._door.is_locked())
            or self._door.admits(headers)
        )

    def _while_allowed(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> Receive:
        async def receive_while_allowed() -> Message:
            message = await receive()
            if message["type"] != "websocket.receive" or self._is_allowed(scope, headers):
                return message
            if self._door is not None:
                await send({"type": "websocket.send", "text": self._door.last_words})
            await send({"type": "websocket.close", "code": 1008})
            return {"type": "websocket.disconnect", "code": 1008}

        return receive_while_allowed

    def _as_long_as_allowed(self, scope: Scope, headers: Headers, send: Send) -> Send:
        is_begun = False

        async def send_as_long_as_allowed(message: Message) -> None:
            nonlocal is_begun
            if is_begun and message.get("more_body") and not self._is_allowed(scope, headers):
                # As when a client hangs up, which everything above knows how to take.
                raise OSError("who asked has no right to it any more")
            await send(message)
            is_begun = True

        return send_as_long_as_allowed

    def _most_body_bytes(self, path: str) -> int:
        fitting = (each for each in self._body_bytes if path == each or path.startswith(f"{each}/"))
        return self._body_bytes.get(max(fitting, key=len, default=""), _MOST_BODY_BYTES)


def _with_headers(send: Send, more: Mapping[str, str]) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in more.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers


def _is_api(scope: Scope) -> bool:
    path: str = scope["path"]
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def _is_change(scope: Scope) -> bool:
    return scope["type"] == "websocket" or scope["method"] not in _SAFE


def _is_visit(scope: Scope, headers: Headers) -> bool:
    """Whether a person follows a link to us, which may be on any page."""
    return not _is_change(scope) and (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) == (
        "navigate",
        "document",
    )


def _is_own_page(headers: Headers) -> bool:
    """Whether a request comes from a page of ours, or from no page at all."""
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    # A server with TLS before us makes it "https", and no two pages differ in that alone.
    return origin is None or origin.lower() in (f"{scheme}://{headers.get('host', '')}".lower() for scheme in _SCHEMES)


def _without_port(host: str) -> str:
    name, _, port = host.lower().rpartition(":")
    return name if name and port.isdecimal() else host.lower()
