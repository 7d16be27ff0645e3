"""How soon, how surely, and under which losses a live stream names what begins to play: on a clock of its own.

Each sample is a stream: half a second of almost nothing, the sample, and almost nothing again. Told is how often its
label goes on, others how many other labels do, and when is the time from the onset to `/tag/on`.

Run: python -m benchmarks.osc_onset [TRUTH.csv], a table with the columns file and label; by default the demo samples
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from osc_bridge.engine import Engine
from osc_bridge.heard import Heard
from osc_bridge.packets import AudioPacket
from tagger.audio import open_audio
from tagger.recogniser import Recogniser
from tagger.taxonomy import FAMILIES

_DEMO = Path(__file__).parents[1] / "demo" / "truth.csv"
_SHORT = {*FAMILIES["drums"], *FAMILIES["percussion"], *FAMILIES["mallets"]}
_BEFORE_S, _AFTER_S = 0.5, 1.5
_PACKET_S = 0.01
_HOP_S = 0.1
_ONSET_SHARE = 0.02
_LEVEL = 0.3
_SOURCE = ("127.0.0.1", 1)


@dataclass(frozen=True, slots=True)
class Sample:
    """One sound and what it is."""

    label: str
    samples: npt.NDArray[np.float32]
    sample_rate: int
    onset_s: float


@dataclass(frozen=True, slots=True)
class Network:
    """What happens to packets on their way, as shares of them."""

    name: str
    lost: float = 0.0
    swapped: float = 0.0
    doubled: float = 0.0


_NETWORKS = (
    Network("none"),
    Network("1 % lost", lost=0.01),
    Network("5 % lost", lost=0.05),
    Network("20 % lost", lost=0.2),
    Network("20 % swapped", swapped=0.2),
    Network("20 % doubled", doubled=0.2),
)


def main() -> None:
    truth = Path(sys.argv[1]) if len(sys.argv) > 1 else _DEMO
    samples = list(_read(truth))
    engine = Recogniser()
    print(f"{len(samples)} samples, hop {1000 * _HOP_S:g} ms")
    print(f"{'what happens':>14} {'sounds':>10} {'told':>6} {'others':>7} {'F1':>6} {'when: p50':>10} {'p95':>6} ms")
    for network in _NETWORKS:
        outcomes = [(sample, *_heard(engine, sample, network)) for sample in samples]
        for name, is_short in (("struck", True), ("sustained", False)):
            chosen = [(when, others) for sample, when, others in outcomes if (sample.label in _SHORT) == is_short]
            _print(network.name, name, chosen)


def _print(network: str, sounds: str, outcomes: list[tuple[float | None, int]]) -> None:
    told = [when for when, _ in outcomes if when is not None]
    others = sum(count for _, count in outcomes)
    f1 = 2 * len(told) / (len(told) + others + len(outcomes))
    p50, p95 = np.percentile(told, [50, 95]) if told else (0.0, 0.0)
    print(
        f"{network:>14} {sounds:>10} {len(told) / len(outcomes):>6.2f} {others / len(outcomes):>7.2f} {f1:>6.3f}"
        f" {1000 * p50:>10.0f} {1000 * p95:>6.0f}",
        flush=True,
    )


def _read(truth: Path) -> Iterator[Sample]:
    with truth.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        path = next(path for path in (truth.parent / "samples", truth.parent / "clips", truth.parent) if path.exists())
        if [other["file"] for other in rows].count(row["file"]) > 1:
            continue
        with open_audio(path / row["file"]) as audio:
            samples = np.concatenate(list(audio.blocks()))
            rate = audio.facts.sample_rate
        onset = int(np.flatnonzero(np.abs(samples) > _ONSET_SHARE * np.abs(samples).max())[0])
        yield Sample(row["label"], samples * np.float32(_LEVEL), rate, onset / rate)


def _heard(recogniser: Recogniser, sample: Sample, network: Network) -> tuple[float | None, int]:
    """When the sample's label went on, in seconds from the onset, and how many others did."""
    engine = Engine(recogniser)
    chance = random.Random(f"{network.name} {sample.label} {len(sample.samples)}")
    when: float | None = None
    others = 0
    due_s = chance.random() * _HOP_S
    for now_s, packet in _arriving(_packets(sample), network, chance):
        if packet is not None:
            engine.put(packet, _SOURCE, now_s)
        if now_s < due_s:
            continue
        due_s += _HOP_S
        for heard in engine.tick(now_s):
            if isinstance(heard, Heard) and heard.is_on and heard.label == sample.label and when is None:
                when = now_s - _BEFORE_S - sample.onset_s
            elif isinstance(heard, Heard) and heard.is_on and heard.label != sample.label:
                others += 1
    return when, others


def _packets(sample: Sample) -> list[AudioPacket]:
    noise = np.random.default_rng(0)
    around = [noise.normal(0, 1e-5, round(each * sample.sample_rate)) for each in (_BEFORE_S, _AFTER_S)]
    signal = np.concatenate([around[0], sample.samples, around[1]]).astype("<f4")
    size = round(_PACKET_S * sample.sample_rate)
    return [
        AudioPacket("a", number, start, sample.sample_rate, 1, 4, signal[start : start + size].tobytes())
        for number, start in enumerate(range(0, len(signal) - size, size))
    ]


def _arriving(
    packets: list[AudioPacket], network: Network, chance: random.Random
) -> Iterator[tuple[float, AudioPacket | None]]:
    """Packets as they come, with the time at which they do."""
    order = list(packets)
    for place in range(len(order) - 1):
        if chance.random() < network.swapped:
            order[place], order[place + 1] = order[place + 1], order[place]
    for place, packet in enumerate(order):
        now_s = (place + 1) * _PACKET_S
        yield now_s, None if place and chance.random() < network.lost else packet
        if chance.random() < network.doubled:
            yield now_s, packet


if __name__ == "__main__":
    main()
