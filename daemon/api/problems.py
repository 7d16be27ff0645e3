"""Errors as they are told over HTTP: problem details (RFC 9457); `detail` is the line that a command would print."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from tagger.errors import CatalogError, DecodeError, TagFileError, TaggerError, printable

MEDIA_TYPE: Final = "application/problem+json"

_LOG: Final = logging.getLogger(__name__)
_STATUS_OF: Final = {DecodeError: 422, TagFileError: 422, CatalogError: 503}


class Problem(BaseModel):
    """What is wrong, as RFC 9457 has it."""

    title: str = Field(description="The kind of problem, in words.")
    status: int = Field(description="The status of the answer.", ge=400, le=599)
    detail: str = Field(description="What is wrong here and what to do, in one line.")


class ProblemResponse(JSONResponse):
    """An answer that tells a problem."""

    media_type = MEDIA_TYPE


def problem(status: int, detail: str) -> HTTPException:
    """An error to be raised by what lies beneath the routes."""
    return HTTPException(status, printable(detail))


def answer(status: int, detail: str, headers: dict[str, str] | None = None) -> ProblemResponse:
    """A problem as an answer."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)
    return ProblemResponse(body.model_dump(), status, headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that an address may answer with, for its documentation."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


async def of_http(request: Request, error: Exception) -> ProblemResponse:
    """Answers what was raised on purpose, by us or by the framework."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        # The framework names those of one route only, where several are at one address.
        path = request.app.openapi()["paths"].get(request.scope["route"].path, {})
        headers["Allow"] = ", ".join(sorted(method.upper() for method in path))
    return answer(error.status_code, str(error.detail), headers)


async def of_input(_: Request, error: Exception) -> ProblemResponse:
    """Answers what does not fit the description of an address."""
    assert isinstance(error, RequestValidationError)
    words = "; ".join(f"{_place(each['loc'])}: {each['msg']}" for each in error.errors())
    return answer(422, printable(words))


async def of_tagger(_: Request, error: Exception) -> ProblemResponse:
    """Answers what the program itself raised."""
    assert isinstance(error, TaggerError)
    return answer(_STATUS_OF.get(type(error), 503), str(error))


async def of_fault(request: Request, error: Exception) -> ProblemResponse:
    """Answers a fault of the program, which is told in full in the log only."""
    _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return answer(500, "a fault of the program; its log says more")


def _place(location: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in location[1:]) or str(location[0])
