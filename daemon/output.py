"""How results look: a line for people, an object for programs.

Nothing here may fail on a name: paths that are no valid Unicode, and consoles that cannot show all of
it, get backslashes instead.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from tagger.errors import one_line, printable
from tagger.results import Analysis, Instrument, Kind
from tagger.taxonomy import FAMILIES, LABEL_SETS, words_of

Json = dict[str, Any]

STOPPED_EXIT_CODE: Final = 130
"""Of a run that a person stopped by Ctrl-C, as a shell has it."""


def nearby(path: Path) -> str:
    """A path as a person would name it from here: relative where it is below the current folder."""
    try:
        return one_line(path.absolute().relative_to(Path.cwd()))
    except (OSError, ValueError):
        return one_line(path)


def print_json(value: Json) -> None:
    """Writes one object as one line of ASCII, which survives every console and pipe."""
    sys.stdout.write(json.dumps(value) + "\n")


def print_line(text: str) -> None:
    """Writes one line of results for people."""
    sys.stdout.write(printable(text) + "\n")


def print_problem(text: str) -> None:
    """Writes one line about something that went wrong, between the results on a terminal."""
    sys.stderr.write(printable(text.replace("\n", " ")) + "\n")


def instrument_object(instrument: Instrument) -> Json:
    """A label as programs see it."""
    return {
        "label": instrument.label,
        "family": instrument.family,
        "confidence": round(float(instrument.confidence), 4),
    }


def analysis_object(path: Path, analysis: Analysis) -> Json:
    """What `tag --json` says of one file."""
    return {
        "path": printable(path),
        "duration_s": round(analysis.facts.duration_s, 6),
        "kind": analysis.kind.value,
        "instruments": [instrument_object(each) for each in analysis.instruments],
        "tags": [instrument_object(each) for each in analysis.tags],
        "model": analysis.model,
        "tempo_bpm": analysis.tempo_bpm,
        "key": analysis.key,
        "payload_hash": analysis.facts.payload_hash,
    }


def analysis_words(analysis: Analysis, words: Mapping[str, str]) -> str:
    """What was heard, as in "loop, 120 BPM, Am: Kick 0.97, Electric bass 0.71".

    Args:
        analysis: of one file.
        words: of the labels in use.
    """
    if analysis.kind is Kind.SILENCE:
        return analysis.kind.value
    facts = kind_words(analysis.kind, analysis.tempo_bpm, analysis.key)
    if analysis.tags:
        return f"{facts}: {claims_words(analysis.tags, words)}"
    return f"{facts}: unsure, maybe {claims_words(analysis.instruments[:2], words)}"


def kind_words(kind: Kind, tempo_bpm: float | None, key: str | None) -> str:
    """The sort of recording, as in "loop, 120 BPM, Am"."""
    tempo = "" if tempo_bpm is None else f"{tempo_bpm:g} BPM"
    return ", ".join(filter(None, (kind.value, tempo, key)))


def claims_words(instruments: Iterable[Instrument], words: Mapping[str, str]) -> str:
    """Labels with how sure they are, as in "Kick 0.97, Tom 0.20"."""
    return ", ".join(f"{words.get(each.label, words_of(each.label))} {each.confidence:.2f}" for each in instruments)


def words_in(label_set: str) -> Mapping[str, str]:
    """What the labels of a set are called; families too, since the family stands in for an unsure leaf."""
    return {**{family: words_of(family) for family in FAMILIES}, **LABEL_SETS[label_set].words}


def duration_words(seconds: float) -> str:
    """A length of time: "10 ms", "0.3 s", "4 min 05 s", "2 h 13 min"."""
    if 0 < seconds < 0.1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def rate_words(count: float, seconds: float) -> str:
    """A speed, as in "87 files/s" or "0.4 files/s"."""
    rate = count / max(seconds, 1e-3)
    return f"{rate:.0f} files/s" if rate >= 10 else f"{rate:.1f} files/s"


def size_words(count: int) -> str:
    """An amount of data: "12 kB", "3.4 MB"."""
    if count < 1_000_000:
        return f"{-(-count // 1000):,} kB"
    return f"{count / 1e6:,.1f} MB"


def count_words(count: int, noun: str) -> str:
    """A number of things, as in "1 file" or "1,234 files"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
