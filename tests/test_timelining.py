"""`tagger timeline` as people and programs meet it: what it prints and writes, and its exit codes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import soundfile

from daemon import cli
from daemon.chart import ASCII, BLOCKS, chart, listed, style_for
from tagger.activity import SMOOTHINGS
from tagger.decision import AGGREGATIONS
from tagger.reports import FORMATS
from tagger.reports.document import document
from tagger.results import AudioFacts, Kind
from tagger.timeline import Segment, Timeline, TimelineSettings
from tests.command_line import Run
from tests.test_analysis import RATE, drum_loop, kick


@pytest.fixture
def tagger(tagger: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `tagger timeline` on a console of 100 columns."""
    monkeypatch.setenv("COLUMNS", "100")
    return partial(tagger, "timeline")


@pytest.fixture
def loop(tmp_path: Path) -> Path:
    path = tmp_path / "loop.wav"
    soundfile.write(path, drum_loop(), RATE)
    return path


@pytest.mark.usefixtures("loop")
def test_a_loop_is_drawn_and_listed(tagger: Run) -> None:
    shown = tagger("loop.wav")
    assert (shown.code, shown.err) == (0, "")
    first, axis, *rows = shown.out.splitlines()
    assert first.startswith("loop.wav  loop, 8.0 s: Kick 0.")
    assert axis.split() == ["0:00", "0:02", "0:04", "0:06"]
    (row,) = (row for row in rows if row.startswith("Kick "))
    assert len(row) <= 100
    assert set(row.removeprefix("Kick").strip()) <= set("│█▓▒░ ")
    assert any(row.startswith("0:00.0–0:07.8  Kick 0.") for row in rows)


def test_several_files_as_objects(tagger: Run, loop: Path) -> None:
    soundfile.write(loop.with_name("kick.flac"), kick(), RATE)
    told = tagger("loop.wav", "kick.flac", "none.wav", "--json")
    assert (told.code, told.err) == (1, "")
    of_loop, of_kick, of_none = told.objects()
    assert [each["path"] for each in (of_loop, of_kick, of_none)] == ["loop.wav", "kick.flac", "none.wav"]
    assert (of_loop["window_s"], of_loop["hop_s"], len(of_loop["timeline"])) == (3.0, 1.5, 5)
    assert of_kick["file"][0]["label"] == "kick"
    assert of_none == {"path": "none.wav", "error": "no such file (it was moved, renamed or deleted)"}


@pytest.mark.usefixtures("loop")
def test_every_option_reaches_the_timeline(tagger: Run) -> None:
    (told,) = tagger(
        *("loop.wav", "--json", "--window", 1, "--hop", 0.5, "--labels", "families", "--aggregation", "max"),
        *("--smoothing", "median", "--smoothing-window", 2, "--threshold", 0.6, "--threshold-of", "Synth=.9"),
        *("--threshold-of", "drums=0.1", "--off-ratio", 0.9, "--min-duration", 1.25),
    ).objects()
    names = ("window_s", "hop_s", "label_set", "aggregation", "smoothing", "smoothing_s", "off_ratio", "min_duration_s")
    assert [told[name] for name in names] == [1.0, 0.5, "families", "max", "median", 2.0, 0.9, 1.25]
    assert told["thresholds"] | {"bass": 0.6, "synth": 0.9, "drums": 0.1} == told["thresholds"]
    assert [each["label"] for each in told["segments"]] == ["drums"]


@pytest.mark.usefixtures("loop")
def test_several_outputs_of_one_file(tagger: Run, tmp_path: Path) -> None:
    written = tagger("loop.wav", "--output", "a.json", "--output", "b.txt", "--output", "c.MID", "--output", "d.svg")
    assert written.code == 0
    assert written.out.startswith("loop.wav  loop, 8.0 s: Kick")
    assert len(written.out.splitlines()) == 1
    assert written.err.splitlines() == ["a.json written", "b.txt written", "c.MID written", "d.svg written"]
    assert json.loads((tmp_path / "a.json").read_text())["kind"] == "loop"
    assert "\tKick" in (tmp_path / "b.txt").read_text()
    assert (tmp_path / "c.MID").read_bytes().startswith(b"MThd")
    assert "<svg" in (tmp_path / "d.svg").read_text()


