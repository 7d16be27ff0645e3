"""Sections of bowed strings: the string ensemble.

A section is 8 to 24 players of `bowed`, each with pitch, onset and vibrato of their own: what makes it one sound
is that no two of them agree.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from models.workshop.synthesis.bowed import bow_cycles, jitter
from models.workshop.synthesis.oscillators import Signal, Studio, high_pass, low_pass, midi_hz
from models.workshop.synthesis.partials import body
from models.workshop.synthesis.pedals import taped, vibrato
from models.workshop.synthesis.playing import Note, performed
from models.workshop.synthesis.plucked import StringTimbre, string

_VOICINGS: Final = (
    *((0,), (0,), (0, 12), (-12, 0, 12), (0, 4, 7), (0, 3, 7), (-12, 0, 7, 16), (-12, 0, 7, 15)),
    *((0, 7, 12, 16), (0, 7, 12, 15), (0, 7), (-12, 0, 4, 11), (-12, 0, 3, 10), (0, 5, 12), (0, 3, 6)),
)
_STRIDE: Final = 32
_TABLE: Final = 8192
_BODY_HZ: Final = (140.0, 220.0, 280.0, 400.0, 500.0)


def sustained_ensemble(studio: Studio) -> Signal:
    """A section's long chord or unison, slow to start."""
    return _heard(studio, _section(studio, studio.uniform(0.8, 3.0), attack_s=studio.log_uniform(0.06, 0.7)))


def marcato_ensemble(studio: Studio) -> Signal:
    """A section's short accents, one or several."""
    rate, held_s = studio.sample_rate, studio.log_uniform(0.12, 0.45)
    accent = _section(studio, held_s + 0.25, attack_s=studio.log_uniform(0.01, 0.05), release_s=0.25)
    count, step_s = int(studio.pick(1, 1, 2, 3, 4)), held_s * studio.uniform(1.0, 1.6)
    total = np.zeros(min(len(accent) + int(step_s * (count - 1) * rate), 3 * rate))
    for i in range(count):
        start = int(step_s * i * rate)
        part = accent[: max(0, len(total) - start)]
        total[start : start + len(part)] += studio.uniform(0.6, 1.0) * part
    return _heard(studio, total)


def tremolo_ensemble(studio: Studio) -> Signal:
    """A section, tremolo: every bow goes to and fro at its own rate."""
    attack_s = studio.log_uniform(0.03, 0.4)
    return _heard(studio, _section(studio, studio.uniform(0.7, 3.0), attack_s=attack_s, tremolo_hz=(6.0, 14.0)))


def pizzicato_ensemble(studio: Studio) -> Signal:
    """A section plucking, not quite together."""
    timbre = StringTimbre(
        t60_s=studio.log_uniform(0.25, 1.0),
        damping=studio.log_uniform(0.8, 4.0),
        cutoff_hz=studio.log_uniform(600.0, 3500.0),
        place=studio.uniform(0.12, 0.45),
        pickups=(),
        stiffness=1e-4,
        looped=studio.chance(0.3),
    )
    pitches, players = _voicing(studio), int(studio.rng.integers(2, 5))
    step_s, count = studio.log_uniform(0.15, 0.6), int(studio.pick(1, 1, 2, 3))
    late_s, cents = studio.log_uniform(0.004, 0.025), studio.uniform(3.0, 12.0)
    notes = [
        Note(
            step_s * i + abs(studio.rng.normal(0.0, late_s)),
            studio.uniform(0.3, 0.7),
            pitch + move + studio.rng.normal(0.0, cents / 100.0),
            studio.uniform(0.4, 0.9),
        )
        for i, move in enumerate(studio.rng.choice([0, 2, 5, 7], count))
        for pitch in pitches
        for _ in range(players)
    ]

    def tone(hz: float, duration_s: float, strength: float) -> Signal:
        return string(studio, timbre, hz, duration_s, strength)

    return _heard(studio, performed(studio, notes, tone, release_s=0.2))


