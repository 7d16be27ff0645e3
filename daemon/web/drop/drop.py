"""The view `drop`: files that are dropped are listened to, and nothing of them is kept.

At the left what was dropped, in the middle what was heard in the one that is looked at, at the right the settings. A
file is listened to once for each length and step of windows; all else follows from what was heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from nicegui import background_tasks, context, ui
from starlette.exceptions import HTTPException

from daemon.api.listening import Heard, Hearing
from daemon.web.drop.desk import MOST_BYTES, MOST_FILES, Desk, Dropped
from daemon.web.drop.drop_report import DropReport
from daemon.web.drop.drop_routes import upload_url
from daemon.web.drop.dropzone import DropZone
from daemon.web.drop.tuning import Tuning
from daemon.web.parts.asking import reason
from daemon.web.visit import Visit
from tagger.errors import TaggerError, one_line
from tagger.results import Kind
from tagger.timeline import TimelineSettings

NAME: Final = "drop"

_REDRAWN_S: Final = 0.2
_MOST_REFUSED: Final = 8
_LIMITS: Final = (
    f"Up to {MOST_FILES} files of {MOST_BYTES // 1024**2} MB. Nothing is kept: files are deleted when you close this "
    f"page, after an hour at the latest, and your library stays as it is."
)


class Drop:
    """The view.

    Args:
        visit: what the page works with.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._desk: Desk
        self._rows: dict[int, _Row] = {}
        self._shown: int | None = None
        self._is_redrawing = False

    def build(self) -> None:
        """Makes its elements."""
        try:
            self._desk = self._visit.desks.open()
        except (HTTPException, TaggerError) as error:
            ui.label(reason(error)).classes("drop-nothing").props("role=alert")
            return
        self._desk.changed = self._changed
        context.client.on_delete(self._desk.close)
        self._visit.opened.subscribe(self._opened)
        self._tuning = Tuning(self._changed)
        self._report = DropReport(self._visit, self._desk)
        with ui.element("div").classes("drop is-empty") as self._root:
            with ui.element("aside").classes("drop-files").props('aria-label="Dropped files"'):
                self._build_zone()
                self._list = ui.element("ul").classes("drop-list")
                with ui.element("div").props("role=status"):
                    self._refused = ui.element("ul").classes("drop-refused")
                self._clear = ui.button("Remove all", icon="delete_sweep", on_click=self._remove_all, color=None)
                self._clear.props("flat dense no-caps").classes("quiet")
            with ui.element("div").classes("drop-main"):
                self._report.build()
            with ui.element("aside").classes("drop-settings"):
                self._tuning.build()
        self._redraw()

    async def key(self, key: str) -> None:
        """Arrows go from file to file; space plays what is looked at, Delete takes it away."""
        if key in ("ArrowDown", "ArrowUp") and self._desk.files:
            numbers = list(self._desk.files)
            at = numbers.index(self._shown) if self._shown in numbers else 0
            self._show(numbers[max(0, min(len(numbers) - 1, at + (1 if key == "ArrowDown" else -1)))])
        elif key == "Delete" and self._shown is not None:
            self._desk.remove(self._shown)
        elif key == " ":
            self._report.play_or_pause()

    def _opened(self, view: str) -> None:
        if view != NAME:
            self._report.stop()

    def _build_zone(self) -> None:
        with DropZone(upload_url(self._desk), most_bytes=MOST_BYTES, on_refused=self._refuse) as zone:
            ui.icon("graphic_eq").classes("zone-icon").props("aria-hidden=true")
            ui.label("Drop audio files here").classes("zone-title")
            ui.label("and see which instruments play, and when").classes("zone-more muted")
            choose = ui.button("Choose files", icon="folder_open").props("unelevated no-caps").classes("zone-choose")
            choose.on("click", js_handler=zone.choose)
            ui.label(_LIMITS).classes("zone-limits muted")

    def _changed(self) -> None:
        """Redraws soon, but not more often than anybody could see."""
        if not self._is_redrawing:
            self._is_redrawing = True
            background_tasks.create(self._redraw_soon(), name="drop")

    async def _redraw_soon(self) -> None:
        await asyncio.sleep(_REDRAWN_S)
        self._is_redrawing = False
        if not self._root.is_deleted:
            self._redraw()

    def _redraw(self) -> None:
        files = self._desk.files
        for number in [number for number in self._rows if number not in files]:
            self._rows.pop(number).delete()
        if self._shown not in files:
            self._shown = next(iter(files), None)
        for number, dropped in files.items():
            if number not in self._rows:
                with self._list:
                    self._rows[number] = _Row(dropped, on_pick=self._show, on_remove=self._desk.remove)
            heard = self._heard(dropped)
            self._rows[number].update(dropped, heard, self._tuning.settings, is_shown=number == self._shown)
        self._root.classes(remove="is-empty") if files else self._root.classes(add="is-empty")
        self._clear.set_visibility(len(files) > 1)
        shown = files.get(self._shown) if self._shown is not None else None
        heard = self._heard(shown) if shown else None
        if heard is not None:
            self._tuning.restrict(heard.trace.label_sets)
        self._report.show(shown, heard, self._tuning.settings)

    def _heard(self, dropped: Dropped) -> Heard | None:
        """What was heard: of the file that is looked at by the settings of now, of any other by those it had."""
        hearing = Hearing(self._tuning.settings.window_s, self._tuning.settings.hop_s)
        if dropped.number != self._shown and dropped.hearing is not None:
            hearing = dropped.hearing
        return self._desk.listen(dropped, hearing)

    def _show(self, number: int) -> None:
        self._shown = number
        self._redraw()

    def _refuse(self, name: str, why: str) -> None:
        with self._refused, ui.element("li") as row:
            ui.label(f"{one_line(name)}: {why}").classes("refused-words")
            ui.button(icon="close", on_click=row.delete, color=None).props(
                'flat dense round size=sm aria-label="Dismiss"'
            )
        while len(self._refused.default_slot.children) > _MOST_REFUSED:
            self._refused.default_slot.children[0].delete()

    def _remove_all(self) -> None:
        for number in list(self._desk.files):
            self._desk.remove(number)
        self._refused.clear()


