"""What a printed report says in words and numbers, apart from how it looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tagger.pictures.lettering import shown
from tagger.pictures.panels import clock
from tagger.results import Kind
from tagger.taxonomy import words_of
from tagger.timeline import Timeline, rows_of

_MOST_EXCEPTIONS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One instrument in the summary.

    Attributes:
        words: how it reads.
        confidence: with which it is claimed of the file as a whole; None if it is not.
        heard_s: total length of its segments, in seconds.
        share: of the recording, 0 to 1.
        segments: how many.
        first_s: start of the first; None without any.
        last_s: end of the last; None without any.
    """

    words: str
    confidence: float | None
    heard_s: float
    share: float
    segments: int
    first_s: float | None
    last_s: float | None


def title(heard: Timeline) -> str:
    """The name of the file."""
    return "a signal in memory" if heard.path is None else heard.path.name


def verdict(heard: Timeline, *, longest: int) -> str:
    """What may be claimed of the file, on a line of about `longest` characters."""
    kind = heard.kind.value.capitalize()
    if heard.kind is Kind.SILENCE:
        return f"{kind}."
    if not heard.instruments:
        return f"{kind}: nothing is sure enough to be claimed of all of it."
    said = f"{kind}: "
    for number, each in enumerate(heard.instruments):
        name = f"{shown(_words(heard, each.label), 30)} {each.confidence:.2f}"
        if number and len(said) + len(name) > longest:
            return f"{said} and {len(heard.instruments) - number} more"
        said += f", {name}" if number else name
    return said


def facts(heard: Timeline) -> Iterator[tuple[str, str]]:
    """Names and values of all that the container says, and of all that decided the timeline."""
    file, settings = heard.facts, heard.settings
    unit = " s" if file.duration_s < 60 else ""
    yield "length", clock(file.duration_s, step_s=0.001, longest_s=file.duration_s) + unit
    yield "audio", f"{file.sample_rate:,} Hz, {file.channels} channel{'s' if file.channels > 1 else ''}"
    yield "identity", file.payload_hash[:16] or "none"
    yield "model", heard.model
    yield "labels", settings.label_set
    yield "windows", f"{settings.window_s:g} s every {settings.hop_s:g} s"
    yield "smoothing", "none" if settings.smoothing == "none" else f"{settings.smoothing} of {settings.smoothing_s:g} s"
    yield "threshold", _threshold(heard)
    yield "goes off", f"below {100 * settings.off_ratio:.0f} % of it"
    yield "whole file", "judged at its onset" if heard.kind is Kind.ONE_SHOT else settings.aggregation
    yield "shortest", f"{settings.min_duration_s:g} s"


def summary(heard: Timeline) -> list[Row]:
    """A row for each instrument that is heard, the longest heard first, then those only claimed of the whole file."""
    claimed = {each.label: each.confidence for each in heard.instruments}
    # A dict, since sets have no order.
    labels = dict.fromkeys([*rows_of(heard), *claimed])
    return [_row(heard, label, claimed.get(label)) for label in labels]


def _row(heard: Timeline, label: str, confidence: float | None) -> Row:
    segments = [each for each in heard.segments if each.label == label]
    heard_s = sum(each.end_s - each.start_s for each in segments)
    return Row(
        words=_words(heard, label),
        confidence=confidence,
        heard_s=heard_s,
        share=min(1.0, heard_s / heard.facts.duration_s) if heard.facts.duration_s else 0.0,
        segments=len(segments),
        first_s=min((each.start_s for each in segments), default=None),
        last_s=max((each.end_s for each in segments), default=None),
    )


def _words(heard: Timeline, label: str) -> str:
    return heard.words.get(label) or words_of(label)


def _threshold(heard: Timeline) -> str:
    settings = heard.settings
    general = "the model's own" if settings.threshold is None else f"{settings.threshold:g}"
    exceptions = [f"{label} {value:g}" for label, value in settings.thresholds.items()]
    if len(exceptions) > _MOST_EXCEPTIONS:
        return f"{general}, {len(exceptions)} others"
    return ", ".join([general, *exceptions])
