"""Asks for a folder to be watched: typed, pasted, or chosen among the folders of this machine."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Final

from nicegui import context, ui

from daemon.api import folders, models
from daemon.service import events
from daemon.web.asking import ask, tell
from daemon.web.surroundings import MOST, Surroundings, beginnings, is_watched, look_in, remark, typed
from daemon.web.visit import Visit
from tagger.catalog.roots import Root

_PATIENCE_S: Final = 8.0
"""A server that is away keeps whoever asks it waiting for minutes."""


class AddFolder:
    """The dialog.

    Args:
        visit: what the page works with; of a visitor who sits at this machine.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._roots: list[Root] = []
        self._at = Path.home()

    async def ask(self) -> None:
        """Shows it, and has the folder watched that is chosen."""
        self._roots = list(await ask(self._visit.backend.catalog.roots.all) or ())
        with context.client.content, ui.dialog() as self._dialog, ui.card().classes("asking choosing"):
            self._build(await asyncio.to_thread(beginnings))
        try:
            self._dialog.open()
            await self._go(Path.home())
            while await self._dialog and not await self._add():
                self._dialog.open()
        finally:
            self._dialog.delete()

    def _build(self, places: list[tuple[str, Path]]) -> None:
        heading = ui.label("Watch a folder").classes("asking-title").props("role=heading aria-level=2")
        self._dialog.props(f'aria-labelledby="{heading.html_id}"')
        self._path = (
            ui.input("Folder").props("outlined dense spellcheck=false autocomplete=off").classes("choosing-path")
        )
        self._path.on("keydown.enter", lambda: self._go(typed(self._path.value or "")))
        with ui.element("div").classes("places").props('role=group aria-label="Places"'):
            for name, path in places:
                ui.button(name, on_click=partial(self._go, path)).props("flat no-caps dense").classes("place")
        self._list = ui.element("div").classes("choosing-list").props('role=group aria-label="Folders in it"')
        self._remark = ui.label().classes("muted remark").props("role=status")
        self._write = _switch(
            "Write tags into the files",
            "What it hears goes into the instrument field, where empty or its own. Audio and other tags stay as they "
            "are, and it can be taken back.",
        )
        self._ableton = _switch("Tell Ableton Live too", "Keeps Live's own file of tags beside the files.")
        self._ableton.bind_enabled_from(self._write, "value")
        with ui.row().classes("asking-buttons"):
            ui.button("Cancel", on_click=lambda: self._dialog.submit(False)).props("flat no-caps")
            self._yes = ui.button(on_click=lambda: self._dialog.submit(True)).props(
                "unelevated no-caps text-color=on-accent"
            )

    async def _go(self, path: Path) -> None:
        """Looks into a folder, which is then the one that is chosen."""
        try:
            found = await asyncio.wait_for(asyncio.to_thread(look_in, path.absolute()), _PATIENCE_S)
        except TimeoutError:
            self._remark.set_text(f"{path} does not answer.")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            self._remark.set_text(f"{path} cannot be opened: {(reason or str(error)).lower()}.")
        else:
            self._show(found)

    def _show(self, found: Surroundings) -> None:
        self._at = found.path
        self._path.set_value(str(found.path))
        name = found.path.name or str(found.path)
        is_known = is_watched(found.path, self._roots)
        self._yes.set_text("Watched already" if is_known else f"Watch {name}")
        self._yes.set_enabled(not is_known)
        sounds = f"{found.sounds:,} sound{'s' * (found.sounds != 1)} right in it. " if found.sounds else ""
        self._remark.set_text(sounds + remark(found.path, self._roots))
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
        button = ui.button(words, icon=icon, on_click=partial(self._go, path))
        button.props("flat no-caps dense align=left").classes("choice")

    async def _add(self) -> bool:
        """Has it watched; gives whether it is."""
        backend = self._visit.backend
        new = models.NewRoot(
            path=str(self._at), write=self._write.value, ableton=self._write.value and self._ableton.value
        )
        added = await ask(folders.add, backend.catalog, backend.engine, new, is_local=self._visit.is_local)
        if added is None:
            return False
        if backend.engine is None:
            # Nobody else would tell.
            backend.feed.tell(events.RootChanged(self._at, "starting"))
        tell(f"{self._at.name or self._at} is watched from now on")
        return True


def _switch(words: str, explanation: str) -> ui.switch:
    with ui.element("div").classes("option"):
        switch = ui.switch(words).props("dense")
        ui.label(explanation).classes("muted")
    return switch
