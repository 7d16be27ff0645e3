"""Processes that answer about files: whoever goes away, each answer is of its own question."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.api.workers import OnDemand, Worker
from tagger.errors import DecodeError


class Echo:
    """Says what it was asked, after a while; a number below 0 ends it."""

    def answer(self, path: Path, number: int, wait_s: float = 0.0) -> bytes:
        if number < 0:
            os._exit(1)
        if path.name == "bad":
            raise DecodeError(path, "is bad")
        time.sleep(wait_s)
        return str(number).encode() * 100_000

    def rest(self) -> None:
        pass


def answer_of(number: int) -> bytes:
    return str(number).encode() * 100_000


def test_answers_are_to_their_questions_whoever_goes_away() -> None:
    async def scene() -> None:
        worker = Worker(Echo, warm_s=60, grace_s=5)
        await worker.ask(Path("x"), 0)
        for number in range(10, 30):
            leaving = asyncio.create_task(worker.ask(Path("x"), number, 0.02))
            await asyncio.sleep(0.005)
            # As often as a framework does.
            for _ in range(3):
                leaving.cancel()
                await asyncio.sleep(0)
            assert await worker.ask(Path("x"), number + 100) == answer_of(number + 100)
        worker.close()

    asyncio.run(scene())


def test_a_process_that_ends_or_hangs_costs_that_answer_only() -> None:
    async def scene() -> None:
        worker = Worker(Echo, warm_s=60, limit_s=20)
        with pytest.raises(DecodeError, match="crashed the decoder"):
            await worker.ask(Path("x"), -1)
        with pytest.raises(DecodeError, match="is bad"):
            await worker.ask(Path("bad"), 1)
        assert await worker.ask(Path("x"), 2) == answer_of(2)
        hasty = Worker(Echo, warm_s=60, limit_s=0.05)
        with pytest.raises(DecodeError, match="takes too long"):
            await hasty.ask(Path("x"), 3, 60.0)
        worker.close()
        hasty.close()

    asyncio.run(scene())


def test_what_is_wanted_twice_is_made_once_and_nothing_that_nobody_wants() -> None:
    async def scene() -> None:
        asked: list[int] = []

        class Counting(Worker):
            async def ask(self, path: Path, *question: Any, hear: Callable[[Any], None] | None = None) -> Any:
                asked.append(question[0])
                return await super().ask(path, *question, hear=hear)

        made = OnDemand(Counting(Echo, warm_s=60), kept_bytes=250_000)
        first, second = await asyncio.gather(*(made.get("one", Path("x"), 1) for _ in range(2)))
        assert first == second == await made.get("one", Path("x"), 1) == answer_of(1)
        assert asked == [1]
        slow = asyncio.create_task(made.get("slow", Path("x"), 2, 60.0))
        await asyncio.sleep(0.05)
        slow.cancel()
        started = time.monotonic()
        assert await made.get("three", Path("x"), 3) == answer_of(3)
        assert time.monotonic() - started < 50
        made.close()

    asyncio.run(scene())


def test_a_process_that_was_warmed_up_is_the_one_that_answers() -> None:
    async def scene() -> None:
        worker = Worker(Echo, warm_s=60)
        worker.warm_up()
        worker.warm_up()
        assert await worker.ask(Path("x"), 7) == answer_of(7)
        worker.close()

    asyncio.run(scene())
