"""The frame of the page: its name, the views, the theme, and the keys that work everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments

from daemon.web.access.door import LOGOUT
from daemon.web.drop.drop import Drop
from daemon.web.folders.folders import Folders
from daemon.web.keys import KeyHelp, is_asked, listen_to_keys
from daemon.web.library.library import Library
from daemon.web.library.review import Review
from daemon.web.live.live import Live
from daemon.web.parts.health import Health
from daemon.web.parts.toast import Toast
from daemon.web.visit import MOST_QUERY, Sound, Visit

STATIC: Final = Path(__file__).with_name("static")
THEMES: Final = {"auto": "brightness_auto", "dark": "dark_mode", "light": "light_mode"}

SHEETS: Final = ["style.css", *sorted(path.name for path in STATIC.glob("*.css") if path.name != "style.css")]
"""The one that all others build on comes first."""

_GO: Final = """
    const address = new URL(location), name = "%s", before = address.searchParams.get("view");
    address.searchParams.set("view", name);
    if (before !== name) history[before ? "pushState" : "replaceState"](null, "", address);
"""
_BACK_EVENT: Final = "pageback"
_BACK: Final = f"""
    addEventListener("popstate", () => {{
        const said = new URL(location).searchParams;
        emitEvent("{_BACK_EVENT}", [said.get("view") ?? "", said.get("q") ?? ""]);
    }});
"""


class View(Protocol):
    """One of the views; built when it is first opened."""

    def build(self) -> None:
        """Makes its elements, in the slot that is open."""

    async def key(self, key: str) -> None:
        """Does what a key means in it, if anything; called while it is open and nothing is being typed."""


class Entry(NamedTuple):
    """A view in the header."""

    words: str
    icon: str
    make: Callable[[Visit], View]


VIEWS: Final = {
    "library": Entry("Library", "library_music", Library),
    "review": Entry("Review", "rule", Review),
    "live": Entry("Live", "sensors", Live),
    "drop": Entry("Drop a file", "upload_file", Drop),
    "folders": Entry("Folders", "folder_special", Folders),
}


class Shell:
    """The frame of one open page.

    Args:
        visit: what the page works with.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        visit.view = visit.view if visit.view in VIEWS else "library"
        self._built: dict[str, tuple[View, ui.element]] = {}
        self._tabs: dict[str, ui.button] = {}
        self._main: ui.element

    def build(self) -> None:
        """Makes the page."""
        for sheet in SHEETS:
            ui.add_head_html(f'<link rel="stylesheet" href="/style/{sheet}">')
        ui.colors(primary="var(--accent)", negative="#c2453f", positive="#3f8f5f")
        self._dark = ui.dark_mode({"dark": True, "light": False}.get(self._visit.theme))
        listen_to_keys(self._key)
        ui.on(_BACK_EVENT, self._gone_back)
        ui.run_javascript(_BACK)
        # Quasar's bar over the page has no name, and tells of requests that nobody waits for.
        ui.run_javascript("Quasar.LoadingBar.setDefaults({hijackFilter: () => false})")
        with ui.element("header").classes("top"):
            ui.html('<span class="brand-mark" aria-hidden="true"></span>', sanitize=False)
            ui.label("Instrument tagger").classes("brand").props("role=heading aria-level=1")
            with ui.element("nav").classes("views").props('aria-label="Views"'):
                for name, entry in VIEWS.items():
                    self._tabs[name] = self._tab(name, entry)
            ui.space()
            Health(self._visit).build()
            self._keys = KeyHelp()
            self._button("keyboard", "Keys", self._keys.turn)
            self._theme_button()
            if self._visit.has_session:
                with ui.element("form").props(f'method="post" action="{LOGOUT}"'):
                    ui.button("Log out").props("type=submit flat dense no-caps")
        self._main = ui.element("div").classes("content")
        ui.skip_link(target=self._main)
        Toast(self._visit).build()
        self._visit.shown.subscribe(self._note)
        # First, so that whoever else is told finds the view that it is told of.
        self._visit.opened.subscribe(self._open)
        self._open(self._visit.view)

    def _open(self, name: str) -> None:
        """Shows a view."""
        self._visit.view = name
        if name not in self._built:
            with self._main, ui.element("section").classes("view") as section:
                view = VIEWS[name].make(self._visit)
                view.build()
            self._built[name] = view, section
        for each, (_, section) in self._built.items():
            section.set_visibility(each == name)
        for each, tab in self._tabs.items():
            tab.props(f"aria-current={'page' if each == name else 'false'}")
        ui.run_javascript(_GO % name)

    def _gone_back(self, event: GenericEventArguments) -> None:
        """Shows what the address says, after the browser's own buttons."""
        view, text = event.args
        self._visit.opened.emit(view if view in VIEWS else "library")
        self._visit.query = str(text)[:MOST_QUERY]
        self._visit.searched.emit(self._visit.query)

    def _note(self, sound: Sound | None) -> None:
        self._visit.looked_at = sound

    def _tab(self, name: str, entry: Entry) -> ui.button:
        button = ui.button(entry.words, icon=entry.icon, on_click=lambda: self._visit.opened.emit(name), color=None)
        return button.props("flat no-caps dense").classes("tab")

    def _button(self, icon: str, words: str, do: Callable[[], None]) -> None:
        with ui.button(icon=icon, on_click=do).props(f'flat round dense aria-label="{words}"'):
            ui.tooltip(words)

    def _theme_button(self) -> None:
        names = list(THEMES)

        def turn() -> None:
            theme = names[(names.index(self._visit.theme) + 1) % len(names)]
            self._visit.theme = theme
            self._dark.value = {"dark": True, "light": False}.get(theme)
            button.props(f'icon={THEMES[theme]} aria-label="Theme: {theme}"')
            tip.set_text(f"Theme: {theme}")
            ui.run_javascript(f"document.cookie = 'theme={theme}; path=/; max-age=31536000; SameSite=Strict'")

        button = ui.button(icon=THEMES[self._visit.theme], on_click=turn).props("flat round dense")
        button.props(f'aria-label="Theme: {self._visit.theme}"')
        with button:
            tip = ui.tooltip(f"Theme: {self._visit.theme}")

    def _key(self, key: str) -> None:
        if self._visit.typing is not None:
            self._visit.typing(key)
        elif key == "?":
            self._keys.turn()
        elif not is_asked():
            background_tasks.create(self._tell_view(key), name=f"key {key}")

    async def _tell_view(self, key: str) -> None:
        view, section = self._built[self._visit.view]
        # A task has no place on the page of its own.
        with section:
            await view.key(key)
