"""The language of the search box: what is typed searches for what it says, and what is wrong is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.api import finding, models
from daemon.api.models import Filters
from daemon.web.work.completing import MOST, Completion, Facts, complete
from daemon.web.work.searching import KEYS, STATES, Search, parse, to_text
from tagger.catalog import Catalog, Review
from tagger.catalog.records import REVIEWED
from tagger.results import Kind
from tagger.taxonomy import FAMILIES, LEAVES
from tests.catalog_entries import entry
from tests.made_up import analysis, instrument

OTHERS = ("Dub Siren", "808", "my-label", 'say "aah"')


def filters(text: str) -> dict[str, object]:
    """What a text asks for, without what it leaves open."""
    search = parse(text, OTHERS)
    assert not [notice for notice in search.notices if notice.is_mistake]
    return search.filters.model_dump(exclude_defaults=True)


def mistakes(text: str) -> list[tuple[str, str | None]]:
    return [
        (text[notice.start : notice.end], notice.suggestion)
        for notice in parse(text, OTHERS).notices
        if notice.is_mistake
    ]


SENTENCES: dict[str, dict[str, object]] = {
    "": {},
    "  dusty   kick ": {"words": "dusty", "label": ["kick"]},
    "  dusty   room ": {"words": "dusty room"},
    '"fat kick" 808': {"words": "fat kick 808"},
    '"instrument:cello"': {"words": "instrument:cello"},
    r"C:\Samples": {"words": r"C:\Samples"},
    "instrument:cello": {"label": ["cello"]},
    "INSTRUMENT:Cello": {"label": ["cello"]},
    "instrument:cello instrument:viola": {"label": ["cello", "viola"]},
    "instrument:cello,viola": {"label": ["cello", "viola"]},
    "instrument:electric_guitar": {"label": ["electric_guitar"]},
    "instrument:electric-guitar": {"label": ["electric_guitar"]},
    'instrument:"Electric Guitar"': {"label": ["electric_guitar"]},
    "instrument:electric guitar": {"label": ["electric_guitar"]},
    "instrument:bass drum dusty": {"label": ["kick"], "words": "dusty"},
    "instrument:hi-hat": {"label": ["hihat"]},
    "instrument:violins": {"label": ["violin"]},
    "instrument:rhodes": {"label": ["electric_piano"]},
    "instrument:bass": {"label": ["bass", "electric_bass", "synth_bass"]},
    "instrument:voice": {"label": ["voice"]},
    "instrument:vox": {"label": ["voice"]},
    'instrument:"Dub Siren"': {"label": ["Dub Siren"]},
    "instrument:dub-siren": {"label": ["Dub Siren"]},
    "label:cello": {"label": ["cello"]},
    "family:strings": {"family": ["strings"]},
    "family:string,Drums": {"family": ["strings", "drums"]},
    "confidence>0.8": {"min_confidence": 0.8},
    "confidence >= 80%": {"min_confidence": 0.8},
    "confidence>80": {"min_confidence": 0.8},
    "confidence<0.4": {"max_confidence": 0.4},
    "confidence:0.4-0.8": {"min_confidence": 0.4, "max_confidence": 0.8},
    "confidence:80%": {"min_confidence": 0.8},
    "confidence>0.4 confidence<.8": {"min_confidence": 0.4, "max_confidence": 0.8},
    "kind:loop": {"kind": [Kind.LOOP]},
    "kind:loops,one-shot": {"kind": [Kind.LOOP, Kind.ONE_SHOT]},
    "kind:one shot": {"kind": [Kind.ONE_SHOT]},
    "bpm:120": {"tempo": ["120"]},
    "bpm:90-100 tempo:180": {"tempo": ["90-100", "180"]},
    "bpm:90 - 100": {"tempo": ["90-100"]},
    "bpm:90-": {"tempo": ["90-"]},
    "bpm>90 bpm<100.5": {"tempo": ["90-100.5"]},
    "bpm<100": {"tempo": ["-100"]},
    "key:Am": {"key": ["Am"]},
    "key:bb,A minor": {"key": ["A#", "Am"]},
    'folder:"My Drums"': {"folder": ["My Drums"]},
    'folder:"My ""best"", drums"': {"folder": ['My "best", drums']},
    "folder:/lib/Drums/": {"folder": ["/lib/Drums/"]},
    'folder:"never closed': {"folder": ["never closed"]},
    "folder:My things": {"folder": ["My"], "words": "things"},
    "is:unsure": {"is_unsure": True},
    "is:missing": {"is_missing": True},
    "is:confirmed is:rejected": {"state": [Review.CONFIRMED, Review.REJECTED]},
    "is:reviewed": {"state": list(REVIEWED)},
    "is:unreviewed": {"state": [Review.PREDICTED]},
    "dusty instrument:kick kind:loop bpm:90-100 key:Am": {
        "words": "dusty",
        "label": ["kick"],
        "kind": [Kind.LOOP],
        "tempo": ["90-100"],
        "key": ["Am"],
    },
}


@pytest.mark.parametrize(("text", "expected"), SENTENCES.items(), ids=SENTENCES)
def test_a_text_means(text: str, expected: dict[str, object]) -> None:
    assert filters(text) == expected


def test_problems_are_asked_for_beside_the_filters() -> None:
    assert parse("is:problem dusty") == Search(Filters(words="dusty"), is_problem=True)


MISTAKES: dict[str, list[tuple[str, str | None]]] = {
    "instrument:celo dusty": [("celo", "cello")],
    "instrument:nonsense": [("nonsense", None)],
    "instrument:cello,xqz": [("xqz", None)],
    "instrument:": [("", None)],
    "instrument: kind:loop": [("", None)],
    "instrment:cello": [("instrment:cello", "instrument:cello")],
    "colour:red": [("colour:red", None)],
    "kind:lop": [("lop", "loop")],
    "bpm:fast": [("fast", None)],
    "bpm:90-100-110": [("90-100-110", None)],
    "bpm:12345": [("12345", None)],
    "bpm:90 100": [],
    "key:H": [("H", None)],
    "confidence>high": [("high", None)],
    "confidence>101": [("101", None)],
    "is:unsur": [("unsur", "unsure")],
    "-kick": [("-kick", None)],
    "-instrument:kick": [("-instrument:kick", None)],
    'folder:""': [('""', None)],
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.items(), ids=MISTAKES)
def test_what_is_not_understood_is_told_with_its_place(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert mistakes(text) == expected


def test_the_rest_still_searches() -> None:
    search = parse("dusty instrument:celo kind:loop colour:red")
    assert search.filters == Filters(words="dusty", kind=[Kind.LOOP])


def test_a_suggestion_in_its_place_makes_it_right() -> None:
    text = "dusty instrument:elektric-guitar is:unsur"
    for notice in reversed(parse(text).notices):
        text = text[: notice.start] + (notice.suggestion or "") + text[notice.end :]
    assert text == "dusty instrument:electric-guitar is:unsure"


def test_words_that_are_instruments_are_what_is_heard_and_in_quotes_what_a_file_is_called() -> None:
    text = 'my electric guitar "cello" dusty'
    search = parse(text)
    assert search.filters == Filters(words="my cello dusty", label=["electric_guitar"])
    (notice,) = search.notices
    assert (text[notice.start : notice.end], notice.suggestion) == ("electric guitar", '"electric" "guitar"')
    assert not notice.is_mistake
    in_names = parse('my "electric" "guitar" "cello" dusty')
    assert in_names.filters == Filters(words="my electric guitar cello dusty")
    assert not in_names.notices
    assert parse("kick is:problem").filters == Filters(words="kick")


PLAIN = st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=12)
LABELS = st.one_of(
    st.sampled_from((*LEAVES, *OTHERS)).map(lambda label: [label]),
    st.sampled_from([family for family in FAMILIES if family not in LEAVES]).map(
        lambda family: [family, *FAMILIES[family]]
    ),
)
STATE_SETS = st.sampled_from(
    ([], list(REVIEWED), [Review.REJECTED], [Review.PREDICTED, Review.CONFIRMED], [Review.CORRECTED, Review.REJECTED])
)
SEARCHES = st.builds(
    Search,
    st.builds(
        Filters,
        label=st.lists(LABELS, max_size=3).map(lambda lists: list(dict.fromkeys(chain(*lists)))),
        family=st.lists(st.sampled_from(list(FAMILIES)), max_size=2, unique=True),
        min_confidence=st.floats(0, 1),
        max_confidence=st.floats(0, 1),
        kind=st.lists(st.sampled_from(Kind), unique=True),
        tempo=st.lists(st.sampled_from(("120", "90-100", "-99.5", "140-")), unique=True),
        key=st.lists(st.sampled_from(("Am", "C", "F#", "A#m")), unique=True),
        words=st.lists(PLAIN, max_size=4).map(" ".join),
        folder=st.lists(st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20), unique=True),
        state=STATE_SETS,
        is_unsure=st.booleans(),
        is_missing=st.booleans(),
    ),
    is_problem=st.booleans(),
)


@given(SEARCHES)
def test_a_search_and_its_text_mean_the_same(search: Search) -> None:
    again = parse(to_text(search), OTHERS)
    assert not [notice for notice in again.notices if notice.is_mistake]
    assert replace(again, notices=()) == search


TYPED = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            (
                *(f"{key}{sign}" for key in KEYS for sign in (":", ">", "<", " > ", ":,")),
                *(*STATES, *OTHERS, "cello", "electric", "guitar", "0.8", "80%", "90-100", "Am"),
                *('"', '""', ",", "-", " ", "  ", "\ud800", "\0"),
            )
        ),
        max_size=12,
    ).map("".join),
)


@given(TYPED)
def test_whatever_is_typed_searches(text: str) -> None:
    search = parse(text, OTHERS)
    assert all(0 <= notice.start <= notice.end <= len(text) for notice in search.notices)
    assert replace(parse(to_text(search), OTHERS), notices=()) == replace(search, notices=())


@given(TYPED, st.integers(-1, 70))
def test_whatever_is_typed_can_be_completed(text: str, cursor: int) -> None:
    facts = Facts({"kick": 5, "Dub Siren": 2}, {"drums": 5}, {Kind.LOOP: 2}, ("/lib/My Drums", "/lib", "/lib/a/Kicks"))
    for completion in complete(text, cursor, facts):
        assert 0 <= completion.start <= completion.end <= len(text)
        assert completion.text


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    with Catalog(tmp_path_factory.mktemp("searched") / "catalog.db") as opened:
        opened.record([entry("/lib/My Drums/Dusty.wav", analysis("a", instrument("kick", 0.9)))])
        opened.record([entry("/lib/My Drums/bad.wav", "is not audio")])
        yield opened


@settings(deadline=None)
@given(TYPED)
def test_whatever_is_typed_can_be_asked_of_the_catalog(catalog: Catalog, text: str) -> None:
    asked = parse(text, OTHERS).filters
    finding.find(catalog, models.Search(**asked.model_dump()))
    finding.problems(catalog, models.ProblemSearch(words=asked.words, folder=asked.folder))


def test_what_is_typed_finds(catalog: Catalog) -> None:
    for text in ("dus", "instrument:kick", 'folder:"my drums" confidence>0.8', "instrument:drums is:unreviewed"):
        assert len(finding.find(catalog, models.Search(**parse(text).filters.model_dump())).files) == 1
    for text in ("instrument:snare", "confidence<0.8", "is:unsure", "is:missing", "folder:drums"):
        assert not finding.find(catalog, models.Search(**parse(text).filters.model_dump())).files


@pytest.mark.parametrize("text", ["x " * 9000, "instrument:" + "kick," * 3000, "folder:" + "x" * 900, "\ud800 dusty"])
def test_what_is_too_long_or_no_text_is_told_and_left_out(text: str) -> None:
    search = parse(text)
    assert len(search.filters.words) <= 200
    assert not any("\ud800" in word for word in (search.filters.words, *search.filters.folder))


FACTS = Facts(
    labels={"kick": 50, "electric_guitar": 5, "acoustic_guitar": 9, "Dub Siren": 2},
    families={"guitar": 12},
    kinds={Kind.LOOP: 7},
    folders=["/lib", "/lib/My Drums", "/lib/a/Kicks", "/lib/b/Kicks"],
)

COMPLETIONS = {
    "cel": ["instrument:cello"],
    "loo": ["kind:loop"],
    "unsu": ["is:unsure"],
    "conf": ["confidence>", "is:confirmed"],
    "rhod": ["instrument:electric-piano"],
    "dub": ['instrument:"Dub Siren"'],
    "instrument:gui": ["guitar", "acoustic-guitar", "electric-guitar"],
    "instrument:kick,elec": ["electric-guitar", "electric-bass", "electric-piano"],
    "family:gui": ["guitar"],
    "kind:lo": ["loop"],
    "key:f": ["F", "Fm", "F#", "F#m"],
    "is:re": ["reviewed", "rejected"],
    'folder:"my': ['"My Drums/"'],
    "folder:kic": ["/lib/a/Kicks/", "/lib/b/Kicks/"],
    "bpm:": ["90-100", "120", "140-"],
    '"quoted': [],
    "colour:r": [],
}


@pytest.mark.parametrize(("text", "expected"), COMPLETIONS.items(), ids=COMPLETIONS)
def test_a_text_may_go_on(text: str, expected: list[str]) -> None:
    assert [completion.text for completion in complete(text, len(text), FACTS)] == expected


def test_at_the_beginning_all_conditions_are_offered() -> None:
    assert [completion.text.rstrip(":>") for completion in complete("dusty ", 6, FACTS)] == list(KEYS)


def test_words_that_make_an_instrument_are_taken_together() -> None:
    first = complete("dusty electric gui kind:loop", 18, FACTS)[0]
    assert first == Completion("instrument:electric-guitar", 6, 18, "Electric guitar, 5 files")


def test_no_more_are_given_than_can_be_read() -> None:
    assert len(complete("instrument:", 11, FACTS)) == MOST
