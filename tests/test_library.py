"""A run over a library: what it takes, what it skips, and that no file and no interruption costs another file."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tagger.catalog import Catalog, FileRecord, LabelState, Query
from tagger.errors import ModelError
from tagger.library import LibraryRun, Outcome
from tagger.walk import walk
from tagger.workers import SupportsAnalyse
from tests.made_up import MODEL, StandIn, fill, no_model


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "catalog.db") as opened:
        yield opened


@pytest.fixture(autouse=True)
def _no_process_left() -> Iterator[None]:
    before = set(multiprocessing.active_children())
    yield
    assert set(multiprocessing.active_children()) <= before


def run(
    catalog: Catalog, *paths: Path, workers: int = 1, make: Callable[[], SupportsAnalyse] = StandIn, force: bool = False
) -> LibraryRun:
    return LibraryRun(paths, catalog=catalog, model=MODEL, make_analyser=make, workers=workers, force=force)


def outcomes(catalog: Catalog, *paths: Path, workers: int = 1) -> dict[str, Outcome]:
    return {outcome.path.name: outcome for outcome in run(catalog, *paths, workers=workers)}


def found(catalog: Catalog) -> list[str]:
    return [hit.path.name for hit in catalog.find(Query())]


class TestRun:
    def test_new_files_are_analysed_and_recorded_before_they_are_told(self, catalog: Catalog, library: Path) -> None:
        fill(library / "b", one="1")
        fill(library / "a", two="2", three="3")
        todo = run(catalog, library, workers=2)
        assert (todo.to_do, todo.unchanged) == (3, 0)
        for outcome in todo:
            assert outcome.analysis is not None
            assert not outcome.is_unchanged
            assert isinstance(catalog.show(outcome.path), FileRecord)
        assert found(catalog) == ["three.wav", "two.wav", "one.wav"]

    def test_unchanged_files_are_only_counted(self, catalog: Catalog, library: Path) -> None:
        fill(library, good="1", bad="refuse")
        first = outcomes(catalog, library)
        assert first["bad.wav"].error == "is not audio (delete it)"

        again = run(catalog, library, make=no_model)
        assert (again.to_do, again.unchanged) == (0, 2)
        assert set(again) == {
            Outcome(library / "good.wav", is_unchanged=True),
            Outcome(library / "bad.wav", error="is not audio (delete it)", is_unchanged=True),
        }
        assert run(catalog, library, force=True).to_do == 2

    def test_changed_files_and_those_of_another_model_are_analysed_again(self, catalog: Catalog, library: Path) -> None:
        fill(library, same="1", edited="2", touched="3")
        outcomes(catalog, library)
        fill(library, edited="22")
        os.utime(library / "touched.wav", ns=(1, 1))
        assert {path.name for path in run(catalog, library)._ahead} == {"edited.wav", "touched.wav"}
        assert LibraryRun([library], catalog=catalog, model="net@2", make_analyser=StandIn).to_do == 3

    def test_moved_and_renamed_files_keep_what_people_said(self, catalog: Catalog, library: Path) -> None:
        fill(library / "old", one="1", two="2")
        outcomes(catalog, library)
        for name in ("one", "two"):
            catalog.judge(library / "old" / f"{name}.wav", "kick", LabelState.REJECTED)
        (library / "old" / "one.wav").rename(library / "renamed.wav")
        (library / "old").rename(library / "new")
        outcomes(catalog, library)

        assert found(catalog) == ["renamed.wav", "two.wav"]
        for path in (library / "renamed.wav", library / "new" / "two.wav"):
            record = catalog.show(path)
            assert isinstance(record, FileRecord)
            assert record.tags == ()
        assert catalog.show(library / "old" / "two.wav") is None

    def test_deleted_files_are_found_no_more_until_they_are_back(self, catalog: Catalog, library: Path) -> None:
        fill(library / "kept", here="1", gone="2")
        fill(library / "dropped", below="3")
        outcomes(catalog, library)
        (library / "kept" / "gone.wav").rename(library.parent / "gone.wav")
        (library / "dropped").rename(library.parent / "dropped")
        outcomes(catalog, library)
        assert found(catalog) == ["here.wav"]

        (library.parent / "gone.wav").rename(library / "kept" / "gone.wav")
        (library.parent / "dropped").rename(library / "dropped")
        assert run(catalog, library).to_do == 0
        assert found(catalog) == ["below.wav", "gone.wav", "here.wav"]

    def test_a_folder_that_is_not_there_takes_nothing_with_it(self, catalog: Catalog, library: Path) -> None:
        fill(library / "disk", one="1")
        outcomes(catalog, library)
        (library / "disk").rename(library / ".away")
        (outcome,) = run(catalog, library / "disk")
        assert outcome.error == "does not exist"
        assert found(catalog) == ["one.wav"]

    def test_a_file_given_by_name_says_nothing_of_its_folder(self, catalog: Catalog, library: Path) -> None:
        fill(library, one="1", two="2")
        outcomes(catalog, library)
        (library / "two.wav").unlink()
        assert list(outcomes(catalog, library / "one.wav")) == ["one.wav"]
        assert found(catalog) == ["one.wav", "two.wav"]


class TestBadFiles:
    @pytest.mark.parametrize(
        ("content", "error"),
        [
            ("refuse for now", "cannot be read: permission denied"),
            ("fail", "cannot be analysed: ZeroDivisionError"),
            ("change", "changed while it was read (run again)"),
        ],
    )
    def test_what_may_pass_is_tried_again(self, catalog: Catalog, library: Path, content: str, error: str) -> None:
        fill(library, one=content)
        assert (outcomes(catalog, library)["one.wav"].error or "").startswith(error)
        assert run(catalog, library).to_do == 1
        assert list(catalog.problems()) == []

    def test_a_file_that_vanishes_while_it_is_read(self, catalog: Catalog, library: Path) -> None:
        fill(library, one="vanish")
        assert outcomes(catalog, library)["one.wav"].error == "vanished while it was read"

    @pytest.mark.parametrize(("content", "workers"), [("crash", 1), ("exit", 2)])
    def test_a_crash_costs_only_the_file_that_caused_it(
        self, catalog: Catalog, library: Path, content: str, workers: int
    ) -> None:
        fill(library, **{f"good{at}": str(at) for at in range(6)}, bad2=content, great="9")
        told = outcomes(catalog, library, workers=workers)
        assert [name for name, outcome in told.items() if outcome.error] == ["bad2.wav"]
        assert len(told) == 8
        assert next(catalog.problems()).reason == "the decoder crashed on it (copy or export it again)"
        assert run(catalog, library).to_do == 0

    def test_a_worker_that_is_killed_costs_nothing(self, catalog: Catalog, library: Path) -> None:
        fill(library, one="1", two="crash once", three="3")
        assert [outcome.error for outcome in outcomes(catalog, library).values()] == [None, None, None]

    def test_an_analyser_that_cannot_be_made_stops_the_run(self, catalog: Catalog, library: Path) -> None:
        fill(library, one="1")
        with pytest.raises(ModelError, match="is damaged"):
            list(run(catalog, library, make=no_model))


class TestStopping:
    def test_closing_records_what_is_done_and_stops_at_once(self, catalog: Catalog, library: Path) -> None:
        fill(library, a="1", b="2", c="sleep", d="4")
        started = time.monotonic()
        with closing(iter(run(catalog, library))) as told:
            assert next(told).path.name == "a.wav"
        assert time.monotonic() - started < 20
        assert found(catalog) == ["a.wav", "b.wav"]
        assert [path.name for path in run(catalog, library)._ahead] == ["c.wav", "d.wav"]

    @pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
    def test_a_run_that_is_stopped_goes_on_where_it_was(self, catalog: Catalog, library: Path, stop: int) -> None:
        fill(library, **{f"{at:03}": f"{at}" for at in range(150)}, **{f"x{at}": "short sleep" for at in range(40)})
        # However late the signal comes, the run is not over before it.
        fill(library, y0="sleep", y1="sleep")
        with subprocess.Popen(
            [sys.executable, "-c", RUNNER, catalog.path, library],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as runner:
            assert runner.stdout is not None
            assert runner.stderr is not None
            told = [runner.stdout.readline().strip() for _ in range(100)]
            # As a terminal does, which sends Ctrl-C to the workers too.
            os.killpg(runner.pid, stop) if stop == signal.SIGINT else runner.kill()
            told += runner.stdout.read().split()
            assert "Traceback" not in runner.stderr.read()
        fill(library, y0="a", y1="b")
        done = run(catalog, library)
        # On a busy machine the signal may come so late that those two were done as well.
        assert done.unchanged >= len([name for name in told if not name.startswith("y")]) >= 98
        assert 2 <= done.to_do <= 92
        assert len(list(done)) == 192
        assert catalog.stats().files == 192

    def test_a_worker_that_only_begins_to_start_takes_no_notice(self, tmp_path: Path) -> None:
        fill(tmp_path, a="1")
        run = subprocess.run(
            [sys.executable, "-c", INTERRUPTED, tmp_path / "a.wav"], capture_output=True, text=True, timeout=60
        )
        assert (run.stdout.strip(), run.stderr) == ("a.wav", "")


INTERRUPTED = """
import multiprocessing, os, signal, sys
from pathlib import Path
from tagger.workers import Workers
from tests.made_up import StandIn

