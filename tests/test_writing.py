"""Writing tags and taking them back, as people meet it: real files, real commands, another program in between."""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from mutagen.flac import FLAC
from mutagen.id3 import TXXX
from mutagen.wave import WAVE

from tagger import tagfile
from tagger.catalog import Catalog, FileRecord, LabelRecord, LabelState
from tagger.payload import payload_hash
from tagger.results import Instrument, Kind
from tagger.settings import Settings
from tagger.tagfile import rewriting
from tagger.taxonomy import LEAVES
from tagger.writing import Outcome, Undoing, Writer
from tagger.writing.lock import writing_lock
from tests.command_line import Run, analysis, contents, heard_as, native
from tests.tagged_audio import decoded, make, rich_wav

LONG_AGO_NS = 1_500_000_000_123_456_789


@dataclass(frozen=True)
class Library:
    folder: Path
    catalog: Path

    def record(self, name: str) -> FileRecord:
        with Catalog(self.catalog) as catalog:
            record = catalog.show(self.folder / name)
        assert isinstance(record, FileRecord)
        return record

    def tags(self, name: str) -> list[str]:
        return [tag.label for tag in self.record(name).tags]

    def said_by_people(self, name: str) -> dict[str, str]:
        def is_human(label: LabelRecord) -> bool:
            return label.source == "human"

        return {label.label: label.state.value for label in filter(is_human, self.record(name).labels)}

    def state(self) -> dict[str, tuple[bytes, int]]:
        """Bytes and times of all audio files."""
        return {
            path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in self.folder.iterdir() if path.is_file()
        }


