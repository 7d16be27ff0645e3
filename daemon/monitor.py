"""`tagger osc monitor`: what the bridge hears, live, as a table or as JSON lines."""

from __future__ import annotations

import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from daemon.output import Json, print_json, print_line
from osc_bridge.client import Client
from osc_bridge.messages import Message
from tagger.taxonomy import words_of

_FRAME_S: Final = 0.1
_BAR: Final = 12
_EVENTS: Final = 8
_ON_SHOWN: Final = 3
_GONE_S: Final = 3.0

_FIELDS: Final = {
    "/tag/on": ("event", "stream", "label", "confidence", "time_s"),
    "/tag/off": ("event", "stream", "label", "confidence", "time_s", "duration_s"),
    "/tag/status": ("stream", "received", "lost", "late", "buffer_ms", "latency_ms"),
    "/tag/heartbeat": ("number", "uptime_s"),
    "/tag/suggest": ("daw", "track", "current", "suggested", "state"),
}


def event_object(message: Message) -> Json | None:
    """A message as programs see it; None where it says nothing to them."""
    fields = _FIELDS.get(message.address)
    if fields is None or len(fields) != len(message.arguments):
        return None
    values = [round(value, 4) if isinstance(value, float) else value for value in message.arguments]
    return {"message": message.address.rpartition("/")[2]} | dict(zip(fields, values, strict=True))


def event_line(message: Message) -> str | None:
    """An event as people read it, as in "  3.20 s  bass  + Electric bass 0.71"; None for other messages."""
    values = event_object(message)
    if values is None or values["message"] not in ("on", "off"):
        return None
    head = f"{values['time_s']:8.2f} s  {values['stream']}  "
    label = words_of(values["label"])
    if values["message"] == "on":
        return f"{head}+ {label} {values['confidence']:.2f}"
    return f"{head}- {label} after {values['duration_s']:.1f} s, at most {values['confidence']:.2f}"


def run(client: Client, *, as_json: bool, is_over: Any) -> None:
    """Shows until it is over.

    Args:
        client: of a bridge that is there.
        as_json: an object a line, instead of a picture that changes.
        is_over: called now and then; says when to end.
    """
    client.follow("event")
    if as_json or not sys.stdout.isatty():
        _lines(client, as_json=as_json, is_over=is_over)
        return
    client.follow("top")
    _picture(client, is_over)


def _lines(client: Client, *, as_json: bool, is_over: Any) -> None:
    while not is_over():
        for message in client.receive(_FRAME_S):
            if as_json and (values := event_object(message)):
                print_json(values)
            elif not as_json and (line := event_line(message)):
                print_line(line)


@dataclass(slots=True)
class Row:
    """What is shown of one stream."""

    title: str = ""
    top: tuple[Any, ...] = ()
    on: dict[str, str] = field(default_factory=dict)
    status: tuple[Any, ...] = ()
    seen_s: float = 0.0


class Board:
    """All streams as the messages tell of them."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.events: deque[str] = deque(maxlen=_EVENTS)

    def take(self, message: Message, now_s: float) -> None:
        """Takes one message of the bridge."""
        values = message.arguments
        if message.address == "/tag/top":
            self._row(values[0], now_s).top = values[1:]
        elif message.address == "/tag/status":
            self._row(values[0], now_s).status = values[1:]
        elif message.address == "/tag/stream":
            self._row(values[0], now_s).title = values[1]
        elif message.address == "/tag/on":
            self._row(values[1], now_s).on[values[0]] = values[2]
        elif message.address == "/tag/off":
            self._row(values[1], now_s).on.pop(values[0], None)
        if line := event_line(message):
            self.events.append(line)

    def drop_gone(self, now_s: float) -> None:
        """Forgets streams of which nothing was heard for a while."""
        self.rows = {name: row for name, row in self.rows.items() if now_s - row.seen_s < _GONE_S}

    def _row(self, name: str, now_s: float) -> Row:
        row = self.rows.setdefault(name, Row())
        row.seen_s = now_s
        return row


def table(board: Board) -> Any:
    """The board as something rich can print."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    shown = Table("stream", "on now", "hears", "lost", "late", "latency", box=None, header_style="bold", expand=True)
    for name, row in sorted(board.rows.items()):
        on = ", ".join(words_of(label) for label in list(row.on.values())[-_ON_SHOWN:])
        lost, late, latency = (row.status[1], row.status[2], f"{row.status[4]:.0f} ms") if row.status else ("", "", "")
        title = f"{name} ({row.title})" if row.title and row.title != name else name
        shown.add_row(Text(title), Text(on, style="bold green"), Text(_bars(row.top)), str(lost), str(late), latency)
    if not board.rows:
        shown.add_row("nothing is sent to the bridge yet", "", "", "", "", "")
    return Group(shown, Text("\n" + "\n".join(board.events), style="dim"))


def _bars(top: tuple[Any, ...]) -> str:
    pairs = list(zip(top[0::2], top[1::2], strict=False))
    return "  ".join(f"{words_of(label)} {_bar(score)}" for label, score in pairs if score >= 0.1)


def _bar(score: float) -> str:
    filled = round(score * _BAR)
    return "█" * filled + "░" * (_BAR - filled)


def _picture(client: Client, is_over: Any) -> None:
    from rich.live import Live

    board = Board()
    next_list_s = 0.0
    with Live(table(board), refresh_per_second=10, screen=True) as live:
        while not is_over():
            now_s = time.monotonic()
            if now_s >= next_list_s:
                next_list_s = now_s + _GONE_S / 2
                client.send("/tag/streams")
            for message in client.receive(_FRAME_S):
                board.take(message, time.monotonic())
            board.drop_gone(time.monotonic())
            live.update(table(board))