def test_several_formats_of_several_files(tagger: Run, loop: Path, tmp_path: Path) -> None:
    for name in ("other/loop.flac", "other/Loop 2.aiff"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        soundfile.write(tmp_path / name, kick(), RATE)
    files = ["loop.wav", "other/loop.flac", "other/Loop 2.aiff"]
    written = tagger(*files, "--format", "csv", "--format", "reaper", "--output", "new/folder")
    assert written.code == 0
    names = ["Loop 2 2.csv", "Loop 2 2.reaper.csv", "loop 2.csv", "loop 2.reaper.csv", "loop.csv", "loop.reaper.csv"]
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == names
    assert loop.exists()


def test_formats_of_one_file_never_take_the_place_of_another_file_s(tagger: Run, loop: Path, tmp_path: Path) -> None:
    loop.with_name("loop.windows.wav").write_bytes(loop.read_bytes())
    formats = ("--format", "csv", "--format", "windows", "--output", "out")
    assert tagger("loop.wav", "loop.windows.wav", *formats).code == 0
    names = ["loop.csv", "loop.windows 2.csv", "loop.windows 2.windows.csv", "loop.windows.csv"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names


@pytest.mark.usefixtures("loop")
@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--threshold-of", "kik=0.5"], "did you mean kick"),
        (["--threshold-of", "kick"], "give one such as kick=0.4"),
        (["--threshold-of", "kick=1.5"], "between 0 and 1"),
        (["--labels", "families", "--threshold-of", "kick=0.5"], "is not known"),
        (["--window", "0"], "--window"),
        (["--window", "nan"], "--window"),
        (["--hop", "nan"], "--hop"),
        (["--threshold", "nan"], "--threshold"),
        (["--threshold-of", "kick=nan"], "between 0 and 1"),
        (["--threshold", "2"], "--threshold"),
        (["--format", "pdf"], "goes with one folder"),
        (["--format", "pfd", "--output", "folder"], "did you mean pdf"),
        (["--output", "."], "say what to write into it with --format"),
        (["more.wav", "--output", "a.pdf"], "several files cannot be written into one"),
    ],
)
def test_slips_are_usage_errors(tagger: Run, args: list[str], words: str) -> None:
    slip = tagger("loop.wav", *args)
    assert slip.code == 2
    assert words in " ".join(slip.err.replace("│", " ").split())


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("song.wav", "song.wav: has a suffix that says nothing of its format (known are .json"),
        ("none/song.pdf", "song.pdf: its folder is not there (make it first)"),
        ("loop.csv", "loop.csv: is the recording itself (name another file)"),
    ],
)
def test_what_cannot_be_written_is_known_beforehand(tagger: Run, loop: Path, output: str, words: str) -> None:
    recording = loop.rename(loop.with_name("loop.csv"))
    before = recording.read_bytes()
    refused = tagger("loop.csv", "--output", output)
    assert (refused.code, refused.out) == (1, "")
    assert words in refused.err
    assert recording.read_bytes() == before


