"""Sounds of engines, alarms, telephones, radios, clocks and test equipment, and plain noises."""

from __future__ import annotations

import numpy as np
from scipy import signal

from models.workshop.synthesis.blown import additive, rolled
from models.workshop.synthesis.oscillators import (
    Signal,
    Studio,
    band_pass,
    decay,
    high_pass,
    low_pass,
    mixed,
    pulse,
    saw,
    sine,
)
from models.workshop.synthesis.resonance import (
    formants,
    levelled,
    ringing,
    roomed,
    scattered,
    sparks,
    squashed,
    wandering,
)


def engine(studio: Studio) -> Signal:
    """A combustion engine: uneven firing through the pipes, idling or revving; a helicopter when slow."""
    duration_s = studio.uniform(1.0, 3.0)
    revs = 2.0 ** (studio.uniform(0.0, 2.0) * wandering(studio, duration_s, studio.uniform(0.5, 3.0)))
    hz = studio.log_uniform(9.0, 110.0) * revs
    firing = pulse(hz, studio.sample_rate, width=np.full(len(hz), studio.uniform(0.03, 0.3)))
    uneven = 1.0 + studio.uniform(0.0, 0.8) * pulse(0.25 * hz, studio.sample_rate, width=np.full(len(hz), 0.5))
    gas = firing * uneven * (1.0 + studio.uniform(0.0, 1.5) * studio.noise(duration_s))
    centres_hz = [studio.log_uniform(60.0, 2500.0) for _ in range(4)]
    wave = formants(studio, gas, centres_hz=centres_hz, gains=[1.5] * 4, q=3.0, direct=0.4)
    return low_pass(wave, studio.log_uniform(600.0, 8000.0), studio.sample_rate)


def electric_motor(studio: Studio) -> Signal:
    """Drills, fans, shavers, servos: a whine that runs up and down, brush noise."""
    duration_s = studio.uniform(0.5, 3.0)
    t = studio.time(duration_s)
    run = 1.0 - np.exp(-t / studio.log_uniform(0.02, 0.6))
    run *= np.clip((duration_s - t) / studio.uniform(0.02, 0.5), 0.05, 1.0)
    hz = studio.log_uniform(80.0, 1200.0) * (0.2 + run) * (1.0 + 0.05 * wandering(studio, duration_s, 6.0))
    whine = additive(hz, rolled(studio, 12, studio.uniform(0.3, 1.5), 1.0), studio.sample_rate)
    brush = band_pass(studio.noise(duration_s), studio.log_uniform(800.0, 6000.0), studio.sample_rate, q=0.7)
    return (levelled(whine) + studio.uniform(0.1, 2.0) * levelled(brush)) * run


def mains(studio: Studio) -> Signal:
    """A transformer or a faulty cable: 50 or 60 Hz with strong harmonics, at times with crackling."""
    duration_s = studio.uniform(0.8, 3.0)
    hz = np.full(studio.samples(duration_s), studio.pick(50.0, 60.0, 100.0, 120.0))
    wave = levelled(additive(hz, rolled(studio, 60, studio.uniform(0.0, 1.2), 1.0), studio.sample_rate))
    crackle = squashed(high_pass(sparks(studio, duration_s, 80.0), 800.0, studio.sample_rate))
    return wave + studio.pick(0.0, 1.0) * studio.uniform(0.0, 1.0) * crackle


def siren(studio: Studio) -> Signal:
    """Wail, yelp, two tones, or a car alarm."""
    duration_s = studio.uniform(0.8, 3.0)
    turn = np.mod(studio.time(duration_s) * studio.log_uniform(0.3, 6.0) + studio.uniform(0.0, 1.0), 1.0)
    shapes = (0.5 - 0.5 * np.cos(2.0 * np.pi * turn), turn, (turn < 0.5).astype(np.float64), 1.0 - turn)
    hz = studio.log_uniform(300.0, 1500.0) * 2.0 ** (studio.uniform(0.15, 1.5) * shapes[int(studio.rng.integers(4))])
    half = np.full(len(hz), studio.uniform(0.1, 0.5))
    wave = saw(hz, studio.sample_rate) if studio.chance(0.3) else pulse(hz, studio.sample_rate, width=half)
    wave = sine(hz, studio.sample_rate) if studio.chance(0.3) else wave
    return roomed(studio, band_pass(wave, studio.log_uniform(700.0, 3000.0), studio.sample_rate), studio.pick(0.0, 0.8))


