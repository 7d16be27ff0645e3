"""A run of writing killed at every single step, as `tests/test_writing_kills.py` does at some.

python -m tests.long.kills
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from pathlib import Path

from tagger.catalog import Catalog
from tests.test_writing_kills import library, live_through_a_kill


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder, "catalog.db")
        Catalog(empty).close()
        for calls in itertools.count(1):
            lived = live_through_a_kill(library(Path(folder, str(calls)), empty), calls)
            print(f"\rkilled before {calls} calls", end="", flush=True)
            if lived:
                print(f"\n{calls - 1} steps, each made good and undone")
                return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
