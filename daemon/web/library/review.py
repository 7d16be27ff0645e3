"""The review: the doubts that a person's look settles best, one at a time, each a keystroke or two."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from nicegui import ui

from daemon.judging import Verdict
from daemon.output import duration_words, kind_words
from daemon.web.library.acts import Acts
from daemon.web.parts.asking import ask
from daemon.web.parts.hearing import Hearing
from daemon.web.parts.label_chooser import choose_label
from daemon.web.visit import Found, Note, Visit
from daemon.web.work.judging import Chosen
from daemon.web.work.reviewing import Doubt
from tagger.errors import printable
from tagger.results import Kind
from tagger.taxonomy import family_of, words_of

NAME: Final = "review"

_PAGE: Final = 12
_FEW: Final = 3
_MOST_LABELS: Final = 5
_MOST_STEPS: Final = 200


@dataclass(frozen=True, slots=True)
class _Step:
    """A doubt that was left behind."""

    doubt: Doubt
    is_judged: bool


class Review:
    """The view `review`.

    Args:
        visit: what the page works with.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._acts = Acts(visit)
        self._hearing = Hearing(visit, NAME)
        self._queue: deque[Doubt] = deque()
        self._last: int | None = None
        self._is_end = False
        self._past: deque[_Step] = deque(maxlen=_MOST_STEPS)
        self._judged = 0
        self._on: list[str] = []
        self._busy = asyncio.Lock()

    def build(self) -> None:
        """Makes its elements, and begins."""
        with ui.element("div").classes("review"):
            with ui.element("div").classes("review-head"):
                self._count = ui.label().classes("muted").props("role=status")
                ui.space()
                self._back = _button("Back", "U", self._undo).props("flat").classes("review-back")
            self._card = ui.element("section").classes("review-card").props('aria-label="In doubt" aria-live=polite')
            self._hearing.build()
        self._visit.opened.subscribe(self._opened)
        ui.timer(0, self._begin, once=True)

    async def key(self, key: str) -> None:
        """Does what a key means here."""
        if key == " ":
            self._hearing.key(key)
            return
        keys = {"c": self._confirm, "x": self._reject, "e": self._change, "u": self._undo, "s": self._skip}
        if key in keys:
            await keys[key]()
        elif key.isdigit() and self._queue and 0 < int(key) <= len(self._labels):
            await self._press(self._labels[int(key) - 1])

    async def _begin(self) -> None:
        self._queue.clear()
        self._last, self._is_end = None, False
        self._say("hourglass_empty", "Looking for what to ask…", "The files that your ears help most come first.")
        await self._fetch()
        self._show()

    async def _fetch(self) -> None:
        """Gets more doubts, if there are any."""
        if self._is_end or len(self._queue) > _FEW:
            return
        found = await ask(self._visit.doubts.most_useful, _PAGE, after=self._last)
        self._is_end = not found
        if found:
            known = {each.recording for each in self._queue}
            self._queue += [each for each in found if each.recording not in known]
            self._last = found[-1].recording

    def _show(self) -> None:
        """Shows the first of the queue."""
        self._count.set_text(f"{self._judged:,} settled" if self._judged else "")
        self._back.set_visibility(bool(self._past))
        if not self._queue:
            self._hearing.show(None)
            self._say("task_alt", "Nothing left to doubt", "What is new and unsure comes up here again.", again=True)
            return
        doubt = self._queue[0]
        self._on = [tag.label for tag in doubt.hit.tags]
        self._draw(doubt)
        self._hearing.show(Found.of(doubt.hit))
        self._hearing.prepare([each.hit.id for each in list(self._queue)[1:3]])

    def _draw(self, doubt: Doubt) -> None:
        self._card.clear()
        with self._card:
            ui.label(printable(doubt.hit.path.name)).classes("review-name").props("role=heading aria-level=2")
            ui.label(printable(doubt.hit.path.parent)).classes("muted path")
            hit = doubt.hit
            facts = f"{kind_words(hit.kind, hit.tempo_bpm, hit.key)}, {duration_words(hit.duration_s)}"
            ui.label(facts).classes("muted")
            with ui.element("ul").classes("reasons").props('aria-label="Why it is asked"'):
                for reason in doubt.reasons:
                    with ui.element("li"):
                        ui.label(reason[:1].upper() + reason[1:])
            ui.label("What is it?" if self._is_one else "What is in it?").classes("review-question")
            with ui.element("div").classes("answers"):
                for at, label in enumerate(self._labels):
                    self._answer(at, label)
                _button("Something else", "E", self._change).props("outline").classes("answer other")
            with ui.element("div").classes("review-acts"):
                if self._on:
                    _button(self._confirm_words, "C", self._confirm).props("unelevated color=primary")
                if doubt.hit.tags:
                    _button("None of it", "X", self._reject).props("outline")
                _button("Skip", "S", self._skip).props("flat")

    def _answer(self, at: int, label: str) -> None:
        button = _button(words_of(printable(label)), str(at + 1), partial(self._press, label)).props("outline")
        button.classes(f"answer family-{family_of(label)} {'on' if label in self._on else ''}")
        if not self._is_one:
            button.props(f"aria-pressed={str(label in self._on).lower()}")

    def _say(self, icon: str, words: str, more: str, *, again: bool = False) -> None:
        self._card.clear()
        with self._card, ui.element("div").classes("hint muted"):
            ui.icon(icon).classes("hint-icon")
            ui.label(words).classes("review-name")
            ui.label(more)
            if again:
                ui.button("Look again", on_click=self._begin).props("flat no-caps")

    @property
    def _labels(self) -> Sequence[str]:
        return self._queue[0].labels[:_MOST_LABELS] if self._queue else ()

    @property
    def _is_one(self) -> bool:
        """Whether only one label can be right, so that one key answers."""
        return bool(self._queue) and self._queue[0].hit.kind is Kind.ONE_SHOT

    @property
    def _confirm_words(self) -> str:
        return f"It is {' and '.join(words_of(printable(label)) for label in self._on)}"

    async def _press(self, label: str) -> None:
        if self._is_one:
            await self._settle([label], "correct")
            return
        self._on = [each for each in self._on if each != label] if label in self._on else [*self._on, label]
        self._draw(self._queue[0])

    async def _confirm(self) -> None:
        if self._on:
            await self._settle(self._on, "correct")

    async def _reject(self) -> None:
        if self._queue and self._queue[0].hit.tags:
            await self._settle(None, "reject")

    async def _change(self) -> None:
        if not self._queue:
            return
        doubt = self._queue[0]
        label = await choose_label(self._visit, "What is it?", "This, and nothing else.", likely=doubt.labels)
        if label is not None and self._queue and self._queue[0] is doubt:
            await self._settle([label], "correct")

    async def _settle(self, labels: Sequence[str] | None, verdict: Verdict) -> None:
        """Keeps a verdict on the first of the queue, and goes on. Keys that come while it is kept are of no file."""
        if self._busy.locked() or not self._queue:
            return
        async with self._busy:
            doubt = self._queue[0]
            file = Chosen(doubt.hit.id, doubt.payload_hash)
            is_judged = await self._acts.judge([file], labels, verdict=verdict)
            self._judged += is_judged
            await self._go_on(is_judged=is_judged)

    async def _skip(self) -> None:
        if self._queue and not self._busy.locked():
            async with self._busy:
                await self._go_on(is_judged=False)

    async def _go_on(self, *, is_judged: bool) -> None:
        self._past.append(_Step(self._queue.popleft(), is_judged))
        if not self._queue:
            await self._fetch()
        self._show()
        await self._fetch()

    async def _undo(self) -> None:
        if self._busy.locked():
            return
        if not self._past:
            self._visit.told.emit(Note("Nothing to go back to"))
            return
        async with self._busy:
            step = self._past.pop()
            if step.is_judged and await self._acts.undo():
                self._judged -= 1
            self._queue.appendleft(step.doubt)
            self._show()

    async def _opened(self, view: str) -> None:
        """Begins anew where it had come to the end."""
        if view == NAME and self._is_end and not self._queue and not self._busy.locked():
            await self._begin()


def _button(words: str, key: str, do: Callable[[], Any]) -> ui.button:
    with ui.button(words, on_click=do, color=None).props("no-caps") as button:
        ui.html(f'<kbd aria-hidden="true">{key}</kbd>', sanitize=False)
    return button