RESULTS = {
    "16.wav": analysis("kick", "tom"),
    "16.aiff": analysis("snare", kind=Kind.LOOP, tempo_bpm=120.0),
    "lossless.flac": analysis("electric_guitar"),
    "plain.mp3": analysis("piano"),
    "rich.wav": analysis("clap"),
    "vorbis.ogg": analysis("cello"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, empty_catalog: Path) -> Path:
    """An empty catalog, and files of several formats that were written long ago."""
    made = tmp_path_factory.mktemp("made")
    shutil.copy(empty_catalog, made)
    folder = made / "samples"
    folder.mkdir()
    (folder / "rich.wav").write_bytes(rich_wav())
    for name in RESULTS:
        path = folder / name if name == "rich.wav" else make(folder, name)
        os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    return made


@pytest.fixture
def library(made: Path, tmp_path: Path) -> Library:
    """The files, of which the catalog says something definite."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    folder = tmp_path / "samples"
    with Catalog(tmp_path / "catalog.db") as catalog:
        catalog.record([heard_as(folder / name, result) for name, result in RESULTS.items()])
    return Library(folder, tmp_path / "catalog.db")


def instrument(path: Path) -> str | None:
    return tagfile.read(path).instrument


def edit_flac(path: Path, value: str | None) -> None:
    """What another program does to the tag of a FLAC file."""
    file = FLAC(path)
    if value is None:
        del file["INSTRUMENT"]
    else:
        file["INSTRUMENT"] = value
    file.save()


class TestWrite:
    def test_it_writes_what_the_catalog_knows_and_corrections_with_it(self, tagger: Run, library: Library) -> None:
        audio = {path.name: payload_hash(path) for path in library.folder.iterdir()}
        assert tagger("correct", library.folder / "16.wav", "snare", "clap").code == 0
        told = tagger("write", library.folder)
        assert told.code == 0
        assert native("samples/lossless.flac  INSTRUMENT: (none) -> Electric guitar") in told.out.splitlines()
        assert "tags in files: 6 written" in told.err
        assert set((instrument(library.folder / "16.wav") or "").split("; ")) == {"Clap", "Snare"}
        assert instrument(library.folder / "16.aiff") == "Snare"
        assert {path.name: payload_hash(path) for path in library.folder.iterdir()} == audio
        assert {path.stat().st_mtime_ns for path in library.folder.iterdir()} == {LONG_AGO_NS}

        again = tagger("write", library.folder)
        assert (again.code, again.out) == (0, "")
        assert "6 right already" in again.err

    def test_the_next_run_finds_written_files_unchanged(self, tagger: Run, library: Library) -> None:
        tagger("write", library.folder)
        for name in library.state():
            status = (library.folder / name).stat()
            assert (library.record(name).size, library.record(name).mtime_ns) == (status.st_size, status.st_mtime_ns)

    def test_a_dry_run_shows_each_field_and_changes_nothing(self, tagger: Run, library: Library) -> None:
        before = library.state()
        told = tagger("write", library.folder / "lossless.flac", "--dry-run")
        assert told.code == 0
        lines = told.out.splitlines()
        assert lines[0] == native("samples/lossless.flac  INSTRUMENT: (none) -> Electric guitar")
        assert any(line.split() == ["Vorbis", "INSTRUMENT", "(none)", "->", "Electric", "guitar"] for line in lines[1:])
        assert "1 would be written" in told.err
        (held,) = tagger("write", library.folder / "lossless.flac", "--dry-run", "--json").objects()
        assert held["written"] is False
        assert {"field": "Vorbis INSTRUMENT", "before": None, "after": "Electric guitar"} in held["tag"]["fields"]
        assert library.state() == before
        assert tagger("undo").err == "nothing to undo\n"

    def test_a_rejected_label_is_never_written_again(self, tagger: Run, library: Library) -> None:
        path = library.folder / "16.wav"
        tagger("write", path)
        assert instrument(path) == "Kick; Tom"
        assert tagger("reject", path, "kick", "Tom").code == 0
        tagger("write", path)
        assert instrument(path) is None
        with Catalog(library.catalog) as catalog:
            catalog.record([heard_as(path, analysis("kick", "tom"), model="instruments@newer")])
        tagger("write", path)
        assert instrument(path) is None

    def test_files_that_are_not_in_the_catalog_are_told(self, tagger: Run, library: Library) -> None:
        make(library.folder, "24.wav")
        told = tagger("write", library.folder / "24.wav", library.folder / "16.wav")
        assert told.code == 1
        assert native("samples/24.wav: is not in the catalog") in told.err
        assert instrument(library.folder / "16.wav") == "Kick; Tom"
        assert "error" in tagger("write", library.folder / "24.wav", "--json").objects()[0]

    def test_a_file_with_other_audio_than_the_catalog_knows_is_left_alone(self, tagger: Run, library: Library) -> None:
        path = library.folder / "lossless.flac"
        other = (library.folder / "16.wav").read_bytes()
        path.write_bytes(other[:-4] + b"\x01\x02\x03\x04")
        before = path.read_bytes()
        told = tagger("write", path)
        assert told.code == 1
        assert "holds other audio than when it was analysed (run `tagger tag` on it first)" in told.err
        assert path.read_bytes() == before

    def test_a_file_that_another_program_holds_costs_only_itself(
        self, tagger: Run, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def opened(path: Path) -> None:
            raise PermissionError(13, "The process cannot access the file", str(path))

        before = library.state()["16.wav"]
        monkeypatch.setattr(rewriting, "opened", opened)
        told = tagger("write", library.folder)
        assert told.code == 1
        assert native("samples/16.wav: no permission to tag it (open in another program") in told.err
        assert library.state()["16.wav"] == before
        assert instrument(library.folder / "lossless.flac") == "Electric guitar"
        assert [path.name for path in library.folder.iterdir() if path.name.startswith(".")] == []
        with Catalog(library.catalog) as catalog:
            assert catalog.journal.open_writes() == []

    def test_settings_choose_layers_and_times(
        self, tagger: Run, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TAGGER_WRITE__KEEP_MTIME", "false")
        monkeypatch.setenv("TAGGER_WRITE__LAYERS", "ixml")
        path = library.folder / "16.wav"
        tagger("write", path)
        assert path.stat().st_mtime_ns > LONG_AGO_NS
        assert {name.split()[0] for name in tagfile.read(path).values} == {"iXML"}
        tagger("undo")
        assert path.stat().st_mtime_ns == LONG_AGO_NS

    def test_settings_that_make_no_sense_stop_the_run_before_anything(
        self, tagger: Run, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = library.state()
        monkeypatch.setenv("TAGGER_WRITE__LAYERS", "info")
        for command in ("write", "tag"):
            told = tagger(command, library.folder, *(["--write"] if command == "tag" else []))
            assert told.code == 1
            assert "write.layers: one of id3, ixml, xmp" in told.err
        assert library.state() == before

    def test_only_one_run_writes_at_a_time(self, tagger: Run, library: Library) -> None:
        with writing_lock(library.catalog):
            for command in (["write", library.folder], ["undo"], ["tag", library.folder, "--write"]):
                told = tagger(*command)
                assert told.code == 1
                assert "is writing tags with this catalog" in told.err
            assert tagger("write", library.folder, "--dry-run").code == 0
        assert tagger("write", library.folder).code == 0


class TestUndo:
    def test_files_are_as_before_byte_for_byte_and_to_the_tick(self, tagger: Run, library: Library) -> None:
        before = library.state()
        tagger("write", library.folder)
        assert all(library.state()[name] != before[name] for name in before)
        told = tagger("undo")
        assert told.code == 0
        assert native("samples/16.wav  as before run 1") in told.out.splitlines()
        assert "files: 6 as before" in told.err
        assert library.state() == before
        for name in before:
            record = library.record(name)
            assert (record.size, record.mtime_ns) == (len(before[name][0]), LONG_AGO_NS)

    def test_a_file_that_may_not_be_written_is_refused_and_can_be_undone_later(
        self, tagger: Run, library: Library
    ) -> None:
        before = library.state()
        tagger("write", library.folder)
        (library.folder / "16.wav").chmod(0o444)
        told = tagger("undo")
        (library.folder / "16.wav").chmod(0o644)
        assert told.code == 1
        assert native("samples/16.wav: not undone, is read-only") in told.err
        assert "files: 5 as before, 1 not undone" in told.err
        again = tagger("undo")
        assert again.code == 0
        assert "files: 1 as before, 5 undone already" in again.err
        assert library.state() == before

    def test_undoing_twice_says_so(self, tagger: Run, library: Library) -> None:
        tagger("write", library.folder)
        tagger("undo")
        before = library.state()
        again = tagger("undo")
        assert (again.code, again.out) == (0, "")
        assert "6 undone already" in again.err
        assert library.state() == before
        assert tagger("undo", "--batch", 9).err.startswith(f"tagger: {library.catalog}: there is no run 9")

    def test_a_dry_run_shows_what_would_be_taken_back(self, tagger: Run, library: Library) -> None:
        tagger("write", library.folder)
        written = library.state()
        told = tagger("undo", library.folder / "lossless.flac", "--dry-run")
        assert told.code == 0
        assert any(
            line.split() == ["Vorbis", "INSTRUMENT", "Electric", "guitar", "->", "(none)"]
            for line in told.out.splitlines()
        )
        (held,) = tagger("undo", library.folder / "lossless.flac", "--dry-run", "--json").objects()
        assert (held["outcome"], held["undone"], held["batch"]) == ("restored", False, 1)
        assert library.state() == written

    def test_a_file_that_something_else_changed_is_refused_with_what_is_different(
        self, tagger: Run, library: Library
    ) -> None:
        before = library.state()
        tagger("write", library.folder)
        edit_flac(library.folder / "lossless.flac", "Banjo")
        edited = library.state()["lossless.flac"]
        told = tagger("undo")
        assert told.code == 1
        assert native("samples/lossless.flac: not undone, was changed by another program since") in told.err
        assert any(
            line.split() == ["Vorbis", "INSTRUMENT", "Electric", "guitar", "->", "Banjo"]
            for line in told.err.splitlines()
        )
        assert "files: 5 as before, 1 not undone" in told.err
        assert library.state() == {**before, "lossless.flac": edited}

    def test_what_a_tag_holds_commands_no_terminal(self, tagger: Run, library: Library) -> None:
        tagger("write", library.folder)
        edit_flac(library.folder / "lossless.flac", "Ban\x1b[2Jjo\nKick")
        told = [tagger("undo"), tagger("write", library.folder, "--dry-run"), tagger("write", library.folder)]
        assert not any("\x1b" in each.out + each.err for each in told)
        assert all(r"Ban\x1b[2Jjo\nKick" in each.out + each.err for each in told)

    def test_a_change_beside_our_fields_is_refused_too(self, tagger: Run, library: Library) -> None:
        path = library.folder / "16.wav"
        tagger("write", path)
        wave = WAVE(path)
        assert wave.tags is not None
        wave.tags.add(TXXX(encoding=3, desc="MOOD", text=["dark"]))
        wave.save()
        edited = path.read_bytes()
        told = tagger("undo")
        assert told.code == 1
        assert "in what this program did not write" in told.err
        assert path.read_bytes() == edited

    def test_runs_are_undone_one_by_one_or_since_a_time(self, tagger: Run, library: Library) -> None:
        path = library.folder / "16.wav"
        states = [library.state()]
        for label in ("snare", "clap"):
            tagger("correct", path, label)
            tagger("write", library.folder)
            states.append(library.state())
        refused = tagger("undo", "--batch", 1)
        assert refused.code == 1
        assert native("samples/16.wav: not undone, was written again by run 2; undo that first") in refused.err
        assert library.state()["16.wav"] == states[2]["16.wav"]
        assert tagger("undo").code == 0
        assert library.state()["16.wav"] == states[1]["16.wav"]
        assert tagger("undo", "--batch", 1).code == 0
        assert library.state() == states[0]

        tagger("write", library.folder)
        tagger("correct", path, "gong")
        tagger("write", library.folder)
        dry = tagger("undo", "--since", "1h", "--dry-run")
        assert dry.code == 0
        assert tagger("undo", "--since", "1h").code == 0
        assert library.state() == states[0]

    def test_paths_choose_the_last_write_of_each_file(self, tagger: Run, library: Library) -> None:
        before = library.state()
        tagger("write", library.folder)
        tagger("undo", library.folder / "16.wav", library.folder / "plain.mp3")
        after = library.state()
        assert {name for name in before if after[name] == before[name]} == {"16.wav", "plain.mp3"}
        assert tagger("undo", library.folder).code == 0
        assert library.state() == before

    def test_a_file_that_was_renamed_or_moved_is_found_again(self, tagger: Run, library: Library) -> None:
        before = library.state()
        tagger("write", library.folder)
        (library.folder / "16.wav").rename(library.folder / "renamed.wav")
        elsewhere = library.folder.parent / "elsewhere"
        elsewhere.mkdir()
        (library.folder / "plain.mp3").rename(elsewhere / "moved.mp3")
        assert tagger("tag", elsewhere, "--workers", 1).code == 0
        told = tagger("undo")
        assert told.code == 0
        assert native("elsewhere/moved.mp3  as before run 1") in told.out
        assert (elsewhere / "moved.mp3").read_bytes() == before["plain.mp3"][0]
        assert library.state()["renamed.wav"] == before["16.wav"]

    def test_a_file_that_moved_can_be_named_by_its_new_place(self, tagger: Run, library: Library) -> None:
        before = library.state()
        tagger("write", library.folder)
        tagger("correct", library.folder / "16.wav", "tom")
        tagger("write", library.folder)
        elsewhere = library.folder.parent / "elsewhere"
        library.folder.rename(elsewhere)
        (elsewhere / "plain.mp3").rename(elsewhere / "renamed.mp3")
        assert tagger("undo", elsewhere / "renamed.mp3", "--dry-run").out.startswith(native("elsewhere/renamed.mp3"))
        assert tagger("undo", elsewhere / "renamed.mp3").code == 0
        assert (elsewhere / "renamed.mp3").read_bytes() == before["plain.mp3"][0]
        for code in (0, 0):
            assert tagger("undo", elsewhere).code == code
        assert (elsewhere / "16.wav").read_bytes() == before["16.wav"][0]

    def test_all_runs_over_a_file_that_moved_are_undone(self, tagger: Run, library: Library) -> None:
        before = library.state()
        tagger("write", library.folder)
        tagger("correct", library.folder / "16.wav", "tom")
        tagger("write", library.folder)
        moved = library.folder / "moved.wav"
        (library.folder / "16.wav").rename(moved)
        for dry_run in (["--dry-run"], []):
            told = tagger("undo", moved, "--since", "1h", *dry_run)
            assert (told.code, told.out.count(native("samples/moved.wav"))) == (0, 2)
        assert moved.read_bytes() == before["16.wav"][0]

    def test_two_files_that_are_alike_and_moved_are_each_found(self, tagger: Run, library: Library) -> None:
        original = (library.folder / "16.wav").read_bytes()
        copy = library.folder / "copy.wav"
        copy.write_bytes(original)
        with Catalog(library.catalog) as catalog:
            catalog.record([heard_as(copy, analysis("kick", "tom"))])
        tagger("write", library.folder)
        moved = [path.rename(path.with_stem(f"{path.stem}-moved")) for path in (copy, library.folder / "16.wav")]
        for dry_run in (["--dry-run"], []):
            told = tagger("undo", *moved, *dry_run)
            assert told.code == 0
            assert all(native(f"samples/{path.name}") in told.out for path in moved)
        assert [path.read_bytes() for path in moved] == [original, original]

    def test_any_number_of_paths_may_be_named(self, tagger: Run, library: Library) -> None:
        tagger("write", library.folder)
        others = [library.folder / f"{at}.wav" for at in range(1500)]
        told = tagger("undo", *others, library.folder / "16.wav")
        assert told.code == 0
        assert "files: 1 as before" in told.err

    def test_a_copy_is_not_taken_for_the_file_that_is_gone(self, tagger: Run, library: Library) -> None:
        copy = library.folder / "copy.wav"
        copy.write_bytes((library.folder / "16.wav").read_bytes())
        with Catalog(library.catalog) as catalog:
            catalog.record([heard_as(copy, analysis("kick", "tom"))])
        tagger("write", library.folder)
        (library.folder / "16.wav").unlink()
        told = tagger("undo")
        assert told.code == 1
        assert native("samples/16.wav: not undone, is not there any more") in told.err
        assert instrument(copy) is None

    def test_the_list_tells_runs_and_how_long_they_are_kept(self, tagger: Run, library: Library) -> None:
        assert "0 runs in the journal" in tagger("undo", "--list").err
        tagger("write", library.folder)
        tagger("undo", library.folder / "16.wav")
        listed = tagger("undo", "--list")
        assert listed.code == 0
        assert "write samples" in listed.out
        assert "1 undone" in listed.out
        assert "kept for 90 days" in listed.err
        (run,) = tagger("undo", "--list", "--json").objects()
        assert (run["batch"], run["files"], run["undone"], run["command"]) == (1, 6, 1, "write samples")
        assert run["finished_at"] >= run["started_at"]

    def test_an_ordinary_run_after_an_undo_does_not_write(self, tagger: Run, library: Library) -> None:
        before = library.state()
        tagger("write", library.folder)
        tagger("undo")
        assert tagger("tag", library.folder, "--workers", 1).code == 0
        assert library.state() == before

    def test_a_time_that_is_none_is_a_usage_error(self, tagger: Run, library: Library) -> None:
        assert tagger("undo", "--since", "soon").code == 2
        assert tagger("undo", "--since", "1h", "--batch", 1).code == 2
        assert library.catalog.exists()


class TestEdits:
    def test_an_edit_is_taken_in_kept_and_spread(self, tagger: Run, library: Library) -> None:
        path = library.folder / "lossless.flac"
        tagger("write", path)
        edit_flac(path, "Banjo")
        told = tagger("tag", library.folder, "--workers", 1)
        assert "edited by hand: Banjo confirmed, Electric guitar rejected" in told.out
        assert library.tags("lossless.flac")[0] == "banjo"
        assert library.said_by_people("lossless.flac") == {"banjo": "confirmed", "electric_guitar": "rejected"}
        assert "edited by hand" not in tagger("tag", library.folder, "--force", "--workers", 1).out
        tagger("correct", path, "banjo")
        tagger("write", path)
        assert instrument(path) == "Banjo"
        assert tagfile.read(path).edit is None

    def test_an_edit_in_one_place_of_a_wav_is_spread_to_all(self, tagger: Run, library: Library) -> None:
        path = library.folder / "16.wav"
        tagger("write", path)
        wave = WAVE(path)
        assert wave.tags is not None
        wave.tags.add(TXXX(encoding=3, desc="INSTRUMENT", text=["Snare"]))
        wave.save()
        told = tagger("write", path)
        assert "edited by hand: Snare confirmed, Kick rejected, Tom rejected" in told.out
        values = tagfile.read(path).values
        assert {values[name] for name in ("ID3 TXXX:INSTRUMENT", "iXML USER/INSTRUMENT", "XMP xmpDM:instrument")} == {
            "Snare"
        }
        assert values["INFO IGNR"] == "Snare"
        assert tagfile.read(path).edit is None

    def test_an_edit_is_taken_in_before_a_write(self, tagger: Run, library: Library) -> None:
        path = library.folder / "lossless.flac"
        tagger("write", path)
        edit_flac(path, "Banjo; My best riff")
        (held,) = tagger("write", path, "--json").objects()
        assert held["edit"] == {"confirmed": ["banjo"], "rejected": ["electric_guitar"], "unknown": ["My best riff"]}
        assert FLAC(path)["INSTRUMENT"] == ["Banjo; My best riff"]
        assert library.tags("lossless.flac") == ["banjo"]

    def test_a_verdict_given_later_is_not_overruled_by_an_old_edit(self, tagger: Run, library: Library) -> None:
        path = library.folder / "lossless.flac"
        tagger("write", path)
        edit_flac(path, "My best riff")
        tagger("write", path)
        assert library.said_by_people("lossless.flac") == {"electric_guitar": "rejected"}
        tagger("confirm", path, "electric_guitar")
        told = tagger("write", path)
        assert "edited by hand" not in told.out
        assert library.tags("lossless.flac") == ["electric_guitar"]
        assert FLAC(path)["INSTRUMENT"] == ["My best riff"]

    def test_a_label_within_somebodys_words_is_not_gone(self, tagger: Run, library: Library) -> None:
        path = library.folder / "lossless.flac"
        tagger("write", path)
        edit_flac(path, "Electric guitar, bridge pickup")
        tagger("write", path)
        assert library.tags("lossless.flac") == ["electric_guitar"]
        assert FLAC(path)["INSTRUMENT"] == ["Electric guitar, bridge pickup"]

    def test_copies_of_a_recording_hear_of_an_edit_at_once(self, tagger: Run, library: Library) -> None:
        copy = library.folder / "z copy.flac"
        copy.write_bytes((library.folder / "lossless.flac").read_bytes())
        with Catalog(library.catalog) as catalog:
            catalog.record([heard_as(copy, RESULTS["lossless.flac"])])
        tagger("write", library.folder)
        edit_flac(library.folder / "lossless.flac", "Banjo")
        tagger("write", library.folder)
        assert instrument(copy) == "Banjo"

    def test_labels_of_somebodys_own_model_can_be_edited_too(self, tagger: Run, library: Library) -> None:
        path = library.folder / "lossless.flac"
        own = Instrument("hurdy_gurdy", "hurdy_gurdy", 0.9)
        with Catalog(library.catalog) as catalog:
            catalog.record([heard_as(path, replace(analysis(), instruments=(own,), tags=(own,)), model="mine@1")])
        tagger("write", path)
        assert instrument(path) == "Electric guitar; Hurdy gurdy"
        edit_flac(path, "Electric guitar")
        assert tagger("write", path).code == 0
        assert library.said_by_people("lossless.flac") == {"electric_guitar": "confirmed", "hurdy_gurdy": "rejected"}
        assert instrument(path) == "Electric guitar"

    def test_a_tag_that_was_taken_away_stays_away(self, tagger: Run, library: Library) -> None:
        path = library.folder / "lossless.flac"
        tagger("write", path)
        edit_flac(path, None)
        tagger("write", path)
        assert "INSTRUMENT" not in FLAC(path)
        assert library.said_by_people("lossless.flac") == {"electric_guitar": "rejected"}
        assert library.tags("lossless.flac") == []

    def test_equally_sure_labels_keep_the_order_that_a_person_gave(self, tagger: Run, library: Library) -> None:
        path = library.folder / "lossless.flac"
        tagger("write", path)
        edit_flac(path, "Snare; Kick; Clap")
        tagger("write", path)
        tagger("write", path)
        assert instrument(path) == "Snare; Kick; Clap"

    def test_what_people_said_outlives_an_undo(self, tagger: Run, library: Library) -> None:
        path = library.folder / "lossless.flac"
        tagger("write", path)
        edit_flac(path, "Banjo")
        tagger("write", path)
        tagger("undo")
        assert library.tags("lossless.flac") == ["banjo"]


class TestVerdicts:
    def test_confirm_reject_correct(self, tagger: Run, library: Library) -> None:
        path = library.folder / "16.wav"
        told = tagger("confirm", path, "Hand drum")
        assert (told.code, told.out) == (0, native("samples/16.wav  Hand drum 1.00, Kick 0.90, Tom 0.80\n"))
        assert tagger("reject", path, "tom").out == native("samples/16.wav  Hand drum 1.00, Kick 0.90\n")
        (held,) = tagger("correct", path, "gong", "--json").objects()
        assert [tag["label"] for tag in held["tags"]] == ["gong"]
        assert library.said_by_people("16.wav") == {
            "gong": "confirmed",
            "hand_drum": "rejected",
            "kick": "rejected",
            "tom": "rejected",
        }
        assert "no instrument" in tagger("reject", path, "gong").out

    def test_slips_are_told(self, tagger: Run, library: Library) -> None:
        slip = tagger("confirm", library.folder / "16.wav", "kik")
        assert slip.code == 2
        assert "did you mean kick" in slip.err
        stranger = tagger("confirm", library.folder / "stranger.wav", "kick")
        assert stranger.code == 1
        assert "is not in the catalog" in stranger.err


class TestVerify:
    def test_tags_do_not_matter_and_samples_do(self, tagger: Run, library: Library) -> None:
        tagger("write", library.folder)
        told = tagger("verify")
        assert (told.code, told.out) == (0, "")
        assert "6 files verified in" in told.err
        assert "6 the same" in told.err

        path = library.folder / "16.wav"
        data = bytearray(path.read_bytes())
        data[60] ^= 1
        path.write_bytes(data)
        (library.folder / "plain.mp3").unlink()
        cut = library.folder / "rich.wav"
        cut.write_bytes(cut.read_bytes()[:1000])
        told = tagger("verify", library.folder)
        assert told.code == 1
        assert told.out.splitlines() == [
            native("samples/16.wav: holds other audio than when it was analysed"),
            native("samples/plain.mp3: is not there any more"),
            next(line for line in told.out.splitlines() if "rich.wav" in line),
        ]
        assert "3 the same, 1 with other audio, 1 unreadable, 1 gone" in told.err
        findings = {Path(each["path"]).name: each["finding"] for each in tagger("verify", "--json").objects()}
        assert findings == {
            "16.aiff": "same",
            "16.wav": "different",
            "lossless.flac": "same",
            "plain.mp3": "gone",
            "rich.wav": "unreadable",
            "vorbis.ogg": "same",
        }

    def test_strangers_are_told(self, tagger: Run, library: Library) -> None:
        told = tagger("verify", library.folder / "stranger.wav")
        assert told.code == 1
        assert "is not in the catalog" in told.err


class TestConfig:
    def test_init_writes_a_file_that_is_then_in_force(
        self, tagger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = tagger("config")
        assert shown.code == 0
        assert "which is not there; `tagger config --init` writes one" in shown.out
        assert "keep_mtime = true" in shown.out
        assert tagger("config", "--init").code == 0
        path = tmp_path / "no settings" / "config.toml"
        text = path.read_text(encoding="utf-8")
        again = tagger("config", "--init")
        assert again.code == 1
        assert "is there already, and stays as it is" in again.err
        path.write_text(text.replace("# keep_mtime = true", "keep_mtime = false"), encoding="utf-8")
        assert "\nkeep_mtime = false" in tagger("config").out
        (held,) = tagger("config", "--json").objects()
        assert (held["file"], held["settings"]["write"]["keep_mtime"]) == (str(path), False)
        monkeypatch.setenv("TAGGER_WRITE__ABLETON", "perhaps")
        assert "TAGGER_WRITE__ABLETON" in tagger("config").err


def test_audio_is_the_same_after_all_of_it(tagger: Run, library: Library) -> None:
    names = ("16.wav", "lossless.flac", "vorbis.ogg", "plain.mp3", "16.aiff")
    before = {name: decoded(library.folder / name).tobytes() for name in names}
    for label in ("snare", "kick"):
        for name in names:
            tagger("correct", library.folder / name, label)
        tagger("write", library.folder)
    assert {name: decoded(library.folder / name).tobytes() for name in names} == before
    assert contents(library.folder).keys() == {*names, "rich.wav"}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_written_and_undone_in_any_order_can_all_be_taken_back(library: Library, seed: int) -> None:
    chance = random.Random(seed)
    paths = [library.folder / name for name in ("16.wav", "lossless.flac", "16.aiff")]
    before, audio = library.state(), {path: payload_hash(path) for path in paths}
    with Catalog(library.catalog) as catalog:
        for _ in range(8):
            if chance.random() < 0.6:
                for path in chance.sample(paths, 2):
                    catalog.judge(
                        path, chance.choice(LEAVES), chance.choice([LabelState.CONFIRMED, LabelState.REJECTED])
                    )
                with Writer(catalog, Settings(), command="write") as writer:
                    results = [writer.write(record) for record in catalog.records_in(library.folder).values()]
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
    assert library.state() == before
