"""What the next run makes of a file that an earlier one was killed over."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mutagen.id3 import TXXX
from mutagen.wave import WAVE

from tagger import tagfile
from tagger.catalog import Catalog, FileRecord, Intent, Target, WriteState
from tagger.payload import payload_hash
from tagger.settings import Settings
from tagger.stamp import Stamp
from tagger.writing import Fate, Undoing, Writer, recovery
from tests.command_line import Run, analysis, heard_as
from tests.tagged_audio import decoded, make

LONG_AGO_NS = 1_500_000_000_000_000_000

WORKER = """
import os, sys
from pathlib import Path
from tagger.catalog import Catalog
from tagger.settings import Settings
from tagger.writing import Undoing, Writer

path, command, left = Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])

def counted(function):
    def call(*args, **options):
        global left
        if not left:
            os._exit(9)
        left -= 1
        return function(*args, **options)
    return call

with Catalog(Path(sys.argv[1])) as catalog:
    record = catalog.show(path)
    context = Writer(catalog, Settings(), command="write") if command == "write" else Undoing(catalog)
    with context:
        for name in ("fsync", "replace", "ftruncate", "truncate", "utime"):
            if hasattr(os, name):
                setattr(os, name, counted(getattr(os, name)))
        if command == "write":
            context.write(record)
        else:
            list(context.undo(catalog.journal.write_ids()))
