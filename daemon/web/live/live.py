"""Live: what plays now in each stream of the OSC bridge, names for the tracks of a DAW, and what sounds alike.

Once a second, while this view is open, it looks how the bridge, its streams and its DAWs are; what moves is the
business of `lanes`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from nicegui import ui

from daemon.service.hearing import Hearing
from daemon.web.live import demo
from daemon.web.live.lanes import Lanes
from daemon.web.live.nearest import Nearest
from daemon.web.live.streams import Streams
from daemon.web.live.track_names import TrackNames
from daemon.web.parts.asking import ask
from daemon.web.parts.commands import command
from daemon.web.visit import Visit
from tagger import settings
from tagger.errors import printable

if TYPE_CHECKING:
    from osc_bridge.bridge import Bridge

NAME: Final = "live"
_NEAREST_EVERY: Final = 3
"""Looks."""

_LINGERING_S: Final = 60.0


class Live:
    """The view `live`.

    Args:
        visit: what the page works with.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._demo = demo.Demo()
        self._bridge: Bridge | None = None
        self._state: object = None
        self._streams = Streams()
        self._chosen = ""
        self._looks = 0

    def build(self) -> None:
        """Makes its elements."""
        self._place = ui.element("div").classes("live")
        self._timer = ui.timer(1.0, self._look)
        self._visit.opened.subscribe(self._opened)
        self._place.client.on_delete(self._demo.stop)

    async def key(self, key: str) -> None:
        """Does what a key means here."""
        if self._bridge is not None and key in ("ArrowUp", "ArrowDown"):
            self._lanes.run_method("move", -1 if key == "ArrowUp" else 1)

    def _opened(self, name: str) -> None:
        is_open = name == NAME
        self._timer.active = is_open
        if self._bridge is not None and is_open:
            self._lanes.show(self._bridge.history)
        elif self._bridge is not None:
            self._lanes.stop()

    async def _look(self) -> None:
        hearing = self._visit.backend.hearing
        bridge = hearing.bridge if hearing else None
        state = (bridge, hearing.problem if hearing else None)
        if self._state != state:
            self._state = state
            self._begin(hearing, bridge)
        if bridge is not None and self._lanes.is_seen:
            await self._follow(bridge)

    def _begin(self, hearing: Hearing | None, bridge: Bridge | None) -> None:
        """Shows another state of things."""
        if self._bridge is not None:
            self._lanes.stop()
        self._bridge = bridge
        self._place.clear()
        with self._place:
            if bridge is not None:
                self._build_hearing(bridge)
            elif hearing is not None:
                self._build_off(hearing)
            else:
                with _hint("power_off", "The daemon is not running"):
                    ui.label("It hears live audio and does the rest of the work. Start it with:")
                    command("tagger daemon")

    def _build_off(self, hearing: Hearing) -> None:
        path = printable(settings.settings_path())
        if hearing.problem is None:
            with _hint("hearing_disabled", "Live audio is off"):
                ui.label("Turn it on to see what plays in your DAW, track by track, as it plays.")
                self._on_button("Turn on", hearing)
                ui.label(f"To have it on whenever the daemon runs, put this into {path}:").classes("muted")
                command("[osc]\nis_on = true")
            return
        with _hint("error_outline", "Live audio cannot be heard"):
            ui.label(printable(str(hearing.problem))).classes("live-problem")
            self._on_button("Try again", hearing)
            ui.label(f"Ports and DAWs are set under [osc] in {path}, which is read when you try again.").classes(
                "muted"
            )

    def _on_button(self, words: str, hearing: Hearing) -> None:
        async def turn_on() -> None:
            button.props("loading")
            await ask(_turn_on, hearing)
            button.props(remove="loading")
            await self._look()

        button = _solid_button(words, "hearing", turn_on)

    def _build_hearing(self, bridge: Bridge) -> None:
        self._streams = Streams()
        self._nearest = Nearest(self._visit)
        self._names = TrackNames(self._turn_on_again)
        with ui.element("div").classes("live-main"):
            with ui.element("div").classes("live-line"):
                ui.element("span").classes("light good")
                self._line = ui.label().props("role=status")
                ui.space()
                self._demo_button = ui.button(on_click=self._turn_demo).props("flat dense no-caps")
            self._silence = self._build_silence(bridge)
            self._lanes = Lanes(bridge.engine.labels, on_choose=self._choose)
        with ui.element("aside").classes("live-side").props('aria-label="Names and similar sounds"'):
            self._names.build()
            self._nearest.build()
        self._lanes.show(bridge.history)

    def _build_silence(self, bridge: Bridge) -> ui.element:
        with _hint("graphic_eq", "No sound yet") as hint:
            ui.label("Send some, and what plays moves across this page:")
            port = "" if bridge.address[1] == settings.OscSettings().port else f" --port {bridge.address[1]}"
            with ui.element("dl").classes("ways"):
                _way("From your DAW", "Put the plug-in “Tagger Tap” on a track, and play.")
                _way("A JACK program", f"tagger osc jack{port} --list", is_command=True)
                _way("The sound card", f"tagger osc input{port}", is_command=True)
                _way("Any audio file", f"tagger osc play{port} FILE", is_command=True)
            _solid_button("Play a sample of the library as if it were live", "play_arrow", self._turn_demo)
        return hint

    async def _follow(self, bridge: Bridge) -> None:
        infos = await ask(bridge.engine.streams)
        if infos is None or self._bridge is not bridge:
            return
        states = self._streams.look(infos, [link.daw for link in bridge.desk.links], time.monotonic())
        # What has just ended is shown till it has moved out of the picture.
        is_empty = not states and not bridge.history.since(time.monotonic() - _LINGERING_S)
        self._silence.set_visibility(is_empty)
        self._lanes.set_visibility(not is_empty)
        self._lanes.tell(states)
        count = len(states)
        self._line.set_text(f"Listening at port {bridge.address[1]}, {count or 'no'} stream{'s' * (count != 1)}")
        is_playing = self._demo.is_playing
        self._demo_button.set_visibility(is_playing or not is_empty)
        self._demo_button.set_text("Stop the sample" if is_playing else "Play a sample")
        self._demo_button.set_icon("stop" if is_playing else "play_arrow")
        await self._names.look(bridge.desk)
        self._looks += 1
        is_sounding = any(state.name == self._chosen and state.state != "waiting" for state in states)
        if is_sounding and self._looks % _NEAREST_EVERY == 0:
            await self._nearest.follow(bridge, self._chosen)

    def _choose(self, stream: str) -> None:
        self._chosen, self._looks = stream, -1

    async def _turn_demo(self) -> None:
        bridge = self._bridge
        if bridge is None:
            return
        if self._demo.is_playing:
            await ask(self._demo.stop)
        elif chosen := await ask(demo.example, self._visit.backend.catalog, self._visit.looked_at):
            path, repeat = chosen
            await ask(self._demo.play, path, bridge.address, repeat=repeat)
        else:
            ui.notify("The library has no file that could be played yet.", position="bottom")

    async def _turn_on_again(self) -> None:
        hearing = self._visit.backend.hearing
        if hearing is not None:
            await ask(hearing.turn_off)
            await ask(_turn_on, hearing)
            await self._look()


def _turn_on(hearing: Hearing) -> None:
    hearing.turn_on(settings.load().osc)


def _hint(icon: str, title: str) -> ui.element:
    """A state in which there is nothing to see, to be filled with what to do about it."""
    hint = ui.element("div").classes("live-hint")
    with hint:
        ui.icon(icon).classes("hint-icon").props("aria-hidden=true")
        ui.label(title).classes("live-title").props("role=heading aria-level=2")
    return hint


def _solid_button(words: str, icon: str, do: Callable[[], object]) -> ui.button:
    """What most people will want to press."""
    return ui.button(words, icon=icon, on_click=do).props("no-caps unelevated")


def _way(what: str, how: str, *, is_command: bool = False) -> None:
    with ui.element("dt"):
        ui.label(what)
    with ui.element("dd"):
        command(how) if is_command else ui.label(how)
