"""Tags of files in watched folders: written where that was allowed, and what they say themselves.

With real audio, since tags are written into it; what it is heard to be is made up.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import mutagen
import pytest

from daemon.service.events import FileAnalysed, FileFailed
from tagger import tagfile
from tagger.catalog import Entry, LabelState
from tagger.catalog.jobs import Jobs, Result, Task
from tagger.errors import CatalogError
from tagger.writing.lock import writing_lock
from tests.made_up import Drummer
from tests.service_bench import ROUND_S, Bench
from tests.tagged_audio import make


@pytest.fixture
def real(own_catalog: Path) -> Iterator[Bench]:
    with Bench(own_catalog.parent, make=Drummer) as made:
        yield made


def test_tags_are_written_only_where_that_was_allowed(real: Bench, tmp_path: Path) -> None:
    for name in ("read", "write"):
        (tmp_path / name).mkdir()
        make(tmp_path / name, "lossless.flac")
    real.engine.add_root(tmp_path / "read", poll=True)
    real.engine.add_root(tmp_path / "write", poll=True, write=True)
    before = file_in(tmp_path / "read").read_bytes()
    real.pass_time(60)
    assert file_in(tmp_path / "read").read_bytes() == before
    assert tagfile.read(file_in(tmp_path / "write")).instrument == "Kick"
    # What it wrote itself is no news.
    real.events(FileAnalysed)
    real.pass_time(ROUND_S)
    assert real.events(FileAnalysed) == []


def test_a_persons_word_is_brought_into_the_file(real: Bench, library: Path) -> None:
    make(library, "lossless.flac")
    real.engine.add_root(library, poll=True, write=True)
    real.pass_time(60)
    real.catalog.judge_all(file_in(library), {"kick": LabelState.REJECTED, "tom": LabelState.CONFIRMED})
    real.pass_time(60)
    assert tagfile.read(file_in(library)).instrument == "Tom"


def test_a_word_that_comes_while_a_file_is_at_work_counts(real: Bench, library: Path) -> None:
    make(library, "lossless.flac")
    real.engine.add_root(library, poll=True, write=True)
    real.engine.hold("a test")
    real.pass_time(60)
    real.engine.release("a test")
    path = file_in(library)
    real.pass_time(60, until=lambda: real.catalog.show(path) is not None)
    real.catalog.judge_all(path, {"kick": LabelState.REJECTED})
    real.pass_time(60)
    assert tagfile.read(path).instrument is None


def test_writing_that_is_allowed_later_takes_in_what_is_known(real: Bench, library: Path) -> None:
    make(library, "lossless.flac")
    real.engine.add_root(library, poll=True)
    real.pass_time(60)
    real.engine.add_root(library, poll=True, write=True)
    real.pass_time(60)
    assert tagfile.read(file_in(library)).instrument == "Kick"


def test_what_a_person_had_listened_to_is_written_too(real: Bench, library: Path) -> None:
    real.engine.add_root(library, poll=True, write=True)
    real.pass_time(60)
    path = make(library, "lossless.flac")
    stamp = path.stat()
    # As `tagger tag` does, before the daemon sees the file.
    real.catalog.record([Entry(path, stamp.st_size, stamp.st_mtime_ns, Drummer().analyse(path))])
    real.pass_time(ROUND_S)
    assert real.events(FileAnalysed) == []
    assert tagfile.read(path).instrument == "Kick"


def test_a_fault_of_the_catalog_loses_no_tags(real: Bench, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle = Jobs.settle
    failed: list[bool] = []

    def fail_once(jobs: Jobs, results: Sequence[Result]) -> None:
        if results and results[0].job.task is Task.TAGS and not failed:
            failed.append(True)
            raise CatalogError(real.catalog.path, "the disk is full")
        settle(jobs, results)

    monkeypatch.setattr(Jobs, "settle", fail_once)
    make(library, "lossless.flac")
    real.engine.add_root(library, poll=True, write=True)
    real.pass_time(20)
    assert failed
    assert real.catalog.jobs.counts()
    real.pass_time(40)
    assert real.catalog.jobs.counts() == {}


def test_a_file_that_can_never_be_tagged_is_quarantined_at_once(real: Bench, library: Path) -> None:
    path = make(library, "16.wav")
    whole = path.read_bytes()
    path.write_bytes(whole + b"stray bytes")
    real.engine.add_root(library, poll=True, write=True)
    real.pass_time(60)
    (failed,) = real.events(FileFailed)
    assert "cannot be tagged safely" in failed.reason
    (job,) = real.engine.failing()
    assert (job.path, job.is_quarantined) == (path, True)
    real.pass_time(3600)
    assert real.events(FileFailed) == []
    path.write_bytes(whole)
    real.pass_time(ROUND_S)
    assert tagfile.read(path).instrument == "Kick"
    assert real.engine.failing() == []


def test_a_file_that_cannot_be_tagged_now_is_tried_again(real: Bench, library: Path) -> None:
    path = make(library, "16.wav")
    path.chmod(0o444)
    real.engine.add_root(library, poll=True, write=True)
    real.pass_time(30)
    (job,) = real.engine.failing()
    assert not job.is_quarantined
    path.chmod(0o644)
    real.pass_time(300)
    assert tagfile.read(path).instrument == "Kick"


def test_tags_wait_while_another_run_writes(real: Bench, library: Path, caplog: pytest.LogCaptureFixture) -> None:
    make(library, "lossless.flac")
    with caplog.at_level(logging.INFO), writing_lock(real.catalog.path):
        real.engine.add_root(library, poll=True, write=True)
        real.pass_time(300)
    assert caplog.messages == ["tags wait: another run is writing some with this catalog"]
    assert tagfile.read(file_in(library)).instrument is None
    real.pass_time(60)
    assert tagfile.read(file_in(library)).instrument == "Kick"


def test_what_names_and_vendors_say_is_noted_and_no_tag(real: Bench, library: Path) -> None:
    path = library / "Cowbell_03.flac"
    make(library, "lossless.flac").rename(path)
    file = mutagen.File(path)
    file["INSTRUMENT"] = "Snare"
    file.save()
    real.engine.add_root(library, poll=True, write=True)
    real.pass_time(60)
    record = real.record(path)
    assert {(label.source, label.label) for label in record.labels} >= {
        ("filename", "cowbell"),
        ("vendor", "snare"),
    }
    assert [tag.label for tag in record.tags] == ["kick"]
    assert tagfile.read(path).instrument == "Snare"
    path.rename(library / "Triangle.flac")
    real.pass_time(ROUND_S)
    said = {(label.source, label.label) for label in real.record(library / "Triangle.flac").labels}
    assert ("filename", "triangle") in said
    assert ("filename", "cowbell") not in said


def file_in(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path
