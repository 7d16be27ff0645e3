"""How much recognition suffers from what happens to sounds on their way: asked on libraries left out.

Clips are changed as audio and go the product's own way from there: frontend, onset, window, network.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.signal
import soundfile
import soxr
import torch

from models.workshop.clips import Clip
from models.workshop.features import onset_window, read_clip
from models.workshop.network import Network
from tagger.frontend import MelParameters

MOST_CLIPS: Final = 200

Samples = npt.NDArray[np.float32]
Change = Callable[[Samples, int], tuple[Samples, int]]

_MP3_RATE: Final = 44100
_LOW_PASS_HZ: Final = 8000
# Of libsndfile's range from 320 (0) to 32 kbit/s (1).
_MP3_64_KBITS: Final = (320 - 64) / (320 - 32)


@dataclass(frozen=True, slots=True)
class Robustness:
    """Top-1 on the clips as they are, and on the same clips changed, by the name of the change; 0 to 1."""

    clips: int
    unchanged: float
    changed: Mapping[str, float]

    def to_json(self) -> str:
        """All figures as JSON."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Robustness:
        """Reads what `to_json` wrote."""
        return cls(**json.loads(text))


def as_it_is(samples: Samples, rate: int) -> tuple[Samples, int]:
    """No change."""
    return samples, rate


def quieter(samples: Samples, rate: int) -> tuple[Samples, int]:
    """20 dB less."""
    return samples * np.float32(0.1), rate


def low_passed(samples: Samples, rate: int) -> tuple[Samples, int]:
    """Nothing above 8 kHz; what has nothing there anyway stays as it is."""
    if rate <= 2 * _LOW_PASS_HZ:
        return samples, rate
    sections = scipy.signal.butter(8, _LOW_PASS_HZ, fs=rate, output="sos")
    return scipy.signal.sosfilt(sections, samples).astype(np.float32), rate


def coded(samples: Samples, rate: int) -> tuple[Samples, int]:
    """Through MP3 at 64 kbit/s."""
    file = io.BytesIO()
    level = {"compression_level": _MP3_64_KBITS, "bitrate_mode": "CONSTANT"}
    source = soxr.resample(samples, rate, _MP3_RATE)
    soundfile.write(file, source, _MP3_RATE, format="MP3", subtype="MPEG_LAYER_III", **level)
    file.seek(0)
    decoded, decoded_rate = soundfile.read(file, dtype="float32")
    return decoded, decoded_rate


def late(samples: Samples, rate: int) -> tuple[Samples, int]:
    """300 ms of silence in front."""
    return np.concatenate([np.zeros(int(0.3 * rate), dtype=np.float32), samples]), rate


def reverberated(samples: Samples, rate: int) -> tuple[Samples, int]:
    """In a room: a second of exponentially decaying noise, 10 dB below the sound."""
    time_s = np.arange(rate) / rate
    room = np.random.default_rng(0).standard_normal(rate) * 10 ** (-3 * time_s)
    wet = scipy.signal.fftconvolve(samples, room)[: len(samples) + rate // 2]
    gain = 10 ** (-10 / 20) * np.sqrt(np.mean(samples**2) / max(float(np.mean(wet[: len(samples)] ** 2)), 1e-12))
    wet[: len(samples)] = samples + gain * wet[: len(samples)]
    wet[len(samples) :] *= gain
    return wet.astype(np.float32), rate


def resampled(samples: Samples, rate: int) -> tuple[Samples, int]:
    """At 16 kHz."""
    return soxr.resample(samples, rate, 16000), 16000


CHANGES: Final[Mapping[str, Change]] = {
    "20 dB quieter": quieter,
    "low-pass at 8 kHz": low_passed,
    "MP3 at 64 kbit/s": coded,
    "300 ms of silence in front": late,
    "reverb": reverberated,
    "16 kHz": resampled,
}


def robustness(
    network: Network, clips: Sequence[Clip], *, labels: Sequence[str], parameters: MelParameters, frames: int
) -> Robustness:
    """Asks a network about clips that it was not trained on, as they are and changed.

    Args:
        network: to be judged, on the CPU.
        clips: with one label each, of those that the network knows; of many, `MOST_CLIPS` are drawn.
        labels: the network's.
        parameters: of the frontend.
        frames: length of the window.
    """
    drawn = np.random.default_rng(0).permutation(len(clips))[:MOST_CLIPS]
    clips = [clips[index] for index in sorted(drawn)]
    if not clips:
        return Robustness(0, float("nan"), {})
    truth = np.array([list(labels).index(clip.labels[0]) for clip in clips])
    mono = [read_clip(clip) for clip in clips]

    def top1(change: Change) -> float:
        windows = [onset_window(*change(*each), parameters, frames) for each in mono]
        return float(np.mean(_asked(network, windows) == truth))

    return Robustness(len(clips), top1(as_it_is), {name: top1(change) for name, change in CHANGES.items()})


@torch.no_grad()
def _asked(network: Network, windows: Iterable[npt.NDArray[np.float32]]) -> npt.NDArray[np.int64]:
    logits = [
        network(torch.from_numpy(part)).single for part in np.array_split(np.stack(list(windows)), 8) if len(part)
    ]
    best: npt.NDArray[np.int64] = torch.cat(logits).argmax(1).numpy()
    return best
