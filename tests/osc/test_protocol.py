"""docs/osc-protocol.md: each example as it is written there, and its tables against the program's own."""

from __future__ import annotations

import re
import shlex
import socket
from dataclasses import fields
from pathlib import Path
from typing import Self

import pytest

from osc_bridge import messages, packets
from osc_bridge.bridge import DEFAULT_PORT, Bridge
from osc_bridge.messages import Message
from osc_bridge.parameters import RANGES, Parameters
from osc_bridge.subscriptions import PROFILES
from tagger.catalog import Catalog, Entry
from tagger.taxonomy import LEAVES
from tests.made_up import analysis
from tests.osc.helpers import wait_for

TEXT = (Path(__file__).parents[2] / "docs" / "osc-protocol.md").read_text(encoding="utf-8")
EXAMPLES = [body.splitlines() for body in re.findall(r"^```osc\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)]
REPLY_PORT = 9101


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """A catalog with one kick."""
    with Catalog(tmp_path / "catalog.db") as made:
        made.record([Entry(tmp_path / "kick.wav", 1, 1, analysis("recording", "kick"))])
    return tmp_path


@pytest.mark.usefixtures("catalog")
def test_examples_do_what_they_say(bridge: Bridge) -> None:
    for lines in EXAMPLES:
        with Conversation(bridge) as conversation:
            for line in lines:
                conversation.act(line)


class Conversation:
    """A client that sends from one port, and listens on it and on another one."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge
        self.sender, self.listener = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for each in (self.sender, self.listener):
            each.bind(("127.0.0.1", 0))
            each.settimeout(0.01)
        self.came: list[Message] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sender.close()
        self.listener.close()

    def act(self, line: str) -> None:
        direction, address, tags, *arguments = shlex.split(line.replace("(", '"(').replace(")", ')"'))
        values = [self.value(argument) for argument in arguments]
        if direction == ">":
            self.send(address, tags, values)
        else:
            wait_for(lambda: self.has(address, tags, values), 5)

    def value(self, argument: str) -> str:
        return str(self.listener.getsockname()[1]) if argument == str(REPLY_PORT) else argument

    def send(self, address: str, tags: str, values: list[str]) -> None:
        if address == "/tag/audio":
            stream, seq, frame, rate, channels, _, blob = values
            size = int(blob.strip("(").partition(" ")[0])
            packet = packets.AudioPacket(stream, int(seq), int(frame), int(rate), int(channels), 2, bytes(size))
            self.sender.sendto(packets.write_audio(packet), self.bridge.address)
            wait_for(lambda: stream in [info.name for info in self.bridge.engine.streams()])
            return
        typed = [{"i": int, "f": float, "s": str}[tag](value) for tag, value in zip(tags[1:], values, strict=True)]
        self.sender.sendto(messages.write(address, *typed), self.bridge.address)

    def has(self, address: str, tags: str, values: list[str]) -> bool:
        for each in (self.sender, self.listener):
            try:
                self.came += messages.read(each.recv(65536))
            except TimeoutError:
                continue
        return any(matches(message, address, tags, values) for message in self.came)


def matches(message: Message, address: str, tags: str, values: list[str]) -> bool:
    if message.address != address:
        return False
    is_open = tags.endswith("…")
    given = "".join({int: "i", float: "f", str: "s"}[type(value)] for value in message.arguments)
    if not (given.startswith(tags[1:-1]) if is_open else given == tags[1:]):
        return False
    wanted = [value for value in values if value != "…"]
    return all(
        value == "*"
        or (str(argument) == value if isinstance(argument, str) else float(value) == pytest.approx(argument))
        for value, argument in zip(wanted, message.arguments, strict=False)
    )


def test_there_are_examples_of_most_messages() -> None:
    named = set(re.findall(r"`(/tag/[a-z/]+)", TEXT))
    shown = {line.split()[1] for lines in EXAMPLES for line in lines}
    assert len(EXAMPLES) >= 8
    assert len(named & shown) > len(named) / 2


def test_labels_are_those_of_the_taxonomy_in_its_order() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|$", TEXT, flags=re.MULTILINE)
    assert [(int(index), label) for index, label in rows] == [(0, "none"), *enumerate(LEAVES, 1)]


def test_parameters_are_those_there_are() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (-?[\d.]+) \| (-?[\d.]+) to (-?[\d.]+) \|", TEXT, flags=re.MULTILINE)
    said = {name: (float(value), (float(low), float(high))) for name, value, low, high in rows}
    defaults = Parameters()
    assert said == {field.name: (getattr(defaults, field.name), RANGES[field.name]) for field in fields(Parameters)}


def test_every_message_that_is_answered_is_documented() -> None:
    from osc_bridge.control import _HANDLERS

    assert not [address for address in _HANDLERS if address not in TEXT]
    assert not [profile for profile in PROFILES if f"| `{profile}` |" not in TEXT]
    assert str(DEFAULT_PORT) in TEXT
    assert f"{packets.MAX_BLOB:,} bytes" in TEXT
