"""Ardour, by its built-in OSC surface (Preferences, Control Surfaces); https://manual.ardour.org, "OSC".

Traps: without feedback bit 14 it answers from the address `#reply`, which is no OSC address. The numbers of strips
shift when tracks are moved, so the list is asked for again and again; its end is told with 64-bit numbers. Errors go to
its log only.
"""

from __future__ import annotations

import re
from typing import ClassVar, Final

from osc_bridge.daws.daw import Datagrams, Daw, Track, number_of, text_of
from osc_bridge.messages import Message, write

# Audio and MIDI tracks and their buses.
_STRIP_TYPES: Final = 1 + 2 + 4 + 8
# Buttons (names are among them), heartbeat, master section (transport), answers as `/reply`.
_FEEDBACK: Final = 1 + 8 + 16 + 16384
_TRACKS: Final = frozenset({"AT", "MT"})


class Ardour(Daw):
    """Names, comments, groups and markers."""

    name: ClassVar[str] = "ardour"
    send_port: ClassVar[int] = 3819
    receive_port: ClassVar[int] = 0
    default_names: ClassVar[re.Pattern[str]] = re.compile(r"(?:Audio|MIDI|Track|Midi)(?: ?\d+)?")

    def __init__(self) -> None:
        super().__init__()
        self._listed: dict[str, Track] = {}

    def greet(self, own_port: int) -> Datagrams:
        return [
            write("/set_surface", 0, _STRIP_TYPES, _FEEDBACK, 0, 0, 0, own_port),
            write("/strip/list"),
        ]

    def take(self, message: Message) -> Datagrams:
        match message.address:
            case "/reply" | "#reply":
                self._listing(message)
            case "/strip/name":
                ref, name = number_of(message, 0), text_of(message, 1)
                if ref is not None and name is not None and f"{ref:.0f}" in self.tracks:
                    self._note(f"{ref:.0f}", name)
            case "/transport_play":
                self.is_playing = bool(number_of(message, 0))
        return []

    def rename(self, ref: str, name: str) -> Datagrams:
        return [write("/strip/name", int(ref), name)]

    def comment(self, ref: str, text: str) -> Datagrams:
        return [write("/strip/comment", int(ref), text)]

    def group(self, ref: str, name: str) -> Datagrams:
        return [write("/strip/group", int(ref), name)]

    def mark(self, text: str, *, duration_s: float) -> Datagrams:
        del duration_s
        return [write("/add_marker", text)]

    def _listing(self, message: Message) -> None:
        kind, name, ref = text_of(message, 0), text_of(message, 1), number_of(message, 6)
        if kind == "end_route_list":
            self.tracks, self._listed = self._listed, {}
        elif kind in _TRACKS and name is not None and ref is not None:
            self._listed[f"{ref:.0f}"] = Track(f"{ref:.0f}", name)
