"""Synthesizer voices: leads, pads and basses by subtractive, FM, wavetable and detuned synthesis.

A lead is one melodic line with a quick attack, a pad a slow chord, a bass a low single note. FM after
Chowning (1973).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from models.workshop.synthesis.oscillators import (
    Signal,
    Studio,
    adsr,
    decay,
    low_pass,
    midi_hz,
    mixed,
    pulse,
    saw,
    sine,
    wavetable,
)

_CHORDS: Final = ((0, 7), (0, 4, 7), (0, 3, 7), (0, 7, 12), (0, 3, 7, 10), (0, 4, 7, 11), (0, 5, 10), (0,))


def subtractive_lead(studio: Studio) -> Signal:
    """Saw, pulse or both, through a swept resonant low-pass."""
    frequency_hz = _line(studio, 48, 93)
    return _shaped(studio, _classic(studio, frequency_hz), frequency_hz)


def fm_lead(studio: Studio) -> Signal:
    """Two-operator FM with a decaying index."""
    frequency_hz = _line(studio, 48, 93)
    return _amplified(studio, _fm(studio, frequency_hz, studio.log_uniform(0.5, 8.0)))


def supersaw_lead(studio: Studio) -> Signal:
    """Five to nine detuned saws."""
    frequency_hz = _line(studio, 48, 88)
    return _shaped(studio, _detuned(studio, frequency_hz), frequency_hz)


def wavetable_lead(studio: Studio) -> Signal:
    """One wavetable fading into another."""
    frequency_hz = _line(studio, 48, 93)
    return _shaped(studio, _tables(studio, frequency_hz), frequency_hz)


def sync_lead(studio: Studio) -> Signal:
    """A slave sine or saw restarted by a master oscillator: hard sync."""
    frequency_hz = _line(studio, 48, 84)
    ratio = studio.uniform(1.2, 5.0) * (1.0 + studio.uniform(-0.5, 2.0) * _sweep(studio, len(frequency_hz)))
    cycles = np.mod(np.cumsum(frequency_hz / studio.sample_rate), 1.0)
    slave = np.mod(cycles * ratio, 1.0)
    wave = 2.0 * slave - 1.0 if studio.chance(0.5) else np.sin(2.0 * np.pi * slave)
    return _shaped(studio, wave, frequency_hz)


def subtractive_pad(studio: Studio) -> Signal:
    """A chord of detuned saws or pulses behind a slow low-pass."""
    return _pad(studio, _detuned if studio.chance(0.6) else _classic)


def wavetable_pad(studio: Studio) -> Signal:
    """A chord of slowly fading wavetables."""
    return _pad(studio, _tables)


def fm_pad(studio: Studio) -> Signal:
    """A chord of soft FM tones."""

    def soft(studio: Studio, frequency_hz: Signal) -> Signal:
        return _fm(studio, frequency_hz, studio.log_uniform(0.2, 2.5))

    return _pad(studio, soft)


def additive_pad(studio: Studio) -> Signal:
    """A chord whose partials swell and fade each at its own slow rate."""
    return _pad(studio, _swelling)


def subtractive_bass(studio: Studio) -> Signal:
    """Saw or pulse with a plucked filter, at times with a sub oscillator."""
    frequency_hz = _low_note(studio)
    wave = _classic(studio, frequency_hz)
    if studio.chance(0.5):
        wave = wave + studio.uniform(0.3, 1.0) * sine(frequency_hz * 0.5, studio.sample_rate)
    return _shaped(studio, wave, frequency_hz)


def fm_bass(studio: Studio) -> Signal:
    """Two-operator FM, the index falling quickly."""
    return _amplified(studio, _fm(studio, _low_note(studio), studio.log_uniform(1.0, 7.0)))


def long_sine_bass(studio: Studio) -> Signal:
    """The bass made of a tuned TR-808 kick: a long decaying sine with a short pitch drop, driven."""
    duration_s = studio.uniform(0.6, 3.0)
    t, hz = studio.time(duration_s), studio.note(24, 48)
    drop = 1.0 + studio.uniform(0.2, 3.0) * np.exp(-t / studio.uniform(0.005, 0.04))
    glide = 2.0 ** (studio.pick(0.0, 0.0, 0.0, -5.0, 7.0) / 12.0 * np.minimum(t / duration_s, 1.0))
    tone = sine(hz * drop * glide, studio.sample_rate) * decay(studio, duration_s, duration_s * 1.4)
    return np.tanh(tone * studio.log_uniform(0.7, 6.0))


def wavetable_bass(studio: Studio) -> Signal:
    """A low wavetable note with a filter."""
    frequency_hz = _low_note(studio)
    return _shaped(studio, _tables(studio, frequency_hz), frequency_hz)


def reese_bass(studio: Studio) -> Signal:
    """Few saws, clearly detuned, beating against each other under a low-pass."""
    frequency_hz = _low_note(studio)
    cents = studio.uniform(8.0, 45.0)
    shifts = np.linspace(-cents, cents, int(studio.pick(2, 3, 4)))
    rate = studio.sample_rate
    wave = mixed(saw(frequency_hz * 2.0 ** (c / 1200.0), rate, studio.uniform(0, 1)) for c in shifts)
    lfo = 1.0 + 0.6 * np.sin(2.0 * np.pi * studio.log_uniform(0.2, 8.0) * np.arange(len(frequency_hz)) / rate)
    wave = low_pass(wave, studio.log_uniform(200.0, 3000.0) * lfo, rate, q=studio.uniform(0.7, 3.0))
    return _amplified(studio, np.tanh(wave * studio.uniform(0.3, 3.0)))


def acid_bass(studio: Studio) -> Signal:
    """A line of short notes through a squealing low-pass."""
    frequency_hz = _steps(studio, 28, 50, studio.uniform(1.0, 3.0))
    wave = _classic(studio, frequency_hz)
    step = studio.samples(studio.uniform(0.1, 0.25))
    pluck = np.exp(-np.mod(np.arange(len(wave)), step) / (step * studio.uniform(0.2, 0.8)))
    cutoff_hz = studio.log_uniform(150.0, 600.0) * (1.0 + studio.uniform(3.0, 14.0) * pluck)
    filtered = low_pass(wave, cutoff_hz, studio.sample_rate, q=studio.uniform(3.0, 11.0))
    return np.tanh(filtered * studio.uniform(0.5, 3.0)) * (0.2 + 0.8 * pluck)


def _line(studio: Studio, lowest: int, highest: int) -> Signal:
    """Frequency of a held note, a glide, or a run of notes, often with vibrato."""
    duration_s = studio.uniform(0.3, 3.0)
    if studio.chance(0.3):
        return _steps(studio, lowest, highest, duration_s)
    t, hz = studio.time(duration_s), studio.note(lowest, highest)
    slide = studio.pick(0.0, 0.0, 0.0, -12.0, -2.0, 5.0, 12.0) * np.exp(-t / studio.uniform(0.02, 0.2))
    depth = studio.pick(0.0, 0.0, 1.0) * studio.uniform(0.05, 0.5) * np.minimum(t / 0.5, 1.0)
    vibrato = depth * np.sin(2.0 * np.pi * studio.uniform(4.0, 7.5) * t)
    return hz * 2.0 ** ((slide + vibrato) / 12.0)


def _steps(studio: Studio, lowest: int, highest: int, duration_s: float) -> Signal:
    """Frequency of a run of notes of a minor pentatonic scale."""
    n, step = studio.samples(duration_s), studio.samples(studio.uniform(0.09, 0.3))
    root = int(studio.rng.integers(lowest, highest - 11))
    pitches = root + studio.rng.choice([0, 3, 5, 7, 10, 12], size=n // step + 1)
    return np.repeat([midi_hz(pitch) for pitch in pitches], step)[:n]


def _low_note(studio: Studio) -> Signal:
    hz = studio.note(24, 52)
    return np.full(studio.samples(studio.uniform(0.25, 2.5)), hz)


def _classic(studio: Studio, frequency_hz: Signal) -> Signal:
    """Saw, pulse with width modulation, triangle-like sine, or two of them."""
    rate = studio.sample_rate
    t = np.arange(len(frequency_hz)) / rate
    width = studio.uniform(0.1, 0.5) + studio.uniform(0.0, 0.08) * np.sin(2 * np.pi * studio.uniform(0.2, 6) * t)
    detune = 2.0 ** (studio.uniform(0.0, 15.0) / 1200.0) * studio.pick(1.0, 1.0, 0.5, 2.0)
    parts = (
        saw(frequency_hz, rate, studio.uniform(0, 1)),
        pulse(frequency_hz, rate, width=width),
        saw(frequency_hz * detune, rate),
        pulse(frequency_hz * detune, rate, width=width),
        sine(frequency_hz, rate),
    )
    gains = studio.rng.random(len(parts)) * (studio.rng.random(len(parts)) < 0.4)
    gains[int(studio.rng.integers(4))] = 1.0
    return mixed(float(gain) * part for gain, part in zip(gains, parts, strict=True))


def _detuned(studio: Studio, frequency_hz: Signal) -> Signal:
    """Five to nine saws spread around the note."""
    cents = studio.log_uniform(5.0, 50.0) * np.linspace(-1.0, 1.0, int(studio.pick(5, 7, 9)))
    rate = studio.sample_rate
    return mixed(saw(frequency_hz * 2.0 ** (c / 1200), rate, studio.uniform(0, 1)) for c in cents)


def _fm(studio: Studio, frequency_hz: Signal, index: float) -> Signal:
    rate = studio.sample_rate
    ratio = studio.pick(0.5, 1.0, 1.0, 2.0, 3.0, 4.0, 1.41, 7.0) * (1.0 + studio.uniform(-0.003, 0.003))
    ratio = min(ratio, 0.3 * rate / float(frequency_hz.max()))
    modulator = sine(frequency_hz * ratio, rate)
    fall = studio.uniform(0.0, 1.0) + np.exp(-np.arange(len(frequency_hz)) / rate / studio.log_uniform(0.05, 1.5))
    index = min(index, 0.35 * rate / (float(frequency_hz.max()) * ratio))
    return np.sin(2.0 * np.pi * np.cumsum(frequency_hz / rate) + index * fall * modulator)


def _tables(studio: Studio, frequency_hz: Signal) -> Signal:
    """One wavetable that fades into another and back."""
    first, second = studio.rng.integers(len(studio.wavetables), size=2)
    rate = studio.sample_rate
    fade = 0.5 - 0.5 * np.cos(2 * np.pi * studio.uniform(0.1, 3.0) * np.arange(len(frequency_hz)) / rate)
    return (1.0 - fade) * wavetable(studio.wavetables[first], frequency_hz, rate) + fade * wavetable(
        studio.wavetables[second], frequency_hz * 2.0 ** (studio.uniform(-8, 8) / 1200), rate
    )


def _swelling(studio: Studio, frequency_hz: Signal) -> Signal:
    total, t = np.zeros(len(frequency_hz)), np.arange(len(frequency_hz)) / studio.sample_rate
    slope = studio.uniform(0.6, 1.8)
    for k in range(1, 17):
        if k * frequency_hz.max() < 0.45 * studio.sample_rate:
            swell = 0.5 + 0.5 * np.sin(2 * np.pi * (studio.uniform(0.1, 1.0) * t + studio.uniform(0, 1)))
            total += swell * k**-slope * sine(k * frequency_hz, studio.sample_rate, studio.uniform(0, 1))
    return total


def _pad(studio: Studio, tone: Callable[[Studio, Signal], Signal]) -> Signal:
    """A chord of a tone, with a slow attack, a slowly moving filter and a chorus."""
    duration_s = studio.uniform(2.0, 3.0)
    t, root = studio.time(duration_s), int(studio.rng.integers(36, 73))
    chord = _CHORDS[int(studio.rng.integers(len(_CHORDS)))]
    drift = 2.0 ** (studio.uniform(0.0, 12.0) / 1200 * np.sin(2 * np.pi * studio.uniform(0.1, 5.0) * t))
    wave = mixed(tone(studio, midi_hz(root + i) * drift) for i in chord)
    sweep = 2.0 ** (studio.uniform(0.0, 2.0) * np.sin(2 * np.pi * studio.uniform(0.05, 0.5) * t + studio.uniform(0, 6)))
    cutoff_hz = studio.log_uniform(400.0, 6000.0) * sweep
    filtered = low_pass(wave, cutoff_hz, studio.sample_rate, q=studio.uniform(0.6, 2.5))
    attack_s, release_s = studio.log_uniform(0.08, 1.2), studio.uniform(0.2, 1.0)
    return filtered * adsr(
        studio, duration_s, attack_s=attack_s, decay_s=1.0, sustain=studio.uniform(0.6, 1.0), release_s=release_s
    )


def _sweep(studio: Studio, n: int) -> Signal:
    return np.exp(-np.arange(n) / studio.sample_rate / studio.log_uniform(0.05, 1.0))


def _shaped(studio: Studio, wave: Signal, frequency_hz: Signal) -> Signal:
    """Through a low-pass whose cutoff falls from an octave count above the note, then the amplifier."""
    opened = studio.uniform(0.0, 5.0) * _sweep(studio, len(wave))
    cutoff_hz = np.minimum(frequency_hz * studio.log_uniform(1.0, 12.0) * 2.0**opened, 15_000.0)
    filtered = low_pass(wave, cutoff_hz, studio.sample_rate, q=studio.log_uniform(0.6, 6.0))
    if studio.chance(0.5):
        filtered = low_pass(filtered, cutoff_hz, studio.sample_rate)
    if studio.chance(0.4):
        filtered = np.tanh(filtered * studio.log_uniform(0.8, 8.0))
    return _amplified(studio, filtered)


def _amplified(studio: Studio, wave: Signal) -> Signal:
    """With a quick attack, and a held or a plucked envelope."""
    duration_s = len(wave) / studio.sample_rate
    sustain = 0.0 if studio.chance(0.3) else studio.uniform(0.3, 1.0)
    return wave * adsr(
        studio,
        duration_s,
        attack_s=studio.log_uniform(0.001, 0.06),
        decay_s=studio.log_uniform(0.15, 2.0),
        sustain=sustain,
        release_s=min(studio.log_uniform(0.02, 0.5), 0.5 * duration_s),
    )
