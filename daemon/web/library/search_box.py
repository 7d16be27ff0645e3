"""The search box: what is typed, how it may go on, what was not understood, and the searches that are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from nicegui import ui
from nicegui.events import GenericEventArguments

from daemon.output import count_words
from daemon.web.parts.asking import ask, tell
from daemon.web.visit import Note, Visit
from daemon.web.work.completing import Completion, Facts, complete
from daemon.web.work.searching import Notice

_EXAMPLE: Final = "Words of the name, or instrument:cello  confidence>0.8  kind:loop  bpm:90-100  key:Am"
_TYPED: Final = "(e) => ['Enter', 'Escape'].includes(e.key) || emit(e.target.value, e.target.selectionStart ?? 0)"
"""The text and where the caret stands after a key; but what these two have closed is not to be offered again when they
are let go."""

_CHOSEN: Final = "(e) => { const item = e.target.closest('.completion'); if (item) emit(item.dataset.text); }"
"""The list hears which item is clicked: made anew with every key, an item may be gone when that is heard."""

_PAUSE_S: Final = 0.15
"""Who types on so soon is not done yet."""


class SearchBox:
    """The box.

    Args:
        visit: what the page works with.
        on_search: called with the text when it has changed.
        on_enter: called when its author is done with it.
    """

    def __init__(self, visit: Visit, *, on_search: Callable[[str], None], on_enter: Callable[[], None]) -> None:
        self._visit = visit
        self._on_search = on_search
        self._on_enter = on_enter
        self._facts = Facts()
        self._searched = visit.query
        self._offered: list[Completion] = []
        self._offered_for = ""
        self._at = -1

    @property
    def text(self) -> str:
        """What is typed."""
        return str(self._box.value or "")

    def write(self, text: str) -> None:
        """Puts a text into the box and searches for it."""
        self._box.set_value(text)
        self._search()

    def build(self) -> None:
        """Makes the box, with the text that the address of the page has."""
        with ui.element("search").classes("searching"):
            self._box = ui.input(placeholder=_EXAMPLE, value=self._visit.query, on_change=self._changed)
            self._box.props('outlined dense clearable aria-label="Search" autocomplete=off data-key=/')
            self._box.classes("search-box")
            self._box.on("keyup", self._moved, js_handler=_TYPED)
            self._box.on("blur", self._menu_closed)
            self._box.on("keydown.down.prevent", lambda: self._step(1))
            self._box.on("keydown.up.prevent", lambda: self._step(-1))
            self._box.on("keydown.enter", self._accept)
            self._box.on("keydown.escape", self._menu_closed)
            with self._box.add_slot("prepend"):
                ui.icon("search")
            with self._box:
                self._menu = ui.menu().props("no-focus no-parent-event fit no-refocus").classes("completions")
                with self._menu, ui.element("div") as self._choices:
                    self._choices.on("click", self._clicked, js_handler=_CHOSEN)
                    # The box keeps the keyboard: without it there are no completions, however late they come.
                    self._choices.on("mousedown.prevent", js_handler="() => {}")
            self._saved = ui.button(icon="bookmark_border").props('flat round dense aria-label="Kept searches"')
            with self._saved:
                ui.tooltip("Kept searches")
                self._saved_menu = ui.menu().classes("saved")
            self._saved.on_click(self._list_saved)
            self._count = ui.label().classes("muted count").props("role=status")
        self._notices = ui.element("div").classes("notices").props("role=status")

    def count(self, files: int | None, facts: Facts) -> None:
        """Tells how many files were found, and completes by what there is."""
        self._facts = facts
        self._count.set_text("" if files is None else count_words(files, "file"))

    def tell(self, notices: Sequence[Notice]) -> None:
        """Tells what was not understood."""
        self._notices.clear()
        with self._notices:
            for notice in notices:
                self._notice(notice)

    def _notice(self, notice: Notice) -> None:
        part = self.text[notice.start : notice.end]
        with ui.element("span").classes("notice-line mistake" if notice.is_mistake else "notice-line"):
            ui.label(f"“{part}”: {notice.message}." if part else f"{notice.message}.")
            if notice.suggestion is not None:
                better = self.text[: notice.start] + notice.suggestion + self.text[notice.end :]
                ui.button(notice.suggestion, on_click=partial(self.write, better)).props("flat dense no-caps")

    async def _changed(self) -> None:
        typed = self.text
        await asyncio.sleep(_PAUSE_S)
        if typed == self.text != self._searched:
            self._search()

    def _search(self) -> None:
        self._searched = self.text
        self._on_search(self.text)

    def _moved(self, event: GenericEventArguments) -> None:
        """Offers how the text may go on at the caret."""
        self._offered_for, caret = event.args
        # An empty box asks nothing, and a list would only cover what lies under it.
        offered = complete(self._offered_for, int(caret), self._facts) if self._offered_for.strip() else []
        if offered != self._offered:
            self._offered, self._at = offered, -1
            self._offer()

    def _offer(self) -> None:
        self._choices.clear()
        with self._choices:
            for number, each in enumerate(self._offered):
                self._choice(number, each)
        self._menu.value = bool(self._offered)

    def _choice(self, number: int, each: Completion) -> None:
        item = ui.menu_item(auto_close=False).props("dense role=option")
        item.props["data-text"] = each.text
        item.classes("completion chosen" if number == self._at else "completion")
        with item:
            ui.label(each.text)
            ui.label(each.hint).classes("muted")

    def _step(self, by: int) -> None:
        if self._offered:
            self._at = (self._at + by) % len(self._offered)
            self._offer()

    def _accept(self) -> None:
        if self._menu.value and self._at >= 0:
            self._take(self._offered[self._at])
        else:
            self._menu_closed()
            self._on_enter()

    def _clicked(self, event: GenericEventArguments) -> None:
        for each in self._offered:
            if each.text == event.args:
                self._take(each)
                return

    def _take(self, chosen: Completion) -> None:
        self.write(self._offered_for[: chosen.start] + chosen.text + self._offered_for[chosen.end :])
        self._box.run_method("focus")
        self._menu_closed()

    def _menu_closed(self) -> None:
        self._offered, self._at = [], -1
        self._menu.value = False

    async def _list_saved(self) -> None:
        kept = await ask(self._visit.backend.catalog.searches.all) or []
        self._saved_menu.clear()
        with self._saved_menu:
            if self.text.strip():
                self._name_field()
            if not kept:
                ui.label(
                    "No search is kept yet." if self.text.strip() else "Type a search, then keep it here."
                ).classes("muted")
            for each in kept:
                with ui.menu_item(on_click=partial(self.write, each.text)).classes("completion"):
                    ui.label(each.name)
                    ui.label(each.text).classes("muted")
                    remove = ui.button(icon="close").props("flat round dense size=sm")
                    remove.props["aria-label"] = f"Forget {each.name}"
                    remove.on("click.stop", lambda name=each.name: self._forget(name))
        self._saved_menu.open()

    def _name_field(self) -> None:
        with ui.row().classes("keep"):
            name = ui.input(placeholder="Keep this search as …").props('dense autofocus aria-label="Name"')

            async def keep() -> None:
                saved = await ask(self._visit.backend.catalog.searches.save, name.value or self.text, self.text)
                if saved is not None:
                    tell(f"Kept as “{saved.name}”.")
                    self._saved_menu.close()

            name.on("keydown.enter", keep)
            ui.button("Keep", on_click=keep).props("flat dense no-caps")

    async def _forget(self, name: str) -> None:
        gone = await ask(self._visit.backend.catalog.searches.delete, name)
        if gone is not None:
            await self._list_saved()

            async def keep_again() -> None:
                await ask(self._visit.backend.catalog.searches.save, gone.name, gone.text)

            self._visit.told.emit(Note(f"“{gone.name}” is forgotten", back=keep_again))
