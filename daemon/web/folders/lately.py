"""What happened lately: the last files that were heard, tagged, lost or refused, newest first."""

from __future__ import annotations

import time
from collections import deque
from pathlib import PurePath
from typing import Final

from nicegui import ui

from daemon.output import count_words
from daemon.service import events
from daemon.web.parts.redrawing import Redrawing
from daemon.web.visit import Visit
from tagger.errors import printable
from tagger.taxonomy import words_of

MOST: Final = 60

_TOLD: Final = (events.FileAnalysed, events.FileTagged, events.FileFailed, events.FilesGone)


class Lately:
    """The list.

    Args:
        visit: what the page works with.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._new: deque[tuple[float, events.Event]] = deque(maxlen=MOST)
        self._rows: dict[str, tuple[events.Event, ui.element]] = {}

    def build(self) -> None:
        """Makes the list, with what happened before the page was opened."""
        ui.label("Lately").classes("side-title").props("role=heading aria-level=2")
        self._nothing = ui.label("What is heard and tagged from now on is listed here.").classes("muted")
        self._list = ui.element("ol").classes("lately")
        self._redrawing = Redrawing(self._visit, "folders", self._draw, least_s=1.0)
        self._new.extend(reversed(self._visit.backend.feed.latest(_TOLD, MOST)))
        self._visit.news.subscribe(self._hear)
        self._redrawing.soon()

    def _hear(self, event: events.Event) -> None:
        if isinstance(event, _TOLD):
            self._new.append((time.time(), event))
            self._redrawing.soon()

    async def _draw(self) -> None:
        self._nothing.set_visibility(not (self._new or self._rows))
        while self._new:
            at, event = self._new.popleft()
            before, old = self._rows.get(_place(event), (None, None))
            if isinstance(event, events.FileFailed) and isinstance(before, events.FileFailed):
                # It is tried again and again; that is no news.
                continue
            if old is not None:
                del self._rows[_place(event)]
                old.delete()
            with self._list, ui.element("li").classes("happened") as row:
                _show(at, event)
            row.move(target_index=0)
            self._rows[_place(event)] = event, row
            if len(self._rows) > MOST:
                self._rows.pop(next(iter(self._rows)))[1].delete()


def _show(at: float, event: events.Event) -> None:
    icon, name, words = _words(event)
    ui.icon(icon).props("aria-hidden=true").classes(icon)
    with ui.element("div").classes("happened-words"):
        for text, look in ((name, "happened-name"), (words, "muted")):
            ui.label(text).classes(look).props["title"] = text
    clock = time.strftime("%H:%M", time.localtime(at))
    ui.label(clock).classes("muted clock")


def _words(event: events.Event) -> tuple[str, str, str]:
    match event:
        case events.FileAnalysed(path, labels):
            return "graphic_eq", _name(path), ", ".join(map(words_of, labels)) or "Unsure"
        case events.FileTagged(path):
            return "sell", _name(path), "Tags written"
        case events.FileFailed(path, reason, _):
            return "error_outline", _name(path), printable(reason)
        case events.FilesGone(folder, count):
            return "folder_off", _name(folder), f"{count_words(count, 'file')} moved or deleted"
    raise AssertionError(event)


def _place(event: events.Event) -> str:
    """What an event is about."""
    return str(event.folder if isinstance(event, events.FilesGone) else getattr(event, "path", ""))


def _name(path: PurePath) -> str:
    return printable(path.name or str(path))
