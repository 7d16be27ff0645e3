"""An acoustic drum kit, scrapers and whistles: skins, snare wires, plates of dense modes, hands in a room."""

from __future__ import annotations

import numpy as np

from models.workshop.synthesis.oscillators import Signal, Studio, band_pass, decay, high_pass, low_pass, mixed, sine
from models.workshop.synthesis.percussion import MEMBRANE, knock, skin
from models.workshop.synthesis.resonance import levelled, ringing, roomed, scattered, wandering


def acoustic_kick(studio: Studio) -> Signal:
    """A bass drum, open or damped, with the knock of a felt or wooden beater."""
    t60_s, hz = studio.log_uniform(0.15, 1.2), studio.log_uniform(38.0, 85.0)
    duration_s = min(1.6, t60_s + 0.25)
    body = skin(studio, duration_s, hz=hz, t60_s=t60_s, hardness=studio.uniform(0.0, 0.35), ratios=MEMBRANE)
    beater = knock(studio, duration_s, (500.0, 5000.0), studio.log_uniform(0.008, 0.05))
    wave = body + studio.log_uniform(0.02, 1.0) * beater
    return roomed(studio, wave, studio.pick(0.0, 1.0) * studio.uniform(0.05, 0.5))


def acoustic_snare(studio: Studio) -> Signal:
    """A skin over wires that rattle a little later and longer; also ghost notes, rolls and wires off."""
    hz, hardness = studio.log_uniform(140.0, 330.0), studio.uniform(0.2, 0.9)
    duration_s = studio.uniform(0.25, 0.7)
    body = skin(studio, duration_s, hz=hz, t60_s=studio.log_uniform(0.08, 0.5), hardness=hardness, ratios=MEMBRANE)
    wires = high_pass(studio.noise(duration_s), studio.log_uniform(800.0, 3500.0), studio.sample_rate)
    wires = low_pass(wires, studio.log_uniform(5000.0, 14_000.0), studio.sample_rate)
    wires *= decay(studio, duration_s, studio.log_uniform(0.1, 0.6)) * (1.0 - decay(studio, duration_s, 0.008))
    stick = knock(studio, duration_s, (900.0, 5000.0), studio.uniform(0.008, 0.03))
    wave = body + studio.log_uniform(0.08, 0.8) * wires + studio.uniform(0.1, 1.0) * stick
    if studio.chance(0.15):
        wave = _roll(studio, wave)
    return roomed(studio, wave, studio.pick(0.0, 1.0) * studio.uniform(0.05, 0.8))


def brushed_snare(studio: Studio) -> Signal:
    """Wire brushes: a sweep, a tap, or a sweep that ends in one."""
    duration_s = studio.uniform(0.3, 1.2)
    sweep = band_pass(studio.noise(duration_s), studio.log_uniform(1500.0, 6000.0), studio.sample_rate, q=0.6)
    sweep *= wandering(studio, duration_s, 10.0) * np.hanning(len(sweep))
    tap = skin(studio, 0.3, hz=studio.log_uniform(150.0, 300.0), t60_s=0.2, hardness=0.4, ratios=MEMBRANE)
    tap += 0.4 * high_pass(studio.noise(0.3), 2000.0, studio.sample_rate) * decay(studio, 0.3, studio.uniform(0.1, 0.3))
    wave = np.concatenate([studio.pick(0.0, 1.0) * sweep, np.zeros(len(tap))])
    wave[-2 * len(tap) : -len(tap)] += studio.uniform(0.2, 0.8) * tap
    return wave


def _roll(studio: Studio, hit: Signal) -> Signal:
    gap_s = studio.uniform(0.035, 0.09)
    onsets_s = gap_s * np.arange(int(studio.rng.integers(6, 20))) * studio.uniform(0.97, 1.03)
    return scattered(studio, float(onsets_s[-1]) + 0.3, onsets_s, [hit])


