"""Ableton Live's tags of a folder, written and undone with the tags in the files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import soundfile

from tagger import ableton
from tagger.catalog import Catalog
from tagger.errors import TagFileError
from tagger.sidecar import Sidecar
from tagger.writing import sidecars
from tests.command_line import Run, analysis, heard_as, native
from tests.tagged_audio import make, tone


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_catalog: Path) -> Path:
    """Two files that the catalog knows; Live is to be told."""
    monkeypatch.setenv("TAGGER_WRITE__ABLETON", "true")
    folder = tmp_path / "samples"
    folder.mkdir()
    shutil.copy(empty_catalog, tmp_path)
    with Catalog(tmp_path / "catalog.db") as catalog:
        catalog.record([heard_as(make(folder, "16.wav"), analysis("kick"))])
        catalog.record([heard_as(make(folder, "lossless.flac"), analysis("snare"))])
    return folder


def told_to_live(folder: Path) -> dict[str, tuple[str, ...]]:
    return dict(Sidecar(ableton.sidecar_path(folder).read_bytes()).keywords)


def test_live_is_told_of_a_folder_at_once(tagger: Run, folder: Path) -> None:
    shown = tagger("write", folder, "--dry-run")
    assert "Drums|Kick" in shown.out
    assert not ableton.sidecar_path(folder).exists()
    told = tagger("write", folder)
    assert told.code == 0
    assert "tags of 2 files in Ableton Live" in told.out
    assert told_to_live(folder) == {
        "16.wav": ("Drums|Kick", "Type|One Shot"),
        "lossless.flac": ("Drums|Snare|Snare Hit", "Type|One Shot"),
    }
    again = tagger("write", folder)
    assert (again.code, again.out) == (0, "")


def test_undo_takes_it_away_again(tagger: Run, folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    tagger("write", folder)
    told = tagger("undo")
    assert told.code == 0
    assert "files: 3 as before" in told.err
    assert sorted(folder.rglob("*")) == before
    tagger("write", folder)
    assert set(told_to_live(folder)) == {"16.wav", "lossless.flac"}


def test_our_old_tags_are_replaced_and_live_s_own_stay(tagger: Run, folder: Path) -> None:
    path = ableton.sidecar_path(folder)
    tagger("write", folder)
    theirs = path.read_bytes().replace(b"<rdf:li>Type|One Shot</rdf:li>", b"<rdf:li>Mood|Dark</rdf:li>", 1)
    path.write_bytes(theirs)
    os.utime(path, ns=(10**18, 10**18))
    tagger("correct", folder / "16.wav", "clap")
    tagger("write", folder / "16.wav")
    assert set(told_to_live(folder)["16.wav"]) == {"Drums|Clap", "Mood|Dark"}
    assert tagger("undo").code == 0
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (theirs, 10**18)
    told = tagger("undo", "--batch", 1)
    assert told.code == 1
    assert "not undone, was changed by another program since" in told.err
    assert path.read_bytes() == theirs


def test_what_live_wrote_after_a_crash_is_left_to_it(tagger: Run, folder: Path, tmp_path: Path) -> None:
    tagger("write", folder)
    path = ableton.sidecar_path(folder)
    with Catalog(tmp_path / "catalog.db") as catalog:
        sidecar = sidecars.sidecar_of(catalog, folder, {"16.wav": ("Drums|Clap",)})
        catalog.journal.begin(catalog.journal.begin_batch("write"), sidecar.intent())
    lives = path.read_bytes().replace(b"Drums|Kick", b"Drums|Tom")
    path.write_bytes(lives)
    told = tagger("undo", folder / "16.wav")
    assert "it is left as it is: was changed by another program since" in told.err
    assert path.read_bytes() == lives


def test_what_live_wrote_meanwhile_is_left_to_it(folder: Path) -> None:
    path = ableton.sidecar_path(folder)
    path.parent.mkdir()
    path.write_bytes(b"Live's")
    for expected in (None, b"older"):
        with pytest.raises(TagFileError, match="changed by another program meanwhile"):
            sidecars.put(path, b"ours", instead_of=expected)
    assert [(each.name, each.read_bytes()) for each in path.parent.iterdir()] == [(path.name, b"Live's")]


def test_a_sidecar_that_cannot_be_understood_is_left_and_told(tagger: Run, folder: Path) -> None:
    path = ableton.sidecar_path(folder)
    path.parent.mkdir()
    path.write_bytes(b"<x:xmpmeta>")
    told = tagger("write", folder)
    assert told.code == 1
    assert "left as it is" in told.err
    assert native("samples/16.wav  INSTRUMENT: (none) -> Kick") in told.out
    assert path.read_bytes() == b"<x:xmpmeta>"


def test_spellings_of_your_own(tagger: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = tmp_path / "tagger.toml"
    settings.write_text('[vocabulary.ableton]\nkick = "Drums|Boom"\n')
    monkeypatch.setenv("TAGGER_CONFIG", str(settings))
    tagger("write", folder / "16.wav")
    assert told_to_live(folder)["16.wav"] == ("Drums|Boom", "Type|One Shot")


def test_files_without_a_place_for_tags_are_told_to_live_too(tagger: Run, folder: Path, tmp_path: Path) -> None:
    path = folder / "drone.caf"
    soundfile.write(path, tone(), 48000)
    with Catalog(tmp_path / "catalog.db") as catalog:
        catalog.record([heard_as(path, analysis("gong"))])
    told = tagger("write", folder)
    assert told.code == 0
    assert "CAF files cannot hold tags" in told.err
    assert "drone.caf" in told_to_live(folder)


def test_nothing_is_told_unless_asked_for(tagger: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TAGGER_WRITE__ABLETON")
    tagger("write", folder)
    assert not ableton.sidecar_path(folder).exists()
