"""Waveforms and mel spectrograms for a page, from one look at a file.

A process of low priority decodes, one file at a time, and remembers the latest ones, so that the spectrogram costs
nothing once there is the waveform. Whoever walks through a folder with the arrow keys leaves before it is done; then it
may finish, since to start another process would take longer, unless it hangs.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from daemon.api import models
from daemon.api.sounds import Sound
from daemon.api.workers import OnDemand, Worker
from daemon.service.priority import go_to_background

if TYPE_CHECKING:
    from tagger.pictures.overview import Overview

_WARM_S: Final = 600.0
_GRACE_S: Final = 5.0
_KEPT_BYTES: Final = 16 * 1024 * 1024
_REMEMBERED: Final = 8


class Sketches:
    """Makes and keeps pictures of sounds. Used from one event loop."""

    def __init__(self) -> None:
        self._worker = Worker(_Sketcher, warm_s=_WARM_S, grace_s=_GRACE_S)
        self._made = OnDemand(self._worker, kept_bytes=_KEPT_BYTES)

    async def peaks(self, sound: Sound, wish: models.PeaksWish) -> bytes:
        """A waveform, as the JSON of `models.Peaks`.

        Raises:
            DecodeError: the file cannot be decoded.
        """
        return await self._made.get(f"{sound.identity} {wish!r}", sound.path, sound, wish)

    async def spectrogram(self, sound: Sound, wish: models.SpectrogramWish) -> bytes:
        """A mel spectrogram, as PNG.

        Raises:
            DecodeError: the file cannot be decoded.
        """
        return await self._made.get(f"{sound.identity} {wish!r}", sound.path, sound, wish)

    def warm_up(self) -> None:
        """Gets ready, for when somebody is about to look."""
        self._worker.warm_up()

    def close(self) -> None:
        """Stops at once."""
        self._made.close()


class _Sketcher:
    """Draws, in a process of its own."""

    def __init__(self) -> None:
        go_to_background()
        # Takes a while, and the first picture should not.
        from tagger.pictures.glance import glance

        self._glance = glance
        self._seen: OrderedDict[str, Overview] = OrderedDict()

    def answer(self, _: Path, sound: Sound, wish: models.PeaksWish | models.SpectrogramWish) -> bytes:
        """A waveform or a spectrogram."""
        overview = self._overview(sound)
        if isinstance(wish, models.PeaksWish):
            return _peaks(overview, wish.points).model_dump_json().encode()
        from tagger.pictures.glance import spectrogram_png

        return spectrogram_png(overview, width=wish.width, height=wish.height, theme=wish.theme)

    def rest(self) -> None:
        """Holds nothing open."""

    def _overview(self, sound: Sound) -> Overview:
        if sound.identity not in self._seen:
            self._seen[sound.identity] = self._glance(sound.path, duration_s=sound.duration_s)
        self._seen.move_to_end(sound.identity)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return self._seen[sound.identity]


def _peaks(overview: Overview, points: int) -> models.Peaks:
    from tagger.pictures.glance import waveform

    peak, shares = waveform(overview, points)
    low, high = (shares * 127).round().astype(int).T.tolist()
    return models.Peaks(
        duration_s=overview.duration_s,
        peak=min(peak, 1.0),
        low=low,
        high=high,
        is_sketch=overview.is_sketch,
    )
