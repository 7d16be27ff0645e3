"""What `tagger osc` and the commands below it do: run the bridge, send audio to it, name tracks."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from os import environ
from pathlib import Path
from typing import Final

from daemon import monitor
from daemon.monitor import event_line
from daemon.output import count_words, print_line, print_problem
from osc_bridge.bridge import TOKEN_VARIABLE, Bridge, BridgeSettings, DawSettings
from osc_bridge.client import Client
from osc_bridge.daws.desk import DAWS
from osc_bridge.errors import BridgeError
from osc_bridge.messages import Message
from osc_bridge.sources import file, jack_ports, sound_card
from tagger.catalog import default_catalog_path
from tagger.errors import TaggerError

HOST: Final = "127.0.0.1"
_STOPPED_EXIT_CODE: Final = 130
_SWITCH_INTERVAL_S: Final = 5e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the bridge was asked to do on the command line.

    Attributes:
        host: address to listen on.
        port: UDP port.
        allow: addresses beyond this machine that may speak.
        daws: names of DAWs, with other ports where given, as `reaper=8000:9000`.
        rename: whether tracks that nobody named are renamed.
        also: what else is set with a name.
        files: folders whose files may be asked about.
        hop_s: how often the streams are listened to.
        catalog: the catalog file, by default the user's.
        model: the model file, by default the program's.
    """

    host: str
    port: int
    allow: tuple[str, ...]
    daws: tuple[str, ...]
    rename: bool
    also: tuple[str, ...]
    files: tuple[Path, ...]
    hop_s: float
    catalog: Path | None
    model: Path | None


def serve(options: Options) -> int:
    """Runs the bridge until it is stopped.

    Returns:
        The exit code.

    Raises:
        BridgeError: it cannot listen there.
        LinkError: the port that a DAW answers to is taken.
        ModelError: the model cannot be used.
    """
    settings = BridgeSettings(
        host=options.host,
        port=options.port,
        hop_s=options.hop_s,
        allow=options.allow,
        token=environ.get(TOKEN_VARIABLE, ""),
        catalog=options.catalog or default_catalog_path(),
        files=options.files,
        model=options.model,
    )
    bridge = Bridge(settings, server=_server(), on_fault=_tell_fault)
    for text in options.daws:
        bridge.add(_daw(text, options))
    # The thread that receives asks for its turn at each packet; five milliseconds, the default, is too long to wait.
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    with _stoppable() as stopping, bridge:
        host, port = bridge.address
        print_line(f"listening on {host}:{port} with {bridge.engine.recogniser.name}; Ctrl-C ends")
        stopping.wait()
    return 0


def play(path: Path, *, stream: str | None, repeat: bool, port: int) -> int:
    """Plays a file to the bridge and prints what is heard in it."""
    name = stream or sound_card.stream_name(path.stem)
    with _stoppable() as stopping, _client(port) as client:
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
    with _stoppable() as stopping, _client(port):
        sound_card.send(device, (HOST, port), stream=stream, stopping=stopping)
    return 0


def jack(ports: Sequence[str], *, show_list: bool, port: int) -> int:
    """Sends JACK ports to the bridge."""
    if show_list or not ports:
        return _print_all(jack_ports.output_ports(), "JACK has no output ports")
    with _stoppable() as stopping, _client(port):
        jack_ports.send(list(ports), (HOST, port), stopping=stopping)
    return 0


def watch(*, port: int, as_json: bool) -> int:
    """Shows what the bridge hears until it is stopped."""
    with _stoppable() as stopping, _client(port) as client:
        monitor.run(client, as_json=as_json, is_over=stopping.is_set)
    return 0


def names(*, apply: bool, revert: bool, tracks: Sequence[str], port: int) -> int:
    """Prints the names that the bridge has for tracks, and gives them or takes them back."""
    with _client(port) as client:
        held = list(_until(client, "/tag/names", last="/tag/names/end"))
        if not (apply or revert):
            return _print_all([_name_line(message) for message in held], "no track has a name suggested")
        daws = list(dict.fromkeys(str(message.arguments[0]) for message in held)) or list(DAWS)
        count = 0
        for daw in daws:
            for track in tracks or ("*",):
                verb = "apply" if apply else "revert"
                answer = client.ask(f"/tag/names/{verb}", daw, track, answer="/tag/names/done")
                if answer is not None and answer.address == "/tag/names/done":
                    count += int(answer.arguments[1])
        print_line(f"{count_words(count, 'track')} renamed")
    return 0


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


@contextmanager
def _stoppable() -> Iterator[threading.Event]:
    """An event that Ctrl-C and a polite end of the process set."""
    stopping = threading.Event()

    def stop(*_: object) -> None:
        stopping.set()

    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _daw(text: str, options: Options) -> DawSettings:
    """Reads `name`, `name=port` or `name=port:port`.

    Raises:
        BridgeError: there is no such DAW, or a port is no number.
    """
    name, _, ports = text.partition("=")
    if name not in DAWS:
        raise BridgeError(text, "is no DAW that the bridge speaks to", f"it is one of {', '.join(DAWS)}")
    daw = DAWS[name]()
    send, _, receive = ports.partition(":")
    try:
        send_port = int(send) if send else daw.send_port
        receive_port = int(receive) if receive else daw.receive_port
    except ValueError as error:
        raise BridgeError(text, "has no number for a port", "write it as reaper=8000:9000") from error
    return DawSettings(
        daw=daw, send_port=send_port, receive_port=receive_port, rename=options.rename, also=options.also
    )


def _server() -> str:
    try:
        return f"tagger/{version('instrument-tagger')}"
    except PackageNotFoundError:
        return "tagger/0"


def _tell_fault(error: Exception) -> None:
    if isinstance(error, TaggerError):
        print_problem(str(error))
    else:
        print_problem(f"unexpected error, {type(error).__name__}: {error} (please report it)")
