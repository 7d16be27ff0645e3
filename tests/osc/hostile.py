"""Datagrams that mean harm, and endless variations of them."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from osc_bridge import messages
from osc_bridge.packets import AudioPacket, write_audio


def bundle(*elements: bytes, when: bytes = bytes(7) + b"\1") -> bytes:
    return b"#bundle\0" + when + b"".join(struct.pack(">i", len(each)) + each for each in elements)


def hostile() -> dict[str, bytes]:
    nested = messages.write("/tag/a")
    for _ in range(400):
        nested = bundle(nested)
    message = messages.write
    return {
        "stars": b"/tagger/" + b"*" * 40 + b"x\0\0\0,\0\0\0",
        "stars of ours": b"/tag/" + b"*" * 40 + b"x\0\0" + b",\0\0\0",
        "wildcard": b"/tag/*\0\0,\0\0\0",
        "nested 400 deep": nested,
        "wide bundle": bundle(*[message("/tag/a")] * 2000),
        "bundle of itself": b"#bundle\0" + bytes(8) + struct.pack(">i", -1),
        "unknown type c": b"/tag/ping\0\0\0,ci\0" + struct.pack(">ii", 65, 7),
        "array without an end": b"/tag/ping\0\0\0,[[[" + bytes(4),
        "negative blob": b"/tag/ping\0\0\0,b\0\0" + struct.pack(">i", -5),
        "huge blob": b"/tag/ping\0\0\0,b\0\0" + struct.pack(">i", 2**31 - 1),
        "no UTF-8": b"/tag/ping\0\0\0,s\0\0\xff\xfe\xfd\0",
        "no end of a string": b"/tag/ping\0\0\0,s\0\0abcd",
        "long address": message("/tag/" + "a" * 100),
        "address of nothing": b"\0\0\0\0",
        "empty": b"",
        "text": b"GET / HTTP/1.1\r\n\r\n",
        "types for ever": b"/tag/ping\0\0\0," + b"i" * 60_000 + bytes(3),
        "NaN": b"/tag/param/set\0\0,ssf\0\0\0\0*\0\0\0off_ratio\0\0\0" + struct.pack(">f", float("nan")),
        "largest": bytes(65_507),
    }


def fuzzed(seed: int) -> Iterator[bytes]:
    """Hostile and honest datagrams without an end, most with some of their first bytes changed."""
    chance = random.Random(seed)
    audio = write_audio(AudioPacket("fuzz", 0, 0, 48_000, 1, 2, bytes(960)))
    honest = [messages.write("/tag/subscribe"), bundle(messages.write("/tag/ping", "x")), audio, audio]
    corpus = [*hostile().values(), *honest]
    while True:
        datagram = bytearray(chance.choice(corpus))
        for _ in range(chance.randrange(4)):
            if datagram:
                datagram[chance.randrange(min(len(datagram), 64))] = chance.randrange(256)
        yield bytes(datagram)
