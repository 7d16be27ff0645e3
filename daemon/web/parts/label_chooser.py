"""Asks which label a file is to have: a few letters and Enter."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from nicegui import ui

from daemon.api import finding, models
from daemon.web.parts.asking import ask
from daemon.web.parts.dialogs import asking, discard
from daemon.web.visit import Visit
from tagger.filenames import meanings
from tagger.taxonomy import family_of, words_of

_MOST: Final = 9
_KEPT: Final = 8


async def choose_label(visit: Visit, title: str, remark: str, *, likely: Sequence[str] = ()) -> str | None:
    """The label that a person chooses, by its id; None for none.

    Args:
        visit: what the page works with.
        title: the question.
        remark: what will come of it.
        likely: those offered first, after the latest ones.
    """
    chooser = _Chooser()
    # Whoever knows what to type does so at once, and means nothing else by it.
    visit.typing = chooser.type
    try:
        known = await ask(finding.labels, visit.backend.catalog)
        label = await chooser.ask(title, remark, known, [*visit.labels, *likely]) if known else None
    finally:
        visit.typing = None
    if label is not None:
        visit.labels[:] = [label, *(each for each in visit.labels if each != label)][:_KEPT]
    return label


def matching(text: str, known: models.Labels, first: Sequence[str]) -> list[str]:
    """The labels that a text may mean, best first.

    Args:
        text: as it was typed.
        known: all labels.
        first: those that come before others where the text fits them as well.
    """
    typed = " ".join(text.lower().replace("_", " ").replace("-", " ").split())
    labels = [*(each.label for each in known.labels), *known.others, *known.families]
    order = list(dict.fromkeys([*(each for each in first if each in labels), *labels]))
    ranks = {label: rank for label in order if (rank := _rank(label, typed)) is not None}
    return sorted(ranks, key=lambda label: ranks[label])


def _rank(label: str, typed: str) -> int | None:
    """How well a text fits a label, 0 best; None if it does not."""
    if not typed:
        return 0
    if meanings().get(typed) == label:
        return 0
    words, family = words_of(label).lower(), words_of(family_of(label)).lower()
    fits = (words.startswith(typed), f" {typed}" in words, family.startswith(typed))
    return fits.index(True) if any(fits) else None


class _Chooser:
    """The dialog."""

    def __init__(self) -> None:
        self._known = models.Labels(families={}, labels=[], others=[])
        self._first: Sequence[str] = ()
        self._offered: list[str] = []
        self._at = 0
        self._text = ""
        self._is_taken = False
        self._box: ui.input | None = None

    def type(self, key: str) -> None:
        """Takes a key that came before the box was there."""
        if key == "Enter" and self._box is not None:
            self._take()
        elif key == "Enter":
            self._is_taken = True
        elif len(key) == 1 and not self._is_taken:
            self._text += key
            if self._box is not None:
                self._box.set_value(self._text)

    async def ask(self, title: str, remark: str, known: models.Labels, first: Sequence[str]) -> str | None:
        self._known, self._first = known, first
        if self._is_taken:
            return next(iter(matching(self._text, known, first)), None)
        with asking(title, classes="labelling") as self._dialog:
            self._box = box = ui.input(placeholder="Type a few letters", value=self._text, on_change=self._narrow)
            box.props('outlined dense autofocus autocomplete=off aria-label="Label"')
            box.on("keydown.down.prevent", lambda: self._step(1))
            box.on("keydown.up.prevent", lambda: self._step(-1))
            box.on("keydown.enter", self._take)
            self._list = ui.element("div").classes("labels").props('role=listbox aria-label="Labels"')
            box.props(f"role=combobox aria-expanded=true aria-controls={self._list.html_id}")
            self._remark = ui.label(remark).classes("muted remark")
        self._narrow()
        self._dialog.open()
        try:
            chosen = await self._dialog
            return None if chosen is None else str(chosen)
        finally:
            discard(self._dialog)

    def _narrow(self) -> None:
        self._text = str(self._box.value or "") if self._box else ""
        self._offered, self._at = matching(self._text, self._known, self._first)[:_MOST], 0
        self._draw()

    def _step(self, by: int) -> None:
        if self._offered:
            self._at = (self._at + by) % len(self._offered)
            self._draw()

    def _draw(self) -> None:
        self._list.clear()
        with self._list:
            for at, label in enumerate(self._offered):
                self._entry(label, is_chosen=at == self._at)
            if not self._offered:
                ui.label("No label is called so.").classes("muted")

    def _entry(self, label: str, *, is_chosen: bool) -> None:
        family = family_of(label)
        button = ui.element("button").props(
            f"type=button role=option tabindex=-1 aria-selected={str(is_chosen).lower()}"
        )
        button.classes(f"label-entry family-{family}").on("click", partial(self._dialog.submit, label))
        with button:
            ui.label(words_of(label)).classes("label-words")
            ui.label("family" if label == family and label in self._known.families else words_of(family)).classes(
                "muted"
            )

    def _take(self) -> None:
        if self._offered:
            self._dialog.submit(self._offered[self._at])
