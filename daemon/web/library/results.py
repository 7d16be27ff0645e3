"""The table of what a search found: pages are added as it is scrolled, so a million rows are as quick as a hundred."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import PurePath
from typing import Any, Final, NamedTuple

from nicegui import ui
from nicegui.events import GenericEventArguments

from daemon.api import finding, models
from daemon.web.parts.asking import ask
from daemon.web.parts.newest import Newest
from daemon.web.parts.rows import Row, renewed, rows_of
from daemon.web.visit import Sound, Visit
from daemon.web.work.searching import Search
from tagger.catalog import LabelState, Sort
from tagger.errors import printable
from tagger.taxonomy import words_of

PAGE: Final = 100
_AHEAD: Final = 60
"""Rows below the last one seen at which more are fetched."""

_TAGS: Final = """params => {
    const cell = document.createElement('span');
    cell.className = 'chips';
    if (params.data.reason) {
        cell.className = 'failed';
        cell.textContent = params.data.reason;
    } else if (params.value && !params.value.length) {
        cell.className = 'muted';
        cell.textContent = params.data.kind === 'silence' ? 'silence' : params.data.rejected ? 'rejected' : 'unsure';
    }
    for (const tag of params.value || []) {
        const chip = document.createElement('span');
        chip.className = `chip family-${tag.family} ${tag.state || ''}`;
        chip.textContent = tag.words;
        cell.append(chip);
    }
    return cell;
}"""
_SURE: Final = """params => {
    if (params.value == null) return '';
    const meter = document.createElement('span');
    meter.className = 'sure';
    meter.style.setProperty('--sure', params.value);
    meter.textContent = Math.round(100 * params.value) + ' %';
    return meter;
}"""
_DRAG: Final = """({rowNode, dragEvent}) => {
    const {id, name} = rowNode.data, to = dragEvent.dataTransfer;
    const address = new URL(`api/files/${id}/download`, location.origin).href;
    to.setData('DownloadURL', `application/octet-stream:${name.replaceAll(':', '-')}:${address}`);
    to.effectAllowed = 'copy';
}"""
"""What is dropped elsewhere is a copy, where the browser gives one."""

_LENGTH: Final = """({value: s}) => s == null ? '' : s < 10 ? s.toFixed(2) + ' s'
    : `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, '0')}`"""
_CHOOSE: Final = """({api, context, rowIndex, sourceEvent}) => {
    const row = api.getDisplayedRowAtIndex(rowIndex);
    context.isClicked = Boolean(sourceEvent) && context.row !== row?.id;
    context.row = row?.id;
    if (!row || sourceEvent?.shiftKey || sourceEvent?.ctrlKey || sourceEvent?.metaKey) return;
    if (sourceEvent || !context.isShifted) {
        context.from = rowIndex;
        row.setSelected(true, true);
        return;
    }
    const [first, last] = [context.from ?? rowIndex, rowIndex].sort((a, b) => a - b), nodes = [];
    for (let at = first; at <= last; at++) nodes.push(api.getDisplayedRowAtIndex(at));
    api.deselectAll();
    api.setNodesSelected({nodes, newValue: true});
}"""
"""Arrow keys move what is chosen, with Shift they add to it, as in every file browser."""

_AGAIN: Final = """({context, rowIndex}) => {
    if (!context.isClicked) emit(rowIndex);
    context.isClicked = false;
}"""
"""A click on the row that is looked at already."""

_NOT_FOR_TABLE: Final = """({event, context}) => {
    context.isShifted = event.shiftKey;
    return [' ', 'Tab', 'ArrowLeft', 'ArrowRight'].includes(event.key);
}"""
"""Space plays, Tab leaves the table, and a row is one thing."""

_TURN: Final = (
    "(event) => {{ event.currentTarget.tabIndex = {0}; const cell = event.target.closest('.ag-cell'); "
    "if (cell) cell.tabIndex = {1}; }}"
)
_IN: Final = _TURN.format(-1, 0)
_OUT: Final = _TURN.format(0, -1)
"""One place at a time takes the keyboard: else Shift and Tab would lead from the table to itself."""

_FIT: Final = """({api, clientWidth}) => {
    api.setColumnsVisible(['folder'], clientWidth >= 740);
    api.setColumnsVisible(['key', 'bpm'], clientWidth >= 600);
}"""
"""On a tablet, what the panel tells as well gives way."""

_ALL_THE_REST: Final = "({data, api}) => data?.reason ? api.getAllDisplayedColumns().length - 2 : 1"
"""Why a file failed takes the place of what it would have."""

_AS_FOUND: Final = "() => 0"
"""The order is the catalog's; the table is not to make its own of the rows it happens to have."""

