"""Chooses a folder of this machine: typed, pasted, or walked to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from nicegui import ui

from daemon.web.parts.asking import ask
from daemon.web.work.surroundings import MOST, Surroundings, beginnings, is_watched, look_in, typed
from tagger.catalog.roots import Root

_PATIENCE_S: Final = 8.0
"""A server that is away keeps whoever asks it waiting for minutes."""


class FolderChooser:
    """A box for a path, and the folders in it.

    Args:
        roots: the watched folders, which are marked.
        shown: called with the folder that is chosen now; gives what is to be said of it.
        done: called at Enter where that is the folder chosen already.
    """

    def __init__(
        self, roots: Sequence[Root], shown: Callable[[Surroundings], str], done: Callable[[], None] = lambda: None
    ) -> None:
        self._roots = roots
        self._shown = shown
        self._turn = 0
        self._done = done
        self.path = Path.home()

    async def build(self) -> None:
        """Makes its elements."""
        self._box = (
            ui.input("Folder")
            .props("outlined dense autofocus spellcheck=false autocomplete=off")
            .classes("choosing-path")
        )
        self._box.on("keydown.enter", self._entered)
        places = ui.element("div").classes("places").props('role=group aria-label="Places"')
        self._list = ui.element("div").classes("choosing-list").props('role=group aria-label="Folders in it"')
        self._remark = ui.label().classes("muted remark").props("role=status")
        for name, path in await ask(beginnings) or ():
            with places:
                ui.button(name, on_click=partial(self.go, path)).props("flat no-caps dense").classes("place")

    async def settle(self) -> bool:
        """Goes where the path in the box leads; gives whether that is a folder."""
        path = self._typed
        if path != self.path:
            await self.go(path)
        return path == self.path

    async def go(self, path: Path) -> None:
        """Looks into a folder, which is then the one that is chosen."""
        self._turn += 1
        turn, asked = self._turn, self._box.value
        found = await _look(path)
        # Somebody may have gone elsewhere meanwhile.
        if turn != self._turn:
            return
        if isinstance(found, str):
            self._remark.set_text(f"{path} {found}.")
        else:
            self._show(found)
            # Somebody may have typed meanwhile.
            if self._box.value == asked:
                self._box.set_value(str(found.path))

    @property
    def _typed(self) -> Path:
        text = (self._box.value or "").strip()
        return typed(text).absolute() if text else self.path

    async def _entered(self) -> None:
        if self._typed == self.path:
            self._done()
        else:
            await self.go(self._typed)

    def _show(self, found: Surroundings) -> None:
        self.path = found.path
        self._remark.set_text(self._shown(found))
        self._list.clear()
        with self._list:
            if found.path.parent != found.path:
                self._entry("arrow_upward", "One folder up", found.path.parent)
            for each in found.folders:
                path = found.path / each
                self._entry("visibility" if is_watched(path, self._roots) else "folder", each, path)
            if not found.folders:
                ui.label("No folders in it.").classes("muted")
            if found.is_more:
                ui.label(f"These are the first {MOST}. Type the path of any other.").classes("muted")

    def _entry(self, icon: str, words: str, path: Path) -> None:
        button = ui.button(words, icon=icon, on_click=partial(self.go, path))
        button.props("flat no-caps dense align=left").classes("choice")


async def _look(path: Path) -> Surroundings | str:
    """What is in a folder, or why that cannot be told, in words that go after its path."""
    try:
        return await asyncio.wait_for(asyncio.to_thread(look_in, path.absolute()), _PATIENCE_S)
    except TimeoutError:
        return "does not answer"
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        return f"cannot be opened: {(reason or str(error)).lower()}"
