"""Asks where copies of files are to go, makes them, and tells what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from nicegui import ui

from daemon.output import count_words
from daemon.web.parts.asking import ask
from daemon.web.parts.dialogs import asking, discard
from daemon.web.parts.folder_chooser import FolderChooser
from daemon.web.parts.working import Working
from daemon.web.visit import Visit
from daemon.web.work.collecting import Collected, collect, destination
from daemon.web.work.surroundings import Surroundings
from tagger.errors import OutputError, one_line

_NAMED: Final = 5


class CollectDialog:
    """The dialog.

    Args:
        visit: what the page works with.
        file_ids: of the files.
    """

    def __init__(self, visit: Visit, file_ids: Sequence[int]) -> None:
        self._visit = visit
        self._file_ids = file_ids
        self._working = Working()
        self._chooser: FolderChooser | None = None

    async def ask(self) -> None:
        """Shows it, and copies the files where its user wants them."""
        files = "Copy this file" if len(self._file_ids) == 1 else f"Copy {count_words(len(self._file_ids), 'file')}"
        with asking(f"{files} into a folder", classes="choosing") as self._dialog:
            with ui.element("div").classes("asking-part") as self._question:
                await self._place()
                self._by_instrument = ui.switch("A folder for each instrument").props("dense")
            self._working.build()
            self._result = ui.element("div").classes("asking-part").props("role=status")
            with ui.row().classes("asking-buttons"):
                self._no = ui.button("Cancel", on_click=self._leave).props("flat no-caps")
                self._yes = ui.button("Copy", on_click=self._copy).props("unelevated no-caps")
        self._dialog.open()
        try:
            if self._chooser is not None:
                await self._chooser.go(Path.home())
            await self._dialog
        finally:
            self._working.cancel()
            discard(self._dialog)

    async def _place(self) -> None:
        if self._visit.is_local:
            self._chooser = FolderChooser(await ask(self._visit.backend.catalog.roots.all) or (), _remark)
            await self._chooser.build()
            self._name = ui.input("New folder in it").props("outlined dense spellcheck=false autocomplete=off")
        else:
            self._name = ui.input("Folder in your home", value="~/Collected").props("outlined dense spellcheck=false")

    @property
    def _folder(self) -> str:
        name = str(self._name.value or "").strip()
        return name if self._chooser is None else str(self._chooser.path / name)

    async def _copy(self) -> None:
        catalog, by_instrument = self._visit.backend.catalog, bool(self._by_instrument.value)
        self._result.clear()
        try:
            folder = destination(self._folder, is_local=self._visit.is_local)
        except OutputError as error:
            self._say(str(error))
            return
        self._wait(True)
        collected = await self._working.run(
            "Copying",
            lambda errand: collect(catalog, self._file_ids, folder, errand, by_instrument=by_instrument),
        )
        self._wait(False)
        if isinstance(collected, str):
            self._say(collected)
        else:
            self._done(collected)

    def _wait(self, is_working: bool) -> None:
        self._dialog.props("persistent" if is_working else "", remove="" if is_working else "persistent")
        self._yes.set_visibility(not is_working)
        self._no.set_visibility(not is_working)

    def _say(self, problem: str) -> None:
        with self._result:
            ui.label(problem).classes("harsh")

    def _done(self, collected: Collected) -> None:
        self._question.set_visibility(False)
        self._yes.set_visibility(False)
        self._no.set_text("Close")
        with self._result:
            ui.label(f"{collected.words}.")
            for each in collected.failed[:_NAMED]:
                ui.label(f"{one_line(each.path.name)} {each.reason}").classes("harsh path")

    def _leave(self) -> None:
        self._dialog.submit(None)


def _remark(found: Surroundings) -> str:
    sounds = f" {count_words(found.sounds, 'sound')} there already." if found.sounds else ""
    return f"Copies go into {found.path.name or found.path}; nothing there is overwritten.{sounds}"
