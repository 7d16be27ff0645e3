"""Asks what takes time on a thread, and tells people in plain words when there is no answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from nicegui import ui
from starlette.exceptions import HTTPException

from tagger.errors import TaggerError

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


async def ask(function: Callable[Given, Answer], *args: Given.args, **kwargs: Given.kwargs) -> Answer | None:
    """What a function gives, worked out on a thread; None after telling people why there is nothing."""
    try:
        return await asyncio.to_thread(function, *args, **kwargs)
    except (TaggerError, HTTPException) as error:
        tell_problem(reason(error))
        return None


def reason(error: TaggerError | HTTPException) -> str:
    """What an error says to people."""
    return str(error.detail) if isinstance(error, HTTPException) else str(error)


def tell_problem(text: str) -> None:
    """Shows what went wrong, until it was read."""
    ui.notify(text, type="negative", position="bottom", close_button="Close", timeout=12_000, multi_line=True)


def tell(text: str) -> None:
    """Shows for a moment what was done."""
    ui.notify(text, position="bottom", timeout=2500)
