"""A search that goes on after a position: every file once, whatever is added or taken away meanwhile."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.catalog import Catalog, Hit, LabelState, Query, Review, Sort
from tagger.catalog.records import REVIEWED
from tagger.results import Kind
from tests.catalog_entries import entry
from tests.made_up import analysis, instrument

QUERIES = {
    "all": Query(),
    "label": Query(labels=("kick",)),
    "labels": Query(labels=("kick", "snare")),
    "family": Query(families=("drums",)),
    "confidence": Query(min_confidence=0.3, max_confidence=0.9),
    "words": Query(words="pack"),
    "folder": Query(path=Path("/samples/a")),
    "folder by name": Query(folders=("A/PACK", "b")),
    "keys": Query(keys=("Am", "C")),
    "tempo": Query(kinds=(Kind.LOOP,), tempo_ranges_bpm=((90, 130),)),
}

SOUNDS = st.tuples(
    st.sampled_from(("/samples/a", "/samples/a/pack", "/samples/b pack")),
    st.sampled_from((0.25, 0.5, 0.5, 0.9, 1.0)),
    st.sampled_from(("kick", "snare", "piano")),
    st.sampled_from((80.0, 100.0, 100.0, 120.0, None)),
    st.integers(0, 9),
)


def add(catalog: Catalog, sounds: list[tuple[str, float, str, float | None, int]], name: str) -> None:
    catalog.record(
        [
            entry(
                f"{folder}/{name}{at}.wav",
                # A number in common makes two places of one recording.
                analysis(
                    f"{name}{number}-{label}-{confidence}-{tempo}",
                    instrument(label, confidence),
                    instrument("tom", confidence / 2),
                    kind=Kind.LOOP if tempo else Kind.ONE_SHOT,
                    tempo_bpm=tempo,
                    duration_s=float(number % 3) + 0.1,
                    key="Am" if tempo == 100.0 else None,
                ),
            )
            for at, (folder, confidence, label, tempo, number) in enumerate(sounds)
        ]
    )


def pages(catalog: Catalog, query: Query) -> Iterator[list[Hit]]:
    while page := list(catalog.find(query)):
        yield page
        query = replace(query, after=page[-1].position)


@pytest.mark.parametrize("few", [5000, 0], ids=["few", "many"])
@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
@settings(max_examples=6, deadline=None)
@given(
    before=st.lists(SOUNDS, max_size=15),
    meanwhile=st.lists(SOUNDS, max_size=4),
    sort=st.sampled_from(Sort),
    descending=st.sampled_from((None, True, False)),
    limit=st.integers(1, 6),
)
def test_pages_hold_each_file_once_while_others_are_added(
    empty_catalog: Path,
    query: Query,
    few: int,
    before: list[tuple[str, float, str, float | None, int]],
    meanwhile: list[tuple[str, float, str, float | None, int]],
    sort: Sort,
    descending: bool | None,
    limit: int,
) -> None:
    query = replace(query, sort=sort, descending=descending)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("tagger.catalog.statement._FEW", few)
        shutil.copy(empty_catalog, folder)
        with Catalog(Path(folder, empty_catalog.name)) as catalog:
            add(catalog, before, "old")
            expected = [hit.path for hit in catalog.find(query)]
            seen: list[Path] = []
            for at, page in enumerate(pages(catalog, replace(query, limit=limit))):
                assert len(page) <= limit
                seen += [hit.path for hit in page]
                if at == 0:
                    add(catalog, meanwhile, "new")
            assert [path for path in seen if path.name.startswith("old")] == expected
            assert len(set(seen)) == len(seen)


def test_a_position_of_another_order_is_refused(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.db") as catalog, pytest.raises(ValueError, match="3 parts"):
        list(catalog.find(Query(sort=Sort.TEMPO, after=(1,))))


@pytest.mark.parametrize("few", [5000, 0], ids=["few", "many"])
def test_files_that_a_person_judged_are_found(tmp_path: Path, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.catalog.statement._FEW", few)
    with Catalog(tmp_path / "catalog.db") as catalog:
        catalog.record([entry(f"/{name}.wav", analysis(name, "kick")) for name in "abcde"])
        catalog.judge_all(Path("/b.wav"), {"kick": LabelState.REJECTED, "snare": LabelState.CONFIRMED})
        catalog.judge_all(Path("/d.wav"), {"kick": LabelState.CONFIRMED})
        catalog.judge_all(Path("/e.wav"), {"kick": LabelState.REJECTED})

        def names(query: Query) -> list[str]:
            return [hit.path.stem for hit in catalog.find(query)]

        assert names(Query(reviews=REVIEWED)) == ["b", "d", "e"]
        assert names(Query(reviews=REVIEWED, limit=5)) == ["b", "d", "e"]
        assert names(Query(reviews=(Review.PREDICTED,), limit=5)) == ["a", "c"]
        assert names(Query(reviews=(Review.PREDICTED,), labels=("kick",))) == ["c", "a"]
        assert names(Query(reviews=(Review.PREDICTED, Review.REJECTED), limit=5)) == ["a", "c", "e"]
        assert names(Query(reviews=tuple(Review), limit=5)) == ["a", "b", "c", "d", "e"]
        assert names(Query(reviews=(Review.CORRECTED,), limit=5)) == ["b"]
        assert names(Query(reviews=(Review.CONFIRMED,), labels=("kick",))) == ["d"]
        assert names(Query(reviews=(Review.REJECTED,), labels=("kick",))) == []


@pytest.mark.parametrize("few", [5000, 0], ids=["few", "many"])
def test_files_that_are_unsure_or_missing_are_found(tmp_path: Path, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.catalog.statement._FEW", few)
    with Catalog(tmp_path / "catalog.db") as catalog:
        catalog.record([entry(f"/{name}.wav", analysis(name, "kick")) for name in "ab"])
        catalog.record([entry(f"/{name}.wav", analysis(name)) for name in "cd"])
        catalog.record([entry("/e.wav", analysis("e", kind=Kind.SILENCE))])

        def names(query: Query) -> list[str]:
            return [hit.path.stem for hit in catalog.find(replace(query, limit=9))]

        assert names(Query(is_unsure=True)) == ["c", "d"]
        catalog.judge_all(Path("/c.wav"), {"snare": LabelState.CONFIRMED})
        catalog.judge_all(Path("/a.wav"), {"kick": LabelState.REJECTED})
        assert names(Query(is_unsure=True)) == ["a", "d"]
        assert names(Query(is_unsure=True, kinds=(Kind.ONE_SHOT,), sort=Sort.DURATION)) == ["a", "d"]
        catalog.record([entry("/d.wav", analysis("d", "tom"))])
        assert names(Query(is_unsure=True)) == ["a"]
        catalog.mark(Path("/"), ["a.wav", "b.wav"], missing=True)
        assert names(Query(is_unsure=True)) == []
        assert names(Query(is_missing=True)) == ["a", "b"]
        assert names(Query(is_missing=True, is_unsure=True)) == ["a"]
        assert names(Query(is_missing=True, labels=("kick",))) == ["b"]
        assert names(Query(is_missing=True, path=Path("/b.wav"))) == ["b"]


def test_problems_are_found_by_where_they_are_a_page_at_a_time(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.db") as catalog:
        catalog.record([entry(f"/{folder}/Bad{at}.wav", "is not audio") for folder in "ab" for at in range(3)])
        catalog.record([entry("/a/good.wav", analysis("good", "kick"))])
        catalog.mark(Path("/a"), ["Bad1.wav"], missing=True)

        def names(query: Query) -> list[str]:
            return [f"{problem.path.parent.name}{problem.path.stem[-1]}" for problem in catalog.problems(query)]

        assert names(Query()) == ["a0", "a2", "b0", "b1", "b2"]
        assert names(Query(words="bad 2")) == ["a2", "b2"]
        assert names(Query(path=Path("/a"))) == names(Query(folders=("A/",))) == ["a0", "a2"]
        assert names(Query(path=Path("/b/Bad1.wav"))) == ["b1"]
        assert names(Query(kinds=(Kind.LOOP,))) == names(Query(labels=("kick",))) == []
        first = list(catalog.problems(Query(limit=2)))
        assert names(Query(limit=2, after=first[-1].position)) == ["b0", "b1"]
