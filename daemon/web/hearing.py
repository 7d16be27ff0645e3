"""Hears what is looked at: the player below the table, fed with each file that is shown."""

from __future__ import annotations

from pathlib import PurePath

from nicegui import ui

from daemon.api.access import PREFIX
from daemon.web.player import Player
from daemon.web.visit import Sound, Visit


class Hearing:
    """The player of the library.

    Args:
        visit: what the page works with.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    def build(self) -> None:
        """Makes the player."""
        with ui.element("div").classes("player"):
            self._player = Player()
        self._visit.shown.subscribe(self._show)

    def key(self, key: str) -> None:
        """Does what a key means here."""
        if key == " ":
            self._player.toggle()

    def _show(self, sound: Sound | None) -> None:
        if sound is None or not sound.duration_s:
            self._player.empty()
            return
        address = f"{PREFIX}/files/{sound.id}"
        theme = "light" if self._visit.theme == "light" else "dark"
        self._player.load(
            sound.id,
            url=f"{address}/audio",
            peaks_url=f"{address}/peaks",
            spectrogram_url=f"{address}/spectrogram.png?theme={theme}",
            duration_s=sound.duration_s,
            name=PurePath(sound.path).name,
        )
