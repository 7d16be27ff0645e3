"""The facets beside the table: how many files there are of what, each a button that narrows the search to it.

What is chosen stands in the text of the search, and nowhere else: a button changes what the box says when it is
pressed, which may be more than was counted yet. The numbers of a facet leave out what is chosen in that facet itself,
so that more of it can be chosen.

The list hears what is pressed in it, and not each button: they are made anew with every count, and one that is pressed
while that is under way would be gone when it is heard.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from typing import Any, Final, TypeAlias

from nicegui import ui
from nicegui.events import GenericEventArguments

from daemon.api import finding, models
from daemon.web.parts.asking import ask
from daemon.web.parts.newest import Newest
from daemon.web.visit import Visit
from daemon.web.work.searching import Search
from tagger.catalog import Review
from tagger.results import Kind
from tagger.taxonomy import FAMILIES, FAMILY_OF, words_of

Change: TypeAlias = Callable[[Search], Search]
"""Makes another search of one."""

_Update: TypeAlias = Callable[[models.Filters], Mapping[str, Any]]

_INSTRUMENTS: Final[dict[str, Any]] = {"label": [], "family": []}
_SURE: Final = (
    (0.9, 1.0, "90 % and more"),
    (0.7, 0.9, "70 to 90 %"),
    (0.5, 0.7, "50 to 70 %"),
    (0.0, 0.5, "below 50 %"),
)
_PRESSED: Final = """(event) => {
    const button = event.target.closest("[data-does]");
    if (button) emit(button.dataset.does);
}"""
_ALL: Final = models.Filters()
_REVIEWS: Final = {
    Review.PREDICTED: "Not looked at",
    Review.CONFIRMED: "Confirmed",
    Review.CORRECTED: "Corrected",
    Review.REJECTED: "Rejected",
}


class FacetBar:
    """The numbers of a search.

    Args:
        visit: what the page works with.
        change: searches for something else than what the box says.
    """

    def __init__(self, visit: Visit, change: Callable[[Change], Awaitable[None]]) -> None:
        self._visit = visit
        self._change = change
        self._search = Search(models.Filters())
        self._open: set[str] = set()
        self._does: dict[str, Callable[[], Awaitable[None] | None]] = {}
        self._counts: models.FacetCounts | None = None
        self._counting: Newest[models.FacetCounts] = Newest()

    def build(self) -> None:
        """Makes the place for them."""
        with ui.element("div").classes("facet-list") as self._list:
            ui.label("Counting…").classes("muted")
        self._list.on("click", self._pressed, js_handler=_PRESSED)

    async def search(self, search: Search) -> models.FacetCounts | None:
        """Counts what a search finds, and shows it; gives the numbers, or None where somebody searched on meanwhile."""
        backend = self._visit.backend
        count = partial(ask, finding.count, backend.catalog, backend.counting, search.filters, apart=True)
        counts = await self._counting.ask(count)
        if counts is not None and (search, counts) != (self._search, self._counts):
            self._search, self._counts = search, counts
            self._show(counts)
        return counts

    def _pressed(self, event: GenericEventArguments) -> Awaitable[None] | None:
        do = self._does.get(str(event.args))
        return do() if do else None

    def _show(self, counts: models.FacetCounts) -> None:
        self._list.clear()
        with self._list:
            with _facet("Instrument"):
                self._instruments(counts)
            with _facet("Kind"):
                for kind in Kind:
                    self._row(kind.value.capitalize(), counts.kinds.get(kind, 0), {"kind": kind})
            with _facet("Sure"):
                self._sureness(counts.confidence)
            with _facet("Looked at"):
                for review, words in _REVIEWS.items():
                    self._row(words, counts.states.get(review, 0), {"state": review})
                self._one("Unsure", counts.unsure, {"is_unsure": True})
                self._one("Missing", counts.missing, {"is_missing": True})
                self._problems(counts.problems)
            if len(counts.roots) > 1:
                with _facet("Folder"):
                    for root in counts.roots:
                        self._folder(root)

    def _instruments(self, counts: models.FacetCounts) -> None:
        chosen = self._search.filters
        for family, leaves in FAMILIES.items():
            held = {label: counts.labels[label] for label in (family, *leaves) if counts.labels.get(label)}
            is_chosen = family in chosen.family or any(label in chosen.label for label in held)
            if not counts.families.get(family) and not is_chosen:
                continue
            is_open = family in self._open or any(label in chosen.label for label in held)
            with ui.element("div").classes("facet-family"):
                self._row(
                    words_of(family), counts.families.get(family, 0), {"family": family}, classes=f"family-{family}"
                )
                if set(held) - {family} and len(leaves) > 1:
                    self._caret(family, is_open=is_open)
            if is_open:
                self._leaves(family, held)

    def _leaves(self, family: str, held: Mapping[str, int]) -> None:
        with ui.element("div").classes("facet-leaves"):
            for label, files in sorted(held.items(), key=lambda each: -each[1]):
                words = f"{words_of(label)}, no more known" if label == family else words_of(label)
                self._row(words, files, {"label": label}, classes=f"family-{FAMILY_OF.get(label, family)}")

    def _caret(self, family: str, *, is_open: bool) -> None:
        def turn() -> None:
            self._open ^= {family}
            if self._counts is not None:
                self._show(self._counts)

        words = f"{'Fewer' if is_open else 'More'} of {words_of(family)}"
        button = ui.button(icon="expand_less" if is_open else "expand_more")
        button.props(f'flat round dense size=sm aria-label="{words}" aria-expanded={str(is_open).lower()}')
        self._hears(button, f"more of {family}", turn)

    def _sureness(self, bands: Sequence[models.BandCount]) -> None:
        for low, high, words in _SURE:
            files = sum(band.files for band in bands if low <= (band.min + band.max) / 2 < high)
            self._one(words, files, {"min_confidence": low, "max_confidence": high})

    def _problems(self, files: int) -> None:
        is_on = self._search.is_problem
        if files or is_on:

            def turned(search: Search) -> Search:
                return Search(models.Filters(words=search.filters.words), is_problem=not search.is_problem)

            self._button("Could not be read", files, "problems", is_on=is_on, change=turned)

    def _folder(self, root: models.RootCount) -> None:
        self._one(PurePath(root.path).name or root.path, root.files, {"under": root.path, "folder": []})

    def _row(self, words: str, files: int, choice: Mapping[str, Any], *, classes: str = "") -> None:
        """A value of a condition of which several may be chosen."""
        ((name, value),) = choice.items()
        is_on = value in getattr(self._search.filters, name)

        def turned(filters: models.Filters) -> Mapping[str, Any]:
            chosen = getattr(filters, name)
            return {name: [each for each in chosen if each != value] if value in chosen else [*chosen, value]}

        self._choice(words, files, choice, is_on=is_on, update=turned, classes=classes)

    def _one(self, words: str, files: int, choice: Mapping[str, Any]) -> None:
        """A condition that has only one value: it is put in the place of another, or taken away."""

        def turned(filters: models.Filters) -> Mapping[str, Any]:
            return {name: getattr(_ALL, name) for name in choice} if _has(filters, choice) else choice

        self._choice(words, files, choice, is_on=_has(self._search.filters, choice), update=turned)

    def _choice(
        self, words: str, files: int, choice: Mapping[str, Any], *, is_on: bool, update: _Update, classes: str = ""
    ) -> None:
        def narrowed(search: Search) -> Search:
            filters = search.filters.model_copy(update=dict(update(search.filters)))
            return replace(search, filters=filters, notices=())

        if files or is_on:
            self._button(words, files, str(choice), is_on=is_on, change=narrowed, classes=classes)

    def _button(self, words: str, files: int, name: str, *, is_on: bool, change: Change, classes: str = "") -> None:
        with (
            ui.element("button")
            .classes(f"facet-row {classes}")
            .props(f"type=button aria-pressed={str(is_on).lower()}") as row
        ):
            ui.label(words).classes("facet-words")
            ui.label(f"{files:,}").classes("facet-count")
        self._hears(row, name, lambda: self._change(change))

    def _hears(self, button: ui.element, name: str, do: Callable[[], Awaitable[None] | None]) -> None:
        button.props["data-does"] = name
        self._does[name] = do


def _has(filters: models.Filters, choice: Mapping[str, Any]) -> bool:
    return all(getattr(filters, name) == value for name, value in choice.items())


@contextmanager
def _facet(words: str) -> Iterator[None]:
    ui.label(words).classes("section").props("role=heading aria-level=2")
    with ui.element("div").classes("facet"):
        yield
