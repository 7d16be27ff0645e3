"""Questions to people, and texts that they take elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from nicegui import context, ui

from daemon.web.asking import tell


@contextmanager
def asking(title: str, *, classes: str = "") -> Iterator[ui.dialog]:
    """A dialog, to be filled; whoever makes it awaits and deletes it.

    Args:
        title: what it is about.
        classes: of its card, besides its own.
    """
    with context.client.content, ui.dialog() as dialog, ui.card().classes(f"asking {classes}") as card:
        # Keys mean something to the page as well; that one closes the dialog.
        card.on("keydown", js_handler="(event) => event.key === 'Escape' || event.stopPropagation()")
        heading = ui.label(title).classes("asking-title").props("role=heading aria-level=2")
        dialog.props(f'aria-labelledby="{heading.html_id}"')
        yield dialog


def discard(dialog: ui.dialog) -> None:
    """Removes a dialog, unless it went with its page."""
    if not dialog.is_deleted:
        dialog.delete()


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
                f"unelevated no-caps {'color=negative' if is_harsh else 'text-color=on-accent'}"
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
