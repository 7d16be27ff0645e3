"""The command `tagger daemon`: the engine in a process of its own, from its start to a clean end.

This process, which runs for months, does not load the network unless it is to hear live audio: the workers do, and
end when there is nothing to do.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from daemon.api.app import create_app
from daemon.api.serving import MakeApp, answering
from daemon.opening import open_catalog
from daemon.output import print_problem
from daemon.service.engine import Engine
from daemon.service.events import handed_on
from daemon.service.hearing import hearing
from daemon.service.lock import only_one
from daemon.service.logs import default_log_path, log_event, logged
from daemon.service.priority import BackgroundAnalyser, go_to_background
from daemon.service.supervision import notify, watchdog_s
from tagger import settings
from tagger.catalog import default_catalog_path
from tagger.model_name import default_model, model_name

_LOG: Final = logging.getLogger("daemon")
_STALE_S: Final = 120.0
"""After how long without a sign of life the engine is held to be stuck."""


def run(catalog: Path | None, log: Path | None, config: Path | None, make_app: MakeApp = create_app) -> int:
    """Runs until it is told to stop.

    Args:
        catalog: the catalog file; None for the user's own.
        log: the log file; None for the user's own.
        config: the settings file; None for the user's own.
        make_app: makes what is answered over HTTP.

    Returns:
        the exit code: 0 after a clean stop, 1 when the engine died.

    Raises:
        TaggerError: it could not be started.
    """
    if config is not None:
        os.environ[settings.CONFIG_VARIABLE] = str(config)
    chosen = settings.load()
    path = catalog or default_catalog_path()
    log = log or default_log_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with only_one(path), logged(log), _stopped_by_signals() as stop, open_catalog(path, is_new_ok=True) as opened:
        go_to_background()
        model = model_name(default_model())
        make_analyser = partial(BackgroundAnalyser, None, path)
        engine = Engine(opened, chosen, make_analyser=make_analyser, model=model)
        with (
            handed_on(engine.events(), log_event),
            engine,
            hearing(engine, chosen.osc, path) as live,
            answering(opened, engine, chosen.api, make_app, hearing=live),
        ):
            _LOG.info("watching, with model %s and catalog %s", model, path)
            if not opened.roots.all():
                print_problem("no folder is watched yet; `tagger root add FOLDER` adds one, also while this runs")
            notify("READY=1")
            is_alive = _wait(stop, engine)
            notify("STOPPING=1")
        _LOG.info("stopped")
    # Else the interpreter looks through all objects once more before it ends, for longer than all of the above took.
    gc.freeze()
    return 0 if is_alive else 1


def _wait(stop: threading.Event, engine: Engine) -> bool:
    """Waits for the end, with signs of life for the supervisor; says whether the engine lived until then."""
    limit_s = watchdog_s()
    # Windows tells a program of Ctrl-C only when it is not asleep.
    pause_s = min(limit_s / 3 if limit_s else _STALE_S, 0.5 if sys.platform == "win32" else _STALE_S)
    while not stop.wait(pause_s):
        if not engine.is_alive:
            return False
        if time.monotonic() - engine.beat < _STALE_S:
            notify("WATCHDOG=1")
    return True


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """An event that is set when the program is asked to end: Ctrl-C, SIGTERM, closing of a console."""
    stop = threading.Event()
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), lambda *_: stop.set()) for name in names}
    try:
        yield stop
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
