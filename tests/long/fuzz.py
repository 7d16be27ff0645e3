"""A million hostile datagrams: the bridge answers a ping all the while, and says nothing of them.

    python -m tests.long.fuzz --datagrams 1000000

`tagger osc` runs in a process of its own, so does who sends the datagrams, and this one asks for a ping every 20 ms.
The run fails when the bridge dies, prints an error, leaves a ping unanswered, or grows by more than a quarter.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import socket
import subprocess
import sys
import time
from typing import Final

import numpy as np
import psutil

from osc_bridge.client import Client
from tests.long.bridge import bridge_process
from tests.osc.hostile import fuzzed

_AT_ONCE: Final = 20
_PAUSE_S: Final = 0.004
_PING_S: Final = 0.02
_PATIENCE_S: Final = 2.0
_WARM: Final = 50
_GROWTH: Final = 1.25


def main() -> int:
    """Sends as many as was said; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datagrams", type=int, default=1_000_000)
    count = parser.parse_args().datagrams
    with bridge_process(subprocess.PIPE) as (bridge, address):
        failed = _attack(bridge, address, count)
        bridge.terminate()
        _, errors = bridge.communicate(timeout=30)
    print(errors or "the bridge printed no error")
    return int(failed or bool(errors))


def _attack(bridge: subprocess.Popen[str], address: tuple[str, int], count: int) -> bool:
    process, took_s, unanswered = psutil.Process(bridge.pid), list[float](), 0
    with Client(address) as client:
        for _ in range(_WARM):
            client.ask("/tag/ping", answer="/tag/pong", timeout_s=_PATIENCE_S)
        before_mib = process.memory_info().rss / 2**20
        sender = multiprocessing.get_context("spawn").Process(target=_send, args=(address, count), daemon=True)
        sender.start()
        while sender.is_alive() and bridge.poll() is None:
            asked_s = time.perf_counter()
            answer = client.ask("/tag/ping", str(len(took_s)), answer="/tag/pong", timeout_s=_PATIENCE_S)
            took_s.append(time.perf_counter() - asked_s)
            unanswered += answer is None
            time.sleep(_PING_S)
        sender.join()
        # What the receive buffer still holds comes first.
        client.ask("/tag/ping", answer="/tag/pong", timeout_s=_PATIENCE_S)
        after_mib = process.memory_info().rss / 2**20 if bridge.poll() is None else 0.0
    p50, p99, most = 1000 * np.percentile(took_s, [50, 99, 100])
    print(f"{count} datagrams, {len(took_s)} pings, {unanswered} unanswered")
    print(f"a ping took p50 {p50:.1f} ms, p99 {p99:.1f} ms, at most {most:.1f} ms")
    print(f"memory {before_mib:.0f} MiB, then {after_mib:.0f} MiB")
    return bridge.poll() is not None or unanswered > 0 or after_mib > _GROWTH * before_mib


def _send(address: tuple[str, int], count: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
        for number, datagram in enumerate(itertools.islice(fuzzed(1), count)):
            attacker.sendto(datagram, address)
            if number % _AT_ONCE == 0:
                time.sleep(_PAUSE_S)


if __name__ == "__main__":
    sys.exit(main())
