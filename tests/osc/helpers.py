"""A running bridge for tests, clients of it, and sounds made on the spot."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from osc_bridge.bridge import Bridge, BridgeSettings, DawSettings
from osc_bridge.client import Client
from osc_bridge.messages import Message
from osc_bridge.packets import AudioPacket
from osc_bridge.sources.sender import Sender
from tagger.recogniser import Recogniser

RATE = 48_000
Samples = npt.NDArray[np.float32]


@lru_cache(maxsize=1)
def recogniser() -> Recogniser:
    return Recogniser()


@contextmanager
def running(folder: Path, *, daws: Sequence[DawSettings] = (), **settings: Any) -> Iterator[Bridge]:
    """A bridge on a free port; a fault of the program's in it fails the test."""
    faults: list[Exception] = []
    given: dict[str, Any] = {"port": 0, "catalog": folder / "catalog.db"} | settings
    chosen = BridgeSettings(**given)
    bridge = Bridge(chosen, server="tagger/test", recogniser=recogniser(), on_fault=faults.append)
    for daw in daws:
        bridge.add(daw)
    with bridge:
        yield bridge
    assert not faults, faults


def kick(duration_s: float = 0.5, rate: int = RATE) -> Samples:
    """A bass drum of an old drum machine: a sine that falls and fades, driven a little, with a click."""
    time_s = np.arange(round(duration_s * rate)) / rate
    phase = 2 * np.pi * np.cumsum(50 + 150 * np.exp(-time_s * 30)) / rate
    click = np.random.default_rng(0).normal(0, 0.3, len(time_s)) * np.exp(-time_s * 400)
    body: Samples = np.tanh(2 * np.sin(phase) * np.exp(-time_s * 12))
    return (0.8 * body + click).astype(np.float32)


def silence(duration_s: float, rate: int = RATE) -> Samples:
    return np.zeros(round(duration_s * rate), dtype=np.float32)


def noise(duration_s: float, rate: int = RATE, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).normal(0, 0.1, round(duration_s * rate)).astype(np.float32)


def packets(
    samples: Samples, *, stream: str = "a", rate: int = RATE, frame: int = 0, size: int = 480
) -> list[AudioPacket]:
    """Packets of float samples, which keep them exactly."""
    return [
        AudioPacket(stream, number, frame + start, rate, 1, 4, samples[start : start + size].astype("<f4").tobytes())
        for number, start in enumerate(range(0, len(samples), size))
    ]


def wait_for(condition: Callable[[], object], timeout_s: float = 30.0) -> None:
    """Waits until something is so."""
    until_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until_s, "it never came about"
        time.sleep(0.01)


def first(client: Client, address: str, timeout_s: float = 5.0) -> Message:
    """The next message of that address."""
    for message in client.receive(timeout_s):
        if re.fullmatch(address, message.address):
            return message
    raise AssertionError(f"{address} never came")


@contextmanager
def playing(bridge: Bridge, sound: Samples, *, daw_ref: str = "") -> Iterator[None]:
    """Plays a sound on and on, in real time, as a tap would."""
    stopping = threading.Event()

    def play() -> None:
        with Sender(bridge.address, stream="drums", sample_rate=RATE, daw_ref=daw_ref) as sender:
            while not stopping.is_set():
                started_s = time.monotonic()
                for number, piece in enumerate(np.split(sound, len(sound) // 480)):
                    if stopping.wait(max(0.0, started_s + number * 0.01 - time.monotonic())):
                        break
                    sender.push(piece)

    thread = threading.Thread(target=play)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
