"""Waveforms and mel spectrograms for a page, from one look at a file.

A process of low priority decodes, one file at a time, and remembers the latest ones, so that the spectrogram costs
nothing once there is the waveform. Whoever walks through a folder with the arrow keys leaves before it is done; then it
may finish, since to start another process would take longer, unless it hangs.
"""

from __future__ import annotations

from typing import Final

from daemon.api import models
from daemon.api.decoding import Sketching, Sound
from daemon.api.workers import OnDemand, Worker

_WARM_S: Final = 600.0
_GRACE_S: Final = 5.0
_KEPT_BYTES: Final = 16 * 1024 * 1024


class Sketches:
    """Makes and keeps pictures of sounds. Used from one event loop."""

    def __init__(self) -> None:
        self._worker = Worker(Sketching, warm_s=_WARM_S, grace_s=_GRACE_S)
        self._made = OnDemand(self._worker, kept_bytes=_KEPT_BYTES)

    async def peaks(self, sound: Sound, wish: models.PeaksWish) -> bytes:
        """A waveform, as the JSON of `models.Peaks`.

        Raises:
            DecodeError: the file cannot be decoded.
        """
        return await self._made.get(f"{sound.identity} {wish!r}", sound.path, sound, wish.points)

    async def spectrogram(self, sound: Sound, wish: models.SpectrogramWish) -> bytes:
        """A mel spectrogram, as PNG.

        Raises:
            DecodeError: the file cannot be decoded.
        """
        return await self._made.get(
            f"{sound.identity} {wish!r}", sound.path, sound, wish.width, wish.height, wish.theme
        )

    def warm_up(self) -> None:
        """Gets ready, for when somebody is about to look."""
        self._worker.warm_up()

    def close(self) -> None:
        """Stops at once."""
        self._made.close()
