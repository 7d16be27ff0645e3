"""Parts of a body on demand (RFC 9110, 13 and 14): validators, one range a request, and nothing whole in memory.

Several ranges in one request may be answered with all; players ask for one. The first block is read before anything is
sent, so that what cannot be read is still told as a problem.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse

from daemon.api import problems

Read = Callable[[int, int], Awaitable[bytes]]
"""Reads from an offset so many bytes, all of which are in the body."""

_BLOCK_BYTES: Final = 1 << 18
_RANGE: Final = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Body:
    """What may be asked for in parts.

    Attributes:
        size: in bytes.
        media_type: of the whole.
        mark: equal for what is the same byte for byte; letters, digits and `-`.
        read: reads a part.
    """

    size: int
    media_type: str
    mark: str
    read: Read


async def respond(body: Body, method: str, headers: Headers) -> Response:
    """The answer to a request.

    Args:
        body: what is asked for.
        method: GET or HEAD.
        headers: of the request.

    Returns:
        200, 206, 304 or 416, as the headers ask for. What `body.read` raises for the first block is let through.
    """
    tag = f'"{body.mark}"'
    always = {"ETag": tag, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache"}
    if _names(headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=always)
    asked = headers.get("range", "") if headers.get("if-range", tag) == tag and method == "GET" else ""
    part = _part(asked, body.size)
    if part is None:
        return problems.answer(
            416, f"there are only {body.size:,} bytes", always | {"Content-Range": f"bytes */{body.size}"}
        )
    start, end = part
    always |= {"Content-Length": str(end - start), "Content-Type": body.media_type}
    is_part = bool(_RANGE.fullmatch(asked))
    if is_part:
        always["Content-Range"] = f"bytes {start}-{end - 1}/{body.size}"
    if method == "HEAD":
        return Response(status_code=200, headers=always)
    first = await body.read(start, min(_BLOCK_BYTES, end - start)) if end > start else b""
    return StreamingResponse(_blocks(body, first, start, end), 206 if is_part else 200, headers=always)


def _part(asked: str, size: int) -> tuple[int, int] | None:
    """From where to where a `Range` reaches, all if it is none that we know; None if there is nothing there."""
    match = _RANGE.fullmatch(asked)
    if match is None or match.groups() == ("", ""):
        return 0, size
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < start:
            return 0, size
    return (start, end) if start < end else None


def _names(condition: str, tag: str) -> bool:
    return condition.strip() == "*" or tag in (each.strip().removeprefix("W/") for each in condition.split(","))


async def _blocks(body: Body, first: bytes, start: int, end: int) -> AsyncIterator[bytes]:
    at = start + len(first)
    yield first
    while at < end:
        block = await body.read(at, min(_BLOCK_BYTES, end - at))
        at += len(block)
        yield block
