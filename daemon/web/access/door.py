"""The door of the page: a form for the password, a session behind it, and a way out.

The form is plain HTML without any script, so that it works before anything else does, and with what keeps passwords
for people. One password is checked at a time, since each takes 64 MB; `daemon.api.access` is what is against forged
forms. Where a password is set it is asked for, from this machine too; where none is and others can reach us, nobody
gets in, and the form says what to do.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import math
from collections.abc import Iterable
from html import escape
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from string import Template
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import Scope

from daemon.api.access import Access
from daemon.web.access.brakes import Brakes
from daemon.web.access.password import Password, is_right
from daemon.web.access.sessions import LIFE_S, Sessions
from tagger.errors import SettingsError

LOGIN: Final = "/login"
LOGOUT: Final = "/logout"

_LOG: Final = logging.getLogger(__name__)
_COOKIE: Final = "tagger-session"
_SECURE_COOKIE: Final = f"__Host-{_COOKIE}"
"""By this name browsers take a cookie over TLS only, and from no other host."""

_MOST_WAITING: Final = 8
_PAGE: Final = Template((Path(__file__).parent / "login.html").read_text(encoding="utf-8"))
_STYLE: Final = _PAGE.template.partition("<style>")[2].partition("</style>")[0]
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {"Cache-Control": "no-store", "Content-Security-Policy": _POLICY}


class Door:
    """A person's way in, as `daemon.api.access.Door`.

    Args:
        access: whether other machines can reach us.
        password: what is asked for.
    """

    last_words: Final = f'42["open",{{"path":"{LOGIN}","new_tab":false}}]'
    """Has NiceGUI's page go to the form, which it takes for its own connection being lost else."""

    def __init__(self, access: Access, password: Password) -> None:
        self._access = access
        self._password = password
        self._sessions = Sessions()
        self._brakes = Brakes()
        self._one_at_a_time = asyncio.Lock()
        self._waiting = 0

    def add_to(self, app: Starlette) -> None:
        """Adds the addresses of the door to an application."""
        app.add_route(LOGIN, self._show, methods=["GET"], include_in_schema=False)
        app.add_route(LOGIN, self._log_in, methods=["POST"], include_in_schema=False)
        app.add_route(LOGOUT, self._log_out, methods=["POST"], include_in_schema=False)

    def is_locked(self) -> bool:
        """Whether everybody has to come through, from this machine too."""
        try:
            return self._password.mark() is not None
        except SettingsError:
            return True

    def admits(self, headers: Headers) -> bool:
        """Whether who sent these has a session."""
        cookies = list(_cookies(headers))
        try:
            mark = self._password.mark() if cookies else None
        except SettingsError:
            return False
        return mark is not None and any(self._sessions.holds(cookie, mark) for cookie in cookies)

    def is_outside(self, path: str) -> bool:
        """Whether an address is for those as well who have no session."""
        return path in (LOGIN, LOGOUT)

    def turn_away(self, scope: Scope) -> Response:
        """Sends people to the form, and tells all else that it may not."""
        headers = Headers(scope=scope)
        if scope.get("method") != "GET" or headers.get("sec-fetch-dest", "document") != "document":
            return PlainTextResponse("Log in first.", 401)
        query = scope["query_string"].decode("latin-1")
        wanted = quote(scope["path"] + (f"?{query}" if query else ""), safe="/")
        return _redirect(LOGIN if wanted == "/" else f"{LOGIN}?next={wanted}")

    async def _show(self, request: Request) -> Response:
        if self.admits(request.headers) or (self._access.is_local and not self.is_locked()):
            return _go_to(request)
        return self._form(request)

    async def _log_in(self, request: Request) -> Response:
        address = request.client.host if request.client else ""
        text = _field("password", await request.body())
        if self._waiting >= _MOST_WAITING:
            return self._form(request, "Others are trying at this moment. Try again in some seconds.", 429)
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                return await self._try(request, address, text)
        finally:
            self._waiting -= 1

    async def _try(self, request: Request, address: str, text: str) -> Response:
        if left_s := math.ceil(self._brakes.left_s(address)):
            seconds = f"{left_s} second{'' if left_s == 1 else 's'}"
            form = self._form(request, f"Too many tries. Wait {seconds}, then try again.", 429)
            form.headers["Retry-After"] = str(left_s)
            return form
        try:
            mark = self._password.mark()
        except SettingsError:
            mark = None
        if mark is None or not await asyncio.to_thread(is_right, text, mark):
            self._brakes.fail(address)
            _LOG.warning("a login from %s failed", address)
            return self._form(request, "That is not the password.", 401)
        self._brakes.succeed(address)
        _LOG.info("a login from %s", address)
        answer = _go_to(request)
        self._set_cookie(answer, request, self._sessions.begin(mark), max_age=int(LIFE_S))
        return answer

    async def _log_out(self, request: Request) -> Response:
        for cookie in _cookies(request.headers):
            self._sessions.end(cookie)
        answer = _redirect(LOGIN)
        self._set_cookie(answer, request, "", max_age=0)
        return answer

    def _set_cookie(self, answer: Response, request: Request, cookie: str, *, max_age: int) -> None:
        # A server with TLS before us is known by what the browser takes for its own page's address.
        is_secure = request.headers.get("origin", "").startswith("https:")
        name = _SECURE_COOKIE if is_secure else _COOKIE
        answer.set_cookie(name, cookie, max_age=max_age, path="/", secure=is_secure, httponly=True, samesite="strict")

    def _form(self, request: Request, problem: str = "", status: int = 200) -> HTMLResponse:
        try:
            is_set = self._password.mark() is not None
        except SettingsError as error:
            _LOG.error("nobody can log in: %s", error)
            return _page(_told("The password cannot be read; the log on that machine says why."), 503)
        if not is_set:
            words = (
                "This page can be reached from other machines, so it opens with a password only, and none is set yet. "
                "On the machine that it runs on, type"
            )
            how = '<p><code tabindex="0">tagger web password</code></p><p>and load this page again.</p>'
            return _page(f"<p>{words}</p>{how}", 403)
        target = f"{LOGIN}?next={quote(_wanted(request), safe='/')}"
        told = _told(problem) if problem else ""
        return _page(_FORM.substitute(target=escape(target), told=told, invalid="true" if told else "false"), status)