def telephone(studio: Studio) -> Signal:
    """A bell that a clapper strikes, a warble of two tones, dialled pairs of tones, or a ringing tone."""
    duration_s = studio.uniform(0.6, 2.8)
    t, kind = studio.time(duration_s), studio.rng.random()
    if kind < 0.35:
        hz = studio.log_uniform(700.0, 2500.0) * np.array([1.0, 1.19, 2.4, 2.9, 4.6])
        bell = ringing(studio, 0.4, frequencies_hz=hz, gains=studio.rng.uniform(0.2, 1, 5), t60s_s=np.full(5, 0.35))
        return scattered(studio, duration_s, np.arange(0.0, 0.8 * duration_s, studio.uniform(0.03, 0.06)), [bell])
    step_s = studio.uniform(0.03, 0.2) if kind < 0.7 else studio.uniform(0.2, 0.8)
    step = (t / step_s).astype(int)
    lower = studio.rng.choice([697.0, 770.0, 852.0, 941.0, 440.0], size=int(step.max()) + 1)[step]
    upper = studio.rng.choice([1209.0, 1336.0, 1477.0, 480.0], size=int(step.max()) + 1)[step]
    gate = (np.mod(t, step_s) < studio.uniform(0.4, 1.0) * step_s).astype(np.float64)
    return gate * (sine(lower, studio.sample_rate) + studio.uniform(0.0, 1.0) * sine(upper, studio.sample_rate))


def modem(studio: Studio) -> Signal:
    """Data as sound: keyed tones, scrambled noise, or a printer's and disk's rhythm."""
    duration_s, baud = studio.uniform(0.5, 2.5), studio.log_uniform(20.0, 1500.0)
    symbols = (studio.time(duration_s) * baud).astype(int)
    levels = studio.rng.integers(0, int(studio.pick(2, 2, 4, 8)), int(symbols.max()) + 1)[symbols]
    hz = studio.log_uniform(300.0, 2500.0) + studio.log_uniform(50.0, 900.0) * levels
    wave = sine(hz, studio.sample_rate)
    if studio.chance(0.3):
        wave = wave * levels + 0.3 * studio.noise(duration_s)
    return band_pass(wave, 1500.0, studio.sample_rate, q=0.5)


def radio(studio: Studio) -> Signal:
    """Tuning: static, whistles that sweep through zero, scraps of modulated tones."""
    duration_s = studio.uniform(0.8, 3.0)
    static = studio.noise(duration_s) * (0.2 + wandering(studio, duration_s, 5.0))
    hz = 40.0 + 5000.0 * np.abs(wandering(studio, duration_s, studio.uniform(1.0, 4.0)) - studio.uniform(0.2, 0.8))
    whistle = sine(hz, studio.sample_rate) * wandering(studio, duration_s, 4.0)
    scrap = saw(100.0 + 200.0 * wandering(studio, duration_s, 8.0), studio.sample_rate)
    scrap = levelled(band_pass(scrap, 900.0, studio.sample_rate)) * wandering(studio, duration_s, 3.0) ** 3
    wave = static + studio.uniform(0.0, 2.0) * whistle + studio.uniform(0.0, 2.0) * scrap
    return band_pass(wave, studio.log_uniform(900.0, 2500.0), studio.sample_rate, q=studio.uniform(0.4, 1.5))


def record_noise(studio: Studio) -> Signal:
    """An empty groove: clicks, rumble, hiss."""
    duration_s = studio.uniform(0.8, 3.0)
    clicks = low_pass(sparks(studio, duration_s, studio.log_uniform(5.0, 400.0)), 6000.0, studio.sample_rate)
    hiss = high_pass(studio.noise(duration_s), studio.log_uniform(500.0, 5000.0), studio.sample_rate)
    rumble = low_pass(studio.noise(duration_s), studio.log_uniform(30.0, 120.0), studio.sample_rate)
    return (
        studio.log_uniform(0.2, 3.0) * squashed(clicks)
        + studio.log_uniform(0.01, 0.5) * hiss
        + studio.log_uniform(0.02, 1.0) * levelled(rumble)
    )


def clock(studio: Studio) -> Signal:
    """Ticks and tocks, switches, a typewriter: short clicks of a few modes, regular or not."""
    duration_s, clicks = studio.uniform(0.4, 2.8), []
    for _ in range(2):
        hz = studio.log_uniform(600.0, 6000.0) * np.array([1.0, 1.7, 2.6])
        falls_s = studio.log_uniform(0.01, 0.12) * np.array([1.0, 0.7, 0.5])
        click = ringing(studio, 0.12, frequencies_hz=hz, gains=np.array([1.0, 0.6, 0.4]), t60s_s=falls_s)
        clicks.append(click + studio.uniform(0.1, 1.5) * studio.noise(0.12) * decay(studio, 0.12, 0.01))
    onsets_s = np.arange(0.0, duration_s - 0.1, studio.log_uniform(0.08, 0.6))
    onsets_s = np.clip(onsets_s + studio.pick(0.0, 0.08) * studio.rng.standard_normal(len(onsets_s)), 0.0, None)
    return roomed(studio, scattered(studio, duration_s, onsets_s, clicks), studio.uniform(0.0, 0.5))


