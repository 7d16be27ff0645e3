"""The queue of a review: what comes first, what is put off, and that it goes on where it was."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from daemon.web.work.judging import Chosen, History
from daemon.web.work.reviewing import Doubts
from tagger.catalog import Catalog
from tagger.results import Analysis, Kind
from tests.catalog_entries import entry
from tests.made_up import analysis, instrument

FOLDER = Path("/Samples").absolute()
RANDOM = np.random.default_rng(0)


@pytest.fixture
def catalog(tmp_path: Path, empty_catalog: Path) -> Iterator[Catalog]:
    shutil.copy(empty_catalog, tmp_path)
    with Catalog(tmp_path / empty_catalog.name) as opened:
        yield opened


@pytest.fixture
def doubts(catalog: Catalog) -> Iterator[Doubts]:
    with closing(Doubts(catalog)) as opened:
        yield opened


def heard(
    name: str,
    *claims: tuple[str, float],
    maybe: tuple[tuple[str, float], ...] = (),
    kind: Kind = Kind.ONE_SHOT,
    like: npt.NDArray[np.float64] | None = None,
) -> Analysis:
    """A recording of which the first labels are claimed, and the others are only held for likely."""
    made = analysis(name, *(instrument(*each) for each in claims), kind=kind)
    vector = RANDOM.normal(size=128) if like is None else like
    embedding = (vector / np.linalg.norm(vector)).astype(np.float32)
    candidates = tuple(instrument(*each) for each in (*claims, *maybe))
    return replace(made, instruments=candidates[:3], embedding=embedding)


def put(catalog: Catalog, *analyses: Analysis, folder: str = "pack") -> None:
    for made in analyses:
        catalog.record([entry(FOLDER / folder / f"{made.facts.payload_hash}.wav", made)])


def names(doubts: Doubts, limit: int = 50, after: int | None = None) -> list[str]:
    return [each.hit.path.stem for each in doubts.most_useful(limit, after=after)]


def test_what_is_nearest_to_a_claim_comes_first_and_what_is_sure_not_at_all(catalog: Catalog, doubts: Doubts) -> None:
    put(
        catalog,
        heard("sure", ("kick", 0.99)),
        heard("fair", ("snare", 0.8)),
        heard("just claimed", ("tom", 0.55), maybe=(("clap", 0.2),)),
        heard("just not claimed", maybe=(("cello", 0.45), ("viola", 0.4))),
        heard("nothing there", maybe=(("gong", 0.1),)),
    )
    assert names(doubts) == ["just not claimed", "just claimed", "fair", "nothing there"]
    first = doubts.most_useful(1)[0]
    assert first.labels == ("cello", "viola")
    assert first.reasons == ("Cello or Viola", "no instrument is sure enough", "may be Cello, 45%")


def test_a_name_that_says_otherwise_makes_a_file_doubtful(catalog: Catalog, doubts: Doubts) -> None:
    put(catalog, heard("a", ("kick", 0.95)), heard("Snare_01", ("kick", 0.95)), heard("Kick_01", ("kick", 0.95)))
    for name in ("a", "Snare_01", "Kick_01"):
        catalog.note_evidence(FOLDER / "pack" / f"{name}.wav", ["cello"] if name == "a" else [])
    found = doubts.most_useful(9)
    assert [each.hit.path.stem for each in found[:2]] == ["a", "Snare_01"]
    assert [each.reasons[0] for each in found[:2]] == ["its maker says Cello", "its name says Snare"]
    assert found[1].labels == ("kick", "snare")
    assert "Kick_01" not in [each.hit.path.stem for each in found[:2]]


def test_silence_and_files_that_are_gone_are_left_out(catalog: Catalog, doubts: Doubts) -> None:
    put(catalog, heard("Kick", kind=Kind.SILENCE), heard("gone", maybe=(("tom", 0.5),)), heard("there", ("tom", 0.5)))
    catalog.note_evidence(FOLDER / "pack" / "Kick.wav", [])
    catalog.mark(FOLDER / "pack", ["gone.wav"], missing=True)
    assert names(doubts) == ["there"]


def test_what_is_judged_is_skipped_at_once_and_stays_away(catalog: Catalog, doubts: Doubts) -> None:
    put(catalog, *(heard(f"{at}", ("tom", 0.5 + at / 100)) for at in range(6)))
    found = doubts.most_useful(2)
    assert [each.hit.path.stem for each in found] == ["0", "1"]
    History(catalog).judge([Chosen(found[0].hit.id, found[0].payload_hash)], ["tom"], verdict="confirm")
    History(catalog).judge([Chosen(4, "3")], ["tom"], verdict="reject")
    assert names(doubts, after=found[1].recording) == ["2", "4", "5"]
    assert names(doubts) == ["1", "2", "4", "5"]


def test_one_pack_does_not_fill_the_queue(catalog: Catalog, doubts: Doubts) -> None:
    put(catalog, *(heard(f"pack {at}", ("tom", 0.5 + at / 1000)) for at in range(20)))
    put(catalog, *(heard(f"other {at}", ("tom", 0.7 + at / 1000)) for at in range(3)), folder="other")
    assert names(doubts, 7) == ["pack 0", "pack 1", "pack 2", "other 0", "other 1", "other 2", "pack 3"]
    assert len(names(doubts)) == 23


def test_near_copies_in_many_packs_do_not_fill_the_queue(catalog: Catalog, doubts: Doubts) -> None:
    sound = RANDOM.normal(size=128)
    for at in range(10):
        near = sound + RANDOM.normal(scale=0.02, size=128)
        put(catalog, heard(f"copy {at}", ("tom", 0.5 + at / 1000), like=near), folder=f"pack {at}")
    put(catalog, heard("another", ("clap", 0.8)), folder="last")
    assert names(doubts, 4) == ["copy 0", "copy 1", "another", "copy 2"]


def test_pages_follow_each_other_without_gaps_and_twice_the_same(
    catalog: Catalog, doubts: Doubts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.web.work.reviewing._STRETCH", 7)
    put(catalog, *(heard(f"{at:02}", ("tom", 0.4 + at / 100)) for at in range(40)))

    def walk() -> list[str]:
        seen: list[str] = []
        after = None
        while page := doubts.most_useful(3, after=after):
            seen += [each.hit.path.stem for each in page]
            after = page[-1].recording
        return seen

    once = walk()
    assert sorted(once) == [f"{at:02}" for at in range(40)]
    assert walk() == once


def test_a_place_that_is_not_known_begins_anew(catalog: Catalog, doubts: Doubts) -> None:
    assert doubts.most_useful(5, after=99) == []
    put(catalog, heard("a", ("tom", 0.5)))
    assert names(doubts, after=99) == []
    assert names(doubts) == ["a"]
    assert names(doubts, after=99) == ["a"]
