"""All DAWs that are connected, as control messages see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from osc_bridge.daws.ableton import Ableton
from osc_bridge.daws.ardour import Ardour
from osc_bridge.daws.bitwig import Bitwig
from osc_bridge.daws.daw import Daw
from osc_bridge.daws.link import Link
from osc_bridge.daws.namer import Given, Proposal
from osc_bridge.daws.reaper import Reaper
from osc_bridge.messages import BadMessage, write

DAWS: Final[Mapping[str, type[Daw]]] = {daw.name: daw for daw in (Ardour, Ableton, Reaper, Bitwig)}


class Desk:
    """The links to DAWs.

    Attributes:
        links: one a DAW.
    """

    def __init__(self) -> None:
        self.links: list[Link] = []

    @property
    def is_playing(self) -> bool:
        """Whether any transport rolls."""
        return any(link.is_playing for link in self.links)

    def names(self) -> list[Proposal]:
        """All tracks of all DAWs for which there is a name."""
        return [proposal for link in self.links for proposal in link.names()]

    def given(self) -> list[Given]:
        """All tracks of all DAWs that have a name by our doing."""
        return [given for link in self.links for given in link.given()]

    def apply(self, daw: str, track: str | None) -> int:
        """Gives tracks of one DAW, or of all where it is `*`, the names suggested; see `Link.apply`."""
        return sum(link.apply(track) for link in self._named(daw))

    def revert(self, daw: str, track: str | None) -> int:
        """Takes names back of one DAW, or of all where it is `*`; see `Link.revert`."""
        return sum(link.revert(track) for link in self._named(daw))

    def _named(self, daw: str) -> list[Link]:
        named = [link for link in self.links if daw in ("*", link.daw.name)]
        if not named:
            which = "a DAW" if daw == "*" else "that DAW"
            raise BadMessage("unknown-name", daw, f"the bridge was not started with {which}; see `tagger osc --daw`")
        return named


def name_letter(address: str, proposal: Proposal) -> bytes:
    """What clients are told of a name."""
    state = "given" if proposal.is_given else "suggested"
    return write(address, proposal.daw, proposal.track, proposal.current, proposal.suggested, state)
