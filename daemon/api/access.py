"""Who may ask: checks on every request before anything else looks at it.

Four dangers, and what is against each (decision 015):

- a page in the user's browser whose host name was made to point here (DNS rebinding): the `Host` has to be one
  of ours. Starlette's middleware for that answers without advice, so this one does it;
- a page that sends requests from the user's browser (CSRF): `Sec-Fetch-Site` and `Origin`, which no page can forge,
  have to be our own; and what changes anything needs the token as well, which a page cannot read;
- other machines: where any can reach us, every request needs the token;
- content taken for something else: headers that forbid it.

The token is in a file that only its owner can read. It is sent as `Authorization: Bearer`; for browsers, which
ask for it by themselves, also as the password of `Basic`, but only to read, since they send that on unasked.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daemon.api import problems
from tagger.errors import SettingsError, reason_of
from tagger.settings import ApiSettings

PREFIX: Final = "/api"

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_ANY_ADDRESS: Final = frozenset({"0.0.0.0", "::"})
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_API_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


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


def token_path(catalog: Path) -> Path:
    """The file that holds the token for a catalog."""
    return catalog.with_name(f"{catalog.name}.token")


def load_token(catalog: Path) -> str:
    """The token for a catalog, made at the first time.

    Raises:
        SettingsError: it cannot be kept, or others can read it.
    """
    path = token_path(catalog)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(f"{secrets.token_urlsafe(32)}\n")
    except FileExistsError:
        pass
    except OSError as error:
        raise SettingsError(path, f"cannot be written: {reason_of(error)}") from error
    try:
        # Windows keeps what is in a user's folder from others by itself, and shows it as readable for all.
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise SettingsError(path, "others can read it", f'`chmod 600 "{path}"`, or delete it for a new one')
        token = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise SettingsError(path, f"cannot be read: {error}", "delete it for a new one") from error
    if len(token) < 20:
        raise SettingsError(path, "is too short to be safe", "delete it for a new one")
    return token


class Guard:
    """ASGI middleware around everything: lets a request pass or answers it, and adds headers to answers."""

    def __init__(self, app: ASGIApp, access: Access, most_body_bytes: int) -> None:
        self._app = app
        self._access = access
        self._most_body_bytes = most_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Deals with one request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        more = _HEADERS | (_API_HEADERS if _is_api(scope) else {})

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in more.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send_with_headers)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refusal(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> problems.ProblemResponse | None:
        headers = Headers(scope=scope)
        name = _without_port(headers.get("host", ""))
        if name not in self._access.hosts:
            known = "add it to `hosts` under [api] in the settings if it is a name of this machine"
            return problems.answer(421, f"{name!r} is not a name that this program answers to ({known})")
        changes = scope["type"] == "websocket" or scope["method"] not in _SAFE
        if (changes or _is_api(scope)) and not _is_own_page(scope, headers):
            return problems.answer(403, "pages of other sites may not ask this program anything")
        if not self._is_allowed(headers.get("authorization", ""), changes=changes and _is_api(scope)):
            return problems.answer(
                401,
                "the token is missing or wrong (send it as `Authorization: Bearer`; it is kept beside the catalog)",
                {"WWW-Authenticate": 'Bearer realm="tagger"' if changes else 'Basic realm="tagger", Bearer'},
            )
        size = headers.get("content-length", "0")
        if not size.isdecimal() or int(size) > self._most_body_bytes:
            # Those of no declared length are measured by the framework, which would answer this one in plain text.
            return problems.answer(413, f"no request may be longer than {self._most_body_bytes:,} bytes")
        return None

    def _is_allowed(self, authorization: str, *, changes: bool) -> bool:
        if self._access.is_local and not changes:
            return True
        scheme, _, sent = authorization.partition(" ")
        if scheme.lower() == "basic" and not changes:
            sent = _password(sent)
        elif scheme.lower() != "bearer":
            return False
        return secrets.compare_digest(sent.strip().encode(), self._access.token.encode())


def _is_api(scope: Scope) -> bool:
    path: str = scope["path"]
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def _is_own_page(scope: Scope, headers: Headers) -> bool:
    """Whether a request comes from a page of ours, or from no page at all."""
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return False
    scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
    origin = headers.get("origin")
    return origin is None or origin.lower() == f"{scheme}://{headers.get('host', '')}".lower()


def _without_port(host: str) -> str:
    name, _, port = host.lower().rpartition(":")
    return name if name and port.isdecimal() else host.lower()


def _password(sent: str) -> str:
    try:
        return base64.b64decode(sent, validate=True).decode("utf-8", "replace").partition(":")[2]
    except binascii.Error:
        return ""