def acoustic_tom(studio: Studio) -> Signal:
    """Two skins on a shell: rack toms, floor toms, timbales."""
    hz, t60_s = studio.log_uniform(60.0, 260.0), studio.log_uniform(0.25, 1.5)
    duration_s, hardness = min(2.0, t60_s + 0.2), studio.uniform(0.1, 0.7)
    ratios = MEMBRANE if studio.chance(0.5) else np.sort(np.concatenate([MEMBRANE, MEMBRANE[:4] * 1.08]))
    body = skin(studio, duration_s, hz=hz, t60_s=t60_s, hardness=hardness, ratios=ratios)
    stick = knock(studio, duration_s, (500.0, 4000.0), studio.uniform(0.01, 0.05))
    wave = body + studio.log_uniform(0.03, 0.6) * stick
    return roomed(studio, wave, studio.pick(0.0, 1.0) * studio.uniform(0.05, 0.5))


def acoustic_hihat(studio: Studio) -> Signal:
    """A pair of cymbals: closed, half open with sizzle, open, or pressed by the foot."""
    t60_s = studio.log_uniform(0.04, 0.2) if studio.chance(0.55) else studio.log_uniform(0.25, 2.0)
    duration_s = min(2.0, t60_s + 0.1)
    plate = _plate(studio, duration_s, lowest_hz=studio.log_uniform(300.0, 900.0), t60_s=t60_s, count=180, tilt=-0.3)
    sizzle = high_pass(studio.noise(duration_s), studio.log_uniform(3500.0, 7000.0), studio.sample_rate)
    sizzle *= decay(studio, duration_s, t60_s * studio.uniform(0.4, 1.0))
    wave = levelled(plate) + studio.uniform(0.1, 1.5) * levelled(sizzle)
    wave = high_pass(wave, studio.log_uniform(300.0, 4000.0), studio.sample_rate)
    return roomed(studio, wave, studio.pick(0.0, 1.0) * studio.uniform(0.05, 0.5))


def crash(studio: Studio) -> Signal:
    """Crash, splash or china: dense modes that bloom within some hundredths of a second, and wash."""
    duration_s, t60_s = studio.uniform(0.8, 3.0), studio.log_uniform(0.6, 5.0)
    lowest_hz, rises_s = studio.log_uniform(200.0, 600.0), studio.log_uniform(0.003, 0.06)
    plate = _plate(studio, duration_s, lowest_hz=lowest_hz, t60_s=t60_s, count=300, tilt=0.1, rises_s=rises_s)
    wash = high_pass(studio.noise(duration_s), studio.log_uniform(2000.0, 6000.0), studio.sample_rate)
    wash *= decay(studio, duration_s, 0.6 * t60_s) * (1.0 - decay(studio, duration_s, 5.0 * rises_s))
    wave = levelled(plate) + studio.uniform(0.1, 1.2) * levelled(wash)
    return roomed(studio, wave, studio.pick(0.0, 1.0) * studio.uniform(0.05, 0.5))


def ride(studio: Studio) -> Signal:
    """A stick's ping over a low wash, or the bell; one stroke or a few."""
    t60_s, hz = studio.log_uniform(0.8, 4.0), studio.log_uniform(350.0, 900.0)
    duration_s = studio.uniform(0.7, 2.9)
    wash = _plate(studio, duration_s, lowest_hz=studio.log_uniform(250.0, 600.0), t60_s=t60_s, count=200, tilt=0.2)
    ratios = np.concatenate([[1.0], studio.rng.uniform(1.4, 9.0, 8)])
    gains = studio.rng.uniform(0.2, 1.0, 9)
    bell = ringing(studio, duration_s, frequencies_hz=hz * ratios, gains=gains, t60s_s=t60_s / ratios**0.3)
    tick = knock(studio, duration_s, (2500.0, 8000.0), studio.uniform(0.02, 0.08))
    hit = levelled(wash) + studio.log_uniform(0.1, 2.0) * levelled(bell) + studio.uniform(0.2, 2.0) * tick
    if studio.chance(0.7):
        return hit
    return scattered(studio, duration_s, studio.uniform(0.15, 0.5) * np.arange(5.0), [hit])


