"""Writing tags, as people meet it: real files, real commands, another program in between."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tagger import tagfile
from tagger.catalog import Catalog, LabelState
from tagger.payload import payload_hash
from tagger.settings import Settings
from tagger.tagfile import rewriting
from tagger.taxonomy import LEAVES
from tagger.writing import Outcome, Undoing, Writer
from tagger.writing.lock import writing_lock
from tests.command_line import Run, analysis, contents, heard_as, native
from tests.samples import LONG_AGO_NS, Samples, instrument
from tests.tagged_audio import decoded, make


class TestWrite:
    def test_it_writes_what_the_catalog_knows_and_corrections_with_it(self, tagger: Run, samples: Samples) -> None:
        audio = {path.name: payload_hash(path) for path in samples.folder.iterdir()}
        assert tagger("correct", samples.folder / "16.wav", "snare", "clap").code == 0
        told = tagger("write", samples.folder)
        assert told.code == 0
        assert native("samples/lossless.flac  INSTRUMENT: (none) -> Electric guitar") in told.out.splitlines()
        assert "tags in files: 6 written" in told.err
        assert set((instrument(samples.folder / "16.wav") or "").split("; ")) == {"Clap", "Snare"}
        assert instrument(samples.folder / "16.aiff") == "Snare"
        assert {path.name: payload_hash(path) for path in samples.folder.iterdir()} == audio
        assert {path.stat().st_mtime_ns for path in samples.folder.iterdir()} == {LONG_AGO_NS}

        again = tagger("write", samples.folder)
        assert (again.code, again.out) == (0, "")
        assert "6 right already" in again.err

    def test_the_next_run_finds_written_files_unchanged(self, tagger: Run, samples: Samples) -> None:
        tagger("write", samples.folder)
        for name in samples.state():
            status = (samples.folder / name).stat()
            assert (samples.record(name).size, samples.record(name).mtime_ns) == (status.st_size, status.st_mtime_ns)

    def test_a_dry_run_shows_each_field_and_changes_nothing(self, tagger: Run, samples: Samples) -> None:
        before = samples.state()
        told = tagger("write", samples.folder / "lossless.flac", "--dry-run")
        assert told.code == 0
        lines = told.out.splitlines()
        assert lines[0] == native("samples/lossless.flac  INSTRUMENT: (none) -> Electric guitar")
        assert any(line.split() == ["Vorbis", "INSTRUMENT", "(none)", "->", "Electric", "guitar"] for line in lines[1:])
        assert "1 would be written" in told.err
        (held,) = tagger("write", samples.folder / "lossless.flac", "--dry-run", "--json").objects()
        assert held["written"] is False
        assert {"field": "Vorbis INSTRUMENT", "before": None, "after": "Electric guitar"} in held["tag"]["fields"]
        assert samples.state() == before
        assert tagger("undo").err == "nothing to undo\n"

    def test_a_rejected_label_is_never_written_again(self, tagger: Run, samples: Samples) -> None:
        path = samples.folder / "16.wav"
        tagger("write", path)
        assert instrument(path) == "Kick; Tom"
        assert tagger("reject", path, "kick", "Tom").code == 0
        tagger("write", path)
        assert instrument(path) is None
        with Catalog(samples.catalog) as catalog:
            catalog.record([heard_as(path, analysis("kick", "tom"), model="instruments@newer")])
        tagger("write", path)
        assert instrument(path) is None

    def test_files_that_are_not_in_the_catalog_are_told(self, tagger: Run, samples: Samples) -> None:
        make(samples.folder, "24.wav")
        told = tagger("write", samples.folder / "24.wav", samples.folder / "16.wav")
        assert told.code == 1
        assert native("samples/24.wav: is not in the catalog") in told.err
        assert instrument(samples.folder / "16.wav") == "Kick; Tom"
        assert "error" in tagger("write", samples.folder / "24.wav", "--json").objects()[0]

    def test_a_file_with_other_audio_than_the_catalog_knows_is_left_alone(self, tagger: Run, samples: Samples) -> None:
        path = samples.folder / "lossless.flac"
        other = (samples.folder / "16.wav").read_bytes()
        path.write_bytes(other[:-4] + b"\x01\x02\x03\x04")
        before = path.read_bytes()
        told = tagger("write", path)
        assert told.code == 1
        assert "holds other audio than when it was analysed (run `tagger tag` on it first)" in told.err
        assert path.read_bytes() == before

    def test_a_file_that_another_program_holds_costs_only_itself(
        self, tagger: Run, samples: Samples, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def opened(path: Path) -> None:
            raise PermissionError(13, "The process cannot access the file", str(path))

        before = samples.state()["16.wav"]
        monkeypatch.setattr(rewriting, "opened", opened)
        told = tagger("write", samples.folder)
        assert told.code == 1
        assert native("samples/16.wav: no permission to tag it (open in another program") in told.err
        assert samples.state()["16.wav"] == before
        assert instrument(samples.folder / "lossless.flac") == "Electric guitar"
        assert [path.name for path in samples.folder.iterdir() if path.name.startswith(".")] == []
        with Catalog(samples.catalog) as catalog:
            assert catalog.journal.open_writes() == []

    def test_settings_choose_layers_and_times(
        self, tagger: Run, samples: Samples, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TAGGER_WRITE__KEEP_MTIME", "false")
        monkeypatch.setenv("TAGGER_WRITE__LAYERS", "ixml")
        path = samples.folder / "16.wav"
        tagger("write", path)
        assert path.stat().st_mtime_ns > LONG_AGO_NS
        assert {name.split()[0] for name in tagfile.read(path).values} == {"iXML"}
        tagger("undo")
        assert path.stat().st_mtime_ns == LONG_AGO_NS

    def test_settings_that_make_no_sense_stop_the_run_before_anything(
        self, tagger: Run, samples: Samples, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = samples.state()
        monkeypatch.setenv("TAGGER_WRITE__LAYERS", "info")
        for command in ("write", "tag"):
            told = tagger(command, samples.folder, *(["--write"] if command == "tag" else []))
            assert told.code == 1
            assert "write.layers: one of id3, ixml, xmp" in told.err
        assert samples.state() == before

    def test_only_one_run_writes_at_a_time(self, tagger: Run, samples: Samples) -> None:
        with writing_lock(samples.catalog):
            for command in (["write", samples.folder], ["undo"], ["tag", samples.folder, "--write"]):
                told = tagger(*command)
                assert told.code == 1
                assert "is writing tags with this catalog" in told.err
            assert tagger("write", samples.folder, "--dry-run").code == 0
        assert tagger("write", samples.folder).code == 0


def test_audio_is_the_same_after_all_of_it(tagger: Run, samples: Samples) -> None:
    names = ("16.wav", "lossless.flac", "vorbis.ogg", "plain.mp3", "16.aiff")
    before = {name: decoded(samples.folder / name).tobytes() for name in names}
    for label in ("snare", "kick"):
        for name in names:
            tagger("correct", samples.folder / name, label)
        tagger("write", samples.folder)
    assert {name: decoded(samples.folder / name).tobytes() for name in names} == before
    assert contents(samples.folder).keys() == {*names, "rich.wav"}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_written_and_undone_in_any_order_can_all_be_taken_back(samples: Samples, seed: int) -> None:
    chance = random.Random(seed)
    paths = [samples.folder / name for name in ("16.wav", "lossless.flac", "16.aiff")]
    before, audio = samples.state(), {path: payload_hash(path) for path in paths}
    with Catalog(samples.catalog) as catalog:
        for _ in range(8):
            if chance.random() < 0.6:
                for path in chance.sample(paths, 2):
                    catalog.judge(
                        path, chance.choice(LEAVES), chance.choice([LabelState.CONFIRMED, LabelState.REJECTED])
                    )
                with Writer(catalog, Settings(), command="write") as writer:
                    results = [writer.write(record) for record in catalog.records_in(samples.folder).values()]
                assert not [result.error for result in results if result.error]
            elif batches := catalog.journal.batches():
                with Undoing(catalog) as undoing:
                    write_ids = catalog.journal.write_ids(batch_id=chance.choice(batches).id)
                    reasons = {undone.reason for undone in undoing.undo(write_ids)}
                assert all("undone already" in reason or "again by run" in reason for reason in reasons - {""})
            assert {path: payload_hash(path) for path in paths} == audio
        with Undoing(catalog) as undoing:
            outcomes = {undone.outcome for undone in undoing.undo(catalog.journal.write_ids())}
        assert outcomes <= {Outcome.RESTORED, Outcome.ALREADY}
    assert samples.state() == before
