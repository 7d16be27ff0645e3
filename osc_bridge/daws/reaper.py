"""REAPER, by its stock OSC patterns (Preferences, Control/OSC/web, "Default.ReaperOSC").

Traps: both ports are the user's choice. Tracks are numbered within a bank of eight, unless the device asks for more.
Track 0 is the master. Regions can be written but not read; one that is missing is made.
"""

from __future__ import annotations

import re
from itertools import count
from typing import ClassVar, Final

from osc_bridge.daws.daw import Datagrams, Daw, number_of, text_of
from osc_bridge.messages import Message, write

_TRACKS: Final = 128
_REFRESH: Final = 41743
"""The action "Control surface: refresh all surfaces"."""

_FIRST_REGION: Final = 9000
"""Regions of a user's own have low numbers."""

_NAME: Final = re.compile(r"/track/(\d+)/name")


class Reaper(Daw):
    """Names, and regions."""

    name: ClassVar[str] = "reaper"
    send_port: ClassVar[int] = 8000
    receive_port: ClassVar[int] = 9000
    default_names: ClassVar[re.Pattern[str]] = re.compile(r"(?:Track \d+)?")

    def __init__(self) -> None:
        super().__init__()
        self._regions = count(_FIRST_REGION)
        self._has_asked = False

    def greet(self, own_port: int) -> Datagrams:
        del own_port
        # A refresh makes REAPER send all it has; once is enough, since it sends what changes by itself.
        if self.tracks and self._has_asked:
            return []
        self._has_asked = True
        return [write("/device/track/count", _TRACKS), write("/action", _REFRESH)]

    def take(self, message: Message) -> Datagrams:
        if found := _NAME.fullmatch(message.address):
            name = text_of(message, 0)
            if name is not None and found[1] != "0":
                self._note(found[1], name)
        elif message.address == "/play":
            self.is_playing = bool(number_of(message, 0))
        elif message.address == "/time":
            self.position_s = number_of(message, 0) or 0.0
        return []

    def rename(self, ref: str, name: str) -> Datagrams:
        return [write(f"/track/{ref}/name", name)]

    def mark(self, text: str, *, is_on: bool, duration_s: float) -> Datagrams:
        if is_on:
            return []
        region = f"/region_id/{next(self._regions)}"
        start_s = max(0.0, self.position_s - duration_s)
        return [
            write(f"{region}/time", start_s),
            write(f"{region}/length", self.position_s - start_s),
            write(f"{region}/name", text),
        ]
