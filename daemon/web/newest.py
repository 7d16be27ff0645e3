"""Asks for the newest only: who types on wants no answer to what stood there before.

Questions are asked one at a time. Of those that come meanwhile only the last is asked, so that typing makes no queue,
and what counts slowly cannot take the threads from what is quick.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

from daemon.web.asking import ask

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


class Newest(Generic[Answer]):
    """Questions of one kind, of which each makes those before it pointless."""

    def __init__(self) -> None:
        self._turn = 0
        self._one_at_a_time = asyncio.Lock()

    async def ask(self, function: Callable[Given, Answer], *args: Given.args, **kwargs: Given.kwargs) -> Answer | None:
        """As `daemon.web.asking.ask`; None also where another question came meanwhile."""
        self._turn += 1
        turn = self._turn
        async with self._one_at_a_time:
            answer = await ask(function, *args, **kwargs) if turn == self._turn else None
        return answer if turn == self._turn else None
