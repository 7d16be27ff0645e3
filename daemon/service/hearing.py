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


@contextmanager
def hearing(engine: Engine, settings: OscSettings, catalog: Path) -> Iterator[Bridge | None]:
    """Has a daemon hear live audio, if the settings say so. One that cannot works on without, and says why.

    Args:
        engine: rests while a DAW plays, and tells of what is heard.
        settings: whether, and where.
        catalog: the catalog file, from which questions of programs are answered.

    Yields:
        the bridge; None if there is none.
    """
    with ExitStack() as stack:
        bridge = None
        if settings.is_on:
            try:
                bridge = stack.enter_context(_bridge(engine, settings, catalog))
                stack.enter_context(_held_while_playing(engine, bridge))
            except TaggerError as error:
                _LOG.error("no live audio is heard: %s", error)
            else:
                _LOG.info("hearing live audio at %s, port %d", *bridge.address)
        yield bridge


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
