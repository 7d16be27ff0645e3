"""What is known of the file looked at: how sure of what, who says so, the facts, and what stands in the file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Final

from nicegui import ui

from daemon.api import finding, models
from daemon.output import count_words, duration_words
from daemon.web.library.claims import claims, claims_of_many, section
from daemon.web.library.file_buttons import buttons_for_many, buttons_for_one
from daemon.web.library.verdicts import Verdicts
from daemon.web.parts.asking import ask
from daemon.web.parts.rows import Row
from daemon.web.visit import Sound, Visit
from daemon.web.work.judging import Chosen
from tagger.catalog import LabelState
from tagger.taxonomy import words_of

_REST_S: Final = 0.12
"""Arrow keys go through files faster than anybody reads; what rests for so long is told of."""

_NAMED: Final = 20

_WHO: Final = {"human": "You", "vendor": "The file's own tag", "filename": "The file's name"}
_SAYS: Final = {LabelState.PREDICTED: "says", LabelState.CONFIRMED: "confirmed", LabelState.REJECTED: "rejected"}


class Detail:
    """The panel beside the table.

    Args:
        visit: what the page works with.
        verdicts: judges what the panel shows.
    """

    def __init__(self, visit: Visit, verdicts: Verdicts) -> None:
        self._visit = visit
        self._verdicts = verdicts
        self._turn = 0

    def build(self) -> None:
        """Makes the panel, empty, and follows what is looked at."""
        self._panel = ui.element("aside").classes("detail").props('aria-label="About the file" aria-live=polite')
        self._visit.shown.subscribe(self._look)
        self._visit.chosen.subscribe(self._show)
        self._visit.judged.subscribe(self._show)
        self._empty()

    async def _look(self) -> None:
        await self._show(rest_s=_REST_S)

    async def _show(self, *_: object, rest_s: float = 0.0) -> None:
        self._turn += 1
        turn = self._turn
        await asyncio.sleep(rest_s)
        if turn != self._turn:
            return
        if len(self._visit.selected) > 1:
            self._fill_many(self._visit.selected)
        elif self._visit.looked_at is None:
            self._empty()
        else:
            await self._fill(self._visit.looked_at, turn)

    async def _fill(self, found: Sound, turn: int) -> None:
        detail = await ask(finding.show, self._visit.backend.catalog, found.id)
        if turn != self._turn:
            return
        self._panel.clear()
        with self._panel:
            if detail is None:
                ui.label("This file is no longer in the catalog.").classes("muted")
            else:
                self._file(detail)

    def _file(self, detail: models.FileDetail) -> None:
        _head(detail)
        if detail.problem:
            _notice("error", "It could not be analysed", detail.problem)
        if detail.is_missing:
            _notice("warning", "The file is not there", "It was moved, deleted, or its disk is away.")
        if detail.recording:
            buttons_for_one(self._visit, detail)
            claims(self._verdicts, Chosen(detail.id, detail.recording.payload_hash), detail.recording)
            _sources(detail.recording)
            _facts(detail.recording)
            _copies(detail.recording)
        _in_file(detail)

    def _fill_many(self, rows: Sequence[Row]) -> None:
        self._panel.clear()
        with self._panel:
            ui.label(f"{count_words(len(rows), 'file')} chosen").classes("detail-name").props(
                "role=heading aria-level=2"
            )
            ui.label(f"{duration_words(sum(row.duration_s for row in rows))} together").classes("muted")
            buttons_for_many(self._visit, [row.id for row in rows])
            claims_of_many(self._verdicts, rows)
            with section("Among them"):
                for row in rows[:_NAMED]:
                    ui.label(PurePath(row.path).name).classes("path")
                if len(rows) > _NAMED:
                    ui.label(f"and {len(rows) - _NAMED:,} more").classes("muted path")

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


def _copies(recording: models.Recording) -> None:
    if recording.same_audio:
        with section("The same audio, also at"):
            for path in recording.same_audio[:_NAMED]:
                ui.label(path).classes("muted path")


def _sources(recording: models.Recording) -> None:
    told = [label for label in recording.labels if label.is_tag or label.state is not LabelState.PREDICTED]
    with section("Who says so"):
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
    with section("Facts"):
        _table({name: str(value) for name, value in facts.items() if value})


def _in_file(detail: models.FileDetail) -> None:
    with section("Written in the file"):
        if detail.in_file:
            _table(detail.in_file)
        elif detail.in_file is None:
            ui.label("Its tags cannot be read.").classes("muted")
        else:
            ui.label("No instrument tags.").classes("muted")


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
