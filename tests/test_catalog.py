"""What a user relies on in the catalog: nothing is lost, nothing is done twice, people's word stands."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagger.catalog import (
    Catalog,
    Entry,
    FileRecord,
    LabelState,
    Problem,
    Query,
    default_catalog_path,
    name_key,
)
from tagger.catalog import paths as catalog_paths
from tagger.errors import CatalogError
from tagger.results import Analysis, AudioFacts, Instrument, Kind
from tagger.taxonomy import FAMILY_OF, LEAVES
from tests.catalog_entries import entry
from tests.made_up import analysis


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "catalog.db") as opened:
        yield opened


def record_of(catalog: Catalog, path: Path | str) -> FileRecord:
    record = catalog.show(Path(path))
    assert isinstance(record, FileRecord)
    return record


def tag_names(catalog: Catalog, path: Path | str) -> list[str]:
    return [tag.label for tag in record_of(catalog, path).tags]


def found(catalog: Catalog, query: Query) -> list[str]:
    return [hit.path.name for hit in catalog.find(query)]


class TestIdentity:
    def test_a_moved_file_keeps_its_row_and_what_people_said(self, catalog: Catalog) -> None:
        catalog.record([entry("/a/kick.wav", analysis("a", "kick"))])
        added_at = record_of(catalog, "/a/kick.wav").added_at
        catalog.judge(Path("/a/kick.wav"), "tom", LabelState.CONFIRMED)

        catalog.mark(Path("/a"), [name_key("kick.wav")], missing=True)
        catalog.record([entry("/b/moved.wav", analysis("a", "kick"))])

        assert catalog.show(Path("/a/kick.wav")) is None
        assert tag_names(catalog, "/b/moved.wav") == ["tom", "kick"]
        assert record_of(catalog, "/b/moved.wav").added_at == added_at
        assert catalog.stats().files == 1

    def test_two_paths_with_the_same_audio_share_what_is_known(self, catalog: Catalog) -> None:
        catalog.record([entry("/a/1.wav", analysis("a", "kick")), entry("/b/2.wav", analysis("a", "kick"))])
        catalog.judge(Path("/a/1.wav"), "kick", LabelState.REJECTED)

        assert tag_names(catalog, "/b/2.wav") == []
        assert record_of(catalog, "/a/1.wav").same_audio == (Path("/b/2.wav"),)
        assert catalog.stats().duplicates == 1

    def test_a_tag_written_into_the_file_changes_size_and_time_only(self, catalog: Catalog) -> None:
        catalog.record([entry("/a/1.wav", analysis("a", "kick"))])
        catalog.restat(Path("/a/1.wav"), size=4321, mtime_ns=99)

        known = catalog.known(Path("/a"), "net@1")[name_key("1.wav")]
        assert (known.size, known.mtime_ns, known.is_current) == (4321, 99, True)
        assert tag_names(catalog, "/a/1.wav") == ["kick"]

    def test_other_audio_at_a_path_is_another_recording(self, catalog: Catalog) -> None:
        catalog.record([entry("/a/1.wav", analysis("a", "kick"))])
        catalog.judge(Path("/a/1.wav"), "tom", LabelState.CONFIRMED)
        catalog.record([entry("/a/1.wav", analysis("b", "flute"))])
        assert tag_names(catalog, "/a/1.wav") == ["flute"]

        catalog.record([entry("/a/1.wav", analysis("a", "kick"))])
        assert tag_names(catalog, "/a/1.wav") == ["tom", "kick"]

    def test_a_file_that_becomes_unreadable_and_comes_back_keeps_its_labels(self, catalog: Catalog) -> None:
        catalog.record([entry("/a/1.wav", analysis("a", "kick"))])
        catalog.judge(Path("/a/1.wav"), "kick", LabelState.REJECTED)
        catalog.record([entry("/a/1.wav", "is cut off", size=3)])
        assert catalog.show(Path("/a/1.wav")) == Problem(1, Path("/a/1.wav"), 3, 7, "is cut off")
        assert found(catalog, Query()) == []

        catalog.record([entry("/a/1.wav", analysis("a", "kick"))])
        assert tag_names(catalog, "/a/1.wav") == []
        assert list(catalog.problems()) == []

    def test_names_are_one_in_any_unicode_form(self, catalog: Catalog) -> None:
        composed, decomposed = (unicodedata.normalize(form, "Tromme é.wav") for form in ("NFC", "NFD"))
        catalog.record([entry(f"/Bücher/{composed}", analysis("a", "kick"))])
        catalog.record([entry(f"/{unicodedata.normalize('NFD', 'Bücher')}/{decomposed}", analysis("a", "kick"))])

        assert catalog.stats().files == 1
        assert record_of(catalog, f"/Bücher/{composed}").path.name == decomposed
        assert list(catalog.known(Path("/Bücher"), "net@1")) == [name_key(composed)]

    @pytest.mark.parametrize(("case_blind", "files"), [(True, 1), (False, 2)])
    def test_case_counts_where_it_counts_for_the_system(
        self, catalog: Catalog, monkeypatch: pytest.MonkeyPatch, case_blind: bool, files: int
    ) -> None:
        monkeypatch.setattr(catalog_paths, "CASE_BLIND", case_blind)
        catalog.record([entry("/A/Kick.WAV", analysis("a", "kick"))])
        catalog.record([entry("/a/kick.wav", analysis("a", "kick"))])
        assert catalog.stats().files == files

    def test_a_name_that_is_no_text_is_refused(self, catalog: Catalog) -> None:
        with pytest.raises(CatalogError, match="not valid Unicode"):
            catalog.record([entry("/a/\udcff.wav", analysis("a", "kick"))])


class TestLabels:
    def test_rejected_stays_rejected_whatever_any_model_says(self, catalog: Catalog) -> None:
        path = Path("/a/1.wav")
        catalog.record([entry(path, analysis("a", "kick"))])
        catalog.judge(path, "kick", LabelState.REJECTED)
        for model in ("net@1", "net@2", "other@1"):
            catalog.record([entry(path, analysis("a", "kick", "tom", model=model))])
            assert tag_names(catalog, path) == ["tom"]
            assert found(catalog, Query(labels=("kick",))) == []

    def test_a_confirmed_label_is_a_tag_even_if_the_model_forgets_it(self, catalog: Catalog) -> None:
        path = Path("/a/1.wav")
        catalog.record([entry(path, analysis("a", "kick"))])
        catalog.judge(path, "kick", LabelState.CONFIRMED)
        catalog.record([entry(path, analysis("a", "flute", model="net@2"))])

        assert tag_names(catalog, path) == ["kick", "flute"]
        assert record_of(catalog, path).tags[0].confidence == 1.0

    def test_a_verdict_can_be_changed(self, catalog: Catalog) -> None:
        path = Path("/a/1.wav")
        catalog.record([entry(path, analysis("a", "kick"))])
        catalog.judge(path, "kick", LabelState.REJECTED)
        catalog.judge(path, "kick", LabelState.CONFIRMED)
        assert tag_names(catalog, path) == ["kick"]

    def test_a_new_version_replaces_the_old_one_and_no_other_model(self, catalog: Catalog) -> None:
        path = Path("/a/1.wav")
        for model, label in (("net@1", "kick"), ("other@3", "tom"), ("net@2", "snare")):
            catalog.record([entry(path, analysis("a", label, model=model))])

        record = record_of(catalog, path)
        assert {(label.source, label.label) for label in record.labels} == {("other@3", "tom"), ("net@2", "snare")}
        assert record.analysis.model == "net@2"

    def test_a_candidate_is_shown_but_is_no_tag(self, catalog: Catalog) -> None:
        catalog.record([entry("/a/1.wav", analysis("a", "kick", candidates=("kick", "tom")))])
        labels = {label.label: label.is_tag for label in record_of(catalog, "/a/1.wav").labels}
        assert labels == {"kick": True, "tom": False}
        assert found(catalog, Query(labels=("tom",))) == []

    def test_a_label_of_somebody_elses_model_can_be_judged_once_it_was_given(self, catalog: Catalog) -> None:
        catalog.record([entry("/a/1.wav", analysis("a", "hurdy_gurdy")), entry("/a/2.wav", analysis("b", "kick"))])
        catalog.judge(Path("/a/2.wav"), "hurdy_gurdy", LabelState.CONFIRMED)
        assert catalog.tags() == ["hurdy_gurdy", "kick"]
        assert sorted(found(catalog, Query(labels=("hurdy_gurdy",)))) == ["1.wav", "2.wav"]

    def test_only_labels_that_exist_on_files_that_are_known(self, catalog: Catalog) -> None:
        catalog.record([entry("/a/1.wav", analysis("a", "kick"))])
        with pytest.raises(CatalogError, match='no label "kicc"'):
            catalog.judge(Path("/a/1.wav"), "kicc", LabelState.CONFIRMED)
        with pytest.raises(CatalogError, match="not in the catalog"):
            catalog.judge(Path("/a/2.wav"), "kick", LabelState.CONFIRMED)


class TestFolders:
    def test_known_says_what_need_not_be_done_again(self, catalog: Catalog) -> None:
        catalog.record(
            [
                entry("/a/new.wav", analysis("a", "kick", model="net@2"), size=10, mtime_ns=11),
                entry("/a/old.wav", analysis("b", "kick", model="net@1")),
                entry("/a/bad.wav", "is not audio"),
                entry("/a/below/deep.wav", analysis("c", "kick", model="net@2")),
            ]
        )
        known = catalog.known(Path("/a"), "net@2")
        assert {name: (each.is_current, each.problem) for name, each in known.items()} == {
            "new.wav": (True, None),
            "old.wav": (False, None),
            "bad.wav": (True, "is not audio"),
        }
        assert (known["new.wav"].size, known["new.wav"].mtime_ns) == (10, 11)
        assert catalog.known(Path("/b"), "net@2") == {}

    def test_missing_files_are_not_found_but_shown_and_come_back(self, catalog: Catalog) -> None:
        catalog.record([entry(f"/a/{name}.wav", analysis(name, "kick")) for name in "pqr"])
        catalog.mark(Path("/a"), ["p.wav", "q.wav"], missing=True)
        assert found(catalog, Query()) == ["r.wav"]
        assert catalog.stats().files == 1
        assert record_of(catalog, "/a/p.wav").is_missing

        catalog.mark(Path("/a"), ["p.wav"], missing=False)
        assert found(catalog, Query()) == ["p.wav", "r.wav"]

    def test_folders_lists_those_with_files_below_a_path_only(self, catalog: Catalog) -> None:
        catalog.record(
            [entry(f"{folder}/1.wav", analysis(folder, "kick")) for folder in ("/a", "/a/b", "/a/b c", "/a!", "/ab")]
        )
        catalog.mark(Path("/a/b c"), ["1.wav"], missing=True)
        assert catalog.folders(Path("/a")) == [Path("/a"), Path("/a/b")]


class TestNumbers:
    def test_stats(self, catalog: Catalog) -> None:
        silence = replace(analysis("s"), kind=Kind.SILENCE)
        unsure = analysis("u", candidates=("kick",))
        catalog.record(
            [
                entry("/a/1.wav", analysis("a", "kick", "tom")),
                entry("/a/2.wav", analysis("a", "kick", "tom")),
                entry("/a/3.wav", analysis("b", "flute")),
                entry("/a/4.wav", silence),
                entry("/a/5.wav", unsure),
                entry("/a/6.wav", "is not audio"),
            ]
        )
        stats = catalog.stats()
        assert (stats.files, stats.duplicates, stats.unsure, stats.problems) == (5, 1, 1, 1)
        assert stats.hours == pytest.approx(5 * 1.5 / 3600)
        assert stats.by_label == {"kick": 2, "tom": 2, "flute": 1}
        assert stats.by_family == {"drums": 2, "woodwind": 1}
        assert stats.by_kind == {Kind.ONE_SHOT: 4, Kind.SILENCE: 1}

    def test_export_gives_every_path_by_path(self, catalog: Catalog) -> None:
        catalog.record([entry(f"/{at % 3}/{at:04}.wav", analysis(str(at), "kick")) for at in range(1200)])
        exported = [record.path for record in catalog.export()]
        assert exported == sorted(Path(f"/{at % 3}/{at:04}.wav") for at in range(1200))

    def test_an_empty_catalog_has_empty_answers(self, catalog: Catalog) -> None:
        assert catalog.stats().files == 0
        assert found(catalog, Query(words="kick")) == []
        assert catalog.show(Path("/a")) is None
        catalog.record([])


def test_readers_see_a_whole_state_while_a_writer_writes(catalog: Catalog) -> None:
    stop = threading.Event()
    catalog.record([entry("/a/0.wav", analysis("0", "kick"))])

    def write() -> None:
        for batch in range(30):
            catalog.record([entry(f"/{batch}/{at}.wav", analysis(f"{batch} {at}", "kick")) for at in range(10)])
        stop.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    while not stop.is_set():
        seen.append(sum(1 for _ in catalog.find(Query(labels=("kick",)))))
    writer.join()
    assert all(count % 10 == 1 for count in seen)
    assert sum(1 for _ in catalog.find(Query())) == 301


def test_the_place_of_the_catalog_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGGER_CATALOG", str(tmp_path / "mine.db"))
    assert default_catalog_path() == tmp_path / "mine.db"
    monkeypatch.delenv("TAGGER_CATALOG")
    assert default_catalog_path().name == "catalog.db"


confidences = st.floats(0, 1).map(lambda value: float(np.float32(value)))
labelled = st.lists(
    st.builds(
        lambda label, confidence: Instrument(label, FAMILY_OF[label], confidence), st.sampled_from(LEAVES), confidences
    ),
    max_size=5,
    unique_by=lambda instrument: instrument.label,
)


@st.composite
def analyses(draw: st.DrawFn) -> Analysis:
    named = draw(labelled)
    return Analysis(
        facts=AudioFacts(
            duration_s=draw(st.floats(0, 1e6)),
            sample_rate=draw(st.integers(1000, 768_000)),
            channels=draw(st.integers(1, 16)),
            payload_hash=f"{draw(st.integers(0, 2**128 - 1)):032x}",
        ),
        kind=draw(st.sampled_from(Kind)),
        instruments=tuple(named[:3]),
        tags=tuple(draw(st.permutations(named))[: draw(st.integers(0, 5))]),
        model=draw(st.sampled_from(("net@1", "net@2"))),
        scores=np.array(draw(st.lists(st.floats(0, 1, width=32), min_size=59, max_size=59)), np.float32),
        embedding=np.full(128, draw(st.floats(-1, 1, width=32)), np.float32),
        tempo_bpm=draw(st.none() | st.floats(20, 400)),
        key=draw(st.none() | st.sampled_from(("Am", "F#"))),
    )


names = st.text(st.characters(exclude_characters="/\\\0", exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
    lambda name: name not in {".", ".."}
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(analyses(), names, st.integers(0, 2**62), st.integers(-(2**62), 2**62))
def test_what_goes_in_comes_out(catalog: Catalog, given_: Analysis, name: str, size: int, mtime_ns: int) -> None:
    path = Path("/folder").absolute() / name
    catalog.record([Entry(path, size, mtime_ns, given_)])
    record = record_of(catalog, path)

    assert (record.path, record.size, record.mtime_ns) == (path, size, mtime_ns)
    assert catalog.known(path.parent, given_.model)[name_key(name)].is_current
    for field in ("facts", "kind", "instruments", "tags", "model", "tempo_bpm", "key"):
        assert getattr(record.analysis, field) == getattr(given_, field)
    np.testing.assert_array_equal(record.analysis.scores, given_.scores)
    np.testing.assert_array_equal(record.analysis.embedding, given_.embedding)


def test_the_records_of_a_folder_are_those_of_its_files(catalog: Catalog) -> None:
    catalog.record([entry(f"/kit/{name}", analysis(name, "kick")) for name in ("a.wav", "b.wav", "deep/c.wav")])
    catalog.record([entry("/kit/broken.wav", "is empty"), entry("/d.wav", analysis("d", "tom"))])
    records = catalog.records_in(Path("/kit"))
    assert set(records) == {"a.wav", "b.wav"}
    assert all(records[name].labels == record_of(catalog, f"/kit/{name}").labels for name in records)


def test_places_are_gone_through_in_pages(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["/a/1.wav", "/a/2.wav", "/a b/0.wav", "/a/b/0.wav", "/c/9.wav", "/c/91.wav"]
    catalog.record([entry(name, analysis(name, "kick")) for name in names])
    catalog.record([entry("/a/broken.wav", "is cut off")])
    catalog.mark(Path("/c"), [name_key("9.wav")], missing=True)
    for page in (1, 2, 3, 500):
        monkeypatch.setattr("tagger.catalog.places._PAGE", page)
        everything = list(catalog.seen())
        assert sorted(str(each.path) for each in everything) == sorted(map(str, map(Path, names)))
        assert [each.path for each in everything if each.is_missing] == [Path("/c/9.wav")]
        twice = [Path("/a/b"), Path("/a"), Path("/a/b/0.wav")]
        assert [each.path.name for each in catalog.seen(twice)] == ["1.wav", "2.wav", "0.wav"]
        below = [each.path for each in catalog.seen([Path("/a"), Path("/c/91.wav")])]
        assert sorted(below) == [Path("/a/1.wav"), Path("/a/2.wav"), Path("/a/b/0.wav"), Path("/c/91.wav")]
    assert (catalog.count(), catalog.count([Path("/a")]), catalog.count([Path("/nowhere")])) == (6, 3, 0)
