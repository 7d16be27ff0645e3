"""What sounds alike, on a real catalog."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from daemon.api.counting import Counting
from daemon.web.work.similar import Similar, SimilarSounds
from tagger.catalog import Catalog, Query
from tagger.errors import CatalogError
from tagger.results import Kind
from tagger.similarity import Neighbours
from tests.catalog_entries import entry
from tests.made_up import MODEL, analysis

FOLDER = Path("/Samples").absolute()


@pytest.fixture
def catalog(tmp_path: Path, empty_catalog: Path) -> Iterator[Catalog]:
    shutil.copy(empty_catalog, tmp_path)
    with Catalog(tmp_path / empty_catalog.name) as opened:
        yield opened


@pytest.fixture
def similar(catalog: Catalog) -> Iterator[SimilarSounds]:
    with closing(Counting(catalog)) as counting, closing(SimilarSounds(catalog, counting)) as opened:
        yield opened


def put(catalog: Catalog, name: str, *embedding: float, audio: str = "", **facts: object) -> None:
    made = analysis(audio or name, "kick")
    vector = np.zeros(128, np.float32)
    vector[: len(embedding)] = embedding
    catalog.record([entry(FOLDER / f"{name}.wav", replace(made, embedding=vector, **facts))])  # type: ignore[arg-type]  # fields of a test's choice


def names(found: list[Similar]) -> list[str]:
    return [each.hit.path.stem for each in found]


def test_the_nearest_come_first_and_the_file_itself_not_at_all(catalog: Catalog, similar: SimilarSounds) -> None:
    put(catalog, "it", 1.0)
    put(catalog, "far", 0.0, 1.0)
    put(catalog, "near", 0.8, 0.6)
    put(catalog, "its copy", 1.0, audio="it")
    found = similar.to_file(1, 5)
    assert [(each.hit.path.stem, round(each.similarity, 3)) for each in found] == [("near", 0.8), ("far", 0.0)]
    assert found[0].hit.tags[0].label == "kick"
    assert names(similar.to_file(1, 1)) == ["near"]


def test_identical_audio_is_one_answer(catalog: Catalog, similar: SimilarSounds) -> None:
    put(catalog, "it", 1.0)
    for name in ("b", "a", "c"):
        put(catalog, name, 0.6, 0.8, audio="same")
    (found,) = similar.to_file(1, 5)
    assert (found.hit.path.stem, [hit.path.stem for hit in found.copies]) == ("a", ["b", "c"])
    catalog.mark(FOLDER, ["a.wav"], missing=True)
    assert names(similar.to_file(1, 5)) == ["b"]


def test_conditions_hold_for_what_is_found(catalog: Catalog, similar: SimilarSounds) -> None:
    put(catalog, "it", 1.0)
    put(catalog, "shot", 0.9)
    put(catalog, "loop", 0.5, kind=Kind.LOOP)
    put(catalog, "Packs/copy", 0.9, audio="shot")
    assert names(similar.to_file(1, 5, Query(kinds=(Kind.LOOP,)))) == ["loop"]
    (found,) = similar.to_file(1, 5, Query(path=FOLDER / "Packs"))
    assert (found.hit.path, [hit.path for hit in found.copies]) == (
        FOLDER / "Packs" / "copy.wav",
        [FOLDER / "shot.wav"],
    )
    assert similar.to_file(1, 5, Query(labels=("cello",))) == []


def test_a_live_sound_is_compared_with_what_the_same_model_heard(catalog: Catalog, similar: SimilarSounds) -> None:
    put(catalog, "ours", 1.0)
    put(catalog, "of another model", 1.0, model="other@1")
    heard = np.zeros(128, np.float32)
    heard[0] = 1
    assert names(similar.to_embedding(heard, MODEL, 5)) == ["ours"]
    assert names(similar.to_embedding(heard, "other@1", 5)) == ["of another model"]
    assert similar.to_embedding(heard, "nobody@1", 5) == []


def test_what_cannot_be_compared_is_said_so(catalog: Catalog, similar: SimilarSounds) -> None:
    put(catalog, "quiet", kind=Kind.SILENCE)
    with pytest.raises(CatalogError, match="silent"):
        similar.to_file(1, 5)
    with pytest.raises(CatalogError, match="no recording 9"):
        similar.to_file(9, 5)


def test_what_is_held_follows_the_catalog(catalog: Catalog) -> None:
    """Added, forgotten and heard again: what is kept is what reading it anew gives."""
    random = np.random.default_rng(0)
    with closing(Neighbours(catalog, MODEL)) as kept:

        def agree() -> None:
            wanted = random.normal(size=128).astype(np.float32)
            with closing(Neighbours(catalog, MODEL)) as fresh:
                assert kept.nearest(wanted, 100) == fresh.nearest(wanted, 100)

        for at in range(8):
            put(catalog, f"{at}", *random.normal(size=128), kind=Kind.SILENCE if at == 3 else Kind.ONE_SHOT)
            agree()
        # The newest goes, and another comes, to which SQLite gives the same numbers.
        catalog.mark(FOLDER, ["7.wav"], missing=True)
        assert catalog.forget(FOLDER, before=9e12) == 1
        put(catalog, "new", *random.normal(size=128))
        agree()
        put(catalog, "2", *random.normal(size=128), audio="other")
        agree()
        catalog.mark(FOLDER, ["5.wav"], missing=True)
        agree()


def test_every_recording_comes_once_however_many_are_equal(catalog: Catalog) -> None:
    for at in range(30):
        put(catalog, f"{at}", 1.0 if at % 3 else 0.5)
    wanted = np.zeros(128, np.float32)
    wanted[0] = 1
    with closing(Neighbours(catalog, MODEL)) as neighbours:
        ranked = [recording for page in neighbours.ranked(wanted, 2) for recording, _ in page]
        assert sorted(ranked) == list(range(1, 31))
        among = np.array([3, 5, 99])
        assert sorted(at for page in neighbours.ranked(wanted, 2, among=among) for at, _ in page) == [3, 5]
