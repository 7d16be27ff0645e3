"""What an analysis says: the plain values that pass between the rooms of the house."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt


class Kind(StrEnum):
    """What sort of recording a file is."""

    ONE_SHOT = "one-shot"
    LOOP = "loop"
    TRACK = "track"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One recognised instrument.

    Attributes:
        label: a leaf of the taxonomy, a family where only that is sure, or a label of another set.
        family: the family of the label.
        confidence: calibrated probability that the label is right, 0 to 1.
    """

    label: str
    family: str
    confidence: float


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """What the container says of a file, and the identity of its audio.

    Attributes:
        duration_s: length in seconds.
        sample_rate: in Hz, the file's own.
        channels: number of channels in the file.
        payload_hash: 32 hex digits over the audio payload alone; tags do not change it.
    """

    duration_s: float
    sample_rate: int
    channels: int
    payload_hash: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that one look at a recording gives.

    Attributes:
        facts: what the container says; `payload_hash` is "" for an array.
        kind: one-shot, loop, track or silence.
        instruments: the three most likely labels, best first; empty only for silence.
        tags: what may be claimed: labels above their thresholds, or the family where the leaf is
            unsure. Empty means "unsure", or silence.
        model: name and version of the model, as `name@version`.
        scores: (labels,) float32, calibrated probability of each of the model's labels, in their order; those of the
            model that comes with the program are the 59 leaves in the order of the taxonomy.
        embedding: (128,) float32 of unit length, for similarity search; zeros for silence.
        tempo_bpm: of a loop, else None.
        key: of a loop, as "Am" or "F#", else None.
    """

    facts: AudioFacts
    kind: Kind
    instruments: tuple[Instrument, ...]
    tags: tuple[Instrument, ...]
    model: str
    scores: npt.NDArray[np.float32]
    embedding: npt.NDArray[np.float32]
    tempo_bpm: float | None = None
    key: str | None = None
