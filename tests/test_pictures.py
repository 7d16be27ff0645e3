"""Overviews hold what the recording holds; pictures show it, the same everywhere and always."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import matplotlib
import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.font_manager import fontManager
from PIL import Image

from tagger import frontend
from tagger.errors import DecodeError, OutputError
from tagger.pictures import DARK, LIGHT, Overview, OverviewBuilder, Picture, overview, render, save
from tagger.pictures.lettering import elided, shown
from tagger.pictures.overview import MAX_COLUMNS
from tagger.pictures.panels import clock
from tagger.results import Kind
from tagger.taxonomy import LEAVES
from tests.timelines import song, timeline_of

Samples = npt.NDArray[np.float32]

RATE = 16_000


def sketch(
    samples: Samples, *, rate: int = RATE, duration_s: float | None = None, pieces: Sequence[int] = ()
) -> Overview:
    """The overview of samples that come in pieces of these lengths, and then the rest."""
    builder = OverviewBuilder(rate, duration_s=len(samples) / rate if duration_s is None else duration_s)
    start = 0
    for length in pieces:
        builder.push(samples[start : start + length])
        start += length
    builder.push(samples[start:])
    return builder.finish()


def noise(length: int, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).normal(0, 0.1, length).astype(np.float32)


def pixels(content: bytes) -> npt.NDArray[np.int64]:
    """(height, width, 3)."""
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB")).astype(np.int64)


def colour(text: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(text.removeprefix("#")))


# Overview


def test_peaks_are_least_and_greatest_sample_of_each_column() -> None:
    samples = noise(RATE)
    drawn = sketch(samples)
    hop = round(drawn.column_s * RATE)
    for column, (least, greatest) in enumerate(drawn.peaks):
        part = samples[column * hop : (column + 1) * hop]
        assert (least, greatest) == (part.min(), part.max())
    assert drawn.duration_s == 1.0
    assert len(drawn.peaks) == -(-len(samples) // hop)


def test_a_tone_lies_in_its_band() -> None:
    tone = np.sin(2 * np.pi * 3000 * np.arange(RATE) / RATE).astype(np.float32)
    drawn = sketch(tone)
    band = int(drawn.mel[len(drawn.mel) // 2].argmax())
    assert drawn.edges_hz[band] < 3000 < drawn.edges_hz[band + 2]


@given(
    length=st.integers(1, 3 * RATE),
    estimate=st.sampled_from([None, 0.0, 0.05, 500.0]),
    pieces=st.lists(st.integers(0, RATE), max_size=6),
)
@settings(max_examples=25, deadline=None)
def test_any_chunking_and_any_estimate_of_the_length_cover_the_recording(
    length: int, estimate: float | None, pieces: list[int]
) -> None:
    samples = noise(length)
    whole, cut = sketch(samples, duration_s=estimate), sketch(samples, duration_s=estimate, pieces=pieces)
    np.testing.assert_array_equal(whole.peaks, cut.peaks)
    np.testing.assert_allclose(whole.mel, cut.mel, atol=1e-3)
    assert 1 <= len(whole.peaks) == len(whole.mel) <= MAX_COLUMNS
    assert (len(whole.peaks) - 1) * whole.column_s < whole.duration_s <= len(whole.peaks) * whole.column_s + 1e-9
    assert (whole.peaks.min(), whole.peaks.max()) == (samples.min(), samples.max())


@pytest.mark.parametrize("columns", [MAX_COLUMNS, MAX_COLUMNS + 1, 2 * MAX_COLUMNS, 2 * MAX_COLUMNS + 1])
def test_folding_keeps_peaks_and_mean_power(columns: int) -> None:
    rate = 2000
    samples = noise(columns * rate // 50)
    drawn = sketch(samples, rate=rate, duration_s=0.0)
    hop = round(drawn.column_s * rate)
    assert hop > rate // 50 or columns == MAX_COLUMNS
    whole = samples[: len(samples) // hop * hop].reshape(-1, hop)
    np.testing.assert_array_equal(drawn.peaks[: len(whole), 0], whole.min(axis=1))
    assert len(drawn.mel) == len(drawn.peaks) <= MAX_COLUMNS
    assert np.ptp(drawn.mel[5:-5].mean(axis=1)) < 12


@pytest.mark.parametrize("rate", [8000, 11_025, 22_050, 44_100, 96_000])
def test_no_band_is_empty_at_any_rate(rate: int) -> None:
    drawn = sketch(noise(2 * rate), rate=rate)
    levels_db = drawn.mel.mean(axis=0)
    assert np.ptp(levels_db) < 3
    assert drawn.edges_hz[-1] == pytest.approx(min(20_000, rate / 2))


def test_every_hop_of_whole_samples_is_computed_at_the_own_rate() -> None:
    for rate in (11_025, 44_100, 48_000):
        hops = [frontend.MelParameters(hop_s=hop / rate) for hop in range(1, 1000)]
        assert {each.native_rate(rate) for each in hops} == {rate}


def test_a_file_is_read_once_and_progress_told(tmp_path: Path) -> None:
    samples = (noise(25 * RATE) * 0.5).astype(np.float32)
    soundfile.write(tmp_path / "noise.wav", samples, RATE, subtype="FLOAT")
    told: list[float] = []
    drawn = overview(tmp_path / "noise.wav", progress=told.append)
    np.testing.assert_array_equal(drawn.peaks, sketch(samples).peaks)
    assert told == [10.0, 20.0, 25.0]


def test_a_file_that_is_no_audio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.wav").write_bytes(b"no")
    with pytest.raises(DecodeError):
        overview(tmp_path / "no.wav")


# Text


@pytest.mark.parametrize(
    ("time_s", "step_s", "longest_s", "words"),
    [
        (0.25, 0.01, 1, "0.25"),
        (7, 1, 8, "7"),
        (59.96, 0.1, 240, "1:00.0"),
        (75, 15, 240, "1:15"),
        (3723.4, 1, 10_800, "1:02:03"),
        (36_000, 3600, 36_000, "10:00:00"),
    ],
)
def test_times_read_as_people_write_them(time_s: float, step_s: float, longest_s: float, words: str) -> None:
    assert clock(time_s, step_s=step_s, longest_s=longest_s) == words


def test_long_names_lose_their_middle() -> None:
    assert elided("Strings - very long name - 120 bpm.wav", 20) == "Strings - …0 bpm.wav"
    assert elided("short", 5) == "short"


def test_what_no_font_has_is_escaped() -> None:
    # A character that Unicode will never assign, and half a pair, as names of files may hold.
    assert shown("a\U000efffeb\udcff") == r"a\U000efffeb\udcff"
    assert shown("two\nlines\tand\x00more") == r"two lines and\u0000more"


# Pictures


@pytest.fixture(scope="module")
def drawn() -> Overview:
    return sketch(noise(8 * RATE))


@given(words=st.text(min_size=1, max_size=30))
@settings(max_examples=12, deadline=None)
def test_any_label_is_drawn_without_a_warning(words: str) -> None:
    heard = timeline_of(Path("a.wav"), {words: [0.9, 0.8]}, duration_s=8)
    render(heard, sketch(noise(800)), Picture.TIMELINE)


@pytest.mark.parametrize("picture", Picture)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_pictures_have_the_size_asked_for_and_the_background_of_their_theme(
    picture: Picture, theme: object, drawn: Overview
) -> None:
    chosen = LIGHT if theme is LIGHT else DARK
    heard = song(Path("loop.wav"), LEAVES[:4], duration_s=8)
    once = pixels(render(heard, drawn, picture, theme=chosen, width_px=700))
    twice = pixels(render(heard, drawn, picture, theme=chosen, width_px=700, scale=2))
    assert once.shape[1] == 700
    assert twice.shape[1] == 1400
    assert tuple(once[0, 0]) == colour(chosen.background)


def test_bars_stand_where_the_instrument_is_heard(drawn: Overview) -> None:
    heard = timeline_of(Path("a.wav"), {"kick": [0.1, 0.1, 0.9, 0.9, 0.1, 0.1, 0.1]}, duration_s=12)
    (segment,) = heard.segments
    image = pixels(render(heard, drawn, Picture.TIMELINE))
    bar = image[12 + 13]  # The row through the middle of the only bar.
    blue = np.flatnonzero((bar[:, 2] - bar[:, 0] > 60) & (np.arange(image.shape[1]) > 64))
    left, right = 62, image.shape[1] - 34
    times_s = (blue[[0, -1]] - left) / (right - left) * 12
    assert times_s == pytest.approx([segment.start_s, segment.end_s], abs=0.03)


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("width_px", [700, 1200, 1237])
def test_in_hours_no_short_segment_goes_unseen(width_px: int, scale: float, drawn: Overview) -> None:
    scores = np.full(7200, 0.01)
    scores[50::120] = 0.9
    heard = timeline_of(Path("a.flac"), {"kick": scores}, duration_s=10_800)
    image = pixels(render(heard, drawn, Picture.TIMELINE, width_px=width_px, scale=scale))
    middle = image[round(25 * scale), round(62 * scale) :]
    # Of the shade that 0.9 has, and no lighter.
    is_bar = middle[:, 0] < 0x40
    assert np.count_nonzero(np.diff(is_bar.astype(int)) == 1) == 60


def test_a_surer_bar_is_darker_on_paper_and_brighter_on_a_dark_screen(drawn: Overview) -> None:
    heard = timeline_of(Path("a.wav"), {"kick": [0.55, 0.55, 0.55, 0.95, 0.95, 0.95]}, duration_s=10)
    for theme, sign in ((LIGHT, -1), (DARK, 1)):
        bar = pixels(render(heard, drawn, Picture.TIMELINE, theme=theme))[12 + 6].sum(axis=1)
        assert sign * (bar[1000] - bar[300]) > 100


@pytest.mark.parametrize(
    ("kind", "words"), [(Kind.SILENCE, "silence"), (Kind.TRACK, "nothing recognised")], ids=lambda each: str(each)
)
def test_an_empty_timeline_says_so(kind: Kind, words: str, drawn: Overview) -> None:
    heard = timeline_of(Path("a.wav"), {"kick": [0.1, 0.1]}, duration_s=8, kind=kind)
    assert f"<!-- {words} -->" in render(heard, drawn, form="svg").decode()


def test_instruments_beyond_the_most_rows_are_counted(drawn: Overview) -> None:
    heard = song(Path("a.wav"), LEAVES[:23], duration_s=600)
    picture = render(heard, drawn, form="svg").decode()
    assert "<!-- and 3 more, heard for less time -->" in picture


@pytest.mark.parametrize("duration_s", [1 / 44_100, 0.01, 1.0, 59.9, 3 * 3600.0, 30 * 3600.0])
def test_recordings_of_any_length_are_drawn(duration_s: float, drawn: Overview) -> None:
    stretched = Overview(
        duration_s=duration_s,
        column_s=duration_s / len(drawn.peaks),
        peaks=drawn.peaks,
        mel=drawn.mel,
        edges_hz=drawn.edges_hz,
    )
    assert render(timeline_of(None, {"kick": [0.9]}, duration_s=duration_s), stretched)


def test_a_picture_has_the_same_bytes_in_any_thread_whatever_others_have_set(drawn: Overview) -> None:
    heard = song(Path("loop.wav"), LEAVES[:4], duration_s=8)
    forms: tuple[Literal["png", "svg"], ...] = ("png", "svg")
    for form in forms:
        expected = render(heard, drawn, form=form)
        found: list[bytes] = []

        def draw(form: Literal["png", "svg"] = form, found: list[bytes] = found) -> None:
            found.append(render(heard, drawn, form=form))

        with matplotlib.rc_context({"axes.facecolor": "red", "font.size": 30, "svg.fonttype": "none"}):
            threads = [threading.Thread(target=draw) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert found == [expected] * 3


def test_svg_is_xml_without_a_date(tmp_path: Path, drawn: Overview) -> None:
    heard = song(Path("loop.wav"), ["kick", 'a <b> & "c"'], duration_s=8)
    save(tmp_path / "loop.svg", heard, drawn)
    text = (tmp_path / "loop.svg").read_text(encoding="utf-8")
    assert ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    assert "<dc:date>" not in text


def test_a_picture_that_cannot_be_written_is_told(tmp_path: Path, drawn: Overview) -> None:
    heard = song(Path("loop.wav"), ["kick"], duration_s=8)
    with pytest.raises(OutputError, match="no such file"):
        save(tmp_path / "missing" / "loop.png", heard, drawn)


def test_our_own_font_is_there() -> None:
    assert any(entry.name == "DejaVu Sans" for entry in fontManager.ttflist)


@pytest.mark.parametrize("module", ["tagger", "tagger.reports"])
def test_matplotlib_is_imported_only_for_pictures(module: str) -> None:
    code = f"import sys, {module}; sys.exit('matplotlib' in sys.modules or 'mido' in sys.modules)"
    assert not subprocess.run([sys.executable, "-c", code], check=False).returncode
