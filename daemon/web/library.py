"""The library: search box, facets, the table of what was found, and what is known of the file looked at."""

from __future__ import annotations

from nicegui import ui

from daemon.api import models
from daemon.web.detail import Detail
from daemon.web.facets import FacetBar
from daemon.web.results import Results
from daemon.web.visit import Visit


class Library:
    """The view `library`.

    Args:
        visit: what the page works with.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._results = Results(visit)
        self._facets = FacetBar(visit, self._search_for)

    def build(self) -> None:
        """Makes its elements, and searches for what the address says."""
        with ui.element("div").classes("library"):
            with ui.element("div").classes("searching"):
                self._box = (
                    ui.input(
                        placeholder="Search: words, instrument:cello, confidence>0.8, kind:loop, bpm:90-100, key:Am"
                    )
                    .props('outlined dense clearable debounce=150 type=search aria-label="Search"')
                    .classes("search-box")
                )
                self._box.set_value(self._visit.query)
                self._box.on_value_change(self._searched)
                with self._box.add_slot("prepend"):
                    ui.icon("search")
                self._count = ui.label().classes("muted count").props("role=status")
            with ui.element("aside").classes("facets").props('aria-label="Filters"'):
                self._facets.build()
            self._results.build()
            Detail(self._visit).build()
        self._visit.searched.subscribe(self._take)
        ui.timer(0, self._searched, once=True)

    async def key(self, key: str) -> None:
        """Does what a key means here."""
        if key == "/":
            self._box.run_method("focus")

    def _search_for(self, text: str) -> None:
        self._box.set_value(text)

    def _searched(self) -> None:
        self._visit.searched.emit(self._box.value or "")

    async def _take(self, text: str) -> None:
        if text != (self._box.value or ""):
            # Another part asked; the box says what is searched for, and asks itself.
            self._box.set_value(text)
            return
        filters = models.Filters(words=text)
        await self._results.search(filters)
        counts = await self._facets.search(filters)
        if counts is not None:
            self._count.set_text(f"{counts.files:,} file{'s' * (counts.files != 1)}")
