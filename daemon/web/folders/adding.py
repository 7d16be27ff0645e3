"""Asks for a folder to be watched."""

from __future__ import annotations

from pathlib import Path

from nicegui import ui

from daemon.api import folders, models
from daemon.output import count_words
from daemon.service import events
from daemon.web.parts.asking import ask, tell
from daemon.web.parts.dialogs import asking, discard
from daemon.web.parts.folder_chooser import FolderChooser
from daemon.web.visit import Visit
from daemon.web.work.surroundings import Surroundings, is_watched, remark
from tagger.catalog.roots import Root


class AddFolder:
    """The dialog.

    Args:
        visit: what the page works with; of a visitor who sits at this machine.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._roots: list[Root] = []

    async def ask(self) -> None:
        """Shows it, and has the folder watched that is chosen."""
        self._roots = list(await ask(self._visit.backend.catalog.roots.all) or ())
        with asking("Watch a folder", classes="choosing") as dialog:
            self._chooser = FolderChooser(self._roots, self._shown, done=lambda: dialog.submit(True))
            await self._chooser.build()
            self._build(dialog)
        try:
            await self._chooser.go(Path.home())
            dialog.open()
            while await dialog and not await self._add():
                dialog.open()
        finally:
            discard(dialog)

    def _build(self, dialog: ui.dialog) -> None:
        self._write = _switch(
            "Write tags into the files",
            "What it hears goes into the instrument field, where empty or its own. Audio and other tags stay as they "
            "are, and it can be taken back.",
        )
        self._ableton = _switch("Tell Ableton Live too", "Keeps Live's own file of tags beside the files.")
        self._ableton.bind_enabled_from(self._write, "value")
        with ui.row().classes("asking-buttons"):
            ui.button("Cancel", on_click=lambda: dialog.submit(False)).props("flat no-caps")
            self._yes = ui.button(on_click=lambda: dialog.submit(True)).props("unelevated no-caps")

    def _shown(self, found: Surroundings) -> str:
        name = found.path.name or str(found.path)
        is_known = is_watched(found.path, self._roots)
        self._yes.set_text("Watched already" if is_known else f"Watch {name}")
        self._yes.set_enabled(not is_known)
        sounds = f"{count_words(found.sounds, 'sound')} right in it. " if found.sounds else ""
        return sounds + remark(found.path, self._roots)

    async def _add(self) -> bool:
        """Has it watched; gives whether it is."""
        if not await self._chooser.settle():
            return False
        backend = self._visit.backend
        new = models.NewRoot(
            path=str(self._chooser.path), write=self._write.value, ableton=self._write.value and self._ableton.value
        )
        added = await ask(folders.add, backend.catalog, backend.engine, new, is_local=self._visit.is_local)
        if added is None:
            return False
        if backend.engine is None:
            # Nobody else would tell.
            backend.feed.tell(events.RootChanged(self._chooser.path, "starting"))
        path = self._chooser.path
        tell(f"{path.name or path} is watched from now on")
        return True


def _switch(words: str, explanation: str) -> ui.switch:
    with ui.element("div").classes("option"):
        switch = ui.switch(words).props("dense")
        ui.label(explanation).classes("muted")
    return switch
