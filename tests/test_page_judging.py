"""Judging many files from the page, and the way back, on a real catalog."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.judging import Verdict
from daemon.web.work.judging import MOST_ACTS, Chosen, History
from tagger.catalog import HUMAN, Catalog, FileRecord, LabelState
from tagger.errors import CatalogError
from tests.catalog_entries import entry
from tests.made_up import analysis

FOLDER = Path("/Samples").absolute()


@pytest.fixture
def catalog(tmp_path: Path, empty_catalog: Path) -> Iterator[Catalog]:
    shutil.copy(empty_catalog, tmp_path)
    with Catalog(tmp_path / empty_catalog.name) as opened:
        opened.record([entry(FOLDER / f"{at}.wav", analysis(f"audio{at}", "kick", "piano")) for at in range(6)])
        yield opened


def chosen(*numbers: int) -> list[Chosen]:
    return [Chosen(at + 1, f"audio{at}") for at in numbers]


def record(catalog: Catalog, at: int) -> FileRecord:
    held = catalog.show(FOLDER / f"{at}.wav")
    assert isinstance(held, FileRecord)
    return held


def said(catalog: Catalog, at: int) -> dict[str, str]:
    return {each.label: each.state.value for each in record(catalog, at).labels if each.source == HUMAN}


def tags(catalog: Catalog, at: int) -> set[str]:
    return {tag.label for tag in record(catalog, at).tags}


def test_a_selection_is_judged_at_once_and_undone_and_redone(catalog: Catalog) -> None:
    history = History(catalog)
    judged = history.judge(chosen(0, 1, 2), ["kick"], verdict="reject")
    assert (judged.words, judged.files, judged.left) == ("Rejected Kick for 3 files", 3, ())
    assert [tags(catalog, at) for at in (0, 3)] == [{"piano"}, {"kick", "piano"}]
    assert history.undo_words == "Rejected Kick for 3 files"
    undone = history.undo()
    assert undone is not None
    assert (undone.words, undone.files) == ("Undone: Rejected Kick for 3 files", 3)
    assert (tags(catalog, 0), said(catalog, 0)) == ({"kick", "piano"}, {})
    assert history.undo() is None
    redone = history.redo()
    assert redone is not None
    assert redone.words == "Done again: Rejected Kick for 3 files"
    assert said(catalog, 2) == {"kick": "rejected"}
    assert history.redo() is None


def test_to_correct_leaves_only_the_labels_given(catalog: Catalog) -> None:
    history = History(catalog)
    assert history.judge(chosen(0), ["cello"], verdict="correct").words == "Changed 0.wav to Cello"
    assert said(catalog, 0) == {"cello": "confirmed", "kick": "rejected", "piano": "rejected"}


def test_undo_brings_back_what_was_said_before_and_no_more(catalog: Catalog) -> None:
    catalog.judge(FOLDER / "0.wav", "kick", LabelState.REJECTED)
    history = History(catalog)
    history.judge(chosen(0, 1), ["kick"], verdict="confirm")
    catalog.judge(FOLDER / "0.wav", "piano", LabelState.CONFIRMED)
    history.undo()
    assert said(catalog, 0) == {"kick": "rejected", "piano": "confirmed"}
    assert said(catalog, 1) == {}


def test_what_somebody_said_since_stays_and_the_file_is_named(catalog: Catalog) -> None:
    history = History(catalog)
    history.judge(chosen(0, 1), ["kick"], verdict="confirm")
    catalog.judge(FOLDER / "1.wav", "kick", LabelState.REJECTED)
    undone = history.undo()
    assert undone is not None
    assert (undone.files, [each.path for each in undone.left]) == (1, [FOLDER / "1.wav"])
    assert "something else" in undone.left[0].reason
    assert [said(catalog, at) for at in (0, 1)] == [{}, {"kick": "rejected"}]
    redone = history.redo()
    assert redone is not None
    assert (redone.files, redone.left) == (1, ())


def test_a_file_that_holds_another_recording_by_now_is_left_alone(catalog: Catalog) -> None:
    catalog.record([entry(FOLDER / "0.wav", analysis("new audio", "snare"))])
    judged = History(catalog).judge([*chosen(0, 1), Chosen(99, "x")], ["kick"], verdict="reject")
    assert judged.files == 1
    assert [(each.path and each.path.name) for each in judged.left] == ["0.wav", None]
    assert said(catalog, 0) == {}


def test_copies_are_one_recording_and_count_each(catalog: Catalog) -> None:
    catalog.record([entry(FOLDER / "copy.wav", analysis("audio0", "kick", "piano"))])
    history = History(catalog)
    judged = history.judge([*chosen(0), Chosen(7, "audio0")], ["kick"], verdict="confirm")
    assert (judged.files, judged.words) == (2, "Confirmed Kick for 2 files")


def test_what_is_said_already_is_no_act(catalog: Catalog) -> None:
    history = History(catalog)
    history.judge(chosen(0), ["kick"], verdict="confirm")
    again = history.judge(chosen(0), ["kick"], verdict="confirm")
    assert (again.words, again.files) == ("Nothing changed", 0)
    history.undo()
    assert (said(catalog, 0), history.undo_words) == ({}, None)


def test_a_label_that_nobody_knows_changes_nothing(catalog: Catalog) -> None:
    history = History(catalog)
    with pytest.raises(CatalogError, match="no label"):
        history.judge(chosen(0, 1), ["kick", "kazoo9"], verdict="confirm")
    assert (said(catalog, 0), history.undo_words) == ({}, None)


def test_the_history_is_bounded(catalog: Catalog) -> None:
    history = History(catalog)
    for at in range(MOST_ACTS + 5):
        history.judge(chosen(0), ["kick"], verdict="confirm" if at % 2 else "reject")
    undone = 0
    while history.undo():
        undone += 1
    assert undone == MOST_ACTS


def test_hundreds_are_one_transaction(catalog: Catalog) -> None:
    catalog.record([entry(FOLDER / f"{at}.wav", analysis(f"audio{at}", "kick")) for at in range(6, 1300)])
    history = History(catalog)
    everything = chosen(*range(1300))
    with_changes = catalog.changes()
    try:
        assert history.judge(everything, ["kick"], verdict="correct").files == 1300
        assert with_changes.are_there()
    finally:
        with_changes.close()
    undone = history.undo()
    assert undone is not None
    assert undone.files == 1300
    assert said(catalog, 1299) == {}


ACTS = st.tuples(
    st.sets(st.integers(0, 5), min_size=1),
    st.sets(st.sampled_from(["kick", "piano", "cello"]), min_size=1).map(sorted),
    st.sampled_from(["confirm", "reject", "correct"]),
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, max_size=5))
def test_undoing_all_ends_where_it_began_and_redoing_all_where_it_was(
    catalog: Catalog, acts: list[tuple[set[int], list[str], Verdict]]
) -> None:
    def state() -> list[tuple[dict[str, str], set[str]]]:
        return [(said(catalog, at), tags(catalog, at)) for at in range(6)]

    history = History(catalog)
    before = state()
    for numbers, labels, verdict in acts:
        history.judge(chosen(*sorted(numbers)), labels, verdict=verdict)
    after = state()
    while history.undo():
        pass
    assert state() == before
    while history.redo():
        pass
    assert state() == after
    while history.undo():
        pass


def test_what_is_claimed_of_each_is_judged_without_naming_it(catalog: Catalog) -> None:
    history = History(catalog)
    history.judge(chosen(1), ["kick"], verdict="reject")
    judged = history.judge(chosen(0, 1), None, verdict="confirm")
    assert judged.words == "Confirmed the tags of 2 files"
    assert judged.hashes == {"audio0", "audio1"}
    assert said(catalog, 0) == {"kick": "confirmed", "piano": "confirmed"}
    assert said(catalog, 1) == {"kick": "rejected", "piano": "confirmed"}
    undone = history.undo()
    assert undone is not None
    assert undone.hashes == {"audio0", "audio1"}
    assert said(catalog, 1) == {"kick": "rejected"}
