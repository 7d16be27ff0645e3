"""All other messages: OSC 1.0 read by python-osc behind a guard, and written by us with `i`, `f` and `s` only.

python-osc is handed nothing that it is known to take wrong: types it does not know (it goes on with wrong values),
nested bundles (it recurses), text that is no UTF-8 (another error escapes it). Its dispatcher is not used at all: it
takes the address of a message for a pattern, and `/tag/` with forty stars holds it up for hours.

Clients understand `i`, `f` and `s`; Pure Data and SuperCollider misread what follows any other type. So the writer has
no others.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pythonosc.osc_message import OscMessage, ParseError

Argument = int | float | str

MAX_ADDRESS: Final = 64
MAX_STRING: Final = 1024
_ADDRESS: Final = re.compile(r"(?:/[A-Za-z0-9._-]+)+")
_TYPES: Final = frozenset("ifhdsbTFNtrm")
_BUNDLE: Final = b"#bundle\0"
_MOST_ELEMENTS: Final = 64
_DEEPEST: Final = 8


class BadMessage(Exception):  # noqa: N818 - says what it is, as an answer to whoever sent it
    """What is wrong with a message, in the words of `/tag/error`."""

    def __init__(self, code: str, reference: str, text: str) -> None:
        super().__init__(code, reference, text)
        self.code = code
        self.reference = reference
        self.text = text


@dataclass(frozen=True, slots=True)
class Message:
    """One OSC message.

    Attributes:
        address: such as `/tag/ping`; without pattern characters.
        arguments: int, float, str, bytes, bool or None each.
    """

    address: str
    arguments: tuple[Any, ...]

    def read(self, signature: str) -> tuple[Any, ...]:
        """The arguments as what is wanted.

        Args:
            signature: a letter an argument: `i` whole number, `f` number, `s` text; those behind `|` may be left out.

        Returns:
            an int, float or str for each letter; None for what was left out.

        Raises:
            BadMessage: there are others, too many or too few.
        """
        needed, _, optional = signature.partition("|")
        wanted = needed + optional
        if not len(needed) <= len(self.arguments) <= len(wanted):
            raise BadMessage("bad-type", self.address, f"takes {_in_words(signature)}")
        given = [_converted(self, value, kind) for value, kind in zip(self.arguments, wanted, strict=False)]
        return (*given, *(None,) * (len(wanted) - len(given)))


def read(datagram: bytes, *, any_address: bool = False) -> Iterator[Message]:
    """The messages of a datagram; those of a bundle in order, whenever they are for.

    Args:
        datagram: a message, or a bundle.
        any_address: whether addresses may hold anything; for peers that answer from addresses such as `#reply`.

    Raises:
        BadMessage: it is neither, or more nested than anybody needs.
    """
    pending = [(datagram, 0)]
    count = 0
    while pending:
        element, depth = pending.pop()
        count += 1
        if count > _MOST_ELEMENTS or depth > _DEEPEST:
            raise BadMessage("bad-message", "bundle", "holds more than anybody needs")
        if element.startswith(_BUNDLE):
            pending += [(part, depth + 1) for part in reversed(_elements(element))]
        else:
            yield _message(element, any_address=any_address)


def write(address: str, *arguments: Argument) -> bytes:
    """A datagram of one message; ints become `i` (mod 2^32), floats `f`, text `s`.

    Text loses what no OSC string can hold: zeros, and what is no valid Unicode.
    """
    tags = [","]
    parts: list[bytes] = []
    for value in arguments:
        if isinstance(value, str):
            tags.append("s")
            parts.append(_string(value))
        elif isinstance(value, int):
            tags.append("i")
            parts.append(struct.pack(">I", value & 0xFFFF_FFFF))
        else:
            tags.append("f")
            parts.append(struct.pack(">f", value))
    return b"".join((_string(address), _string("".join(tags)), *parts))


def write_floats(address: str, values: Sequence[float], *, first: str | None = None) -> bytes:
    """The same as `write` with an optional string and then many floats, in a fraction of the time."""
    tags = "," + ("s" if first is not None else "") + "f" * len(values)
    head = b"" if first is None else _string(first)
    return b"".join((_string(address), _string(tags), head, struct.pack(f">{len(values)}f", *values)))


def is_plain_address(address: str) -> bool:
    """Whether an address is one that we would send or take."""
    return len(address) <= MAX_ADDRESS and _ADDRESS.fullmatch(address) is not None


def _message(element: bytes, *, any_address: bool) -> Message:
    address, tags = _head(element)
    if not any_address and not is_plain_address(address):
        raise BadMessage("bad-message", "address", "is none of ours: /, letters, digits, . _ - only")
    if not _TYPES.issuperset(tags) or element.count(b"\0", 0, 64) == 0:
        raise BadMessage("bad-type", address, "takes numbers and text only")
    try:
        return Message(address, tuple(OscMessage(element)))
    except (ParseError, ValueError, struct.error, IndexError, OverflowError) as error:
        raise BadMessage("bad-message", address, "is cut off, or no valid OSC") from error


def _head(element: bytes) -> tuple[str, str]:
    """Address and type tags without the comma, looked at before anything parses them."""
    end = element.find(b"\0")
    comma = (end | 3) + 1
    close = element.find(b"\0", comma)
    if end < 1 or len(element) % 4:
        raise BadMessage("bad-message", "message", "is no OSC message")
    if comma == len(element):
        return _text(element[:end]), ""
    if close < 0 or element[comma : comma + 1] != b",":
        raise BadMessage("bad-message", "message", "has no type tags")
    return _text(element[:end]), _text(element[comma + 1 : close])


def _text(raw: bytes) -> str:
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError:
        raise BadMessage("bad-message", "message", "has an address or types that are no ASCII") from None


def _elements(bundle: bytes) -> list[bytes]:
    elements: list[bytes] = []
    at = 16
    while at < len(bundle):
        size = int.from_bytes(bundle[at : at + 4], "big")
        if not 0 < size <= len(bundle) - at - 4 or len(elements) >= _MOST_ELEMENTS:
            raise BadMessage("bad-message", "bundle", "is cut off, or holds more than anybody needs")
        elements.append(bundle[at + 4 : at + 4 + size])
        at += 4 + size
    return elements


def _string(text: str) -> bytes:
    raw = text.encode("utf-8", "replace").replace(b"\0", b"")
    return raw + bytes(4 - len(raw) % 4)


def _converted(message: Message, value: Any, kind: str) -> int | float | str:
    if kind == "s":
        if isinstance(value, str) and len(value) <= MAX_STRING:
            return value
    elif isinstance(value, int | float) and math.isfinite(value):
        if kind == "f":
            return float(value)
        if value == int(value) and abs(value) < 2**31:
            return int(value)
    raise BadMessage("bad-type", message.address, f"an argument is not {_NAMES[kind]}")


_NAMES: Final = {"i": "a whole number", "f": "a number", "s": "a text"}


def _in_words(signature: str) -> str:
    needed, _, optional = signature.partition("|")
    return f",{needed}" + (f"[{optional}]" if optional else "")
