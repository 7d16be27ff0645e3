"""Taking tags back, as people meet it: byte for byte, and never over what somebody else did since."""

from __future__ import annotations

from mutagen.id3 import TXXX
from mutagen.wave import WAVE

from tagger.catalog import Catalog
from tests.command_line import Run, analysis, heard_as, native
from tests.samples import LONG_AGO_NS, Samples, edit_flac, instrument


def test_files_are_as_before_byte_for_byte_and_to_the_tick(tagger: Run, samples: Samples) -> None:
    before = samples.state()
    tagger("write", samples.folder)
    assert all(samples.state()[name] != before[name] for name in before)
    told = tagger("undo")
    assert told.code == 0
    assert native("samples/16.wav  as before run 1") in told.out.splitlines()
    assert "files: 6 as before" in told.err
    assert samples.state() == before
    for name in before:
        record = samples.record(name)
        assert (record.size, record.mtime_ns) == (len(before[name][0]), LONG_AGO_NS)


def test_a_file_that_may_not_be_written_is_refused_and_can_be_undone_later(tagger: Run, samples: Samples) -> None:
    before = samples.state()
    tagger("write", samples.folder)
    (samples.folder / "16.wav").chmod(0o444)
    told = tagger("undo")
    (samples.folder / "16.wav").chmod(0o644)
    assert told.code == 1
    assert native("samples/16.wav: not undone, is read-only") in told.err
    assert "files: 5 as before, 1 not undone" in told.err
    again = tagger("undo")
    assert again.code == 0
    assert "files: 1 as before, 5 undone already" in again.err
    assert samples.state() == before


def test_undoing_twice_says_so(tagger: Run, samples: Samples) -> None:
    tagger("write", samples.folder)
    tagger("undo")
    before = samples.state()
    again = tagger("undo")
    assert (again.code, again.out) == (0, "")
    assert "6 undone already" in again.err
    assert samples.state() == before
    assert tagger("undo", "--batch", 9).err.startswith(f"tagger: {samples.catalog}: there is no run 9")


def test_a_dry_run_shows_what_would_be_taken_back(tagger: Run, samples: Samples) -> None:
    tagger("write", samples.folder)
    written = samples.state()
    told = tagger("undo", samples.folder / "lossless.flac", "--dry-run")
    assert told.code == 0
    assert any(
        line.split() == ["Vorbis", "INSTRUMENT", "Electric", "guitar", "->", "(none)"] for line in told.out.splitlines()
    )
    (held,) = tagger("undo", samples.folder / "lossless.flac", "--dry-run", "--json").objects()
    assert (held["outcome"], held["undone"], held["batch"]) == ("restored", False, 1)
    assert samples.state() == written


def test_a_file_that_something_else_changed_is_refused_with_what_is_different(tagger: Run, samples: Samples) -> None:
    before = samples.state()
    tagger("write", samples.folder)
    edit_flac(samples.folder / "lossless.flac", "Banjo")
    edited = samples.state()["lossless.flac"]
    told = tagger("undo")
    assert told.code == 1
    assert native("samples/lossless.flac: not undone, was changed by another program since") in told.err
    assert any(
        line.split() == ["Vorbis", "INSTRUMENT", "Electric", "guitar", "->", "Banjo"] for line in told.err.splitlines()
    )
    assert "files: 5 as before, 1 not undone" in told.err
    assert samples.state() == {**before, "lossless.flac": edited}


def test_what_a_tag_holds_commands_no_terminal(tagger: Run, samples: Samples) -> None:
    tagger("write", samples.folder)
    edit_flac(samples.folder / "lossless.flac", "Ban\x1b[2Jjo\nKick")
    told = [tagger("undo"), tagger("write", samples.folder, "--dry-run"), tagger("write", samples.folder)]
    assert not any("\x1b" in each.out + each.err for each in told)
    assert all(r"Ban\x1b[2Jjo\nKick" in each.out + each.err for each in told)


def test_a_change_beside_our_fields_is_refused_too(tagger: Run, samples: Samples) -> None:
    path = samples.folder / "16.wav"
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


def test_runs_are_undone_one_by_one_or_since_a_time(tagger: Run, samples: Samples) -> None:
    path = samples.folder / "16.wav"
    states = [samples.state()]
    for label in ("snare", "clap"):
        tagger("correct", path, label)
        tagger("write", samples.folder)
        states.append(samples.state())
    refused = tagger("undo", "--batch", 1)
    assert refused.code == 1
    assert native("samples/16.wav: not undone, was written again by run 2; undo that first") in refused.err
    assert samples.state()["16.wav"] == states[2]["16.wav"]
    assert tagger("undo").code == 0
    assert samples.state()["16.wav"] == states[1]["16.wav"]
    assert tagger("undo", "--batch", 1).code == 0
    assert samples.state() == states[0]

    tagger("write", samples.folder)
    tagger("correct", path, "gong")
    tagger("write", samples.folder)
    dry = tagger("undo", "--since", "1h", "--dry-run")
    assert dry.code == 0
    assert tagger("undo", "--since", "1h").code == 0
    assert samples.state() == states[0]


def test_paths_choose_the_last_write_of_each_file(tagger: Run, samples: Samples) -> None:
    before = samples.state()
    tagger("write", samples.folder)
    tagger("undo", samples.folder / "16.wav", samples.folder / "plain.mp3")
    after = samples.state()
    assert {name for name in before if after[name] == before[name]} == {"16.wav", "plain.mp3"}
    assert tagger("undo", samples.folder).code == 0
    assert samples.state() == before


