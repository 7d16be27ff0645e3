"""What is typed into the search box: words, and conditions such as `instrument:cello confidence>0.8 bpm:90-100`.

    text ─ terms ─ conditions ─ filters        and filters ─ text

Whatever is typed searches for something. What is not understood is left out and told, with the place in the text and
what may be meant, so that the box can underline it. A word that is an instrument asks for what is heard, in quotes
for what a file is called. Names are blind to case, blanks, hyphens and underscores; what people call an instrument in
file names is understood here too ("Rhodes"). `completing` says how a text may go on.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import typer

from daemon import arguments
from daemon.api.models import TEMPO, Filters
from daemon.web.work.terms import Term, quoted, terms_of
from tagger.catalog import Review
from tagger.catalog.records import REVIEWED
from tagger.filenames import meanings
from tagger.results import Kind
from tagger.taxonomy import FAMILIES, LEAVES
from tagger.vocabulary import label_of

KEYS: Final = {
    "instrument": "what is heard in it",
    "family": "a family of instruments",
    "confidence": "how sure that is",
    "kind": "one-shot, loop, track or silence",
    "bpm": "its tempo",
    "key": "its musical key",
    "folder": "where it is",
    "is": "reviewed, unsure, missing, …",
}
"""The conditions, and what each is about."""

STATES: Final = {
    "reviewed": "people said something of it",
    "unreviewed": "nobody said anything of it",
    "confirmed": "people said it is so",
    "corrected": "people said it is otherwise",
    "rejected": "people said it is not so",
    "unsure": "nothing may be claimed of it",
    "missing": "it is gone from its folder",
    "problem": "it could not be analysed",
}
"""What a file may be, for `is:`."""

LONGEST_TEXT: Final = 4000
"""In characters; what follows is left out."""

_ALIASES: Final = {
    "instruments": "instrument", "label": "instrument", "inst": "instrument", "tag": "instrument",
    "families": "family", "conf": "confidence", "sure": "confidence", "type": "kind", "tempo": "bpm",
    "in": "folder", "path": "folder", "under": "folder", "state": "is",
}  # fmt: skip
_REVIEWS: Final = {
    "reviewed": REVIEWED,
    "unreviewed": (Review.PREDICTED,),
    "predicted": (Review.PREDICTED,),
    "confirmed": (Review.CONFIRMED,),
    "corrected": (Review.CORRECTED,),
    "rejected": (Review.REJECTED,),
}
_LONGEST_RUN: Final = 3
_LONGEST_WORDS: Final = 200
_MOST_VALUES: Final = 100
_SHARE: Final = r"\d*\.?\d+(?:e-?\d+)?%?"
_SHARES: Final = re.compile(rf"(?P<low>{_SHARE})?(?P<to>\s*[-–]\s*)?(?P<high>{_SHARE})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about a part of the text that its author should know.

    Attributes:
        start: where the part begins, in characters.
        end: where it ends.
        message: what is the matter, as one line.
        suggestion: what to put in its place, or None.
        is_mistake: whether it was left out of the search, and not only may be meant otherwise.
    """

    start: int
    end: int
    message: str
    suggestion: str | None
    is_mistake: bool


@dataclass(frozen=True, slots=True)
class Search:
    """What a text means.

    Attributes:
        filters: what to find.
        is_problem: whether files are wanted that could not be analysed (`finding.problems`), of which nothing is
            known but where they are.
        notices: what was not understood, in the order of the text.
    """

    filters: Filters
    is_problem: bool = False
    notices: tuple[Notice, ...] = ()


def parse(text: str, others: Collection[str] = ()) -> Search:
    """What a text means. Never raises, whatever is typed.

    Args:
        text: what was typed.
        others: labels in the catalog beyond those of the taxonomy.
    """
    # What is no text cannot be looked for; a question mark in its place keeps all else where it is.
    clean = text[:LONGEST_TEXT].encode("utf-8", "replace").decode()
    reading = _Reading(clean, frozenset(others))
    if len(text) > LONGEST_TEXT:
        reading.tell(LONGEST_TEXT, len(text), "this is too long, and is left out", None)
    return reading.search()


