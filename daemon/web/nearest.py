"""What in the library sounds most like a live stream does now."""

from __future__ import annotations

import asyncio
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from nicegui import ui

from daemon.api import finding, models
from daemon.web.asking import ask
from daemon.web.visit import Visit
from osc_bridge.errors import BridgeError
from osc_bridge.messages import BadMessage
from tagger.errors import printable

if TYPE_CHECKING:
    from osc_bridge.bridge import Bridge
    from tagger.similarity import Neighbour

_SHOWN: Final = 8
_PATIENCE_S: Final = 20.0
"""The first question reads all embeddings of the catalog."""


class Nearest:
    """The panel.

    Args:
        visit: what the page works with.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._shown: list[Neighbour] = []
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
            found = await asyncio.wait_for(asyncio.wrap_future(bridge.nearest(stream, _SHOWN)), _PATIENCE_S)
        except (BadMessage, TimeoutError):
            # Nothing was heard in it yet, or it is over.
            return
        except BridgeError as error:
            self._say(error.words)
            return
        finally:
            self._is_asking = False
        self._show(found)

    def _show(self, found: list[Neighbour]) -> None:
        if not found:
            self._say("The library holds nothing to compare with yet.")
        elif found != self._shown:
            self._list.clear()
            self._hint.set_text("")
            with self._list:
                for each in found:
                    self._entry(each)
        self._shown = found

    def _entry(self, near: Neighbour) -> None:
        path = PurePath(printable(near.path))
        share = max(0.0, near.similarity)
        with ui.element("li"), ui.element("button").classes("near").props("type=button") as button:
            ui.label(path.name).classes("near-name")
            ui.label(path.parent.name).classes("near-folder muted")
            ui.label(f"{100 * share:.0f} %").classes("sure").style(f"--sure: {share:.2f}")
        button.tooltip(str(path))
        button.on("click", lambda: self._open(path))

    async def _open(self, path: PurePath) -> None:
        """Shows a file in the library."""
        # Signs in a name may mean something in a search.
        words = " ".join(re.findall(r"\w+", path.stem))
        search = models.Search(words=words, limit=100)
        page = await ask(finding.find, self._visit.backend.catalog, search)
        self._visit.query = words
        self._visit.opened.emit("library")
        self._visit.searched.emit(words)
        self._visit.shown.emit(next((each for each in page.files if each.path == str(path)), None) if page else None)

    def _say(self, text: str) -> None:
        self._list.clear()
        self._shown = []
        self._hint.set_text(text)
