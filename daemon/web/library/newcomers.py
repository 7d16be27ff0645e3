"""Tells of files that came since the search was made, and shows them when asked; no table moves under a hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from nicegui import ui

from daemon.output import count_words
from daemon.service import events
from daemon.web.parts.redrawing import Redrawing
from daemon.web.visit import Visit

_LEAST_S: Final = 2.0
_MOST: Final = 10_000
"""Beyond this nobody wants to know how many."""


class Newcomers:
    """The button beside the number of files; hidden while there is nothing new.

    Args:
        visit: what the page works with.
        search_again: makes the search anew.
    """

    def __init__(self, visit: Visit, search_again: Callable[[], None]) -> None:
        self._visit = visit
        self._search_again = search_again
        self._new: set[Path] = set()
        self._has_changed = False

    def build(self) -> None:
        """Makes the button, and follows what happens."""
        self._button = ui.button(icon="refresh", on_click=self._search_again).props("flat dense no-caps")
        self._button.set_visibility(False)
        self._redrawing = Redrawing(self._visit, "library", self._draw, least_s=_LEAST_S)
        self._visit.news.subscribe(self._hear)

    def _hear(self, event: events.Event) -> None:
        if isinstance(event, events.FileAnalysed) and len(self._new) < _MOST:
            self._new.add(event.path)
        elif isinstance(event, events.FilesGone | events.EventsMissed):
            self._has_changed = True
        else:
            return
        self._redrawing.soon()

    async def _draw(self) -> None:
        count = len(self._new)
        words = count_words(count, "new file") if count else "Refresh"
        self._button.set_text(f"{words}+" if count == _MOST else words)
        self._button.set_visibility(bool(count) or self._has_changed)

    def forget(self) -> None:
        """Begins anew, as the search was made again."""
        self._new.clear()
        self._has_changed = False
        self._button.set_visibility(False)
