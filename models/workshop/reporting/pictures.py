"""The diagrams of a report; each takes figures and returns a matplotlib `Figure`.

They are drawn for a page: everything is legible at its own size, for three labels as for sixty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import cycle, pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from models.workshop.predictions import families_of
from models.workshop.reporting.drawing import (
    BLUE,
    COLOURS,
    GREEN,
    GREY,
    NORMAL_PT,
    ORANGE,
    PALE,
    SMALL_PT,
    VERMILION,
    new_figure,
    plain,
    text_style,
    tidy,
)
from models.workshop.reporting.metrics import LabelScores, Reliability, SingleScores, Vector, mean_of

Curve = Sequence[tuple[int, float]]
# Cells of a confusion matrix hold their number as long as there is room for it.
_MOST_NUMBERED_LABELS: Final = 15
_DARK_FROM: Final = 0.25
_LEGEND_LINES: Final = 12
_MOST_MARKED_STEPS: Final = 40
_LINE_STYLES: Final = ("-", "--", ":", "-.")
_RIGHT: Final[Mapping[str, Any]] = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)}
_ABOVE: Final[Mapping[str, Any]] = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0)}
_ON_WHITE: Final[dict[str, Any]] = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}


def confusion_matrix(counts: npt.NDArray[np.int64], labels: Sequence[str]) -> Figure:
    """Where each label goes, as shares of its clips, the labels of a family side by side.

    Shares are coloured by their root, since most confusions are of a few percent; none at all is white. Labels that
    neither sound nor are claimed are left out; a grey row belongs to one that is claimed but never sounds.

    Args:
        counts: (labels, labels) rows are the truth, columns what was said.
        labels: their names.
    """
    order = _by_family(counts, labels)
    names, counts = [labels[index] for index in order], counts[np.ix_(order, order)]
    support = counts.sum(axis=1, keepdims=True)
    share = counts / np.maximum(support, 1)
    shown = [plain(name) for name in names]
    cells_in, labels_in = max(0.19 * len(names), 3.0), 0.085 * max(map(len, shown), default=0)
    figure = new_figure(cells_in + labels_in + 2.6, cells_in + labels_in + 0.6)
    axes = figure.add_subplot()
    norm = PowerNorm(0.5, vmin=0, vmax=1)
    shades = colormaps["viridis_r"].with_extremes(bad="white")
    image = axes.imshow(np.ma.masked_equal(share, 0), cmap=shades, norm=norm, interpolation="nearest")
    for row in np.flatnonzero(support == 0):
        axes.axhspan(row - 0.5, row + 0.5, color=PALE, linewidth=0)
    ticks = range(len(names))
    axes.set_xticks(ticks, shown, rotation=90, **text_style(NORMAL_PT))
    axes.set_yticks(ticks, shown, **text_style(NORMAL_PT))
    axes.tick_params(length=2)
    axes.set_xlabel("said", fontsize=NORMAL_PT)
    axes.set_ylabel("sounds", fontsize=NORMAL_PT)
    _separate_families(axes, names)
    if len(names) <= _MOST_NUMBERED_LABELS:
        _number_cells(axes, share)
    bar = figure.colorbar(
        image, ax=axes, ticks=[0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1], shrink=0.6 if cells_in > 6 else 1.0, pad=0.02
    )
    bar.ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    bar.ax.tick_params(labelsize=NORMAL_PT)
    bar.set_label("share of the clips with the label", fontsize=NORMAL_PT)
    return figure


def training_curves(loss: Curve, validation: Mapping[str, Curve]) -> Figure:
    """Loss over steps, below it whatever was measured meanwhile; a curve is (step, value)s, and either may be empty."""
    panels = [("loss", {"loss": loss})] if len(loss) else []
    panels += [("validation", dict(validation))] if validation else []
    legend_columns = math.ceil(len(validation) / _LEGEND_LINES)
    figure = new_figure(7.0 + 2.0 * legend_columns, 0.6 + 2.6 * max(len(panels), 1))
    several = figure.subplots(max(len(panels), 1), sharex=True, squeeze=False)[:, 0]
    for axes, (title, curves) in zip(several, panels, strict=False):
        # Each colour comes with all line styles before it comes again.
        styles = zip(cycle(COLOURS), [style for style in _LINE_STYLES for _ in COLOURS] * len(curves), strict=False)
        for (name, curve), (colour, style) in zip(curves.items(), styles, strict=False):
            steps, values = np.array(curve, dtype=np.float64).reshape(-1, 2).T
            marker = "o" if len(steps) < _MOST_MARKED_STEPS else ""
            axes.plot(steps, values, style, color=colour, label=plain(name), linewidth=1.4, marker=marker, markersize=4)
        tidy(axes, title)
        axes.grid(axis="y", color=PALE, linewidth=0.6)
        if len(curves) > 1:
            legend = axes.legend(fontsize=SMALL_PT, frameon=False, ncols=legend_columns, **_RIGHT)
            for text in legend.get_texts():
                text.set_parse_math(False)
    several[-1].set_xlabel("step", fontsize=NORMAL_PT)
    several[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def reliability_diagram(bins: Reliability) -> Figure:
    """How often claims of each confidence are right, against the diagonal, and how many there are of each."""
    figure = new_figure(5.6, 6.4)
    upper, lower = figure.subplots(2, sharex=True, height_ratios=(3, 1))
    width = 0.92 / len(bins.centre)
    filled = bins.weight > 0
    upper.bar(bins.centre[filled], bins.accuracy[filled], width, color=BLUE, label="share that is right")
    upper.plot([0, 1], [0, 1], color="black", linestyle="--", linewidth=1.2, label="confidence = share")
    upper.plot(
        bins.confidence[filled], bins.accuracy[filled], "o", color=VERMILION, markersize=4, label="mean confidence"
    )
    upper.set(xlim=(0, 1), ylim=(0, 1.02))
    upper.set_ylabel("right", fontsize=NORMAL_PT)
    upper.legend(fontsize=SMALL_PT, frameon=False, loc="upper left")
    tidy(upper, f"expected calibration error {bins.expected_calibration_error:.3f}")
    lower.bar(bins.centre, bins.weight, width, color=GREY)
    lower.set_ylabel("clips", fontsize=NORMAL_PT)
    lower.set_xlabel("confidence", fontsize=NORMAL_PT)
    tidy(lower)
    return figure


def label_chart(scores: Sequence[LabelScores], labels: Sequence[str]) -> Figure:
    """F1, precision and recall of each label, the best on top, with the number of its clips at the right."""
    ranked = sorted(scores, key=lambda each: (-each.f1, labels[each.label]))
    figure = new_figure(8.0, 1.3 + 0.2 * max(len(ranked), 3))
    axes = figure.add_subplot()
    rows = np.arange(len(ranked))
    f1, precision, recall = (
        np.array([getattr(each, name) for each in ranked]) for name in ("f1", "precision", "recall")
    )
    axes.barh(rows, f1, 0.7, color=PALE, label="F1")
    axes.plot(precision, rows, ">", color=BLUE, markersize=5, label="precision", clip_on=False)
    axes.plot(recall, rows, "o", color=VERMILION, markersize=4, label="recall", clip_on=False)
    axes.set_yticks(rows, [plain(labels[each.label]) for each in ranked], **text_style())
    for row, each in enumerate(ranked):
        axes.text(1.04, row, f"{each.support}", va="center", **text_style(color=GREY))
    axes.text(1.04, -1.05, "clips", va="center", **text_style(color=GREY))
    axes.set(xlim=(0, 1), ylim=(len(ranked) - 0.4, -0.6))
    tidy(axes)
    axes.grid(axis="x", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(fontsize=SMALL_PT, frameon=False, ncols=3, **_ABOVE)
    return figure


def library_chart(scores: Mapping[str, SingleScores]) -> Figure:
    """Top-1, top-3 and family accuracy of each held-out library, the easiest on top, with lines at their means."""
    ranked = sorted(scores.items(), key=lambda each: -np.nan_to_num(each[1].top1, nan=-1))
    figure = new_figure(8.0, 1.5 + 0.52 * max(len(ranked), 2))
    axes = figure.add_subplot()
    rows = np.arange(len(ranked))
    for place, (title, name, colour) in enumerate(
        (("top-1", "top1", BLUE), ("top-3", "top3", ORANGE), ("family", "family", GREEN))
    ):
        values = [getattr(each, name) for _, each in ranked]
        mean = mean_of(values)
        bars = axes.barh(
            rows + 0.27 * (place - 1), np.nan_to_num(values), 0.25, color=colour, label=f"{title}, mean {mean:.3f}"
        )
        axes.bar_label(bars, [f"{value:.2f}" for value in values], padding=2, fontsize=SMALL_PT, bbox=_ON_WHITE)
        axes.axvline(mean, color=colour, linestyle=":", linewidth=1.2, zorder=0)
    axes.set_yticks(rows, [f"{plain(name)}\n{each.clips} clips" for name, each in ranked], **text_style())
    axes.set(xlim=(0, 1.06), ylim=(len(ranked) - 0.5, -0.5))
    tidy(axes)
    axes.legend(fontsize=SMALL_PT, frameon=False, ncols=3, **_ABOVE)
    return figure


def _by_family(counts: npt.NDArray[np.int64], labels: Sequence[str]) -> list[int]:
    """Labels that sound or are said, those of a family next to each other."""
    seen = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))
    family = families_of(labels)[1]
    return sorted((int(index) for index in seen), key=lambda index: int(family[index]))


def _separate_families(axes: Axes, names: Sequence[str]) -> None:
    """Lines where one family ends, and at the right its name, unless a label says the same."""
    families, family = families_of(names)
    ends = np.flatnonzero(np.diff(family)) + 0.5
    for end in ends:
        axes.axhline(end, color=GREY, linewidth=0.7)
        axes.axvline(end, color=GREY, linewidth=0.7)
    for start, end in pairwise([-0.5, *ends, len(names) - 0.5]):
        name = families[family[int(start + 1)]]
        if name not in names:
            style = text_style(NORMAL_PT, color=GREY, fontstyle="italic")
            axes.text(len(names) - 0.3, (start + end) / 2, plain(name), va="center", **style)


def _number_cells(axes: Axes, share: Vector) -> None:
    for (row, column), value in np.ndenumerate(share):
        if value >= 0.005:
            colour = "white" if value > _DARK_FROM else "black"
            axes.text(column, row, f"{100 * value:.0f}", ha="center", va="center", color=colour, fontsize=SMALL_PT)
