"""All figures by one name: of one instrument alone, of several at once, and of how well confidence holds."""

from models.workshop.reporting.reliability import Reliability, reliability
from models.workshop.reporting.several import MultiScores, Oracle, best_thresholds, multi_scores, oracle
from models.workshop.reporting.single import (
    LabelScores,
    SingleScores,
    Vector,
    confusion,
    mean_of,
    per_label,
    single_scores,
    softmax,
)

__all__ = [
    "LabelScores",
    "MultiScores",
    "Oracle",
    "Reliability",
    "SingleScores",
    "Vector",
    "best_thresholds",
    "confusion",
    "mean_of",
    "multi_scores",
    "oracle",
    "per_label",
    "reliability",
    "single_scores",
    "softmax",
]
