"""What a timeline can be written as: one row a format, known by the end of a file's name.

The longest suffix that fits decides: `song.csv` holds segments, `song.windows.csv` every window, `song.reaper.csv`
regions for REAPER. What a format needs is imported when it is written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from tagger.errors import OutputError
from tagger.timeline import Timeline

if TYPE_CHECKING:
    from tagger.pictures import Overview

DEFAULT_TEMPO_BPM: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What reports are made of.

    Attributes:
        heard: the timeline.
        overview: of the same recording; only formats that say `needs_overview` look at it.
        tempo_bpm: of formats that count in beats, 4 to 1000.
        theme: of pictures, `light` or `dark`; what is made for print is always light.
    """

    heard: Timeline
    overview: Overview | None = None
    tempo_bpm: float = DEFAULT_TEMPO_BPM
    theme: Literal["light", "dark"] = "light"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to write a timeline.

    Attributes:
        name: what it is called.
        suffixes: of its files, in lower case, the usual one first.
        words: what it is for.
        write: writes it to a path, replacing what is there; raises OutputError.
        needs_overview: whether the recording itself has to be looked at.
    """

    name: str
    suffixes: tuple[str, ...]
    words: str
    write: Callable[[Path, Material], None]
    needs_overview: bool = False


def format_of(path: Path) -> Format:
    """The format that a file's name asks for.

    Raises:
        OutputError: its suffix is none that is known.
    """
    name = path.name.lower()
    fitting = [(len(suffix), each) for each in FORMATS.values() for suffix in each.suffixes if name.endswith(suffix)]
    if not fitting:
        known = ", ".join(each.suffixes[0] for each in FORMATS.values())
        raise OutputError(path, "has a suffix that says nothing of its format", f"known are {known}")
    return max(fitting, key=lambda pair: pair[0])[1]


def _json(path: Path, material: Material) -> None:
    from tagger.reports import document

    document.write(path, material.heard)


def _segments(path: Path, material: Material) -> None:
    from tagger.reports import tables

    tables.write_segments(path, material.heard)


def _windows(path: Path, material: Material) -> None:
    from tagger.reports import tables

    tables.write_windows(path, material.heard)


def _audacity(path: Path, material: Material) -> None:
    from tagger.reports import markers

    markers.write_audacity(path, material.heard)


def _reaper(path: Path, material: Material) -> None:
    from tagger.reports import markers

    markers.write_reaper(path, material.heard)


def _midi(path: Path, material: Material) -> None:
    from tagger.reports import midi

    midi.write(path, material.heard, tempo_bpm=material.tempo_bpm)


def _pdf(path: Path, material: Material) -> None:
    from tagger.reports import pdf

    pdf.write(path, material.heard, _overview_of(material))


def _picture(path: Path, material: Material, *, name: str, form: Literal["png", "svg"]) -> None:
    from tagger import pictures
    from tagger.pictures.themes import THEMES

    pictures.save(
        path,
        material.heard,
        _overview_of(material),
        pictures.Picture(name),
        form=form,
        theme=THEMES[material.theme],
    )


def _overview_of(material: Material) -> Overview:
    if material.overview is None:
        raise ValueError("this format needs an overview")
    return material.overview


def _pictures() -> tuple[Format, ...]:
    parts = {
        "all": "waveform, mel spectrogram and timeline",
        "waveform": "the waveform alone",
        "spectrogram": "the mel spectrogram alone",
        "timeline": "the timeline alone",
    }
    forms: tuple[Literal["png", "svg"], ...] = ("png", "svg")
    return tuple(
        Format(
            name=form if name == "all" else f"{name}-{form}",
            suffixes=(f".{form}",) if name == "all" else (f".{name}.{form}",),
            words=f"{form.upper()} picture: {words}",
            write=partial(_picture, name=name, form=form),
            needs_overview=True,
        )
        for form in forms
        for name, words in parts.items()
    )


FORMATS: Final = {
    each.name: each
    for each in (
        Format(name="json", suffixes=(".json",), words="all there is, for programs", write=_json),
        Format(name="csv", suffixes=(".csv",), words="a table of segments", write=_segments),
        Format(name="windows", suffixes=(".windows.csv",), words="a table of all windows", write=_windows),
        Format(name="audacity", suffixes=(".txt",), words="a label track for Audacity", write=_audacity),
        Format(name="reaper", suffixes=(".reaper.csv",), words="regions for REAPER", write=_reaper),
        Format(name="midi", suffixes=(".mid", ".midi"), words="a MIDI file with markers", write=_midi),
        Format(name="pdf", suffixes=(".pdf",), words="a report to print", write=_pdf, needs_overview=True),
        *_pictures(),
    )
}
"""All formats by name."""
