"""Ableton Live, by the remote script AbletonOSC; https://github.com/ideoforms/AbletonOSC.

Traps: it answers to port 11001 whoever asks, so only one program on a machine can hear it. Changes are told to whoever
spoke last, so nothing here relies on listeners: all is asked again every few seconds. It looks at its messages once in
100 ms. A wildcard for the track gets the first track only. Missing values come as nil. Asking a MIDI clip for its file
fails.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from osc_bridge.daws.daw import Datagrams, Daw, number_of, text_of
from osc_bridge.messages import Message, write

_MOST_CLIPS: Final = 4
_MOST_TRACKS: Final = 256


class Ableton(Daw):
    """Names, colours, and the files of session clips."""

    name: ClassVar[str] = "ableton"
    send_port: ClassVar[int] = 11000
    receive_port: ClassVar[int] = 11001
    default_names: ClassVar[re.Pattern[str]] = re.compile(r"(?:\d+|#)[- ](?:Audio|MIDI)|(?:Audio|MIDI)(?: \d+)?")

    def __init__(self) -> None:
        super().__init__()
        self._files: dict[tuple[str, int], Path] = {}

    def greet(self, own_port: int) -> Datagrams:
        del own_port
        return [write("/live/song/get/track_names"), write("/live/song/get/is_playing")]

    def take(self, message: Message) -> Datagrams:
        match message.address:
            case "/live/song/get/track_names":
                return self._names(message)
            case "/live/track/get/clips/name":
                return self._clips(message)
            case "/live/clip/get/is_audio_clip":
                return self._clip(message)
            case "/live/song/get/is_playing":
                self.is_playing = bool(number_of(message, 0))
            case "/live/track/get/name" | "/live/track/get/color" | "/live/clip/get/file_path":
                self._value(message)
        return []

    def rename(self, ref: str, name: str) -> Datagrams:
        return [write("/live/track/set/name", int(ref), name), write("/live/track/get/name", int(ref))]

    def colour(self, ref: str, rgb: int) -> Datagrams:
        return [write("/live/track/set/color", int(ref), rgb), write("/live/track/get/color", int(ref))]

    def ref_of(self, number: int) -> str:
        return str(number - 1)

    def clips(self) -> Sequence[tuple[str, Path]]:
        return [(ref, path) for (ref, _), path in sorted(self._files.items())]

    def _value(self, message: Message) -> None:
        """One value of a track or clip, which is numbered first."""
        number = number_of(message, 0)
        if number is None:
            return
        ref, name, colour = f"{number:.0f}", text_of(message, 1), number_of(message, 1)
        if message.address == "/live/track/get/name" and name is not None and ref in self.tracks:
            self._note(ref, name)
        elif message.address == "/live/track/get/color" and colour is not None:
            self._note_colour(ref, int(colour))
        elif colour is not None and (path := text_of(message, 2)):
            self._files[ref, int(colour)] = Path(path)

    def _names(self, message: Message) -> Datagrams:
        names = [name if isinstance(name, str) else "" for name in message.arguments[:_MOST_TRACKS]]
        for ref in self.tracks.keys() - {str(index) for index in range(len(names))}:
            del self.tracks[ref]
        # After a track was added, moved or removed, the clips are those of others.
        if names != [self.tracks[str(index)].name for index in range(len(self.tracks))]:
            self._files.clear()
        asked = []
        for index, name in enumerate(names):
            self._note(str(index), name)
            asked += [write("/live/track/get/color", index), write("/live/track/get/clips/name", index)]
        return asked

    def _clips(self, message: Message) -> Datagrams:
        ref = number_of(message, 0)
        if ref is None:
            return []
        known = {clip for track, clip in self._files if track == f"{ref:.0f}"}
        clips = [clip for clip, name in enumerate(message.arguments[1:]) if isinstance(name, str)]
        return [
            write("/live/clip/get/is_audio_clip", int(ref), clip) for clip in clips[:_MOST_CLIPS] if clip not in known
        ]

    def _clip(self, message: Message) -> Datagrams:
        ref, clip, is_audio = (number_of(message, place) for place in range(3))
        if ref is None or clip is None or not is_audio:
            return []
        return [write("/live/clip/get/file_path", int(ref), int(clip))]
