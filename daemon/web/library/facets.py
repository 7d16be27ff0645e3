"""The facets beside the table: how many files there are of what, each a button that narrows the search to it.

What is chosen stands in the text of the search, and nowhere else: a button changes what the box says when it is
pressed, which may be more than was counted yet. The numbers of a facet leave out what is chosen in that facet itself,
so that more of it can be chosen.

`facets.js` draws them. A button stays the same one while its numbers change: made anew with every count, one that is
just being pressed would be gone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from typing import Any, Final, TypeAlias

from nicegui.element import Element
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
_Row: TypeAlias = dict[str, Any]

_SURE: Final = (
    (0.9, 1.0, "90 % and more"),
    (0.7, 0.9, "70 to 90 %"),
    (0.5, 0.7, "50 to 70 %"),
    (0.0, 0.5, "below 50 %"),
)
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
        self._counts: models.FacetCounts | None = None
        self._counting: Newest[models.FacetCounts] = Newest()
        self._open: set[str] = set()
        self._changes: dict[str, Change] = {}

    def build(self) -> None:
        """Makes the place for them."""
        self._list = _List()
        self._list.on("press", self._pressed)
        self._list.on("turn", self._turned)

    async def search(self, search: Search) -> models.FacetCounts | None:
        """Counts what a search finds, and shows it; gives the numbers, or None where somebody searched on meanwhile."""
        backend = self._visit.backend
        count = partial(ask, finding.count, backend.catalog, backend.counting, search.filters, apart=True)
        counts = await self._counting.ask(count)
        if counts is not None and (search, counts) != (self._search, self._counts):
            self._search, self._counts = search, counts
            self._show(counts)
        return counts

    async def _pressed(self, event: GenericEventArguments) -> None:
        if change := self._changes.get(str(event.args)):
            await self._change(change)

    def _turned(self, event: GenericEventArguments) -> None:
        self._open ^= {str(event.args)}
        if self._counts is not None:
            self._show(self._counts)

    def _show(self, counts: models.FacetCounts) -> None:
        kinds = (self._several(kind.value.capitalize(), counts.kinds.get(kind, 0), {"kind": kind}) for kind in Kind)
        groups = {
            "Instrument": self._instruments(counts),
            "Kind": kinds,
            "Sure": self._sureness(counts.confidence),
            "Looked at": self._states(counts),
        }
        if len(counts.roots) > 1:
            groups["Folder"] = (self._folder(root) for root in counts.roots)
        self._list.show(
            {"title": title, "rows": [row for row in rows if row["files"] or row["isOn"]]}
            for title, rows in groups.items()
        )

    def _instruments(self, counts: models.FacetCounts) -> Iterator[_Row]:
        chosen = self._search.filters
        for family, leaves in FAMILIES.items():
            held = {label: counts.labels[label] for label in (family, *leaves) if counts.labels.get(label)}
            is_open = family in self._open or any(label in chosen.label for label in held)
            row = self._several(words_of(family), counts.families.get(family, 0), {"family": family}, colour=family)
            if set(held) - {family} and len(leaves) > 1:
                turn = f"{'Fewer' if is_open else 'More'} of {words_of(family)}"
                row |= {"family": family, "isOpen": is_open, "turn": turn}
            yield row
            if is_open:
                yield from self._leaves(family, held)

    def _leaves(self, family: str, held: Mapping[str, int]) -> Iterator[_Row]:
        for label, files in sorted(held.items(), key=lambda each: -each[1]):
            words = f"{words_of(label)}, no more known" if label == family else words_of(label)
            row = self._several(words, files, {"label": label}, colour=FAMILY_OF.get(label, family))
            yield row | {"isLeaf": True}

    def _sureness(self, bands: Sequence[models.BandCount]) -> Iterator[_Row]:
        for low, high, words in _SURE:
            files = sum(band.files for band in bands if low <= (band.min + band.max) / 2 < high)
            yield self._one(words, files, {"min_confidence": low, "max_confidence": high})

    def _states(self, counts: models.FacetCounts) -> Iterator[_Row]:
        for review, words in _REVIEWS.items():
            yield self._several(words, counts.states.get(review, 0), {"state": review})
        yield self._one("Unsure", counts.unsure, {"is_unsure": True})
        yield self._one("Missing", counts.missing, {"is_missing": True})

        def turned(search: Search) -> Search:
            return Search(models.Filters(words=search.filters.words), is_problem=not search.is_problem)

        yield self._row("Could not be read", counts.problems, "problem", turned, is_on=self._search.is_problem)

    def _folder(self, root: models.RootCount) -> _Row:
        return self._one(PurePath(root.path).name or root.path, root.files, {"under": root.path, "folder": []})

    def _several(self, words: str, files: int, choice: Mapping[str, Any], *, colour: str = "") -> _Row:
        """A value of a condition of which several may be chosen."""
        ((name, value),) = choice.items()

        def turned(filters: models.Filters) -> Mapping[str, Any]:
            chosen = getattr(filters, name)
            return {name: [each for each in chosen if each != value] if value in chosen else [*chosen, value]}

        is_on = value in getattr(self._search.filters, name)
        return self._row(words, files, str(choice), _narrowed(turned), is_on=is_on, colour=colour)

    def _one(self, words: str, files: int, choice: Mapping[str, Any]) -> _Row:
        """A condition that has only one value: it is put in the place of another, or taken away."""

        def turned(filters: models.Filters) -> Mapping[str, Any]:
            return {name: getattr(_ALL, name) for name in choice} if _has(filters, choice) else choice

        is_on = _has(self._search.filters, choice)
        return self._row(words, files, str(choice), _narrowed(turned), is_on=is_on)

    def _row(self, words: str, files: int, name: str, change: Change, *, is_on: bool, colour: str = "") -> _Row:
        self._changes[name] = change
        tint = f"family-{colour}" if colour else ""
        return {"name": name, "words": words, "files": files, "isOn": is_on, "tint": tint}


class _List(Element, component="facets.js"):
    """Groups of buttons; tells `press` with the name of one, and `turn` with the family whose leaves are asked for."""

    def show(self, groups: Iterable[Mapping[str, Any]]) -> None:
        """Shows them in place of what was there."""
        self._props["groups"] = list(groups)
        self.update()


def _narrowed(update: _Update) -> Change:
    def change(search: Search) -> Search:
        filters = search.filters.model_copy(update=dict(update(search.filters)))
        return replace(search, filters=filters, notices=())

    return change


def _has(filters: models.Filters, choice: Mapping[str, Any]) -> bool:
    return all(getattr(filters, name) == value for name, value in choice.items())
