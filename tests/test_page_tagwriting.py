"""Tags in files, written and taken back from the page: real files, a real catalog, and others who write as well."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from mutagen.flac import FLAC

from daemon.web.work import tagwriting
from daemon.web.work.errand import Errand
from daemon.web.work.tagwriting import Changes, Field
from tagger import tagfile
from tagger.catalog import Catalog, Query
from tagger.errors import CatalogError
from tagger.settings import Settings
from tagger.writing import BusyError, Selection, Writer
from tests.command_line import Run, analysis, heard_as
from tests.tagged_audio import make, rich_wav

HEARD = {
    "16.wav": analysis("kick", "tom"),
    "lossless.flac": analysis("electric_guitar"),
    "plain.mp3": analysis("piano"),
    "rich.wav": analysis("clap"),
}


@dataclass(frozen=True)
class Library:
    folder: Path
    catalog: Catalog

    def ids(self, *names: str) -> list[int]:
        ids = {hit.path.name: hit.id for hit in self.catalog.find(Query())}
        return [ids[name] for name in names or HEARD]

    def state(self) -> dict[str, tuple[bytes, int]]:
        """Bytes and times of all files."""
        return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in self.folder.iterdir()}

    def write(self, *names: str, dry_run: bool = False) -> Changes:
        return tagwriting.write(self.catalog, self.ids(*names), Errand(), dry_run=dry_run)

    def undo(self, selection: Selection, *, dry_run: bool = False) -> Changes:
        return tagwriting.undo(self.catalog, selection, Errand(), dry_run=dry_run)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    (folder / "rich.wav").write_bytes(rich_wav())
    for name in HEARD.keys() - {"rich.wav"}:
        make(folder, name)
    return folder


@pytest.fixture
def library(made: Path, tmp_path: Path, empty_catalog: Path) -> Iterator[Library]:
    folder = Path(shutil.copytree(made, tmp_path / "samples"))
    shutil.copy(empty_catalog, tmp_path)
    with Catalog(tmp_path / "catalog.db") as catalog:
        catalog.roots.add(folder)
        catalog.record([heard_as(folder / name, result) for name, result in HEARD.items()])
        yield Library(folder, catalog)


def test_a_preview_shows_each_field_by_layer_and_changes_nothing(library: Library) -> None:
    before = library.state()
    shown = library.write(dry_run=True)
    assert library.state() == before
    assert shown.words == "tags in files: 4 would be written"
    assert shown.batch_id is None
    assert [each.path.name for each in shown.files] == ["16.wav", "lossless.flac", "plain.mp3", "rich.wav"]
    wav, flac = shown.files[:2]
    assert (flac.words, flac.is_changed) == ("INSTRUMENT: (none) -> Electric guitar", True)
    assert Field("Vorbis", "INSTRUMENT", None, "Electric guitar") in flac.fields
    assert {field.layer for field in wav.fields} == {"ID3", "INFO", "iXML", "XMP"}
    assert library.catalog.journal.batches() == []


def test_what_was_shown_is_written_and_taken_back(library: Library, tagger: Run) -> None:
    before = library.state()
    shown = library.write(dry_run=True)
    done = library.write()
    assert done.words == "tags in files: 4 written"
    assert [each.fields for each in done.files] == [each.fields for each in shown.files]
    assert tagfile.read(library.folder / "16.wav").instrument == "Kick; Tom"
    assert library.write().words == "tags in files: 4 right already"
    listed = tagger("undo", "--list").out
    assert "write (page): 16.wav, lossless.flac, plain.mp3, rich.wav" in " ".join(listed.split())

    assert done.batch_id is not None
    would = library.undo(Selection(batch_id=done.batch_id), dry_run=True)
    assert would.words == "files: 4 would be as before"
    assert Field("Vorbis", "INSTRUMENT", "Electric guitar", None) in would.files[2].fields
    assert library.state() != before
    undone = library.undo(Selection(batch_id=done.batch_id))
    assert undone.words == "files: 4 as before"
    assert library.state() == before


def test_one_file_of_a_run_can_be_taken_back(library: Library) -> None:
    before = library.state()
    library.write()
    undone = library.undo(Selection(paths=(library.folder / "16.wav",)))
    assert (undone.words, [each.path.name for each in undone.files]) == ("files: 1 as before", ["16.wav"])
    assert library.state()["16.wav"] == before["16.wav"]
    assert library.state()["rich.wav"] != before["rich.wav"]


def test_the_command_line_undoes_what_the_page_wrote(library: Library, tagger: Run) -> None:
    before = library.state()
    library.write()
    assert tagger("undo").code == 0
    assert library.state() == before


def test_a_file_that_was_changed_since_is_refused_and_the_others_are_taken_back(library: Library) -> None:
    before = library.state()
    done = library.write()
    file = FLAC(library.folder / "lossless.flac")
    file["INSTRUMENT"] = "Lute"
    file.save()
    undone = library.undo(Selection(batch_id=done.batch_id))
    assert undone.words == "files: 3 as before, 1 not undone"
    (refused,) = [each for each in undone.files if each.problem]
    assert refused.problem == "not undone: was changed by another program since"
    assert refused.fields == (Field("Vorbis", "INSTRUMENT", "Electric guitar", "Lute"),)
    assert library.state()["16.wav"] == before["16.wav"]


def test_files_that_may_not_be_touched_are_named_and_cost_the_others_nothing(library: Library) -> None:
    outside = library.folder.parent / "elsewhere.flac"
    shutil.copy(library.folder / "lossless.flac", outside)
    library.catalog.record([heard_as(outside, analysis("cello"))])
    damaged = library.folder / "16.wav"
    damaged.write_bytes(damaged.read_bytes()[:200])
    library.catalog.mark(library.folder, ["plain.mp3"], missing=True)
    before = outside.read_bytes()
    ids = [*library.ids("16.wav", "lossless.flac", "rich.wav", "elsewhere.flac"), 3, 999]
    done = tagwriting.write(library.catalog, ids, Errand(), dry_run=False)
    problems = {each.path.name: each.problem for each in done.files if each.problem}
    assert problems.keys() == {"elsewhere.flac", "16.wav", "plain.mp3"}
    assert "in no watched folder" in (problems["elsewhere.flac"] or "")
    assert "not there" in (problems["plain.mp3"] or "")
    assert done.words == "tags in files: 2 written, 3 problems"
    assert outside.read_bytes() == before


def test_it_ends_where_it_was_cancelled_and_keeps_what_is_written(library: Library) -> None:
    errand = Errand()

    class Impatient(Catalog):
        """Somebody presses the button while the first file is written."""

        def records_at(self, location_ids):  # type: ignore[no-untyped-def]  # as in the base
            records = super().records_at(location_ids)
            errand.cancel()
            return records

    with Impatient(library.catalog.path) as catalog:
        done = tagwriting.write(catalog, library.ids(), errand, dry_run=False)
    assert done.is_cancelled
    assert [each.path.name for each in done.files] == ["16.wav"]
    assert (errand.done, errand.total) == (1, 4)
    assert tagfile.read(library.folder / "16.wav").instrument == "Kick; Tom"


def test_while_somebody_else_writes_it_waits_and_then_says_so(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagwriting, "PATIENCE_S", 0.5)
    with Writer(library.catalog, Settings(), command="daemon"):
        answers: list[BaseException] = []

        def ask() -> None:
            try:
                library.write()
            except CatalogError as error:
                answers.append(error)

        # As in the daemon: the engine writes on one thread, and the page asks on another.
        asking = threading.Thread(target=ask)
        asking.start()
        asking.join(60)
        assert not asking.is_alive()
        assert isinstance(answers[0], BusyError)
        assert "is writing tags just now (try again" in str(answers[0])
        with pytest.raises(BusyError):
            library.undo(Selection())
        assert library.write(dry_run=True).words == "tags in files: 4 would be written"
    assert library.write().words == "tags in files: 4 written"


def test_it_goes_on_when_the_other_has_finished(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagwriting, "PATIENCE_S", 60.0)
    is_held, finish = threading.Event(), threading.Event()

    def hold() -> None:
        with Writer(library.catalog, Settings(), command="daemon"):
            is_held.set()
            finish.wait(60)

    holding = threading.Thread(target=hold)
    holding.start()
    assert is_held.wait(60)
    threading.Timer(0.3, finish.set).start()
    assert library.write("16.wav").words == "tags in files: 1 written"
    holding.join()


def test_nobody_waits_any_longer_who_cancels(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagwriting, "PATIENCE_S", 600.0)
    errand = Errand()
    threading.Timer(0.3, errand.cancel).start()
    with Writer(library.catalog, Settings(), command="daemon"), pytest.raises(BusyError):
        tagwriting.write(library.catalog, library.ids(), errand, dry_run=False)


def test_an_errand_tells_how_long_it_will_take() -> None:
    errand = Errand()
    assert errand.eta_s is None
    for at in errand.through(range(4)):
        assert (errand.done, errand.total) == (at, 4)
        assert (errand.eta_s is None) == (at == 0)
    assert (errand.done, errand.total) == (4, 4)