def measuring_tone(studio: Studio) -> Signal:
    """A sine, square or sum of sines that stands still, or a sweep."""
    duration_s, hz = studio.uniform(0.3, 3.0), studio.log_uniform(40.0, 10_000.0)
    way = studio.time(duration_s) / duration_s
    steady = studio.chance(0.5)
    sweep_hz = hz * np.ones(len(way)) if steady else hz * (studio.log_uniform(30.0, 14_000.0) / hz) ** way
    if studio.chance(0.7):
        return sine(sweep_hz, studio.sample_rate)
    if studio.chance(0.5):
        return pulse(sweep_hz, studio.sample_rate, width=np.full(len(way), 0.5))
    others = [sine(np.full(len(way), studio.log_uniform(50.0, 8000.0)), studio.sample_rate) for _ in range(3)]
    return mixed([sine(sweep_hz, studio.sample_rate), *others])


def coloured_noise(studio: Studio) -> Signal:
    """Noise whose spectrum falls or rises evenly: white, pink, brown, blue and between; steady or gated."""
    duration_s = studio.log_uniform(0.3, 3.0)
    spectrum = np.fft.rfft(studio.noise(duration_s))
    flat_below = 30.0 * duration_s  # or brown noise were all below hearing
    spectrum *= np.maximum(np.arange(len(spectrum)), flat_below) ** studio.uniform(-1.1, 0.6)
    wave: Signal = np.fft.irfft(spectrum, studio.samples(duration_s))
    if studio.chance(0.3):
        gate_hz = studio.log_uniform(1.0, 40.0)
        wave = wave * (np.sin(2.0 * np.pi * gate_hz * studio.time(duration_s)) > studio.uniform(-0.8, 0.5))
    return wave


def reversed_hit(studio: Studio) -> Signal:
    """A struck or noisy sound played backwards: swells that break off."""
    duration_s = studio.uniform(0.4, 2.5)
    count = int(studio.rng.integers(3, 120))
    hz = studio.log_uniform(60.0, 800.0) * studio.rng.uniform(1.0, 20.0, count)
    falls_s = duration_s * studio.rng.uniform(0.3, 1.2, count)
    ring = ringing(studio, duration_s, frequencies_hz=hz, gains=studio.rng.random(count), t60s_s=falls_s)
    noise = low_pass(studio.noise(duration_s), studio.log_uniform(500.0, 14_000.0), studio.sample_rate)
    wave = levelled(ring) + studio.pick(0.0, 1.0, 3.0) * levelled(noise * decay(studio, duration_s, duration_s))
    return wave[::-1].copy()


def scratch(studio: Studio) -> Signal:
    """A record pushed to and fro, tape that starts or stops: a buzz or noise read at a turning speed."""
    duration_s = studio.uniform(0.3, 1.8)
    n = studio.samples(duration_s)
    speed = np.sin(2.0 * np.pi * studio.uniform(1.0, 6.0) * studio.time(duration_s) + studio.uniform(0.0, 6.28))
    source = saw(np.full(4 * n, studio.log_uniform(100.0, 900.0)), studio.sample_rate)
    source += studio.uniform(0.0, 2.0) * low_pass(studio.rng.standard_normal(4 * n), 4000.0, studio.sample_rate)
    place = np.cumsum(studio.uniform(0.5, 2.0) * speed)
    wave: Signal = np.interp(place - place.min(), np.arange(4 * n), source)
    return high_pass(wave * np.abs(speed), 80.0, studio.sample_rate)


def chopper(studio: Studio) -> Signal:
    """Blades, trains, washing machines: noise in a rhythm."""
    duration_s, hz = studio.uniform(1.0, 3.0), studio.log_uniform(1.5, 28.0)
    beat = np.mod(studio.time(duration_s) * hz, 1.0)
    second = studio.uniform(0.0, 0.6) * np.exp(-np.mod(beat + 0.4, 1.0) * 9.0)
    shape = np.exp(-beat * studio.uniform(2.0, 10.0)) + second
    noise = low_pass(studio.noise(duration_s), studio.log_uniform(150.0, 5000.0), studio.sample_rate)
    b, a = signal.butter(1, studio.log_uniform(25.0, 200.0), "high", fs=studio.sample_rate)
    wave: Signal = signal.lfilter(b, a, noise * shape)
    return wave
