"""The bridge under load, over real UDP: streams of 10 ms packets from another process, all of them audible.

Latency is from a packet's arrival to the score that heard it. It cannot be less than half the hop on average, since the
bridge listens once a hop.

Run: python -m benchmarks.osc [SECONDS]
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from osc_bridge.bridge import Bridge, BridgeSettings
from osc_bridge.packets import AudioPacket, write_audio
from osc_bridge.sources.sender import PACKET_S
from tagger.audio import open_audio
from tagger.recogniser import Recogniser

_LOOP = Path(__file__).parents[1] / "demo" / "samples" / "Loops" / "kv3-a_120.ogg"
_RATE = 48_000
_CASES = ((8, 0.02), (8, 0.1), (32, 0.1), (64, 0.1), (128, 0.1), (128, 0.25), (256, 1.0))
_WARM_UP_S = 2.0


@dataclass(frozen=True, slots=True)
class Load:
    """What came of one case."""

    sent: int
    received: int
    p50_s: float
    p99_s: float
    cores: float
    rss_mib: float
    behind_s: float


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    print(f"{seconds:g} s a case; the sender runs beside the bridge, on the same machine")
    print("streams hop_ms   sent   lost  p50_ms  p99_ms  cores  rss_MiB  sender_late_ms")
    for streams, hop_s in _CASES:
        load = _measured(streams, hop_s=hop_s, seconds=seconds)
        print(
            f"{streams:>7} {1000 * hop_s:>6.0f} {load.sent:>6} {load.sent - load.received:>6} {1000 * load.p50_s:>7.0f}"
            f" {1000 * load.p99_s:>7.0f} {load.cores:>6.2f} {load.rss_mib:>8.0f} {1000 * load.behind_s:>15.0f}",
            flush=True,
        )


def _measured(streams: int, *, hop_s: float, seconds: float) -> Load:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        settings = BridgeSettings(port=0, hop_s=hop_s, catalog=Path(folder, "catalog.db"))
        with Bridge(settings, server="benchmark", recogniser=Recogniser()) as bridge:
            sender = context.Process(target=_send, args=(theirs, bridge.address, streams, seconds + _WARM_UP_S))
            sender.start()
            ours.recv()
            time.sleep(_WARM_UP_S)
            bridge.engine.latency.clear()
            started_s, used_s = time.monotonic(), time.process_time()
            sent, behind_s = ours.recv()
            cores = (time.process_time() - used_s) / (time.monotonic() - started_s)
            time.sleep(2 * hop_s)
            sender.join()
            received = sum(info.received for info in bridge.engine.streams())
            latency = bridge.engine.latency
            return Load(
                sent, received, latency.percentile_s(0.5), latency.percentile_s(0.99), cores, _rss_mib(), behind_s
            )


def _send(pipe: Connection, address: tuple[str, int], streams: int, seconds: float) -> None:
    """Plays a loop as so many streams, each from another place on."""
    import socket

    with open_audio(_LOOP) as audio:
        samples = np.concatenate(list(audio.blocks()))
    frames = round(PACKET_S * _RATE)
    blobs = [
        np.round(np.clip(part, -1, 1) * 32767).astype("<i2").tobytes()
        for part in np.split(samples[: len(samples) // frames * frames], len(samples) // frames)
    ]
    sent, behind_s = 0, 0.0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outgoing:
        pipe.send("ready")
        started_s = time.monotonic()
        for number in range(round(seconds / PACKET_S)):
            wait_s = started_s + number * PACKET_S - time.monotonic()
            behind_s = max(behind_s, -wait_s)
            time.sleep(max(0.0, wait_s))
            for stream in range(streams):
                blob = blobs[(number + 7 * stream) % len(blobs)]
                packet = AudioPacket(f"s{stream}", number, number * frames, _RATE, 1, 2, blob)
                outgoing.sendto(write_audio(packet), address)
                sent += 1
    pipe.send((sent, behind_s))


def _rss_mib() -> float:
    """Memory of this process; 0 where the system does not tell it as Linux does."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