def test_a_file_that_was_renamed_or_moved_is_found_again(tagger: Run, samples: Samples) -> None:
    before = samples.state()
    tagger("write", samples.folder)
    (samples.folder / "16.wav").rename(samples.folder / "renamed.wav")
    elsewhere = samples.folder.parent / "elsewhere"
    elsewhere.mkdir()
    (samples.folder / "plain.mp3").rename(elsewhere / "moved.mp3")
    assert tagger("tag", elsewhere, "--workers", 1).code == 0
    told = tagger("undo")
    assert told.code == 0
    assert native("elsewhere/moved.mp3  as before run 1") in told.out
    assert (elsewhere / "moved.mp3").read_bytes() == before["plain.mp3"][0]
    assert samples.state()["renamed.wav"] == before["16.wav"]


def test_a_file_that_moved_can_be_named_by_its_new_place(tagger: Run, samples: Samples) -> None:
    before = samples.state()
    tagger("write", samples.folder)
    tagger("correct", samples.folder / "16.wav", "tom")
    tagger("write", samples.folder)
    elsewhere = samples.folder.parent / "elsewhere"
    samples.folder.rename(elsewhere)
    (elsewhere / "plain.mp3").rename(elsewhere / "renamed.mp3")
    assert tagger("undo", elsewhere / "renamed.mp3", "--dry-run").out.startswith(native("elsewhere/renamed.mp3"))
    assert tagger("undo", elsewhere / "renamed.mp3").code == 0
    assert (elsewhere / "renamed.mp3").read_bytes() == before["plain.mp3"][0]
    for code in (0, 0):
        assert tagger("undo", elsewhere).code == code
    assert (elsewhere / "16.wav").read_bytes() == before["16.wav"][0]


def test_all_runs_over_a_file_that_moved_are_undone(tagger: Run, samples: Samples) -> None:
    before = samples.state()
    tagger("write", samples.folder)
    tagger("correct", samples.folder / "16.wav", "tom")
    tagger("write", samples.folder)
    moved = samples.folder / "moved.wav"
    (samples.folder / "16.wav").rename(moved)
    for dry_run in (["--dry-run"], []):
        told = tagger("undo", moved, "--since", "1h", *dry_run)
        assert (told.code, told.out.count(native("samples/moved.wav"))) == (0, 2)
    assert moved.read_bytes() == before["16.wav"][0]


def test_two_files_that_are_alike_and_moved_are_each_found(tagger: Run, samples: Samples) -> None:
    original = (samples.folder / "16.wav").read_bytes()
    copy = samples.folder / "copy.wav"
    copy.write_bytes(original)
    with Catalog(samples.catalog) as catalog:
        catalog.record([heard_as(copy, analysis("kick", "tom"))])
    tagger("write", samples.folder)
    moved = [path.rename(path.with_stem(f"{path.stem}-moved")) for path in (copy, samples.folder / "16.wav")]
    for dry_run in (["--dry-run"], []):
        told = tagger("undo", *moved, *dry_run)
        assert told.code == 0
        assert all(native(f"samples/{path.name}") in told.out for path in moved)
    assert [path.read_bytes() for path in moved] == [original, original]


def test_any_number_of_paths_may_be_named(tagger: Run, samples: Samples) -> None:
    tagger("write", samples.folder)
    others = [samples.folder / f"{at}.wav" for at in range(1500)]
    told = tagger("undo", *others, samples.folder / "16.wav")
    assert told.code == 0
    assert "files: 1 as before" in told.err


def test_a_copy_is_not_taken_for_the_file_that_is_gone(tagger: Run, samples: Samples) -> None:
    copy = samples.folder / "copy.wav"
    copy.write_bytes((samples.folder / "16.wav").read_bytes())
    with Catalog(samples.catalog) as catalog:
        catalog.record([heard_as(copy, analysis("kick", "tom"))])
    tagger("write", samples.folder)
    (samples.folder / "16.wav").unlink()
    told = tagger("undo")
    assert told.code == 1
    assert native("samples/16.wav: not undone, is not there any more") in told.err
    assert instrument(copy) is None


def test_the_list_tells_runs_and_how_long_they_are_kept(tagger: Run, samples: Samples) -> None:
    assert "0 runs in the journal" in tagger("undo", "--list").err
    tagger("write", samples.folder)
    tagger("undo", samples.folder / "16.wav")
    listed = tagger("undo", "--list")
    assert listed.code == 0
    assert "write samples" in listed.out
    assert "1 undone" in listed.out
    assert "kept for 90 days" in listed.err
    (run,) = tagger("undo", "--list", "--json").objects()
    assert (run["batch"], run["files"], run["undone"], run["command"]) == (1, 6, 1, "write samples")
    assert run["finished_at"] >= run["started_at"]


def test_an_ordinary_run_after_an_undo_does_not_write(tagger: Run, samples: Samples) -> None:
    before = samples.state()
    tagger("write", samples.folder)
    tagger("undo")
    assert tagger("tag", samples.folder, "--workers", 1).code == 0
    assert samples.state() == before


def test_a_time_that_is_none_is_a_usage_error(tagger: Run, samples: Samples) -> None:
    assert tagger("undo", "--since", "soon").code == 2
    assert tagger("undo", "--since", "1h", "--batch", 1).code == 2
    assert samples.catalog.exists()