def _plate(
    studio: Studio,
    duration_s: float,
    *,
    lowest_hz: float,
    t60_s: float,
    count: int,
    tilt: float,
    rises_s: float = 0.0,
) -> Signal:
    """Modes of a thin plate: evenly dense up to the top, the higher the shorter."""
    hz = studio.rng.uniform(lowest_hz, 0.47 * studio.sample_rate, count)
    ratios = hz / lowest_hz
    gains = studio.rng.uniform(0.1, 1.0, count) * ratios**-tilt
    falls_s = t60_s / (1.0 + ratios) ** studio.uniform(0.05, 0.35)
    return ringing(studio, duration_s, frequencies_hz=hz, gains=gains, t60s_s=falls_s, rises_s=rises_s)


def hand_claps(studio: Studio) -> Signal:
    """One to eight people clap at nearly the same time in a room."""
    claps = []
    for _ in range(int(studio.rng.integers(1, 6))):
        hollow = band_pass(studio.noise(0.08), studio.log_uniform(600.0, 2800.0), studio.sample_rate, q=1.5)
        sharp = high_pass(studio.noise(0.08), 2500.0, studio.sample_rate) * studio.uniform(0.0, 0.6)
        claps.append((hollow + sharp) * decay(studio, 0.08, studio.log_uniform(0.012, 0.07)))
    count = int(studio.rng.integers(1, 9))
    onsets_s = np.abs(studio.rng.normal(0.0, studio.log_uniform(0.003, 0.03), count))
    return roomed(studio, scattered(studio, studio.uniform(0.3, 0.9), onsets_s, claps), studio.uniform(0.1, 1.2))


def side_stick(studio: Studio) -> Signal:
    """The stick laid over the rim: wood and a dull shell."""
    hz = studio.log_uniform(350.0, 1100.0) * np.array([1.0, 1.9, 2.8, 4.6]) * studio.rng.uniform(0.85, 1.15, 4)
    falls_s = studio.log_uniform(0.03, 0.12) / np.array([1.0, 1.2, 1.6, 2.0])
    wave = ringing(studio, 0.35, frequencies_hz=hz, gains=studio.rng.uniform(0.2, 1.0, 4), t60s_s=falls_s)
    wave += studio.uniform(0.3, 2.5) * knock(studio, 0.35, (1000.0, 5000.0), studio.uniform(0.005, 0.025))
    return roomed(studio, wave, studio.pick(0.0, 1.0) * studio.uniform(0.05, 0.5))


def stick_clicks(studio: Studio) -> Signal:
    """Two sticks struck together, once or counting in."""
    hz = studio.log_uniform(1300.0, 3200.0) * np.array([1.0, 2.3, 3.1])
    gains, falls_s = np.array([1.0, 0.4, 0.3]), np.array([0.05, 0.03, 0.02])
    click = ringing(studio, 0.1, frequencies_hz=hz, gains=gains, t60s_s=falls_s)
    click += studio.uniform(0.2, 1.5) * knock(studio, 0.1, (1500.0, 6000.0), 0.01)
    onsets_s = studio.uniform(0.25, 0.6) * np.arange(studio.pick(1, 1, 2, 4))
    return roomed(studio, scattered(studio, float(onsets_s[-1]) + 0.3, onsets_s, [click]), studio.uniform(0.0, 0.4))


