"""Ardour, by its built-in OSC surface (Preferences, Control Surfaces); https://manual.ardour.org, "OSC".

Traps: without feedback bit 14 it answers from the address `#reply`, which is no OSC address. The numbers of strips
shift when tracks are moved. Asking for the list makes it send all it knows of every strip, so it is asked only when
something changed, and now and then; the end of the list is told with 64-bit numbers. Errors go to its log only. A name
that another track has gets a number.

It tells which plugins are on a strip, so the tagger's own are found, and told which track they are on. What a plugin
shows, such as the number of its stream, it does not tell.
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
_LIST_EVERY: Final = 5
"""Greetings."""

_TAP: Final = "Tagger Tap"
_TRACK_CONTROL: Final = "Track"


class Ardour(Daw):
    """Names, comments, groups and markers."""

    name: ClassVar[str] = "ardour"
    send_port: ClassVar[int] = 3819
    receive_port: ClassVar[int] = 0
    default_names: ClassVar[re.Pattern[str]] = re.compile(r"(?:Audio|MIDI|Track|Midi)(?: ?\d+)?")

    def __init__(self) -> None:
        super().__init__()
        self._listed: dict[str, Track] = {}
        self._is_alive = False
        self._greetings = 0
        self._has_changed = True

    def greet(self, own_port: int) -> Datagrams:
        sent: Datagrams = []
        if not self._is_alive:
            sent.append(write("/set_surface", 0, _STRIP_TYPES, _FEEDBACK, 0, 0, 0, own_port))
        if not self._is_alive or self._has_changed or self._greetings % _LIST_EVERY == 0:
            sent.append(write("/strip/list"))
        self._is_alive = self._has_changed = False
        self._greetings += 1
        return sent

    def take(self, message: Message) -> Datagrams:
        match message.address:
            case "/reply" | "#reply":
                return self._listing(message)
            case "/strip/plugin/list":
                return self._plugins(message)
            case "/strip/plugin/descriptor":
                return self._control(message)
            case "/strip/name":
                self._named(message)
            case "/heartbeat":
                self._is_alive = True
            case "/transport_play":
                self.is_playing = bool(number_of(message, 0))
        return []

    def rename(self, ref: str, name: str) -> Datagrams:
        return [write("/strip/name", int(ref), name)]

    def comment(self, ref: str, text: str) -> Datagrams:
        return [write("/strip/comment", int(ref), text)]

    def group(self, ref: str, name: str) -> Datagrams:
        return [write("/strip/group", int(ref), name)]

    def mark(self, text: str, *, is_on: bool, duration_s: float) -> Datagrams:
        del duration_s
        return [write("/add_marker", text)] if is_on else []

    def _listing(self, message: Message) -> Datagrams:
        kind, name, ref = text_of(message, 0), text_of(message, 1), number_of(message, 6)
        if kind in _TRACKS and name is not None and ref is not None:
            self._listed[f"{ref:.0f}"] = Track(f"{ref:.0f}", name)
        if kind != "end_route_list":
            return []
        self.tracks, self._listed = self._listed, {}
        return [write("/strip/plugin/list", int(each)) for each in self.tracks]

    def _named(self, message: Message) -> None:
        ref, name = number_of(message, 0), text_of(message, 1)
        held = None if ref is None else self.tracks.get(f"{ref:.0f}")
        if held is not None and name is not None and name != held.name:
            self._note(held.ref, name)
            self._has_changed = True

    def _plugins(self, message: Message) -> Datagrams:
        """Asks what the taps among a strip's plugins hold; they are told as number, name, whether it is on."""
        ref = number_of(message, 0)
        plugins = zip(message.arguments[1::3], message.arguments[2::3], strict=False)
        taps = [number for number, name in plugins if isinstance(name, str) and name.startswith(_TAP)]
        return [write("/strip/plugin/descriptor", int(ref), int(tap)) for tap in taps if ref is not None]

    def _control(self, message: Message) -> Datagrams:
        """Tells a tap the number of its strip, where it holds another one; it tells the bridge."""
        ref, plugin, control = (number_of(message, place) for place in range(3))
        value = number_of(message, len(message.arguments) - 1)
        if text_of(message, 3) != _TRACK_CONTROL or ref is None or plugin is None or control is None or value == ref:
            return []
        return [write("/strip/plugin/parameter", int(ref), int(plugin), int(control), float(ref))]
