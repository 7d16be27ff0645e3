"""What in the library sounds most like a live stream does now."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from nicegui import ui

from daemon.api import models
from daemon.web.visit import Visit
from daemon.web.work.searching import Search, to_text
from daemon.web.work.similar import Similar
from osc_bridge.messages import BadMessage
from tagger.errors import CatalogError, printable

if TYPE_CHECKING:
    from osc_bridge.bridge import Bridge

_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Near:
    """A file that sounds alike; a `Sound`, so that it can be looked at."""

    id: int
    path: str
    duration_s: float
    similarity: float

    @classmethod
    def of(cls, similar: Similar) -> Near:
        """What is shown of it."""
        hit = similar.hit
        return cls(hit.id, printable(hit.path), hit.duration_s, round(similar.similarity, 2))


class Nearest:
    """The panel.

    Args:
        visit: what the page works with.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._shown: list[Near] = []
        self._is_asking = False

    def build(self) -> None:
        """Makes the panel, empty."""
        ui.label("Sounds like").classes("section").props("role=heading aria-level=2")
        self._hint = ui.label().classes("muted")
        self._list = ui.element("ul").classes("near-list")
        self._say("What in your library is nearest to what plays stands here.")

    async def follow(self, bridge: Bridge, stream: str) -> None:
        """Shows what is nearest now; a question that is still open is not asked twice."""
        if self._is_asking:
            return
        self._is_asking = True
        try:
            heard, model = bridge.engine.embedding(stream), bridge.engine.recogniser.name
            found = await asyncio.to_thread(self._visit.similar.to_embedding, heard, model, _SHOWN)
        except BadMessage:
            # Nothing was heard in it yet, or it is over.
            return
        except CatalogError as error:
            self._say(error.words)
            return
        finally:
            self._is_asking = False
        if not self._list.is_deleted:
            self._show(list(map(Near.of, found)))

    def _show(self, found: list[Near]) -> None:
        if not found:
            self._say("The library holds nothing to compare with yet.")
        elif found != self._shown:
            self._list.clear()
            self._hint.set_text("")
            with self._list:
                for each in found:
                    self._entry(each)
        self._shown = found

    def _entry(self, near: Near) -> None:
        path = PurePath(near.path)
        share = max(0.0, near.similarity)
        with ui.element("li"), ui.element("button").classes("near").props("type=button") as button:
            ui.label(path.name).classes("near-name")
            ui.label(path.parent.name).classes("near-folder muted")
            ui.label(f"{100 * share:.0f} %").classes("sure").style(f"--sure: {share:.2f}")
        button.tooltip(str(path))
        button.on("click", lambda: self._open(near))

    def _open(self, near: Near) -> None:
        """Shows a file in the library."""
        # Signs in a name may mean something in a search, and so may words.
        words = " ".join(re.findall(r"\w+", PurePath(near.path).stem))
        words = to_text(Search(models.Filters(words=words[:200])))
        # Where the library was not open yet, it begins with these.
        self._visit.query = words
        self._visit.opened.emit("library")
        self._visit.searched.emit(words)
        self._visit.shown.emit(near)

    def _say(self, text: str) -> None:
        self._list.clear()
        self._shown = []
        self._hint.set_text(text)
