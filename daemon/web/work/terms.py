"""How the text of a search box falls into terms: words, and conditions of a key, a sign and values.

    dusty "fat kick" instrument:cello,viola confidence > 0.8 folder:"My ""best"" Drums"

Quotes keep blanks, commas and signs; two of them within quotes are one, and the end of the text ends them too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# A key has two letters at least, or the drive of a path would be one. Blanks may stand around a comparison, and after
# a colon.
_KEY: Final = re.compile(r"(?P<key>-?[^\W\d_]{2,})(?:\s*(?P<compared>>=|<=|=>|=<|>|<)\s*|(?P<is>[:=])[^\S\n]*)")
_QUOTED: Final = re.compile(r'"((?:[^"]|"")*)(?:"|$)')
_WORD: Final = re.compile(r"\S+")
_VALUE: Final = re.compile(r"[^\s,]*")
_PLAIN: Final = re.compile(r'[^\s":<>=,-][^\s":<>=,]*')


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a condition, or a word.

    Attributes:
        start: where it begins in the text, its quotes included.
        end: where it ends.
        text: what it says.
        is_quoted: whether it stands in quotes.
    """

    start: int
    end: int
    text: str
    is_quoted: bool


@dataclass(frozen=True, slots=True)
class Term:
    """A word, or a condition.

    Attributes:
        start: where it begins in the text.
        end: where it ends.
        key: what stands before the sign, as it was typed; None of a word.
        sign: `:`, `>` or `<`; "" of a word.
        values: one for a word, at least one, which may be empty, for a condition.
    """

    start: int
    end: int
    key: str | None
    sign: str
    values: tuple[Value, ...]


def terms_of(text: str) -> Iterator[Term]:
    """The terms of a text, in order."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        term = _condition(text, at) or _word(text, at)
        yield term
        at = term.end


def quoted(text: str) -> str:
    """A word or value as it is typed: in quotes, where it would be taken for something else without."""
    return text if _PLAIN.fullmatch(text) else '"{}"'.format(text.replace('"', '""'))


def _word(text: str, at: int) -> Term:
    value = _quoted(text, at)
    if value is None:
        match = _WORD.match(text, at)
        assert match is not None
        value = Value(at, match.end(), match.group(), is_quoted=False)
    return Term(at, value.end, None, "", (value,))


def _condition(text: str, at: int) -> Term | None:
    match = _KEY.match(text, at)
    if match is None:
        return None
    sign = (match["compared"] or ":").strip("=") or ":"
    if _KEY.match(text, match.end()):
        # What follows is a condition of its own, and no value of this one.
        end = at + len(match.group().rstrip())
        return Term(at, end, match["key"], sign, (Value(end, end, "", is_quoted=False),))
    values = list(_values(text, match.end()))
    end = values[-1].end
    return Term(at, end + (text[end : end + 1] == ","), match["key"], sign, tuple(values))


def _values(text: str, at: int) -> Iterator[Value]:
    while True:
        value = _quoted(text, at)
        if value is None:
            match = _VALUE.match(text, at)
            assert match is not None
            value = Value(at, match.end(), match.group(), is_quoted=False)
        yield value
        at = value.end
        if text[at : at + 1] != "," or not text[at + 1 : at + 2].strip(", \t\n"):
            return
        at += 1


def _quoted(text: str, at: int) -> Value | None:
    match = _QUOTED.match(text, at)
    return match and Value(at, match.end(), match[1].replace('""', '"'), is_quoted=True)
