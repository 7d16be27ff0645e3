"""Commands and settings to be typed elsewhere, with a button that copies them."""

from __future__ import annotations

import json

from nicegui import ui


def command(text: str) -> None:
    """Text to be typed.

    Args:
        text: one line or several.
    """
    with ui.element("div").classes("command"):
        ui.label(text).classes("command-text")
        button = ui.button(icon="content_copy").props('flat round dense size=sm aria-label="Copy"')
        button.on("click", js_handler=f"() => navigator.clipboard.writeText({json.dumps(text)})")
