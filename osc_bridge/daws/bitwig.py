"""Bitwig Studio, and REAPER too, by the extension DrivenByMoss; https://github.com/git-moss/DrivenByMoss.

Traps: tracks are those of the bank that is shown, so their numbers are good only until it is scrolled; a track that
does not exist still has a number. Colours are text, "rgb(12,34,56)". Its ports change by a restart only.
"""

from __future__ import annotations

import re
from typing import ClassVar, Final

from osc_bridge.daws.daw import Datagrams, Daw, number_of, text_of
from osc_bridge.messages import Message, write

_OF_TRACK: Final = re.compile(r"/track/(\d+)/(name|color|exists)")
_COLOUR: Final = re.compile(r"rgb\((\d{1,3}), ?(\d{1,3}), ?(\d{1,3})\)", re.IGNORECASE)


class Bitwig(Daw):
    """Names and colours."""

    name: ClassVar[str] = "bitwig"
    send_port: ClassVar[int] = 8000
    receive_port: ClassVar[int] = 9000
    default_names: ClassVar[re.Pattern[str]] = re.compile(
        r"(?:Audio|Inst|Instrument|Hybrid|Track)(?: Track)?(?: \d+)?|\d+ (?:Audio|MIDI)"
    )

    def greet(self, own_port: int) -> Datagrams:
        del own_port
        return [write("/refresh")]

    def take(self, message: Message) -> Datagrams:
        if found := _OF_TRACK.fullmatch(message.address):
            self._track(found[1], found[2], message)
        elif message.address == "/play":
            self.is_playing = bool(number_of(message, 0))
        return []

    def rename(self, ref: str, name: str) -> Datagrams:
        return [write(f"/track/{ref}/name", name)]

    def colour(self, ref: str, rgb: int) -> Datagrams:
        return [write(f"/track/{ref}/color", f"rgb({rgb >> 16 & 255},{rgb >> 8 & 255},{rgb & 255})")]

    def _track(self, ref: str, what: str, message: Message) -> None:
        text = text_of(message, 0)
        if what == "exists":
            if not number_of(message, 0):
                self.tracks.pop(ref, None)
        elif what == "name" and text:
            self._note(ref, text)
        elif what == "color" and text and (found := _COLOUR.fullmatch(text)):
            red, green, blue = (min(255, int(part)) for part in found.groups())
            self._note_colour(ref, red << 16 | green << 8 | blue)
