"""`tagger osc` in a process of its own, for what goes on for long."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from tests.ports import free_port


@contextmanager
def bridge_process(stderr: int | None = None) -> Iterator[tuple[subprocess.Popen[str], tuple[str, int]]]:
    """Runs it over an empty catalog, and ends it; yields the process and where it hears."""
    address = ("127.0.0.1", free_port())
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "daemon", "osc", "--port", str(address[1])]
        command += ["--catalog", f"{folder}/catalog.db"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr, text=True) as process:
            try:
                yield process, address
            finally:
                process.terminate()
