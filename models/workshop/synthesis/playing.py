"""What is played: single notes, chords, strums, and short phrases of an instrument's range."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.workshop.synthesis.oscillators import Signal, Studio, midi_hz

LONGEST_S: Final = 3.0
KEYBOARD_CHORDS: Final = (
    *((0, 4, 7), (0, 3, 7), (0, 7, 12), (0, 12), (0, 4, 7, 11), (0, 3, 7, 10), (0, 5, 10), (0, 7, 16)),
    *((0, 4, 7, 12), (0, 3, 8), (0, 5, 9), (0, 4), (0, 3), (0, 7)),
)
GUITAR_CHORDS: Final = (
    *((0, 7, 12, 16, 19, 24), (0, 7, 12, 15, 19, 24), (0, 7, 12, 16), (0, 7, 10, 15), (0, 5, 9, 14)),
    *((0, 4, 7, 12, 16), (0, 3, 7), (0, 4, 7), (0, 7, 12)),
)
_SCALES: Final = ((0, 2, 4, 5, 7, 9, 11, 12), (0, 3, 5, 7, 10, 12), (0, 2, 3, 5, 7, 8, 10, 12), (0, 2, 4, 7, 9, 12))

Tone = Callable[[float, float, float], Signal]
"""One note by its frequency in Hz, its duration in s, and its strength, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Note:
    """One note: when it starts, how long it is held, its pitch in MIDI notes, how hard it is played, 0 to 1."""

    onset_s: float
    held_s: float
    pitch: float
    strength: float


def tune(
    studio: Studio,
    lowest: int,
    highest: int,
    *,
    chords: Sequence[tuple[int, ...]] = (),
    chord_share: float = 0.0,
    phrase_share: float = 0.25,
    shortest_s: float = 0.25,
) -> list[Note]:
    """A chord or a phrase with the given probabilities, else one note."""
    draw = studio.rng.random()
    if chords and draw < chord_share:
        return _chord(studio, lowest, highest, chords[int(studio.rng.integers(len(chords)))], shortest_s)
    if draw < chord_share + phrase_share:
        return _phrase(studio, lowest, highest)
    held_s = studio.log_uniform(shortest_s, LONGEST_S - 0.2)
    return [Note(0.0, held_s, _pitch(studio, lowest, highest), _strength(studio))]


def _chord(studio: Studio, lowest: int, highest: int, chord: tuple[int, ...], shortest_s: float) -> list[Note]:
    root = _pitch(studio, lowest, max(lowest, highest - chord[-1]))
    held_s, strength = studio.log_uniform(max(shortest_s, 0.3), LONGEST_S - 0.2), _strength(studio)
    step_s = studio.pick(0.0, 0.0, 0.01, 0.02, 0.05, 0.1) * studio.uniform(0.7, 1.3)
    order = chord[:: int(studio.pick(1, 1, -1))]
    onsets_s = [min(i * step_s, 0.6 * held_s) for i in range(len(order))]
    return [
        Note(onset_s, held_s - onset_s, root + interval, strength * studio.uniform(0.7, 1.0))
        for onset_s, interval in zip(onsets_s, order, strict=True)
    ]


def _phrase(studio: Studio, lowest: int, highest: int) -> list[Note]:
    scale = _SCALES[int(studio.rng.integers(len(_SCALES)))]
    root, step_s = _pitch(studio, lowest, max(lowest, highest - 12)), studio.log_uniform(0.12, 0.7)
    # Over 1: the notes ring into each other.
    gate = studio.uniform(0.3, 1.3)
    at = int(studio.rng.integers(len(scale)))
    notes: list[Note] = []
    for _ in range(int(studio.rng.integers(2, 5))):
        onset_s = notes[-1].onset_s + step_s * studio.pick(1.0, 1.0, 2.0) if notes else 0.0
        if onset_s + gate * step_s > LONGEST_S - 0.2:
            break
        notes.append(Note(onset_s, gate * step_s, root + scale[at], _strength(studio)))
        at = int(np.clip(at + studio.pick(-2, -1, 1, 2), 0, len(scale) - 1))
    return notes


def _pitch(studio: Studio, lowest: int, highest: int) -> float:
    return int(studio.rng.integers(lowest, highest + 1)) + studio.uniform(-0.08, 0.08)


def _strength(studio: Studio) -> float:
    return studio.uniform(0.15, 1.0)


def performed(studio: Studio, notes: Sequence[Note], tone: Tone, *, release_s: float) -> Signal:
    """The notes of a tune, each damped over `release_s` when it is let go."""
    end_s = min(LONGEST_S, max(note.onset_s + note.held_s for note in notes) + release_s)
    total = np.zeros(studio.samples(end_s))
    for note in notes:
        duration_s = min(note.held_s + release_s, end_s - note.onset_s)
        wave = tone(midi_hz(note.pitch), duration_s, note.strength)
        start = studio.samples(note.onset_s) - 1
        wave = wave[: len(total) - start] * _gate(studio, min(len(wave), len(total) - start), note.held_s, release_s)
        total[start : start + len(wave)] += (0.3 + 0.7 * note.strength) * wave
    return total


def _gate(studio: Studio, count: int, held_s: float, release_s: float) -> Signal:
    t = np.arange(count) / studio.sample_rate
    return np.exp(-5.0 * np.maximum(t - held_s, 0.0) / max(release_s, 0.005))
