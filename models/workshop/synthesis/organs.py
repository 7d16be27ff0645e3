"""Organs: tonewheel, transistor, pipe and reed organ, all additive.

A tonewheel organ sums up to nine sines per key by its drawbars; a transistor organ sums octaves of one bright
wave; a pipe organ sums ranks, each with its own spectrum, attack and chiff; a reed organ sums sets of free
reeds. Drawbar footages give the partials 0.5, 1.5, 1, 2, 3, 4, 5, 6 and 8.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from models.workshop.synthesis.oscillators import Signal, Studio, band_pass, high_pass, low_pass
from models.workshop.synthesis.partials import Partials, joined, rolled_off, uneven
from models.workshop.synthesis.pedals import cabinet, chorus, driven, normalised, rotary, tremolo
from models.workshop.synthesis.playing import KEYBOARD_CHORDS, LONGEST_S, Tone, performed, tune

_DRAWBARS: Final = np.array([0.5, 1.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0])
_REGISTRATIONS: Final = (
    *((8, 8, 8, 0, 0, 0, 0, 0, 0), (8, 8, 8, 8, 8, 8, 8, 8, 8), (0, 0, 8, 8, 0, 0, 0, 0, 0)),
    *((8, 0, 8, 0, 0, 0, 0, 0, 8), (8, 8, 8, 6, 0, 0, 0, 0, 0), (0, 0, 8, 6, 4, 3, 2, 1, 1)),
)
_UNDYING_S: Final = 1e6


def tonewheel_organ(studio: Studio) -> Signal:
    """Drawbars with key click and percussion, driven, mostly through a rotary speaker."""
    bars = np.array(_REGISTRATIONS[int(studio.rng.integers(len(_REGISTRATIONS)))], dtype=np.float64)
    if studio.chance(0.6):
        bars = studio.rng.choice(np.arange(9.0), 9) * (studio.rng.random(9) < 0.7)
    bars[2] = max(bars[2], 3.0)
    struck, struck_ratio = studio.pick(0.0, 0.0, 1.0) * studio.uniform(3.0, 12.0), studio.pick(2.0, 3.0)
    struck_s, click = studio.pick(0.25, 0.8), studio.log_uniform(0.01, 0.3)
    wheels = 1.0 + studio.rng.normal(0.0, 0.0004, 10)

    def tone(hz: float, duration_s: float, strength: float) -> Signal:
        del strength  # An organ's key is on or off.
        hz_of_each = hz * np.append(_DRAWBARS, struck_ratio) * wheels
        folded = np.where(hz_of_each > 6000.0, hz_of_each / 2.0, hz_of_each)
        gains, t60s_s = np.append(bars, struck), np.append(np.full(9, _UNDYING_S), struck_s)
        phases = studio.rng.uniform(0.0, 2.0 * np.pi, 10)
        wave = Partials(folded, gains, t60s_s, phases).sounded(duration_s, studio.sample_rate)
        return _clicked(studio, wave, click * float(gains.max()))

    wave = _keys(studio, tone, 36, 96, release_s=0.01)
    if studio.chance(0.3):
        wave = chorus(studio, wave)
    if studio.chance(0.6):
        wave = driven(studio, wave, studio.log_uniform(0.5, 15.0))
    return cabinet(studio, rotary(studio, wave) if studio.chance(0.75) else wave, lowest_hz=50.0, highest_hz=7000.0)


def transistor_organ(studio: Studio) -> Signal:
    """Octaves of a thin square or saw wave behind fixed filters, with vibrato: the combo organ."""
    odd, slope = studio.pick(0.0, 1.0) * studio.uniform(0.5, 1.0), studio.uniform(0.7, 1.6)
    stops = studio.rng.random(5) * (studio.rng.random(5) < 0.6)
    stops[int(studio.rng.integers(1, 3))] = 1.0
    footages = np.array([0.5, 1.0, 2.0, 3.0, 4.0])

    def tone(hz: float, duration_s: float, strength: float) -> Signal:
        del strength
        ranks = [_rank(hz * foot, slope, odd, float(stop)) for foot, stop in zip(footages, stops, strict=True) if stop]
        wave = joined(ranks).sounded(duration_s, studio.sample_rate)
        return _clicked(studio, wave, studio.log_uniform(0.005, 0.1))

    wave = _keys(studio, tone, 36, 96, release_s=0.01)
    rate = studio.sample_rate
    wave = wave + studio.uniform(0.0, 2.0) * band_pass(wave, studio.log_uniform(500.0, 4000.0), rate)
    wave = low_pass(high_pass(wave, studio.log_uniform(60.0, 400.0), rate), studio.log_uniform(2500.0, 12_000.0), rate)
    if studio.chance(0.4):
        wave = chorus(studio, wave) if studio.chance(0.5) else tremolo(studio, wave)
    return cabinet(studio, wave, highest_hz=7000.0) if studio.chance(0.5) else wave


def pipe_organ(studio: Studio) -> Signal:
    """Flutes, principals, strings and reeds in several ranks, slow to speak, with chiff and wind."""
    feet = (0.5, 1.0, 1.0, 2.0, 2.0, 3.0, 4.0, 6.0, 8.0)
    count = int(studio.rng.integers(1, 7))
    drawn = [(1.0, 1.0), *((studio.pick(*feet), studio.log_uniform(0.15, 1.0)) for _ in range(count - 1))]
    pipes = [(foot, gain, studio.uniform(0.8, 3.2), studio.pick(0.0, 0.5, 0.9)) for foot, gain in drawn]
    attack_s, chiff = studio.log_uniform(0.02, 0.25), studio.log_uniform(0.01, 0.6)

    def tone(hz: float, duration_s: float, strength: float) -> Signal:
        del strength
        cents = studio.rng.normal(0.0, 2.5, len(pipes))
        ranks = [
            _rank(hz * foot * 2.0 ** (cent / 1200.0), slope, odd, gain)
            for (foot, gain, slope, odd), cent in zip(pipes, cents, strict=True)
        ]
        heard = [_voiced(studio, rank) for rank in ranks]
        wave = joined(heard).sounded(duration_s, studio.sample_rate)
        t = np.arange(len(wave)) / studio.sample_rate
        breath = band_pass(studio.noise(duration_s), min(hz * studio.pick(2.0, 3.0, 4.0), 9000.0), studio.sample_rate)
        puff = chiff * np.exp(-t / (1.5 * attack_s)) + 0.02
        return (1.0 - np.exp(-3.0 * t / attack_s)) * wave + np.abs(wave).max() * breath * puff * np.minimum(
            t / 0.005, 1
        )

    wave = _keys(studio, tone, 30, 98, release_s=studio.log_uniform(0.05, 0.4))
    if studio.chance(0.15):
        wave = tremolo(studio, wave)
    return low_pass(wave, studio.log_uniform(2500.0, 14_000.0), studio.sample_rate)


def reed_organ(studio: Studio) -> Signal:
    """Harmonium: one to three beating sets of reeds, wheezing, with a slow attack."""
    sets = [(studio.pick(0.5, 1.0, 1.0, 2.0), studio.uniform(0.3, 1.0)) for _ in range(int(studio.pick(0, 1, 2)))]
    sets = [(1.0, 1.0), *sets]
    slope, cents, attack_s = studio.uniform(0.5, 1.5), studio.uniform(1.0, 10.0), studio.log_uniform(0.03, 0.3)

    def tone(hz: float, duration_s: float, strength: float) -> Signal:
        ranks = [
            _voiced(studio, _rank(hz * foot * 2.0 ** (studio.rng.normal(0.0, cents) / 1200.0), slope, 0.0, gain))
            for foot, gain in sets
        ]
        wave = joined(ranks).sounded(duration_s, studio.sample_rate)
        t = np.arange(len(wave)) / studio.sample_rate
        return wave * (0.5 + 0.5 * strength) * (1.0 - np.exp(-3.0 * t / attack_s))

    wave = _keys(studio, tone, 36, 90, release_s=studio.log_uniform(0.03, 0.15))
    rate = studio.sample_rate
    for _ in range(3):
        centre_hz = studio.log_uniform(300.0, 4000.0)
        wave = wave + studio.uniform(-0.4, 1.5) * band_pass(wave, centre_hz, rate, q=studio.uniform(0.7, 4.0))
    wave = low_pass(wave, studio.log_uniform(2000.0, 9000.0), rate)
    wheeze = high_pass(studio.noise(len(wave) / rate), 1500.0, rate)[: len(wave)]
    wave = normalised(wave) + studio.log_uniform(0.0003, 0.01) * wheeze
    return tremolo(studio, wave) if studio.chance(0.25) else wave


def _keys(studio: Studio, tone: Tone, lowest: int, highest: int, *, release_s: float) -> Signal:
    notes = tune(studio, lowest, highest, chords=KEYBOARD_CHORDS, chord_share=0.55, phrase_share=0.2)
    wave = performed(studio, notes, tone, release_s=release_s)
    return wave[: studio.samples(LONGEST_S)]


def _rank(hz: float, slope: float, odd: float, gain: float) -> Partials:
    """Harmonics falling as n^-slope, the even ones weaker by `odd`."""
    n = np.arange(1.0, int(np.clip(14_000.0 / hz, 1, 40)) + 1)
    gains = gain * n**-slope * np.where(n % 2 == 0, 1.0 - odd, 1.0)
    return Partials(hz * n, gains, np.full(len(n), _UNDYING_S), np.zeros(len(n)))


def _voiced(studio: Studio, rank: Partials) -> Partials:
    """As one pipe or reed of its rank: no two are alike."""
    cutoff_hz = studio.log_uniform(1500.0, 9000.0)
    gains = rank.gains * uneven(studio, len(rank.hz), 3.0) * rolled_off(rank.hz, cutoff_hz, 1.0)
    return Partials(rank.hz, gains, rank.t60s_s, studio.rng.uniform(0.0, 2.0 * np.pi, len(rank.hz)))


def _clicked(studio: Studio, wave: Signal, level: float) -> Signal:
    """With the click of the key's contacts at its start."""
    length = min(studio.samples(studio.uniform(0.002, 0.012)), len(wave))
    clicked = wave.copy()
    clicked[:length] += level * studio.rng.standard_normal(length) * np.linspace(1.0, 0.0, length)
    return clicked
