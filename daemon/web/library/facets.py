"""The facets beside the table: how many files there are of what, each a button that narrows the search to it.

What is chosen stands in the text of the search, and nowhere else. The numbers of a facet leave out what is chosen in
that facet itself, so that more of it can be chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from typing import Any, Final

from nicegui import ui

from daemon.api import finding, models
from daemon.web.parts.asking import ask
from daemon.web.parts.newest import Newest
from daemon.web.visit import Visit
from daemon.web.work.searching import Search, to_text
from tagger.catalog import Review
from tagger.results import Kind
from tagger.taxonomy import FAMILIES, FAMILY_OF, words_of

_INSTRUMENTS: Final[dict[str, Any]] = {"label": [], "family": []}
_SURE: Final = (
    (0.9, 1.0, "90 % and more"),
    (0.7, 0.9, "70 to 90 %"),
    (0.5, 0.7, "50 to 70 %"),
    (0.0, 0.5, "below 50 %"),
)
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
        search_for: takes the text of another search.
    """

    def __init__(self, visit: Visit, search_for: Callable[[str], None]) -> None:
        self._visit = visit
        self._search_for = search_for
        self._search = Search(models.Filters())
        self._open: set[str] = set()
        self._counting: Newest[models.FacetCounts] = Newest()

    def build(self) -> None:
        """Makes the place for them."""
        with ui.element("div").classes("facet-list") as self._list:
            ui.label("Counting…").classes("muted")

    async def search(self, search: Search) -> models.FacetCounts | None:
        """Counts what a search finds, and shows it; gives the numbers, or None where somebody searched on meanwhile."""
        self._search, backend = search, self._visit.backend
        count = partial(ask, finding.count, backend.catalog, backend.counting, search.filters, apart=True)
        counts = await self._counting.ask(count)
        if counts is not None:
            self._show(counts)
        return counts

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
                self._switch("Unsure", counts.unsure, "is_unsure")
                self._switch("Missing", counts.missing, "is_missing")
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
                    self._caret(family, counts, is_open=is_open)
            if is_open:
                self._leaves(family, held)

    def _leaves(self, family: str, held: Mapping[str, int]) -> None:
        with ui.element("div").classes("facet-leaves"):
            for label, files in sorted(held.items(), key=lambda each: -each[1]):
                words = f"{words_of(label)}, no more known" if label == family else words_of(label)
                self._row(words, files, {"label": label}, classes=f"family-{FAMILY_OF.get(label, family)}")

    def _caret(self, family: str, counts: models.FacetCounts, *, is_open: bool) -> None:
        def turn() -> None:
            self._open ^= {family}
            self._show(counts)

        words = f"{'Fewer' if is_open else 'More'} of {words_of(family)}"
        button = ui.button(icon="expand_less" if is_open else "expand_more", on_click=turn)
        button.props(f'flat round dense size=sm aria-label="{words}" aria-expanded={str(is_open).lower()}')

    def _sureness(self, bands: Sequence[models.BandCount]) -> None:
        for low, high, words in _SURE:
            files = sum(band.files for band in bands if low <= (band.min + band.max) / 2 < high)
            wanted = {"min_confidence": low, "max_confidence": high}
            chosen = self._search.filters.model_dump(include=set(wanted)) == wanted
            off = {"min_confidence": 0.0, "max_confidence": 1.0}
            self._button(words, files, is_on=chosen, update=off if chosen else wanted)

    def _switch(self, words: str, files: int, name: str) -> None:
        is_on = bool(getattr(self._search.filters, name))
        self._button(words, files, is_on=is_on, update={name: not is_on})

    def _problems(self, files: int) -> None:
        is_on = self._search.is_problem
        if files or is_on:
            search = Search(models.Filters(words=self._search.filters.words), is_problem=not is_on)
            _button("Could not be read", files, is_on=is_on, do=lambda: self._search_for(to_text(search)))

    def _folder(self, root: models.RootCount) -> None:
        filters = self._search.filters
        is_on = filters.under == root.path
        update: dict[str, Any] = {"under": None if is_on else root.path, "folder": []}
        self._button(PurePath(root.path).name or root.path, root.files, is_on=is_on, update=update)

    def _row(self, words: str, files: int, choice: Mapping[str, Any], *, classes: str = "") -> None:
        """A value of a condition of which several may be chosen."""
        ((name, value),) = choice.items()
        chosen = list(getattr(self._search.filters, name))
        is_on = value in chosen
        if files or is_on:
            after = [each for each in chosen if each != value] if is_on else [*chosen, value]
            self._button(words, files, is_on=is_on, update={name: after}, classes=classes)

    def _button(self, words: str, files: int, *, is_on: bool, update: Mapping[str, Any], classes: str = "") -> None:
        def narrow() -> None:
            filters = self._search.filters.model_copy(update=dict(update))
            self._search_for(to_text(replace(self._search, filters=filters, notices=())))

        if files or is_on:
            _button(words, files, is_on=is_on, do=narrow, classes=classes)


def _button(words: str, files: int, *, is_on: bool, do: Callable[[], None], classes: str = "") -> None:
    with (
        ui.element("button")
        .classes(f"facet-row {classes}")
        .props(f"type=button aria-pressed={str(is_on).lower()}") as row
    ):
        ui.label(words).classes("facet-words")
        ui.label(f"{files:,}").classes("facet-count")
    row.on("click", do)


@contextmanager
def _facet(words: str) -> Iterator[None]:
    ui.label(words).classes("section").props("role=heading aria-level=2")
    with ui.element("div").classes("facet"):
        yield
