"""What a person's edit of a tag says of labels."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tagger.catalog import LabelState
from tagger.tagfile import Edit
from tagger.taxonomy import FAMILIES, LEAVES, words_of
from tagger.writing.edits import TakenEdit, meaning_of

LABELS = st.sampled_from([*LEAVES, *FAMILIES])
OURS = st.lists(LABELS, unique=True, min_size=1, max_size=4).map(tuple)
SPELLINGS = LABELS.flatmap(lambda label: st.sampled_from([label, words_of(label), words_of(label).upper()]))
WORDS = st.one_of(SPELLINGS, st.text("abcxyz 808", min_size=1).map(str.strip).filter(bool))


def test_words_that_are_labels_are_confirmed_and_ours_that_are_gone_rejected() -> None:
    taken = meaning_of(Edit(ours=("kick", "tom"), theirs=("snare", "Tom", "Boom")))
    assert taken == TakenEdit(confirmed=("snare", "tom"), rejected=("kick",), unknown=("Boom",))
    assert taken.verdicts == {
        "snare": LabelState.CONFIRMED,
        "tom": LabelState.CONFIRMED,
        "kick": LabelState.REJECTED,
    }


def test_taking_a_tag_away_rejects_it() -> None:
    assert meaning_of(Edit(("kick",), ())) == TakenEdit((), ("kick",), ())


def test_a_label_within_other_words_is_neither_confirmed_nor_gone() -> None:
    assert meaning_of(Edit(("kick",), ("Fat KICK 808",))) == TakenEdit((), (), ("Fat KICK 808",))


def test_labels_of_somebodys_own_model_are_known_from_what_the_file_was_given() -> None:
    edit = Edit(("Hurdy gurdy", "Nyckelharpa", "kick"), ("hurdy gurdy", "Squeezer"))
    taken = meaning_of(edit, ["hurdy_gurdy", "nyckelharpa"])
    assert taken == TakenEdit(("hurdy_gurdy",), ("nyckelharpa", "kick"), ("Squeezer",))
    assert meaning_of(edit) == TakenEdit((), ("kick",), ("hurdy gurdy", "Squeezer"))


@given(OURS, st.lists(WORDS, unique=True, max_size=5).map(tuple))
def test_every_label_of_ours_and_every_word_of_theirs_is_accounted_for(
    ours: tuple[str, ...], theirs: tuple[str, ...]
) -> None:
    taken = meaning_of(Edit(ours, theirs))
    assert not set(taken.confirmed) & set(taken.rejected)
    assert set(taken.rejected) <= set(ours)
    assert set(taken.unknown) <= set(theirs)
    assert len(taken.confirmed) + len(taken.unknown) <= len(theirs)
    for label in set(ours) - set(taken.confirmed) - set(taken.rejected):
        assert any(words_of(label).casefold() in word.casefold() for word in taken.unknown)


@given(OURS)
def test_what_nobody_changed_confirms_itself(ours: tuple[str, ...]) -> None:
    assert meaning_of(Edit(ours, tuple(map(words_of, ours)))) == TakenEdit(ours, (), ())
