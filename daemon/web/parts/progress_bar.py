"""How the work as a whole is: the line above the folders, with what stops it, what starts it, and the model."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from nicegui import ui

from daemon.api import models, work
from daemon.web.parts import saying
from daemon.web.parts.asking import ask, tell
from daemon.web.parts.dialogs import confirm, copy
from daemon.web.visit import Visit

_COMMANDS: Final = (("tagger daemon", "starts it"), ("tagger service install", "starts it at every login"))


class WorkBar:
    """The line.

    Args:
        visit: what the page works with.
        changed: called after it changed something.
    """

    def __init__(self, visit: Visit, changed: Callable[[], None]) -> None:
        self._visit = visit
        self._changed = changed
        self._is_paused = False
        self._model = models.Model(model="", accepted="", recordings={})

    def build(self) -> None:
        """Makes its elements."""
        with ui.element("section").classes("work").props('aria-label="Progress"'):
            with ui.element("div").classes("work-line"):
                self._light = ui.element("span").classes("tone").props("aria-hidden=true")
                with ui.element("div").classes("work-words").props("role=status"):
                    self._words = ui.label().classes("work-title")
                    self._detail = ui.label().classes("muted")
                self._pause = ui.button(on_click=self._turn).props("outline no-caps dense").classes("work-pause")
            self._bar = ui.linear_progress(value=0, show_value=False, size="4px").props('aria-label="Progress"')
            with ui.element("div").classes("work-start") as self._start:
                for command, words in _COMMANDS:
                    with ui.element("div").classes("command"):
                        ui.label(command).classes("code")
                        ui.label(words).classes("muted")
                        button = ui.button(icon="content_copy", on_click=partial(copy, command, "Command"))
                        button.props(f'flat round dense size=sm aria-label="Copy {command}"')
            with ui.element("div").classes("work-notice") as self._notice:
                ui.icon("auto_awesome").props("aria-hidden=true")
                self._news = ui.label()
                ui.space()
                ui.button("Use it for everything", on_click=self._accept).props("flat no-caps dense")
            for each in (self._bar, self._start, self._notice):
                each.set_visibility(False)

    def show(self, now: models.Work, model: models.Model, *, has_roots: bool) -> None:
        """Shows how it is."""
        condition = saying.of_work(now, has_roots=has_roots)
        self._is_paused, self._model = now.is_paused, model
        self._light.classes(replace=f"tone {condition.tone}")
        self._words.set_text(condition.words)
        self._detail.set_text(" · ".join(filter(None, (saying.progress_words(now), condition.detail))))
        self._bar.set_visibility(bool(now.waiting and now.is_running))
        self._bar.set_value(now.done / max(now.done + now.waiting, 1))
        self._pause.set_text("Go on" if now.is_paused else "Pause all")
        self._pause.props(f"icon={'play_arrow' if now.is_paused else 'pause'}")
        self._pause.set_visibility(now.is_paused or (has_roots and now.is_running))
        self._start.set_visibility(not now.is_running)
        older = sum(count for name, count in model.recordings.items() if name != model.model)
        self._notice.set_visibility(model.accepted != model.model)
        self._news.set_text(
            f"A new model came with the program: {model.model}. New files are heard by it; what {model.accepted} said "
            f"of {older:,} recordings stays until you say otherwise."
        )

    async def _turn(self) -> None:
        backend = self._visit.backend
        await ask(work.pause, backend.catalog, backend.engine, is_paused=not self._is_paused)
        self._changed()

    async def _accept(self) -> None:
        older = sum(count for name, count in self._model.recordings.items() if name != self._model.model)
        points = (
            f"All that older models heard, {older:,} recordings, is listened to again while the machine is idle.",
            "What you said of files stays, and so do tags of yours and of vendors.",
            "Where tags may be written, those that change are written anew; that can be undone.",
            "On the command line, tagger model diff shows first, on a sample, what would change.",
        )
        if not await confirm(f"Use {self._model.model} for everything?", points, "Use it"):
            return
        backend = self._visit.backend
        if await ask(work.accept_model, backend.catalog, backend.engine):
            tell("The new model counts from now on")
        self._changed()
