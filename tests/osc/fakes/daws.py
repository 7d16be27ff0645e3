"""Stand-ins for Live with AbletonOSC, REAPER and DrivenByMoss, written from their sources and pattern files.

AbletonOSC (commit 0ca6821): answers to one fixed port whoever asks, handles what came once in 100 ms, missing values
are nil, errors go out as `/live/error`, file paths of MIDI clips raise. REAPER (Default.ReaperOSC): the bank has eight
tracks unless the device asks for more, sends everything on action 41743, echoes what is set. DrivenByMoss (commit
ffa80ae2): a bank of eight, tracks that do not exist are told of too, colours are text.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

TICK_S: Final = 0.1


def built(address: str, *arguments: Any) -> bytes:
    """As these programs write: nil for None."""
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    return bytes(builder.build().dgram)


class FakeDaw:
    """A program with a UDP port; subclasses say what it does with a message."""

    answers_in_ticks = False

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.colours = [0x112233] * len(names)
        self.received: list[tuple[str, list[Any]]] = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.05)
        self.answer_port = 0
        self.stopping = threading.Event()

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    @contextmanager
    def running(self, answer_port: int) -> Iterator[FakeDaw]:
        self.answer_port = answer_port
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield self
        finally:
            self.stopping.set()
            thread.join()
            self.socket.close()

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                message = OscMessage(self.socket.recv(65536))
            except TimeoutError:
                continue
            if self.answers_in_ticks:
                time.sleep(TICK_S - time.monotonic() % TICK_S)
            self.received.append((message.address, message.params))
            self.take(message.address, message.params)

    def take(self, address: str, arguments: list[Any]) -> None:
        raise NotImplementedError

    def send(self, address: str, *arguments: Any) -> None:
        self.socket.sendto(built(address, *arguments), ("127.0.0.1", self.answer_port))

    def calls(self, pattern: str) -> list[tuple[str, list[Any]]]:
        return [call for call in list(self.received) if re.fullmatch(pattern, call[0])]


class FakeLive(FakeDaw):
    """Live with AbletonOSC."""

    answers_in_ticks = True

    def __init__(self, names: list[str], clips: dict[int, list[str | Path | None]] | None = None) -> None:
        super().__init__(names)
        self.clips = clips or {}
        """For each track its session clips: a path for audio, a text for MIDI, None for an empty slot."""

    def run(self) -> None:
        # One tick takes all that has come, so that a round of many questions costs one tick too.
        while not self.stopping.is_set():
            time.sleep(TICK_S)
            self.socket.settimeout(0.0)
            while True:
                try:
                    message = OscMessage(self.socket.recv(65536))
                except OSError:
                    break
                self.received.append((message.address, message.params))
                try:
                    self.take(message.address, message.params)
                except Exception as error:
                    self.send("/live/error", f"Error handling OSC message: {error}")

    def take(self, address: str, arguments: list[Any]) -> None:
        if address == "/live/song/get/track_names":
            self.send(address, *self.names)
        elif address == "/live/song/get/is_playing":
            self.send(address, True)
        elif address.startswith("/live/track/"):
            self.track(address, arguments)
        elif address.startswith("/live/clip/"):
            self.clip(address, arguments)
        else:
            raise ValueError(f"Unknown OSC address: {address}")

    def track(self, address: str, arguments: list[Any]) -> None:
        index = int(arguments[0])
        match address.removeprefix("/live/track/"):
            case "get/name":
                self.send(address, index, self.names[index])
            case "set/name":
                self.names[index] = arguments[1]
            case "get/color":
                self.send(address, index, self.colours[index])
            case "set/color":
                self.colours[index] = arguments[1]
            case "get/clips/name":
                names = [None if clip is None else Path(clip).stem for clip in self.clips.get(index, [])]
                self.send(address, index, *names)

    def clip(self, address: str, arguments: list[Any]) -> None:
        track, slot = int(arguments[0]), int(arguments[1])
        clip = self.clips[track][slot]
        if clip is None:
            raise AttributeError("'NoneType' object has no attribute 'is_audio_clip'")
        if address == "/live/clip/get/is_audio_clip":
            self.send(address, track, slot, isinstance(clip, Path))
        elif isinstance(clip, Path):
            self.send(address, track, slot, str(clip))
        else:
            raise RuntimeError("Only audio clips have a file path")


class FakeReaper(FakeDaw):
    """REAPER with its stock patterns."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(names)
        self.bank = 8
        self.regions: dict[str, dict[str, Any]] = {}

    def take(self, address: str, arguments: list[Any]) -> None:
        if address == "/device/track/count":
            self.bank = int(arguments[0])
        elif address == "/action" and arguments == [41743]:
            self.send("/track/0/name", "MASTER")
            for number, name in enumerate(self.names[: self.bank], 1):
                self.send(f"/track/{number}/name", name)
            self.send("/time", 12.5)
            self.send("/play", 1.0)
        elif found := re.fullmatch(r"/track/(\d+)/name", address):
            self.names[int(found[1]) - 1] = arguments[0]
            self.send(address, arguments[0])
        elif found := re.fullmatch(r"/region_id/(\d+)/(name|time|length)", address):
            self.regions.setdefault(found[1], {})[found[2]] = arguments[0]


class FakeMoss(FakeDaw):
    """Bitwig with DrivenByMoss."""

    def take(self, address: str, arguments: list[Any]) -> None:
        if address == "/refresh":
            for number in range(1, 9):
                self.tell(number)
            self.send("/play", 0)
        elif found := re.fullmatch(r"/track/(\d+)/(name|color)", address):
            if found[2] == "name":
                self.names[int(found[1]) - 1] = arguments[0]
            else:
                red, green, blue = map(int, re.findall(r"\d+", arguments[0]))
                self.colours[int(found[1]) - 1] = red << 16 | green << 8 | blue
            self.tell(int(found[1]))

    def tell(self, number: int) -> None:
        is_there = number <= len(self.names)
        colour = self.colours[number - 1] if is_there else 0
        self.send(f"/track/{number}/exists", int(is_there))
        self.send(f"/track/{number}/name", self.names[number - 1] if is_there else "")
        self.send(f"/track/{number}/color", f"rgb({colour >> 16},{colour >> 8 & 255},{colour & 255})")
