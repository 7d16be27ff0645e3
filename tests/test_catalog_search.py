"""Finding files: what each condition means, what the order is, and that no condition needs a sort of everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.catalog import Catalog, Query, Sort
from tagger.catalog.words import index_words, match_expression
from tagger.results import Kind
from tests.catalog_entries import entry
from tests.made_up import analysis, instrument

ENTRIES = [
    entry("/lib/Drums/ABLP_09_FatKick2.wav", analysis("1", instrument("kick", 0.95))),
    entry(
        "/lib/Drums/snare dusty.wav", analysis("2", instrument("snare", 0.7), instrument("kick", 0.3), duration_s=0.5)
    ),
    entry("/lib/Drums/Perc Öl-Fass.aif", analysis("3", instrument("drums", 0.6))),
    entry(
        "/lib/Loops/beat 120.wav",
        analysis(
            "4",
            instrument("kick", 0.8),
            instrument("flute", 0.5),
            kind=Kind.LOOP,
            tempo_bpm=120.0,
            key="Am",
            duration_s=8,
        ),
    ),
    entry(
        "/lib/Loops/slow.wav",
        analysis("5", instrument("flute", 0.9), kind=Kind.LOOP, tempo_bpm=80.0, key="F#", duration_s=12),
    ),
    entry("/library/what.flac", analysis("6", candidates=("kick",))),
    entry("/lib/broken.wav", "is not audio"),
]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    with Catalog(tmp_path_factory.mktemp("catalog") / "catalog.db") as opened:
        opened.record(ENTRIES)
        yield opened


def found(catalog: Catalog, query: Query) -> list[str]:
    return [hit.path.stem for hit in catalog.find(query)]


KICK, SNARE, OIL, BEAT, SLOW, WHAT = "ABLP_09_FatKick2", "snare dusty", "Perc Öl-Fass", "beat 120", "slow", "what"

CASES = {
    "everything, by path": (Query(), [KICK, OIL, SNARE, BEAT, SLOW, WHAT]),
    "a label, surest first": (Query(labels=("kick",)), [KICK, BEAT, SNARE]),
    "one of two labels, each file once": (Query(labels=("kick", "snare")), [KICK, BEAT, SNARE]),
    "a family, the unsure too, each file once": (Query(families=("drums",)), [KICK, BEAT, SNARE, OIL]),
    "a label and a family": (Query(labels=("kick",), families=("woodwind",)), [BEAT]),
    "at least so sure": (Query(labels=("kick",), min_confidence=0.8), [KICK, BEAT]),
    "anything so sure": (Query(min_confidence=0.85), [KICK, SLOW]),
    "kinds": (Query(kinds=(Kind.LOOP,)), [BEAT, SLOW]),
    "kind and label": (Query(kinds=(Kind.LOOP,), labels=("kick",)), [BEAT]),
    "a tempo": (Query(tempo_ranges_bpm=((100, 120),)), [BEAT]),
    "at most a tempo": (Query(tempo_ranges_bpm=((None, 119.9),)), [SLOW]),
    "tempos": (Query(tempo_ranges_bpm=((80, 80), (119, 121))), [BEAT, SLOW]),
    "keys": (Query(keys=("F#", "Am")), [BEAT, SLOW]),
    "a folder by name": (Query(folders=("loops",)), [BEAT, SLOW]),
    "folders by the beginnings of their names": (Query(folders=("lib/dr", "libr")), [KICK, OIL, SNARE, WHAT]),
    "a folder by its whole name": (Query(folders=("lib/",)), [KICK, OIL, SNARE, BEAT, SLOW]),
    "an absolute folder by name": (Query(folders=("/LIB/Loops/",)), [BEAT, SLOW]),
    "a folder that is none": (Query(folders=("oops", "l?b", "*", "[a-z]")), []),
    "by kind, then by duration": (Query(sort=Sort.KIND), [BEAT, SLOW, SNARE, KICK, OIL, WHAT]),
    "by key, those without left out": (Query(sort=Sort.KEY), [BEAT, SLOW]),
    "by label, then by confidence": (Query(sort=Sort.LABEL), [OIL, SLOW, BEAT, KICK, SNARE]),
    "labels by label": (Query(sort=Sort.LABEL, labels=("snare", "flute")), [BEAT, SLOW, SNARE]),
    "a family by label": (Query(sort=Sort.LABEL, families=("drums",), descending=True), [SNARE, KICK, BEAT, OIL]),
    "a key": (Query(keys=("F#",)), [SLOW]),
    "a folder, and not one that begins alike": (Query(path=Path("/lib")), [KICK, OIL, SNARE, BEAT, SLOW]),
    "a folder with a slash": (Query(path=Path("/lib/Loops/")), [BEAT, SLOW]),
    "the root": (Query(path=Path("/"), limit=1), [KICK]),
    "one file": (Query(path=Path("/lib/Loops/slow.wav")), [SLOW]),
    "a word run together with others": (Query(words="kick"), [KICK]),
    "a word with its number": (Query(words="kick2"), [KICK]),
    "a number": (Query(words="09"), [KICK]),
    "the beginning of a word": (Query(words="DUS"), [SNARE]),
    "words of name and folder": (Query(words="loops 120"), [BEAT]),
    "words without their accents": (Query(words="ol fass"), [OIL]),
    "words with signs in them": (Query(words='"Öl-Fass" OR*'), []),
    "words that are only signs": (Query(words="-- *", labels=("kick",), limit=1), [KICK]),
    "words and a label": (Query(words="drums", labels=("kick",)), [KICK, SNARE]),
    "by name": (Query(sort=Sort.NAME), [KICK, OIL, BEAT, SLOW, SNARE, WHAT]),
    "by duration, longest first": (Query(sort=Sort.DURATION, descending=True, limit=2), [SLOW, BEAT]),
    "by tempo, those without left out": (Query(sort=Sort.TEMPO), [SLOW, BEAT]),
    "newest first": (Query(sort=Sort.ADDED, limit=2), [WHAT, SLOW]),
    "by confidence, least first": (Query(sort=Sort.CONFIDENCE, descending=False), [OIL, SNARE, BEAT, SLOW, KICK]),
    "limit": (Query(limit=2), [KICK, OIL]),
}


@pytest.mark.parametrize(("query", "expected"), CASES.values(), ids=CASES)
def test_find(catalog: Catalog, query: Query, expected: list[str]) -> None:
    assert found(catalog, query) == expected


@pytest.mark.parametrize("few", [0, 1000], ids=["every condition common", "every condition rare"])
@pytest.mark.parametrize(("query", "expected"), CASES.values(), ids=CASES)
def test_what_is_found_does_not_depend_on_how(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, few: int, query: Query, expected: list[str]
) -> None:
    monkeypatch.setattr("tagger.catalog.statement._FEW", few)
    assert found(catalog, replace(query, limit=query.limit or 100)) == expected


def test_a_hit_tells_what_was_asked_for_and_all_tags(catalog: Catalog) -> None:
    (hit,) = catalog.find(Query(labels=("flute",), kinds=(Kind.LOOP,), keys=("Am",)))
    assert hit.path == Path("/lib/Loops/beat 120.wav")
    assert hit.best == instrument("flute", 0.5)
    assert hit.tags == (instrument("kick", 0.8), instrument("flute", 0.5))
    assert (hit.kind, hit.duration_s, hit.tempo_bpm, hit.key) == (Kind.LOOP, 8.0, 120.0, "Am")


def test_a_hit_without_a_tag_says_so(catalog: Catalog) -> None:
    (hit,) = catalog.find(Query(path=Path("/library")))
    assert hit.best is None
    assert hit.tags == ()


@pytest.mark.parametrize(
    ("stem", "words"),
    [
        ("ABLP_09_fx2", "ablp 09 fx2 2"),
        ("FatKick808", "fatkick808 kick808 808"),
        ("FXLoop", "fxloop loop"),
        ("HiHat-open", "hihat hat open"),
        ("808", "808"),
        ("__", ""),
        ("Café NOËL", "cafe noel"),
        ("キック01", "キック01 01"),
    ],
)
def test_words_of_a_name(stem: str, words: str) -> None:
    assert index_words("", stem).split() == words.split()


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_can_be_indexed_and_asked_for(catalog: Catalog, folder: str, words: str) -> None:
    assert '"' not in index_words(folder, words)
    list(catalog.find(Query(words=words)))
    for word in index_words("", words).split():
        assert match_expression(word) == f'"{word}"*'
