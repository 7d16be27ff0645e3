"""The watched folders, a row each: how it is, and what may be done with it."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from daemon.api import finding, models
from daemon.web.folders.root_row import RootRow
from daemon.web.parts import saying
from daemon.web.parts.asking import ask
from daemon.web.visit import Visit

_MANY = 8
"""From so many folders on there is a box to find one."""


class RootList:
    """The list.

    Args:
        visit: what the page works with.
        changed: called after something was changed.
        show_trouble: shows which files of a folder failed, by its path.
    """

    def __init__(self, visit: Visit, changed: Callable[[], None], show_trouble: Callable[[str], None]) -> None:
        self._visit = visit
        self._changed = changed
        self._show_trouble = show_trouble
        self._rows: dict[int, RootRow] = {}

    def build(self) -> None:
        """Makes the list, empty."""
        self._filter = ui.input(placeholder="Find a folder", on_change=self._narrow)
        self._filter.props('outlined dense clearable debounce=150 type=search aria-label="Find a folder"')
        self._filter.classes("root-filter")
        self._list = ui.element("ul").classes("roots")
        self._nothing = ui.label("No folder is called that.").classes("muted empty")
        self._filter.set_visibility(False)
        self._nothing.set_visibility(False)

    async def show(self, roots: list[models.RootDetail], now: models.Work) -> None:
        """Brings all rows up to date; one that stays keeps what is open or focused in it."""
        known = await self._known(roots)
        for gone in self._rows.keys() - {root.id for root in roots}:
            self._rows.pop(gone).delete()
        for at, root in enumerate(roots):
            if root.id not in self._rows:
                with self._list:
                    self._rows[root.id] = RootRow(self._visit, self._changed, self._show_trouble, at)
            files = root.files if root.files is not None else known.get(root.id) or None
            self._rows[root.id].show(root, now, files=files, failed=_failed_in(root, roots, now))
        self._filter.set_visibility(len(roots) > _MANY)
        self._narrow()

    async def _known(self, roots: list[models.RootDetail]) -> dict[int, int]:
        """How many files the catalog knows in each folder; only where the daemon does not say how many there are."""
        if all(root.files is not None for root in roots):
            return {}
        backend = self._visit.backend
        counts = await ask(finding.count, backend.catalog, backend.counting, models.Filters())
        return {root.id: root.files for root in counts.roots} if counts else {}

    def _narrow(self) -> None:
        words = (self._filter.value or "").casefold().split()
        shown = [row.narrow(words) for row in self._rows.values()]
        self._nothing.set_visibility(bool(shown) and not any(shown))


def _failed_in(root: models.RootDetail, roots: list[models.RootDetail], now: models.Work) -> int:
    """How many of the failed files that are listed are in a folder, and in no watched folder within it."""
    inner = tuple(saying.prefix(each.path) for each in roots if each.path.startswith(saying.prefix(root.path)))
    outer = saying.prefix(root.path)
    return sum(each.path.startswith(outer) and not each.path.startswith(inner) for each in now.failed)
