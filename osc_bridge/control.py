"""Questions and their answers: one function a message, a table from addresses to them.

Here everything is answered from memory, in the thread that receives. What needs the disk is handed to
`questions`, so that nobody waits for it but who asked.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from osc_bridge.daws.desk import Desk, name_letter
from osc_bridge.engine import LEASE_S, Engine, Scored, Source
from osc_bridge.guard import HELLO_S, Guard, is_this_machine
from osc_bridge.heard import Heard
from osc_bridge.messages import BadMessage, Message, write
from osc_bridge.packets import checked_stream
from osc_bridge.parameters import changed, value_of
from osc_bridge.questions import Questions
from osc_bridge.subscriptions import LEASE_S as SUBSCRIPTION_S
from osc_bridge.subscriptions import Letter, Subscriptions, Target

PROTOCOL: Final = 1
FORMATS: Final = "s16,f32"
LABELS_A_PAGE: Final = 48
_LEAST_PORT: Final = 1024
_MOST_REPLIES: Final = 1024

Answers = Iterator[Letter]
Handler = Callable[["Control", Source, tuple[Any, ...]], Answers]


@dataclass(frozen=True, slots=True)
class Identity:
    """What the bridge says of itself.

    Attributes:
        server: name and version, as `tagger/1.2.0`.
        model: name and version, as `instruments@1.0.0`.
    """

    server: str
    model: str


class Control:
    """Answers control messages; used from one thread.

    Args:
        identity: what to say of ourselves.
        engine: the streams.
        subscriptions: who is told what.
        questions: takes what needs the disk.
        guard: who may speak.
        publish: takes what the engine said when a stream was closed.
        desk: the DAWs.
    """

    def __init__(
        self,
        identity: Identity,
        *,
        engine: Engine,
        subscriptions: Subscriptions,
        questions: Questions,
        guard: Guard,
        publish: Callable[[list[Heard | Scored]], None],
        desk: Desk,
    ) -> None:
        self.identity = identity
        self.engine = engine
        self.subscriptions = subscriptions
        self.questions = questions
        self.guard = guard
        self.publish = publish
        self.desk = desk
        self._ports: OrderedDict[Source, int] = OrderedDict()

    def answer(self, message: Message, source: Source, now_s: float) -> Answers:
        """The letters that answer a message.

        Args:
            message: what came.
            source: IP address and port that it came from.
            now_s: on the bridge's clock.

        Raises:
            BadMessage: it cannot be answered; the reason is for whoever sent it.
        """
        handler = _HANDLERS.get(message.address)
        if handler is None:
            raise BadMessage("unknown-address", message.address, "there is no such message; see the protocol")
        signature, function = handler
        self._now_s = now_s
        yield from function(self, source, message.read(signature))

    def target(self, source: Source) -> Target:
        """Where a source wants its answers."""
        return source[0], self._ports.get(source, source[1])

    def _send(self, source: Source, address: str, *arguments: float | str) -> Letter:
        return self.target(source), write(address, *arguments)

    def _set_port(self, source: Source, port: int) -> None:
        if not _LEAST_PORT <= port < 65536:
            raise BadMessage("bad-value", "port", f"is from {_LEAST_PORT} to 65535")
        self._ports[source] = port
        self._ports.move_to_end(source)
        if len(self._ports) > _MOST_REPLIES:
            self._ports.popitem(last=False)

    def _reply(self, source: Source, given: tuple[Any, ...]) -> Answers:
        (port,) = given
        self._set_port(source, port)
        yield self._send(source, "/tag/reply", port)

    def _hello(self, source: Source, given: tuple[Any, ...]) -> Answers:
        if not self.guard.hello(source[0], given[0], self._now_s):
            raise BadMessage("denied", "hello", "the token is wrong")
        yield self._send(source, "/tag/welcome", HELLO_S)

    def _ping(self, source: Source, given: tuple[Any, ...]) -> Answers:
        yield self._send(source, "/tag/pong", given[0] or "", self.identity.server, PROTOCOL)

    def _version(self, source: Source, _: tuple[Any, ...]) -> Answers:
        yield self._send(source, "/tag/version", self.identity.server, PROTOCOL, self.identity.model)

    def _labels(self, source: Source, given: tuple[Any, ...]) -> Answers:
        page = given[0] or 0
        labels = self.engine.labels
        pages = -(-len(labels) // LABELS_A_PAGE)
        if not 0 <= page < pages:
            raise BadMessage("bad-value", "page", f"is from 0 to {pages - 1}")
        shown = labels[page * LABELS_A_PAGE : (page + 1) * LABELS_A_PAGE]
        yield self._send(source, "/tag/labels", page, pages, *shown)

    def _get_parameter(self, source: Source, given: tuple[Any, ...]) -> Answers:
        stream, name = given
        yield self._send(source, "/tag/param", stream, name, value_of(self.engine.parameters(stream), name))

    def _set_parameter(self, source: Source, given: tuple[Any, ...]) -> Answers:
        stream, name, value = given
        changed(self.engine.parameters(stream), name, value)
        self.engine.set_parameter(stream, name, value)
        yield from self._get_parameter(source, (stream, name))

    def _open_stream(self, source: Source, given: tuple[Any, ...]) -> Answers:
        stream, title, daw_ref, _rate = given
        name = checked_stream(stream)
        self.engine.announce(name, title=title[:64], daw_ref=daw_ref[:64], source=source, now_s=self._now_s)
        yield self._send(source, "/tag/stream/opened", name, LEASE_S, FORMATS)

    def _close_stream(self, source: Source, given: tuple[Any, ...]) -> Answers:
        (name,) = given
        self.publish(self.engine.close(name))
        yield self._send(source, "/tag/stream/closed", name)

    def _streams(self, source: Source, _: tuple[Any, ...]) -> Answers:
        infos = self.engine.streams()
        for info in infos:
            host, port = info.source
            comes_from = f"{host}:{port}"
            yield self._send(source, "/tag/stream", info.name, info.title, info.daw_ref, comes_from, info.sample_rate)
        yield self._send(source, "/tag/streams/end", len(infos))

    def _subscribe(self, source: Source, given: tuple[Any, ...]) -> Answers:
        port, stream, profile, minimum = given
        if port:
            self._set_port(source, port)
        stream = stream or "*"
        if stream != "*":
            checked_stream(stream)
        subscription, is_new = self.subscriptions.subscribe(
            self.target(source),
            stream=stream,
            profile=profile or "event",
            minimum=minimum or 0.0,
            now_s=self._now_s,
        )
        yield self._send(source, "/tag/subscribed", subscription.name, SUBSCRIPTION_S, subscription.profile)
        # Who comes late is told what is on already.
        for heard in self.engine.sounding() if is_new else ():
            for datagram in subscription.letters(heard, self._now_s, self.engine.labels):
                yield subscription.target, datagram

    def _renew(self, source: Source, given: tuple[Any, ...]) -> Answers:
        self.subscriptions.renew(given[0], source[0], self._now_s)
        yield self._send(source, "/tag/renewed", given[0], SUBSCRIPTION_S)

    def _unsubscribe(self, source: Source, given: tuple[Any, ...]) -> Answers:
        self.subscriptions.unsubscribe(given[0], source[0])
        yield self._send(source, "/tag/unsubscribed", given[0])

    def _find(self, source: Source, given: tuple[Any, ...]) -> Answers:
        request, label, confidence, limit, page = given
        self.questions.find(
            self.target(source), request, label=label, confidence=confidence or 0.0, limit=limit, page=page or 0
        )
        yield from ()

    def _similar(self, source: Source, given: tuple[Any, ...]) -> Answers:
        request, stream, limit = given
        self.questions.similar(self.target(source), request, embedding=self.engine.embedding(stream), limit=limit)
        yield from ()

    def _file(self, source: Source, given: tuple[Any, ...]) -> Answers:
        request, path = given
        self.questions.file(self.target(source), request, path=path)
        yield from ()

    def _names(self, source: Source, _: tuple[Any, ...]) -> Answers:
        proposals = self.desk.names()
        for proposal in proposals:
            yield self.target(source), name_letter("/tag/name", proposal)
        yield self._send(source, "/tag/names/end", len(proposals))

    def _apply_names(self, source: Source, given: tuple[Any, ...]) -> Answers:
        yield from self._named(source, given, self.desk.apply)

    def _revert_names(self, source: Source, given: tuple[Any, ...]) -> Answers:
        yield from self._named(source, given, self.desk.revert)

    def _named(self, source: Source, given: tuple[Any, ...], work: Callable[[str, str | None], int]) -> Answers:
        if not is_this_machine(source[0]):
            raise BadMessage("denied", "names", "tracks are named from this machine only")
        daw, track = given
        count = work(daw, None if track in (None, "*") else track)
        yield self._send(source, "/tag/names/done", daw, count)


_HANDLERS: Final[dict[str, tuple[str, Handler]]] = {
    "/tag/reply": ("i", Control._reply),
    "/tag/hello": ("s", Control._hello),
    "/tag/ping": ("|s", Control._ping),
    "/tag/version": ("", Control._version),
    "/tag/labels": ("|i", Control._labels),
    "/tag/param/get": ("ss", Control._get_parameter),
    "/tag/param/set": ("ssf", Control._set_parameter),
    "/tag/stream/open": ("sss|i", Control._open_stream),
    "/tag/stream/close": ("s", Control._close_stream),
    "/tag/streams": ("", Control._streams),
    "/tag/subscribe": ("|issf", Control._subscribe),
    "/tag/renew": ("s", Control._renew),
    "/tag/unsubscribe": ("s", Control._unsubscribe),
    "/tag/find": ("ss|fii", Control._find),
    "/tag/similar": ("ss|i", Control._similar),
    "/tag/file": ("ss", Control._file),
    "/tag/names": ("", Control._names),
    "/tag/names/apply": ("s|s", Control._apply_names),
    "/tag/names/revert": ("s|s", Control._revert_names),
}
