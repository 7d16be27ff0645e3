"""The keys of the page, and the dialog that tells of them."""

from __future__ import annotations

from typing import Final

from nicegui import ui

KEYS: Final = {
    "Everywhere": {"?": "Show or hide these keys", "Space": "Play or stop"},
    "Library": {
        "/": "To the search box",
        "\u2191 \u2193": "Go through the files and hear each",
        "Shift, Ctrl": "Choose several files",
        "Ctrl A": "Choose all that are listed",
        "S": "What sounds like it",
    },
    "Judge": {
        "C": "Confirm what is claimed",
        "X": "Reject what is claimed",
        "E": "Say what it really is",
        "U": "Undo the last judgement",
        "Shift U": "Do it again",
    },
    "Review": {
        "1 \u2013 5": "Choose an answer",
        "C": "Keep the answers chosen",
        "X": "None of what is claimed",
        "E": "Something else",
        "S": "Skip",
        "U": "Go back, and undo",
    },
    "In the waveform": {"\u2190 \u2192": "Back and forward", "L": "Loop on or off"},
    "Folders": {"A": "Add a folder"},
    "Dropped files": {"\u2191 \u2193": "From file to file", "Space": "Play or pause", "Delete": "Remove the file"},
}


class KeyHelp:
    """The dialog; made once for a page."""

    def __init__(self) -> None:
        with ui.dialog() as self._dialog, ui.card().classes("key-help"):
            ui.label("Keys").classes("detail-name").props("role=heading aria-level=2")
            with ui.element("div").classes("key-groups"):
                for group, keys in KEYS.items():
                    self._group(group, keys)

    def turn(self) -> None:
        """Shows or hides the keys."""
        self._dialog.value = not self._dialog.value

    def _group(self, group: str, keys: dict[str, str]) -> None:
        with ui.element("div"):
            ui.label(group).classes("section").props("role=heading aria-level=3")
            with ui.element("dl").classes("facts"):
                for key, words in keys.items():
                    with ui.element("dt"):
                        ui.html(f"<kbd>{key}</kbd>", sanitize=False)
                    with ui.element("dd"):
                        ui.label(words)
