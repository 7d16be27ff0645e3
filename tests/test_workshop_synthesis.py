"""Voices, trimming and the General MIDI tables of the workshop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from models.workshop.rendering.drumkits import hits, leaf_of
from models.workshop.rendering.general_midi import KEYS, KITS, PROGRAMS, VARIATIONS
from models.workshop.synthesis import brass, winds
from models.workshop.synthesis.blown import additive
from models.workshop.synthesis.oscillators import Studio, finished
from models.workshop.synthesis.partials import Partials
from models.workshop.synthesis.plucked import StringTimbre, string
from models.workshop.synthesis.resonance import ringing
from models.workshop.synthesis.voices import VOICES, Voice, load_wavetables, synthesise
from tagger.taxonomy import LEAVES

SAMPLE_RATE = 32_000
ALL_VOICES = [voice for voices in VOICES.values() for voice in voices]


@pytest.fixture(scope="module")
def wavetables() -> npt.NDArray[np.float32]:
    cycle = np.linspace(0.0, 2.0 * np.pi, 256, endpoint=False)
    return np.stack([np.sin(cycle), np.sign(np.sin(cycle)), np.sin(3.0 * cycle)]).astype(np.float32)


@pytest.mark.parametrize("voice", ALL_VOICES, ids=lambda voice: voice.__name__)
def test_voice_is_finite_audible_and_of_sensible_length(voice: Voice, wavetables: npt.NDArray[np.float32]) -> None:
    for seed in range(2):
        studio = Studio(np.random.default_rng(seed), SAMPLE_RATE, wavetables)
        raw = voice(studio)
        assert np.isfinite(raw).all()
        sound = finished(raw)
        assert 0.05 <= len(sound) / SAMPLE_RATE <= 3.01
        assert np.sqrt(np.mean(sound**2)) > 0.003


@pytest.mark.parametrize("label", VOICES)
def test_sound_of_a_label_repeats_with_its_seed(label: str, wavetables: npt.NDArray[np.float32]) -> None:
    first, again, other = (
        synthesise(label, np.random.default_rng(seed), SAMPLE_RATE, wavetables) for seed in (7, 7, 8)
    )
    assert first.dtype == np.float32
    assert 0.3 <= len(first) / SAMPLE_RATE <= 3.01
    assert 0.8 < np.abs(first).max() <= 1.0
    np.testing.assert_array_equal(first, again)
    assert len(first) != len(other) or not np.array_equal(first, other)


@pytest.mark.parametrize("label", ["marimba", "ukulele", "harp", "glockenspiel", "accordion"])
def test_struck_and_plucked_notes_stay_in_range_of_hearing(label: str, wavetables: npt.NDArray[np.float32]) -> None:
    sound = synthesise(label, np.random.default_rng(3), SAMPLE_RATE, wavetables)
    spectrum = np.abs(np.fft.rfft(sound)) ** 2
    hz = np.fft.rfftfreq(len(sound), 1.0 / SAMPLE_RATE)
    assert spectrum[(hz > 25.0) & (hz < 12_000.0)].sum() > 0.95 * spectrum.sum()


def test_additive_is_the_sum_of_its_sines() -> None:
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    hz = 200.0 + 30.0 * t
    angle = 2.0 * np.pi * np.cumsum(hz / SAMPLE_RATE)
    expected = np.sin(angle) - 0.5 * np.sin(2.0 * angle) + 0.25 * np.sin(3.0 * angle)
    np.testing.assert_allclose(additive(hz, np.array([1.0, -0.5, 0.25]), SAMPLE_RATE), expected, atol=1e-8)


def test_modes_ring_at_their_frequency_and_fall_by_60_db(wavetables: npt.NDArray[np.float32]) -> None:
    studio = Studio(np.random.default_rng(1), SAMPLE_RATE, wavetables)
    one = np.array([1.0])
    wave = ringing(studio, 1.0, frequencies_hz=440.0 * one, gains=one, t60s_s=one)
    assert abs(int(np.abs(np.fft.rfft(wave)).argmax()) - 440) <= 1
    ends = [np.abs(part).max() for part in (wave[:320], wave[-320:])]
    assert 55.0 < 20.0 * np.log10(ends[0] / ends[1]) < 65.0


@pytest.mark.parametrize(
    ("voice", "low_hz", "high_hz"),
    [(brass.tuba, 100.0, 700.0), (brass.trumpet, 500.0, 3500.0), (winds.flute, 300.0, 2500.0)],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_blown_tones_are_as_bright_as_the_instrument(
    voice: Voice, low_hz: float, high_hz: float, wavetables: npt.NDArray[np.float32]
) -> None:
    centroids_hz = []
    for seed in range(8):
        power = np.abs(np.fft.rfft(voice(Studio(np.random.default_rng(seed), SAMPLE_RATE, wavetables)))) ** 2
        hz = np.linspace(0.0, SAMPLE_RATE / 2.0, len(power))
        centroids_hz.append((hz * power).sum() / power.sum())
    assert low_hz < np.median(centroids_hz) < high_hz


@pytest.mark.parametrize("looped", [False, True])
@pytest.mark.parametrize("hz", [41.2, 110.0, 440.0, 1975.5])
def test_both_models_of_a_string_are_in_tune(hz: float, *, looped: bool) -> None:
    timbre = StringTimbre(4.0, 1.0, 4000.0, place=0.2, pickups=((0.1, 1.0),), stiffness=1e-4, looped=looped)
    studio = Studio(np.random.default_rng(1), SAMPLE_RATE, np.zeros((1, 4), np.float32))
    wave = string(studio, timbre, hz, 2.0, 0.8)
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 1 << 19))
    bins_hz = np.fft.rfftfreq(1 << 19, 1.0 / SAMPLE_RATE)
    near = np.abs(bins_hz / hz - 1.0) < 0.06
    assert abs(1200.0 * np.log2(bins_hz[near][spectrum[near].argmax()] / hz)) < 3.0


def test_partials_sum_to_their_sines() -> None:
    partials = Partials(*(np.array(values) for values in ([100.0, 317.0], [1.0, 0.5], [0.3, 2.0], [0.0, 1.0])))
    t = np.arange(8000) / SAMPLE_RATE
    rows = zip(partials.hz, partials.gains, partials.t60s_s, partials.phases, strict=True)
    plain = sum(g * np.sin(2.0 * np.pi * hz * t + p) * 10.0 ** (-3.0 * t / t60_s) for hz, g, t60_s, p in rows)
    np.testing.assert_allclose(partials.sounded(0.25, SAMPLE_RATE), plain, atol=1e-4)


def test_basses_are_darker_than_mandolins(wavetables: npt.NDArray[np.float32]) -> None:
    def centroid_hz(label: str) -> float:
        sounds = [synthesise(label, np.random.default_rng(seed), SAMPLE_RATE, wavetables) for seed in range(12)]
        powers = [np.abs(np.fft.rfft(sound)) ** 2 for sound in sounds]
        return float(np.median([np.average(np.linspace(0.0, SAMPLE_RATE / 2, len(p)), weights=p) for p in powers]))

    assert max(centroid_hz("electric_bass"), centroid_hz("double_bass")) < 0.8 * centroid_hz("mandolin")


def test_tables_name_only_leaves() -> None:
    programs = [*PROGRAMS.values(), *VARIATIONS.values()]
    named = {program.leaf for program in programs} | {leaf for leaf, _ in KEYS.values()} | set(VOICES)
    assert named <= set(LEAVES)
    assert all(0 <= program.lowest < program.highest <= 127 for program in programs)
    assert all(0 <= number <= 127 for number in [*PROGRAMS, *KEYS, *KITS])


@pytest.mark.parametrize(
    ("name", "leaf"),
    [
        ("Snare Rimshot (Pearl 14x3.5)", "snare"),
        ("Pearl Side Stick", "rimshot"),
        ("c#3 - stick", "rimshot"),
        ("Hi Hat Closed", "hihat"),
        ("Hat Low", "hihat"),
        ("Side OHH", "hihat"),
        ("Crash/Ride Bell (Paiste)", "cymbal"),
        ("BassDrum", "kick"),
        ("Cowbell", "cowbell"),
        ("Dununba1 Bell Mute", "cowbell"),
        ("Dununba1 Head Mute", "hand_drum"),
        ("Tambourine Pedal", "tambourine"),
        ("WaterglassHi", None),
        ("Foot Stomp", None),
        ("17", None),
    ],
)
def test_kit_instrument_names_are_read(name: str, leaf: str | None) -> None:
    assert leaf_of(name) == leaf


def test_kit_gives_each_existing_file_once(tmp_path: Path) -> None:
    files = [tmp_path / f"snare{i}.wav" for i in range(20)]
    for file in files:
        file.touch()
    layers = "".join(f"<layer><filename>{file.name}</filename></layer>" for file in [*files, files[0]])
    missing = "<instrument><name>Kick</name><filename>gone.wav</filename></instrument>"
    xml = (
        f'<drumkit_info xmlns="http://example.invalid/kit"><instrument><name>Snare</name>{layers}</instrument>{missing}'
    )
    (tmp_path / "drumkit.xml").write_text(xml + "</drumkit_info>", encoding="utf-8")
    found = list(hits(tmp_path))
    assert len({hit.path for hit in found}) == len(found) == 12
    assert {hit.label for hit in found} == {"snare"}


def test_wavetables_are_scaled(tmp_path: Path) -> None:
    np.savez(tmp_path / "tables.npz", single_cycle=np.array([[0, 32_767, 0, -32_768]], dtype=np.int16))
    tables = load_wavetables(tmp_path / "tables.npz")
    assert tables.dtype == np.float32
    assert np.abs(tables).max() == 1.0
