"""Commands and settings to be typed elsewhere, with a button that copies them."""

from __future__ import annotations

from nicegui import ui

from daemon.web.parts.dialogs import copy


def command(text: str) -> None:
    """Text to be typed.

    Args:
        text: one line or several.
    """
    with ui.element("div").classes("command"):
        ui.label(text).classes("command-text")
        button = ui.button(icon="content_copy", on_click=lambda: copy(text, "Command"))
        button.props('flat round dense size=sm aria-label="Copy"')