def to_text(search: Search) -> str:
    """How a search is typed; what is not understood in it is gone.

    A family among the labels, which only few files have for one, is written as all that belongs to it.
    """
    filters = search.filters
    parts = _as_words(filters.words, is_problem=search.is_problem)
    parts += [f"instrument:{_spelt(label)}" for label in _gathered(filters.label)]
    parts += [f"family:{_spelt(family)}" for family in filters.family]
    if filters.min_confidence > 0:
        parts.append(f"confidence>{filters.min_confidence!r}")
    if filters.max_confidence < 1:
        parts.append(f"confidence<{filters.max_confidence!r}")
    parts += [f"kind:{kind.value}" for kind in filters.kind]
    parts += [f"bpm:{tempo}" for tempo in filters.tempo]
    parts += [f"key:{key}" for key in filters.key]
    parts += [f"folder:{quoted(folder)}" for folder in (*([filters.under] if filters.under else []), *filters.folder)]
    return " ".join([*parts, *(f"is:{state}" for state in _states(search))])


def _as_words(text: str, *, is_problem: bool) -> list[str]:
    """Words as they are typed: in quotes where they would be taken for what is heard."""
    parts = [quoted(word) for word in text.split()]
    if is_problem or not parse(" ".join(parts)).filters.label:
        return parts
    return ['"{}"'.format(word.replace('"', '""')) for word in text.split()]


def label_for(text: str, others: Collection[str] = ()) -> tuple[str, ...]:
    """The labels that a name means: one, or a family and all in it; none where it means nothing.

    Args:
        text: an id, words, or what people call it.
        others: labels in the catalog beyond those of the taxonomy.
    """
    if text in others:
        return (text,)
    words = " ".join(re.findall(r"[^\W_]+", text.lower()))
    for name in dict.fromkeys((words, words.removesuffix("s"))):
        label = label_of(name) or meanings().get(name)
        if label is not None:
            return (label,) if label in LEAVES else (label, *FAMILIES[label])
    return tuple(each for each in others if _letters(each) == _letters(text))[:1]


