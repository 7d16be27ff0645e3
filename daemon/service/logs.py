"""The daemon's log: what happened, an object a line in a file that is turned over, and in words on a terminal.

Nothing is written when nothing happens, and single files only where they failed: a first run over a large
library would else push out all that matters.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Final

from daemon.service.events import Event, FileAnalysed, FileFailed, FileTagged, ProgressMade
from osc_bridge.heard import Heard
from tagger.errors import CatalogError, printable, reason_of

_LOG: Final = logging.getLogger("daemon")
_MOST_BYTES: Final = 1_000_000
_OLD_ONES: Final = 5


def default_log_path() -> Path:
    """Where the log is: in the user's folder for logs."""
    from platformdirs import user_log_path

    return user_log_path("tagger", appauthor=False) / "daemon.log"


@contextmanager
def logged(path: Path) -> Iterator[None]:
    """Keeps a log of this process for a while.

    Raises:
        CatalogError: the log cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = RotatingFileHandler(path, maxBytes=_MOST_BYTES, backupCount=_OLD_ONES, encoding="utf-8")
    except OSError as error:
        raise CatalogError(path, f"the log cannot be written: {reason_of(error)}", "see --log") from error
    file.setFormatter(_Lines())
    handlers: list[logging.Handler] = [file]
    if sys.stderr is not None and sys.stderr.isatty():
        handlers.append(logging.StreamHandler())
        handlers[-1].setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger, level = logging.getLogger(), logging.getLogger().level
    logger.setLevel(logging.INFO)
    for handler in handlers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        logger.setLevel(level)
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()


def log_event(event: Event) -> None:
    """Writes what happened to the log, unless it is too common for that."""
    if isinstance(event, FileAnalysed | FileTagged | Heard | ProgressMade):
        return
    values = {field.name: _plain(getattr(event, field.name)) for field in fields(event)}
    words = ", ".join(f"{name} {value}" for name, value in values.items() if value not in (None, ""))
    level = logging.WARNING if isinstance(event, FileFailed) else logging.INFO
    _LOG.log(level, "%s: %s", type(event).__name__, words, extra={"values": values})


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return printable(value)
    return "; ".join(map(str, value)) if isinstance(value, tuple) else value


class _Lines(logging.Formatter):
    """A record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
        }
        if values := getattr(record, "values", None):
            return json.dumps(line | {"event": record.getMessage().partition(":")[0]} | values)
        line["message"] = record.getMessage()
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line)
