"""What a browser may load and run on our pages: the tightest content security policy under which NiceGUI works.

Only scripts from here run, and of those inside of a page only the ones that NiceGUI's own template has: each answer
has a fresh nonce, which that template does not know of by itself. So what gets into a page as HTML by way of a file's
name or tag runs nothing. NiceGUI makes functions of texts that the server sends (`unsafe-eval`), and styles
elements one by one (`unsafe-inline` for styles).
"""

from __future__ import annotations

import secrets
from typing import Final

from jinja2 import ChoiceLoader, DictLoader
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self' ws://{host} wss://{host}; img-src 'self' data: blob:; media-src 'self' blob:; "
    "font-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PERMISSIONS: Final = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer",
        "microphone", "midi", "payment", "serial", "usb",
    )
)  # fmt: skip


class WithPolicy:
    """ASGI middleware around NiceGUI: HTML gets the policy.

    Args:
        app: NiceGUI's.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Deals with one request."""
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce
        policy = _POLICY.format(nonce=nonce, host=Headers(scope=scope).get("host", ""))

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers["Content-Security-Policy"] = policy
                    headers["Permissions-Policy"] = _PERMISSIONS
            await send(message)

        await self._app(scope, receive, send_with_policy)


def give_nonces() -> None:
    """Has NiceGUI's template name the nonce of an answer in each of its scripts."""
    from nicegui.client import templates

    loader = templates.env.loader
    assert loader is not None
    source, _, _ = loader.get_source(templates.env, "index.html")
    marked = source.replace("<script", '<script nonce="{{ request.state.nonce }}"')
    templates.env.loader = ChoiceLoader([DictLoader({"index.html": marked}), loader])
