"""What is asked of the disk of a root, and what is heard of it: the one way between other threads and the engine's.

Each question goes to the root's own hand, and is answered by news, which wait in a queue for the engine's thread.
Nothing here knows what follows from them. Hints from the system come in between, from threads of their own.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from daemon.service.looking import Hand, Look, Looked, Probe, look_into, probe
from daemon.service.watching import Watch, check_limit, limit_words, tells_of_changes
from tagger.catalog import Catalog
from tagger.catalog.roots import Root
from tagger.reconcile import Difference, compare
from tagger.walk import Listing, Obstacle

_MOST_NEWS: Final = 64
_MOST_HINTS: Final = 10_000

Finding = Probe | Difference | Obstacle | Looked | Watch | str
"""What is heard of a root; text says why it cannot be watched."""


class Asking:
    """Asks, and keeps what is heard until it is taken.

    Args:
        catalog: what is known of the files.
        wake: called from any thread when there is something to take.
    """

    def __init__(self, catalog: Catalog, wake: Callable[[], None]) -> None:
        self._catalog = catalog
        self._wake = wake
        self._news: queue.Queue[tuple[int, Finding]] = queue.Queue(_MOST_NEWS)
        self._hints: dict[int, set[Look]] = {}
        self._lost: set[int] = set()
        self._lock = threading.Lock()
        self._is_closing = False

    @property
    def has_news(self) -> bool:
        """Whether there are news to take."""
        return not self._news.empty()

    def take_news(self) -> Iterator[tuple[int, Finding]]:
        """The news that are there, each with the number of its root; no more at a time than the queue holds."""
        for _ in range(_MOST_NEWS):
            try:
                yield self._news.get_nowait()
            except queue.Empty:
                return

    def take_hints(self) -> tuple[Mapping[int, Collection[Look]], Collection[int]]:
        """What there was a hint to look at, by the numbers of the roots; and the roots of which hints were lost."""
        with self._lock:
            hints, self._hints = self._hints, {}
            lost, self._lost = self._lost, set()
        return hints, lost

    def close(self) -> None:
        """Lets nobody wait for news to be taken any more."""
        self._is_closing = True
        while self.has_news:
            self._news.get_nowait()

    # What is asked. The hand must not be busy.

    def probe(self, root: Root, hand: Hand) -> None:
        """Asks whether a root is there; answered by a `Probe`."""
        hand.do(lambda: self._probe(root))

    def look(
        self,
        root: Root,
        hand: Hand,
        look: Look,
        *,
        without: Collection[str],
        mounts: Collection[Path],
        model: str | None,
    ) -> None:
        """Asks what is in a folder; answered by differences and obstacles, then `Looked`, as of `look_into`.

        Args:
            root: the root.
            hand: its hand.
            look: what to look at.
            without: see `look_into`.
            mounts: see `look_into`.
            model: whose analyses count, as `name@version`; None for those of any model.
        """
        see = partial(self._see, root, hand, model)
        hand.do(lambda: self._look(root, look, without, mounts, see))

    def watch(self, root: Root, hand: Hand) -> None:
        """Asks the system to tell of changes, where it does; answered by a `Watch`, or why there is none."""
        hand.do(lambda: self._watch(root))

    def check_limit(self, root: Root, hand: Hand) -> None:
        """Asks whether all folders of a root could be watched; answered only if not."""
        hand.do(lambda: self._check_limit(root))

    # What happens on other threads.

    def _probe(self, root: Root) -> None:
        self._send(root, probe(root, partial(self._catalog.roots.witnesses, root)))

    def _look(
        self,
        root: Root,
        look: Look,
        without: Collection[str],
        mounts: Collection[Path],
        see: Callable[[Listing | Obstacle], bool],
    ) -> None:
        looked = Looked(look)
        try:
            looked = look_into(root, look, without=without, mounts=mounts, known=self._catalog.folders, see=see)
        finally:
            self._send(root, looked)

    def _see(self, root: Root, hand: Hand, model: str | None, seen: Listing | Obstacle) -> bool:
        hand.since = time.monotonic()
        if isinstance(seen, Obstacle):
            return self._send(root, seen)
        found = compare(seen, self._catalog.known(seen.folder, model))
        is_news = found.to_do or found.back or found.gone
        return self._send(root, found) if is_news else not self._is_closing

    def _watch(self, root: Root) -> None:
        if not tells_of_changes(root.path):
            return
        try:
            watch = Watch(root.path, hint=partial(self.hint, root.id), lost=partial(self.lose_hints, root.id))
        except OSError as error:
            self._send(root, limit_words(error))
        else:
            self._send(root, watch)

    def _check_limit(self, root: Root) -> None:
        try:
            check_limit(root.path)
        except OSError as error:
            self._send(root, limit_words(error))

    def _send(self, root: Root, news: Finding) -> bool:
        while not self._is_closing:
            try:
                self._news.put((root.id, news), timeout=0.5)
            except queue.Full:
                continue
            self._wake()
            return True
        if isinstance(news, Watch):
            news.close()
        return False

    def hint(self, root_id: int, look: Look) -> None:
        """Notes that something happened in a folder."""
        with self._lock:
            hints = self._hints.setdefault(root_id, set())
            if look in hints:
                return
            if len(hints) >= _MOST_HINTS:
                self._lost.add(root_id)
            else:
                hints.add(look)
        self._wake()

    def lose_hints(self, root_id: int) -> None:
        """Notes that something happened, nobody knows where."""
        with self._lock:
            self._lost.add(root_id)
        self._wake()
