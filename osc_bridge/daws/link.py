"""A DAW on a socket, in a thread of its own: greets it, listens to it, names its tracks.

All that concerns the DAW happens in this thread; others leave requests.
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from osc_bridge import messages
from osc_bridge.daws.daw import Datagrams, Daw
from osc_bridge.daws.namer import Given, Namer, Proposal
from osc_bridge.engine import Scored, StreamInfo
from osc_bridge.errors import JournalError, LinkError
from osc_bridge.heard import Heard
from osc_bridge.messages import BadMessage
from tagger.errors import reason_of
from tagger.results import Instrument

T = TypeVar("T")

GREET_EVERY_S: Final = 3.0
_STEP_EVERY_S: Final = 0.25
_MOST_HEARD: Final = 1000
_ANSWER_WITHIN_S: Final = 1.0
_SILENT_FOR_S: Final = 10.0
"""Longer than the longest that any of them says nothing while its transport rolls: they are greeted, or tell time."""


class Link:
    """The connection to one DAW.

    Args:
        daw: what it says and understands.
        namer: decides on names.
        streams: gives all streams there are.
        tell: takes what clients are to be told of names.
        ask_file: has a file listened to; the answer comes from another thread.
        host: where the DAW runs.
        send_port: where it listens.
        receive_port: where it answers; 0 for any free port.

    Raises:
        LinkError: the port that it answers to is taken.
    """

    def __init__(
        self,
        daw: Daw,
        namer: Namer,
        *,
        streams: Callable[[], Sequence[StreamInfo]],
        tell: Callable[[Sequence[Proposal]], None],
        ask_file: Callable[[Path, Callable[[Sequence[Instrument]], None]], bool],
        send_port: int,
        receive_port: int,
        host: str = "127.0.0.1",
    ) -> None:
        self.daw = daw
        self._namer = namer
        self._streams = streams
        self._tell = tell
        self._ask_file = ask_file
        self._target = (host, send_port)
        self._said: deque[Sequence[Heard | Scored]] = deque(maxlen=_MOST_HEARD)
        self._requests: queue.Queue[Callable[[], None]] = queue.Queue()
        self._files_asked: set[tuple[str, Path]] = set()
        self._stopping = threading.Event()
        self._socket = _opened(host, receive_port)
        self._thread = threading.Thread(target=self._run, name=f"osc {daw.name}")
        self._spoken_s = float("-inf")

    @property
    def port(self) -> int:
        """Where we listen."""
        return int(self._socket.getsockname()[1])

    @property
    def is_connected(self) -> bool:
        """Whether the DAW is there: it said something lately."""
        return time.monotonic() - self._spoken_s < _SILENT_FOR_S

    @property
    def is_playing(self) -> bool:
        """Whether its transport rolls; one that says nothing any more was ended while it did."""
        return self.daw.is_playing and self.is_connected

    def start(self) -> None:
        """Begins to speak to the DAW."""
        self._thread.start()

    def stop(self) -> None:
        """Ends within half a second."""
        self._stopping.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()

    def hear(self, said: Sequence[Heard | Scored]) -> None:
        """Takes what the engine said; from any thread."""
        self._said.append(said)

    def names(self) -> list[Proposal]:
        """All tracks for which there is a name; from any thread."""
        return self._in_thread(self._namer.proposals)

    def given(self) -> list[Given]:
        """All tracks that have a name by our doing; from any thread."""
        return self._in_thread(self._namer.given)

    def apply(self, ref: str | None) -> int:
        """Gives one track, or all, the name suggested; returns how many. From any thread."""

        def give() -> int:
            refs = [proposal.track for proposal in self._namer.proposals() if ref in (None, proposal.track)]
            sent = [self._namer.give(each) for each in refs]
            self._send([datagram for datagrams in sent for datagram in datagrams])
            return sum(map(bool, sent))

        return self._in_thread(give)

    def revert(self, ref: str | None) -> int:
        """Takes back the name of one track, or of all; returns how many. From any thread."""

        def take_back() -> int:
            sent, count = self._namer.revert(ref)
            self._send(sent)
            return count

        return self._in_thread(take_back)

    def _in_thread(self, work: Callable[[], T]) -> T:
        answer: queue.Queue[T | JournalError] = queue.Queue()

        def run() -> None:
            try:
                answer.put(work())
            except JournalError as error:
                answer.put(error)

        self._requests.put(run)
        self._wake()
        try:
            result = answer.get(timeout=_ANSWER_WITHIN_S)
        except queue.Empty:
            raise BadMessage("failed", self.daw.name, "the DAW's thread does not answer") from None
        if isinstance(result, JournalError):
            raise BadMessage("failed", self.daw.name, str(result))
        return result

    def _run(self) -> None:
        greet_s = step_s = time.monotonic()
        while not self._stopping.is_set():
            now_s = time.monotonic()
            self._do_requests()
            if now_s >= greet_s:
                greet_s = now_s + GREET_EVERY_S
                self._send(self.daw.greet(self.port))
            if now_s >= step_s:
                step_s = now_s + _STEP_EVERY_S
                self._step(now_s)
            self._receive()

    def _wake(self) -> None:
        """Has the thread look for requests at once: whoever left one waits, and may be the thread that takes audio."""
        with suppress(OSError):
            self._socket.sendto(b"", self._socket.getsockname())

    def _do_requests(self) -> None:
        with suppress(queue.Empty):
            while True:
                self._requests.get_nowait()()

    def _step(self, now_s: float) -> None:
        while self._said:
            self._send(self._namer.hear(self._said.popleft(), now_s))
        self._ask_files()
        # A rename that cannot be noted is not made; the next step tries again.
        with suppress(JournalError):
            sent, told = self._namer.step(self._streams(), now_s)
            self._send(sent)
            self._tell(told)

    def _ask_files(self) -> None:
        for ref, path in self.daw.clips():
            if (ref, path) in self._files_asked:
                continue

            def take(tags: Sequence[Instrument], ref: str = ref) -> None:
                self._requests.put(lambda: self._namer.hear_file(ref, tags))

            if self._ask_file(path, take):
                self._files_asked.add((ref, path))

    def _receive(self) -> None:
        self._socket.settimeout(_STEP_EVERY_S / 2)
        try:
            datagram, source = self._socket.recvfrom(65536)
        except TimeoutError:
            return
        except OSError:
            # Some systems say here that nobody listens there yet.
            self._stopping.wait(_STEP_EVERY_S / 2)
            return
        if source[0] != self._target[0] or not datagram:
            return
        self._spoken_s = time.monotonic()
        with suppress(BadMessage):
            for message in messages.read(datagram, any_address=True):
                self._send(self.daw.take(message))

    def _send(self, datagrams: Datagrams) -> None:
        for datagram in datagrams:
            with suppress(OSError):
                self._socket.sendto(datagram, self._target)


def _opened(host: str, port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        opened.bind((host, port))
    except OSError as error:
        opened.close()
        advice = "does another program listen to the DAW?"
        raise LinkError(f"{host}:{port}", f"cannot be listened on: {reason_of(error)}", advice) from error
    return opened
