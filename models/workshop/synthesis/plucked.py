"""The plucked string, in two models, and the instruments that are little more than such strings on a body.

One model is the extended Karplus-Strong loop (Karplus and Strong 1983; Jaffe and Smith 1983), a burst of noise
in a damped delay; the other sums the partials of a stiff string, weighted by where it is plucked and where it
is picked up. Both have a comb for each of these places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import signal

from models.workshop.synthesis.oscillators import Signal, Studio, band_pass, high_pass, low_pass, mixed
from models.workshop.synthesis.partials import Partials, rolled_off, stiff_ratios, uneven

_LONG_LOOP: Final = 160


@dataclass(frozen=True, slots=True)
class Plucked:
    """A plucked instrument: range (MIDI notes), decay (T60 in s), brightness 0 to 1, body modes in Hz."""

    lowest: int
    highest: int
    t60_s: tuple[float, float]
    brightness: tuple[float, float]
    body_hz: tuple[float, ...]
    voices: tuple[int, ...] = (1,)


@dataclass(frozen=True, slots=True)
class StringTimbre:
    """How the strings of one sound are made and played.

    Attributes:
        t60_s: decay of the fundamental at middle C.
        damping: how much sooner high partials die.
        cutoff_hz: softness of the finger or plectrum, when played hard.
        place: of the pluck, as a share of the string.
        pickups: (place, gain) of each; empty where the string is heard by itself.
        stiffness: the B of the partials.
        looped: Karplus-Strong rather than partials.
    """

    t60_s: float
    damping: float
    cutoff_hz: float
    place: float
    pickups: tuple[tuple[float, float], ...]
    stiffness: float
    looped: bool


def string(studio: Studio, timbre: StringTimbre, hz: float, duration_s: float, strength: float) -> Signal:
    """One note of a string."""
    cutoff_hz = timbre.cutoff_hz * (0.35 + 0.65 * strength)
    t60_s = timbre.t60_s * min(2.0, (261.6 / hz) ** 0.5)
    if not timbre.looped:
        return _partial_string(studio, timbre, hz, duration_s, cutoff_hz, t60_s)
    rate = studio.sample_rate
    brightness = float(np.clip(0.98 - 0.25 * timbre.damping, 0.3, 0.98))
    wave = string_loop(_burst(studio, hz, duration_s), hz, rate, t60_s=t60_s, brightness=brightness)
    wave = low_pass(_combed(wave, timbre.place * rate / hz), cutoff_hz, rate)
    if timbre.pickups:
        wave = mixed(gain * _combed(wave, place * rate / hz) for place, gain in timbre.pickups)
    return high_pass(wave, 0.6 * hz, rate)


def _partial_string(
    studio: Studio, timbre: StringTimbre, hz: float, duration_s: float, cutoff_hz: float, t60_s: float
) -> Signal:
    ratios = stiff_ratios(hz, timbre.stiffness, studio.sample_rate)
    n, partials_hz = np.arange(1, len(ratios) + 1), hz * ratios
    gains = np.sin(np.pi * n * timbre.place) / n * rolled_off(partials_hz, cutoff_hz, 1.5)
    if timbre.pickups:
        # A pickup hears the string's velocity, which is its displacement with each partial n times as strong.
        gains *= n**0.7 * mixed(gain * np.sin(np.pi * n * place) for place, gain in timbre.pickups)
    t60s_s = t60_s / (1.0 + timbre.damping * (partials_hz / 1000.0) ** 0.9)
    gains *= uneven(studio, len(n), 2.0)
    phases = studio.rng.normal(0.0, 0.3, len(n))
    return Partials(partials_hz, gains, t60s_s, phases).sounded(duration_s, studio.sample_rate)


def _burst(studio: Studio, hz: float, duration_s: float) -> Signal:
    burst = np.zeros(studio.samples(duration_s))
    length = min(max(4, int(studio.sample_rate / hz)), len(burst))
    burst[:length] = studio.rng.uniform(-1.0, 1.0, length)
    return burst


def _combed(wave: Signal, delay: float) -> Signal:
    place = max(1, round(delay))
    combed = wave.copy()
    combed[place:] -= wave[:-place]
    return combed


def string_loop(burst: Signal, hz: float, sample_rate: int, *, t60_s: float, brightness: float) -> Signal:
    """The Karplus-Strong loop around an excitation; `brightness` 1 damps all partials alike."""
    period, damping = sample_rate / hz, 0.5 * (1.0 - brightness)
    whole = int(period - damping)
    fraction = period - damping - whole
    gain = 10.0 ** (-3.0 / (t60_s * hz))
    taps = gain * np.convolve([1.0 - damping, damping], [1.0 - fraction, fraction])
    if whole < _LONG_LOOP:
        wave: Signal = signal.lfilter([1.0], np.concatenate([[1.0], np.zeros(whole - 1), -taps]), burst)
        return wave
    # As one filter, a long loop would cost a product for every zero in it; a period at a time costs three.
    padded = np.concatenate([np.zeros(whole + 2), burst])
    for start in range(whole + 2, len(padded), whole):
        stop = min(start + whole, len(padded))
        for delay, tap in enumerate(taps, whole):
            padded[start:stop] += tap * padded[start - delay : stop - delay]
    return padded[whole + 2 :]


def plucked(studio: Studio, model: Plucked) -> Signal:
    """A note, or a strummed chord, of looped strings on a body."""
    count = int(studio.pick(*model.voices))
    duration_s = studio.uniform(0.6, 3.0)
    total = np.zeros(studio.samples(duration_s))
    spread = np.sort(studio.rng.choice([0, 3, 4, 5, 7, 9, 12], size=count, replace=False))
    root = int(studio.rng.integers(model.lowest, model.highest - (12 if count > 1 else 0) + 1))
    strum_s = studio.pick(0.0, 0.015, 0.04, 0.12)
    for i, interval in enumerate(spread):
        hz = 440.0 * 2.0 ** ((root + interval - 69 + studio.uniform(-0.06, 0.06)) / 12)
        start = min(studio.samples(strum_s * i), len(total) // 2)
        total[start:] += _looped_string(studio, model, hz, duration_s)[: len(total) - start]
    return _body(studio, total, model.body_hz)


def _looped_string(studio: Studio, model: Plucked, hz: float, duration_s: float) -> Signal:
    """One string: a burst of noise, combed by the place of the pluck, in a damped loop."""
    brightness, rate = studio.uniform(*model.brightness), studio.sample_rate
    t60_s = studio.uniform(*model.t60_s) * min(1.5, (261.6 / hz) ** 0.5)
    burst = _burst(studio, hz, duration_s)
    burst = low_pass(burst, studio.log_uniform(1500.0, 12_000.0) * (0.5 + brightness), rate)
    place = max(1, int(rate / hz * studio.uniform(0.08, 0.5)))
    burst[place:] -= burst[:-place].copy()
    return high_pass(string_loop(burst, hz, rate, t60_s=t60_s, brightness=brightness), 0.6 * hz, rate)


def _body(studio: Studio, wave: Signal, body_hz: tuple[float, ...]) -> Signal:
    size = studio.uniform(0.85, 1.18)
    resonances = mixed(band_pass(wave, hz * size, studio.sample_rate, q=studio.uniform(2.0, 8.0)) for hz in body_hz)
    return wave + studio.uniform(0.2, 1.5) * resonances
