"""JACK ports, each as a stream (the extra `live`): any track of a DAW that runs on JACK, without a plugin."""

from __future__ import annotations

import queue
import threading
from contextlib import ExitStack
from typing import Any, Final

import numpy as np

from osc_bridge.errors import SourceError
from osc_bridge.sources.sender import Sender
from osc_bridge.sources.sound_card import stream_name

_LONGEST_QUEUE: Final = 1000


def output_ports() -> list[str]:
    """The audio ports that can be listened to.

    Raises:
        SourceError: JACK is not installed, or not running.
    """
    client = _client()
    try:
        return [port.name for port in client.get_ports(is_audio=True, is_output=True)]
    finally:
        client.close()


def send(ports: list[str], address: tuple[str, int], *, stopping: threading.Event) -> None:
    """Sends ports until `stopping` is set, or JACK ends.

    Args:
        ports: names, as `ardour:Audio 1/audio_out 1`.
        address: of the bridge.
        stopping: ends it.

    Raises:
        SourceError: JACK is not installed or not running, or has no such port.
    """
    client = _client()
    blocks: queue.Queue[tuple[int, Any]] = queue.Queue(_LONGEST_QUEUE)
    known = {port.name for port in client.get_ports(is_audio=True, is_output=True)}
    for port in ports:
        if port not in known:
            client.close()
            raise SourceError(port, "is no output port of JACK", "`tagger osc jack --list` shows those there are")
    inputs = [client.inports.register(f"in_{number}") for number in range(1, len(ports) + 1)]
    with ExitStack() as stack:
        senders = [
            stack.enter_context(
                Sender(address, stream=stream_name(port), sample_rate=client.samplerate, title=_title(port))
            )
            for port in ports
        ]

        def process(frames: int) -> None:
            # On JACK's own thread: what has no room is dropped, and its time goes on.
            for number, port in enumerate(inputs):
                try:
                    blocks.put_nowait((number, port.get_array().copy()))
                except queue.Full:
                    senders[number].skip(frames)

        def shutdown(*_: object) -> None:
            stopping.set()

        client.set_process_callback(process)
        client.set_shutdown_callback(shutdown)
        with client:
            for port, own in zip(ports, inputs, strict=True):
                client.connect(port, own)
            while not stopping.is_set():
                try:
                    number, samples = blocks.get(timeout=0.2)
                except queue.Empty:
                    continue
                senders[number].push(np.asarray(samples, dtype=np.float32))


def _title(port: str) -> str:
    """The track behind a DAW's port: `ardour:Audio 1/audio_out 1` is "Audio 1"."""
    return port.partition(":")[2].partition("/")[0][:64]


def _client() -> Any:
    try:
        import jack
    except (ImportError, OSError) as error:
        advice = "install JACK, and this program with its extra `live`"
        raise SourceError("JACK", "is not installed", advice) from error
    # What it says of its own accord is for its makers.
    jack.set_error_function(lambda _: None)
    jack.set_info_function(lambda _: None)
    try:
        return jack.Client("tagger", no_start_server=True)
    except jack.JackError as error:
        raise SourceError("JACK", "is not running", "start it, or your DAW with JACK as its backend") from error
