"""The standard report of a run: which figures and pictures, in which order.

A run need not have everything: a part without data is left out, and the rest stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from models.workshop.predictions import Predictions
from models.workshop.reporting import metrics, pictures
from models.workshop.reporting.contact_sheet import Example, contact_sheet
from models.workshop.reporting.drawing import write_png
from models.workshop.reporting.page import (
    Block,
    Cell,
    Listing,
    Paragraph,
    Picture,
    Report,
    Section,
    Table,
    write_report,
)
from tagger.frontend import MelParameters

_COLUMNS = ("clips", "top-1", "top-3", "balanced top-1", "macro F1", "family", "ROC-AUC", "mAP", "LRAP")
_LABEL_COLUMNS = ("label", "clips", "precision", "recall", "F1", "average precision", "ROC-AUC")


@dataclass(frozen=True, slots=True)
class Run:
    """What a run leaves behind. Everything but the title may stay empty.

    Attributes:
        title: of the report.
        config: the run's settings, as text.
        predictions: on clips that were held out, by the name of what was held out, such as a library; all of one
            network's labels.
        loss: (step, loss) while training.
        validation: (step, value) of whatever was measured meanwhile, by name.
        examples: log-mel spectrograms to show of each label, (frames, n_mels) dB each.
        parameters: the frontend that made them.
        calibration: figures to state, by name.
        temperature: the logits of the head for one instrument are divided by it.
        presence_scale: the logits of the head for several are multiplied by it,
        presence_offset: and this is added.
        thresholds: from which probability a label is claimed among several, (labels,) or one for all.
    """

    title: str
    config: str = ""
    predictions: Mapping[str, Predictions] = field(default_factory=dict)
    loss: pictures.Curve = ()
    validation: Mapping[str, pictures.Curve] = field(default_factory=dict)
    examples: Mapping[str, Sequence[Example]] = field(default_factory=dict)
    parameters: MelParameters = field(default_factory=MelParameters)
    calibration: Mapping[str, float] = field(default_factory=dict)
    temperature: float = 1.0
    presence_scale: float = 1.0
    presence_offset: float = 0.0
    thresholds: metrics.Vector | float = 0.5


def report_run(folder: Path, run: Run) -> Report:
    """Draws the pictures of a run into a folder and writes `report.md` and `report.html` beside them.

    Args:
        folder: made where it is missing; files of an earlier report are replaced.
        run: what to report.

    Returns:
        The document that was written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = (
        ("One instrument alone", _single(folder, run)),
        ("Calibration", _calibration(folder, run)),
        ("Several instruments at once", _several(folder, run)),
        ("Training", _training(folder, run)),
        ("What the network hears", _examples(folder, run)),
        ("Settings", iter([Listing(run.config)] if run.config.strip() else [])),
    )
    sections = [Section(title, blocks) for title, blocks in ((title, list(part)) for title, part in parts) if blocks]
    report = Report(run.title, sections)
    write_report(folder, report)
    return report


def _single(folder: Path, run: Run) -> Iterator[Block]:
    scores = {name: metrics.single_scores(each) for name, each in run.predictions.items()}
    scores = {name: each for name, each in scores.items() if each.clips}
    if not scores:
        return
    together = Predictions.join([run.predictions[name] for name in scores])
    yield _single_table(scores, metrics.single_scores(together))
    if len(scores) > 1:
        yield _picture(folder, "held-out.png", pictures.library_chart(scores), "What was held out, the easiest on top.")
    labels = metrics.per_label(together)
    yield from _label_blocks(folder, "labels", labels, together)
    yield _picture(
        folder,
        "confusion.png",
        pictures.confusion_matrix(metrics.confusion(together), together.labels.tolist()),
        "What sounds (rows) and what was said (columns), in shares of the clips of a row; lines part families.",
    )


def _single_table(scores: Mapping[str, metrics.SingleScores], together: metrics.SingleScores) -> Table:
    rows: list[Sequence[Cell]] = [(name, *_values(each)) for name, each in scores.items()]
    if len(scores) > 1:
        means = np.array([_values(each)[1:] for each in scores.values()], dtype=np.float64)
        rows.append(("mean", together.clips, *(metrics.mean_of(column) for column in means.T)))
        rows.append(("all clips together", *_values(together)))
    return Table(("held out", *_COLUMNS), rows, "Clips with one instrument; in the mean each row counts the same.")