if __name__ == "__main__":
    with Workers(StandIn, 1) as workers:
        workers.submit(Path(sys.argv[1]))
        for child in multiprocessing.active_children():
            os.kill(child.pid, signal.SIGINT)
        while workers.is_busy:
            for answer in workers.answers(1):
                print(answer.path.name)
"""

RUNNER = """
import os, sys
from pathlib import Path
from tagger.catalog import Catalog
from tagger.library import LibraryRun
from tests.made_up import MODEL, StandIn

if __name__ == "__main__":
    os.setpgrp()
    try:
        with Catalog(Path(sys.argv[1])) as catalog:
            paths = [Path(sys.argv[2])]
            for outcome in LibraryRun(paths, catalog=catalog, model=MODEL, make_analyser=StandIn, workers=2):
                print(outcome.path.name, flush=True)
    except KeyboardInterrupt:
        pass
"""


class TestWalk:
    def names(self, *paths: Path) -> list[str]:
        return [str(listing.folder / name) for listing in walk(paths).listings for name in listing.files]

    def test_audio_files_in_order_and_nothing_else(self, library: Path) -> None:
        for name in ("b.wav", "a.AIF", "c.mp3.part", "._a.wav", ".hidden.wav", "a.wav.asd", "b.reapeaks", "notes.txt"):
            (library / name).touch()
        for folder in ("Z", "a", ".git", "Ableton Folder Info", "@eaDir", ".stversions", "folder.wav"):
            fill(library / folder, inside="1")
        assert [name.removeprefix(f"{library}{os.sep}") for name in self.names(library)] == [
            "a.AIF",
            "b.wav",
            f"Z{os.sep}inside.wav",
            f"a{os.sep}inside.wav",
            f"folder.wav{os.sep}inside.wav",
        ]

    def test_each_folder_once_whatever_leads_there(self, library: Path) -> None:
        fill(library / "a" / "b", one="1")
        fill(library.parent / "elsewhere", two="2")
        (library / "a" / "b" / "back").symlink_to(library, target_is_directory=True)
        (library / "0 to b").symlink_to(library / "a" / "b", target_is_directory=True)
        (library / "1 out").symlink_to(library.parent / "elsewhere", target_is_directory=True)
        (library / "itself").symlink_to(library / "itself")
        expected = [str(library / "a" / "b" / "one.wav"), str(library / "1 out" / "two.wav")]
        assert self.names(library) == expected
        assert self.names(library / "a" / "b", library, library) == expected

    def test_links_to_files_are_files(self, library: Path) -> None:
        fill(library.parent, target="1")
        (library / "link.wav").symlink_to(library.parent / "target.wav")
        (library / "dead.wav").symlink_to(library / "nowhere.wav")
        found_ = walk([library])
        assert list(found_.listings[0].files) == ["link.wav"]
        assert [(each.path.name, each.reason) for each in found_.obstacles] == [
            ("dead.wav", "is a link to a file that is not there")
        ]

    def test_files_given_by_name_are_taken_whatever_they_are_called(self, library: Path) -> None:
        (library / "take.bin").touch()
        fill(library, one="1")
        assert self.names(library / "take.bin", library / "take.bin") == [str(library / "take.bin")]
        assert self.names(library / "take.bin", library) == [str(library / "one.wav"), str(library / "take.bin")]

    def test_what_is_in_the_way_is_told(self, library: Path) -> None:
        fill(library, one="1")
        found_ = walk([library / "nothing", library / "one.wav" / "below", library])
        assert [each.reason for each in found_.obstacles] == ["does not exist", "cannot be read: not a directory"]
        assert list(found_.listings[0].files) == ["one.wav"]

    def test_a_folder_that_may_not_be_listed_costs_only_itself(
        self, catalog: Catalog, library: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(library / "open", one="1")
        fill(library / "shut", two="2")
        outcomes(catalog, library)
        scandir = os.scandir

        def guarded(path: str) -> object:
            if path.endswith("shut"):
                raise PermissionError(errno.EACCES, "Permission denied", path)
            return scandir(path)

        monkeypatch.setattr(os, "scandir", guarded)
        told = outcomes(catalog, library)
        assert told["shut"].error == "cannot be read: permission denied"
        assert told["one.wav"].is_unchanged
        assert found(catalog) == ["one.wav", "two.wav"]

    @pytest.mark.skipif(sys.platform in {"darwin", "win32"}, reason="these systems have no such names")
    def test_names_that_are_no_text_are_told(self, library: Path) -> None:
        for name in (b"\xff.wav", b"\xff.txt", b"folder \xff"):
            path = library / os.fsdecode(name)
            path.mkdir() if name.startswith(b"folder") else path.touch()
        found_ = walk([library, library / os.fsdecode(b"folder \xff"), library / os.fsdecode(b"\xff.wav")])
        assert [each.reason for each in found_.obstacles] == ["its name is not valid Unicode (rename it)"] * 4
        assert found_.listings[0].files == {}
