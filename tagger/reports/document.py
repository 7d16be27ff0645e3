"""A timeline as JSON, with everything that decided it, so that nobody has to guess what a number means.

The form is described by `timeline.schema.json` beside this module (JSON Schema, draft 2020-12). Its `version` goes
up when something is renamed, removed or means something else; what is only added leaves it.

Every window stands on a line of its own, so that files are readable, and differences between two of them too.
Windows are written one by one: as objects, those of a recording of hours would take more memory than all else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, Final

from tagger.errors import printable
from tagger.output import replaced
from tagger.timeline import Timeline

VERSION: Final = 1


def document(heard: Timeline) -> dict[str, Any]:
    """A timeline as plain values; times in seconds, probabilities to four decimals."""
    return _head(heard) | {"timeline": list(_windows(heard))}


def line(heard: Timeline) -> Iterator[str]:
    """The document as a line of ASCII, in pieces, the last of which ends it."""
    yield f'{json.dumps(_head(heard))[:-1]}, "timeline": ['
    for number, window in enumerate(_windows(heard)):
        yield f"{', ' if number else ''}{json.dumps(window)}"
    yield "]}\n"


def _head(heard: Timeline) -> dict[str, Any]:
    """All of the document but its windows."""
    settings = heard.settings
    labels = [printable(label) for label in heard.labels]
    return {
        "version": VERSION,
        "path": None if heard.path is None else printable(heard.path),
        "duration_s": _seconds(heard.facts.duration_s),
        "sample_rate": heard.facts.sample_rate,
        "channels": heard.facts.channels,
        "payload_hash": heard.facts.payload_hash,
        "kind": heard.kind.value,
        "model": printable(heard.model),
        "label_set": settings.label_set,
        "window_s": settings.window_s,
        "hop_s": settings.hop_s,
        "aggregation": settings.aggregation,
        "smoothing": settings.smoothing,
        "smoothing_s": settings.smoothing_s,
        "off_ratio": settings.off_ratio,
        "min_duration_s": settings.min_duration_s,
        "thresholds": dict(zip(labels, map(_share, heard.thresholds), strict=True)),
        "classes": labels,
        "words": {printable(label): printable(heard.words.get(label, label)) for label in heard.labels},
        "file": [
            {
                "label": printable(each.label),
                "family": printable(each.family),
                "confidence": _share(each.confidence),
            }
            for each in heard.instruments
        ],
        "segments": [
            {
                "start_s": _seconds(each.start_s),
                "end_s": _seconds(each.end_s),
                "label": printable(each.label),
                "confidence": _share(each.confidence),
            }
            for each in heard.segments
        ],
    }


def write(path: Path, heard: Timeline) -> None:
    """Writes the document; an existing file is replaced.

    Raises:
        OutputError: it cannot be written there.
    """
    members = [f"{json.dumps(key)}: {_member(value)}" for key, value in _head(heard).items()]
    with replaced(path) as file:
        file.write(("{\n" + ",\n".join(members) + ',\n"timeline": [').encode())
        for number, window in enumerate(_windows(heard)):
            file.write(f"{',' if number else ''}\n  {json.dumps(window, ensure_ascii=False)}".encode())
        file.write(b"\n]\n}\n")


def schema() -> dict[str, Any]:
    """The JSON Schema of the document."""
    text = resources.files(__package__).joinpath("timeline.schema.json").read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def _windows(heard: Timeline) -> Iterator[dict[str, Any]]:
    labels = [printable(label) for label in heard.labels]
    for time_s, is_silent, intensity, active in zip(
        heard.time_s, heard.is_silent, heard.intensity, heard.active, strict=True
    ):
        yield {
            "time_sec": _seconds(time_s),
            "is_silent": bool(is_silent),
            "intensity": dict(zip(labels, map(_share, intensity), strict=True)),
            "active": [label for label, is_active in zip(labels, active, strict=True) if is_active],
        }


def _member(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n  " + ",\n  ".join(json.dumps(each, ensure_ascii=False) for each in value) + "\n]"
    return json.dumps(value, ensure_ascii=False)


def _seconds(time_s: float) -> float:
    return round(float(time_s), 6)


def _share(probability: float) -> float:
    return round(float(probability), 4)
