"""The light in the header: whether the daemon works, rests or has stopped, and how much is still to do."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from daemon.api import models, work
from daemon.service import events
from daemon.web.parts import saying
from daemon.web.parts.asking import ask
from daemon.web.visit import Visit

_LOOK_EVERY_S: Final = 5.0
"""Nobody tells of a daemon that hangs, or of a fault that passes."""


class Health:
    """The light, which leads to the folders.

    Args:
        visit: what the page works with.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._progress = events.ProgressMade(0, 0, 0.0, None)

    def build(self) -> None:
        """Makes it; it follows what happens."""
        button = ui.button(on_click=lambda: self._visit.opened.emit("folders"), color=None).props("flat no-caps dense")
        with button.classes("health"):
            self._light = ui.element("span").classes("light").props("aria-hidden=true")
            self._words = ui.label().classes("muted").props("role=status")
            self._tip = ui.tooltip("")
        if self._visit.backend.engine:
            self._progress = self._visit.backend.engine.state().progress
        ui.timer(_LOOK_EVERY_S, self._look)
        ui.timer(0, self._look, once=True)
        self._visit.news.subscribe(self._hear)

    async def _look(self) -> None:
        backend = self._visit.backend
        health = await ask(work.health, backend.catalog, backend.engine)
        if health is not None:
            self._show(health)

    def _show(self, health: models.Health) -> None:
        engine = self._visit.backend.engine
        states = {root.state for root in engine.state().roots} if engine else set()
        tone, words, more = _words(health, self._progress, states)
        progress = self._progress
        done = progress.done / max(progress.done + progress.waiting, 1)
        self._light.classes(replace=f"light {tone}").style(f"--done: {done:.3f}")
        self._words.set_text(words)
        self._tip.set_text(more)

    def _hear(self, event: events.Event) -> None:
        if isinstance(event, events.ProgressMade):
            self._progress = event
        if isinstance(event, events.ProgressMade | events.HoldsChanged) and self._visit.backend.engine:
            # No catalog is asked where there is an engine.
            self._show(work.health(self._visit.backend.catalog, self._visit.backend.engine))


def _words(health: models.Health, progress: events.ProgressMade, states: set[str]) -> tuple[str, str, str]:
    """How it is, with the states of the folders: the tone, the words, and what is told on pointing at it."""
    left = f"{progress.waiting:,} to do" if progress.waiting else ""
    if health.status == "stopped":
        return "stopped", "The daemon is not running", "Start it with tagger daemon"
    if health.status == "fault":
        return "fault", "Something is wrong", health.detail or ""
    if health.status == "resting":
        words, more = saying.hold_words((health.detail or "").partition(", ")[0])
        return "resting", ", ".join(filter(None, (words, left))), more
    if not progress.waiting:
        if states & {"scanning", "starting"}:
            return "working", "Looking through folders", ""
        return "working", "Up to date" if states else "No folder is watched", ""
    eta = "" if progress.eta_s is None else f", {saying.time_left(progress.eta_s)} left"
    return "working busy", f"{left}{eta}", f"{progress.per_s:g} files/s"
