"""Every export is read back by something else, and says what the timeline says."""

from __future__ import annotations

import csv
import json
import os
import re
import struct
import unicodedata
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

import jsonschema
import mido
import numpy as np
import pypdf
import pytest
import soundfile
import wavinfo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagger import reports
from tagger.errors import OutputError
from tagger.output import replaced
from tagger.pictures import Overview, OverviewBuilder
from tagger.reports import Material, cues, document, facts, markers, midi, pdf, tables
from tagger.reports.cues import CueChunks, cue_chunks
from tagger.results import Kind
from tagger.taxonomy import LEAVES
from tagger.timeline import Timeline
from tests.timelines import song, timeline_of

Write = Callable[[Path, Timeline], None]

FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Any timeline: without labels or windows, with odd labels, with thousands of windows."""
    labels = draw(st.lists(st.text(max_size=20), max_size=4, unique=True))
    windows = draw(st.integers(0, 12) | st.sampled_from([0, 1, 2, 40, 2500]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    intensity = {label: rng.uniform(0, 1, windows) for label in labels}
    path = draw(st.none() | st.text(min_size=1, max_size=30).map(lambda name: Path("folder") / name.replace("\0", "")))
    return timeline_of(
        path, intensity, duration_s=windows * 1.5 + draw(st.floats(0.01, 3)), silent=range(0, windows, 7)
    )


def loop() -> Timeline:
    return timeline_of(
        Path("folder") / "Übungsloop, 120 BPM.wav",
        {"kick": [0.9, 0.8, 0.2, 0.1], "acoustic_guitar": [0.1, 0.7, 0.7, 0.9]},
        duration_s=7.25,
        kind=Kind.LOOP,
    )


def sketch(duration_s: float = 7.25, rate: int = 8000) -> Overview:
    builder = OverviewBuilder(rate, duration_s=duration_s)
    builder.push(np.random.default_rng(0).normal(0, 0.1, round(duration_s * rate)).astype(np.float32))
    return builder.finish()


def one_line(text: str) -> str:
    return " ".join(text.split())


# Choosing a format


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("song.json", "json"),
        ("song.csv", "csv"),
        ("Song.Windows.CSV", "windows"),
        ("song.reaper.csv", "reaper"),
        ("song.txt", "audacity"),
        ("song.mid", "midi"),
        ("song.midi", "midi"),
        ("song.pdf", "pdf"),
        ("song.png", "png"),
        ("song.waveform.svg", "waveform-svg"),
        ("song.spectrogram.png", "spectrogram-png"),
        ("my.timeline.svg", "timeline-svg"),
    ],
)
def test_a_name_says_its_format(name: str, expected: str) -> None:
    assert reports.format_of(Path(name)).name == expected


@pytest.mark.parametrize("name", ["song.wav", "song", "csv"])
def test_a_name_that_says_no_format_is_refused_with_those_known(name: str) -> None:
    with pytest.raises(OutputError, match=r"\.json, \.csv"):
        reports.format_of(Path(name))


@pytest.mark.parametrize("name", reports.FORMATS)
def test_every_format_writes_a_file_of_its_sort(name: str, tmp_path: Path) -> None:
    chosen = reports.FORMATS[name]
    path = tmp_path / f"out{chosen.suffixes[0]}"
    chosen.write(path, Material(heard=loop(), overview=sketch() if chosen.needs_overview else None, theme="dark"))
    beginnings = {
        ".json": b"{\n",
        ".csv": b"path,",
        ".windows.csv": b"time_s,",
        ".reaper.csv": b"#,Name",
        ".txt": b"0.000000\t",
        ".mid": b"MThd",
        ".pdf": b"%PDF-",
    }
    expected = beginnings.get(chosen.suffixes[0]) or {".png": b"\x89PNG", ".svg": b"<?xml"}[path.suffix]
    assert path.read_bytes().startswith(expected)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


# JSON


@given(heard=timelines())
@FEW
def test_json_meets_its_schema_and_says_what_the_timeline_says(heard: Timeline, tmp_path: Path) -> None:
    document.write(tmp_path / "a.json", heard)
    read = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    jsonschema.validate(read, document.schema(), cls=jsonschema.Draft202012Validator)
    assert read == document.document(heard) == json.loads("".join(document.line(heard)))
    assert read["classes"] == list(heard.labels)
    assert [each["time_sec"] for each in read["timeline"]] == pytest.approx(heard.time_s.tolist())
    for window, intensity, active in zip(read["timeline"], heard.intensity, heard.active, strict=True):
        assert list(window["intensity"].values()) == pytest.approx(intensity.tolist(), abs=1e-4)
        assert window["active"] == [label for label, on in zip(heard.labels, active, strict=True) if on]
    assert [(each["start_s"], each["end_s"], each["label"]) for each in read["segments"]] == [
        (pytest.approx(each.start_s), pytest.approx(each.end_s), each.label) for each in heard.segments
    ]
    assert [each["label"] for each in read["file"]] == [each.label for each in heard.instruments]


def test_schema_is_valid_and_refuses_what_is_not_a_timeline() -> None:
    schema = document.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    good = document.document(loop())
    wrong: list[dict[str, Any]] = [
        good | {"version": 2},
        {key: value for key, value in good.items() if key != "thresholds"},
        good | {"segments": [{"start_s": 0}]},
        good | {"timeline": [good["timeline"][0] | {"intensity": {"kick": 1.5}}]},
    ]
    for each in wrong:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(each, schema, cls=jsonschema.Draft202012Validator)
    # What a later version of the program adds breaks no reader of today.
    jsonschema.validate(good | {"more": 1}, schema, cls=jsonschema.Draft202012Validator)


def test_schema_requires_every_member_that_is_written() -> None:
    schema, written = document.schema(), document.document(loop())
    assert set(schema["required"]) == set(schema["properties"]) == set(written)


def test_settings_stand_in_the_document() -> None:
    heard = loop()
    written = document.document(heard)
    names = ("window_s", "hop_s", "label_set", "aggregation", "smoothing", "smoothing_s", "off_ratio", "min_duration_s")
    for name in names:
        assert written[name] == getattr(heard.settings, name)
    assert written["thresholds"] == {"kick": 0.5, "acoustic_guitar": 0.5}


def test_every_window_is_a_line_of_its_own(tmp_path: Path) -> None:
    document.write(tmp_path / "a.json", loop())
    lines = (tmp_path / "a.json").read_text(encoding="utf-8").splitlines()
    assert sum('"time_sec"' in line for line in lines) == 4
    assert "Übungsloop" in lines[2]


# Tables


@given(heard=timelines())
@FEW
def test_tables_read_back(heard: Timeline, tmp_path: Path) -> None:
    tables.write_segments(tmp_path / "s.csv", heard)
    with (tmp_path / "s.csv").open(encoding="utf-8", newline="") as file:
        segments = list(csv.DictReader(file))
    assert [each["label"] for each in segments] == [each.label.replace("\r", "\\r") for each in heard.segments]
    for row, segment in zip(segments, heard.segments, strict=True):
        assert row["path"] == ("" if heard.path is None else os.fspath(heard.path).replace("\r", "\\r"))
        assert float(row["start_s"]) == pytest.approx(segment.start_s, abs=5.1e-4)
        assert float(row["end_s"]) == pytest.approx(segment.end_s, abs=5.1e-4)
        assert float(row["confidence"]) == pytest.approx(segment.confidence, abs=5.1e-5)
    tables.write_windows(tmp_path / "w.csv", heard)
    with (tmp_path / "w.csv").open(encoding="utf-8", newline="") as file:
        columns, *windows = csv.reader(file)
    assert columns == ["time_s", "is_silent", *(label.replace("\r", "\\r") for label in heard.labels)]
    read = np.array(windows, dtype=float).reshape(len(heard.time_s), len(columns))
    np.testing.assert_allclose(read[:, 0], heard.time_s, atol=5.1e-4)
    np.testing.assert_array_equal(read[:, 1], heard.is_silent)
    np.testing.assert_allclose(read[:, 2:], heard.intensity, atol=5.1e-5)


# Markers


@given(heard=timelines())
@FEW
def test_audacity_labels_are_start_end_and_text_between_tabs(heard: Timeline, tmp_path: Path) -> None:
    markers.write_audacity(tmp_path / "a.txt", heard)
    lines = (tmp_path / "a.txt").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    for line, segment in zip(lines, heard.segments, strict=True):
        start, end, text = line.split("\t")
        assert re.fullmatch(r"\d+\.\d{6}", start)
        assert (float(start), float(end)) == pytest.approx((segment.start_s, segment.end_s), abs=1e-6)
        assert text == one_line(heard.words[segment.label])


@given(heard=timelines())
@FEW
def test_reaper_regions_have_numbers_names_and_clock_times(heard: Timeline, tmp_path: Path) -> None:
    markers.write_reaper(tmp_path / "a.csv", heard)
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["#", "Name", "Start", "End", "Length"]
    for number, (row, segment) in enumerate(zip(rows, heard.segments, strict=True), start=1):
        identity, name, *times = row
        assert (identity, name) == (f"R{number}", one_line(heard.words[segment.label]))
        start_s, end_s, length_s = map(_seconds, times)
        assert (start_s, end_s) == pytest.approx((segment.start_s, segment.end_s), abs=6e-4)
        assert start_s + length_s == pytest.approx(end_s, abs=1e-9)


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+):([0-5]\d):([0-5]\d\.\d{3})", text)
    assert found
    return 3600 * int(found[1]) + 60 * int(found[2]) + float(found[3])


@given(heard=timelines(), tempo_bpm=st.floats(30, 300))
@FEW
def test_midi_markers_stand_where_segments_begin_and_end(heard: Timeline, tempo_bpm: float, tmp_path: Path) -> None:
    midi.write(tmp_path / "a.mid", heard, tempo_bpm=tempo_bpm)
    file = mido.MidiFile(tmp_path / "a.mid", charset="utf-8")
    now_s, found = 0.0, []
    for message in file:
        now_s += message.time
        if message.type == "marker":
            found.append((now_s, message.text))
    expected = [
        (time_s, text)
        for each in heard.segments
        for name in [one_line(heard.words[each.label])]
        for time_s, text in ((each.start_s, name), (each.end_s, f"{name} ends"))
    ]
    assert sorted(text for _, text in found) == sorted(text for _, text in expected)
    for text in {text for _, text in expected}:
        found_s, expected_s = (sorted(time_s for time_s, each in side if each == text) for side in (found, expected))
        assert found_s == pytest.approx(expected_s, abs=1e-3)
    assert all(later >= earlier for (earlier, _), (later, _) in pairwise(found))
    assert file.type == 0
    assert file.length == pytest.approx(heard.facts.duration_s, abs=1e-3)


def test_midi_holds_its_tempo_and_does_not_drift_in_hours(tmp_path: Path) -> None:
    heard = song(None, ["kick"], duration_s=3 * 3600)
    midi.write(tmp_path / "a.mid", heard, tempo_bpm=97)
    file = mido.MidiFile(tmp_path / "a.mid")
    assert mido.tempo2bpm(next(each.tempo for each in file if each.type == "set_tempo")) == pytest.approx(97, abs=1e-3)
    last_s = sum(each.time for each in file if each.type != "end_of_track")
    assert last_s == pytest.approx(max(each.end_s for each in heard.segments), abs=1e-3)


@pytest.mark.parametrize("tempo_bpm", [0, 3.5, 1001, float("nan")])
def test_a_tempo_that_midi_cannot_hold_is_refused(tempo_bpm: float, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="tempo"):
        midi.write(tmp_path / "a.mid", loop(), tempo_bpm=tempo_bpm)
    assert not list(tmp_path.iterdir())


# Cue points


def _wav(path: Path, chunks: CueChunks) -> Path:
    """A WAV with these chunks behind its samples."""
    soundfile.write(path, np.zeros(44_100 * 8, dtype=np.int16), 44_100)
    content = path.read_bytes()
    for name, body in ((b"cue ", chunks.cue), (b"LIST", chunks.adtl)):
        if body is not None:
            content += name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    path.write_bytes(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])
    return path


def _read_cues(path: Path) -> list[tuple[int, int, str]]:
    """Position, length and name of each cue point, as another program reads them."""
    read = wavinfo.WavInfoReader(os.fspath(path)).cues
    names = {each.name: each.text for each in read.labels}
    lengths = {each.name: each.length for each in read.ranges}
    return [(each.sample_offset, lengths[each.name], names[each.name]) for each in read.cues]


def test_cue_points_are_read_by_another_program(tmp_path: Path) -> None:
    heard = loop()
    path = _wav(tmp_path / "a.wav", cue_chunks(heard))
    assert _read_cues(path) == [
        (
            round(each.start_s * 44_100),
            round(each.end_s * 44_100) - round(each.start_s * 44_100),
            heard.words[each.label],
        )
        for each in heard.segments
    ]
    assert len(soundfile.read(path)[0]) == 44_100 * 8


@given(heard=timelines(), later=timelines())
@FEW
def test_cue_points_of_a_later_timeline_take_the_place_of_ours(heard: Timeline, later: Timeline) -> None:
    assert cue_chunks(later, cue_chunks(heard)) == cue_chunks(later)
    nothing = timeline_of(None, {}, duration_s=1)
    assert cue_chunks(nothing, cue_chunks(heard)) == CueChunks()


FOREIGN_ITEMS = (
    b"labl" + struct.pack("<II", 10, 7) + b"verse\0",
    b"note" + struct.pack("<II", 7, 7) + b"a\xe9\0" + b"\0",
    b"file" + struct.pack("<II", 9, 7) + b"what\xff" + b"\0",
)
FOREIGN = CueChunks(
    cue=struct.pack("<I", 1) + struct.pack("<II4sIII", 7, 100, b"data", 0, 0, 100),
    adtl=b"adtl" + b"".join(FOREIGN_ITEMS),
)


@given(heard=timelines())
@FEW
def test_cue_points_of_others_stay_byte_for_byte(heard: Timeline) -> None:
    both = cue_chunks(heard, FOREIGN)
    assert (both.cue or b"")[4:28] == (FOREIGN.cue or b"")[4:]
    theirs = [(both.adtl or b"").find(item) for item in FOREIGN_ITEMS]
    assert theirs == sorted(theirs)
    assert theirs[0] == 4
    assert cue_chunks(timeline_of(None, {}, duration_s=1), both) == FOREIGN


@pytest.mark.parametrize(
    "edit",
    [
        lambda chunks: CueChunks(chunks.cue, chunks.adtl.replace(b"Kick\0", b"Boom\0", 1)),
        lambda chunks: CueChunks(chunks.cue[:-4] + struct.pack("<I", 5), chunks.adtl),
        lambda chunks: CueChunks(chunks.cue, chunks.adtl.replace(b"note", b"Note", 1)),
    ],
    ids=["renamed", "moved", "note taken away"],
)
def test_a_cue_point_that_somebody_changed_is_theirs(edit: Callable[[CueChunks], CueChunks]) -> None:
    heard = timeline_of(None, {"kick": [0.9, 0.9]}, duration_s=4)
    edited = edit(cue_chunks(heard))
    assert cue_chunks(timeline_of(None, {}, duration_s=1), edited) == edited
    assert int.from_bytes((cue_chunks(heard, edited).cue or b"")[:4], "little") == 2


@pytest.mark.parametrize(
    "present",
    [
        CueChunks(cue=b"\1\0\0\0short"),
        CueChunks(cue=b""),
        CueChunks(adtl=b"INFO"),
        CueChunks(adtl=b"adtllabl\xff\xff\xff\0abcd"),
        CueChunks(adtl=b"adtllab"),
    ],
)
def test_chunks_that_are_damaged_are_not_touched(present: CueChunks) -> None:
    with pytest.raises(ValueError, match="damaged"):
        cue_chunks(loop(), present)


def test_a_position_beyond_32_bits_is_refused() -> None:
    heard = timeline_of(None, {"kick": [0.9] * 3}, duration_s=100_000, sample_rate=96_000)
    with pytest.raises(ValueError, match="beyond"):
        cues.cue_chunks(heard)


# The printed report


def _text(path: Path) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(path).pages]


def test_a_short_file_is_reported_on_one_page(tmp_path: Path) -> None:
    pdf.write(tmp_path / "a.pdf", loop(), sketch())
    (page,) = _text(tmp_path / "a.pdf")
    said = ("Übungsloop, 120 BPM.wav", "Loop: Kick 0.90, Acoustic guitar 0.90", "7.250 s", "44,100 Hz, 2 channels")
    for each in (*said, "instruments@0.2.0", "3 s every 1.5 s", "strongest", "page 1 of 1", "kHz"):
        assert each in page
    metadata = pypdf.PdfReader(tmp_path / "a.pdf").metadata
    assert metadata is not None
    assert metadata.title == "Instruments in Übungsloop, 120 BPM.wav"
    assert metadata.creation_date is None


def test_a_song_has_its_segments_listed_on_further_pages(tmp_path: Path) -> None:
    heard = song(Path("song.flac"), LEAVES[:10], duration_s=240)
    pdf.write(tmp_path / "a.pdf", heard, sketch(240, 2000))
    first, *rest = _text(tmp_path / "a.pdf")
    assert all(heard.words[label] in first for label in heard.labels)
    listed = " ".join([first, *rest])
    assert "Segments" in listed
    assert len(rest) == 1
    assert len(re.findall(r"\d+:\d\d\.\d – \d+:\d\d\.\d", listed)) == len(heard.segments)


def test_all_instruments_are_in_the_summary_however_many(tmp_path: Path) -> None:
    heard = song(Path("song.flac"), LEAVES, duration_s=50)
    pdf.write(tmp_path / "a.pdf", heard, sketch(50, 2000))
    text = " ".join(_text(tmp_path / "a.pdf"))
    missing = [heard.words[each.label] for each in heard.segments if heard.words[each.label] not in text]
    assert not missing


def test_few_segments_take_no_page_of_their_own(tmp_path: Path) -> None:
    heard = timeline_of(Path("song.flac"), {"kick": [0.9] * 50, "snare": [0.9] * 25 + [0.1] * 25}, duration_s=77)
    pdf.write(tmp_path / "a.pdf", heard, sketch(77, 1000))
    (page,) = _text(tmp_path / "a.pdf")
    assert len(re.findall(r"\d+:\d\d\.\d – \d+:\d\d\.\d", page)) == len(heard.segments) == 2


def test_more_segments_than_anybody_reads_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_MOST_LISTS", 1)
    rng = np.random.default_rng(0)
    heard = timeline_of(Path("mix.flac"), {label: rng.uniform(0, 1, 300) for label in LEAVES[:4]}, duration_s=452)
    pdf.write(tmp_path / "a.pdf", heard, sketch(100, 1000))
    *_, last = _text(tmp_path / "a.pdf")
    listed = sum(len(re.findall(r"\d+:\d\d\.\d – ", page)) for page in _text(tmp_path / "a.pdf"))
    assert f"and {len(heard.segments) - listed:,} more" in last


@pytest.mark.parametrize(
    ("kind", "said"),
    [(Kind.SILENCE, "Silence."), (Kind.LOOP, "Loop: nothing is sure enough")],
    ids=lambda each: str(each),
)
def test_a_report_without_instruments_says_so(kind: Kind, said: str, tmp_path: Path) -> None:
    heard = timeline_of(Path("a.wav"), {"kick": [0.0, 0.1]}, duration_s=5, kind=kind)
    pdf.write(tmp_path / "a.pdf", heard, sketch(5))
    (page,) = _text(tmp_path / "a.pdf")
    assert said in page


@given(heard=timelines().filter(lambda each: len(each.time_s) < 100))
@settings(FEW, max_examples=4)
def test_any_timeline_can_be_printed(heard: Timeline, tmp_path: Path) -> None:
    pdf.write(tmp_path / "a.pdf", heard, sketch(heard.facts.duration_s, 1000))
    assert one_line(facts.verdict(heard, longest=80).partition(" ")[0]) in _text(tmp_path / "a.pdf")[0]


def test_a_report_has_the_same_bytes_again_and_its_text_is_true_type(tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        pdf.write(tmp_path / name, loop(), sketch())
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    assert b"/FontFile2" in (tmp_path / "a.pdf").read_bytes()


# Writing


def test_an_unfinished_output_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        _write_half(path)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("a.txt", b"old")]
    with replaced(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


def _write_half(path: Path) -> NoReturn:
    with replaced(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["missing/a.txt", "."])
def test_an_output_that_cannot_be_written_is_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot be written|is a folder"), replaced(tmp_path / name):
        pass


@pytest.mark.skipif(os.name != "posix", reason="modes and devices of POSIX")
def test_modes_links_and_devices_are_respected(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    path.chmod(0o640)
    (tmp_path / "link.txt").symlink_to(path)
    with replaced(tmp_path / "link.txt") as file:
        file.write(b"new")
    assert (tmp_path / "link.txt").is_symlink()
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    with replaced(Path(os.devnull)) as file:
        file.write(b"nothing")


def test_made_up_labels_are_odd() -> None:
    """The timelines that properties are tested with do hold what breaks exports."""
    seen: set[str] = set()

    @given(heard=timelines())
    @settings(max_examples=100, deadline=None, database=None, derandomize=True)
    def look(heard: Timeline) -> None:
        seen.update(unicodedata.category(each) for label in heard.labels for each in label)

    look()
    assert {"Cc", "Lo", "So"} <= seen