_FORM: Final = Template(
    """<form method="post" action="$target">
<input type="text" name="username" value="tagger" autocomplete="username" readonly hidden>
<label for="password">Password</label>
<input id="password" type="password" name="password" autocomplete="current-password" required autofocus
 aria-invalid="$invalid" aria-describedby="told" maxlength="1000">
<div id="told">$told</div>
<button type="submit">Log in</button>
</form>"""
)


def _field(name: str, body: bytes) -> str:
    """What was filled in, or ""; also of what no browser would send."""
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=8).get(name, [""])[0]
    except ValueError:
        return ""


def _told(words: str) -> str:
    return f'<p role="alert">{escape(words)}</p>'


def _page(content: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(_PAGE.substitute(content=content), status, _HEADERS)


def _cookies(headers: Headers) -> Iterable[str]:
    """What browsers that logged in sent: by either name, since which is ours depends on who is before us."""
    for line in headers.getlist("cookie"):
        try:
            sent = SimpleCookie(line)
        except CookieError:
            continue
        yield from (sent[name].value for name in (_SECURE_COOKIE, _COOKIE) if name in sent)


def _wanted(request: Request) -> str:
    """The page that was asked for before; nothing but an address of ours."""
    wanted = request.query_params.get("next", "/")
    parts = urlsplit(wanted)
    is_ours = wanted.startswith("/") and not parts.scheme and not parts.netloc and wanted.isprintable()
    return wanted if is_ours and "\\" not in wanted and not wanted.startswith("//") else "/"


def _go_to(request: Request) -> RedirectResponse:
    return _redirect(_wanted(request))


def _redirect(target: str) -> RedirectResponse:
    return RedirectResponse(target, 303, {"Cache-Control": "no-store"})
