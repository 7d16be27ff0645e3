"""The facets beside the table: how many files there are of what, each a button that narrows the search to it."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from daemon.api import finding, models
from daemon.web.asking import ask
from daemon.web.visit import Visit
from tagger.taxonomy import FAMILIES, words_of


class FacetBar:
    """The numbers of the search.

    Args:
        visit: what the page works with.
        search_for: takes the text of another search.
    """

    def __init__(self, visit: Visit, search_for: Callable[[str], None]) -> None:
        self._visit = visit
        self._search_for = search_for

    def build(self) -> None:
        """Makes the place for them."""
        self._list = ui.element("div").classes("facet-list")

    async def search(self, filters: models.Filters) -> models.FacetCounts | None:
        """Counts what a search finds, and shows it."""
        counts = await ask(finding.count, self._visit.backend.catalog, self._visit.backend.counting, filters)
        if counts is None:
            return None
        self._list.clear()
        with self._list:
            for family in FAMILIES:
                if counts.families.get(family):
                    ui.label(f"{words_of(family)} {counts.families[family]:,}")
        return counts