@dataclass(slots=True)
class _Reading:
    """Reads one text."""

    text: str
    others: frozenset[str]
    filters: dict[str, Any] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    words: list[Term] = field(default_factory=list)
    tempo: dict[str, float] = field(default_factory=dict)
    is_problem: bool = False

    def search(self) -> Search:
        terms = list(terms_of(self.text))
        while terms:
            term = terms.pop(0)
            if term.key is None:
                self._word(term)
            else:
                del terms[: self._condition(term, terms)]
        if self.tempo:
            self._add("tempo", f"{_number(self.tempo.get('>'))}-{_number(self.tempo.get('<'))}")
        if not self.is_problem:
            self._listen()
        words = " ".join(" ".join(term.values[0].text for term in self.words).split())
        self.filters["words"] = words[:_LONGEST_WORDS]
        return Search(
            Filters(**self.filters), self.is_problem, tuple(sorted(self.notices, key=lambda each: each.start))
        )

    def tell(self, start: int, end: int, message: str, suggestion: str | None, *, is_mistake: bool = True) -> None:
        self.notices.append(Notice(start, end, message, suggestion, is_mistake))

    def _word(self, term: Term) -> None:
        value = term.values[0]
        if value.text.startswith("-") and len(value.text) > 1 and not value.is_quoted:
            self.tell(term.start, term.end, "nothing can be left out; put it in quotes to look for it", None)
        elif sum(len(each.values[0].text) + 1 for each in self.words) + len(value.text) > _LONGEST_WORDS:
            self.tell(term.start, term.end, "these are too many words, and it is left out", None)
        else:
            self.words.append(term)

    def _condition(self, term: Term, following: Sequence[Term]) -> int:
        """Takes a condition in; gives how many of the words that follow belong to it."""
        key = key_of(term.key or "")
        if key is None and (term.key or "").startswith("-"):
            self.tell(term.start, term.end, "nothing can be left out", None)
            return 0
        if key is None:
            near = difflib.get_close_matches((term.key or "").lower(), (*KEYS, *_ALIASES), n=1)
            suggestion = (
                (key_of(near[0]) or "") + self.text[term.start + len(term.key or "") : term.end] if near else None
            )
            self.tell(term.start, term.end, f'there is no "{term.key}"; there are {", ".join(KEYS)}', suggestion)
            return 0
        taken = 0
        for at, value in enumerate(term.values):
            is_last = at == len(term.values) - 1
            run = _run(following) if is_last and not value.is_quoted and key != "folder" else []
            for length in range(len(run), -1, -1):
                if self._take(key, term.sign, " ".join([value.text, *run[:length]])):
                    taken = length
                    break
            else:
                self._unknown(key, value.start, value.end, value.text)
        return taken

    def _take(self, key: str, sign: str, text: str) -> bool:
        """Takes in what one value says; gives whether it says anything."""
        if key == "confidence":
            return self._take_confidence(sign, text)
        if key == "bpm" and sign != ":":
            return self._take_tempo_bound(sign, text)
        if sign != ":":
            return False
        if key == "is":
            return self._take_state(_letters(text))
        values = _VALUES[key](text, self.others)
        for value in values:
            self._add(_FIELDS[key], value)
        return bool(values)

    def _take_confidence(self, sign: str, text: str) -> bool:
        match = _SHARES.fullmatch(text)
        low, to, high = match.group("low", "to", "high") if match else (None, None, None)
        bounds = {">": (low, None), "<": (None, low), ":": (low, high)}[sign]
        if (not low and not high) or (sign != ":" and (to or high)) or (high and not to):
            return False
        shares = [_share(bound) for bound in bounds]
        if any(bound and share is None for bound, share in zip(bounds, shares, strict=True)):
            return False
        for name, share in zip(("min_confidence", "max_confidence"), shares, strict=True):
            if share is not None:
                self.filters[name] = share
        return True

    def _take_tempo_bound(self, sign: str, text: str) -> bool:
        if not _tempo(text, ()) or "-" in text:
            return False
        self.tempo[sign] = float(text)
        return True

    def _take_state(self, state: str) -> bool:
        for review in _REVIEWS.get(state, ()):
            self._add("state", review)
        if state in ("unsure", "missing"):
            self.filters[f"is_{state}"] = True
        self.is_problem |= state in ("problem", "problems")
        return state in _REVIEWS or state in (*STATES, "problems")

    def _add(self, name: str, value: object) -> None:
        values = self.filters.setdefault(name, [])
        is_short = not isinstance(value, str) or len(value) <= _LONGEST_WORDS
        if is_short and value not in values and len(values) < _MOST_VALUES:
            values.append(value)

    def _unknown(self, key: str, start: int, end: int, text: str) -> None:
        if not text:
            self.tell(start, end, f"say which {key}", None)
            return
        near = difflib.get_close_matches(text.lower().replace(" ", "-"), _known(key, self.others), n=1)
        advice = _ADVICE.get(key, "")
        what = "nothing is" if key == "is" else f"there is no {key}"
        message = f"{what} {text[:40]!r}" + (f"; did you mean {near[0]}?" if near else advice)
        self.tell(start, end, message, quoted(near[0]) if near else None)

    def _listen(self) -> None:
        """Takes words that are instruments for what is heard: to do without names is what this program is for."""
        plain = [term for term in self.words if not term.values[0].is_quoted]
        at = 0
        while at < len(plain):
            run = next(
                (run for length in range(_LONGEST_RUN, 0, -1) if self._is_heard(run := plain[at : at + length])), []
            )
            if run:
                typed = self.text[run[0].start : run[-1].end]
                in_quotes = " ".join(f'"{word}"' for word in typed.split())
                message = f"this is taken for what is heard; {in_quotes} is looked for in names"
                self.tell(run[0].start, run[-1].end, message, in_quotes, is_mistake=False)
                self.words = [term for term in self.words if term not in run]
            at += len(run) or 1

    def _is_heard(self, run: Sequence[Term]) -> bool:
        """Takes a run of words in, if they stand together and are an instrument."""
        words = [term.values[0].text for term in run]
        if self.text[run[0].start : run[-1].end].split() != words:
            return False
        labels = label_for(" ".join(words))
        for label in labels:
            self._add("label", label)
        return bool(labels)


