"""The files that failed, why, and what becomes of them; to be tried again one by one, by folder, or all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any, Final

from nicegui import ui

from daemon.api import models, work
from daemon.output import count_words
from daemon.web.parts import saying
from daemon.web.parts.asking import ask, tell
from daemon.web.parts.dialogs import copy
from daemon.web.visit import Visit

_KINDS: Final = {
    "all": "All",
    "soon": "Tried again soon",
    "quarantined": "In quarantine",
    "given up": "Given up",
    "cancelled": "Left out",
}
_COLUMNS: Final[list[dict[str, Any]]] = [
    {"field": "name", "headerName": "File", "flex": 2, "minWidth": 140, "tooltipField": "path"},
    {"field": "reason", "headerName": "What is wrong", "flex": 4, "minWidth": 200, "tooltipField": "reason"},
    {"field": "next", "headerName": "What becomes of it", "flex": 2, "minWidth": 150, "tooltipField": "next"},
    {"field": "folder", "headerName": "Folder", "flex": 2, "minWidth": 110, "tooltipField": "path"},
]
_GOOD: Final = (
    "Nothing failed",
    "Files that cannot be read or tagged are listed here, with what to do about them.",
)


class Trouble:
    """The table.

    Args:
        visit: what the page works with.
        changed: called after something was changed.
    """

    def __init__(self, visit: Visit, changed: Callable[[], None]) -> None:
        self._visit = visit
        self._changed = changed
        self._failed: Sequence[models.FailedJob] = ()
        self._count = 0
        self._shown: list[dict[str, Any]] | None = None
        self._is_open = False
        self._folder: str | None = None
        self._chosen: list[str] = []

    def build(self) -> None:
        """Makes its elements, empty."""
        with ui.element("div").classes("trouble-head") as self._head:
            self._kinds = ui.toggle(_KINDS, value="all", on_change=self._sift).props("no-caps unelevated dense")
            self._kinds.props('aria-label="Which files" role=group').classes("kinds")
            self._chip = ui.chip(icon="folder", removable=True, on_value_change=lambda: self.narrow(None))
            self._chip.props("dense outline")
            ui.space()
            self._library = self._button("Show in library", "library_music", self._show_in_library)
            self._copy = self._button("Copy path", "content_copy", self._copy_path)
            self._retry = self._button("Try all again", "refresh", self._try_again)
        self._grid = ui.aggrid(
            {
                "columnDefs": _COLUMNS,
                "defaultColDef": {"sortable": True, "resizable": True, "suppressMovable": True},
                "rowData": [],
                ":getRowId": "params => params.data.path",
                "rowSelection": {"mode": "multiRow", "checkboxes": True, "headerCheckbox": True},
                "rowHeight": 34,
                "headerHeight": 32,
                "animateRows": False,
                "tooltipShowDelay": 500,
                "overlayNoRowsTemplate": "<span>None of these.</span>",
            },
            theme="quartz",
        ).classes("results failed-files")
        self._grid.on("selectionChanged", self._selection_changed, [])
        with ui.element("div").classes("empty") as self._empty:
            ui.icon("task_alt").props("aria-hidden=true")
            ui.label(_GOOD[0]).classes("empty-title")
            ui.label(_GOOD[1]).classes("muted")
        self._more = ui.label().classes("muted more")
        self._sift()

    def open(self, *, is_open: bool) -> None:
        """Says whether it is seen; hundreds of rows go to the browser only when it is."""
        self._is_open = is_open
        self._sift()

    def show(self, now: models.Work) -> None:
        """Brings it up to date."""
        self._failed, self._count = now.failed, now.failed_files
        self._sift()

    def narrow(self, folder: str | None) -> None:
        """Shows the files of one folder only, by its path, or of all."""
        self._folder = folder
        self._sift()

    def _button(self, words: str, icon: str, act: Callable[[], Any]) -> ui.button:
        return ui.button(words, icon=icon, on_click=act).props("flat no-caps dense")

    def _sift(self) -> None:
        if not self._is_open:
            return
        kind, now = self._kinds.value, saying.now()
        inside = "" if self._folder is None else saying.prefix(self._folder)
        here = [each for each in self._failed if each.path.startswith(inside)]
        rows = [
            {
                "path": each.path,
                "name": saying.name_of(each.path),
                "folder": str(PurePath(each.path).parent),
                "reason": saying.failure(each),
                "next": saying.of_failed(each, now),
            }
            for each in here
            if kind in ("all", saying.kind_of(each))
        ]
        if rows != self._shown:
            self._shown = rows
            # Not by its options, which would make it anew, and lose what is chosen and scrolled to.
            self._grid.run_grid_method("setGridOption", "rowData", rows)
        for each in (self._head, self._grid):
            each.set_visibility(bool(self._failed))
        self._empty.set_visibility(not self._failed)
        self._chip.set_visibility(self._folder is not None)
        self._chip.set_value(True)
        self._chip.set_text(saying.name_of(self._folder or ""))
        self._more.set_visibility(self._count > len(self._failed))
        self._more.set_text(f"The first {len(self._failed):,} of {self._count:,} are listed.")
        self._name_buttons()

    async def _selection_changed(self) -> None:
        self._chosen = [row["path"] for row in await self._grid.get_selected_rows()]
        self._name_buttons()

    def _name_buttons(self) -> None:
        for each in (self._library, self._copy):
            each.set_visibility(bool(self._chosen))
        self._library.set_visibility(len(self._chosen) == 1)
        where = f" in {saying.name_of(self._folder)}" if self._folder else ""
        self._retry.set_text(f"Try {len(self._chosen):,} again" if self._chosen else f"Try all{where} again")

    async def _try_again(self) -> None:
        backend = self._visit.backend
        places: Sequence[str | None] = self._chosen or [self._folder]

        def retry() -> int:
            wanted = [models.Place(under=place) for place in places]
            return sum(work.retry(backend.catalog, backend.engine, each).files for each in wanted)

        count = await ask(retry)
        if count is not None:
            tell(f"{count_words(count, 'file')} will be tried again")
        self._grid.run_grid_method("deselectAll")
        self._changed()

    def _show_in_library(self) -> None:
        self._visit.searched.emit(f'"{PurePath(self._chosen[0]).stem}"')
        self._visit.opened.emit("library")

    def _copy_path(self) -> None:
        copy("\n".join(self._chosen), "Path" if len(self._chosen) == 1 else f"{len(self._chosen)} paths")