def test_bad_files_cost_a_line_each_and_the_run_goes_on(tagger: Run, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, RATE)
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("no sound " * 100)
    (tmp_path / "folder").mkdir()
    soundfile.write(tmp_path / "nothing.wav", np.zeros(0), RATE)
    soundfile.write(tmp_path / "whole.flac", np.tile(noise, 4), RATE)
    (tmp_path / "cut.flac").write_bytes((tmp_path / "whole.flac").read_bytes()[:200_000])
    soundfile.write(tmp_path / "silent.wav", np.zeros(RATE), RATE)
    soundfile.write(tmp_path / "short.wav", noise[: RATE // 100], RATE)
    soundfile.write(tmp_path / "fast.wav", np.tile(noise, 4), 192_000)
    soundfile.write(tmp_path / "wide.wav", np.stack([noise] * 8, axis=1), RATE)
    (tmp_path / "short.mp3").write_bytes((tmp_path / "short.wav").read_bytes())
    bad = ["empty.wav", "text.wav", "folder", "nothing.wav", "cut.flac", "missing.wav"]
    good = ["silent.wav", "short.wav", "fast.wav", "wide.wav", "short.mp3"]
    told = tagger(*bad, *good)
    assert told.code == 1
    assert [line.partition(":")[0] for line in told.err.splitlines()] == bad
    heads = [line for line in told.out.splitlines() if line.partition("  ")[0] in good]
    assert [head.partition(":")[0] for head in heads] == [
        "silent.wav  silence, 1.0 s",
        "short.wav  one-shot, 10 ms",
        "fast.wav  one-shot, 0.9 s",
        "wide.wav  one-shot, 1.0 s",
        "short.mp3  one-shot, 10 ms",
    ]
    assert tagger(*good).code == 0


def test_an_output_that_fails_costs_the_others_nothing(tagger: Run, loop: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / "loop.csv").mkdir(parents=True)
    tried = tagger(loop.name, "--format", "csv", "--format", "json", "--output", "out")
    assert tried.code == 1
    assert "loop.csv: is a folder" in tried.err
    assert (tmp_path / "out" / "loop.json").is_file()


def test_ctrl_c_ends_with_its_code(tagger: Run, loop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tagger.analysis.Analyser.analyse_over_time", stop)
    stopped = tagger(loop.name)
    assert (stopped.code, stopped.out) == (130, "")
    assert "stopped" in stopped.err


def test_the_choices_are_those_of_the_program() -> None:
    assert set(get_args(cli.AggregationName)) == set(AGGREGATIONS)
    assert set(get_args(cli.SmoothingName)) == set(SMOOTHINGS)
    usual = TimelineSettings()
    defaults = cli.timeline.__defaults__ or ()
    assert {usual.window_s, usual.hop_s, usual.smoothing_s, usual.off_ratio, usual.min_duration_s} <= set(defaults)
    assert {usual.aggregation, usual.smoothing, usual.label_set} <= {each for each in defaults if isinstance(each, str)}


@pytest.mark.usefixtures("loop")
def test_formats_and_suffixes_in_the_help_are_known(tagger: Run) -> None:
    words = " ".join(tagger("--help").out.replace("│", " ").split())
    formats = words.partition("into the folder for each file: ")[2].partition(".")[0].replace(" or ", ", ")
    assert len(formats.split(", ")) == 9
    assert set(formats.split(", ")) <= set(FORMATS)
    suffixes = re.findall(r"\.[a-z.]+\b", words.partition("as its suffix says: ")[2].partition("May be")[0])
    assert len(suffixes) == 9
    assert set(suffixes) <= {suffix for form in FORMATS.values() for suffix in form.suffixes}


def made_up(duration_s: float, *segments: Segment) -> Timeline:
    """A timeline of nothing but segments."""
    labels = tuple(sorted({each.label for each in segments})) or ("kick",)
    return Timeline(
        facts=AudioFacts(duration_s, RATE, 1, "0" * 32),
        kind=Kind.TRACK,
        model="net@1",
        settings=TimelineSettings(),
        labels=labels,
        words={label: label.replace("_", " ").capitalize() for label in labels},
        thresholds=np.full(len(labels), 0.5, dtype=np.float32),
        time_s=np.zeros(1),
        is_silent=np.zeros(1, dtype=np.bool_),
        intensity=np.zeros((1, len(labels)), dtype=np.float32),
        active=np.zeros((1, len(labels)), dtype=np.bool_),
        segments=segments,
        instruments=(),
    )


def test_shade_tells_how_sure_and_how_much() -> None:
    timeline = made_up(
        80.0, Segment("kick", 0.0, 40.0, 0.9), Segment("kick", 40.0, 60.0, 0.3), Segment("snare", 70.0, 71.0, 0.9)
    )
    _, kicks, snares = chart(timeline, width=25, style=BLOCKS)
    assert kicks == "Kick  │████████▒▒▒▒    │"
    assert snares == "Snare │              ░ │"
    assert list(chart(timeline, width=25, style=ASCII))[1] == "Kick  |########----    |"


@pytest.mark.parametrize("duration_s", [0.004, 0.3, 2.0, 29.0, 240.0, 3 * 3600.0, 400 * 3600.0])
@pytest.mark.parametrize("width", [1, 40, 80, 300])
def test_every_length_fits_every_console(duration_s: float, width: int) -> None:
    timeline = made_up(duration_s, Segment("kick", 0.0, duration_s, 0.7), Segment("a" * 60, 0.0, duration_s / 2, 0.7))
    lines = list(chart(timeline, width=width, style=BLOCKS))
    assert max(map(len, lines)) <= max(width, 45)
    ticks = lines[0].split()
    assert ticks[0].startswith("0:00")
    assert len(ticks) == len(set(ticks)) <= 14


def test_many_segments_are_summed_up() -> None:
    strokes = [Segment("kick", 10.0 * number, 10.0 * number + 5, 0.6) for number in range(20)]
    (line,) = listed(made_up(200.0, *strokes), style=BLOCKS)
    assert line == "Kick  0.60   50%  1 min 40 s in 20 segments"


def test_many_rows_are_cut() -> None:
    segments = [Segment(f"label_{number:02d}", 0.0, 1.0 + number, 0.6) for number in range(30)]
    lines = list(chart(made_up(40.0, *segments), width=80, style=BLOCKS))
    assert len(lines) == 22
    assert lines[1].startswith("Label 29 ")
    assert lines[-1] == "and 10 labels more, for less time"


def test_nothing_to_draw() -> None:
    assert list(chart(made_up(5.0), width=80, style=BLOCKS)) == []
    assert list(listed(made_up(5.0), style=BLOCKS)) == []


@pytest.mark.parametrize(
    ("encoding", "style"), [("utf-8", BLOCKS), ("cp1252", ASCII), ("ascii", ASCII), (None, ASCII), ("no such", ASCII)]
)
def test_a_console_gets_what_it_can_show(encoding: str | None, style: object) -> None:
    assert style_for(encoding) is style


def test_a_document_of_what_was_heard_is_what_is_printed(tagger: Run, loop: Path) -> None:
    from tagger.analysis import Analyser

    (printed,) = tagger(loop.name, "--json").objects()
    heard = replace(Analyser().analyse_over_time(loop), path=Path(loop.name))
    assert printed == json.loads(json.dumps(document(heard)))
