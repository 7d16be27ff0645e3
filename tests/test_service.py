"""The daemon's engine: nothing is lost, and nothing is done twice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from daemon.service.engine import Engine
from daemon.service.events import FileAnalysed, FileFailed, HoldsChanged
from daemon.service.priority import BackgroundAnalyser
from tagger.catalog import Catalog, Entry, LabelState
from tagger.catalog.jobs import MOST_TRIES, Jobs
from tagger.errors import CatalogError
from tagger.recogniser import Recogniser
from tagger.settings import Settings
from tests.made_up import MODEL, StandIn, fill, no_model
from tests.service_bench import ROUND_S, SETTLE_S, Bench, mark_running
from tests.tagged_audio import make

pytestmark = pytest.mark.usefixtures("own_catalog")


class TestWork:
    def test_what_is_there_and_what_comes_is_analysed_once(self, bench: Bench, library: Path) -> None:
        fill(library, one="1", two="2")
        fill(library / "below", three="3")
        bench.engine.add_root(library, poll=True)
        bench.pass_time(60)
        assert len(bench.events(FileAnalysed)) == 3
        fill(library / "new", four="4")
        bench.pass_time(ROUND_S)
        assert [event.path.name for event in bench.events(FileAnalysed)] == ["four.wav"]
        assert bench.names() == ["four.wav", "one.wav", "three.wav", "two.wav"]
        assert bench.catalog.jobs.counts() == {}

    def test_a_file_that_grows_is_read_when_it_stands_still(self, bench: Bench, library: Path) -> None:
        bench.engine.add_root(library, poll=True)
        fill(library, slow="a")
        for _ in range(5):
            bench.pass_time(0.9 * SETTLE_S)
            with (library / "slow.wav").open("a") as file:
                file.write("a")
            os.utime(library / "slow.wav", ns=(time.time_ns(), time.time_ns()))
        assert bench.events(FileAnalysed) == []
        bench.pass_time(3 * SETTLE_S)
        assert len(bench.events(FileAnalysed)) == 1
        assert bench.events(FileFailed) == []

    def test_known_audio_is_not_listened_to_again(
        self, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # The real thing: a copy is recognised by its hash, as `BackgroundAnalyser` does it.
        path = make(library, "16.wav")
        with Catalog(tmp_path / "catalog.db") as catalog:
            analyser = BackgroundAnalyser(None, catalog.path)
            first = analyser.analyse(path)
            stamp = path.stat()
            catalog.record([Entry(path, stamp.st_size, stamp.st_mtime_ns, first)])
            catalog.judge_all(path, {"tuba": LabelState.CONFIRMED})
            copy = library / "copy.wav"
            shutil.copyfile(path, copy)
            monkeypatch.setattr(Recogniser, "predict", None)
            again = analyser.analyse(copy)
        assert (again.facts, again.tags, again.model) == (first.facts, first.tags, first.model)
        assert (again.scores == first.scores).all()

    def test_a_fault_of_the_catalog_loses_nothing(
        self, bench: Bench, library: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(library, one="1")
        add = Jobs.add
        failed: list[bool] = []

        def fail_for_now(*args: object, **kwargs: object) -> None:
            if bench.now < start + 20:
                failed.append(True)
                raise CatalogError(bench.catalog.path, "the disk is full")
            add(*args, **kwargs)  # type: ignore[arg-type] # passed on as they came

        monkeypatch.setattr(Jobs, "add", fail_for_now)
        bench.engine.add_root(library, poll=True)
        start = bench.now
        deadline = time.monotonic() + 10
        while not failed and time.monotonic() < deadline:
            bench.engine._turn_or_rest()
        for _ in range(100):
            # Its clock stands still: whatever wakes it, it does not look again.
            bench.engine._turn_or_rest()
            time.sleep(0.002)
        assert len(failed) == 1
        bench.pass_time(60)
        assert bench.names() == ["one.wav"]


class TestIdentity:
    def test_moves_within_and_between_roots_keep_what_people_said(self, bench: Bench, tmp_path: Path) -> None:
        one, two = tmp_path / "one", tmp_path / "two"
        fill(one, kept="1", moved="2")
        two.mkdir()
        for root in (one, two):
            bench.engine.add_root(root, poll=True)
        bench.pass_time(60)
        for name in ("kept", "moved"):
            bench.catalog.judge_all(one / f"{name}.wav", {"kick": LabelState.REJECTED, "tom": LabelState.CONFIRMED})
        (one / "kept.wav").rename(one / "renamed.wav")
        (one / "moved.wav").rename(two / "moved.wav")
        shutil.copyfile(two / "moved.wav", two / "copy.wav")
        bench.pass_time(ROUND_S)
        assert bench.names() == ["copy.wav", "moved.wav", "renamed.wav"]
        for path in (one / "renamed.wav", two / "moved.wav", two / "copy.wav"):
            assert [tag.label for tag in bench.record(path).tags] == ["tom"]
        # No row is left of where they were: they are somewhere else.
        assert bench.catalog.show(one / "moved.wav") is None

    def test_what_is_gone_is_forgotten_after_its_time_but_not_what_people_said(
        self, library: Path, tmp_path: Path
    ) -> None:
        with Bench(tmp_path, forget_after_days=2) as bench:
            fill(library, judged="1", other="2", stays="3")
            bench.engine.add_root(library, poll=True)
            bench.pass_time(60)
            bench.catalog.judge_all(library / "judged.wav", {"kick": LabelState.REJECTED})
            for name in ("judged", "other"):
                (library / f"{name}.wav").unlink()
            bench.pass_time(ROUND_S)
            assert bench.record(library / "other.wav").is_missing
            bench.now += 3 * 86_400
            bench.pass_time(ROUND_S)
            assert bench.catalog.show(library / "other.wav") is None
            fill(library, judged="1", other="2")
            bench.pass_time(ROUND_S)
            assert bench.record(library / "judged.wav").tags == ()
            assert [tag.label for tag in bench.record(library / "other.wav").tags] == ["kick"]


class TestFailures:
    def test_what_may_pass_is_tried_again_later_and_later(self, bench: Bench, library: Path) -> None:
        fill(library, busy="refuse for now", good="1")
        bench.engine.add_root(library, poll=True)
        bench.pass_time(60)
        assert bench.names() == ["good.wav"]
        (job,) = bench.engine.failing()
        assert (job.path.name, job.reason) == ("busy.wav", "cannot be read: permission denied")
        bench.pass_time(900, until=lambda: any(job.is_quarantined for job in bench.engine.failing()))
        (job,) = bench.engine.failing()
        assert job.tries == MOST_TRIES
        tried = [event.retry_at for event in bench.events(FileFailed)]
        delays = [after - before for before, after in pairwise(tried)]
        assert delays == sorted(delays)

        fill(library, busy="2")
        os.utime(library / "busy.wav", ns=(1, job.stamp.mtime_ns))
        bench.pass_time(ROUND_S)
        assert bench.names() == ["busy.wav", "good.wav"]
        assert bench.engine.failing() == []

    def test_quarantine_is_left_by_a_retry(self, bench: Bench, library: Path) -> None:
        fill(library, busy="refuse for now", bad="refuse")
        bench.engine.add_root(library, poll=True)
        bench.pass_time(60)
        assert [problem.reason for problem in bench.catalog.problems()] == ["is not audio (delete it)"]
        bench.events(FileFailed)
        assert bench.engine.retry(library) == 2
        bench.pass_time(1)
        assert {event.path.name for event in bench.events(FileFailed)} == {"busy.wav", "bad.wav"}

    def test_what_is_gone_is_not_waited_for(self, bench: Bench, library: Path) -> None:
        fill(library / "below", busy="refuse for now", left="1")
        fill(library, busy="1")
        bench.engine.add_root(library, poll=True)
        bench.pass_time(60)
        fill(library, busy="refuse for now")
        bench.pass_time(ROUND_S)
        assert len(bench.engine.failing()) == 2
        (library / "busy.wav").unlink()
        bench.pass_time(1)
        bench.engine.scan()
        bench.pass_time(0.1)
        assert [job.path.parent.name for job in bench.engine.failing()] == ["below"]
        shutil.rmtree(library / "below")
        bench.engine.scan()
        bench.pass_time(0.1)
        assert bench.engine.failing() == []

    def test_poison_costs_only_itself(self, bench: Bench, library: Path) -> None:
        fill(library, a="1", poison="crash", z="2")
        bench.engine.add_root(library, poll=True)
        bench.pass_time(60)
        assert bench.names() == ["a.wav", "z.wav"]
        assert bench.problem(library / "poison.wav") == "the decoder crashed on it (copy or export it again)"
        bench.pass_time(ROUND_S)
        assert len(bench.events(FileFailed)) == 1

    def test_a_file_at_which_the_program_is_ended_again_and_again_is_given_up(
        self, bench: Bench, library: Path
    ) -> None:
        fill(library, a="1", poison="sleep", z="2")
        bench.engine.add_root(library, poll=True)
        bench.pass_time(60, until=lambda: len(bench.names()) == 1)
        for _ in range(3):
            bench.restart(is_killed=True)
            bench.pass_time(60, until=lambda: bool(bench.engine._analysing._given))
        bench.pass_time(60, until=lambda: len(bench.names()) == 2)
        bench.restart(is_killed=False)
        assert bench.names() == ["a.wav", "z.wav"]
        assert bench.problem(library / "poison.wav").startswith("the program was ended 3 times")

    def test_a_model_that_cannot_be_used_is_a_fault_and_no_end(self, library: Path, tmp_path: Path) -> None:
        fill(library, one="1")
        settings = Settings(daemon={"settle_s": 0.1})  # type: ignore[arg-type] # pydantic makes the section
        with (
            Catalog(tmp_path / "catalog.db") as catalog,
            Engine(catalog, settings, make_analyser=no_model, model=MODEL) as engine,
        ):
            engine.add_root(library, poll=True)
            deadline = time.monotonic() + 10
            while engine.state().fault is None and time.monotonic() < deadline:
                time.sleep(0.05)
            assert "is damaged" in (engine.state().fault or "")
            assert engine.is_alive
            assert catalog.jobs.counts()


class TestEnds:
    def test_jobs_survive_any_end(self, bench: Bench, library: Path) -> None:
        fill(library, **{f"f{at}": str(at) for at in range(30)})
        bench.engine.add_root(library, poll=True)
        bench.pass_time(SETTLE_S / 2)
        assert sum(counts.waiting for counts in bench.catalog.jobs.counts().values()) == 30
        mark_running(bench.catalog, [1, 2, 3])
        bench.restart()
        bench.pass_time(60)
        assert len(bench.names()) == 30
        assert len(bench.events(FileAnalysed)) == 30

    def test_stopping_takes_less_than_two_seconds_whatever_is_at_work(self, library: Path, tmp_path: Path) -> None:
        fill(library, a="sleep")
        with Catalog(tmp_path / "catalog.db") as catalog:
            settings = Settings(daemon={"settle_s": 0.1})  # type: ignore[arg-type] # pydantic makes the section
            engine = Engine(catalog, settings, make_analyser=StandIn, model=MODEL)
            engine.start()
            engine.add_root(library)
            deadline = time.monotonic() + 10
            while not engine._analysing._given and time.monotonic() < deadline:
                time.sleep(0.02)
            started = time.monotonic()
            engine.close()
            assert time.monotonic() - started < 2
            (job,) = catalog.jobs.claim([1], now=time.time() + 1, limit=9)
            assert job.interruptions == 0


class TestHolds:
    def test_pausing_and_going_on(self, bench: Bench, library: Path) -> None:
        bench.engine.pause(is_paused=True)
        fill(library, one="1")
        bench.engine.add_root(library, poll=True)
        bench.pass_time(ROUND_S)
        assert (bench.engine.state().holds, bench.names()) == (("paused",), [])
        bench.restart()
        bench.pass_time(60)
        assert bench.engine.state().holds == ("paused",)
        bench.engine.pause(is_paused=False)
        bench.pass_time(60)
        assert (bench.engine.state().holds, bench.names()) == ((), ["one.wav"])

    def test_a_daw_that_plays(self, bench: Bench, library: Path) -> None:
        fill(library, one="1")
        bench.engine.add_root(library, poll=True)
        bench.engine.hold("a DAW is playing", lease_s=30)
        bench.pass_time(25)
        assert bench.names() == []
        bench.engine.hold("a DAW is playing", lease_s=30)
        bench.pass_time(25)
        assert bench.names() == []
        bench.pass_time(10)
        assert bench.names() == ["one.wav"]
        assert [event.reasons for event in bench.events(HoldsChanged)] == [("a DAW is playing",), ()]

    def test_quiet_hours(self, library: Path, tmp_path: Path) -> None:
        fill(library, one="1")
        start = datetime(2026, 3, 3, 6, 29).timestamp()
        with Bench(tmp_path, start=start, quiet_hours=("22:00-06:30",)) as bench:
            bench.engine.add_root(library, poll=True)
            bench.pass_time(50)
            assert (bench.engine.state().holds, bench.names()) == (("quiet hours",), [])
            bench.pass_time(20)
            assert (bench.engine.state().holds, bench.names()) == ((), ["one.wav"])

    def test_a_root_that_is_paused(self, bench: Bench, library: Path) -> None:
        fill(library, one="1")
        bench.engine.add_root(library, poll=True)
        bench.engine.pause_root(library, is_paused=True)
        bench.pass_time(ROUND_S)
        assert (bench.root_state(library), bench.names()) == ("paused", [])
        bench.engine.pause_root(library, is_paused=False)
        bench.pass_time(60)
        assert bench.names() == ["one.wav"]

    def test_what_is_cancelled_waits_for_a_change_or_a_retry(self, bench: Bench, library: Path) -> None:
        fill(library, one="1", two="2", three="3")
        bench.engine.add_root(library, poll=True)
        bench.pass_time(1)
        assert bench.engine.cancel(library) == 3
        bench.pass_time(ROUND_S)
        assert (bench.names(), bench.engine.state().cancelled) == ([], 3)
        fill(library, one="changed")
        bench.pass_time(ROUND_S)
        assert bench.names() == ["one.wav"]
        assert bench.engine.retry(library / "two.wav") == 1
        bench.pass_time(60)
        assert bench.names() == ["one.wav", "two.wav"]


def test_the_daemon_takes_what_others_leave() -> None:
    code = (
        "import psutil; from daemon.service.priority import go_to_background; go_to_background(); "
        "process = psutil.Process(); print(process.nice()); print(*process.ionice()[:1])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    expected = {"linux": ["19", str(int(psutil.IOPRIO_CLASS_IDLE))]} if sys.platform == "linux" else {}
    assert told == expected.get(sys.platform, told)
