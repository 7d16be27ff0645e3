"""The light in the header: whether the daemon works, rests or has stopped, and how much is still to do."""

from __future__ import annotations

from nicegui import ui

from daemon.api import work
from daemon.service import events
from daemon.web.asking import ask
from daemon.web.visit import Visit


def build(visit: Visit) -> None:
    """Makes the light, which follows what happens."""
    with ui.row().classes("health").props("role=status"):
        light = ui.element("span").classes("light")
        words = ui.label().classes("muted")

    async def look() -> None:
        health = await ask(work.health, visit.backend.engine)
        if health is None:
            return
        light.classes(replace=f"light {health.status}")
        words.set_text(
            {"working": "", "resting": f"Resting: {health.detail}", "stopped": "The daemon is not running"}.get(
                health.status, health.detail or ""
            )
        )

    def hear(event: events.Event) -> None:
        if isinstance(event, events.ProgressMade):
            eta = "" if event.eta_s is None else f", {_duration(event.eta_s)} left"
            words.set_text(f"{event.waiting:,} to do{eta}" if event.waiting else "")
        elif isinstance(event, events.HoldsChanged):
            rest.activate()

    rest = ui.timer(0, look, once=True)
    ui.timer(30, look)
    visit.news.subscribe(hear)


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return (
        f"{minutes // 60} h {minutes % 60} min"
        if minutes >= 60
        else f"{minutes} min"
        if minutes
        else "less than a minute"
    )
