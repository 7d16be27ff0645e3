"""What the processes do that decode for the page: frames to be played, and waveforms and spectrograms.

Apart from `sounds` and `sketches`, whose rooms they would have to load before the first sound: a process imports the
module of what it runs.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tagger.errors import DecodeError
from tagger.stamp import Stamp

if TYPE_CHECKING:
    from tagger.pictures.overview import Overview
    from tagger.playing import Playable

_OPEN_AT_A_TIME: Final = 4
_REMEMBERED: Final = 8


class Sound(NamedTuple):
    """A file that can be read now.

    Attributes:
        path: the file.
        stamp: its size and time now.
        identity: what it holds: the hash of its audio, or if it is not as it was when that was taken, its path, size
            and time.
        duration_s: of the audio by that hash; 0 where it is not known.
    """

    path: Path
    stamp: Stamp
    identity: str
    duration_s: float


class Shape(NamedTuple):
    """What a decoder says of a file.

    Attributes:
        sample_rate: in Hz.
        channels: 1 or 2, as it is played.
        frames: how many there are.
    """

    sample_rate: int
    channels: int
    frames: int


def changed(path: Path) -> DecodeError:
    """What is said of a file that is not as it was when it was asked for."""
    return DecodeError(path, "changed while it was read", "play it again")


class Decoding:
    """Decodes, in a process of its own."""

    def __init__(self) -> None:
        # Takes a while, and the first sound should not.
        import tagger.playing

        self._make = tagger.playing.Playable
        self._open: OrderedDict[Sound, Playable] = OrderedDict()

    def answer(self, _: Path, sound: Sound, first: int, count: int) -> Shape | bytes:
        """Frames from one on, as 16-bit samples; the shape of the file where none are asked for."""
        playable = self._playable(sound)
        if count:
            return playable.read(first, count).astype("<i2", copy=False).tobytes()
        return Shape(playable.sample_rate, playable.channels, playable.frames)

    def rest(self) -> None:
        """Closes all files."""
        while self._open:
            self._open.popitem()[1].close()

    def _playable(self, sound: Sound) -> Playable:
        if sound not in self._open:
            if Stamp.of(sound.path) != sound.stamp:
                raise changed(sound.path)
            if len(self._open) == _OPEN_AT_A_TIME:
                self._open.popitem(last=False)[1].close()
            self._open[sound] = self._make(sound.path, duration_s=sound.duration_s)
        self._open.move_to_end(sound)
        return self._open[sound]


class Sketching:
    """Draws, in a process of its own; remembers the latest sounds, so that the second picture of one costs nothing."""

    def __init__(self) -> None:
        from daemon.service.priority import go_to_background

        go_to_background()
        # Takes a while, and the first picture should not.
        from tagger.pictures import glance

        self._look = glance
        self._seen: OrderedDict[str, Overview] = OrderedDict()

    def answer(self, _: Path, sound: Sound, *how: Any) -> bytes:
        """A waveform as JSON, of so many points; or a spectrogram as PNG, by its width, height and theme."""
        overview = self._overview(sound)
        if len(how) == 1:
            return json.dumps(self._waveform(overview, *how), separators=(",", ":")).encode()
        width, height, theme = how
        return self._look.spectrogram_png(overview, width=width, height=height, theme=theme)

    def rest(self) -> None:
        """Holds nothing open."""

    def _waveform(self, overview: Overview, points: int) -> dict[str, Any]:
        peak, shares = self._look.waveform(overview, points)
        low, high = (shares * 127).round().astype(int).T.tolist()
        return {
            "duration_s": overview.duration_s,
            "peak": min(peak, 1.0),
            "low": low,
            "high": high,
            "is_sketch": overview.is_sketch,
        }

    def _overview(self, sound: Sound) -> Overview:
        if sound.identity not in self._seen:
            self._seen[sound.identity] = self._look.glance(sound.path, duration_s=sound.duration_s)
        self._seen.move_to_end(sound.identity)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return self._seen[sound.identity]
