"""Facets count what a search finds, whatever it asks for."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.api.counting import Counting
from tagger.catalog import Catalog, FileRecord, LabelState, Query, Review
from tagger.results import Kind
from tests.catalog_entries import entry
from tests.made_up import analysis, instrument

LABELS = ("kick", "snare", "tom", "cello", "piano")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    folder = tmp_path_factory.mktemp("facets")
    with Catalog(folder / "catalog.db") as opened:
        for name in ("Samples", "Samples/Inner"):
            (folder / name).mkdir()
            opened.roots.add(folder / name)
        for at in range(60):
            where = ("Samples", "Samples/Inner", "Elsewhere")[at % 3]
            # Every seventh is a copy of the one before.
            number = at - (at % 7 == 6)
            tags = [
                instrument(LABELS[(number + step) % 5], (number % 11) / 10 / (step + 1)) for step in range(number % 4)
            ]
            kind = list(Kind)[number % 4]
            tempo = 80.0 + number if kind is Kind.LOOP else None
            made = analysis(f"audio{number}", *tags, kind=kind, tempo_bpm=tempo, key="Am" if number % 2 else None)
            opened.record([entry(folder / where / f"Dusty{at}.wav", made)])
        for at in range(0, 60, 9):
            path = folder / ("Samples", "Samples/Inner", "Elsewhere")[at % 3] / f"Dusty{at}.wav"
            verdicts = {"cello": LabelState.CONFIRMED, "kick": LabelState.REJECTED}
            opened.judge_all(
                path, {label: verdicts[label] for label in (("cello", "kick"), ("cello",), ("kick",))[at % 4 % 3]}
            )
        opened.mark(folder / "Samples", ["Dusty3.wav", "Dusty9.wav"], missing=True)
        opened.record([entry(folder / "Samples" / "bad.wav", "is not audio")])
        yield opened


QUERIES = st.builds(
    Query,
    labels=st.lists(st.sampled_from((*LABELS, "bagpipe")), max_size=2, unique=True).map(tuple),
    families=st.lists(st.sampled_from(("drums", "strings", "keys")), max_size=2, unique=True).map(tuple),
    min_confidence=st.sampled_from((0.0, 0.0, 0.3)),
    max_confidence=st.sampled_from((1.0, 1.0, 0.6)),
    kinds=st.lists(st.sampled_from(Kind), max_size=2, unique=True).map(tuple),
    tempo_ranges_bpm=st.lists(st.sampled_from(((90.0, 120.0), (None, 84.0), (117.5, None))), max_size=2).map(tuple),
    keys=st.lists(st.sampled_from(("Am", "C")), max_size=2).map(tuple),
    words=st.sampled_from(("", "", "dusty", "dusty 1", "none")),
    folders=st.lists(st.sampled_from(("SAMPLES", "samples/inner/", "els", "one")), max_size=2).map(tuple),
    reviews=st.lists(st.sampled_from(Review), max_size=3, unique=True).map(tuple),
    is_unsure=st.sampled_from((False, False, True)),
    is_missing=st.sampled_from((False, False, True)),
)


def said_of(record: FileRecord) -> Review:
    said = {label.state for label in record.labels if label.source == "human"}
    if len(said) == 2:
        return Review.CORRECTED
    return Review(said.pop()) if said else Review.PREDICTED


@settings(max_examples=150, deadline=None)
@given(query=QUERIES, under=st.sampled_from((None, "Samples", "Samples/Inner", "Samples/Dusty0.wav", "None")))
def test_facets_count_what_find_finds(catalog: Catalog, query: Query, under: str | None) -> None:
    folder = catalog.path.parent
    query = replace(query, path=folder / under if under else None)
    records = [record for hit in catalog.find(query) if isinstance(record := catalog.show(hit.path), FileRecord)]
    counted = catalog.facets(catalog.columns(), query)
    assert counted.files == len(records)
    assert counted.by_label == Counter(tag.label for record in records for tag in record.tags)
    assert counted.by_family == Counter(family for record in records for family in {tag.family for tag in record.tags})
    assert counted.by_kind == Counter(record.kind for record in records)
    assert counted.without_tag == sum(not record.tags for record in records)
    assert counted.by_review == {each: sum(said_of(record) is each for record in records) for each in Review}
    assert counted.unsure == sum(not record.tags and record.kind is not Kind.SILENCE for record in records)
    assert (counted.missing, counted.problems) == (2, 1)
    surest = [record.tags[0].confidence for record in records if record.tags]
    assert counted.by_band == tuple(sum(min(int(sure * 10), 9) == band for sure in surest) for band in range(10))
    by_path = {root.path: counted.by_root[root.id] for root in catalog.roots.all()}
    assert by_path == {root: sum(record.path.is_relative_to(root) for record in records) for root in by_path}


@settings(max_examples=100, deadline=None)
@given(query=QUERIES, under=st.sampled_from((None, "Samples", "Samples/Inner")))
def test_each_facet_can_be_counted_as_if_nothing_were_chosen_in_it(
    catalog: Catalog, query: Query, under: str | None
) -> None:
    query, columns = replace(query, path=catalog.path.parent / under if under else None), catalog.columns()
    apart, together = catalog.facets(columns, query, apart=True), catalog.facets(columns, query)
    without_tags = catalog.facets(columns, replace(query, labels=(), families=()))
    assert (apart.by_label, apart.by_family) == (without_tags.by_label, without_tags.by_family)
    assert apart.by_kind == catalog.facets(columns, replace(query, kinds=())).by_kind
    assert apart.by_root == catalog.facets(columns, replace(query, path=None, folders=())).by_root
    assert apart.by_band == catalog.facets(columns, replace(query, min_confidence=0.0, max_confidence=1.0)).by_band
    assert apart.by_review == catalog.facets(columns, replace(query, reviews=())).by_review
    of_the_query = ("files", "without_tag", "unsure", "missing", "problems")
    assert [getattr(apart, name) for name in of_the_query] == [getattr(together, name) for name in of_the_query]


def test_an_empty_catalog_has_nothing_to_count(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.db") as catalog:
        assert catalog.facets(catalog.columns(), Query(labels=("kick",), min_confidence=0.5)).files == 0


def test_large_catalogs_are_read_beside_the_answers_which_say_of_when_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.api.counting._QUICK_S", 0.0)
    monkeypatch.setattr("daemon.api.counting._DUTY", 0.0)
    with Catalog(tmp_path / "catalog.db") as catalog, closing(Counting(catalog)) as counting:
        assert counting.facets(Query())[0].files == 0
        unchanged_since = time.time()
        assert counting.facets(Query())[1] >= unchanged_since
        catalog.record([entry(tmp_path / "new.wav", analysis("new"))])
        recorded = time.time()
        facets, as_of = counting.facets(Query())
        assert (facets.files, as_of < recorded) == (0, True)
        while as_of < recorded:
            time.sleep(0.01)
            facets, as_of = counting.facets(Query())
        assert facets.files == 1