def key_of(text: str) -> str | None:
    """The condition that a word before a sign means, or None."""
    name = text.lower()
    return name if name in KEYS else _ALIASES.get(name)


def _run(following: Sequence[Term]) -> list[str]:
    """The words right after a value that may belong to it, as in `instrument:electric guitar`."""
    run: list[str] = []
    for term in following[: _LONGEST_RUN - 1]:
        if term.key is not None or term.values[0].is_quoted:
            break
        run.append(term.values[0].text)
    return run


def _family(text: str, _: Collection[str]) -> tuple[str, ...]:
    name = _letters(text)
    return tuple(family for family in FAMILIES if name in (family, f"{family}s") or f"{name}s" == family)


def _kind(text: str, _: Collection[str]) -> tuple[Kind, ...]:
    return tuple(kind for kind in Kind if _letters(text).removesuffix("s") == _letters(kind.value).removesuffix("s"))


def _tempo(text: str, _: Collection[str]) -> tuple[str, ...]:
    plain = re.sub(r"\s*[-–]\s*", "-", text)
    return (plain,) if plain.isascii() and re.fullmatch(TEMPO, plain) else ()


def _musical_key(text: str, _: Collection[str]) -> tuple[str, ...]:
    try:
        return (arguments.key(text),)
    except typer.BadParameter:
        return ()


def _folder(text: str, _: Collection[str]) -> tuple[str, ...]:
    return (text,) if 0 < len(text) <= _LONGEST_WORDS else ()


_FIELDS: Final = {"instrument": "label", "family": "family", "kind": "kind", "bpm": "tempo", "key": "key"} | {
    "folder": "folder"
}
_VALUES: Final[dict[str, Callable[[str, Collection[str]], Sequence[object]]]] = {
    "instrument": label_for,
    "family": _family,
    "kind": _kind,
    "bpm": _tempo,
    "key": _musical_key,
    "folder": _folder,
}
_ADVICE: Final = {
    "bpm": "; give one such as 120 or 90-100",
    "key": "; give one such as Am, F# or Bbm",
    "confidence": "; give one such as 0.8 or 80%",
}


def _known(key: str, others: Collection[str]) -> list[str]:
    """What a value may be, as it is typed."""
    names: dict[str, Sequence[str]] = {
        "instrument": [*map(_spelt, (*LEAVES, *FAMILIES)), *others, *(name.replace(" ", "-") for name in meanings())],
        "family": list(FAMILIES),
        "kind": [kind.value for kind in Kind],
        "is": list(STATES),
    }
    return list(names.get(key, ()))


def _share(text: str | None) -> float | None:
    """A confidence as `0.8`, `80%` or `80`; None where it is none."""
    try:
        number = float((text or "").removesuffix("%"))
    except ValueError:
        return None
    share = number / 100 if (text or "").endswith("%") or number > 1 else number
    return share if 0 <= share <= 1 else None


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:f}".rstrip("0").rstrip(".")


def _gathered(labels: Sequence[str]) -> Iterator[str]:
    """Labels, with a family in place of itself and all that belongs to it."""
    rest = list(labels)
    while rest:
        label = rest.pop(0)
        leaves = FAMILIES.get(label, ())
        if label not in LEAVES and tuple(rest[: len(leaves)]) == leaves:
            del rest[: len(leaves)]
        yield label


def _spelt(label: str) -> str:
    is_ours = label in LEAVES or label in FAMILIES
    return label.replace("_", "-") if is_ours else quoted(label)


def _states(search: Search) -> Iterator[str]:
    filters = search.filters
    states = list(filters.state)
    if tuple(states[: len(REVIEWED)]) == REVIEWED:
        yield "reviewed"
        del states[: len(REVIEWED)]
    yield from ("unreviewed" if state is Review.PREDICTED else state.value for state in states)
    yield from (name for name in ("unsure", "missing") if getattr(filters, f"is_{name}"))
    if search.is_problem:
        yield "problem"


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
