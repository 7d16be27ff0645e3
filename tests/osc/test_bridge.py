"""The bridge over real UDP: what it hears, whom it tells, and what it does not let happen to it."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from osc_bridge import messages
from osc_bridge.bridge import Bridge, BridgeSettings
from osc_bridge.client import Client
from osc_bridge.engine import MOST_STREAMS
from osc_bridge.errors import BridgeError
from osc_bridge.guard import Guard, is_this_machine
from osc_bridge.messages import Message
from osc_bridge.packets import AudioPacket, Samples, write_audio
from osc_bridge.sources.sender import Sender
from tagger.taxonomy import LEAVES
from tests.osc.helpers import RATE, first, kick, noise, packets, running, silence, wait_for
from tests.osc.hostile import bundle, fuzzed


def play(sender: Sender, samples: Samples, *, faster: float = 1.0) -> None:
    started_s = time.monotonic()
    for start in range(0, len(samples), 480):
        sender.push(samples[start : start + 480])
        time.sleep(max(0.0, started_s + start / RATE / faster - time.monotonic()))


def received(listener: socket.socket, timeout_s: float) -> Iterator[Message]:
    """All that comes until nothing comes any more."""
    listener.settimeout(timeout_s)
    try:
        while True:
            yield from messages.read(listener.recv(2048))
    except TimeoutError:
        return


def beat(seconds: float) -> Samples:
    """A kick every half second."""
    return np.concatenate([kick(0.5) for _ in range(round(seconds * 2))])


@pytest.fixture
def sender(bridge: Bridge) -> Iterator[Sender]:
    with Sender(bridge.address, stream="drums", sample_rate=RATE, title="Drums") as made:
        yield made


def test_a_kick_goes_on_and_off_with_one_event(bridge: Bridge, client: Client, sender: Sender) -> None:
    client.follow("event", minimum=0.2)
    first(client, "/tag/subscribed")
    play(sender, np.concatenate([silence(0.3), beat(1.5), silence(1.5)]), faster=2)
    heard = [message for message in client.receive(1.0) if message.address in ("/tag/on", "/tag/off")]
    on = next(message for message in heard if message.address == "/tag/on" and message.arguments[2] == "kick")
    off = next(message for message in heard if message.arguments[0] == on.arguments[0] and message is not on)
    assert on.arguments[1] == "drums"
    assert 0.3 < on.arguments[4] < 1.0
    assert off.address == "/tag/off"
    assert off.arguments[2] == "kick"
    assert off.arguments[3] >= on.arguments[3]
    assert 0.8 < off.arguments[5] < 3.5
    assert bridge.is_playing


def test_who_comes_late_is_told_what_is_on(bridge: Bridge, client: Client, sender: Sender) -> None:
    play(sender, beat(1.5))
    client.send("/tag/subscribe")
    assert first(client, "/tag/on").arguments[1:3] == ("drums", "kick")
    client.send("/tag/subscribe")
    first(client, "/tag/subscribed")
    assert not [message for message in client.receive(0.1) if message.address == "/tag/on"]
    assert bridge.engine.sounding()


def test_plugins_are_told_what_leads(bridge: Bridge) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plugin:
        plugin.bind(("127.0.0.1", 0))
        for packet in packets(beat(1.0), stream="tap-1"):
            plugin.sendto(write_audio(packet), bridge.address)
            time.sleep(0.005)
        told = list(received(plugin, 1.2))
    assert {message.address for message in told} == {"/tag/plugin"}
    assert {message.arguments[0] for message in told} == {"tap-1"}
    assert ("kick", 1 + LEAVES.index("kick")) in {(message.arguments[2], message.arguments[1]) for message in told}
    assert told[-1].arguments[1:3] == (0, "none")
    assert len(told) < 30


def test_each_profile_says_the_same_in_its_own_form(client: Client, sender: Sender) -> None:
    for profile in ("top", "scores", "flat", "wek"):
        client.follow(profile)
    play(sender, beat(1.0))
    came = list(client.receive(0.3))
    by_address: dict[str, list[Message]] = {}
    for message in came:
        by_address.setdefault(message.address, []).append(message)
    kick_at = LEAVES.index("kick")
    scores = [message.arguments for message in by_address["/tag/scores"]]
    assert {(len(each), each[0]) for each in scores} == {(1 + len(LEAVES), "drums")}
    best = max(each[1 + kick_at] for each in scores)
    assert best > 0.4
    assert max(message.arguments[kick_at] for message in by_address["/wek/outputs"]) == best
    assert max(message.arguments[0] for message in by_address["/tag/drums/kick"]) == pytest.approx(best, abs=0.011)
    assert "kick" in [message.arguments[1] for message in by_address["/tag/top"]]
    assert len(by_address["/tag/status"]) >= 1
    assert not [message for message in came if message.address in ("/tag/on", "/tag/error")]


def test_messages_come_no_faster_than_asked(client: Client, sender: Sender) -> None:
    first_answer = client.ask("/tag/param/set", "*", "rate_hz", 2.0, answer="/tag/param")
    assert first_answer is not None
    client.follow("scores")
    play(sender, noise(2.0))
    assert 3 <= sum(message.address == "/tag/scores" for message in client.receive(0.2)) <= 6


def test_a_subscription_ends_with_its_lease(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("osc_bridge.subscriptions.LEASE_S", 0.3)
    client.send("/tag/subscribe", 0, "*", "event", 0.0)
    name = str(first(client, "/tag/subscribed").arguments[0])
    assert client.ask("/tag/renew", name, answer="/tag/renewed") is not None
    time.sleep(0.5)
    answer = client.ask("/tag/renew", name, answer="/tag/renewed")
    assert answer is not None
    assert answer.arguments[0] == "unknown-stream"


def test_two_clients_do_not_disturb_each_other(bridge: Bridge, client: Client) -> None:
    with Client(bridge.address) as other:
        names = []
        for each in (client, other):
            each.send("/tag/subscribe")
            names.append(first(each, "/tag/subscribed").arguments[0])
        assert len(set(names)) == 2
        other.send("/tag/unsubscribe", str(names[1]))
        first(other, "/tag/unsubscribed")
        assert client.ask("/tag/renew", str(names[0]), answer="/tag/renewed") is not None


def test_pure_data_sends_floats_and_listens_elsewhere(bridge: Bridge) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener, Client(bridge.address) as client:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(2)
        client.send("/tag/subscribe", float(listener.getsockname()[1]), "*", "event", 0)
        (message,) = messages.read(listener.recv(2048))
        assert message.address == "/tag/subscribed"


@pytest.mark.parametrize(
    ("address", "arguments", "code"),
    [
        ("/tag/ping", (1, 2), "bad-type"),
        ("/tag/reply", (80,), "bad-value"),
        ("/tag/labels", (99,), "bad-value"),
        ("/tag/param/set", ("*", "off_ratio", 2.0), "bad-value"),
        ("/tag/param/set", ("*", "volume", 1.0), "unknown-name"),
        ("/tag/param/get", ("nobody", "on"), "unknown-stream"),
        ("/tag/subscribe", (0, "*", "video"), "bad-value"),
        ("/tag/subscribe", (0, "a b"), "bad-value"),
        ("/tag/stream/open", ("ä", "", ""), "bad-value"),
        ("/tag/stream/close", ("nobody",), "unknown-stream"),
        ("/tag/similar", ("r", "nobody"), "unknown-stream"),
        ("/tag/find", ("r", "theremin"), "unknown-label"),
        ("/tag/find", ("r", "kick", 0.5, 1000), "bad-value"),
        ("/tag/find", ("", "kick"), "bad-value"),
        ("/tag/file", ("r", "/etc/passwd"), "denied"),
        ("/tag/quit", (), "unknown-address"),
        ("/tag/find", ("r", "kick"), "failed"),
    ],
)
def test_what_is_wrong_is_told(
    client: Client, address: str, arguments: tuple[int | float | str, ...], code: str
) -> None:
    answer = client.ask(address, *arguments, answer="none")
    assert answer is not None
    assert answer.address == "/tag/error"
    assert answer.arguments[0] == code


def test_streams_are_listed_named_and_closed(bridge: Bridge, client: Client, sender: Sender) -> None:
    play(sender, noise(0.2))
    wait_for(lambda: [info.received for info in bridge.engine.streams()] == [20])
    client.send("/tag/streams")
    assert first(client, "/tag/stream").arguments[:3] == ("drums", "Drums", "")
    client.send("/tag/stream/close", "drums")
    first(client, "/tag/stream/closed")
    assert not bridge.engine.streams()


def test_a_stream_belongs_to_whoever_began_it(bridge: Bridge, sender: Sender) -> None:
    play(sender, noise(0.2))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thief:
        for packet in packets(noise(0.2), stream="drums"):
            thief.sendto(write_audio(packet), bridge.address)
        time.sleep(0.3)
        (info,) = bridge.engine.streams()
        assert info.received == 20


def test_there_are_only_so_many_streams(bridge: Bridge, client: Client) -> None:
    client.send("/tag/ping", "x")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as source:
        source.settimeout(2)
        for number in range(MOST_STREAMS + 50):
            packet = AudioPacket(f"s{number}", 0, 0, 8000, 1, 2, bytes(160))
            source.sendto(write_audio(packet), bridge.address)
            if number % 16 == 0:
                time.sleep(0.01)
        wait_for(lambda: len(bridge.engine.streams()) == MOST_STREAMS)
        source.sendto(write_audio(AudioPacket("one-more", 0, 0, 8000, 1, 2, bytes(160))), bridge.address)
        assert "limit" in [message.arguments[0] for message in received(source, 0.5)]
    assert len(bridge.engine.streams()) == MOST_STREAMS


def test_pings_are_answered_soon_whatever_else_comes(bridge: Bridge, capfd: pytest.CaptureFixture[str]) -> None:
    stopping = threading.Event()
    sent = []

    def attack() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
            for datagram in fuzzed(1):
                if stopping.is_set():
                    return
                attacker.sendto(datagram, bridge.address)
                sent.append(1)
                if len(sent) % 20 == 0:
                    time.sleep(0.001)

    thread = threading.Thread(target=attack)
    thread.start()
    took_s = []
    try:
        with Client(bridge.address) as client:
            for number in range(100):
                asked_s = time.monotonic()
                assert client.ask("/tag/ping", str(number), answer="/tag/pong", timeout_s=2) is not None
                took_s.append(time.monotonic() - asked_s)
                time.sleep(0.02)
    finally:
        stopping.set()
        thread.join()
    assert len(sent) > 5000
    assert sorted(took_s)[90] < 0.05
    assert capfd.readouterr().err == ""


def test_a_bundle_for_next_century_stalls_nobody(bridge: Bridge) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as source:
        source.settimeout(2)
        for when in (b"\xff" * 8, struct.pack(">II", 2**31, 0)):
            source.sendto(bundle(messages.write("/tag/ping", "later"), when=when), bridge.address)
            asked_s = time.monotonic()
            (message,) = messages.read(source.recv(2048))
            assert message.arguments[0] == "later"
            assert time.monotonic() - asked_s < 0.5


def test_errors_to_one_address_are_bounded(client: Client) -> None:
    for _ in range(200):
        client.send("/tag/nonsense")
    assert sum(message.address == "/tag/error" for message in client.receive(0.5)) <= 20


def test_control_messages_are_bounded_and_others_are_not_hurt(bridge: Bridge, client: Client) -> None:
    with Client(bridge.address) as wild:
        for _ in range(1000):
            wild.send("/tag/ping", "x")
        answers = [message.address for message in wild.receive(0.5)]
    assert 100 < answers.count("/tag/pong") < 800
    assert client.ask("/tag/ping", "y", answer="/tag/pong") is not None


def test_beyond_this_machine_only_with_allowance_and_token(tmp_path: Path) -> None:
    for settings in ({}, {"allow": ("10.0.0.0/8",)}, {"token": "secret"}):
        with pytest.raises(BridgeError, match="anybody in the network"):
            Bridge(BridgeSettings(host="0.0.0.0", port=0, catalog=tmp_path / "c.db", **settings), server="x")
    with pytest.raises(BridgeError, match="no address"):
        Bridge(BridgeSettings(host="localhost", port=0, catalog=tmp_path / "c.db"), server="x")


def test_strangers_are_heard_after_the_token_only() -> None:
    guard = Guard(["192.168.1.0/24"], "secret")
    friend, stranger = "192.168.1.7", "8.8.8.8"
    assert guard.admits("127.0.0.1", 0)
    assert not guard.admits(friend, 0)
    assert guard.may_say_hello(friend)
    assert not guard.may_say_hello(stranger)
    assert not guard.hello(friend, "guess", 0)
    assert not guard.hello(stranger, "secret", 0)
    assert guard.hello(friend, "secret", 0)
    assert guard.admits(friend, 500)
    assert guard.admits(friend, 1000)
    assert not guard.admits(friend, 2000)
    assert not Guard(["192.168.1.0/24"], "").may_say_hello(friend)


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", True), ("192.168.0.1", False)],
)
def test_this_machine_is_known(host: str, is_ours: bool) -> None:
    assert is_this_machine(host) == is_ours


def test_a_stranger_who_is_not_admitted_gets_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("osc_bridge.guard.is_this_machine", lambda _: False)
    with running(tmp_path, allow=("127.0.0.0/8",), token="secret") as bridge, Client(bridge.address) as client:
        assert client.ask("/tag/ping", "x", answer="/tag/pong", timeout_s=0.3) is None
        assert client.ask("/tag/hello", "wrong", answer="/tag/welcome", timeout_s=0.3) is None
        assert client.ask("/tag/hello", "secret", answer="/tag/welcome") is not None
        assert client.ask("/tag/ping", "x", answer="/tag/pong") is not None


def test_a_port_that_is_taken_is_told_in_a_line(bridge: Bridge, tmp_path: Path) -> None:
    settings = BridgeSettings(port=bridge.address[1], catalog=tmp_path / "c.db")
    with pytest.raises(BridgeError, match="cannot be listened on: address already in use"):
        Bridge(settings, server="x")


def test_stopping_is_quick_and_lets_go_of_the_port(tmp_path: Path) -> None:
    with running(tmp_path) as bridge:
        address = bridge.address
        started_s = time.monotonic()
    assert time.monotonic() - started_s < 1.5
    with running(tmp_path, port=address[1]) as again:
        assert again.address == address
