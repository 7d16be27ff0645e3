"""What people type, made into what the program means; a slip is a usage error that says what would do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from tagger.results import Kind
from tagger.taxonomy import FAMILIES, LABEL_SETS, LEAVES

if TYPE_CHECKING:
    from tagger.catalog import Review
    from tagger.catalog.records import TempoRange

_TEMPO: Final = re.compile(r"(\d+(?:\.\d+)?)?(-)?(\d+(?:\.\d+)?)?")
_AGO: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([mhdw])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_CLOCK: Final = re.compile(r"\d{1,2}:\d\d")
_KEY: Final = re.compile(r"([A-Ga-g])([#♯b♭]?)\s*(m|min|minor|maj|major)?")
_SHARP_OF_FLAT: Final = {"Db": "C#", "Eb": "D#", "Fb": "E", "Gb": "F#", "Ab": "G#", "Bb": "A#", "Cb": "B"}
_PLAIN_OF_SHARP: Final = {"E#": "F", "B#": "C"}


def labels(texts: Iterable[str], others: Callable[[], Iterable[str]], *, option: str = "--label") -> tuple[str, ...]:
    """Leaves or families by id or in words: `electric_guitar`, "Electric guitar".

    Args:
        texts: what was typed.
        others: gives labels beyond the taxonomy's, of models with their own; asked only where one is needed.
        option: what was typed wrong, if it was.
    """
    known = (*LEAVES, *FAMILIES)
    return tuple(
        _one_of(text, known if _id_of(text) in known else dict.fromkeys((*known, *others())), option) for text in texts
    )


def families(texts: Iterable[str]) -> tuple[str, ...]:
    """Families by name."""
    return tuple(_one_of(text, FAMILIES, "--family") for text in texts)


def kinds(texts: Iterable[str]) -> tuple[Kind, ...]:
    """Kinds of file; "one shot" is as good as `one-shot`."""
    return tuple(Kind(_one_of(text, [kind.value for kind in Kind], "--kind", joint="-")) for text in texts)


def reviews(texts: Iterable[str]) -> tuple[Review, ...]:
    """What people said of a file."""
    from tagger.catalog import Review

    return tuple(Review(_one_of(text, [review.value for review in Review], "--state")) for text in texts)


def formats(texts: Iterable[str]) -> tuple[str, ...]:
    """Formats of timelines by name."""
    from tagger.reports import FORMATS

    return tuple(_one_of(text, FORMATS, "--format", joint="-") for text in texts)


def thresholds(texts: Iterable[str], label_set: str, model: Path | None) -> dict[str, float]:
    """Thresholds of single labels, as in `kick=0.4` or "Acoustic guitar=0.4".

    Args:
        texts: what was typed.
        label_set: name of the set that the labels are of.
        model: the model file, whose own labels are asked for where the set is `own`.
    """
    given: dict[str, float] = {}
    for text in texts:
        label, sign, value = text.rpartition("=")
        if not sign or not _is_share(value):
            raise typer.BadParameter(
                f"{text!r} is no threshold; give one such as kick=0.4, between 0 and 1", param_hint="--threshold-of"
            )
        given[_one_of(label, _labels_in(label_set, model), "--threshold-of")] = float(value)
    return given


def _labels_in(label_set: str, model: Path | None) -> Iterable[str]:
    if label_set != "own" or model is None:
        return LABEL_SETS[label_set].leaves_of
    from tagger.recogniser import Recogniser

    return Recogniser(model).card.labels


def _is_share(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False


def tempo_range(text: str) -> TempoRange:
    """Lowest and highest tempo in BPM: `90-100`, `120`, `90-`, `-100`."""
    match = _TEMPO.fullmatch(text.replace(" ", ""))
    if match is None or not any(match.group(1, 3)):
        raise typer.BadParameter(
            f"{text!r} is no tempo; give one such as 120 or a range such as 90-100", param_hint="--tempo"
        )
    low, dash, high = match.groups()
    if not dash:
        # Measured to a tenth, a tempo of 120 may be 119.9.
        return float(low or high) - 0.5, float(low or high) + 0.5
    return float(low) if low else None, float(high) if high else None


def since(text: str | None, now: datetime | None = None) -> datetime | None:
    """A time that is past: `2026-11-21`, `"2026-11-21 14:30"`, `14:30` of today, or so long ago: `90m`, `2h`, `3d`."""
    if text is None:
        return None
    now = now or datetime.now().astimezone()
    if match := _AGO.fullmatch(text.strip().lower()):
        return now - timedelta(**{_UNITS[match[2]]: float(match[1])})
    try:
        if _CLOCK.fullmatch(text.strip()):
            return datetime.combine(now.date(), time.fromisoformat(text.strip().zfill(5))).astimezone()
        return datetime.fromisoformat(text.strip()).astimezone()
    except ValueError:
        hint = "give one such as 2026-11-21, 14:30 or 2h"
        raise typer.BadParameter(f"{text!r} is no time; {hint}", param_hint="--since") from None


def key(text: str) -> str:
    """A musical key as the catalog spells it, with sharps: `am`, "A minor" are `Am`; `Bb` is `A#`."""
    match = _KEY.fullmatch(text.strip())
    if match is None:
        raise typer.BadParameter(f"{text!r} is no key; give one such as Am, F# or Bbm", param_hint="--key")
    letter, accidental, mode = match.groups()
    tonic = letter.upper() + accidental.replace("♯", "#").replace("♭", "b")
    tonic = _SHARP_OF_FLAT.get(tonic, _PLAIN_OF_SHARP.get(tonic, tonic))
    return tonic + ("m" if mode in ("m", "min", "minor") else "")


def _id_of(text: str, joint: str = "_") -> str:
    return re.sub(r"[\s_-]+", joint, text.strip()).lower()


def _one_of(text: str, known: Iterable[str], option: str, joint: str = "_") -> str:
    choices = list(known)
    name = _id_of(text, joint)
    if name in choices:
        return name
    near = difflib.get_close_matches(name, choices, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"it is one of {', '.join(choices[:12])}"
    more = " …; see `tagger labels`" if not near and len(choices) > 12 else ""
    raise typer.BadParameter(f"{text!r} is not known; {hint}{more}", param_hint=option)