def tape_ensemble(studio: Studio) -> Signal:
    """A section played back from tape by a keyboard: wow, narrow band, one attack for all."""
    players = _section(studio, studio.uniform(0.8, 3.0), attack_s=studio.log_uniform(0.02, 0.15))
    return taped(studio, _heard(studio, players))


def _voicing(studio: Studio) -> list[float]:
    voicing = _VOICINGS[int(studio.rng.integers(len(_VOICINGS)))]
    root = int(studio.rng.integers(36 - voicing[0], 92 - voicing[-1]))
    return [float(root + interval) for interval in voicing]


def _section(
    studio: Studio,
    duration_s: float,
    *,
    attack_s: float,
    release_s: float | None = None,
    tremolo_hz: tuple[float, float] | None = None,
) -> Signal:
    """Players spread over the notes of a chord."""
    # What moves slowly is worked out for every 32nd sample only: two dozen players would be slow otherwise.
    count, pitches = studio.samples(duration_s), _voicing(studio)
    t = np.arange(0, count + _STRIDE, _STRIDE) / studio.sample_rate
    players = max(len(pitches), int(studio.rng.integers(8, 25)))
    cents, late_s = studio.uniform(2.0, 14.0), studio.log_uniform(0.005, 0.06)
    fall_s = release_s or min(studio.log_uniform(0.08, 0.6), 0.4 * duration_s)
    cycles = [bow_cycles(studio)[int(studio.chance(0.6))] for _ in range(4)]
    total = np.zeros(count)
    for player in range(players):
        pitch = pitches[player % len(pitches)] + studio.rng.normal(0.0, cents / 100.0)
        moved = 0.03 * jitter(studio, len(t), duration_s, hz=6.0) + vibrato(studio, t, deepest=0.35)
        here = np.maximum(t - abs(studio.rng.normal(0.0, late_s)), 0.0)
        level = 1.0 - np.exp(-3.0 * here / attack_s)
        level *= np.exp(-5.0 * np.maximum(here - (duration_s - fall_s), 0.0) / fall_s)
        if tremolo_hz is not None:
            turn = studio.uniform(*tremolo_hz) * t + 0.3 * jitter(studio, len(t), duration_s, hz=4.0)
            level *= np.abs(np.sin(np.pi * (turn + studio.uniform(0.0, 1.0)))) ** 0.6
        wave = _read(studio, cycles[player % len(cycles)], midi_hz(pitch) * np.exp2(moved / 12.0))
        total += studio.uniform(0.5, 1.0) * wave[:count] * _filled(level)[:count]
    return total


def _read(studio: Studio, cycle: Signal, frequency_hz: Signal) -> Signal:
    """A cycle without the partials that are too high, from a table so fine that the nearest entry will do."""
    partials = int(0.47 * studio.sample_rate / frequency_hz.max())
    spectrum = np.fft.rfft(cycle)
    spectrum[max(2, partials + 1) :] = 0.0
    table = np.fft.irfft(spectrum, _TABLE) * (_TABLE / len(cycle))
    cycles = studio.uniform(0.0, 1.0) + np.cumsum(frequency_hz) * (_STRIDE / studio.sample_rate)
    read: Signal = table[(_filled(cycles) * _TABLE).astype(np.int64) % _TABLE]
    return read


def _filled(values: Signal) -> Signal:
    """The samples between every `_STRIDE`th, on straight lines."""
    steps = np.arange(_STRIDE) / _STRIDE
    return (values[:-1, None] + np.diff(values)[:, None] * steps).reshape(-1)


def _heard(studio: Studio, wave: Signal) -> Signal:
    """The bodies of a whole section are many: more modes, each of them less."""
    wave = body(studio, wave, _BODY_HZ, amount=studio.uniform(0.4, 1.5), highest_hz=5000.0, count=60)
    wave = low_pass(wave, studio.log_uniform(2000.0, 9000.0), studio.sample_rate)
    return high_pass(wave, studio.log_uniform(35.0, 150.0), studio.sample_rate)
