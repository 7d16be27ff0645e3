"""Questions to people, and texts that they take elsewhere."""

from __future__ import annotations

import json
from collections.abc import Sequence

from nicegui import context, ui

from daemon.web.asking import tell


async def confirm(title: str, points: Sequence[str], yes: str, *, is_harsh: bool = False) -> bool:
    """Asks whether to do something.

    Args:
        title: the question.
        points: what will happen, and what will not, a sentence each.
        yes: what the button says that does it.
        is_harsh: whether that button is to look like a warning.
    """
    with context.client.content, ui.dialog() as dialog, ui.card().classes("asking"):
        heading = ui.label(title).classes("asking-title").props("role=heading aria-level=2")
        dialog.props(f'aria-labelledby="{heading.html_id}"')
        with ui.element("ul"):
            for point in points:
                with ui.element("li"):
                    ui.label(point)
        with ui.row().classes("asking-buttons"):
            ui.button("Cancel", on_click=lambda: dialog.submit(False)).props("flat no-caps autofocus")
            ui.button(yes, on_click=lambda: dialog.submit(True)).props(
                f"unelevated no-caps {'color=negative' if is_harsh else 'text-color=on-accent'}"
            )
    try:
        return bool(await dialog)
    finally:
        dialog.delete()


def copy(text: str, what: str) -> None:
    """Puts a text on the clipboard, over plain HTTP from another machine too."""
    ui.run_javascript(f"""
        const text = {json.dumps(text)};
        if (window.isSecureContext && navigator.clipboard) navigator.clipboard.writeText(text);
        else {{
            const box = Object.assign(document.createElement('textarea'), {{value: text}});
            document.body.append(box); box.select(); document.execCommand('copy'); box.remove();
        }}
    """)
    tell(f"{what} copied")
