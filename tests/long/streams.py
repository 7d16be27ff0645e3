"""The bridge in use for hours, as on stage: its memory has to stay flat, and each stream has to be heard to the end.

    python -m tests.long.streams --minutes 120

Sixteen streams play the demo's sounds into `tagger osc`, a process of its own, over real UDP. Every few minutes half
of them end and others begin under new names; strangers subscribe and are never seen again; nonsense comes between.
Memory is read every half a minute. The run fails when the bridge dies, when it gives no scores for a minute, or when
its memory in the last quarter is more than a tenth above that of the second one.
"""

from __future__ import annotations

import argparse
import random
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import psutil

from osc_bridge.client import Client
from osc_bridge.messages import write
from osc_bridge.sources.sender import PACKET_S, Sender
from tagger.audio import open_audio
from tests.long.bridge import bridge_process

_SAMPLES: Final = Path(__file__).parents[2] / "demo" / "samples"
_STREAMS: Final = 16
_RATE: Final = 48_000
_TICK_S: Final = 10 * PACKET_S
_CHANGE_S: Final = 240.0
_SILENT_S: Final = 60.0
_LOOK_S: Final = 30.0
_GROWTH: Final = 1.1


def main() -> int:
    """Plays for as long as was said; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=120.0)
    minutes = parser.parse_args().minutes
    with bridge_process() as (process, address):
        return _play(process, address, 60 * minutes)


def _play(process: subprocess.Popen[str], address: tuple[str, int], seconds: float) -> int:
    bridge, dice, sounds = psutil.Process(process.pid), random.Random(0), _sounds()
    memory_mib: list[float] = []
    with Client(address) as client, ExitStack() as stack:
        players = [stack.enter_context(_player(address, number)) for number in range(_STREAMS)]
        _wait(client)
        client.follow("scores")
        start = heard_at = time.monotonic()
        look_at, change_at = start, start + _CHANGE_S
        for tick in range(round(seconds / _TICK_S)):
            told = [message.address for message in client.receive(_until(start + tick * _TICK_S))]
            heard_at = time.monotonic() if "/tag/scores" in told else heard_at
            now = time.monotonic()
            for number, player in enumerate(players):
                player.push(_part(sounds[number % len(sounds)], tick + 31 * number))
            _annoy(address, dice)
            if now >= change_at:
                change_at += _CHANGE_S
                for number in range(_STREAMS // 2):
                    players[number].__exit__()
                    players[number] = stack.enter_context(_player(address, tick + number))
            if now >= look_at:
                look_at += _LOOK_S
                memory_mib.append(_look(bridge, now - start))
            if process.poll() is not None or now - heard_at > _SILENT_S:
                print("the bridge died" if process.poll() is not None else "nothing was heard for a minute")
                return 1
    quarter = max(len(memory_mib) // 4, 1)
    early, late = np.median(memory_mib[quarter : 2 * quarter] or memory_mib), np.median(memory_mib[-quarter:])
    print(f"median memory: second quarter {early:.1f} MiB, last quarter {late:.1f} MiB")
    return int(late > _GROWTH * early)


def _until(moment: float) -> float:
    return max(0.001, moment - time.monotonic())


def _look(bridge: psutil.Process, passed_s: float) -> float:
    memory_mib, cpu = float(bridge.memory_info().rss) / 2**20, bridge.cpu_times()
    print(f"{passed_s / 60:6.1f} min  {memory_mib:6.1f} MiB  {cpu.user + cpu.system:8.1f} s of CPU", flush=True)
    return memory_mib


def _player(address: tuple[str, int], number: int) -> Sender:
    return Sender(address, stream=f"track-{number}", sample_rate=_RATE, title=f"Track {number}")


def _part(sound: npt.NDArray[np.float32], tick: int) -> npt.NDArray[np.float32]:
    """A tenth of a second of a sound that is played again and again."""
    frames = round(_TICK_S * _RATE)
    return np.take(sound, np.arange(tick * frames, (tick + 1) * frames), mode="wrap")


def _annoy(address: tuple[str, int], dice: random.Random) -> None:
    """Nonsense, and now and then somebody who subscribes and is never seen again."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        if dice.random() < 0.05:
            stranger.sendto(dice.randbytes(dice.randint(0, 400)), address)
        if dice.random() < 0.01:
            stranger.sendto(write("/tag/subscribe", 0, "*", "event", 0.0), address)


def _sounds() -> list[npt.NDArray[np.float32]]:
    sounds = []
    for path in sorted((_SAMPLES / "Loops").iterdir()) + sorted((_SAMPLES / "Night Bus").iterdir()):
        with open_audio(path) as audio:
            sounds.append(np.concatenate(list(audio.blocks())).reshape(-1))
    return sounds


def _wait(client: Client) -> None:
    for _ in range(60):
        if client.ask("/tag/ping", answer="/tag/pong"):
            return
    raise SystemExit("the bridge does not answer")


if __name__ == "__main__":
    sys.exit(main())
