"""Holds the HTTP interface to its OpenAPI document: schemathesis tries what that allows, and what it does not.

    python -m tests.long.api [EXAMPLES]

A server runs over a small catalog, without an engine. The stream of events never ends and has tests of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.http_api import TOKEN, fill, served

# Without a daemon there is nobody to look through a folder, and 503 says so; a server error by any other name is one.
_OPTIONS = (
    "--exclude-path=/api/events",
    "--exclude-path=/api/roots/{root_id}/scan",
    f"--header=Authorization:Bearer {TOKEN}",
    "--request-timeout=60",
    "--continue-on-failure",
    "--no-color",
)


def run(
    folder: Path, *, examples: int, phases: str = "examples,coverage,fuzzing,stateful"
) -> subprocess.CompletedProcess[str]:
    """Tries each address so many times, over a catalog made in a folder."""
    with served(folder / "catalog.db") as api:
        fill(api.catalog, folder)
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{api.url}/api/openapi.json", *_OPTIONS]
        command += [f"--max-examples={examples}", f"--phases={phases}"]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        done = run(Path(folder), examples=int(sys.argv[1]) if len(sys.argv) > 1 else 200)
    print(done.stdout, done.stderr)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
