"""The names that the bridge has for a DAW's tracks, to be given one by one or all, and taken back.

A track gets a name here only because somebody pressed a button; `osc.rename` in the settings is another matter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from nicegui import ui

from daemon.web.live.streams import DAW_NAMES
from daemon.web.parts.asking import ask, tell
from daemon.web.parts.commands import command
from osc_bridge.errors import BridgeError
from osc_bridge.messages import BadMessage
from tagger import settings
from tagger.errors import printable

if TYPE_CHECKING:
    from osc_bridge.daws.desk import Desk
    from osc_bridge.daws.namer import Given, Proposal


class Board(NamedTuple):
    """What is known of DAWs and their tracks.

    Attributes:
        daws: name, and whether it is there, of each.
        offered: names that could be given.
        given: names that could be taken back.
    """

    daws: tuple[tuple[str, bool], ...]
    offered: tuple[Proposal, ...]
    given: tuple[Given, ...]


class TrackNames:
    """The panel.

    Args:
        turn_on_again: has the bridge begin anew, with the settings as they are now.
    """

    def __init__(self, turn_on_again: Callable[[], object]) -> None:
        self._turn_on_again = turn_on_again
        self._board: Board | None = None

    def build(self) -> None:
        """Makes the panel, empty."""
        ui.label("Track names").classes("section").props("role=heading aria-level=2")
        self._place = ui.element("div").classes("track-names")

    async def look(self, desk: Desk) -> None:
        """Shows how it is now."""
        board = None
        # A DAW's thread that is late is asked again in a second.
        with suppress(BadMessage):
            board = await asyncio.to_thread(_board, desk)
        if board is not None and board != self._board and not self._place.is_deleted:
            self._board = board
            self._place.clear()
            with self._place:
                self._show(board, desk)

    def _show(self, board: Board, desk: Desk) -> None:
        if not board.daws:
            self._explain()
            return
        for daw, is_there in board.daws:
            with ui.row().classes("daw"):
                ui.element("span").classes("light good" if is_there else "light waiting")
                ui.label(f"{DAW_NAMES[daw]}{' is connected' if is_there else ': waiting for it'}")
        if not (board.offered or board.given):
            ui.label("Play a track for two seconds, and a name for it stands here.").classes("muted")
        if board.offered:
            self._offers(board.offered, desk)
        if board.given:
            self._gifts(board.given, desk)

    def _offers(self, offered: Sequence[Proposal], desk: Desk) -> None:
        for each in offered:
            with ui.element("div").classes("track"):
                _words(each.current, each.suggested)
                button = _button("Accept", partial(self._do, desk, "apply", each.daw, each.track))
                button.props(f'aria-label="Accept {_plain(each.suggested)} for {_plain(each.current)}"')
        if len(offered) > 1:
            _button(f"Accept all {len(offered)}", lambda: self._do(desk, "apply")).classes("all")

    def _gifts(self, given: Sequence[Given], desk: Desk) -> None:
        ui.label("Named by the tagger").classes("muted given-head")
        for each in given:
            with ui.element("div").classes("track given"):
                _words(each.before, each.current)
                button = _button("Take back", partial(self._do, desk, "revert", each.daw, each.track))
                button.props(f'aria-label="Give {_plain(each.current)} its old name {_plain(each.before)} back"')
        if len(given) > 1:
            _button(f"Take all {len(given)} back", lambda: self._do(desk, "revert")).classes("all")

    async def _do(self, desk: Desk, verb: str, daw: str = "*", track: str | None = None) -> None:
        count = await ask(_renamed, desk, verb, daw, track)
        if count is not None:
            tell(f"{count} track{'s' * (count != 1)} renamed" if count else "Nothing had to be renamed")
            await self.look(desk)

    def _explain(self) -> None:
        names = ", ".join(DAW_NAMES.values())
        ui.label(f"The tagger can name tracks after what they play, in {names}.").classes("muted")
        path = printable(settings.settings_path())
        ui.label(f"Say which is yours in {path}:").classes("muted path")
        command('[osc]\ndaws = ["ardour"]')
        _button("Read the settings again", self._turn_on_again)


def _board(desk: Desk) -> Board:
    offered = tuple(each for each in desk.names() if not each.is_given)
    return Board(tuple((link.daw.name, link.is_connected) for link in desk.links), offered, tuple(desk.given()))


def _renamed(desk: Desk, verb: str, daw: str, track: str | None) -> int:
    try:
        return (desk.apply if verb == "apply" else desk.revert)(daw, track)
    except BadMessage as error:
        raise BridgeError("the track's name", error.text) from error


def _words(before: str, after: str) -> None:
    with ui.element("div").classes("track-words"):
        ui.label(before or "(no name)").classes("track-before")
        ui.icon("east").classes("muted").props("aria-hidden=true")
        ui.label(after).classes("track-after")


def _button(words: str, do: Callable[[], object]) -> ui.button:
    return ui.button(words, on_click=do).props("outline no-caps dense size=sm")


def _plain(text: str) -> str:
    """A name that can stand in an attribute."""
    return text.replace('"', "”").replace("\\", "/")
