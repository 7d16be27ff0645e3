"""Tells what was done, with the way back beside it, at the bottom of the page."""

from __future__ import annotations

import asyncio
from typing import Final

from nicegui import ui

from daemon.web.visit import Note, Visit

_SHOWN_S: Final = 7.0


class Toast:
    """The line; made once for a page.

    Args:
        visit: what the page works with.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._note = Note("")

    def build(self) -> None:
        """Makes it, hidden, and follows what is told."""
        with ui.element("div").classes("toast") as self._toast:
            self._words = ui.label().classes("toast-words").props("role=status")
            self._back = ui.button(on_click=self._go_back, color=None).props("flat no-caps dense").classes("toast-back")
        self._toast.set_visibility(False)
        self._visit.told.subscribe(self._tell)

    async def _tell(self, note: Note) -> None:
        self._note = note
        self._words.set_text(note.words)
        self._back.set_text(note.back_words)
        self._back.set_visibility(note.back is not None)
        self._toast.set_visibility(True)
        await asyncio.sleep(_SHOWN_S)
        # Something else may have been told meanwhile.
        if self._note is note and not self._toast.is_deleted:
            self._toast.set_visibility(False)

    async def _go_back(self) -> None:
        self._toast.set_visibility(False)
        if self._note.back is not None:
            await self._note.back()