"""


@pytest.fixture
def catalog(tmp_path: Path, empty_catalog: Path) -> Iterator[Catalog]:
    shutil.copy(empty_catalog, tmp_path)
    with Catalog(tmp_path / "catalog.db") as opened:
        yield opened


def known(catalog: Catalog, folder: Path, name: str, *labels: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = make(folder, name)
    os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    catalog.record([heard_as(path, analysis(*labels))])
    return path


def record_of(catalog: Catalog, path: Path) -> FileRecord:
    record = catalog.show(path)
    assert isinstance(record, FileRecord)
    return record


def killed_after(steps: int, catalog: Catalog, path: Path, command: str) -> bool:
    """Runs a write or an undo in another process that dies after so many steps; says whether it did."""
    arguments = [sys.executable, "-c", WORKER, catalog.path, path, command, steps]
    done = subprocess.run(
        list(map(str, arguments)), cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 9), done.stderr
    return done.returncode == 9


def states_of(path: Path) -> tuple[bytes, int]:
    return path.read_bytes(), path.stat().st_mtime_ns


@pytest.mark.parametrize(("name", "steps"), [("16.wav", 0), ("16.wav", 2), ("lossless.flac", 1)])
def test_a_killed_write_ends_in_the_old_bytes_or_the_new(
    catalog: Catalog, tmp_path: Path, name: str, steps: int
) -> None:
    path = known(catalog, tmp_path / "samples", name, "kick")
    before, audio = states_of(path), payload_hash(path)
    assert killed_after(steps, catalog, path, "write")
    assert payload_hash(path) == audio
    with Writer(catalog, Settings(), command="write") as writer:
        (recovered,) = writer.recovered
        if recovered.fate is Fate.WRITTEN:
            assert tagfile.read(path).instrument == "Kick"
        else:
            assert recovered.fate in (Fate.UNTOUCHED, Fate.PUT_BACK)
            assert states_of(path) == before
        assert catalog.journal.open_writes() == []
        assert [each.name for each in path.parent.iterdir()] == [name]
        writer.write(record_of(catalog, path))
    assert tagfile.read(path).instrument == "Kick"
    with Undoing(catalog) as undoing:
        list(undoing.undo(catalog.journal.write_ids()))
    assert states_of(path) == before


@pytest.mark.parametrize("steps", [1, 2])
def test_a_killed_undo_ends_in_the_old_bytes_or_the_new(catalog: Catalog, tmp_path: Path, steps: int) -> None:
    path = known(catalog, tmp_path / "samples", "16.wav", "kick")
    before, samples = states_of(path), decoded(path).tobytes()
    with Writer(catalog, Settings(), command="write") as writer:
        writer.write(record_of(catalog, path))
    written = states_of(path)
    killed_after(steps, catalog, path, "undo")
    assert decoded(path).tobytes() == samples
    with Undoing(catalog) as undoing:
        assert states_of(path) in (before, written)
        assert catalog.journal.open_writes() == []
        list(undoing.undo(catalog.journal.write_ids()))
    assert states_of(path) == before
    assert (record_of(catalog, path).size, record_of(catalog, path).mtime_ns) == (len(before[0]), before[1])


class Killed(BaseException):
    """Ends a run where a kill would."""


def killed_between_file_and_journal(catalog: Catalog, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def settle(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(catalog.journal, "settle", settle)
        with pytest.raises(Killed), Writer(catalog, Settings(), command="write") as writer:
            writer.write(record_of(catalog, path))


def test_what_was_written_whole_can_be_undone(
    tagger: Run, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = known(catalog, tmp_path / "samples", "16.wav", "kick")
    before = states_of(path)
    killed_between_file_and_journal(catalog, path, monkeypatch)
    assert len(catalog.journal.open_writes()) == 1
    told = tagger("undo")
    assert told.code == 0
    assert "an earlier run was stopped over it; it was written whole" in told.err
    assert states_of(path) == before


def test_a_file_that_somebody_changed_before_the_next_run_is_theirs(
    tagger: Run, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = known(catalog, tmp_path / "samples", "16.wav", "kick")
    killed_between_file_and_journal(catalog, path, monkeypatch)
    wave = WAVE(path)
    assert wave.tags is not None
    wave.tags.add(TXXX(encoding=3, desc="INSTRUMENT", text=["Snare"]))
    wave.save()
    theirs = path.read_bytes()
    told = tagger("undo")
    assert told.code == 1
    assert "it is left as it is: was changed by another program since it was tagged" in told.err
    assert path.read_bytes() == theirs
    assert catalog.journal.open_writes() == []
    assert "edited by hand: Snare confirmed, Kick rejected" in tagger("write", path).out


def test_a_disk_that_is_not_plugged_in_is_waited_for(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = known(catalog, tmp_path / "samples", "16.wav", "kick")
    killed_between_file_and_journal(catalog, path, monkeypatch)
    away = tmp_path / "away"
    shutil.move(path.parent, away)
    with Writer(catalog, Settings(), command="write") as writer:
        assert [each.fate for each in writer.recovered] == [Fate.LATER]
    assert len(catalog.journal.open_writes()) == 1
    shutil.move(away, path.parent)
    with Writer(catalog, Settings(), command="write") as writer:
        assert [each.fate for each in writer.recovered] == [Fate.WRITTEN]


def test_a_file_that_is_gone_is_given_up(catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = known(catalog, tmp_path / "samples", "16.wav", "kick")
    killed_between_file_and_journal(catalog, path, monkeypatch)
    path.unlink()
    with Writer(catalog, Settings(), command="write") as writer:
        assert [each.fate for each in writer.recovered] == [Fate.GONE]
    assert catalog.journal.open_writes() == []
    assert catalog.journal.batches()[0].failed == 1


def test_a_half_written_file_that_may_not_be_written_is_put_back_later(catalog: Catalog, tmp_path: Path) -> None:
    path = known(catalog, tmp_path / "samples", "16.wav", "kick")
    before = states_of(path)
    assert killed_after(0, catalog, path, "write")
    assert path.read_bytes() != before[0]
    path.chmod(0o444)
    with Writer(catalog, Settings(), command="write") as writer:
        assert [each.fate for each in writer.recovered] == [Fate.LATER]
    path.chmod(0o644)
    with Writer(catalog, Settings(), command="write") as writer:
        assert [each.fate for each in writer.recovered] == [Fate.PUT_BACK]
    assert states_of(path) == before


def test_what_cannot_be_put_back_is_told_and_kept(catalog: Catalog, tmp_path: Path) -> None:
    path = known(catalog, tmp_path / "samples", "16.wav", "kick")
    state = tagfile.fingerprint(path)
    intent = Intent(
        path=path,
        target=Target.TAGS,
        keeps_mtime=True,
        payload_hash=None,
        before_fingerprint="other",
        before=Stamp(1, 1),
        after_fingerprint="another",
        way_back=b"no way back",
        temporary=None,
        fields=(),
    )
    write = catalog.journal.begin(catalog.journal.begin_batch("write"), intent)
    recovered = recovery.settle(catalog, write)
    assert recovered.fate is Fate.LEFT
    assert tagfile.fingerprint(path) == state
    held = catalog.journal.write(write.id)
    assert held is not None
    assert held.state is WriteState.FAILED
