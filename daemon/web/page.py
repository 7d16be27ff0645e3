"""What is seen."""

from __future__ import annotations

from fastapi import FastAPI
from nicegui import ui

from daemon.api.backend import Backend
from daemon.web.door import LOGOUT


def add_page(app: FastAPI, backend: Backend) -> None:
    """Adds the page to an application."""

    @ui.page("/")
    def browse() -> None:
        count = ui.label(f"{backend.catalog.path.name}")
        ui.button("Greet", on_click=lambda: count.set_text("Hello"))
        ui.input("Search")
        ui.table(rows=[{"name": "a"}], columns=[{"name": "name", "label": "Name", "field": "name"}])
        with ui.element("form").props(f'method="post" action="{LOGOUT}"'):
            ui.button("Log out").props("type=submit")

    ui.run_with(
        app, title="Instrument tagger", tailwind=False, binding_refresh_interval=None, show_welcome_message=False
    )
