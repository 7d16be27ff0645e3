"""For tests of the plugin: building it, hearing its streams as the bridge would, and hosting the LV2 one."""

from __future__ import annotations

import ctypes
import re
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pytest

Samples = npt.NDArray[np.float32]

PLUGIN: Final = Path(__file__).parents[1] / "osc_bridge" / "plugin"
AUDIO: Final = b"/tag/audio\0\0,siiiisb\0\0\0\0"
OPEN: Final = b"/tag/stream/open\0\0\0\0,sssi\0\0\0"
CLOSE: Final = b"/tag/stream/close\0\0\0,s\0\0"


def build(folder: Path, *targets: str) -> Path:
    """Makes targets of the plugin's Makefile in a folder; skips the test, in make's words, where a tool is missing."""
    if not shutil.which("make"):
        pytest.skip("there is no make")
    needed = [name for name in ("lv2", "dpf", "windows") if name in targets] or ["lv2"]
    make = ["make", "--no-print-directory", "-C", str(PLUGIN), f"BUILD={folder}"]
    for name in needed:
        tools = subprocess.run([*make, f"tools-{name}"], capture_output=True, text=True, check=False)
        if tools.returncode:
            pytest.skip(tools.stderr.splitlines()[0])
    built = subprocess.run([*make, *targets], capture_output=True, text=True, check=False)
    assert not built.returncode, built.stdout + built.stderr
    return folder


@dataclass(frozen=True, slots=True)
class Packet:
    """What a `/tag/audio` says; `samples` are (frames,) with full scale at 1."""

    stream: str
    seq: int
    frame: int
    rate: int
    form: str
    samples: Samples


def read_packet(datagram: bytes) -> Packet:
    """Reads a `/tag/audio` that is right to the last byte."""
    stream, rest = _text(datagram[len(AUDIO) :])
    seq, frame, rate, channels, form, size = struct.unpack_from(">IIII4sI", rest)
    blob = rest[24 : 24 + size]
    assert re.fullmatch(r"tap-[0-9a-f]{5}", stream)
    assert channels == 1
    assert len(datagram) % 4 == 0
    assert rest[24:] == blob + bytes(-size % 4)
    if form == b"s16\0":
        return Packet(
            stream, seq, frame, rate, "s16", np.frombuffer(blob, "<i2").astype(np.float32) / np.float32(32768)
        )
    assert form == b"f32\0"
    return Packet(stream, seq, frame, rate, "f32", np.frombuffer(blob, "<f4"))


def answer(stream: str, index: int, label: str, confidence: float) -> bytes:
    """The bytes of a `/tag/plugin`."""
    return b"".join(
        (
            b"/tag/plugin\0,sisf\0\0\0",
            _padded(stream),
            struct.pack(">i", index),
            _padded(label),
            struct.pack(">f", confidence),
        )
    )


def _padded(text: str) -> bytes:
    raw = text.encode()
    return raw + bytes(4 - len(raw) % 4)


def _text(raw: bytes) -> tuple[str, bytes]:
    end = raw.index(0)
    close = (end | 3) + 1
    assert not any(raw[end:close])
    return raw[:end].decode("ascii"), raw[close:]


