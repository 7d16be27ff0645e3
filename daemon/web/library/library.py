"""The library: search box, facets, the table of what was found, what is known of a file, and the player."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from nicegui import Event, ui

from daemon.api import finding, models
from daemon.web.library.alike import Alike
from daemon.web.library.detail import Detail
from daemon.web.library.facets import Change, FacetBar
from daemon.web.library.newcomers import Newcomers
from daemon.web.library.results import Results
from daemon.web.library.search_box import SearchBox
from daemon.web.library.verdicts import Verdicts
from daemon.web.library.welcome import Welcome
from daemon.web.parts.asking import ask
from daemon.web.parts.hearing import Hearing
from daemon.web.visit import Visit
from daemon.web.work.completing import Facts
from daemon.web.work.searching import Search, parse, to_text

_PAUSE_S: Final = 1.0
"""Between counts, while the numbers are behind what was found."""


class Library:
    """The view `library`.

    Args:
        visit: what the page works with.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._typed: Event[[str]] = Event()
        self._facets = FacetBar(visit, self._change)
        self._results = Results(visit)
        self._box = SearchBox(visit, on_search=self._typed.emit, on_enter=self._results.focus)
        self._hearing = Hearing(visit, "library")
        self._verdicts = Verdicts(visit)
        self._alike = Alike(visit)
        self._newcomers = Newcomers(visit, self._again)
        self._labels: models.Labels | None = None

    def build(self) -> None:
        """Makes its elements, and searches for what the address says."""
        with ui.element("div").classes("library"):
            with ui.element("div").classes("search-bar"):
                self._box.build()
                self._newcomers.build()
            with ui.element("aside").classes("facets").props('aria-label="Filters"'):
                self._facets.build()
            self._results.build()
            with ui.element("div").classes("beside"):
                self._alike.build()
                Detail(self._visit, self._verdicts).build()
            self._hearing.build()
            Welcome(self._visit, "library", self._again).build()
        self._visit.shown.subscribe(self._hearing.show)
        self._typed.subscribe(self._search)
        self._visit.searched.subscribe(self._search_for)
        ui.timer(0, self._again, once=True)

    async def key(self, key: str) -> None:
        """Does what a key means here."""
        if key == "s":
            await self._alike.look()
        elif key == " ":
            self._hearing.key(key)
        elif key in ("ArrowDown", "ArrowUp"):
            # The table deals with them itself where it has the keyboard.
            self._results.focus()
        else:
            await self._verdicts.key(key)

    async def _others(self) -> Sequence[str]:
        """Labels in the catalog beyond those of the taxonomy, of models of one's own."""
        if self._labels is None:
            self._labels = await ask(finding.labels, self._visit.backend.catalog)
        return self._labels.others if self._labels else ()

    def _again(self) -> None:
        self._typed.emit(self._box.text)

    def _search_for(self, text: str) -> None:
        if text == self._box.text:
            self._again()
        else:
            # The box asks for it by itself.
            self._box.write(text)

    async def _change(self, change: Change) -> None:
        self._search_for(to_text(change(parse(self._box.text, await self._others()))))

    async def _search(self, text: str) -> None:
        if text != self._box.text:
            # Somebody has typed on, before this was begun with.
            return
        self._newcomers.forget()
        search = parse(text, await self._others())
        _remember(text)
        self._box.tell(search.notices)
        # First what was found: at a million files its numbers take longer, and seconds when they are first asked for.
        found_at = datetime.now(UTC)
        await self._results.search(search)
        while text == self._box.text:
            counts = await self._facets.search(search)
            if text == self._box.text:
                self._count(search, counts)
            if counts is None or counts.as_of >= found_at:
                return
            await asyncio.sleep(_PAUSE_S)

    def _count(self, search: Search, counts: models.FacetCounts | None) -> None:
        facts = Facts() if counts is None else Facts.of(counts, [root.path for root in counts.roots])
        files = None if counts is None else counts.problems if search.is_problem else counts.files
        self._box.count(files, facts)


def _remember(text: str) -> None:
    """Has the address say what is searched for, so that it can be kept, sent and gone back to."""
    ui.run_javascript(
        f"const u = new URL(location), q = {json.dumps(text)}; u.searchParams.delete('q');"
        "if (q) u.searchParams.set('q', q);"
        "history.replaceState(history.state, '', u)"
    )
