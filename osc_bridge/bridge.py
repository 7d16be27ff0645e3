"""The bridge: one UDP socket, a thread that receives and answers, a thread that listens to the streams.

Audio goes by the short way (`packets`, a queue); everything else by `messages` and `control`. Nothing that comes in can
stop either thread: what is wrong with a datagram is told to whoever sent it, at a bounded rate, and that is all.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from osc_bridge import messages
from osc_bridge.control import Control, Identity
from osc_bridge.daws.daw import Daw
from osc_bridge.daws.desk import Desk, name_letter
from osc_bridge.daws.journal import Journal
from osc_bridge.daws.link import Link
from osc_bridge.daws.namer import Namer, Proposal
from osc_bridge.engine import Engine, Scored, Source
from osc_bridge.errors import BridgeError
from osc_bridge.guard import Guard, is_this_machine
from osc_bridge.heard import Heard
from osc_bridge.history import History
from osc_bridge.messages import BadMessage
from osc_bridge.packets import MAX_DATAGRAM, PREFIX, read_audio
from osc_bridge.plugins import Plugins
from osc_bridge.questions import Questions
from osc_bridge.subscriptions import Letter, Subscriptions
from tagger.errors import reason_of
from tagger.recogniser import Recogniser

DEFAULT_PORT: Final = 9720
TOKEN_VARIABLE: Final = "TAGGER_OSC_TOKEN"
HOP_S: Final = 0.1
_RECEIVE_BUFFER: Final = 4 << 20
_STOP_WITHIN_S: Final = 0.5
_TAKE_IN_EVERY_S: Final = 0.1
_TURN_S: Final = 0.02
"""Within a hop the streams take turns of about so long: heard all at once, each would wait for all others."""

_PLAYING_FOR_S: Final = 5.0

JOURNAL_NAME: Final = "renames.jsonl"
"""Beside the catalog."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeSettings:
    """What a bridge is started with.

    Attributes:
        host: address to listen on; beyond this machine only with `allow` and `token`.
        port: UDP port; 0 for any free one.
        hop_s: how often the streams are listened to, in seconds.
        allow: addresses and networks beyond this machine that may speak.
        token: what they have to say first.
        catalog: the catalog that questions are answered from.
        files: folders in which files may be asked about, beside those that are watched.
        model: another model than the one that comes with the program.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    hop_s: float = HOP_S
    allow: tuple[str, ...] = ()
    token: str = ""
    catalog: Path
    files: tuple[Path, ...] = ()
    model: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DawSettings:
    """A DAW to connect to.

    Attributes:
        daw: which, not connected yet.
        send_port: where it listens.
        receive_port: where it answers.
        rename: whether tracks that nobody named are renamed without asking.
        also: what else is set with a name, any of `osc_bridge.daws.namer.ALSO`.
    """

    daw: Daw
    send_port: int
    receive_port: int
    rename: bool = False
    also: tuple[str, ...] = ()


class Bridge:
    """A running bridge; use as a context, or `start` and `stop` it.

    Args:
        settings: what to start with.
        server: name and version to tell clients.
        recogniser: a model that is loaded already.
        on_fault: told of errors in the program itself, which cost a datagram or a tick; from any thread.
        on_heard: told of each label that goes on or off; from any thread, and must not wait.

    Attributes:
        engine: the streams.
        history: what was heard in the last minute.
        desk: the DAWs.
        subscriptions: who is told.

    Raises:
        BridgeError: the address cannot be listened on, or is open to a network without protection.
        ModelError: the model cannot be used.
    """

    def __init__(
        self,
        settings: BridgeSettings,
        *,
        server: str,
        recogniser: Recogniser | None = None,
        on_fault: Callable[[Exception], object] = lambda _: None,
        on_heard: Callable[[Heard], object] = lambda _: None,
    ) -> None:
        _check(settings)
        self._on_fault = on_fault
        self._on_heard = on_heard
        self._settings = settings
        self._guard = Guard(settings.allow, settings.token)
        recogniser = recogniser or Recogniser(settings.model)
        self.engine = Engine(recogniser)
        self.subscriptions = Subscriptions(recogniser.card.labels)
        self._socket = _opened(settings)
        self._plugins = Plugins(recogniser.card.labels)
        self.desk = Desk()
        self.history = History(recogniser.card.labels)
        self._questions = Questions(
            self._send,
            catalog_path=settings.catalog,
            model=recogniser.name,
            model_path=settings.model,
            folders=settings.files,
            labels=recogniser.card.labels,
        )
        self._control = Control(
            Identity(server, recogniser.name),
            engine=self.engine,
            subscriptions=self.subscriptions,
            questions=self._questions,
            guard=self._guard,
            publish=self._publish,
            desk=self.desk,
        )
        self._stopping = threading.Event()
        self._has_audio = threading.Event()
        self._threads = [
            threading.Thread(target=self._receive, name="osc receive"),
            threading.Thread(target=self._listen, name="osc listen"),
        ]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def address(self) -> tuple[str, int]:
        """IP address and port that it listens on."""
        host, port = self._socket.getsockname()[:2]
        return host, port

    @property
    def is_playing(self) -> bool:
        """Whether a DAW is at work, so that other work should pause: its transport rolls, or it was audible lately.

        A plugin sends silence too, for as long as its project is open.
        """
        return self.desk.is_playing or time.monotonic() - self.engine.audible_s < _PLAYING_FOR_S

    def add(self, daw: DawSettings) -> None:
        """Connects a DAW; before `start`.

        Raises:
            LinkError: the port that it answers to is taken.
        """
        labels = self.engine.labels
        journal = Journal(self._settings.catalog.parent / JOURNAL_NAME)
        namer = Namer(daw.daw, journal, labels=labels, rename=daw.rename, also=daw.also)
        link = Link(
            daw.daw,
            namer,
            streams=self.engine.streams,
            tell=self._tell_names,
            ask_file=self._questions.listen,
            send_port=daw.send_port,
            receive_port=daw.receive_port,
        )
        self.desk.links.append(link)

    def send(self, letters: Iterable[Letter]) -> None:
        """Sends datagrams; from any thread."""
        for letter in letters:
            self._send(letter)

    def start(self) -> None:
        """Begins to listen."""
        self._started_s = time.monotonic()
        self._questions.start()
        for thread in self._threads:
            thread.start()
        for link in self.desk.links:
            link.start()

    def stop(self) -> None:
        """Ends within a second, and lets go of the port."""
        self._stopping.set()
        self._has_audio.set()
        # Wakes the thread that receives, where the system lets one send to the address listened on.
        self._send((self.address, b""))
        for link in self.desk.links:
            link.stop()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        self._questions.stop()
        self._socket.close()

    def _receive(self) -> None:
        buffer = bytearray(MAX_DATAGRAM + 1)
        view = memoryview(buffer)
        while not self._stopping.is_set():
            try:
                size, source = self._socket.recvfrom_into(buffer)
            except TimeoutError:
                continue
            except OSError:
                # Windows reports here that somebody we sent to is gone.
                continue
            if self._stopping.is_set():
                return
            self._take(bytes(view[:size]), (source[0], source[1]), time.monotonic())

    def _take(self, datagram: bytes, source: Source, now_s: float) -> None:
        try:
            if not self._guard.admits(source[0], now_s):
                self._greet(datagram, source, now_s)
            elif datagram.startswith(PREFIX):
                self.engine.put(read_audio(datagram), source, now_s)
                if not self._has_audio.is_set():
                    self._has_audio.set()
            else:
                self._answer(datagram, source, now_s)
        except BadMessage as problem:
            self._tell(problem, source, now_s)
        except Exception as error:  # one datagram must never end the thread that takes them all
            self._on_fault(error)

    def _answer(self, datagram: bytes, source: Source, now_s: float) -> None:
        if not self._guard.may_ask(source, now_s):
            raise BadMessage("rate-limited", "message", "too many messages a second")
        for message in messages.read(datagram):
            try:
                self.send(self._control.answer(message, source, now_s))
            except BadMessage as problem:
                self._tell(problem, source, now_s)

    def _greet(self, datagram: bytes, source: Source, now_s: float) -> None:
        """Looks at what a stranger sends only for the token; anything else is passed over in silence."""
        if not self._guard.may_say_hello(source[0]) or not self._guard.may_be_told(source, now_s):
            return
        with suppress(BadMessage):
            for message in messages.read(datagram):
                if message.address == "/tag/hello":
                    self.send(self._control.answer(message, source, now_s))

    def _tell(self, problem: BadMessage, source: Source, now_s: float) -> None:
        if self._guard.may_be_told(source, now_s):
            letter = messages.write("/tag/error", problem.code, problem.reference, problem.text)
            self._send((self._control.target(source), letter))

    def _listen(self) -> None:
        due_s, turn = time.monotonic(), 0
        turns = max(1, round(self._settings.hop_s / _TURN_S))
        turn_s = self._settings.hop_s / turns
        while not self._stopping.wait(min(_TAKE_IN_EVERY_S, max(0.0, due_s - time.monotonic()))):
            if self.engine.is_at_rest:
                self._has_audio.wait(max(0.0, self.subscriptions.next_status_s - time.monotonic()))
            self._has_audio.clear()
            try:
                if time.monotonic() < due_s:
                    self.engine.take_in()
                    continue
                # A stream that was late by a hop is not made up for: its next turn hears all that has come.
                due_s = max(due_s + turn_s, time.monotonic() - turn_s * (turns - 1))
                turn = (turn + 1) % turns
                self._tick(turn, turns)
            except Exception as error:  # nor must one tick end the thread that listens
                self._on_fault(error)

    def _tick(self, turn: int, turns: int) -> None:
        said = self.engine.tick(time.monotonic(), turn, turns)
        now_s = time.monotonic()
        self._publish(said)
        self.engine.heard_at(now_s)
        if now_s >= self.subscriptions.next_status_s:
            self.send(self.subscriptions.status(self.engine.streams(), now_s - self._started_s, now_s))

    def _publish(self, said: Sequence[Heard | Scored]) -> None:
        now_s = time.monotonic()
        self.send(self.subscriptions.letters(said, now_s))
        self.send(self._plugins.letters(said, now_s))
        self.history.take(said, now_s)
        for link in self.desk.links:
            link.hear(said)
        for each in said:
            if isinstance(each, Heard):
                self._on_heard(each)

    def _tell_names(self, proposals: Sequence[Proposal]) -> None:
        for each in proposals:
            letter = name_letter("/tag/suggest", each)
            self.send(self.subscriptions.to_all(letter, time.monotonic()))

    def _send(self, letter: Letter) -> None:
        target, datagram = letter
        with suppress(OSError):
            self._socket.sendto(datagram, target)


def _check(settings: BridgeSettings) -> None:
    try:
        if is_this_machine(settings.host):
            return
        Guard(settings.allow)
    except ValueError as error:
        raise BridgeError(settings.host, f"is no address to listen on: {error}", "give IP addresses") from error
    if not settings.allow or not settings.token:
        advice = f"say who may speak with --allow, and a token in {TOKEN_VARIABLE}"
        raise BridgeError(settings.host, "would let anybody in the network speak to the bridge", advice)


def _opened(settings: BridgeSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        with suppress(OSError):
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        # On Windows a second program could otherwise take the port as well.
        if (exclusive := getattr(socket, "SO_EXCLUSIVEADDRUSE", None)) is not None:
            opened.setsockopt(socket.SOL_SOCKET, exclusive, 1)
        opened.bind((settings.host, settings.port))
    except OSError as error:
        opened.close()
        advice = "is another bridge running, or that of the daemon? choose another port"
        reason = f"cannot be listened on: {reason_of(error)}"
        raise BridgeError(f"{settings.host}:{settings.port}", reason, advice) from error
    opened.settimeout(_STOP_WITHIN_S)
    return opened
