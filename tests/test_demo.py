"""The bundled samples: all there, all described, and recognised well enough to be shown."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

from tagger.analysis import Analyser
from tagger.results import Kind
from tagger.taxonomy import LEAVES

DEMO = Path(__file__).parents[1] / "demo"
SAMPLES = DEMO / "samples"
LEAST_RECOGNISED = 16


def _truth() -> dict[str, list[str]]:
    labels: dict[str, list[str]] = defaultdict(list)
    with (DEMO / "truth.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            labels[row["file"]].append(row["label"])
    return labels


def test_every_sample_is_described_and_small() -> None:
    files = [path for path in SAMPLES.rglob("*") if path.is_file()]
    assert {path.relative_to(SAMPLES).as_posix() for path in files} == set(_truth())
    assert {label for labels in _truth().values() for label in labels} <= set(LEAVES)
    assert sum(path.stat().st_size for path in files) < 1_500_000


def test_most_samples_are_recognised() -> None:
    analyser, missed = Analyser(), []
    truth = _truth()
    for file, labels in truth.items():
        analysis = analyser.analyse(SAMPLES / file)
        assert (analysis.kind is Kind.LOOP) == file.startswith("Loops/"), file
        if analysis.instruments[0].label not in labels:
            missed.append((file, labels, [each.label for each in analysis.instruments]))
    assert len(truth) - len(missed) >= LEAST_RECOGNISED, missed
