"""What training says of itself: the leave-one-library-out table, the confusions, the model card."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.workshop.calibration import PRESENCE_PRECISION, TARGET_PRECISION, Honesty
from models.workshop.clips import GROUPS, Clip
from models.workshop.evaluation import FAMILY_OF_LEAF, Predictions, Score, best_families, score
from tagger.taxonomy import FAMILIES, LEAVES


def table(scores: Mapping[str, Score], elsewhere: Mapping[str, Score]) -> str:
    """A Markdown table, a row a fold; a mean counts each library the same.

    Args:
        scores: of all folds.
        elsewhere: of the libraries, over the labels that another library holds recordings of.
    """
    rows = ["| held out | clips | top-1 | top-3 | macro F1 | family |", "|---|---|---|---|---|---|"]
    rows += [_row(name, each) for name, each in scores.items() if name != GROUPS]
    rows.append(_row("**mean of libraries**", mean([each for name, each in scores.items() if name != GROUPS])))
    rows.append(_row("mean over labels recorded elsewhere too", mean(list(elsewhere.values()))))
    if GROUPS in scores:
        rows.append(_row("an eighth of all groups", scores[GROUPS]))
    return "\n".join(rows)


def mean(scores: Sequence[Score]) -> Score:
    """Each fold counts the same."""
    return Score(
        clips=sum(each.clips for each in scores),
        top1=float(np.mean([each.top1 for each in scores])),
        top3=float(np.mean([each.top3 for each in scores])),
        macro_f1=float(np.mean([each.macro_f1 for each in scores])),
        family=float(np.mean([each.family for each in scores])),
    )


def scores_by_fold(folds: Mapping[str, Predictions]) -> dict[str, Score]:
    """Figures of each fold."""
    return {name: score(predictions) for name, predictions in folds.items()}


def scores_recorded_elsewhere(folds: Mapping[str, Predictions], clips: Sequence[Clip]) -> dict[str, Score]:
    """Figures of each library over the labels of which another library holds real recordings."""
    scores = {}
    for library, predictions in folds.items():
        others = {LEAVES.index(clip.label) for clip in clips if clip.is_real and clip.library != library}
        scores[library] = score(predictions.of_leaves(others))
    return scores


def confusion(predictions: Predictions) -> npt.NDArray[np.int64]:
    """(59, 59) counts: rows are the truth, columns what was said."""
    matrix = np.zeros((len(LEAVES), len(LEAVES)), dtype=np.int64)
    np.add.at(matrix, (predictions.leaf, predictions.single.argmax(axis=1)), 1)
    return matrix


def family_confusion(predictions: Predictions) -> str:
    """The confusion matrix of families as text, in percent of the truth."""
    names = list(FAMILIES)
    matrix = np.zeros((len(names), len(names)))
    np.add.at(matrix, (FAMILY_OF_LEAF[predictions.leaf], best_families(predictions.single)), 1)
    percent = 100 * matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    lines = [" " * 12 + "".join(f"{name[:5]:>6}" for name in names)]
    lines += [
        f"{name:<12}" + "".join(f"{value:6.0f}" for value in row) for name, row in zip(names, percent, strict=True)
    ]
    return "\n".join(lines)


def worst_confusions(matrix: npt.NDArray[np.int64], count: int = 20) -> str:
    """The most frequent confusions of leaves, one a line."""
    wrong = matrix - np.diag(np.diag(matrix))
    share = wrong / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    order = np.argsort(-share, axis=None)[:count]
    pairs = [np.unravel_index(index, share.shape) for index in order]
    return "\n".join(
        f"{LEAVES[truth]:>18} taken for {LEAVES[said]:<18} {100 * share[truth, said]:3.0f} % of {matrix[truth].sum()}"
        for truth, said in pairs
        if wrong[truth, said]
    )


def write_confusion(matrix: npt.NDArray[np.int64], path: Path) -> None:
    """The full matrix as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["truth", *LEAVES])
        writer.writerows([leaf, *row.tolist()] for leaf, row in zip(LEAVES, matrix, strict=True))


def model_card(clips: Sequence[Clip], figures: str, honesty: Honesty, version: str) -> str:
    """The model card in Markdown, around the table of figures."""
    libraries = sorted({clip.library for clip in clips})
    real = [library for library in libraries if any(clip.is_real for clip in clips if clip.library == library)]
    rendered = [library for library in libraries if library not in real]
    weak = ", ".join(_only_rendered(clips))
    return f"""# instruments {version}

A residual CNN over two seconds of log-mel, {len(LEAVES)} leaves in {len(FAMILIES)} families, two heads
(one instrument alone; several at once) and an embedding of 128 for similarity.

## Trained on
{len(clips)} clips. Recordings: {", ".join(real)}. Rendered or synthesised: {", ".join(rendered)}.
The recordings are used as training data only and are not passed on.

## How well it does
Each row: a network trained on all *other* libraries and judged on that one, over the labels that both have.
Renders count as libraries too: a label may be known from a soundfont alone, which is why a second mean leaves
those labels out. The last row holds out groups (players, kits, machines) of libraries that are trained on.
The shipped weights are then trained on everything, by the same recipe, longer.

{figures}

Calibrated on those predictions (so these figures are optimistic by as much as thresholds can be fitted):
expected calibration error {honesty.expected_calibration_error:.3f}; leaf claims are right in
{honesty.precision:.0%} and made for {honesty.coverage:.0%} of clips; where no leaf is claimed, a family is for
{honesty.family_coverage:.0%}, right in {honesty.family_precision:.0%}. Thresholds aim at
{TARGET_PRECISION:.0%} right, for loops and tracks at {PRESENCE_PRECISION:.0%} of the instruments claimed.

## Where it is weak
Known from rendered or synthesised sound only, never from recordings: {weak}.
Solo strings, low brass and woodwind in the same register are taken for each other; synth sounds, which can
imitate anything, most of all. Several instruments at once: trained on mixtures of two, not measured yet.
Sound effects that resemble percussion are tagged as percussion at times.
"""


def _only_rendered(clips: Sequence[Clip]) -> list[str]:
    recorded = {clip.label for clip in clips if clip.is_real}
    return sorted({clip.label for clip in clips} - recorded)


def _row(name: str, each: Score) -> str:
    return f"| {name} | {each.clips} | {each.top1:.3f} | {each.top3:.3f} | {each.macro_f1:.3f} | {each.family:.3f} |"