_COLUMNS: Final[list[dict[str, Any]]] = [
    {
        "field": "name",
        "headerName": "Name",
        "flex": 3,
        "minWidth": 140,
        "tooltipField": "path",
        "sort_by": "name",
        "dndSource": True,
        ":dndSourceOnRowDrag": _DRAG,
    },
    {
        "field": "tags",
        "headerName": "Instrument",
        "flex": 3,
        "minWidth": 130,
        ":colSpan": _ALL_THE_REST,
        ":cellRenderer": _TAGS,
        "sortable": False,
        "cellDataType": False,
    },
    {"field": "sure", "headerName": "Sure", "width": 82, ":cellRenderer": _SURE, "sort_by": "confidence"},
    {"field": "kind", "headerName": "Kind", "width": 84, "sort_by": "kind"},
    {
        "field": "duration_s",
        "headerName": "Length",
        "width": 80,
        ":valueFormatter": _LENGTH,
        "type": "rightAligned",
        "sort_by": "duration",
    },
    {"field": "bpm", "headerName": "BPM", "width": 66, "type": "rightAligned", "sort_by": "tempo"},
    {"field": "key", "headerName": "Key", "width": 62, "sortable": False},
    {"field": "folder", "headerName": "Folder", "flex": 2, "minWidth": 120, "tooltipField": "path", "sort_by": "path"},
]

_SORT_OF: Final = {each["field"]: Sort(each["sort_by"]) for each in _COLUMNS if "sort_by" in each}
_SELECTION: Final = {"mode": "multiRow", "checkboxes": False, "headerCheckbox": False, "enableClickSelection": True}