class Ear:
    """Listens on a free port of this machine, as the bridge does.

    Attributes:
        port: where it listens.
        packets: what came, by stream, in order.
        opened: streams that said which track they are, and what they said.
        ended: streams that said that they end.
        sources: port that each stream was last heard from.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="ear")
        self.port: int = self._socket.getsockname()[1]
        self.packets: defaultdict[str, list[Packet]] = defaultdict(list)
        self.opened: list[tuple[str, str]] = []
        self.ended: list[str] = []
        self.sources: dict[str, int] = {}
        self.strange: list[bytes] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._socket.close()

    def say(self, stream: str, label: str, confidence: float, *, index: int = 0) -> None:
        """Tells a tap what leads in its stream."""
        self.throw(answer(stream, index, label, confidence), self.sources[stream])

    def throw(self, datagram: bytes, port: int) -> None:
        """Sends anything anywhere on this machine."""
        self._socket.sendto(datagram, ("127.0.0.1", port))

    def frames(self, stream: str) -> int:
        """How many sample frames came of a stream."""
        return sum(len(packet.samples) for packet in self.packets[stream])

    def sound(self, stream: str) -> Samples:
        """All that came of a stream, end to end."""
        return np.concatenate([packet.samples for packet in self.packets[stream]])

    def gaps(self, stream: str) -> int:
        """How often a packet does not go on where the one before it ended."""
        packets = self.packets[stream]
        return sum(
            after.seq != before.seq + 1 or after.frame != before.frame + len(before.samples)
            for before, after in pairwise(packets)
        )

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                datagram, (_, port) = self._socket.recvfrom(65536)
            except TimeoutError:
                continue
            if datagram.startswith(AUDIO):
                packet = read_packet(datagram)
                self.sources[packet.stream] = port
                self.packets[packet.stream].append(packet)
            elif datagram.startswith(OPEN):
                stream, rest = _text(datagram[len(OPEN) :])
                title, rest = _text(rest)
                daw_ref, rest = _text(rest)
                assert (title, len(rest)) == ("", 4)
                self.opened.append((stream, daw_ref))
            elif datagram.startswith(CLOSE):
                stream, rest = _text(datagram[len(CLOSE) :])
                assert not rest
                self.ended.append(stream)
            else:
                self.strange.append(datagram)


def wait_until(condition: Callable[[], object], *, timeout_s: float = 5.0) -> None:
    """Returns as soon as the condition holds; fails after the time-out."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


_POINTER: Final = ctypes.c_void_p
_MAP: Final = ctypes.CFUNCTYPE(ctypes.c_uint32, _POINTER, ctypes.c_char_p)
_STORE: Final = ctypes.CFUNCTYPE(
    ctypes.c_int, _POINTER, ctypes.c_uint32, _POINTER, ctypes.c_size_t, ctypes.c_uint32, ctypes.c_uint32
)
_RETRIEVE: Final = ctypes.CFUNCTYPE(
    _POINTER,
    _POINTER,
    ctypes.c_uint32,
    ctypes.POINTER(ctypes.c_size_t),
    ctypes.POINTER(ctypes.c_uint32),
    ctypes.POINTER(ctypes.c_uint32),
)


class _UridMap(ctypes.Structure):
    _fields_ = (("handle", _POINTER), ("map", _MAP))


class _Feature(ctypes.Structure):
    _fields_ = (("uri", ctypes.c_char_p), ("data", _POINTER))


class _Descriptor(ctypes.Structure):
    _fields_ = (
        ("uri", ctypes.c_char_p),
        (
            "instantiate",
            ctypes.CFUNCTYPE(_POINTER, _POINTER, ctypes.c_double, ctypes.c_char_p, ctypes.POINTER(_POINTER)),
        ),
        ("connect_port", ctypes.CFUNCTYPE(None, _POINTER, ctypes.c_uint32, _POINTER)),
        ("activate", ctypes.CFUNCTYPE(None, _POINTER)),
        ("run", ctypes.CFUNCTYPE(None, _POINTER, ctypes.c_uint32)),
        ("deactivate", ctypes.CFUNCTYPE(None, _POINTER)),
        ("cleanup", ctypes.CFUNCTYPE(None, _POINTER)),
        ("extension_data", ctypes.CFUNCTYPE(_POINTER, ctypes.c_char_p)),
    )


class _State(ctypes.Structure):
    _fields_ = (
        ("save", ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, _STORE, _POINTER, ctypes.c_uint32, _POINTER)),
        ("restore", ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, _RETRIEVE, _POINTER, ctypes.c_uint32, _POINTER)),
    )


State = dict[str, tuple[bytes, str]]
"""Value and type of each property, all named by URIs."""


