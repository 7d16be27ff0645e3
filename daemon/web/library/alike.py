"""What sounds like a file: its nearest in the library, to be heard one after the other with the arrow keys."""

from __future__ import annotations

from functools import partial
from pathlib import PurePath
from typing import Final

from nicegui import ui

from daemon.output import count_words
from daemon.web.parts.asking import ask
from daemon.web.visit import Found, Note, Sound, Visit
from daemon.web.work.similar import Similar
from tagger.errors import printable
from tagger.taxonomy import words_of

_MOST: Final = 40


class Alike:
    """The list above the panel.

    Args:
        visit: what the page works with.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._entries: list[tuple[Found, ui.element]] = []
        self._at = -1
        self._turn = 0

    def build(self) -> None:
        """Makes it, hidden, and follows what is looked at."""
        with ui.element("section").classes("alike").props('aria-label="Sounds alike"') as self._panel:
            with ui.element("div").classes("alike-head"):
                self._title = ui.label().classes("alike-title").props("role=heading aria-level=2")
                close = ui.button(icon="close", on_click=self._close).props(
                    'flat round dense size=sm aria-label="Close"'
                )
                close.classes("file-act")
            self._hint = ui.label().classes("muted alike-hint")
            self._list = (
                ui.element("ul").classes("alike-list").props('role=listbox tabindex=0 aria-label="Nearest first"')
            )
        self._list.on("keydown.down.prevent.stop", lambda: self._step(1))
        self._list.on("keydown.up.prevent.stop", lambda: self._step(-1))
        self._list.on("keydown.escape", self._close)
        self._panel.set_visibility(False)
        self._visit.alike.subscribe(self._show)

    async def look(self) -> None:
        """Shows what sounds like the file that is looked at."""
        if self._visit.looked_at is None:
            self._visit.told.emit(Note("Choose a file first"))
        else:
            await self._show(self._visit.looked_at)

    async def _show(self, sound: Sound) -> None:
        self._turn += 1
        turn = self._turn
        self._title.set_text(f"Sounds like {PurePath(sound.path).name}")
        self._hint.set_text("Looking…")
        self._panel.set_visibility(True)
        self._clear()
        found = await ask(self._visit.similar.to_file, sound.id, _MOST)
        if turn != self._turn:
            return
        self._clear()
        if not found:
            self._hint.set_text("Nothing else in the library can be compared with it.")
            return
        self._hint.set_text(f"{count_words(len(found), 'sound')}, nearest first. Arrow keys play them.")
        with self._list:
            for at, each in enumerate(found):
                self._entry(at, each)
        self._list.run_method("focus")

    def _clear(self) -> None:
        self._list.clear()
        self._entries, self._at = [], -1

    def _entry(self, at: int, similar: Similar) -> None:
        hit = similar.hit
        near = Found.of(hit)
        with ui.element("li").classes("near-entry").props("role=option aria-selected=false") as entry:
            with ui.element("div").classes("near-words"):
                ui.label(hit.path.name).classes("near-file")
                with ui.element("div").classes("near-more"):
                    for tag in hit.tags[:2]:
                        ui.label(words_of(printable(tag.label))).classes(f"chip family-{printable(tag.family)}")
                    ui.label(hit.path.parent.name).classes("muted near-place")
                    if similar.copies:
                        ui.label(f"{len(similar.copies) + 1} places").classes("muted")
            share = max(0.0, similar.similarity)
            ui.label(f"{share:.0%}").classes("sure").style(f"--sure: {share:.3f}")
        entry.tooltip(near.path)
        entry.on("click", partial(self._choose, at))
        self._entries.append((near, entry))

    def _step(self, by: int) -> None:
        if self._entries:
            self._choose(min(max(self._at + by, 0), len(self._entries) - 1))

    def _choose(self, at: int) -> None:
        if 0 <= self._at < len(self._entries):
            self._entries[self._at][1].props("aria-selected=false")
        self._at = at
        near, entry = self._entries[at]
        entry.props("aria-selected=true")
        ui.run_javascript(f"getHtmlElement({entry.id}).scrollIntoView({{block: 'nearest'}})")
        self._visit.shown.emit(near)

    def _close(self) -> None:
        self._panel.set_visibility(False)
        self._clear()
