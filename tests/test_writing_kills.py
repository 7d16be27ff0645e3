"""A whole run of writing killed anywhere: the next run makes it good, and undoing brings everything back."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np

from tagger import ableton
from tagger.catalog import Catalog, FileRecord
from tagger.payload import payload_hash
from tagger.reports.cues import CueChunks, cue_chunks
from tagger.settings import Settings, WriteSettings
from tagger.stamp import Stamp
from tagger.tagfile import replacing
from tagger.writing import Outcome, Undoing, Writer, Written
from tests.command_line import analysis, heard_as
from tests.dying import CHANGES, die_before, lives
from tests.tagged_audio import decoded, make, rich_wav
from tests.timelines import timeline_of

SETTINGS = Settings(write=WriteSettings(ableton=True))
STEPS = CHANGES - {"open", "close", "__exit__", "flush"} | {"execute", "commit"}
LONG_AGO_NS = 1_500_000_000_123_456_700
NAMES = ("lossless.flac", "rich.wav")

State = dict[str, tuple[bytes, int]]


def write_all(catalog_path: Path, calls: int) -> None:
    """Writes the tags of all files, and dies before the call of that number."""
    with Catalog(catalog_path) as catalog:
        die_before(calls, STEPS)
        with Writer(catalog, SETTINGS, command="killed") as writer:
            for record in records(catalog):
                written = writer.write(record)
                assert written.error is None
        sys.setprofile(None)


def records(catalog: Catalog) -> Iterator[FileRecord]:
    for name in NAMES:
        record = catalog.show(catalog.path.parent / "samples" / name)
        assert isinstance(record, FileRecord)
        yield record


def state(folder: Path) -> State:
    """Bytes and times of all files, but times of those that Live keeps."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns if path.parent == folder else 0)
        for path in paths
    }


def library(home: Path, empty_catalog: Path) -> Path:
    """A folder with a catalog that knows the files beside it."""
    folder = home / "samples"
    folder.mkdir(parents=True)
    shutil.copy(empty_catalog, home)
    make(folder, "lossless.flac")
    (folder / "rich.wav").write_bytes(rich_wav())
    with Catalog(home / "catalog.db") as catalog:
        for name, label in zip(NAMES, ("kick", "snare"), strict=True):
            os.utime(folder / name, ns=(LONG_AGO_NS, LONG_AGO_NS))
            catalog.record([heard_as(folder / name, analysis(label))])
    return home


def undo_everything(catalog: Catalog) -> None:
    batches = [batch.id for batch in catalog.journal.batches()]
    with Undoing(catalog) as undoing:
        undone = list(undoing.undo([each for batch in batches for each in catalog.journal.write_ids(batch_id=batch)]))
    assert all(each.outcome is not Outcome.REFUSED for each in undone)


def live_through_a_kill(home: Path, calls: int) -> bool:
    """Kills a run over a library, and looks at all that comes after; whether the run came to its end before."""
    folder = home / "samples"
    old = state(folder)
    audio = {name: (payload_hash(folder / name), decoded(folder / name)) for name in NAMES}
    sidecar = str(ableton.sidecar_path(folder).relative_to(folder))
    lived = lives(write_all, home / "catalog.db", calls)

    for name, (identity, samples) in audio.items():
        assert payload_hash(folder / name) == identity
        np.testing.assert_array_equal(decoded(folder / name), samples)
    with Catalog(home / "catalog.db") as catalog, mock.patch.object(replacing, "_ABANDONED_AFTER_S", -1.0):
        with Writer(catalog, SETTINGS, command="recovering"):
            recovered = state(folder)
        with Writer(catalog, SETTINGS, command="again") as writer:
            for record in records(catalog):
                assert writer.write(record).error is None
        new = state(folder)
        assert new.keys() == {*NAMES, sidecar}
        for name, (held, _) in recovered.items():
            # A copy that the journal did not know of yet is swept away by a later run.
            assert name.endswith(".tmp") or held in {each[name][0] for each in (old, new) if name in each}
        undo_everything(catalog)
    assert state(folder) == old
    return lived


def test_a_run_killed_anywhere_is_made_good(tmp_path: Path, empty_catalog: Path) -> None:
    """At some of its steps; `tests/long/kills.py` takes them all."""
    ends = [
        live_through_a_kill(library(tmp_path / str(calls), empty_catalog), calls)
        for calls in (7, 40, 70, 100, 130, 1000)
    ]
    assert not any(ends[:4])
    assert ends[-1]


def mark(catalog_path: Path, calls: int) -> None:
    """Puts cue points into a file that the catalog does not know, and dies before the call of that number."""
    path = catalog_path.parent / "rich.wav"
    with Catalog(catalog_path) as catalog:
        die_before(calls, STEPS)
        with Writer(catalog, SETTINGS, command="killed") as writer:
            assert marked(writer, path).error is None
        sys.setprofile(None)


def marked(writer: Writer, path: Path) -> Written:
    heard = timeline_of(path, {"kick": [0.9, 0.1, 0.9]}, duration_s=6)

    def edit(cue: bytes | None, adtl: bytes | None) -> CueChunks:
        return cue_chunks(heard, CueChunks(cue, adtl))

    return writer.write_cue_points(path, edit, seen=Stamp(0, 0), heard_hash=payload_hash(path))


def test_a_run_killed_over_cue_points_is_made_good(tmp_path: Path, empty_catalog: Path) -> None:
    ends = []
    for calls in (41, 43, 47, 50, 60, 1000):
        home = tmp_path / str(calls)
        home.mkdir()
        shutil.copy(empty_catalog, home)
        path = home / "rich.wav"
        path.write_bytes(rich_wav())
        os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
        ends.append(lives(mark, home / "catalog.db", calls))
        with Catalog(home / "catalog.db") as catalog:
            with Writer(catalog, SETTINGS, command="again") as writer:
                assert marked(writer, path).error is None
            assert path.read_bytes() != rich_wav()
            undo_everything(catalog)
        assert (path.read_bytes(), path.stat().st_mtime_ns) == (rich_wav(), LONG_AGO_NS)
    assert not any(ends[:4])
    assert ends[-1]
