"""Live audio in the daemon: the OSC bridge beside the engine, which rests while a DAW plays.

What the bridge hears goes to whoever listens to the engine. That a DAW plays is a hold with a lease, looked at
once a second: a bridge that is stuck cannot keep the library waiting for ever.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from daemon.service.engine import Engine
from tagger.errors import TaggerError
from tagger.settings import OscSettings

if TYPE_CHECKING:
    from osc_bridge.bridge import Bridge

PLAYING: Final = "a DAW plays"

_LOG: Final = logging.getLogger(__name__)
_LOOK_EVERY_S: Final = 1.0
_LEASE_S: Final = 5.0


class Hearing:
    """The bridge of a daemon, which can be turned on while the daemon runs; safe to use from several threads.

    Args:
        engine: rests while a DAW plays, and tells of what is heard.
        catalog: the catalog file, from which questions of programs are answered.

    Attributes:
        bridge: what hears; None while nothing does.
        problem: why nothing does, though it was to; None where there is none.
    """

    def __init__(self, engine: Engine, catalog: Path) -> None:
        self.bridge: Bridge | None = None
        self.problem: TaggerError | None = None
        self._engine = engine
        self._catalog = catalog
        self._running = ExitStack()
        self._lock = threading.Lock()

    def turn_on(self, settings: OscSettings) -> None:
        """Hears from now on; where it does already, nothing is done. Takes a second or two.

        Args:
            settings: where, and for which DAWs; whether they say that live audio is to be heard does not matter.

        Raises:
            TaggerError: it cannot; `problem` is that too.
        """
        with self._lock:
            if self.bridge is not None:
                return
            self.problem = None
            try:
                with ExitStack() as stack:
                    bridge = stack.enter_context(_bridge(self._engine, settings, self._catalog))
                    stack.enter_context(_held_while_playing(self._engine, bridge))
                    self._running = stack.pop_all()
            except TaggerError as error:
                self.problem = error
                raise
            self.bridge = bridge
            _LOG.info("hearing live audio at %s, port %d", *bridge.address)

    def turn_off(self) -> None:
        """Hears nothing any more, and lets go of the port."""
        with self._lock:
            self.bridge = None
            self._running.close()


@contextmanager
def hearing(engine: Engine, settings: OscSettings, catalog: Path) -> Iterator[Hearing]:
    """Has a daemon hear live audio, if the settings say so. One that cannot works on without, and says why.

    Args:
        engine: rests while a DAW plays, and tells of what is heard.
        settings: whether, and where.
        catalog: the catalog file, from which questions of programs are answered.

    Yields:
        what hears, or may be turned on later.
    """
    made = Hearing(engine, catalog)
    try:
        if settings.is_on:
            try:
                made.turn_on(settings)
            except TaggerError as error:
                _LOG.error("no live audio is heard: %s", error)
        yield made
    finally:
        made.turn_off()


def _bridge(engine: Engine, settings: OscSettings, catalog: Path) -> Bridge:
    # With it comes the network, which a daemon that hears nothing does without.
    from daemon.live import opened
    from osc_bridge.bridge import BridgeSettings

    return opened(
        BridgeSettings(port=settings.port, catalog=catalog),
        daws=settings.daws,
        rename=settings.rename,
        also=settings.also,
        on_fault=lambda error: _LOG.error("a fault while hearing", exc_info=error),
        on_heard=engine.tell,
    )


@contextmanager
def _held_while_playing(engine: Engine, bridge: Bridge) -> Iterator[None]:
    stopping = threading.Event()

    def look() -> None:
        while not stopping.wait(_LOOK_EVERY_S):
            if bridge.is_playing:
                engine.hold(PLAYING, lease_s=_LEASE_S)
            else:
                engine.release(PLAYING)

    thread = threading.Thread(target=look, name="playing", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
        engine.release(PLAYING)
