"""What is in a file, as far as anybody says: each label with how sure it is, and buttons that agree or disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from nicegui import ui

from daemon.api import models
from daemon.judging import Verdict
from daemon.output import count_words
from daemon.web.library.verdicts import Verdicts
from daemon.web.parts.rows import Row
from daemon.web.work.judging import Chosen
from tagger.catalog import HUMAN, LabelState
from tagger.errors import printable
from tagger.taxonomy import words_of

_MOST: Final = 12


def claims(verdicts: Verdicts, file: Chosen, recording: models.Recording) -> None:
    """The labels of a file, likeliest first, and the acts on all of them."""
    said = {each.label: each.state for each in recording.labels if each.source == HUMAN}
    claimed = {tag.label for tag in recording.tags}
    turned_down = [each for each in recording.labels if each.source == HUMAN and each.state is LabelState.REJECTED]
    shown = {tag.label: tag for tag in [*recording.tags, *recording.candidates, *turned_down]}
    if recording.kind == "silence" and not shown:
        ui.label("Silence: there is nothing to hear in it.").classes("muted")
    with section("What is in it"):
        if not claimed and recording.kind != "silence":
            ui.label("Unsure. Likeliest:").classes("muted")
        for label, tag in shown.items():
            _claim(verdicts, file, tag, said.get(label), is_claimed=label in claimed)
    _acts(verdicts, has_claims=bool(claimed))


def claims_of_many(verdicts: Verdicts, rows: Sequence[Row]) -> None:
    """The labels of many files, most first, and the acts on all files at once."""
    counts = Counter(tag.label for row in rows for tag in row.tags)
    families = {tag.label: tag.family for row in rows for tag in row.tags}
    with section("What is in them"):
        for label, count in counts.most_common(_MOST):
            with ui.element("div").classes(f"guess claimed family-{printable(families[label])}"):
                ui.label(words_of(printable(label))).classes("guess-words")
                ui.element("div").classes("guess-bar").style(f"--sure: {count / len(rows)}").props("aria-hidden=true")
                ui.label(f"{count:,}").classes("guess-share")
        if unsure := sum(not row.tags for row in rows):
            ui.label(f"{count_words(unsure, 'file')} without any").classes("muted")
        if judged := sum(LabelState.CONFIRMED in row.said.values() for row in rows):
            ui.label(f"{count_words(judged, 'file')} confirmed already").classes("muted")
    _acts(verdicts, has_claims=bool(counts))


def section(words: str) -> ui.element:
    """A part of the panel, with its heading."""
    ui.label(words).classes("section").props("role=heading aria-level=3")
    return ui.element("div").classes("section-body")


def _claim(verdicts: Verdicts, file: Chosen, tag: models.Tag, said: LabelState | None, *, is_claimed: bool) -> None:
    words = words_of(tag.label)
    state = f"{'claimed' if is_claimed else ''} {said.value if said else ''}"
    with ui.element("div").classes(f"guess family-{tag.family} {state}"):
        ui.label(words).classes("guess-words")
        ui.element("div").classes("guess-bar").style(f"--sure: {0 if said is LabelState.REJECTED else tag.confidence}")
        ui.label("no" if said is LabelState.REJECTED else f"{tag.confidence:.0%}").classes("guess-share")
        of: Mapping[Verdict, tuple[str, str, LabelState]] = {
            "confirm": ("check", f"It has {words}", LabelState.CONFIRMED),
            "reject": ("close", f"It has no {words}", LabelState.REJECTED),
        }
        for verdict, (icon, name, pressed) in of.items():
            button = ui.button(icon=icon, on_click=partial(verdicts.of, file, tag.label, verdict), color=None)
            button.props(f'flat dense round size=sm aria-label="{name}" aria-pressed={str(said is pressed).lower()}')
            button.classes(f"verdict {verdict}").tooltip(name)


def _acts(verdicts: Verdicts, *, has_claims: bool) -> None:
    with ui.element("div").classes("acts"):
        if has_claims:
            _act("Confirm", "C", verdicts.confirm)
            _act("Reject", "X", verdicts.reject)
        _act("Change", "E", verdicts.change)
        _act("Add", "", verdicts.add)


def _act(words: str, key: str, do: Callable[[], Any]) -> None:
    with ui.button(words, on_click=do, color=None).props("outline no-caps dense").classes("act"):
        if key:
            ui.html(f'<kbd aria-hidden="true">{key}</kbd>', sanitize=False)