class _Row:
    """One file in the list."""

    def __init__(self, dropped: Dropped, *, on_pick: Callable[[int], None], on_remove: Callable[[int], None]) -> None:
        number = dropped.number
        with ui.element("li").classes("drop-file") as self._item:
            with ui.element("button").props("type=button").classes("drop-pick") as self._pick:
                ui.label(dropped.name).classes("drop-name").tooltip(dropped.name)
                self._words = ui.label().classes("drop-state muted")
                self._bar = ui.element("span").classes("drop-bar").props("aria-hidden=true")
            self._pick.on("click", lambda: on_pick(number), [])
            remove = ui.button(icon="close", on_click=lambda: on_remove(number), color=None)
            remove.props("flat dense round size=sm").props["aria-label"] = f"Remove {dropped.name}"

    def update(self, dropped: Dropped, heard: Heard | None, settings: TimelineSettings, *, is_shown: bool) -> None:
        self._item.classes(replace=f"drop-file {dropped.state.value} {'is-shown' if is_shown else ''}")
        self._pick.props(f"aria-current={'true' if is_shown else 'false'}")
        self._words.set_text(dropped.words if heard is None else summary(heard, settings))
        self._bar.style(f"--share:{dropped.share:.3f}")

    def delete(self) -> None:
        self._item.delete()


def summary(heard: Heard, settings: TimelineSettings) -> str:
    """What was heard in a file, in a few words."""
    if heard.trace.kind is Kind.SILENCE:
        return "Silence"
    tags = heard.trace.verdict(settings).tags
    words = heard.trace.words(settings)
    named = ", ".join(f"{words.get(tag.label, tag.label)} {100 * tag.confidence:.0f} %" for tag in tags[:2])
    return named + (f" and {len(tags) - 2} more" if len(tags) > 2 else "") if tags else "Unsure"