class Results:
    """The table.

    Args:
        visit: what the page works with.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._asked = _Asked(Search(models.Filters()), {})
        self._shown = self._asked
        self._rows: list[Row] = []
        self._places: dict[int, int] = {}
        self._next: str | None = None
        self._pages: Newest[_Page] = Newest()
        self._at = 0
        self._is_fetching = asyncio.Lock()

    def build(self) -> None:
        """Makes the table, empty."""
        self._grid = ui.aggrid(
            {
                "columnDefs": [{key: value for key, value in each.items() if key != "sort_by"} for each in _COLUMNS],
                "defaultColDef": {
                    "sortable": True,
                    "resizable": True,
                    ":comparator": _AS_FOUND,
                    "suppressMovable": True,
                    ":suppressKeyboardEvent": _NOT_FOR_TABLE,
                },
                "rowData": [],
                "context": {},
                "tabIndex": -1,
                ":getRowId": "params => String(params.data.id)",
                "rowSelection": _SELECTION,
                ":onCellFocused": _CHOOSE,
                "rowHeight": 34,
                "headerHeight": 32,
                "animateRows": False,
                ":onGridSizeChanged": _FIT,
                "tooltipShowDelay": 600,
                "overlayNoRowsTemplate": "<span></span>",
            },
            theme="quartz",
        ).classes("results")
        with ui.element("div").classes("nothing") as self._nothing:
            ui.icon("search_off").classes("hint-icon")
            ui.label("Nothing was found.")
            ui.label("Take a word away, or a filter at the left.").classes("muted")
        self._nothing.set_visibility(False)
        self._grid.on("cellFocused", self._focused, ["rowIndex"])
        self._grid.on("cellClicked", self._focused_again, js_handler=_AGAIN)
        self._grid.on("keydown.enter", self._again)
        # One stop for Tab, and not a thousand.
        self._grid.props('tabindex=0 role=group aria-label="Files found"')
        self._grid.on("focus", self.focus)
        self._grid.on("focusin", js_handler=_IN)
        self._grid.on("focusout", js_handler=_OUT)
        chosen = f"getElement({self._grid.id}).api.getSelectedNodes()"
        in_order = "sort((a, b) => a.rowIndex - b.rowIndex).map((node) => node.data.id)"
        self._grid.on("selectionChanged", self._selection_changed, js_handler=f"() => emit({chosen}.{in_order})")
        self._grid.on("viewportChanged", self._scrolled, ["lastRow"], throttle=0.1)
        # The event above is not sent each time that the end comes into view.
        self._grid.on("bodyScrollEnd", self._scroll_ended, [])
        self._grid.on("sortChanged", self._sort_changed, [])
        self._visit.judged.subscribe(self._judged)
        self._visit.shown.subscribe(self._looked_elsewhere)

    async def search(self, search: Search) -> None:
        """Shows what another search finds, from its beginning."""
        self._asked = self._asked._replace(search=search)
        await self._begin()

    def focus(self) -> None:
        """Takes the keyboard, at the file that had it last, or else at the first."""
        if self._rows:
            self._grid.run_grid_method("setFocusedCell", min(self._at, len(self._rows) - 1), "name")

    async def _begin(self) -> None:
        asked = self._asked
        page = await self._pages.ask(partial(ask, self._read, asked, None))
        if page is None:
            return
        self._shown, self._rows, self._next, self._places, self._at = asked, [], page.next, {}, 0
        self._take(page)
        self._choose(())
        self._grid.run_grid_method("setGridOption", "rowData", list(map(_cells, page.rows)))
        self._nothing.set_visibility(not self._rows)
        if self._rows:
            self._grid.run_grid_method("ensureIndexVisible", 0, "top")
        else:
            self._visit.shown.emit(None)

    def _take(self, page: _Page) -> None:
        self._places |= {row.id: at for at, row in enumerate(page.rows, start=len(self._rows))}
        self._rows += page.rows
        self._next = page.next

    def _read(self, asked: _Asked, cursor: str | None) -> _Page:
        search = asked.search
        catalog, filters = self._visit.backend.catalog, search.filters
        page: models.FilePage | models.ProblemPage
        if search.is_problem:
            failed = filters.model_dump(include={"words", "under", "folder"})
            page = finding.problems(catalog, models.ProblemSearch(**failed, limit=PAGE, cursor=cursor))
        else:
            wanted = models.Search(**filters.model_dump(), **asked.order, limit=PAGE, cursor=cursor)
            page = finding.find(catalog, wanted)
        return _Page(rows_of(catalog, page.files), page.next)

    async def _scrolled(self, event: GenericEventArguments) -> None:
        await self._reach(event.args.get("lastRow"))

    async def _scroll_ended(self) -> None:
        await self._reach(await self._grid.run_grid_method("getLastDisplayedRowIndex"))

    async def _reach(self, last: int | None) -> None:
        """Fetches more rows where the last one that is seen is near the end of those that are there."""
        async with self._is_fetching:
            if last is not None and last + _AHEAD >= len(self._rows):
                await self._more()

    async def _more(self) -> None:
        if self._next is None:
            return
        rows = self._rows
        page = await ask(self._read, self._shown, self._next)
        # Somebody may have typed on.
        if page is None or rows is not self._rows:
            return
        self._take(page)
        self._grid.run_grid_method("applyTransaction", {"add": list(map(_cells, page.rows))})

    async def _sort_changed(self) -> None:
        states = await self._grid.run_grid_method("getColumnState")
        chosen = next((each for each in states or [] if each.get("sort")), None)
        by = _SORT_OF.get(chosen["colId"]) if chosen else None
        order = {} if chosen is None or by is None else {"sort": by, "descending": chosen["sort"] == "desc"}
        self._asked = self._asked._replace(order=order)
        await self._begin()

    async def _judged(self, hashes: Collection[str]) -> None:
        """Shows anew what is claimed of some files. They keep their places, though they may no longer belong there."""
        shown = self._rows
        judged = [row for row in shown if row.payload_hash in hashes]
        rows = await ask(renewed, self._visit.backend.catalog, judged) if judged else None
        if rows is None or shown is not self._rows:
            return
        for row in rows:
            shown[self._places[row.id]] = row
        self._grid.run_grid_method("applyTransaction", {"update": list(map(_cells, rows))})
        self._choose([row.id for row in self._visit.selected])

    def _focused(self, event: GenericEventArguments) -> None:
        at = event.args.get("rowIndex")
        # The cells of a row are focused one by one; they are one file.
        if at is None or at >= len(self._rows):
            return
        self._at = at
        if self._rows[at] is not self._visit.looked_at:
            self._visit.shown.emit(self._rows[at])

    def _focused_again(self, event: GenericEventArguments) -> None:
        if event.args < len(self._rows):
            self._visit.shown.emit(self._rows[event.args])

    def _again(self) -> None:
        """Hears the file that is looked at once more, from its beginning."""
        if isinstance(self._visit.looked_at, Row):
            self._visit.shown.emit(self._visit.looked_at)

    def _looked_elsewhere(self, sound: Sound | None) -> None:
        """What is chosen here is not meant any more when a file is looked at that another part showed."""
        if sound is not None and not isinstance(sound, Row) and self._visit.selected:
            self._grid.run_grid_method("deselectAll")
            self._choose(())

    def _selection_changed(self, event: GenericEventArguments) -> None:
        self._choose(event.args or ())

    def _choose(self, ids: Sequence[int]) -> None:
        places = sorted(self._places[each] for each in ids if each in self._places)
        self._visit.selected = [self._rows[at] for at in places]
        self._visit.chosen.emit(self._visit.selected)


class _Asked(NamedTuple):
    search: Search
    order: dict[str, Any]


class _Page(NamedTuple):
    rows: list[Row]
    next: str | None


def _cells(row: Row) -> dict[str, Any]:
    path = PurePath(row.path)
    cells = {"id": row.id, "name": path.name, "folder": path.parent.name, "path": row.path}
    if row.reason:
        return cells | {"reason": row.reason}
    return cells | {
        "tags": [
            {
                "words": words_of(printable(tag.label)),
                "family": printable(tag.family),
                "state": str(row.said.get(tag.label, "")),
            }
            for tag in row.tags
        ],
        "rejected": LabelState.REJECTED in row.said.values(),
        "sure": row.tags[0].confidence if row.tags else None,
        "kind": row.kind,
        "duration_s": row.duration_s,
        "bpm": None if row.tempo_bpm is None else round(row.tempo_bpm),
        "key": row.key or "",
    }
