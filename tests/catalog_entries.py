"""Made-up results for tests of the catalog."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tagger.catalog import Entry
from tagger.results import Analysis, AudioFacts, Instrument, Kind
from tagger.taxonomy import FAMILY_OF


def instrument(label: str, confidence: float = 0.9) -> Instrument:
    return Instrument(label, FAMILY_OF.get(label, label), confidence)


def analysis(
    recording: str,
    *tags: str | Instrument,
    candidates: tuple[str, ...] = (),
    model: str = "net@1",
    kind: Kind = Kind.ONE_SHOT,
    duration_s: float = 1.5,
    tempo_bpm: float | None = None,
    key: str | None = None,
) -> Analysis:
    """An analysis of the recording of that name; tags given by label are 0.9 sure."""
    claimed = tuple(tag if isinstance(tag, Instrument) else instrument(tag) for tag in tags)
    return Analysis(
        facts=AudioFacts(duration_s, 44100, 2, payload_hash=recording),
        kind=kind,
        instruments=tuple(map(instrument, candidates)) or claimed[:3],
        tags=claimed,
        model=model,
        scores=np.linspace(0, 1, 59, dtype=np.float32),
        embedding=np.zeros(128, np.float32),
        tempo_bpm=tempo_bpm,
        key=key,
    )


def entry(path: str | Path, result: Analysis | str, *, size: int = 5, mtime_ns: int = 7) -> Entry:
    return Entry(Path(path), size, mtime_ns, result)
