"""Of questions that make each other pointless, the last is answered, and few others are asked at all."""

from __future__ import annotations

import asyncio
from functools import partial

from daemon.web.parts.newest import Newest


async def _type_on(questions: int) -> tuple[list[int], list[int | None]]:
    """Asks several questions before the first is answered: which were asked, and what each got."""
    newest: Newest[int] = Newest()
    asked: list[int] = []
    may_answer = asyncio.Event()

    async def question(number: int) -> int:
        asked.append(number)
        await may_answer.wait()
        return number

    tasks = []
    for number in range(questions):
        tasks.append(asyncio.create_task(newest.ask(partial(question, number))))
        await asyncio.sleep(0)
    may_answer.set()
    return asked, await asyncio.gather(*tasks)


def test_only_the_last_is_answered_and_none_between_are_asked() -> None:
    asked, answers = asyncio.run(_type_on(6))
    assert asked == [0, 5]
    assert answers == [None] * 5 + [5]


def test_one_alone_is_answered() -> None:
    assert asyncio.run(_type_on(1)) == ([0], [0])


def test_a_question_that_fails_keeps_nobody_waiting() -> None:
    async def fail() -> int:
        raise ValueError

    async def answer() -> int:
        return 1

    async def ask_both() -> list[int | BaseException | None]:
        newest: Newest[int] = Newest()
        return list(await asyncio.gather(newest.ask(fail), newest.ask(answer), return_exceptions=True))

    failed, answered = asyncio.run(ask_both())
    assert isinstance(failed, ValueError)
    assert answered == 1