class Lv2:
    """The LV2 plugin in a host of a few lines.

    Attributes:
        controls: the eight control ports, `CONTROLS` in order; outputs are new after each `run`.
    """

    CONTROLS: Final = ("port", "enabled", "track", "instrument", "confidence", "connected", "dropped", "stream")

    def __init__(
        self, library: Path, *, port: int, channels: int = 2, rate: float = 48_000, urids: bool = True
    ) -> None:
        self._urids: list[bytes] = []
        self._map = _MAP(self._number)
        self._feature = _Feature(b"http://lv2plug.in/ns/ext/urid#map", None)
        self._map_data = _UridMap(None, self._map)
        self._feature.data = ctypes.addressof(self._map_data)
        features = (_POINTER * 2)(ctypes.addressof(self._feature) if urids else None, None)
        describe = ctypes.CDLL(str(library)).lv2_descriptor
        describe.restype = ctypes.POINTER(_Descriptor)
        self._descriptor = describe(0 if channels == 2 else 1).contents
        self._channels = channels
        self._handle = self._descriptor.instantiate(ctypes.addressof(self._descriptor), rate, b"", features)
        assert self._handle
        self.controls = np.zeros(len(self.CONTROLS), np.float32)
        self.controls[:2] = port, 1
        for index in range(len(self.CONTROLS)):
            self._descriptor.connect_port(self._handle, index, self.controls.ctypes.data + 4 * index)

    @property
    def stream(self) -> str:
        """The id of its stream, read off its output; right after the first `run`."""
        return f"tap-{int(self['stream']):05x}"

    def __getitem__(self, control: str) -> float:
        return float(self.controls[self.CONTROLS.index(control)])

    def __setitem__(self, control: str, value: float) -> None:
        self.controls[self.CONTROLS.index(control)] = value

    def run(self, block: Samples, *, in_place: bool = False) -> Samples:
        """Gives out what the plugin makes of (channels, frames)."""
        inputs = np.ascontiguousarray(block, np.float32).copy()
        outputs = inputs if in_place else np.full_like(inputs, np.nan)
        for index, channel in enumerate([*inputs, *outputs]):
            self._descriptor.connect_port(self._handle, len(self.CONTROLS) + index, channel.ctypes.data)
        self._descriptor.run(self._handle, inputs.shape[1])
        return outputs

    def save(self) -> State:
        """What it wants to have kept in the session."""
        kept: State = {}

        def store(_: Any, key: int, value: int, size: int, kind: int, flags: int) -> int:
            assert flags == 3, "neither plain nor portable"
            kept[self._urids[key - 1].decode()] = (ctypes.string_at(value, size), self._urids[kind - 1].decode())
            return 0

        assert self._state().save(self._handle, _STORE(store), None, 0, None) == 0
        return kept

    def restore(self, state: State) -> int:
        """Gives it the state of a session; the status that it returns."""
        kept = {uri: (ctypes.create_string_buffer(value, len(value)), kind) for uri, (value, kind) in state.items()}

        def retrieve(_: Any, key: int, size: Any, kind: Any, flags: Any) -> int | None:
            value, uri = kept.get(self._urids[key - 1].decode(), (None, ""))
            if value is None:
                return None
            size[0], kind[0], flags[0] = len(value), self._number(None, uri.encode()), 3
            return ctypes.addressof(value)

        return int(self._state().restore(self._handle, _RETRIEVE(retrieve), None, 0, None))

    def activate(self) -> None:
        """As hosts do before they run it."""
        self._descriptor.activate(self._handle)

    def deactivate(self) -> None:
        """As hosts do before they put it away."""
        self._descriptor.deactivate(self._handle)

    def close(self) -> None:
        """Ends it, and with it its stream."""
        self._descriptor.cleanup(self._handle)

    def _state(self) -> _State:
        interface = self._descriptor.extension_data(b"http://lv2plug.in/ns/ext/state#interface")
        return _State.from_address(interface)

    def _number(self, _: Any, uri: bytes) -> int:
        if uri not in self._urids:
            self._urids.append(uri)
        return self._urids.index(uri) + 1


def noise(frames: int, *, channels: int = 2, peak: float = 0.5, seed: int = 0) -> Samples:
    """(channels, frames) of noise, uniform up to `peak`."""
    made: Samples = np.random.default_rng(seed).uniform(-peak, peak, (channels, frames)).astype(np.float32)
    return made


def blocks(sound: Samples, sizes: Sequence[int]) -> list[Samples]:
    """The sound cut into blocks of these sizes, over and over."""
    cut = []
    at = turn = 0
    while at < sound.shape[1]:
        size = sizes[turn % len(sizes)]
        cut.append(sound[:, at : at + size])
        at += size
        turn += 1
    return cut
