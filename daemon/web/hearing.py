"""Hears what is looked at: the player at the bottom of a view. Only that of the view that is open sounds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from nicegui import ui

from daemon.api.access import PREFIX
from daemon.web.player import Player
from daemon.web.visit import Sound, Visit


class Hearing:
    """The player of a view.

    Args:
        visit: what the page works with.
        view: of which view it is, by name.
    """

    def __init__(self, visit: Visit, view: str) -> None:
        self._visit = visit
        self._view = view

    def build(self) -> None:
        """Makes the player."""
        with ui.element("div").classes("player"):
            self._player = Player()
        self._visit.opened.subscribe(self._opened)

    def key(self, key: str) -> None:
        """Does what a key means here."""
        if key == " ":
            self._player.toggle()

    def show(self, sound: Sound | None) -> None:
        """Shows a file, and plays it where its user has that switched on."""
        if sound is None or not sound.duration_s:
            self._player.empty()
            return
        address = f"{PREFIX}/files/{sound.id}"
        self._player.load(
            sound.id,
            url=_audio(sound.id),
            peaks_url=f"{address}/peaks",
            spectrogram_url=f"{address}/spectrogram.png",
            duration_s=sound.duration_s,
            name=PurePath(sound.path).name,
        )

    def prepare(self, file_ids: Sequence[int]) -> None:
        """Gets sounds that are likely to be next."""
        self._player.prefetch(list(map(_audio, file_ids)))

    def _opened(self, view: str) -> None:
        if view != self._view:
            self._player.stop()


def _audio(file_id: int) -> str:
    return f"{PREFIX}/files/{file_id}/audio"
