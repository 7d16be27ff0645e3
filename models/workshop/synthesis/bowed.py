"""The bowed string and its body: violin, viola, cello and double bass, arco and pizzicato.

A bowed string moves in Helmholtz motion: nearly a sawtooth, with the partials missing that have a node under
the bow. It is read from a single cycle, dark and bright, between which the strength of the bow fades; the body
is a bank of modes, the lowest at the instrument's own frequencies (Fletcher and Rossing, "The Physics of
Musical Instruments").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import signal

from models.workshop.synthesis.oscillators import Signal, Studio, band_pass, high_pass, low_pass, wavetable
from models.workshop.synthesis.partials import body, level_of, uneven
from models.workshop.synthesis.pedals import vibrato
from models.workshop.synthesis.playing import LONGEST_S, Note, performed, tune
from models.workshop.synthesis.plucked import StringTimbre, string

_CYCLE: Final = 1024


@dataclass(frozen=True, slots=True)
class _Family:
    """A bowed instrument: range (MIDI notes), lowest body modes and where its modes end, in Hz."""

    lowest: int
    highest: int
    body_hz: tuple[float, ...]
    highest_mode_hz: float
    bright_hz: tuple[float, float]


_VIOLIN: Final = _Family(55, 100, (275.0, 405.0, 460.0, 550.0, 1000.0), 6000.0, (2500.0, 9000.0))
_VIOLA: Final = _Family(48, 88, (225.0, 340.0, 390.0, 470.0, 800.0), 5000.0, (2000.0, 7000.0))
_CELLO: Final = _Family(36, 76, (98.0, 145.0, 175.0, 230.0, 420.0), 3500.0, (1500.0, 6000.0))
_DOUBLE_BASS: Final = _Family(28, 60, (60.0, 100.0, 115.0, 160.0, 230.0), 2500.0, (800.0, 3500.0))


def bowed_violin(studio: Studio) -> Signal:
    """A violin, legato."""
    return _sustained(studio, _VIOLIN)


def short_violin(studio: Studio) -> Signal:
    """A violin, spiccato or staccato."""
    return _short(studio, _VIOLIN)


def tremolo_violin(studio: Studio) -> Signal:
    """A violin, tremolo or trill."""
    return _repeated(studio, _VIOLIN)


def plucked_violin(studio: Studio) -> Signal:
    """A violin, pizzicato."""
    return _pizzicato(studio, _VIOLIN)


def bowed_viola(studio: Studio) -> Signal:
    """A viola, legato."""
    return _sustained(studio, _VIOLA)


def short_viola(studio: Studio) -> Signal:
    """A viola, spiccato or staccato."""
    return _short(studio, _VIOLA)


def tremolo_viola(studio: Studio) -> Signal:
    """A viola, tremolo or trill."""
    return _repeated(studio, _VIOLA)


def plucked_viola(studio: Studio) -> Signal:
    """A viola, pizzicato."""
    return _pizzicato(studio, _VIOLA)


def bowed_cello(studio: Studio) -> Signal:
    """A cello, legato."""
    return _sustained(studio, _CELLO)


def short_cello(studio: Studio) -> Signal:
    """A cello, spiccato or staccato."""
    return _short(studio, _CELLO)


def tremolo_cello(studio: Studio) -> Signal:
    """A cello, tremolo or trill."""
    return _repeated(studio, _CELLO)


def plucked_cello(studio: Studio) -> Signal:
    """A cello, pizzicato."""
    return _pizzicato(studio, _CELLO)


def bowed_double_bass(studio: Studio) -> Signal:
    """A double bass, legato."""
    return _sustained(studio, _DOUBLE_BASS)


def short_double_bass(studio: Studio) -> Signal:
    """A double bass, short strokes."""
    return _short(studio, _DOUBLE_BASS)


def _sustained(studio: Studio, family: _Family) -> Signal:
    """Long notes and legato phrases, at times two strings at once."""
    strokes = _legato(studio, family)
    attack_s = studio.log_uniform(0.02, 0.3)
    wave = _bowed(studio, family, strokes, attack_s=attack_s, release_s=studio.log_uniform(0.04, 0.3), shaking=0.75)
    if studio.chance(0.12):
        interval = studio.pick(3, 4, 7, 8, 9, 12)
        upper = [Note(s.onset_s, s.held_s, min(s.pitch + interval, family.highest), s.strength) for s in strokes]
        other = _bowed(studio, family, upper, attack_s=attack_s, release_s=0.1, shaking=0.5)
        n = min(len(wave), len(other))
        wave = wave[:n] + other[:n]
    return _finished(studio, family, wave)


def _short(studio: Studio, family: _Family) -> Signal:
    """Spiccato, staccato and marcato: one or several short strokes."""
    step_s, count = studio.log_uniform(0.09, 0.5), int(studio.rng.integers(1, 9))
    held_s = step_s * studio.uniform(0.3, 0.8)
    root, moves = _pitch(studio, family, 7), studio.chance(0.5)
    strokes = [
        Note(step_s * i, held_s, root + (studio.pick(0, 0, 2, 3, 5, 7) if moves else 0.0), studio.uniform(0.4, 1.0))
        for i in range(count)
        if step_s * i + held_s < LONGEST_S - 0.3
    ]
    attack_s = studio.log_uniform(0.005, 0.04)
    wave = _bowed(studio, family, strokes, attack_s=attack_s, release_s=studio.log_uniform(0.03, 0.25), shaking=0.0)
    return _finished(studio, family, wave)


def _repeated(studio: Studio, family: _Family) -> Signal:
    """Quick strokes to and fro on one note, at times a trill between two."""
    duration_s, step_s = studio.uniform(0.5, 2.7), 1.0 / studio.uniform(7.0, 15.0)
    root, trill = _pitch(studio, family, 2), studio.pick(0.0, 0.0, 1.0, 2.0)
    swell = 0.5 + 0.5 * np.sin(
        np.pi * np.linspace(studio.uniform(0, 1), studio.uniform(0, 1), int(duration_s / step_s) + 1)
    )
    strokes = [
        Note(step_s * i, 0.8 * step_s, root + trill * (i % 2), float(level) * studio.uniform(0.8, 1.0))
        for i, level in enumerate(swell)
    ]
    wave = _bowed(studio, family, strokes, attack_s=studio.uniform(0.01, 0.04), release_s=0.06, shaking=0.0)
    return _finished(studio, family, wave)


def _pizzicato(studio: Studio, family: _Family) -> Signal:
    """Plucked: short, shorter the higher."""
    timbre = StringTimbre(
        t60_s=studio.log_uniform(0.2, 1.2),
        damping=studio.log_uniform(0.6, 4.0),
        cutoff_hz=studio.log_uniform(600.0, 4000.0),
        place=studio.uniform(0.12, 0.45),
        pickups=(),
        stiffness=studio.log_uniform(1e-5, 2e-4),
        looped=studio.chance(0.5),
    )

    def tone(hz: float, duration_s: float, strength: float) -> Signal:
        wave = string(studio, timbre, hz, duration_s, strength)
        return wave / level_of(wave)

    chords = ((0, 7), (0, 7, 16), (0, 12))
    notes = tune(studio, family.lowest, family.highest - 7, chords=chords, chord_share=0.1, phrase_share=0.45)
    held = [Note(n.onset_s, min(n.held_s, studio.uniform(0.4, 1.5)), n.pitch, n.strength) for n in notes]
    return _finished(studio, family, performed(studio, held, tone, release_s=studio.uniform(0.05, 0.3)))


def bow_cycles(studio: Studio) -> tuple[Signal, Signal]:
    """Single cycles of one string and bow, under a weak and under a strong stroke."""
    n = np.arange(1, _CYCLE // 2)
    nodes = np.abs(np.sin(np.pi * n * studio.uniform(0.04, 0.2))) ** studio.uniform(0.0, 0.8)
    spectrum = nodes * uneven(studio, len(n), 3.0)
    phases = np.exp(1j * (studio.rng.normal(0.0, 0.5, len(n)) - 0.5 * np.pi))
    soft, hard = studio.uniform(1.4, 2.2), studio.uniform(0.8, 1.3)
    dark, bright = (np.fft.irfft(np.append(0.0, spectrum * n**-slope * phases), _CYCLE) for slope in (soft, hard))
    return dark, bright


def jitter(studio: Studio, count: int, duration_s: float, *, hz: float) -> Signal:
    """Slow noise of about unit variance that moves at up to `hz`, as `count` samples."""
    knots = studio.rng.standard_normal(max(3, int(duration_s * hz) + 2))
    wander: Signal = np.interp(np.linspace(0.0, len(knots) - 1.0, count), np.arange(len(knots)), knots)
    return wander


def _legato(studio: Studio, family: _Family) -> list[Note]:
    pitch, strength = _pitch(studio, family, 7), studio.uniform(0.2, 1.0)
    if studio.chance(0.6):
        return [Note(0.0, studio.log_uniform(0.3, 2.6), pitch, strength)]
    step_s = studio.log_uniform(0.2, 0.8)
    count = min(int(studio.rng.integers(2, 6)), int(2.6 / step_s))
    return [
        Note(step_s * i, step_s, pitch + studio.pick(0, 2, 3, 4, 5, 7), strength * studio.uniform(0.7, 1.0))
        for i in range(count)
    ]


def _pitch(studio: Studio, family: _Family, room: int) -> float:
    """Mostly in the lower two thirds of the range, as these instruments are mostly played."""
    highest = family.highest - room - (8 if studio.chance(0.7) else 0)
    return int(studio.rng.integers(family.lowest, highest + 1)) + studio.uniform(-0.12, 0.12)


def _bowed(
    studio: Studio, family: _Family, strokes: list[Note], *, attack_s: float, release_s: float, shaking: float
) -> Signal:
    """Strokes of one string, its pitch gliding from one to the next."""
    rate = studio.sample_rate
    t = studio.time(min(LONGEST_S, strokes[-1].onset_s + strokes[-1].held_s + release_s))
    at = np.clip(np.searchsorted([s.onset_s for s in strokes], t, side="right") - 1, 0, len(strokes) - 1)
    pitch = np.array([s.pitch for s in strokes])[at]
    glide = float(np.exp(-1.0 / (studio.log_uniform(0.003, 0.04) * rate)))
    pitch = signal.lfilter([1.0 - glide], [1.0, -glide], pitch - pitch[0]) + pitch[0]
    pitch = pitch + studio.uniform(0.005, 0.05) * jitter(studio, len(t), t[-1], hz=20.0)
    if studio.chance(shaking):
        pitch = pitch + vibrato(studio, t, deepest=0.6)
    frequency_hz = 440.0 * 2.0 ** ((pitch - 69.0) / 12.0)
    strength = _strokes_envelope(studio, strokes, t, attack_s=attack_s, release_s=release_s)
    dark, bright = (wavetable(cycle.astype(np.float32), frequency_hz, rate) for cycle in bow_cycles(studio))
    wave = strength * (dark + strength * (bright - dark))
    return wave + _bow_noise(studio, wave, frequency_hz, strength, family.highest_mode_hz)


def _strokes_envelope(studio: Studio, strokes: list[Note], t: Signal, *, attack_s: float, release_s: float) -> Signal:
    envelope, bulge = np.zeros(len(t)), studio.uniform(-0.4, 0.6)
    for stroke in strokes:
        start = min(int(stroke.onset_s * studio.sample_rate), len(t) - 1)
        here = t[start:] - stroke.onset_s
        within = np.clip(here / stroke.held_s, 0.0, 1.0)
        shape = stroke.strength * (1.0 + bulge * (within - 0.5) + 0.3 * bulge * np.sin(np.pi * within))
        rise = 1.0 - np.exp(-3.0 * here / attack_s)
        fall = np.exp(-5.0 * np.maximum(here - stroke.held_s, 0.0) / release_s)
        envelope[start:] = np.maximum(envelope[start:] * np.exp(-here / (0.3 * attack_s)), shape * rise * fall)
    return np.clip(envelope * (1.0 + studio.uniform(0.0, 0.1) * jitter(studio, len(t), t[-1], hz=15.0)), 0.0, 1.3)


def _bow_noise(studio: Studio, wave: Signal, frequency_hz: Signal, strength: Signal, highest_hz: float) -> Signal:
    """Rosin: noise that comes in puffs, one each time that the string slips."""
    rate = studio.sample_rate
    puffs = (1.0 - np.mod(np.cumsum(frequency_hz / rate), 1.0)) ** studio.uniform(0.0, 3.0)
    noise = studio.rng.standard_normal(len(wave)) * puffs * strength
    noise = band_pass(noise, studio.uniform(0.3, 0.9) * highest_hz, rate, q=studio.uniform(0.4, 1.2))
    return studio.log_uniform(0.01, 0.2) * level_of(wave) * noise / level_of(noise)


def _finished(studio: Studio, family: _Family, wave: Signal) -> Signal:
    """On its body, with or without a mute, near or far."""
    amount = studio.uniform(0.6, 2.5)
    heard = body(studio, wave, family.body_hz, amount=amount, highest_hz=family.highest_mode_hz, count=40)
    cutoff_hz = studio.log_uniform(*family.bright_hz) * (0.5 if studio.chance(0.12) else 1.0)
    heard = low_pass(heard, cutoff_hz, studio.sample_rate)
    return high_pass(heard, 0.8 * 440.0 * 2.0 ** ((family.lowest - 69) / 12), studio.sample_rate)
