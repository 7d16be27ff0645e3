"""How the text of a search box may go on: conditions and what they may ask for, most files first.

A word is completed to what it may mean anywhere: `cel` to `instrument:cello`, `lo` to `kind:loop`. Words run together
where only that means something, so that `electric gui` becomes one instrument.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePath
from typing import Final

from daemon.api.models import FacetCounts
from daemon.output import count_words
from daemon.web.work.searching import KEYS, STATES, key_of
from daemon.web.work.terms import Term, quoted, terms_of
from tagger.filenames import meanings
from tagger.results import Kind
from tagger.taxonomy import FAMILIES, LEAVES, words_of

MOST: Final = 12
"""So many are given."""

_LONGEST_RUN: Final = 3
_TONICS: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_SIGNS: Final = {"confidence": ">"}
_EXAMPLES: Final = {"confidence": ("0.9", "0.8", "0.5"), "bpm": ("90-100", "120", "140-")}


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is in the catalog.

    Attributes:
        labels: how many files have each label.
        families: how many have one of each family.
        kinds: how many are of each kind.
        folders: the watched folders and those in them, as absolute paths.
    """

    labels: Mapping[str, int] = field(default_factory=dict)
    families: Mapping[str, int] = field(default_factory=dict)
    kinds: Mapping[Kind, int] = field(default_factory=dict)
    folders: Sequence[str] = ()

    @classmethod
    def of(cls, counts: FacetCounts, folders: Sequence[str]) -> Facts:
        """The facts by the numbers of a search."""
        return cls(counts.labels, counts.families, counts.kinds, folders)


@dataclass(frozen=True, slots=True)
class Completion:
    """A way in which the text may go on.

    Attributes:
        text: what to put in place of a part of it.
        start: where that part begins, in characters.
        end: where it ends.
        hint: what that is, in words.
    """

    text: str
    start: int
    end: int
    hint: str


def complete(text: str, cursor: int, facts: Facts) -> list[Completion]:
    """How a text may go on, the likeliest first, `MOST` at most.

    Args:
        text: what is typed.
        cursor: before which character the cursor stands, 0 to the length of the text.
        facts: what there is.
    """
    cursor = min(max(cursor, 0), len(text))
    terms = [term for term in terms_of(text) if term.start < cursor]
    if not terms or terms[-1].end < cursor:
        return [Completion(_opened(key), cursor, cursor, about) for key, about in KEYS.items()]
    term = terms[-1]
    if term.key is None:
        return list(islice(_of_words(text, terms, cursor, facts), MOST))
    return list(islice(_of_values(text, term, cursor, facts), MOST))


def _of_words(text: str, terms: Sequence[Term], cursor: int, facts: Facts) -> Iterator[Completion]:
    last = terms[-1]
    if last.values[0].is_quoted:
        return
    for length in range(min(_LONGEST_RUN, len(terms)), 1, -1):
        run = terms[-length:]
        if all(term.key is None and not term.values[0].is_quoted for term in run):
            start = run[0].start
            for name, hint in _labels(text[start:cursor], facts):
                yield Completion(f"instrument:{name}", start, last.end, hint)
    typed = text[last.start : cursor]
    for key, about in KEYS.items():
        if key.startswith(typed.lower()):
            yield Completion(_opened(key), last.start, last.end, about)
    for key in ("instrument", "family", "kind", "is", "folder"):
        for name, hint in _values(key, typed, facts):
            yield Completion(f"{key}:{name}", last.start, last.end, hint)


def _of_values(text: str, term: Term, cursor: int, facts: Facts) -> Iterator[Completion]:
    value = next((each for each in term.values if cursor <= each.end), term.values[-1])
    key = key_of(term.key or "")
    if key is None or cursor < value.start:
        return
    typed = text[value.start : cursor].lstrip('"').replace('""', '"')
    for name, hint in _values(key, typed, facts):
        yield Completion(name, value.start, value.end, hint)


def _opened(key: str) -> str:
    return key + _SIGNS.get(key, ":")


def _values(key: str, typed: str, facts: Facts) -> Iterator[tuple[str, str]]:
    """What a condition may ask for, as it is typed, each with what it is."""
    if key == "instrument":
        yield from _labels(typed, facts)
    elif key == "family":
        yield from _ranked({family: words_of(family) for family in FAMILIES}, typed, facts.families)
    elif key == "kind":
        counts = {kind.value: count for kind, count in facts.kinds.items()}
        yield from _ranked({kind.value: kind.value.replace("-", " ") for kind in Kind}, typed, counts)
    elif key == "key":
        yield from ((name, "") for name in _keys() if name.lower().startswith(typed.lower()))
    elif key == "is":
        yield from ((state, about) for state, about in STATES.items() if state.startswith(typed.lower()))
    elif key == "folder":
        yield from _folders(typed, facts.folders)
    elif not typed:
        yield from ((example, KEYS[key]) for example in _EXAMPLES[key])


def _labels(typed: str, facts: Facts) -> Iterator[tuple[str, str]]:
    others = [label for label in facts.labels if label not in LEAVES and label not in FAMILIES]
    names = {label.replace("_", "-"): words_of(label) for label in dict.fromkeys((*LEAVES, *FAMILIES))}
    names |= {quoted(label): label for label in others}
    counts = {name: facts.labels.get(name.replace("-", "_"), 0) for name in names}
    counts |= {family: facts.families.get(family, 0) for family in FAMILIES}
    counts |= {quoted(label): facts.labels[label] for label in others}
    yield from _ranked(names, typed, counts, also=meanings())


def _ranked(
    names: Mapping[str, str], typed: str, counts: Mapping[str, int], *, also: Mapping[str, str] | None = None
) -> Iterator[tuple[str, str]]:
    """Of names with their words those in which a word begins as typed: the whole name first, then by files."""
    wanted = _plain(typed)
    found = {
        name: (not _plain(words).startswith(wanted), words) for name, words in names.items() if _is_in(wanted, words)
    }
    for other, label in (also or {}).items():
        name = label.replace("_", "-")
        if wanted and name not in found and _is_in(wanted, other):
            found[name] = (True, f"{names[name]} ({other})")
    for name, (_, words) in sorted(found.items(), key=lambda each: (each[1][0], -counts.get(each[0], 0), each[1][1])):
        count = counts.get(name, 0)
        yield name, f"{words}, {count_words(count, 'file')}" if count else words


def _is_in(wanted: str, words: str) -> bool:
    return f" {_plain(words)}".find(f" {wanted}") >= 0


def _plain(text: str) -> str:
    return " ".join("".join(char if char.isalnum() else " " for char in text.casefold()).split())


def _keys() -> Iterator[str]:
    for tonic in _TONICS:
        yield from (tonic, f"{tonic}m")


def _folders(typed: str, folders: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Folders of which the name begins as typed, by name where there is one of it, else by their paths."""
    wanted = typed.casefold()
    names = [PurePath(folder).name for folder in folders]
    count = Counter(map(str.casefold, names))
    named = (
        (name, folder)
        for name, folder in zip(names, folders, strict=True)
        if name.casefold().startswith(wanted) or folder.casefold().startswith(wanted)
    )
    for name, folder in islice(named, MOST):
        separator = "\\" if "\\" in folder else "/"
        yield quoted((name if count[name.casefold()] == 1 else folder) + separator), folder
