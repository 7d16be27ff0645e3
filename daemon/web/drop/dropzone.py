"""Where files are dropped: sends them one after the other to an address of ours."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui
from nicegui.events import GenericEventArguments


class DropZone(ui.element, component="dropzone.js"):
    """Takes files dropped anywhere in the view around it, or chosen. What is put into it is shown in it.

    Args:
        url: where they are sent to, each as the body of a POST; `?name=` is added.
        most_bytes: of a file; a larger one is not sent.
        on_refused: is told the name of each file that was not taken, and why.
    """

    def __init__(self, url: str, *, most_bytes: int, on_refused: Callable[[str, str], None]) -> None:
        super().__init__()
        self._props["url"] = url
        self._props["mostBytes"] = most_bytes

        def refused(event: GenericEventArguments) -> None:
            on_refused(str(event.args["name"])[:200], str(event.args["reason"])[:500])

        self.on("refused", refused)

    @property
    def choose(self) -> str:
        """What a button's click has to do in the browser to let people choose files."""
        return f"() => getElement({self.id}).choose()"
