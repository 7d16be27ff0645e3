"""What one open page works with, and what its parts tell each other.

The parts know the visit, never each other: the table says which file is shown, the panel shows it, the player
plays it, and none of them knows that the others exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import Request
from nicegui import Event

from daemon.api import models
from daemon.api.backend import Backend
from daemon.web.news import News


@dataclass(slots=True, eq=False)
class Visit:
    """One open page.

    Attributes:
        backend: what all of it works with.
        news: what happens in the daemon.
        is_local: whether the browser is on this machine, so that folders can be opened there.
        query: the text in the search box when the page was opened.
        view: which view is open at first, by name.
        theme: "dark", "light", or "auto" for what the system says.
        shown: tells that another file is looked at; None when there is none.
        judged: tells of which files, by number, what is known has changed.
        searched: asks for a search, by the text of the search box.
        opened: asks for a view, by name; it is shown when this is told.
        selected: the files that are chosen, by number, in the order of the table.
    """

    backend: Backend
    news: News
    is_local: bool
    query: str = ""
    view: str = ""
    theme: str = "auto"
    shown: Event[[models.FoundFile | None]] = field(default_factory=Event)
    judged: Event[[Sequence[int]]] = field(default_factory=Event)
    searched: Event[[str]] = field(default_factory=Event)
    opened: Event[[str]] = field(default_factory=Event)
    selected: Sequence[int] = ()

    @classmethod
    def of(cls, request: Request, backend: Backend, news: News) -> Visit:
        """What a request for the page asks for."""
        host = request.client.host if request.client else ""
        theme = request.cookies.get("theme", "auto")
        return cls(
            backend,
            news,
            is_local=host in ("127.0.0.1", "::1"),
            query=request.query_params.get("q", "")[:500],
            view=request.query_params.get("view", ""),
            theme=theme if theme in ("dark", "light") else "auto",
        )
