"""A sound card's input, by PortAudio (the extra `live`)."""

from __future__ import annotations

import queue
import re
import threading
from typing import Any, Final

import numpy as np

from osc_bridge.errors import SourceError
from osc_bridge.sources.sender import PACKET_S, Sender

_LONGEST_QUEUE: Final = 200


def devices() -> list[str]:
    """What can be recorded from, as `number: name`.

    Raises:
        SourceError: PortAudio is not there.
    """
    return [
        f"{number}: {device['name']}"
        for number, device in enumerate(_sounddevice().query_devices())
        if device["max_input_channels"] > 0
    ]


def send(device: str | None, address: tuple[str, int], *, stream: str | None, stopping: threading.Event) -> None:
    """Sends what a device records until `stopping` is set.

    Args:
        device: name or number; None for the system's.
        address: of the bridge.
        stream: identifier of the stream; by default made of the device's name.
        stopping: ends it.

    Raises:
        SourceError: PortAudio is not there, or the device cannot be recorded from.
    """
    sounddevice = _sounddevice()
    chosen = int(device) if device and device.isdecimal() else device
    try:
        info = sounddevice.query_devices(chosen, "input")
        rate = round(info["default_samplerate"])
        blocks: queue.Queue[Any] = queue.Queue(_LONGEST_QUEUE)

        def take(samples: Any, frames: int, *_: object) -> None:
            # In the audio callback: what has no room is dropped, and its time goes on.
            try:
                blocks.put_nowait(samples.mean(axis=1))
            except queue.Full:
                sender.skip(frames)

        name = stream or stream_name(info["name"])
        recording = sounddevice.InputStream(
            device=chosen, samplerate=rate, blocksize=round(PACKET_S * rate), dtype="float32", callback=take
        )
        with Sender(address, stream=name, sample_rate=rate, title=info["name"][:64]) as sender, recording:
            while not stopping.is_set():
                try:
                    sender.push(np.asarray(blocks.get(timeout=0.2), dtype=np.float32))
                except queue.Empty:
                    continue
    except (sounddevice.PortAudioError, ValueError) as error:
        raise SourceError(device or "the system's input", f"cannot be recorded from: {error}", _LIST) from error


_LIST: Final = "`tagger osc input --list` shows what can be"


def stream_name(text: str) -> str:
    """A name for a stream that says what a text says: letters, digits, `.`, `_` and `-`, 32 at most."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", text).strip("-")[:32].strip("-") or "input"


def _sounddevice() -> Any:
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        advice = "install PortAudio, and this program with its extra `live`"
        raise SourceError("PortAudio", "is not installed", advice) from error
    return sounddevice
