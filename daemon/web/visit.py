"""What one open page works with, and what its parts tell each other.

The parts know the visit, never each other: the table says which file is shown, the panel shows it, the player
plays it, and none of them knows that the others exist.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from fastapi import Request
from nicegui import Event

from daemon.api.backend import Backend
from daemon.web.drop.desk import Desks
from daemon.web.parts.news import News
from daemon.web.parts.rows import Row
from daemon.web.work.reviewing import Doubts
from daemon.web.work.similar import SimilarSounds
from tagger.catalog.records import Hit
from tagger.errors import printable

MOST_QUERY: Final = 500
"""Characters of a search that an address may have."""


class Sound(Protocol):
    """A file that is looked at, as `models.FoundFile`."""

    @property
    def id(self) -> int:
        """Number of its place."""

    @property
    def path(self) -> str:
        """Where it is, in words."""

    @property
    def duration_s(self) -> float:
        """Its length; 0 where that is not known."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the catalog, as a `Sound`."""

    id: int
    path: str
    duration_s: float

    @classmethod
    def of(cls, hit: Hit) -> Found:
        """What can be looked at of it."""
        return cls(hit.id, printable(hit.path), hit.duration_s)


class Note(NamedTuple):
    """What was done, to be shown for a moment.

    Attributes:
        words: what was done.
        back_words: what the button says that takes it back.
        back: takes it back; None where that cannot be done.
    """

    words: str
    back_words: str = "Undo"
    back: Callable[[], Awaitable[object]] | None = None


class Shared(NamedTuple):
    """What all open pages have in common; as in `Visit`."""

    backend: Backend
    news: News
    similar: SimilarSounds
    doubts: Doubts
    desks: Desks


@dataclass(slots=True, eq=False)
class Visit:
    """One open page.

    Attributes:
        backend: what all of it works with.
        news: what happens in the daemon.
        similar: finds what sounds alike.
        doubts: the queue of the review.
        desks: where dropped files are.
        is_local: whether the browser is on this machine, so that folders can be opened there.
        has_session: whether its user logged in, and so may log out.
        query: the text in the search box when the page was opened.
        view: which view is open, by name.
        theme: "dark", "light", or "auto" for what the system says.
        shown: tells that another file is looked at; None when there is none.
        judged: tells of which recordings, by the hash of their audio, what is known has changed.
        chosen: tells that other files are chosen in the table.
        alike: asks what sounds like a file.
        told: tells people what was done.
        searched: asks for a search, by the text of the search box.
        opened: asks for another view, by its name.
        looked_at: the file that `shown` told of last.
        selected: the files that are chosen, in the order of the table.
        labels: those that were chosen lately, the latest first.
        typing: takes keys that are pressed while a box for text is on its way; None while none is.
    """

    backend: Backend
    news: News
    similar: SimilarSounds
    doubts: Doubts
    desks: Desks
    is_local: bool
    has_session: bool = False
    query: str = ""
    view: str = ""
    theme: str = "auto"
    shown: Event[[Sound | None]] = field(default_factory=Event)
    judged: Event[[Collection[str]]] = field(default_factory=Event)
    chosen: Event[[Sequence[Row]]] = field(default_factory=Event)
    alike: Event[[Sound]] = field(default_factory=Event)
    told: Event[[Note]] = field(default_factory=Event)
    searched: Event[[str]] = field(default_factory=Event)
    opened: Event[[str]] = field(default_factory=Event)
    looked_at: Sound | None = None
    selected: Sequence[Row] = ()
    labels: list[str] = field(default_factory=list)
    typing: Callable[[str], None] | None = None

    @classmethod
    def of(cls, request: Request, shared: Shared) -> Visit:
        """What a request for the page asks for."""
        host = request.client.host if request.client else ""
        theme = request.cookies.get("theme", "auto")
        return cls(
            shared.backend,
            shared.news,
            shared.similar,
            shared.doubts,
            shared.desks,
            is_local=host in ("127.0.0.1", "::1"),
            has_session=any(name.endswith("tagger-session") for name in request.cookies),
            query=request.query_params.get("q", "")[:MOST_QUERY],
            view=request.query_params.get("view", ""),
            theme=theme if theme in ("dark", "light") else "auto",
        )
