"""Hears what is looked at: the player at the bottom of a view. Only that of the view that is open sounds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import PurePath

from nicegui import background_tasks, context, ui

from daemon.api.access import PREFIX
from daemon.web.parts.lanes_of_file import SHORTEST_S, stretches_of
from daemon.web.parts.player import Player
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
        self._looking: asyncio.Task[None] | None = None

    def build(self) -> None:
        """Makes the player."""
        with ui.element("div").classes("player"):
            self._player = Player()
        self._visit.opened.subscribe(self._opened)
        context.client.on_delete(self._stop_looking)

    def key(self, key: str) -> None:
        """Does what a key means here."""
        if key == " ":
            self._player.toggle()

    def show(self, sound: Sound | None) -> None:
        """Shows a file, and plays it where its user has that switched on."""
        self._stop_looking()
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
        if sound.duration_s >= SHORTEST_S:
            self._looking = background_tasks.create(self._show_stretches(sound.id), name="what plays when")

    def _stop_looking(self) -> None:
        if self._looking is not None:
            self._looking.cancel()

    async def _show_stretches(self, file_id: int) -> None:
        stretches = await stretches_of(self._visit.backend, file_id)
        if stretches:
            self._player.show(stretches)

    def prepare(self, file_ids: Sequence[int]) -> None:
        """Gets sounds that are likely to be next."""
        self._player.prefetch(list(map(_audio, file_ids)))

    def _opened(self, view: str) -> None:
        if view != self._view:
            self._player.stop()


def _audio(file_id: int) -> str:
    return f"{PREFIX}/files/{file_id}/audio"
