"""A page as people get it: a server in a process of its own, and Debian's Chromium where it is there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, expect, sync_playwright

from daemon.api.whereabouts import served_at

CHROMIUM = shutil.which("chromium")
# The usual five seconds are too few where much else is going on.
expect.set_options(timeout=120_000)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium (Debian: chromium) is not on this machine")


@dataclass(frozen=True, slots=True)
class Page:
    """A server that runs.

    Attributes:
        url: where it answers.
        catalog: of which catalog.
        process: in which process.
    """

    url: str
    catalog: Path
    process: subprocess.Popen[str]

    def stop(self) -> tuple[float, str]:
        """Has it end; gives how long that took, in seconds, and what it had printed since its address."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        told, _ = self.process.communicate(timeout=60)
        return time.monotonic() - started, told


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """What a process needs to touch nothing outside of a folder."""
    (folder / "config.toml").touch()
    own = {
        "HOME": os.fspath(folder),
        "LOCALAPPDATA": os.fspath(folder),
        "XDG_STATE_HOME": os.fspath(folder / "state"),
        "TAGGER_CONFIG": os.fspath(folder / "config.toml"),
        "TAGGER_CATALOG": os.fspath(folder / "catalog.db"),
        "TAGGER_API__PORT": "0",
        "PYTHONPATH": os.fspath(Path(__file__).parents[1]),
    }
    return {**os.environ, **own, **variables}


@contextmanager
def running(folder: Path, *arguments: str, **variables: str) -> Iterator[Page]:
    """Runs a command that serves the page of the catalog in a folder, until the end.

    Args:
        folder: all that it may touch; its current folder is an empty one in it.
        arguments: after `tagger`; by default it is `tagger web`.
        variables: of its environment.
    """
    (folder / "here").mkdir(exist_ok=True)
    catalog = folder / "catalog.db"
    with subprocess.Popen(
        [sys.executable, "-m", "daemon", *(arguments or ("web", "--no-browser"))],
        cwd=folder / "here",
        env=environment(folder, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            deadline = time.monotonic() + 120
            while (url := served_at(catalog)) is None:
                assert process.poll() is None, process.stdout and process.stdout.read()
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield Page(url, catalog, process)
        finally:
            process.kill()


def _complaint(message: ConsoleMessage) -> list[str]:
    return [message.text] if message.type in ("error", "warning") else []


@contextmanager
def browser(*, expected: str = "nothing") -> Iterator[BrowserContext]:
    """A fresh browser, whose complaints about the page fail the test.

    Args:
        expected: words of complaints that do not.
    """
    with sync_playwright() as playwright:
        sandbox = ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        context = chromium.new_context()
        context.set_default_timeout(60_000)
        complaints: list[str] = []
        context.on("console", lambda message: complaints.extend(_complaint(message)))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        try:
            yield context
        finally:
            chromium.close()
        assert not [each for each in complaints if expected not in each], complaints
