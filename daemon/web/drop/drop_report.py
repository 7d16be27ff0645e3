"""What was heard in one dropped file: what it is, the likeliest instruments, sound and pictures, segments, reports."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Final, Literal

from nicegui import background_tasks, ui

from daemon.api.listening import Heard
from daemon.web.drop.desk import Desk, Dropped, State
from daemon.web.drop.drop_routes import export_url, url_of
from daemon.web.drop.lane_picture import clock, family_class, lanes_html
from daemon.web.parts.asking import tell_problem
from daemon.web.parts.player import Player
from daemon.web.visit import Visit
from tagger.decision import Verdict
from tagger.errors import TaggerError
from tagger.reports import FORMATS
from tagger.results import Kind
from tagger.timeline import Timeline, TimelineSettings

_MOST_SEGMENTS: Final = 200
_CHANNELS: Final = {1: "mono", 2: "stereo"}


class DropReport:
    """The middle of the view.

    Args:
        visit: what the page works with.
        desk: where the files are.
    """

    def __init__(self, visit: Visit, desk: Desk) -> None:
        self._visit = visit
        self._desk = desk
        self._dropped: Dropped | None = None
        self._drawn: tuple[int, Heard, TimelineSettings] | None = None
        self._wanted: tuple[int, Heard, TimelineSettings] | None = None
        self._is_drawing = False
        self._timeline: Timeline | None = None
        self._loaded: int | None = None
        self._was_waited_for = False

    def build(self) -> None:
        """Makes its elements."""
        with ui.element("div").classes("report-head"):
            self._name = ui.label().classes("report-name").props("role=heading aria-level=1")
            self._export = ui.button("Export", icon="download").props("outline no-caps").classes("report-export")
            with self._export, ui.menu().props("auto-close"):
                for form in FORMATS.values():
                    with (
                        ui.menu_item(on_click=partial(self._write, form.name))
                        .props("role=menuitem")
                        .classes("export-item")
                    ):
                        ui.label(form.suffixes[0]).classes("export-suffix")
                        ui.label(form.words[:1].upper() + form.words[1:]).classes("muted")
        self._facts = ui.label().classes("report-facts muted")
        with ui.element("div").classes("report-waiting").props("role=status") as self._waiting:
            self._state = ui.label()
            self._bar = ui.linear_progress(show_value=False).props('aria-label="Progress" rounded')
            self._stop = (
                ui.button("Stop", on_click=self._stop_listening, color=None)
                .props("flat no-caps dense")
                .classes("quiet")
            )
            self._again = ui.button("Try again", icon="refresh", on_click=self._try_again, color=None)
            self._again.props("flat no-caps dense").classes("quiet")
        with ui.element("div").classes("report-body") as self._body:
            self._verdict = (
                ui.element("div").classes("likeliest").props('role=group aria-label="Likeliest instruments"')
            )
            self._note = ui.label().classes("verdict-note muted").props("role=status")
            with Player() as self._player:
                self._lanes = ui.html(sanitize=False).classes("lanes").props('role=img aria-label="Timeline"')
            with ui.expansion("Segments").props("dense").classes("segments-box") as self._segments_box:
                self._segments = ui.element("ol").classes("segments")

    def play_or_pause(self) -> None:
        """What the space bar means everywhere."""
        self._player.toggle()

    def stop(self) -> None:
        """Has nothing sound."""
        self._player.stop()

    def show(self, dropped: Dropped | None, heard: Heard | None, settings: TimelineSettings) -> None:
        """Shows a file as far as it is known."""
        self._dropped = dropped
        if dropped is None and self._loaded is not None:
            self._loaded, self._drawn = None, None
            self._player.empty()
        self._name.set_text(dropped.name if dropped else "")
        self._export.set_visibility(heard is not None)
        self._waiting.set_visibility(dropped is not None and heard is None)
        self._body.set_visibility(heard is not None)
        self._facts.set_visibility(heard is not None)
        if dropped is not None and heard is None:
            self._was_waited_for = True
            self._show_state(dropped)
        if dropped is not None and heard is not None:
            self._wanted = dropped.number, heard, settings
            if not self._is_drawing and not self._is_drawn(self._wanted):
                self._is_drawing = True
                background_tasks.create(self._draw(), name="drop report")

    def _is_drawn(self, wanted: tuple[int, Heard, TimelineSettings]) -> bool:
        drawn = self._drawn
        return drawn is not None and drawn[:1] == wanted[:1] and drawn[1] is wanted[1] and drawn[2] == wanted[2]

    def _show_state(self, dropped: Dropped) -> None:
        is_failed = dropped.state is State.FAILED
        self._state.set_text(dropped.words)
        self._state.classes(replace="bad" if is_failed else "")
        self._bar.set_visibility(not is_failed)
        self._bar.set_value(dropped.share)
        self._stop.set_visibility(dropped.state in (State.WAITING, State.LISTENING))
        self._again.set_visibility(is_failed and dropped.path.exists())

    async def _draw(self) -> None:
        """Draws what is wanted, and again as long as something else is wanted by then."""
        try:
            while self._wanted is not None and not self._is_drawn(self._wanted) and not self._body.is_deleted:
                wanted = self._wanted
                _, heard, settings = wanted
                timeline, verdict, lanes = await asyncio.to_thread(_made_of, heard, settings)
                self._drawn, self._timeline = wanted, timeline
                self._facts.set_text(_facts(heard))
                self._load(wanted[0], heard)
                self._lanes.set_content(lanes)
                self._lanes.props["aria-label"] = _spoken(timeline)
                self._lanes.update()
                self._show_verdict(heard, timeline, verdict)
                self._show_segments(timeline)
        finally:
            self._is_drawing = False

    def _load(self, number: int, heard: Heard) -> None:
        dropped = self._desk.files.get(number)
        if dropped is None or number == self._loaded:
            return
        self._loaded = number
        self._player.load(
            number,
            url=url_of(self._desk, dropped, "audio"),
            peaks_url=url_of(self._desk, dropped, "peaks"),
            duration_s=heard.trace.facts.duration_s,
            name=dropped.name,
            spectrogram_url=url_of(self._desk, dropped, "spectrogram.png"),
            is_quiet=self._was_waited_for,
        )
        self._was_waited_for = False

    def _show_verdict(self, heard: Heard, timeline: Timeline, verdict: Verdict) -> None:
        claimed = {each.label for each in verdict.tags}
        words = heard.trace.words(timeline.settings)
        self._verdict.clear()
        with self._verdict:
            for each in verdict.instruments:
                is_claimed = each.label in claimed
                row = ui.element("div").classes(f"likely {family_class(timeline, each.label)}")
                with row.classes("is-claimed" if is_claimed else "").style(f"--sure:{each.confidence:.3f}"):
                    ui.icon("check" if is_claimed else "").props("aria-hidden=true")
                    ui.label(words.get(each.label, each.label)).classes("likely-words")
                    ui.element("span").classes("likely-bar").props("aria-hidden=true")
                    ui.label(f"{100 * each.confidence:.0f} %").classes("likely-sure")
        self._note.set_text(_note(heard, verdict, words))

    def _show_segments(self, timeline: Timeline) -> None:
        count = len(timeline.segments)
        more = f", the first {_MOST_SEGMENTS} of them" if count > _MOST_SEGMENTS else ""
        self._segments_box.set_text(f"{count} segment{'s' * (count != 1)}{more}")
        self._segments_box.set_visibility(bool(count))
        step_s = 0.01 if timeline.facts.duration_s < 60 else 0.1
        self._segments.clear()
        with self._segments:
            for each in timeline.segments[:_MOST_SEGMENTS]:
                with ui.element("li").classes(f"segment {family_class(timeline, each.label)}"):
                    times = f"{clock(each.start_s, step_s=step_s)}–{clock(each.end_s, step_s=step_s)}"
                    seek = ui.button(times, on_click=partial(self._player.seek, each.start_s), color=None)
                    seek.props("flat dense no-caps").classes("segment-time")
                    ui.label(timeline.words.get(each.label, each.label)).classes("segment-words")
                    ui.label(f"{100 * each.confidence:.0f} %").classes("muted")

    async def _write(self, form: str) -> None:
        if self._dropped is None or self._timeline is None:
            return
        theme: Literal["light", "dark"] = "dark" if self._visit.theme == "dark" else "light"
        self._export.props("loading")
        try:
            key = await self._desk.export(self._dropped, self._timeline, form=form, theme=theme)
        except TaggerError as error:
            tell_problem(f"{self._dropped.name}: {error.words}")
        else:
            ui.download.from_url(export_url(self._desk, key))
        finally:
            self._export.props(remove="loading")

    def _stop_listening(self) -> None:
        if self._dropped is not None:
            self._desk.stop(self._dropped)

    def _try_again(self) -> None:
        if self._dropped is not None:
            self._desk.try_again(self._dropped)


def _made_of(heard: Heard, settings: TimelineSettings) -> tuple[Timeline, Verdict, str]:
    timeline, verdict = heard.trace.timeline(settings), heard.trace.verdict(settings)
    return timeline, verdict, lanes_html(timeline, verdict)


def _facts(heard: Heard) -> str:
    facts = heard.trace.facts
    length = f"{facts.duration_s:.2f} s" if facts.duration_s < 60 else clock(facts.duration_s)
    parts = [
        heard.trace.kind.value.capitalize(),
        length,
        f"{heard.tempo_bpm:g} BPM" if heard.tempo_bpm else "",
        heard.key or "",
        f"{facts.sample_rate / 1000:g} kHz",
        _CHANNELS.get(facts.channels, f"{facts.channels} channels"),
    ]
    return "  ·  ".join(part for part in parts if part)


def _note(heard: Heard, verdict: Verdict, words: Mapping[str, str]) -> str:
    if heard.trace.kind is Kind.SILENCE:
        return "There is nothing to be heard in it."
    others = [words.get(each.label, each.label) for each in verdict.tags if each not in verdict.instruments]
    if others:
        return f"Sure enough as well: {', '.join(others)}"
    if verdict.tags:
        return ""
    return "Unsure: nothing reaches its threshold for the file as a whole."


def _spoken(timeline: Timeline) -> str:
    labels = dict.fromkeys(each.label for each in timeline.segments)
    words = ", ".join(timeline.words.get(label, label) for label in labels)
    return f"Timeline: {words or 'nothing is sure enough'}".replace('"', "'")
