"""Made-up entries for tests of the catalog."""

from __future__ import annotations

from pathlib import Path

from tagger.catalog import Entry
from tagger.results import Analysis


def entry(path: str | Path, result: Analysis | str, *, size: int = 5, mtime_ns: int = 7) -> Entry:
    return Entry(Path(path), size, mtime_ns, result)
