"""What the bridge has to know of a DAW, and what it may do to it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from osc_bridge.messages import Message

Datagrams = list[bytes]

_BY_NUMBER: Final = "track"
"""A reference to a track of whatever DAW this is, as a person types it into the plugin."""


@dataclass(frozen=True, slots=True)
class Track:
    """A track as the DAW tells of it.

    Attributes:
        ref: how the DAW numbers it; good for as long as no track is added, moved or removed.
        name: as it is now.
        colour: 0xRRGGBB; None where the DAW does not tell.
    """

    ref: str
    name: str
    colour: int | None = None


class Daw(ABC):
    """One DAW, seen through its own OSC messages.

    Attributes:
        name: what `--daw` calls it, and what `daw_ref` begins with.
        send_port: where it listens by default.
        receive_port: where it answers to by default; 0 for the port that it was asked from.
        default_names: what it calls tracks that nobody has named yet.
        tracks: what it has, by ref.
        is_playing: whether its transport rolls.
        position_s: of its playhead, as far as it tells.
    """

    name: ClassVar[str]
    send_port: ClassVar[int]
    receive_port: ClassVar[int]
    default_names: ClassVar[re.Pattern[str]]

    def __init__(self) -> None:
        self.tracks: dict[str, Track] = {}
        self.is_playing = False
        self.position_s = 0.0

    @abstractmethod
    def greet(self, own_port: int) -> Datagrams:
        """What to send first, and again every few seconds: it may be started later than we are.

        Args:
            own_port: where we listen.
        """

    @abstractmethod
    def take(self, message: Message) -> Datagrams:
        """Takes a message of the DAW; returns what to ask next."""

    @abstractmethod
    def rename(self, ref: str, name: str) -> Datagrams:
        """What renames a track."""

    def colour(self, ref: str, rgb: int) -> Datagrams:
        """What gives a track a colour, 0xRRGGBB; nothing where that cannot be done."""
        del ref, rgb
        return []

    def comment(self, ref: str, text: str) -> Datagrams:
        """What puts a comment to a track; nothing where that cannot be done."""
        del ref, text
        return []

    def group(self, ref: str, name: str) -> Datagrams:
        """What puts a track into a group; nothing where that cannot be done."""
        del ref, name
        return []

    def mark(self, text: str, *, is_on: bool, duration_s: float) -> Datagrams:
        """What notes in the project that something began, or ended now; nothing where that cannot be done.

        Args:
            text: what it was.
            is_on: whether it began.
            duration_s: how long it had been on; 0 where it began.
        """
        del text, is_on, duration_s
        return []

    def clips(self) -> Sequence[tuple[str, Path]]:
        """Tracks with files that play on them, as far as the DAW tells; they need no stream."""
        return ()

    def has_default_name(self, track: Track) -> bool:
        """Whether nobody has named a track yet."""
        return self.default_names.fullmatch(track.name) is not None

    def ref_of(self, number: int) -> str:
        """The ref of a track by the number that people see, from 1."""
        return str(number)

    def track_of(self, daw_ref: str) -> Track | None:
        """The track that a stream says it is; None if that is none of this DAW's.

        Args:
            daw_ref: as `ardour:1`, or `track:1` for the number that people see, in whatever DAW that is.
        """
        name, _, ref = daw_ref.partition(":")
        if name == _BY_NUMBER and ref.isdecimal():
            name, ref = self.name, self.ref_of(int(ref))
        return self.tracks.get(ref) if name == self.name else None

    def _note(self, ref: str, name: str) -> None:
        """Takes note of a track's name; its colour stays as it was."""
        held = self.tracks.get(ref)
        self.tracks[ref] = Track(ref, name, held.colour if held else None)

    def _note_colour(self, ref: str, colour: int) -> None:
        if held := self.tracks.get(ref):
            self.tracks[ref] = Track(ref, held.name, colour & 0xFFFFFF)


def text_of(message: Message, place: int) -> str | None:
    """The text at a place among the arguments; None if there is none."""
    value = message.arguments[place] if place < len(message.arguments) else None
    return value if isinstance(value, str) else None


def number_of(message: Message, place: int) -> float | None:
    """The number at a place among the arguments; None if there is none."""
    value = message.arguments[place] if place < len(message.arguments) else None
    return float(value) if isinstance(value, int | float) else None
