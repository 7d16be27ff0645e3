"""Hand drums, jingles, shakers, gongs and scrapers.

Skins are the modes of a circular membrane (Fletcher and Rossing, "The Physics of Musical Instruments"), tabla
nearly harmonic ones; shakers are grains whose rate follows the energy left in the shell, after PhISEM (Cook 1997).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from models.workshop.synthesis.oscillators import (
    Signal,
    Studio,
    band_pass,
    decay,
    high_pass,
    low_pass,
    mixed,
    saw,
    sine,
)
from models.workshop.synthesis.resonance import bent, levelled, ringing, roomed, scattered

MEMBRANE: Final = np.array([1.0, 1.59, 2.14, 2.30, 2.65, 2.92, 3.16, 3.50, 3.60, 3.65, 4.06, 4.15])
_LOADED: Final = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.1, 7.2])


def skin(studio: Studio, duration_s: float, *, hz: float, t60_s: float, hardness: float, ratios: Signal) -> Signal:
    """A struck membrane, its peak at 1: the harder the stroke, the more of the upper modes, which die sooner."""
    spread = ratios * (1.0 + studio.rng.normal(0.0, 0.02, len(ratios)))
    gains = ratios ** -(3.0 * (1.0 - hardness) + 0.3) * studio.rng.uniform(0.2, 1.0, len(ratios))
    falls_s = t60_s / ratios ** studio.uniform(0.5, 1.3)
    wave = ringing(studio, duration_s, frequencies_hz=hz * spread, gains=gains, t60s_s=falls_s)
    wave = bent(studio, wave, studio.uniform(0.0, 0.25), studio.log_uniform(0.01, 0.08))
    return wave / float(np.abs(wave).max() + 1e-9)


def knock(studio: Studio, duration_s: float, hz: tuple[float, float], t60_s: float) -> Signal:
    """A short burst of band-passed noise, its peak near 1: fingers, sticks, beaters."""
    burst = band_pass(studio.noise(duration_s), studio.log_uniform(*hz), studio.sample_rate, q=0.8)
    return 0.4 * levelled(burst) * decay(studio, duration_s, t60_s)


def conga(studio: Studio) -> Signal:
    """Conga or bongo: open tone, muffled or slapped, one stroke or a pattern."""
    return _pattern(studio, studio.log_uniform(150.0, 480.0), (0.1, 0.7), MEMBRANE)


def djembe(studio: Studio) -> Signal:
    """A goblet drum: deep bass strokes, dry tones, sharp slaps."""
    return _pattern(studio, studio.log_uniform(65.0, 380.0), (0.1, 0.8), MEMBRANE[:8])


def tabla(studio: Studio) -> Signal:
    """Nearly harmonic modes of a loaded skin; the larger drum glides under the heel of the hand."""
    hz = studio.log_uniform(200.0, 420.0)
    wave = _pattern(studio, hz, (0.3, 1.6), _LOADED)
    if not studio.chance(0.4):
        return wave
    duration_s = len(wave) / studio.sample_rate
    glide = 2.0 ** (studio.uniform(-0.6, 0.9) * np.minimum(studio.time(duration_s) / studio.uniform(0.1, 0.5), 1.0))
    bass = sine(studio.log_uniform(70.0, 130.0) * glide, studio.sample_rate) * decay(studio, duration_s, 1.0)
    return wave / float(np.abs(wave).max() + 1e-9) + studio.uniform(0.5, 2.0) * bass[: len(wave)]


def frame_drum(studio: Studio) -> Signal:
    """Large, deep skins: taiko, surdo, tar, cajon-like boxes."""
    return _pattern(studio, studio.log_uniform(50.0, 160.0), (0.3, 1.6), MEMBRANE)


def cuica(studio: Studio) -> Signal:
    """A rubbed skin: squeaks that glide, muted and open."""
    parts = []
    for _ in range(int(studio.rng.integers(1, 5))):
        length_s = studio.uniform(0.08, 0.45)
        way = np.linspace(0.0, 1.0, studio.samples(length_s))
        hz = studio.log_uniform(180.0, 500.0) * 2.0 ** (studio.uniform(-1.0, 1.0) * way)
        rubbed = low_pass(saw(hz, studio.sample_rate), studio.log_uniform(600.0, 3000.0), studio.sample_rate, q=2.0)
        noise = 1.0 + studio.uniform(0.0, 0.6) * low_pass(studio.noise(length_s), 300.0, studio.sample_rate)
        parts += [rubbed * noise * np.sin(np.pi * way) ** 0.6, np.zeros(studio.samples(studio.uniform(0.0, 0.12)))]
    return np.concatenate(parts)


def _pattern(studio: Studio, hz: float, t60_s: tuple[float, float], ratios: Signal) -> Signal:
    """One stroke, or a few at a steady pace."""
    if studio.chance(0.6):
        return _stroke(studio, hz, t60_s, ratios)
    strokes = [_stroke(studio, hz * studio.pick(1.0, 1.0, 0.67), t60_s, ratios) for _ in range(3)]
    step_s, count = studio.log_uniform(0.07, 0.4), int(studio.rng.integers(2, 9))
    onsets_s = step_s * np.arange(count) + studio.rng.uniform(0.0, 0.01, count)
    return scattered(studio, min(2.95, step_s * count + 0.4), onsets_s, strokes)


def _stroke(studio: Studio, hz: float, t60_s: tuple[float, float], ratios: Signal) -> Signal:
    kind = studio.rng.random()
    fall_s = studio.log_uniform(*t60_s)
    duration_s = min(2.0, 0.25 + fall_s)
    if kind < 0.3:  # slap: the bass damped, the hand sharp
        hardness = studio.uniform(0.7, 1.0)
        body = skin(studio, duration_s, hz=1.5 * hz, t60_s=0.4 * fall_s, hardness=hardness, ratios=ratios)
        slap = knock(studio, duration_s, (6.0 * hz, 5000.0), studio.uniform(0.02, 0.09))
        return body + studio.uniform(0.3, 1.5) * slap
    hardness = studio.uniform(0.0, 0.4) if kind < 0.55 else studio.uniform(0.3, 0.8)
    body = skin(studio, duration_s, hz=hz, t60_s=fall_s, hardness=hardness, ratios=ratios)
    finger = knock(studio, duration_s, (250.0, 4000.0), studio.uniform(0.01, 0.06))
    return body + studio.uniform(0.02, 0.8) * finger


def tambourine(studio: Studio) -> Signal:
    """Struck: the jingles ring together, at times over a skin."""
    t60_s = studio.log_uniform(0.1, 0.7)
    grains = _jingles(studio, t60_s)
    onsets_s = np.sort(studio.rng.exponential(studio.log_uniform(0.004, 0.05), int(studio.rng.integers(4, 20))))
    hits_s = np.cumsum([0.0, *studio.rng.choice([0.12, 0.2, 0.3], int(studio.pick(0, 0, 0, 1, 3)))])
    every_s = np.concatenate([hit_s + onsets_s for hit_s in hits_s])
    wave = scattered(studio, min(2.9, float(every_s.max()) + t60_s + 0.1), every_s, grains)
    if studio.chance(0.5):
        tap = skin(studio, 0.25, hz=studio.log_uniform(120.0, 350.0), t60_s=0.2, hardness=0.4, ratios=MEMBRANE)
        wave[: len(tap)] += studio.uniform(0.1, 1.0) * tap[: len(wave)]
    return wave


def shaken_tambourine(studio: Studio) -> Signal:
    """Shaken or rolled: many jingles, with the pulse of the hand."""
    grains = _jingles(studio, studio.log_uniform(0.05, 0.3))
    return scattered(studio, *_shakes(studio, (40.0, 160.0)), grains)


def _jingles(studio: Studio, t60_s: float) -> list[Signal]:
    """A few pairs of small cymbals, each a handful of high modes."""
    lowest_hz, grains = studio.log_uniform(2000.0, 5000.0), []
    for _ in range(4):
        hz = lowest_hz * studio.rng.uniform(1.0, 3.5, 12)
        gains, falls = studio.rng.uniform(0.2, 1.0, 12), t60_s * studio.rng.uniform(0.3, 1.2, 12)
        ring = ringing(studio, 0.9 * t60_s, frequencies_hz=hz, gains=gains, t60s_s=falls)
        clink = high_pass(studio.noise(0.9 * t60_s), 3500.0, studio.sample_rate) * decay(studio, 0.9 * t60_s, 0.03)
        grains.append(ring + studio.uniform(0.0, 2.0) * clink)
    return grains


def _shakes(studio: Studio, per_second: tuple[float, float]) -> tuple[float, Signal]:
    """Duration and onsets of grains: dense at each move of the hand, thinning out after it."""
    period_s, count = studio.log_uniform(0.08, 0.45), int(studio.rng.integers(1, 9))
    count = max(1, min(count, int(2.6 / period_s)))
    each, width = max(3, int(studio.log_uniform(*per_second) * period_s)), studio.uniform(0.15, 0.6) * period_s
    moves_s = np.repeat(period_s * np.arange(count), each)
    onsets_s = moves_s + studio.rng.gamma(2.0, 0.5 * width, len(moves_s))
    return min(2.95, period_s * count + 0.3), onsets_s[onsets_s < 2.9]


def shaker(studio: Studio) -> Signal:
    """Maraca, egg, caxixi: beads against one or two resonances of a shell."""
    duration_s, onsets_s = _shakes(studio, (100.0, 1500.0))
    impulses = np.zeros(studio.samples(duration_s))
    places = np.minimum((onsets_s * studio.sample_rate).astype(int), len(impulses) - 1)
    np.add.at(impulses, places, studio.rng.uniform(0.2, 1.0, len(places)) * studio.rng.choice([-1.0, 1.0], len(places)))
    return _shell(studio, impulses * studio.noise(duration_s))


def smooth_shaker(studio: Studio) -> Signal:
    """So many beads that they are noise: sand, cabasa, a quick accent."""
    duration_s, period_s = studio.uniform(0.3, 2.5), studio.log_uniform(0.1, 0.5)
    phase = np.mod(studio.time(duration_s) / period_s + studio.uniform(0.0, 0.5), 1.0)
    swing = phase ** studio.uniform(0.3, 2.0) * (1.0 - phase) ** studio.log_uniform(0.5, 6.0)
    return _shell(studio, studio.noise(duration_s) * swing / float(swing.max()))


def cabasa(studio: Studio) -> Signal:
    """Steel beads that scrape over a ribbed cylinder."""
    duration_s = studio.uniform(0.3, 0.8)
    t = studio.time(duration_s)
    ribs = 1.0 + studio.uniform(0.3, 1.0) * np.sin(2.0 * np.pi * studio.log_uniform(60.0, 300.0) * t)
    length_s = studio.uniform(0.06, 0.9 * duration_s)
    shape = np.clip(t / 0.01, 0.0, 1.0) * np.clip((length_s - t) / (0.3 * length_s), 0.0, 1.0)
    return high_pass(studio.noise(duration_s) * ribs * shape, studio.log_uniform(3000.0, 7000.0), studio.sample_rate)


def _shell(studio: Studio, beads: Signal) -> Signal:
    hz, rate = studio.log_uniform(2200.0, 8500.0), studio.sample_rate
    shell = band_pass(beads, hz, rate, q=studio.log_uniform(0.7, 7.0))
    second = band_pass(beads, hz * studio.uniform(0.5, 1.7), rate, q=studio.log_uniform(0.7, 5.0))
    return shell + studio.uniform(0.0, 0.8) * second + studio.uniform(0.0, 0.15) * high_pass(beads, 1500.0, rate)


def gong(studio: Studio) -> Signal:
    """Tam-tam: dense modes, the upper ones blooming after the stroke."""
    duration_s, hz = studio.uniform(1.5, 3.0), studio.log_uniform(45.0, 180.0)
    count = int(studio.rng.integers(60, 220))
    ratios = np.concatenate([[1.0], np.sort(studio.rng.uniform(1.1, studio.uniform(12.0, 50.0), count))])
    gains = studio.rng.uniform(0.1, 1.0, count + 1) * ratios ** -studio.uniform(0.3, 1.3)
    falls_s = studio.uniform(3.0, 9.0) / ratios ** studio.uniform(0.1, 0.5)
    rises_s = studio.log_uniform(0.01, 0.8)
    wave = ringing(studio, duration_s, frequencies_hz=hz * ratios, gains=gains, t60s_s=falls_s, rises_s=rises_s)
    thump = knock(studio, duration_s, (80.0, 700.0), studio.uniform(0.03, 0.2))
    return levelled(wave) + studio.uniform(0.0, 3.0) * thump


def tuned_gong(studio: Studio) -> Signal:
    """A bossed gong: a clear pitch with beating pairs, at times gliding (opera gong)."""
    duration_s, hz = studio.uniform(0.8, 3.0), studio.log_uniform(90.0, 600.0)
    ratios = np.array([1.0, 1.52, 2.0, 2.67, 3.0, 3.48, 4.1, 5.2]) * (1.0 + studio.rng.normal(0.0, 0.02, 8))
    pairs = np.concatenate([ratios, ratios * (1.0 + studio.uniform(0.001, 0.01))])
    gains = studio.rng.uniform(0.1, 1.0, 16) * pairs ** -studio.uniform(0.3, 1.5)
    falls_s = studio.uniform(1.5, 7.0) / pairs ** studio.uniform(0.2, 0.8)
    wave = ringing(studio, duration_s, frequencies_hz=hz * pairs, gains=gains, t60s_s=falls_s)
    wave = levelled(wave) + studio.uniform(0.0, 1.5) * knock(studio, duration_s, (200.0, 1500.0), 0.05)
    if studio.chance(0.3):
        wave = bent(studio, wave, studio.uniform(-0.3, 0.3), studio.uniform(0.1, 0.5))
    return roomed(studio, wave, studio.pick(0.0, 0.3))


def agogo(studio: Studio) -> Signal:
    """Two cones of sheet metal, struck in turn."""
    hz, t60_s = studio.log_uniform(550.0, 1300.0), studio.log_uniform(0.1, 0.7)
    ratios = np.array([1.0, 1.48, 2.6, 3.4, 4.8, 6.1]) * (1.0 + studio.rng.normal(0.0, 0.06, 6))
    gains = studio.rng.uniform(0.2, 1.0, 6) / ratios**0.4
    bells = [
        ringing(studio, t60_s + 0.1, frequencies_hz=hz * ratios * shift, gains=gains, t60s_s=t60_s / ratios**0.3)
        for shift in (1.0, studio.uniform(1.3, 1.6))
    ]
    onsets_s = studio.uniform(0.1, 0.35) * np.arange(int(studio.rng.integers(1, 6)))
    return scattered(studio, min(2.9, float(onsets_s[-1]) + t60_s + 0.1), onsets_s, bells)


def castanets(studio: Studio) -> Signal:
    """Hollow wooden shells, one click or a rattle."""
    hz = studio.log_uniform(1200.0, 3000.0)
    clicks = []
    for _ in range(3):
        modes_hz = hz * np.array([1.0, 1.6, 2.7]) * studio.rng.uniform(0.95, 1.05, 3)
        gains, falls_s = studio.rng.uniform(0.3, 1.0, 3), studio.log_uniform(0.015, 0.06) / np.array([1.0, 1.5, 2.0])
        click = ringing(studio, 0.09, frequencies_hz=modes_hz, gains=gains, t60s_s=falls_s)
        clicks.append(mixed([click, studio.uniform(0.1, 1.0) * knock(studio, 0.09, (1500.0, 6000.0), 0.01)]))
    gaps_s = studio.log_uniform(0.04, 0.15) * studio.rng.uniform(0.8, 1.2, int(studio.pick(1, 1, 2, 4, 9, 14)))
    onsets_s = np.cumsum(gaps_s) - gaps_s[0]
    return scattered(studio, float(onsets_s[-1]) + 0.25, onsets_s, clicks)
