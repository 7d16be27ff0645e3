"""What happens in the daemon, told to every open page: one listener for all of them, and none while none is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from nicegui import background_tasks, context

from daemon.api.feed import Feed
from daemon.service.events import Event

Hear = Callable[[Event], None]


class News:
    """Passes events on to open pages, on the event loop of the page.

    Args:
        feed: has the events.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._hearers: list[Hear] = []
        self._task: asyncio.Task[None] | None = None

    def subscribe(self, hear: Hear) -> None:
        """Tells a part of the page from now on, until the page is closed. It is called for each event, so be quick."""
        self._hearers.append(hear)
        context.client.on_delete(lambda: self._leave(hear))
        if self._task is None:
            self._task = background_tasks.create(self._listen(), name="news")

    def _leave(self, hear: Hear) -> None:
        self._hearers.remove(hear)
        if not self._hearers and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _listen(self) -> None:
        with self._feed.joined() as listener:
            async for _, event in self._feed.listen(listener):
                for hear in tuple(self._hearers):
                    hear(event)
