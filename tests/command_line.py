"""What the tests of commands share: what a run printed, and made-up analyses of real files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tagger.catalog import Entry
from tagger.payload import payload_hash
from tagger.results import Analysis, AudioFacts, Instrument, Kind
from tagger.taxonomy import FAMILY_OF, LEAVES


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Outcome]


def native(line: str) -> str:
    """A line with paths as this system writes them."""
    return line.replace("/", os.sep)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def analysis(*labels: str, kind: Kind = Kind.ONE_SHOT, seed: int = 0, tempo_bpm: float | None = None) -> Analysis:
    claims = tuple(Instrument(label, FAMILY_OF[label], 0.9 - 0.1 * rank) for rank, label in enumerate(labels))
    rest = tuple(Instrument(leaf, FAMILY_OF[leaf], 0.03) for leaf in ("gong", "tuba", "viola"))
    return Analysis(
        facts=AudioFacts(1.25, 44100, 2, f"{seed:032x}"),
        kind=kind,
        instruments=() if kind is Kind.SILENCE else (*claims, *rest)[:3],
        tags=claims,
        model="instruments@test",
        scores=np.zeros(len(LEAVES), dtype=np.float32),
        embedding=np.zeros(128, dtype=np.float32),
        tempo_bpm=tempo_bpm,
        key="Am" if tempo_bpm else None,
    )


def heard_as(path: Path, result: Analysis, *, model: str = "instruments@test") -> Entry:
    """That a file which is there sounds like that."""
    status = path.stat()
    facts = replace(result.facts, payload_hash=payload_hash(path))
    return Entry(path, status.st_size, status.st_mtime_ns, replace(result, facts=facts, model=model))
