"""The keys of the page, and the dialog that tells of them.

A key means something to a view where it has no other meaning: not where somebody types, not to what has dealt with it
already, and not while a dialog or a menu is open. A box with `data-key` takes the keyboard at its key, in the browser,
so that what is typed next is for it. What is pressed with the mouse does not take the keyboard, so that
after a click on Loop the arrows still go through the files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from nicegui import context, ui
from nicegui.events import GenericEventArguments

_EVENT: Final = "pagekey"

_LISTEN: Final = """
    const typing = "input:not([type=range], [type=checkbox], [type=radio]), select, textarea, [contenteditable=true]";
    const pressed = "button, a[href], summary, [role=button], [role=switch], [role=checkbox], [role=tab]";
    document.addEventListener("keydown", (event) => {
        const {key, repeat, ctrlKey, metaKey, altKey, defaultPrevented} = event, at = document.activeElement;
        if (defaultPrevented || ctrlKey || metaKey || altKey || at?.matches(typing)) return;
        // Completions belong to the box alone, and may only be about to go when somebody has left it.
        if (document.querySelector(".q-menu:not(.completions)")) return;
        if ((key === " " || key === "Enter") && at?.matches(pressed)) return;
        if (repeat && !key.startsWith("Arrow")) return;
        const box = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === key);
        if (key === " " || box) event.preventDefault();
        if (box?.offsetParent && !document.querySelector(".q-dialog")) box.select();
        else emitEvent("%s", key);
    });
    document.addEventListener("mousedown", (event) => {
        const isPressed = event.target.closest?.("button, [role=button], [role=switch]");
        if (!isPressed || event.target.closest(".q-dialog, .q-menu")) return;
        if (document.activeElement?.matches(typing)) document.activeElement.blur();
        event.preventDefault();
    });
    // Quasar's buttons take it all the same.
    document.addEventListener("focusin", ({target, relatedTarget}) => {
        if (!target.matches(".q-focus-helper")) return;
        if (relatedTarget) relatedTarget.focus({preventScroll: true});
        else target.blur();
    });
"""

KEYS: Final = {
    "Everywhere": {"?": "Show or hide these keys", "Space": "Play or stop"},
    "Library": {
        "/": "To the search box",
        "\u2191 \u2193": "Go through the files and hear each",
        "Enter": "Hear it again from its beginning",
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


def listen_to_keys(hear: Callable[[str], None]) -> None:
    """Tells of each key that is meant for the view, by its name in browsers, for as long as the page is open."""

    def handle(event: GenericEventArguments) -> None:
        hear(str(event.args))

    ui.on(_EVENT, handle)
    ui.run_javascript(_LISTEN % _EVENT)


def is_asked() -> bool:
    """Whether a dialog is open, or on its way to the browser."""
    return any(isinstance(each, ui.dialog) and each.value for each in context.client.elements.values())


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
