"""The first visit: what the program does with a folder of samples, what it does not, and the way to the first one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from nicegui import ui

from daemon.api import folders, models, work
from daemon.service import events
from daemon.web.folders.adding import AddFolder
from daemon.web.parts import saying
from daemon.web.parts.asking import ask
from daemon.web.parts.redrawing import Redrawing
from daemon.web.visit import Visit
from tagger.catalog import Query

_POINTS: Final = (
    ("hearing", "It listens", "to every file in the folder and tells which instruments are in it, whatever its name."),
    ("lock", "Your files stay as they are.", "Tags go into them only where you turn that on, and can be taken back."),
    ("cloud_off", "Nothing leaves this machine.", "No account, no upload."),
    ("bedtime", "It works in the background,", "one core at most, and rests while you play."),
)


class Welcome:
    """Lies over a view for as long as there is nothing to be seen in it.

    Args:
        visit: what the page works with.
        view: over which view.
        ended: called when it gives way to what is now to be seen.
    """

    def __init__(self, visit: Visit, view: str, ended: Callable[[], None] = lambda: None) -> None:
        self._visit = visit
        self._view = view
        self._ended = ended
        self._is_over = self._is_shown = False

    def build(self) -> None:
        """Makes its elements, hidden."""
        with ui.element("div").classes("welcome") as self._all, ui.element("div").classes("welcome-card"):
            ui.html('<span class="brand-mark" aria-hidden="true"></span>', sanitize=False)
            self._title = ui.label().classes("welcome-title").props("role=heading aria-level=1")
            self._words = ui.label().classes("welcome-words muted").props("role=status")
            with ui.element("ul").classes("welcome-points") as self._points:
                for icon, first, rest in _POINTS:
                    with ui.element("li"):
                        ui.icon(icon).props("aria-hidden=true")
                        ui.html(f"<strong>{first}</strong> {rest}", sanitize=False)
            self._add: ui.element
            if self._visit.is_local:
                add = ui.button("Add a folder", icon="create_new_folder", on_click=AddFolder(self._visit).ask)
                self._add = add.props("unelevated no-caps size=lg").classes("welcome-add")
            else:
                self._add = ui.label("Folders are added on the machine itself: open this page there.").classes("muted")
            self._bar = ui.linear_progress(value=0, show_value=False, size="4px").props('aria-label="Progress"')
            self._folders = ui.button("See the folders", on_click=lambda: self._visit.opened.emit("folders"))
            self._folders.props("flat no-caps")
        self._all.set_visibility(False)
        self._redrawing = Redrawing(self._visit, self._view, self._draw)
        self._visit.news.subscribe(self._hear)
        self._redrawing.soon()

    def _hear(self, event: events.Event) -> None:
        is_of_work = isinstance(event, events.ProgressMade | events.HoldsChanged) and not self._is_over
        if is_of_work or isinstance(event, events.RootChanged):
            self._redrawing.soon()

    async def _draw(self) -> None:
        catalog, engine = self._visit.backend.catalog, self._visit.backend.engine
        roots = await ask(folders.roots, catalog, engine)
        has_files = await ask(lambda: any(True for _ in catalog.find(Query(limit=1))))
        if roots is None or has_files is None:
            return
        # In the folders there is something to be seen as soon as there is one.
        self._is_over = bool(roots) if self._view == "folders" else has_files
        self._all.set_visibility(not self._is_over)
        if self._is_over:
            if self._is_shown:
                self._ended()
            self._is_shown = False
            return
        self._is_shown = True
        for each in (self._points, self._add):
            each.set_visibility(not roots)
        for other in (self._bar, self._folders):
            other.set_visibility(bool(roots))
        if not roots:
            self._title.set_text("Find your samples by what they are")
            self._words.set_text("Choose a folder of samples. The first results are there in seconds.")
        elif now := await ask(work.look, catalog, engine):
            self._wait(now, is_looking=any(root.state in ("scanning", "starting") for root in roots))

    def _wait(self, now: models.Work, *, is_looking: bool) -> None:
        condition = saying.of_work(now, has_roots=True)
        title, words = condition.words, condition.detail
        if not now.is_running:
            words = "Start it with tagger daemon. Then it listens to the folders that you added."
        elif is_looking or condition.tone == "busy":
            title = "Listening to the first files"
            words = saying.progress_words(now) or "The folder is looked through."
        elif condition.tone == "good":
            title, words = "No sounds yet", "There is nothing in your folders that it can listen to."
        self._title.set_text(title)
        self._words.set_text(words)
        self._bar.set_visibility(bool(now.waiting and now.is_running))
        self._bar.set_value(now.done / max(now.done + now.waiting, 1))
