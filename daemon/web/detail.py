"""What is known of the file looked at: how sure of what, who says so, the facts, and what stands in the file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Final

from nicegui import ui

from daemon.api import finding, models
from daemon.web.asking import ask
from daemon.web.visit import Sound, Visit
from tagger.catalog import LabelState
from tagger.taxonomy import words_of

_REST_S: Final = 0.12
"""Arrow keys go through files faster than anybody reads; what rests for so long is told of."""

_WHO: Final = {"human": "You", "vendor": "The file's own tag", "filename": "The file's name"}
_SAYS: Final = {LabelState.PREDICTED: "says", LabelState.CONFIRMED: "confirmed", LabelState.REJECTED: "rejected"}


class Detail:
    """The panel beside the table.

    Args:
        visit: what the page works with.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._turn = 0
        self._looked_at: Sound | None = None

    def build(self) -> None:
        """Makes the panel, empty, and follows what is looked at."""
        self._panel = ui.element("aside").classes("detail").props('aria-label="About the file" aria-live=polite')
        self._visit.shown.subscribe(self._show)
        self._visit.judged.subscribe(self._judged)
        self._empty()

    async def _show(self, found: Sound | None) -> None:
        self._turn += 1
        turn, self._looked_at = self._turn, found
        if found is None:
            self._empty()
            return
        await asyncio.sleep(_REST_S)
        if turn == self._turn:
            await self._fill(found, turn)

    async def _judged(self, ids: Sequence[int]) -> None:
        if self._looked_at is not None and self._looked_at.id in ids:
            await self._fill(self._looked_at, self._turn)

    async def _fill(self, found: Sound, turn: int) -> None:
        detail = await ask(finding.show, self._visit.backend.catalog, found.id)
        if turn != self._turn:
            return
        self._panel.clear()
        with self._panel:
            if detail is None:
                ui.label("This file is no longer in the catalog.").classes("muted")
            else:
                _head(detail)
                if detail.problem:
                    _notice("error", "It could not be analysed", detail.problem)
                if detail.is_missing:
                    _notice("warning", "The file is not there", "It was moved, deleted, or its disk is away.")
                if detail.recording:
                    _recording(detail.recording)
                _in_file(detail)

    def _empty(self) -> None:
        self._panel.clear()
        with self._panel, ui.element("div").classes("hint muted"):
            ui.icon("graphic_eq").classes("hint-icon")
            ui.label("Choose a sound to hear it and to see what is in it.")
            ui.label("Arrow keys move and play, space stops, ? shows all keys.")


def _head(detail: models.FileDetail) -> None:
    path = PurePath(detail.path)
    ui.label(path.name).classes("detail-name").props("role=heading aria-level=2")
    ui.label(str(path.parent)).classes("muted detail-folder").tooltip(detail.path)


def _recording(recording: models.Recording) -> None:
    if recording.kind == "silence":
        ui.label("Silence: there is nothing to hear in it.").classes("muted")
    else:
        _likely(recording)
    _sources(recording)
    _facts(recording)
    if recording.same_audio:
        with _section("The same audio, also at"):
            for path in recording.same_audio[:20]:
                ui.label(path).classes("muted path")


def _likely(recording: models.Recording) -> None:
    claimed = {tag.label for tag in recording.tags}
    with _section("What is in it"):
        if not claimed:
            ui.label("Unsure. Likeliest:").classes("muted")
        for tag in [*recording.tags, *(tag for tag in recording.candidates if tag.label not in claimed)]:
            with ui.element("div").classes(f"guess family-{tag.family} {'claimed' if tag.label in claimed else ''}"):
                ui.label(words_of(tag.label)).classes("guess-words")
                ui.element("div").classes("guess-bar").style(f"--sure: {tag.confidence}").props("aria-hidden=true")
                ui.label(f"{tag.confidence:.0%}").classes("guess-share")


def _sources(recording: models.Recording) -> None:
    told = [label for label in recording.labels if label.is_tag or label.state is not LabelState.PREDICTED]
    with _section("Who says so"):
        for label in told:
            with ui.element("div").classes(f"said {label.state.value}"):
                ui.label(f"{_WHO.get(label.source, label.source)} {_SAYS[label.state]}").classes("muted")
                ui.label(words_of(label.label)).classes(f"chip family-{label.family}")
        if not told:
            ui.label(f"{recording.model} claims nothing.").classes("muted")


def _facts(recording: models.Recording) -> None:
    channels = {1: "mono", 2: "stereo"}.get(recording.channels, f"{recording.channels} channels")
    facts = {
        "Kind": recording.kind,
        "Length": f"{recording.duration_s:,.2f} s",
        "Sound": f"{recording.sample_rate / 1000:g} kHz, {channels}",
        "Tempo": recording.tempo_bpm and f"{recording.tempo_bpm:.0f} BPM",
        "Key": recording.key,
        "Heard by": recording.model,
        "Heard": f"{recording.analysed_at:%d %B %Y}",
    }
    with _section("Facts"):
        _table({name: str(value) for name, value in facts.items() if value})


def _in_file(detail: models.FileDetail) -> None:
    with _section("Written in the file"):
        if detail.in_file:
            _table(detail.in_file)
        elif detail.in_file is None:
            ui.label("Its tags cannot be read.").classes("muted")
        else:
            ui.label("No instrument tags.").classes("muted")


def _section(words: str) -> ui.element:
    ui.label(words).classes("section").props("role=heading aria-level=3")
    return ui.element("div").classes("section-body")


def _table(rows: Mapping[str, str]) -> None:
    with ui.element("dl").classes("facts"):
        for name, value in rows.items():
            with ui.element("dt"):
                ui.label(name)
            with ui.element("dd"):
                ui.label(value)


def _notice(icon: str, words: str, more: str) -> None:
    with ui.element("div").classes(f"notice {icon}"):
        ui.icon(icon)
        with ui.element("div"):
            ui.label(words)
            ui.label(more).classes("muted")