def guiro(studio: Studio) -> Signal:
    """A stick drawn over ribs, faster or slower, one way or both."""
    parts = []
    for _ in range(int(studio.pick(1, 1, 2, 3))):
        length_s, ribs = studio.log_uniform(0.08, 0.7), int(studio.rng.integers(12, 60))
        onsets_s = length_s * np.sort(studio.rng.uniform(0.0, 1.0, ribs) * 0.02 + np.linspace(0, 0.97, ribs) ** 1.2)
        grain = knock(studio, 0.012, (1200.0, 5500.0), 0.01)
        parts += [scattered(studio, length_s, onsets_s, [grain]), np.zeros(studio.samples(studio.uniform(0.02, 0.15)))]
    wave = np.concatenate(parts)
    return wave + 2.0 * band_pass(wave, studio.log_uniform(900.0, 4000.0), studio.sample_rate, q=studio.uniform(2, 8))


def vibraslap(studio: Studio) -> Signal:
    """A ball that makes teeth rattle in a box, slower and softer."""
    gaps_s = studio.uniform(0.018, 0.035) * np.linspace(1.0, studio.uniform(1.0, 1.4), 70)
    onsets_s = np.cumsum(gaps_s)
    grain = knock(studio, 0.05, (2000.0, 4500.0), studio.uniform(0.02, 0.05))
    duration_s = studio.uniform(0.7, 2.2)
    wave = scattered(studio, duration_s, onsets_s, [grain]) * decay(studio, duration_s, duration_s)
    return wave + 2.0 * band_pass(wave, studio.log_uniform(1800.0, 3500.0), studio.sample_rate, q=6.0)


def whip(studio: Studio) -> Signal:
    """Two boards slapped together, finger snaps: one short wide burst."""
    duration_s = studio.uniform(0.3, 0.5)
    slap = high_pass(studio.noise(duration_s), studio.log_uniform(300.0, 2500.0), studio.sample_rate)
    slap = slap * decay(studio, duration_s, studio.log_uniform(0.02, 0.2))
    pop = band_pass(slap, studio.log_uniform(900.0, 3000.0), studio.sample_rate, q=studio.uniform(1.0, 6.0))
    return roomed(studio, slap * studio.uniform(0.1, 1.0) + 2.0 * pop, studio.uniform(0.0, 0.6))


def referee_whistle(studio: Studio) -> Signal:
    """A pea whistle: a high tone that the pea chops, short or long."""
    duration_s = studio.log_uniform(0.3, 1.5)
    t = studio.time(duration_s)
    pea = np.sin(2.0 * np.pi * studio.uniform(18.0, 45.0) * t)
    hz = studio.log_uniform(1900.0, 3400.0) * (1.0 + 0.03 * studio.uniform(0.2, 1.0) * pea)
    tone = sine(hz, studio.sample_rate) + studio.uniform(0.0, 0.6) * sine(1.07 * hz, studio.sample_rate)
    tone *= 1.0 + studio.uniform(0.1, 0.8) * pea
    noise = band_pass(studio.noise(duration_s), float(hz.mean()), studio.sample_rate, q=2.0)
    edges = np.minimum(t / 0.02, 1.0) * np.clip((duration_s - t) / 0.04, 0.0, 1.0)
    return (tone + studio.uniform(0.05, 0.6) * noise) * edges


def steel_drum(studio: Studio) -> Signal:
    """A pan's note: octave and twelfth tuned, blooming, with a shimmer."""
    duration_s, hz = studio.uniform(0.5, 2.0), studio.note(52, 84)
    ratios = np.array([1.0, 2.0, 3.0, 4.02, 4.9, 6.1, 2.007, 3.02])
    gains = np.array([1.0, 0.8, 0.5, 0.3, 0.2, 0.1, 0.4, 0.2]) * studio.rng.uniform(0.3, 1.2, 8)
    falls_s = studio.uniform(0.6, 2.5) / ratios ** studio.uniform(0.2, 0.7)
    rises_s = studio.log_uniform(0.004, 0.04)
    wave = ringing(studio, duration_s, frequencies_hz=hz * ratios, gains=gains, t60s_s=falls_s, rises_s=rises_s)
    return mixed([levelled(wave), studio.uniform(0.0, 0.8) * knock(studio, duration_s, (400.0, 2500.0), 0.03)])