def _values(scores: metrics.SingleScores) -> tuple[int | float, ...]:
    return tuple(getattr(scores, name) for name in metrics.SingleScores.__slots__)


def _calibration(folder: Path, run: Run) -> Iterator[Block]:
    if run.calibration:
        yield Table(("figure", "value"), list(run.calibration.items()))
    alone = [each.rows(each.is_single) for each in run.predictions.values() if each.is_single.any()]
    if alone:
        yield _picture(
            folder,
            "reliability.png",
            pictures.reliability_diagram(_reliability(alone, run.temperature)),
            f"How often the likeliest label is right, by its probability at temperature {run.temperature:.3f}. "
            "All that was held out counts the same, however many clips it has.",
        )


def _reliability(alone: Sequence[Predictions], temperature: float) -> metrics.Reliability:
    """Of the top-1; weights add up to the number of clips and are the same for each part."""
    together = Predictions.join(alone)
    probability = metrics.softmax(together, temperature)
    weights = np.concatenate([np.full(len(each), len(together) / len(alone) / len(each)) for each in alone])
    is_right = probability.argmax(axis=1) == together.truth
    return metrics.reliability(probability.max(axis=1), is_right, weights=weights)


def _several(folder: Path, run: Run) -> Iterator[Block]:
    rows = {name: each.rows(~each.is_single & ~each.unknown.all(axis=1)) for name, each in run.predictions.items()}
    rows = {name: each for name, each in rows.items() if each.present.any()}
    if not rows:
        return
    together = Predictions.join(list(rows.values()))
    scores = {name: _multi_scores(each, run) for name, each in rows.items()}
    of_all = _multi_scores(together, run)
    if len(rows) > 1:
        scores["all clips together"] = of_all
    yield Table(
        (
            "held out",
            "clips",
            "judged cells",
            "micro F1",
            "macro F1",
            "mAP",
            "ROC-AUC",
            "LRAP",
            "oracle micro F1",
            "at",
        ),
        [_multi_row(name, each) for name, each in scores.items()],
        "Clips with several instruments; only cells that were judged count. The oracle is the one threshold that is "
        "best on these very clips: a bound, not what a user gets.",
    )
    yield from _label_blocks(folder, "labels-several", of_all.labels, together)


def _multi_scores(rows: Predictions, run: Run) -> metrics.MultiScores:
    probability = rows.presence_probability(run.presence_scale, run.presence_offset)
    return metrics.multi_scores(rows.present, rows.unknown, probability, run.thresholds)


def _multi_row(name: str, each: metrics.MultiScores) -> tuple[Cell, ...]:
    figures = (each.micro_f1, each.macro_f1, each.mean_average_precision, each.roc_auc, each.ranking_precision)
    return (name, each.clips, each.judged, *figures, each.oracle.micro_f1, each.oracle.threshold)


def _label_blocks(folder: Path, name: str, scores: Sequence[metrics.LabelScores], of: Predictions) -> Iterator[Block]:
    labels = of.labels.tolist()
    caption = "F1 of each label (bar), its precision and recall; at the right, the clips in which it sounds."
    yield _picture(folder, f"{name}.png", pictures.label_chart(scores, labels), caption)
    yield Table(
        _LABEL_COLUMNS,
        [
            (
                labels[each.label],
                each.support,
                each.precision,
                each.recall,
                each.f1,
                each.average_precision,
                each.roc_auc,
            )
            for each in scores
        ],
    )


def _training(folder: Path, run: Run) -> Iterator[Block]:
    curves = {name: curve for name, curve in run.validation.items() if len(curve)}
    if len(run.loss) or curves:
        figure = pictures.training_curves(run.loss, curves)
        yield _picture(folder, "training.png", figure, "Loss, and what was measured while training.")


def _examples(folder: Path, run: Run) -> Iterator[Block]:
    examples = {label: cells for label, cells in run.examples.items() if len(cells)}
    if examples:
        yield Paragraph(
            f"Log-mel spectrograms of {len(examples)} labels, all on one scale of time, frequency and level."
        )
        figure = contact_sheet(examples, run.parameters.hop_s, run.parameters.edges_hz())
        yield _picture(folder, "examples.png", figure, "Examples of each label, as the network gets them.")


def _picture(folder: Path, file: str, figure: Figure, caption: str) -> Picture:
    write_png(figure, folder / file)
    return Picture(file, caption)
