"""Asks for the newest only: who types on wants no answer to what stood there before.

Questions are asked one at a time. Of those that come meanwhile only the last is asked, so that typing makes no queue,
and what counts slowly cannot take the threads from what is quick.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Newest(Generic[Answer]):
    """Questions of one kind, of which each makes those before it pointless."""

    def __init__(self) -> None:
        self._turn = 0
        self._one_at_a_time = asyncio.Lock()

    async def ask(self, question: Callable[[], Awaitable[Answer | None]]) -> Answer | None:
        """The answer; None where another question came meanwhile, and then this may never have been asked."""
        self._turn += 1
        turn = self._turn
        async with self._one_at_a_time:
            answer = await question() if turn == self._turn else None
        return answer if turn == self._turn else None
