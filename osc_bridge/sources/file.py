"""A file, played to the bridge as if a DAW did: in real time, from the beginning, or over and over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from osc_bridge.packets import Samples
from osc_bridge.sources.sender import PACKET_S, Sender
from tagger.audio import open_audio


def play(
    path: Path,
    address: tuple[str, int],
    *,
    stream: str,
    repeat: bool,
    stopping: threading.Event,
    progress: Callable[[float, float], None],
) -> None:
    """Plays a file until it ends, or `stopping` is set.

    Args:
        path: any audio file that the tagger reads.
        address: of the bridge.
        stream: identifier of the stream.
        repeat: whether to begin again at the end.
        stopping: ends it.
        progress: told where it is and how long the file is, in seconds, ten times a second.

    Raises:
        DecodeError: the file cannot be decoded.
        BadMessage: no stream may be called so.
    """
    with open_audio(path) as audio:
        rate, duration_s = audio.facts.sample_rate, audio.facts.duration_s
    with Sender(address, stream=stream, sample_rate=rate, title=path.stem[:64]) as sender:
        started_s = time.monotonic()
        sent = 0
        while not stopping.is_set():
            begun_at = sent
            for samples in _pieces(path):
                # Ahead of time by nothing: a packet leaves when its last sample would have been played.
                sent += len(samples)
                if stopping.wait(max(0.0, started_s + sent / rate - time.monotonic())):
                    break
                sender.push(samples)
                progress((sent - begun_at) / rate, duration_s)
            if not repeat or sent == begun_at:
                break


def _pieces(path: Path) -> Iterator[Samples]:
    """Samples in lengths of a packet; the end is filled up, so that all of it is heard."""
    with open_audio(path) as audio:
        size = round(PACKET_S * audio.facts.sample_rate)
        for block in audio.blocks():
            for start in range(0, len(block), size):
                yield block[start : start + size]
