"""Draws a part of the page anew soon after something changed: once for all that changed together, and only if seen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from nicegui import background_tasks, context, ui

from daemon.web.visit import Visit


class Redrawing:
    """Draws a part of a view, in the place where this is made.

    Args:
        visit: says which view is open.
        view: in which view the part is.
        draw: draws the part.
        least_s: between two drawings.
    """

    def __init__(self, visit: Visit, view: str, draw: Callable[[], Awaitable[None]], *, least_s: float = 0.4) -> None:
        self._visit = visit
        self._view = view
        self._draw = draw
        self._least_s = least_s
        self._is_due = False
        self._task: asyncio.Task[None] | None = None
        self._place = ui.element("div").style("display: none")
        visit.opened.subscribe(self._opened)
        context.client.on_delete(self._stop)

    def soon(self) -> None:
        """Has it drawn in a moment, or as soon as its view is open."""
        self._is_due = True
        if self._task is None and self._visit.view == self._view:
            self._task = background_tasks.create(self._run(), name=f"drawing {self._view}")

    def _opened(self, view: str) -> None:
        if view == self._view and self._is_due:
            self.soon()

    async def _run(self) -> None:
        try:
            with self._place:
                while self._is_due and self._visit.view == self._view:
                    self._is_due = False
                    await self._draw()
                    await asyncio.sleep(self._least_s)
        finally:
            self._task = None

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
