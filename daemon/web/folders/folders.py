"""The folders: which are watched, how far the work is, what failed, and what happened lately."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from daemon.api import folders, models, work
from daemon.service import events
from daemon.web.folders.adding import AddFolder
from daemon.web.folders.lately import Lately
from daemon.web.folders.roots import RootList
from daemon.web.folders.trouble import Trouble
from daemon.web.library.welcome import Welcome
from daemon.web.parts.asking import ask
from daemon.web.parts.progress_bar import WorkBar
from daemon.web.parts.redrawing import Redrawing
from daemon.web.visit import Visit

NAME: Final = "folders"

_LOOK_EVERY_S: Final = 10.0
"""Times pass, and where there is no daemon nobody tells of anything."""

_CHANGES: Final = (
    events.RootChanged,
    events.ProgressMade,
    events.HoldsChanged,
    events.FileFailed,
    events.FilesGone,
    events.EventsMissed,
)


class Folders:
    """The view `folders`.

    Args:
        visit: what the page works with.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._bar = WorkBar(visit, self._changed)
        self._roots = RootList(visit, self._changed, self._show_trouble)
        self._trouble = Trouble(visit, self._changed)
        self._panels: dict[str, tuple[ui.button, ui.element]] = {}

    def build(self) -> None:
        """Makes its elements."""
        with ui.element("div").classes("watch"):
            self._bar.build()
            with ui.element("div").classes("watch-main"):
                with ui.element("div").classes("watch-head"):
                    with ui.element("div").classes("watch-tabs").props('role=tablist aria-label="Folders and files"'):
                        tabs = {name: self._tab(name) for name in ("roots", "trouble")}
                    ui.space()
                    self._add_button()
                for name, build in (("roots", self._roots.build), ("trouble", self._trouble.build)):
                    with ui.element("div").classes("watch-panel").props("role=tabpanel") as panel:
                        build()
                    self._panels[name] = tabs[name], panel
            with ui.element("aside").classes("watch-side").props('aria-label="Lately" tabindex=0'):
                Lately(self._visit).build()
            Welcome(self._visit, NAME).build()
        self._redrawing = Redrawing(self._visit, NAME, self._draw, least_s=1.0)
        self._visit.news.subscribe(self._hear)
        ui.timer(_LOOK_EVERY_S, self._redrawing.soon)
        self._select("roots")
        self._redrawing.soon()

    async def key(self, key: str) -> None:
        """Does what a key means here."""
        if key == "a" and self._visit.is_local:
            await AddFolder(self._visit).ask()

    def _hear(self, event: events.Event) -> None:
        if isinstance(event, _CHANGES):
            self._redrawing.soon()

    def _changed(self) -> None:
        self._redrawing.soon()

    async def _draw(self) -> None:
        backend = self._visit.backend
        roots = await ask(folders.roots, backend.catalog, backend.engine)
        now = await ask(work.look, backend.catalog, backend.engine)
        model = await ask(work.model, backend.catalog, backend.engine)
        if roots is None or now is None or model is None:
            return
        self._bar.show(now, model, has_roots=bool(roots))
        await self._roots.show(roots, now)
        self._trouble.show(now)
        self._count(roots, now)

    def _count(self, roots: list[models.RootDetail], now: models.Work) -> None:
        for name, words, count in (("roots", "Folders", len(roots)), ("trouble", "Trouble", now.failed_files)):
            self._panels[name][0].set_text(f"{words} {count:,}" if count else words)

    def _tab(self, name: str) -> ui.button:
        tab = ui.button(on_click=lambda: self._select(name), color=None).props("flat no-caps dense role=tab")
        return tab.classes(f"tab watch-tab-{name}")

    def _select(self, name: str) -> None:
        self._trouble.open(is_open=name == "trouble")
        for each, (tab, panel) in self._panels.items():
            panel.set_visibility(each == name)
            tab.props(f"aria-selected={'true' if each == name else 'false'}")

    def _show_trouble(self, folder: str) -> None:
        self._trouble.narrow(folder)
        self._select("trouble")

    def _add_button(self) -> None:
        button = ui.button("Add folder", icon="create_new_folder", on_click=AddFolder(self._visit).ask)
        button.props("unelevated no-caps dense").classes("add-folder")
        if not self._visit.is_local:
            button.disable()
            button.tooltip("Folders are added on the machine itself")
