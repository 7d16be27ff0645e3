"""Questions to people, and texts that they take elsewhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from nicegui import background_tasks, context, ui

from daemon.web.parts.asking import tell

_FADING_S: Final = 1.0


@contextmanager
def asking(title: str, *, classes: str = "") -> Iterator[ui.dialog]:
    """A dialog, to be filled; whoever makes it awaits and discards it.

    Args:
        title: what it is about.
        classes: of its card, besides its own.
    """
    with context.client.content, ui.dialog() as dialog, ui.card().classes(f"asking {classes}"):
        heading = ui.label(title).classes("asking-title").props("role=heading aria-level=2")
        dialog.props(f'aria-labelledby="{heading.html_id}"')
        yield dialog


def discard(dialog: ui.dialog) -> None:
    """Closes a dialog for good. It gives the keyboard back to what had it, so it is there until it is out of sight."""

    async def delete() -> None:
        await asyncio.sleep(_FADING_S)
        if not dialog.is_deleted:
            dialog.delete()

    dialog.close()
    background_tasks.create(delete(), name="dialog")


async def confirm(title: str, points: Sequence[str], yes: str, *, is_harsh: bool = False) -> bool:
    """Asks whether to do something.

    Args:
        title: the question.
        points: what will happen, and what will not, a sentence each.
        yes: what the button says that does it.
        is_harsh: whether that button is to look like a warning.
    """
    with asking(title) as dialog:
        with ui.element("ul"):
            for point in points:
                with ui.element("li"):
                    ui.label(point)
        with ui.row().classes("asking-buttons"):
            ui.button("Cancel", on_click=lambda: dialog.submit(False)).props("flat no-caps autofocus")
            ui.button(yes, on_click=lambda: dialog.submit(True)).props(
                f"unelevated no-caps {'color=negative' if is_harsh else ''}"
            )
    try:
        return bool(await dialog)
    finally:
        discard(dialog)


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
