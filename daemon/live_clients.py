"""What the commands below `tagger osc` do: send audio to a running bridge, show what it hears, name tracks."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from daemon import monitor
from daemon.monitor import event_line
from daemon.output import count_words, print_line, print_problem
from daemon.stopping import stoppable
from osc_bridge.client import Client
from osc_bridge.errors import BridgeError
from osc_bridge.messages import Message
from osc_bridge.sources import file, jack_ports, sound_card

HOST: Final = "127.0.0.1"
_STOPPED_EXIT_CODE: Final = 130
_RENAMING_S: Final = 5.0
"""Each rename is on the disk before it is made."""


def play(path: Path, *, stream: str | None, repeat: bool, port: int) -> int:
    """Plays a file to the bridge and prints what is heard in it."""
    name = stream or sound_card.stream_name(path.stem)
    with stoppable() as stopping, _client(port) as client:
        client.follow("event", stream=name)
        done = threading.Event()
        listener = threading.Thread(target=_print_events, args=(client, done), name="osc events")
        listener.start()
        try:
            file.play(path, (HOST, port), stream=name, repeat=repeat, stopping=stopping, progress=_progress())
        finally:
            done.set()
            listener.join()
        return _STOPPED_EXIT_CODE if stopping.is_set() else 0


def sound_input(device: str | None, *, show_list: bool, stream: str | None, port: int) -> int:
    """Sends a sound card's input to the bridge."""
    if show_list:
        return _print_all(sound_card.devices(), "no device can be recorded from")
    with stoppable() as stopping, _client(port):
        sound_card.send(device, (HOST, port), stream=stream, stopping=stopping)
    return 0


def jack(ports: Sequence[str], *, show_list: bool, port: int) -> int:
    """Sends JACK ports to the bridge."""
    if show_list or not ports:
        return _print_all(jack_ports.output_ports(), "JACK has no output ports")
    with stoppable() as stopping, _client(port):
        jack_ports.send(list(ports), (HOST, port), stopping=stopping)
    return 0


def watch(*, port: int, as_json: bool) -> int:
    """Shows what the bridge hears until it is stopped."""
    with stoppable() as stopping, _client(port) as client:
        monitor.run(client, as_json=as_json, is_over=stopping.is_set)
    return 0


def names(*, apply: bool, revert: bool, tracks: Sequence[str], port: int) -> int:
    """Prints the names that the bridge has for tracks, and gives them or takes them back."""
    with _client(port) as client:
        if not (apply or revert):
            held = _until(client, "/tag/names", last="/tag/names/end")
            return _print_all([_name_line(message) for message in held], "no track has a name suggested")
        verb = "apply" if apply else "revert"
        count = sum(_renamed(client, verb, track, port=port) for track in tracks or ("*",))
        print_line(f"{count_words(count, 'track')} renamed")
    return 0


def _renamed(client: Client, verb: str, track: str, *, port: int) -> int:
    answer = client.ask(f"/tag/names/{verb}", "*", track, answer="/tag/names/done", timeout_s=_RENAMING_S)
    if answer is None:
        raise BridgeError(f"{HOST}:{port}", "the bridge did not say whether tracks were renamed", "ask it again")
    if answer.address == "/tag/error":
        raise BridgeError(f"{HOST}:{port}", str(answer.arguments[-1]))
    return int(answer.arguments[1])


def _name_line(message: Message) -> str:
    daw, track, current, suggested, state = message.arguments
    return f"{daw} {track}  {current} -> {suggested}" if state == "suggested" else f"{daw} {track}  {current} (given)"


def _until(client: Client, address: str, *, last: str) -> Iterator[Message]:
    client.send(address)
    for message in client.receive(2.0):
        if message.address in (last, "/tag/error"):
            return
        yield message


def _print_all(lines: Sequence[str], nothing: str) -> int:
    for line in lines:
        print_line(line)
    if not lines:
        print_problem(nothing)
    return 0


def _print_events(client: Client, done: threading.Event) -> None:
    while not done.is_set():
        for message in client.receive(0.2):
            if line := event_line(message):
                print_line(line)
    for message in client.receive(0.5):
        if line := event_line(message):
            print_line(line)


def _progress() -> Callable[[float, float], None]:
    """A line that is written over on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        return lambda _at_s, _of_s: None
    said_s = 0.0

    def show(at_s: float, of_s: float) -> None:
        nonlocal said_s
        now_s = time.monotonic()
        if now_s - said_s >= 0.2:
            said_s = now_s
            sys.stderr.write(f"\r{at_s:7.1f} s of {of_s:.1f} s ")
            sys.stderr.flush()

    return show


@contextmanager
def _client(port: int) -> Iterator[Client]:
    """A client of a bridge that is there.

    Raises:
        BridgeError: there is none on that port.
    """
    with Client((HOST, port)) as client:
        if client.ask("/tag/ping", "tagger", answer="/tag/pong") is None:
            raise BridgeError(f"{HOST}:{port}", "no bridge answers there", "start one with `tagger osc`")
        yield client
