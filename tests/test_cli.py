"""The `tagger` command as people and programs meet it: what it prints, where, and its exit codes."""

from __future__ import annotations

import csv
import errno
import io
import os
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO, get_args

import numpy as np
import pytest
import soundfile

from daemon import arguments, changes, cli, tagging
from tagger.catalog import Catalog, Entry, Sort
from tagger.payload import payload_hash
from tagger.recogniser import Recogniser
from tagger.results import Analysis, Instrument, Kind
from tagger.taxonomy import LABEL_SETS, LEAVES
from tests.command_line import Run, analysis, contents, heard_as, native
from tests.tagged_audio import make, seen_by_ffmpeg, tone


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A catalog of files, which themselves are not there."""
    folder = tmp_path / "samples"
    results: dict[str, Analysis | str] = {
        "drums/Boom 01.wav": analysis("kick", seed=1),
        "drums/Boom 02.wav": analysis("kick", "tom", seed=2),
        "loops/Night drive.wav": analysis("electric_bass", "kick", kind=Kind.LOOP, seed=3, tempo_bpm=120.0),
        "loops/copy.wav": analysis("electric_bass", "kick", kind=Kind.LOOP, seed=3, tempo_bpm=120.0),
        "strange/Übung.wav": analysis(seed=4),
        "strange/nothing.wav": analysis(kind=Kind.SILENCE, seed=5),
        "strange/broken.wav": "is cut off",
    }
    with Catalog(tmp_path / "catalog.db") as catalog:
        catalog.record([Entry(folder / name, 1000, 10**18, result) for name, result in results.items()])
    return folder


@pytest.mark.usefixtures("library")
def test_find_prints_a_line_for_each_file(tagger: Run) -> None:
    found = tagger("find", "--label", "kick")
    assert found.code == 0
    assert sorted(found.out.splitlines()) == [
        native("samples/drums/Boom 01.wav  one-shot: Kick 0.90"),
        native("samples/drums/Boom 02.wav  one-shot: Kick 0.90, Tom 0.80"),
        native("samples/loops/Night drive.wav  loop, 120 BPM, Am: Electric bass 0.90, Kick 0.80"),
        native("samples/loops/copy.wav  loop, 120 BPM, Am: Electric bass 0.90, Kick 0.80"),
    ]


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("conditions", "names"),
    [
        (["night"], ["Night drive.wav"]),
        (["boo", "02"], ["Boom 02.wav"]),
        (["--label", "Electric Bass"], ["Night drive.wav", "copy.wav"]),
        (["--family", "bass", "--min-confidence", "0.95"], []),
        (["--kind", "one shot", "--family", "drums"], ["Boom 01.wav", "Boom 02.wav"]),
        (["--kind", "silence", "--kind", "loop", "--sort", "name"], ["copy.wav", "Night drive.wav", "nothing.wav"]),
        (["--tempo", "118-121"], ["Night drive.wav", "copy.wav"]),
        (["--tempo", "120", "--key", "a minor", "--limit", "1"], ["Night drive.wav"]),
        (["--tempo", "121-"], []),
        (["--under", "samples/strange"], ["nothing.wav", "Übung.wav"]),
        (["--folder", "STRANG"], ["nothing.wav", "Übung.wav"]),
        (["--folder", "loops", "--state", "predicted"], ["Night drive.wav", "copy.wav"]),
        (["--tempo", "60", "--tempo", "120"], ["Night drive.wav", "copy.wav"]),
        (["--state", "confirmed"], []),
        (["--missing"], []),
    ],
)
def test_find_by_all_conditions(tagger: Run, conditions: list[str], names: list[str]) -> None:
    found = tagger("find", *conditions, "--paths")
    assert found.code == 0
    paths = [Path(line) for line in found.out.splitlines()]
    assert sorted(path.name for path in paths) == sorted(names)
    assert all(path.is_absolute() for path in paths)


def test_find_prints_objects(tagger: Run, library: Path) -> None:
    (found,) = tagger("find", "night", "--json").objects()
    assert found == {
        "path": str(library / "loops" / "Night drive.wav"),
        "duration_s": 1.25,
        "kind": "loop",
        "tags": [
            {"label": "electric_bass", "family": "bass", "confidence": 0.9},
            {"label": "kick", "family": "drums", "confidence": 0.8},
        ],
        "tempo_bpm": 120.0,
        "key": "Am",
    }


def test_labels_of_somebody_elses_model_can_be_found(tagger: Run, tmp_path: Path) -> None:
    own = Instrument("hurdy_gurdy", "hurdy_gurdy", 0.9)
    result = replace(analysis(), instruments=(own,), tags=(own,), model="mine@1")
    with Catalog(tmp_path / "catalog.db") as catalog:
        catalog.record([Entry(tmp_path / "drone.wav", 1000, 10**18, result)])
    found = tagger("find", "--label", "Hurdy-Gurdy")
    assert (found.code, found.out) == (0, "drone.wav  one-shot: Hurdy gurdy 0.90\n")
    slip = tagger("find", "--label", "hurdygurdy")
    assert (slip.code, slip.out) == (2, "")
    assert "did you mean hurdy_gurdy" in slip.err


@pytest.mark.usefixtures("library")
def test_finding_nothing_says_so_and_how_to_ask(tagger: Run) -> None:
    nothing = tagger("find", "kick")
    assert (nothing.code, nothing.out) == (0, "")
    assert "--label kick" in nothing.err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["find", "--label", "kik"], "did you mean kick"),
        (["find", "--family", "dramas"], "drums"),
        (["find", "--kind", "symphony"], "one-shot, loop, track, silence"),
        (["find", "--tempo", "allegro"], "90-100"),
        (["find", "--key", "H"], "Am, F# or Bbm"),
        (["find", "--state", "conformed"], "did you mean confirmed"),
        (["find", "--min-confidence", "2"], "--min-confidence"),
        (["labels", "--labels", "mine"], "irmas"),
        (["tag"], "paths"),
        (["sing"], "sing"),
        (["find", "--loud"], "--loud"),
    ],
)
def test_slips_are_usage_errors(tagger: Run, args: list[str], words: str) -> None:
    slip = tagger(*args)
    assert (slip.code, slip.out) == (2, "")
    assert words in slip.err
    assert "Traceback" not in slip.err


def test_show_tells_all_of_a_file(tagger: Run, library: Path) -> None:
    shown = tagger("show", library / "loops" / "copy.wav")
    assert shown.code == 0
    lines = dict(line.strip().split(maxsplit=1) for line in shown.out.splitlines()[1:])
    assert lines["kind"] == "loop, 120 BPM, Am, 1.2 s"
    assert lines["tags"] == "Electric bass 0.90, Kick 0.80"
    assert lines["candidates"] == "Electric bass 0.90, Kick 0.80, Gong 0.03"
    assert lines["same"] == f"audio  {Path('samples/loops/Night drive.wav')}"

    (held,) = tagger("show", library / "loops" / "copy.wav", "--json").objects()
    assert held["same_audio"] == [str(library / "loops" / "Night drive.wav")]
    assert held["labels"][0]["source"] == "instruments@test"


def test_show_tells_problems_and_strangers(tagger: Run, library: Path) -> None:
    broken = tagger("show", library / "strange" / "broken.wav")
    assert broken.code == 0
    assert "is cut off" in broken.out
    stranger = tagger("show", library / "stranger.wav")
    assert stranger.code == 1
    assert "is not in the catalog" in stranger.err


def test_labels_lists_every_set(tagger: Run) -> None:
    own = tagger("labels")
    assert all(leaf in own.out for leaf in LEAVES)
    for name, labels in LABEL_SETS.items():
        listed = tagger("labels", "--labels", name, "--json").objects()
        assert {each["label"]: tuple(each["leaves"]) for each in listed} == dict(labels.leaves_of)
    assert "electric_guitar" in tagger("labels", "--labels", "irmas").out


@pytest.mark.usefixtures("library")
def test_stats_counts(tagger: Run) -> None:
    (numbers,) = tagger("stats", "--json").objects()
    assert (numbers["files"], numbers["duplicates"], numbers["unsure"], numbers["problems"]) == (6, 1, 1, 1)
    assert numbers["by_label"] == {"kick": 4, "electric_bass": 2, "tom": 1}
    told = tagger("stats").out
    assert "6 files" in told
    assert "Electric bass" in told


@pytest.mark.parametrize("command", [["find"], ["show", "x.wav"], ["stats"], ["export"]])
def test_reading_where_there_is_no_catalog_makes_none(tagger: Run, tmp_path: Path, command: list[str]) -> None:
    failed = tagger(*command)
    assert failed.code == 1
    assert "there is no catalog yet" in failed.err
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("library")
def test_export_as_objects_and_as_a_table(tagger: Run, tmp_path: Path) -> None:
    names = [Path(each["path"]).name for each in tagger("export").objects()]
    assert sorted(names) == sorted(
        ["Boom 01.wav", "Boom 02.wav", "copy.wav", "Night drive.wav", "nothing.wav", "Übung.wav"]
    )
    table = tmp_path / "table.csv"
    assert tagger("export", "--format", "csv", "--output", table).out == ""
    with table.open(encoding="utf-8", newline="") as file:
        rows = {Path(row["path"]).name: row for row in csv.DictReader(file)}
    assert rows["Boom 02.wav"]["tags"] == "kick; tom"
    assert rows["Boom 02.wav"]["confidences"] == "0.9000; 0.8000"
    assert rows["Übung.wav"]["tags"] == ""
    nowhere = tagger("export", "--output", tmp_path / "no" / "folder.csv")
    assert nowhere.code == 1
    assert "cannot be written" in nowhere.err


@pytest.mark.usefixtures("library")
def test_an_export_that_fails_leaves_what_was_there(
    tagger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = tmp_path / "catalog.db"
    before = catalog.read_bytes()
    refused = tagger("export", "--output", catalog)
    assert (refused.code, catalog.read_bytes()) == (1, before)
    assert "is the catalog itself" in refused.err

    def fail(_: Iterable[object], file: TextIO) -> None:
        file.write("half")
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr("daemon.records.write_jsonl", fail)
    (tmp_path / "old.jsonl").write_text("old")
    names = {path.name for path in tmp_path.iterdir()}
    full = tagger("export", "--output", tmp_path / "old.jsonl")
    assert "old.jsonl: cannot be written: no space left on device" in full.err
    assert (tmp_path / "old.jsonl").read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == names


def test_a_carriage_return_in_a_name_ends_no_line_of_a_table(tagger: Run, tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.db") as catalog:
        catalog.record([Entry(tmp_path / "a\rb.wav", 1, 1, analysis("kick"))])
    assert len(tagger("export", "--format", "csv").out.splitlines()) == 2


def test_a_file_that_is_no_catalog_has_one_line(tagger: Run, tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(b"RIFF" + bytes(2000))
    for command in (["find"], ["stats"], ["export"], ["show", "x.wav"]):
        failed = tagger(*command, "--catalog", path)
        assert failed.code == 1
        assert failed.err.startswith(f"tagger: {path}: ")
        assert "\n" not in failed.err.strip()


def test_the_choices_are_those_of_the_program() -> None:
    assert set(get_args(cli.LabelSetName)) == set(LABEL_SETS)
    assert set(get_args(cli.SortName)) == {sort.value for sort in Sort}


@pytest.mark.parametrize(
    ("text", "key"),
    [("am", "Am"), ("A minor", "Am"), ("Bb", "A#"), ("c#m", "C#m"), ("F♯", "F#"), ("E#", "F"), ("g maj", "G")],
)
def test_keys_are_read_in_all_spellings(text: str, key: str) -> None:
    assert arguments.key(text) == key


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("120", (119.5, 120.5)),
        ("90-100", (90, 100)),
        ("90.5 - 100", (90.5, 100)),
        ("90-", (90, None)),
        ("-100", (None, 100)),
    ],
)
def test_tempos_are_read_in_all_spellings(text: str, bounds: tuple[float | None, float | None]) -> None:
    assert arguments.tempo_range(text) == bounds


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20", datetime(2026, 11, 20)),
        ("2026-11-20 18:05", datetime(2026, 11, 20, 18, 5)),
        ("9:30", datetime(2026, 11, 21, 9, 30)),
        ("90m", datetime(2026, 11, 21, 12, 30)),
        ("1.5 h", datetime(2026, 11, 21, 12, 30)),
        ("2d", datetime(2026, 11, 19, 14)),
        ("1W", datetime(2026, 11, 14, 14)),
    ],
)
def test_times_are_read_in_all_spellings(text: str, moment: datetime) -> None:
    now = datetime(2026, 11, 21, 14).astimezone()
    assert arguments.since(text, now) == moment.astimezone()
    assert arguments.since("2026-11-20T10:00:00+00:00", now) == datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.fixture
def heard(tmp_path: Path) -> Path:
    """A folder of real files, of which the catalog already says something definite."""
    folder = tmp_path / "heard"
    folder.mkdir()
    results = {
        "16.wav": analysis("kick", "tom", seed=1),
        "lossless.flac": analysis("electric_guitar", seed=2),
        "plain.mp3": analysis(seed=3),
        "vorbis.ogg": analysis(kind=Kind.SILENCE, seed=4),
    }
    paths = {make(folder, name): result for name, result in results.items()}
    model = Recogniser().name
    with Catalog(tmp_path / "catalog.db") as catalog:
        catalog.record([heard_as(path, result, model=model) for path, result in paths.items()])
    return folder


def test_tag_analyses_what_is_new_and_only_that(tagger: Run, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    for name in ("16.wav", "plain.mp3"):
        make(folder, name)
    before = contents(folder)

    first = tagger("tag", "new", "--workers", 1)
    assert first.code == 0
    assert sorted(line.split("  ")[0] for line in first.out.splitlines()) == [
        native("new/16.wav"),
        native("new/plain.mp3"),
    ]
    assert all("one-shot: " in line for line in first.out.splitlines())
    assert "2 files analysed in" in first.err

    again = tagger("tag", "new")
    assert (again.code, again.out) == (0, "")
    assert "0 files analysed" in again.err
    assert "2 unchanged" in again.err
    assert contents(folder) == before

    named = tagger("tag", "new/16.wav")
    assert named.out in first.out


def test_tag_prints_objects(tagger: Run, tmp_path: Path) -> None:
    path = make(tmp_path, "24.wav")
    first, again = (tagger("tag", path, "--json", "--workers", 1) for _ in range(2))
    assert (first.code, first.out, again.err) == (0, again.out, "")
    (held,) = first.objects()
    assert (held["path"], held["kind"], held["duration_s"]) == (str(path), "one-shot", 0.1)
    assert len(held["instruments"]) == 3
    confidences = [each["confidence"] for each in held["instruments"]]
    assert confidences == sorted(confidences, reverse=True)
    assert set(held["instruments"][0]) == {"label", "family", "confidence"}
    assert held["model"] == Recogniser().name
    assert held["payload_hash"] == payload_hash(path)


@pytest.mark.parametrize("label_set", ["irmas", "openmic", "nsynth"])
def test_tag_answers_in_the_label_sets_of_the_field(tagger: Run, heard: Path, label_set: str) -> None:
    objects = tagger("tag", heard, "--json", "--labels", label_set).objects()
    for held in objects:
        assert {each["label"] for each in held["instruments"]} <= set(LABEL_SETS[label_set].leaves_of)
        assert len(held["instruments"]) == (0 if held["kind"] == "silence" else 3)


def test_bad_files_cost_a_line_each_and_the_run_goes_on(tagger: Run, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    good = make(folder, "16.wav")
    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("no sound at all")
    (folder / "cut.wav").write_bytes(good.read_bytes()[:2000])
    soundfile.write(folder / "silent.wav", np.zeros(48000), 48000)
    (folder / "deep").mkdir()
    with suppress(OSError):  # Windows lets few people make links
        (folder / "deep" / "loop").symlink_to(folder, target_is_directory=True)

    told = tagger("tag", folder, "missing.wav", "--workers", 1)

    assert told.code == 1
    problems = [line for line in told.err.splitlines() if ".wav: " in line]
    names = sorted(Path(line.partition(": ")[0]).name for line in problems)
    assert names == ["cut.wav", "empty.wav", "missing.wav", "text.wav"]
    assert len(told.out.splitlines()) == 2
    assert native("mixed/silent.wav  silence") in told.out.splitlines()
    assert "problems                 4" in told.err

    objects = tagger("tag", folder, "missing.wav", "--json").objects()
    assert sum("error" in each for each in objects) == 4
    assert len(objects) == 6


def test_write_puts_into_the_files_what_the_catalog_says(tagger: Run, heard: Path) -> None:
    before = contents(heard)
    told = tagger("tag", heard, "--write")
    assert told.code == 0
    assert native("heard/16.wav  INSTRUMENT: (none) -> Kick; Tom") in told.out.splitlines()
    assert "tags in files: 2 written" in told.err
    after = contents(heard)
    assert {name for name in before if before[name] != after[name]} == {"16.wav", "lossless.flac"}
    assert seen_by_ffmpeg(heard / "16.wav")["INSTRUMENT"] == "Kick; Tom"
    assert seen_by_ffmpeg(heard / "lossless.flac")["INSTRUMENT"] == "Electric guitar"

    again = tagger("tag", heard, "--write", "--json")
    assert "0 files analysed" in tagger("tag", heard).err
    assert [each["written"] for each in again.objects()] == [False] * 4
    assert contents(heard) == after


def test_a_dry_run_shows_what_would_be_written_and_writes_nothing(tagger: Run, heard: Path) -> None:
    before = contents(heard)
    for extra in ([], ["--write"]):
        told = tagger("tag", heard, "--dry-run", *extra)
        assert told.code == 0
        assert native("heard/16.wav  INSTRUMENT: (none) -> Kick; Tom") in told.out.splitlines()
        assert "2 would be written" in told.err
    objects = {Path(each["path"]).name: each for each in tagger("tag", heard, "--dry-run", "--json").objects()}
    tag = objects["16.wav"]["tag"]
    assert (tag["action"], tag["current"], tag["new"]) == ("write", None, "Kick; Tom")
    assert {field["after"] for field in tag["fields"] if field["field"].endswith(":INSTRUMENT")} == {"Kick; Tom"}
    assert objects["16.wav"]["written"] is False
    assert contents(heard) == before


def test_files_that_cannot_be_written_to_are_told_and_counted(tagger: Run, heard: Path) -> None:
    (heard / "16.wav").chmod(0o444)
    told = tagger("tag", heard, "--write")
    (heard / "16.wav").chmod(0o644)
    assert told.code == 1
    assert native("heard/16.wav: is read-only (allow writing to have it tagged)") in told.err
    assert "INSTRUMENT" in seen_by_ffmpeg(heard / "lossless.flac")


def test_formats_without_tags_are_told_but_are_no_problem(tagger: Run, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.caf", tone(), 48000)
    told = tagger("tag", "a.caf", "--write", "--workers", 1)
    assert told.code == 0
    assert "a.caf: CAF files cannot hold tags" in told.err


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(
    tagger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("16.wav", "24.wav", "plain.mp3"):
        make(tmp_path, name)

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(changes, "print_line", interrupt)
        stopped = tagger("tag", tmp_path, "--workers", 1)
    assert stopped.code == 130
    assert "the same command goes on" in stopped.err
    done = tagger("stats", "--json").objects()[0]["files"]
    assert done >= 1
    assert f"{3 - done} file" in tagger("tag", tmp_path, "--workers", 1).err


def test_ctrl_c_while_a_library_is_imported_is_no_error(
    tagger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: object) -> None:
        raise ImportError("initialization failed") from KeyboardInterrupt()

    monkeypatch.setattr(tagging, "run", interrupt)
    stopped = tagger("tag", tmp_path)
    assert (stopped.code, stopped.err) == (130, "")


def test_a_model_that_is_none_has_one_line(tagger: Run, heard: Path, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"not a network")
    for model in ("model.onnx", "no.onnx"):
        failed = tagger("tag", heard, "--model", model)
        assert failed.code == 1
        assert failed.err.startswith(f"tagger: {model}: ")
        assert "\n" not in failed.err.strip()


def test_an_error_nobody_expected_has_one_line_unless_debugging(tagger: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by\nnought")

    monkeypatch.setattr("daemon.listing.labels", fail)
    failed = tagger("labels")
    assert failed.code == 1
    assert failed.err.startswith("tagger: unexpected error, ZeroDivisionError: by nought")
    monkeypatch.setattr(sys, "argv", ["tagger", "--debug", "labels"])
    with pytest.raises(ZeroDivisionError):
        cli.main()


def run_really(*args: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "daemon", *map(str, args)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **environment},
        capture_output=True,
        check=False,
    )


def test_the_command_runs_and_gives_its_exit_code(tmp_path: Path) -> None:
    assert run_really("--version", cwd=tmp_path).stdout.startswith(b"tagger ")
    assert run_really("sing", cwd=tmp_path).returncode == 2
    failed = run_really("show", "nothing.wav", cwd=tmp_path)
    assert (failed.returncode, failed.stdout) == (1, b"")
    assert failed.stderr.count(b"\n") == 1


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
@pytest.mark.parametrize("command", [["find"], ["find", "--paths"], ["find", "--json"], ["show"], ["export"]])
def test_names_that_a_console_cannot_show_do_no_harm(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, encoding: str, command: list[str]
) -> None:
    path = tmp_path / "太鼓 Übung.wav"
    with Catalog(tmp_path / "catalog.db") as catalog:
        catalog.record([Entry(path, 1, 1, analysis("kick"))])
    console = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(console, encoding=encoding))
    monkeypatch.setattr(sys, "argv", ["tagger", *command, *([str(path)] if command == ["show"] else [])])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    assert b".wav" in console.getvalue()


def test_a_reader_that_stops_early_is_no_error(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.db") as catalog:
        catalog.record([Entry(tmp_path / f"{i}.wav", 1, 1, analysis("kick", seed=i)) for i in range(2000)])
    for command in ("find", "export"):
        with subprocess.Popen(
            [sys.executable, "-m", "daemon", command],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read() == b""


@pytest.mark.skipif(sys.platform in {"darwin", "win32"}, reason="these systems have no such names")
def test_names_that_are_no_text_cost_a_line(tagger: Run, tmp_path: Path) -> None:
    make(tmp_path, "16.wav").rename(tmp_path / os.fsdecode(b"k\xfcck.wav"))
    told = tagger("tag", tmp_path)
    assert told.code == 1
    assert "its name is not valid" in told.err
    (error,) = tagger("tag", tmp_path, "--json").objects()
    assert "error" in error
