from __future__ import annotations

import re
import string
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import matplotlib.image
import numpy as np
import numpy.typing as npt
import pytest
import sklearn.metrics

from models.workshop.predictions import Predictions
from models.workshop.reporting.contact_sheet import contact_sheet
from models.workshop.reporting.drawing import plain, write_png
from models.workshop.reporting.metrics import (
    SingleScores,
    best_thresholds,
    confusion,
    multi_scores,
    oracle,
    per_label,
    reliability,
    single_scores,
    softmax,
)
from models.workshop.reporting.page import (
    Listing,
    Paragraph,
    Picture,
    Report,
    Section,
    Table,
    as_markdown,
    write_report,
)
from models.workshop.reporting.pictures import (
    confusion_matrix,
    label_chart,
    library_chart,
    reliability_diagram,
    training_curves,
)
from models.workshop.reporting.run import Run, report_run
from tagger.frontend import MelParameters
from tagger.taxonomy import LEAVES

NASTY = ("<script>", "$\\frac{1}$ & *x*_y_", "snäre ♯ 漢\n|" + string.ascii_letters)


def made_up(labels: Sequence[str], count: int = 400, seed: int = 0, library: str = "lib") -> Predictions:
    """One label a clip, which the logits favour; the last label never sounds."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, len(labels) - 1, count)
    present = np.arange(len(labels)) == truth[:, None]
    logits = (rng.normal(0, 1, present.shape) + 1.5 * present).astype(np.float32)
    return Predictions(
        np.array(labels),
        np.full(count, library),
        np.arange(count).astype(str),
        present,
        np.zeros_like(present),
        logits,
        logits,
    )


def several(labels: Sequence[str], count: int = 300, seed: int = 0) -> Predictions:
    """Two labels a clip or more or fewer, of which a third was never judged; the last label never sounds."""
    rng = np.random.default_rng(seed)
    shape = (count, len(labels))
    unknown = rng.random(shape) < 0.33
    present = (rng.random(shape) < 0.3) & ~unknown & (np.arange(len(labels)) < len(labels) - 1)
    logits = (rng.normal(-1, 1.5, shape) + 2 * present).astype(np.float32)
    return Predictions(
        np.array(labels), np.full(count, "mixes"), np.arange(count).astype(str), present, unknown, logits, logits
    )


def cells(predictions: Predictions) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    return predictions.present, predictions.unknown, 1 / (1 + np.exp(-predictions.presence.astype(np.float64)))


def test_figures_of_four_clips_by_hand() -> None:
    # kick and snare are drums, cello and viola strings; the third clip is a kick taken for a cello.
    truth = np.array([0, 0, 0, 2])
    probability = np.array(
        [[0.7, 0.1, 0.1, 0.1], [0.6, 0.2, 0.1, 0.1], [0.3, 0.25, 0.4, 0.05], [0.2, 0.1, 0.3, 0.4]], dtype=np.float32
    )
    present = np.arange(4) == truth[:, None]
    predictions = Predictions(
        np.array(["kick", "snare", "cello", "viola"]),
        np.full(4, "lib"),
        np.arange(4).astype(str),
        present,
        np.zeros_like(present),
        np.log(probability),
        np.log(probability),
    )
    scores = single_scores(predictions)
    assert scores.clips == 4
    assert scores.top1 == pytest.approx(2 / 4)
    assert scores.top3 == pytest.approx(1)
    assert scores.balanced_top1 == pytest.approx((2 / 3 + 0) / 2)
    # Kick: nothing else is claimed to be one. Cello: never hit.
    assert scores.macro_f1 == pytest.approx((2 * 2 / (3 + 2) + 0) / 2)
    # 0.3 + 0.25 are more than 0.4 + 0.05; 0.3 + 0.4 more than 0.2 + 0.1.
    assert scores.family == pytest.approx(1)
    # Both kicks and cellos: the right ones score highest, but for the cello of 0.3 below the kick of 0.4.
    assert scores.roc_auc == pytest.approx((1 + 2 / 3) / 2)
    assert scores.mean_average_precision == pytest.approx((1 + 1 / 2) / 2)
    assert scores.ranking_precision == pytest.approx((1 + 1 + 1 / 2 + 1 / 2) / 4)
    kick, cello = per_label(predictions)
    assert (kick.label, kick.support, kick.precision) == (0, 3, 1)
    assert (kick.recall, kick.f1) == pytest.approx((2 / 3, 0.8))
    assert (cello.label, cello.support, cello.precision, cello.recall, cello.f1) == (2, 1, 0, 0, 0)
    assert confusion(predictions).tolist() == [[2, 0, 1, 0], [0] * 4, [0, 0, 0, 1], [0] * 4]


def test_figures_agree_with_scikit_learn() -> None:
    predictions = made_up(LEAVES, 3000)
    scores, probability, truth = single_scores(predictions), softmax(predictions), predictions.truth
    said, sounding = probability.argmax(axis=1), np.unique(predictions.truth)
    assert scores.top1 == pytest.approx(sklearn.metrics.accuracy_score(truth, said))
    assert scores.top3 == pytest.approx(
        sklearn.metrics.top_k_accuracy_score(truth, probability, k=3, labels=np.arange(len(LEAVES)))
    )
    assert scores.balanced_top1 == pytest.approx(
        sklearn.metrics.recall_score(truth, said, labels=sounding, average="macro")
    )
    assert scores.macro_f1 == pytest.approx(sklearn.metrics.f1_score(truth, said, labels=sounding, average="macro"))
    one_hot = predictions.present[:, sounding]
    assert scores.roc_auc == pytest.approx(
        sklearn.metrics.roc_auc_score(one_hot, probability[:, sounding], average="macro")
    )
    assert scores.mean_average_precision == pytest.approx(
        sklearn.metrics.average_precision_score(one_hot, probability[:, sounding], average="macro")
    )
    assert confusion(predictions).tolist() == (
        sklearn.metrics.confusion_matrix(truth, said, labels=np.arange(len(LEAVES))).tolist()
    )


def test_clips_with_several_instruments_are_no_part_of_single_figures() -> None:
    alone = made_up(LEAVES)
    mixed = several(LEAVES)
    mixed = mixed.rows(~mixed.is_single)
    both = Predictions.join([mixed, alone])
    assert single_scores(both) == single_scores(alone)
    assert per_label(both) == per_label(alone)


def test_a_run_without_single_clips_has_no_figures_and_no_warning() -> None:
    nothing = made_up(LEAVES).rows(np.zeros(400, dtype=np.bool_))
    assert single_scores(nothing).clips == 0
    assert np.isnan(single_scores(nothing).top1)
    assert per_label(nothing) == ()


def test_a_label_that_always_sounds_has_no_roc_auc() -> None:
    predictions = made_up(["kick", "snare"], 20)
    (kick,) = per_label(predictions)
    assert np.isnan(kick.roc_auc)
    assert kick.average_precision == pytest.approx(1)
    assert np.isnan(single_scores(predictions).roc_auc)


def test_figures_of_several_by_hand() -> None:
    present = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0]], dtype=np.bool_)
    unknown = np.array([[0, 0, 1], [0, 0, 0], [1, 0, 0]], dtype=np.bool_)
    probability = np.array([[0.9, 0.6, 0.9], [0.4, 0.8, 0.1], [0.9, 0.3, 0.2]])
    scores = multi_scores(present, unknown, probability, 0.5)
    assert (scores.clips, scores.judged) == (3, 7)
    # Claimed: 0.9 and 0.8 rightly, 0.6 wrongly; missed: 0.4 and 0.3.
    assert scores.micro_f1 == pytest.approx(2 * 2 / (4 + 3))
    first, second = scores.labels
    assert (first.precision, first.recall, first.support) == (1, 0.5, 2)
    assert np.isnan(first.roc_auc)
    assert (second.precision, second.recall, second.roc_auc) == (0.5, 0.5, 0.5)
    assert scores.macro_f1 == pytest.approx((2 / 3 + 1 / 2) / 2)
    # Clip one: 0.9 before 0.6. Clip two: 0.8 and 0.4 before 0.1. Clip three: 0.3 before 0.2.
    assert scores.ranking_precision == pytest.approx(1)
    # From 0.3 upwards: all four, and one wrongly.
    assert scores.oracle.threshold == pytest.approx(0.3)
    assert scores.oracle.micro_f1 == pytest.approx(2 * 4 / (4 + 5))


def test_fully_judged_figures_of_several_agree_with_scikit_learn() -> None:
    present, _, probability = cells(several(LEAVES[:8], 1000))
    scores = multi_scores(present, np.zeros_like(present), probability, 0.4)
    present, probability = present[:, :7], probability[:, :7]
    assert [each.label for each in scores.labels] == list(range(7))
    assert scores.macro_f1 == pytest.approx(sklearn.metrics.f1_score(present, probability >= 0.4, average="macro"))
    assert scores.mean_average_precision == pytest.approx(
        sklearn.metrics.average_precision_score(present, probability, average="macro")
    )
    assert scores.roc_auc == pytest.approx(sklearn.metrics.roc_auc_score(present, probability, average="macro"))


def test_what_is_unknown_changes_nothing() -> None:
    present, unknown, probability = cells(several(LEAVES))
    rng = np.random.default_rng(1)
    other_truth = np.where(unknown, rng.random(present.shape) < 0.5, present)
    other_scores = np.where(unknown, rng.random(present.shape), probability)
    thresholds = rng.random(len(LEAVES))
    # Text, since nan is not the same as nan.
    assert str(multi_scores(other_truth, unknown, other_scores, thresholds)) == (
        str(multi_scores(present, unknown, probability, thresholds))
    )
    assert best_thresholds(other_truth, unknown, other_scores).tolist() == (
        best_thresholds(present, unknown, probability).tolist()
    )


def test_the_oracle_reaches_what_it_promises_and_no_threshold_does_better() -> None:
    present, unknown, probability = cells(several(LEAVES[:6]))
    best = oracle(present, unknown, probability)
    reached = [multi_scores(present, unknown, probability, each).micro_f1 for each in np.linspace(0, 1, 41)]
    assert multi_scores(present, unknown, probability, best.threshold).micro_f1 == pytest.approx(best.micro_f1)
    assert max(reached) <= best.micro_f1 + 1e-12
    assert max(reached) == pytest.approx(best.micro_f1, abs=0.01)


def test_own_thresholds_are_best_where_clips_are_many_and_common_where_they_are_few() -> None:
    present, unknown, probability = cells(several(LEAVES[:4], 15_000))
    # Labels whose scores are shifted against each other need thresholds of their own.
    probability = probability ** np.array([0.3, 1.0, 3.0, 1.0])
    present[20:, 1] = False
    common, own = oracle(present, unknown, probability), best_thresholds(present, unknown, probability)
    scores = multi_scores(present, unknown, probability, own)
    for label in (0, 2):
        rows = ~unknown[:, label]
        promised = max(
            sklearn.metrics.f1_score(present[rows, label], probability[rows, label] >= each)
            for each in np.linspace(0.01, 0.99, 99)
        )
        assert scores.labels[label].f1 == pytest.approx(promised, abs=0.005)
    positives = present[~unknown[:, 1], 1].sum()
    assert 0 < positives < 10
    assert abs(own[1] - common.threshold) <= positives / (positives + 30)
    assert own[3] == common.threshold
    assert scores.micro_f1 > common.micro_f1


def test_thresholds_of_nothing_are_a_half() -> None:
    nothing = np.zeros((5, 3), dtype=np.bool_)
    probability = np.full((5, 3), 0.3)
    assert best_thresholds(nothing, nothing, probability).tolist() == [0.5] * 3
    scores = multi_scores(nothing, nothing, probability, 0.5)
    assert scores.labels == ()
    assert np.isnan([scores.micro_f1, scores.oracle.micro_f1, scores.ranking_precision]).all()


def test_confidence_that_holds_has_no_calibration_error() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.random(50_000)
    bins = reliability(confidence, rng.random(50_000) < confidence)
    assert bins.expected_calibration_error < 0.01
    assert bins.weight.sum() == 50_000
    assert bins.centre[0] == pytest.approx(1 / 30)


def test_over_confidence_is_measured_and_weighed() -> None:
    confidence = np.array([0.9, 0.9, 0.9, 0.9, 1.0])
    is_right = np.array([True, True, False, False, True])
    assert reliability(confidence, is_right).expected_calibration_error == pytest.approx(0.4 * 4 / 5)
    weights = np.array([1.0, 1.0, 0.0, 0.0, 2.0])
    bins = reliability(confidence, is_right, weights=weights)
    assert bins.expected_calibration_error == pytest.approx(0.1 * 2 / 4)
    assert bins.weight.sum() == 4
    assert np.isnan(bins.accuracy[0])
    assert np.isnan(reliability(confidence[:0], is_right[:0]).expected_calibration_error)


@pytest.mark.parametrize("labels", [NASTY, LEAVES], ids=["three", "all"])
def test_pictures_are_of_sensible_size(labels: Sequence[str], tmp_path: Path) -> None:
    predictions, parameters = made_up(labels, 2000), MelParameters()
    rng = np.random.default_rng(0)
    examples = {each: [rng.uniform(-100, -20, (frames, 64)) for frames in (100, 40, 80)] for each in labels}
    scores = single_scores(predictions)
    figures = {
        "confusion": confusion_matrix(confusion(predictions), labels),
        "labels": label_chart(per_label(predictions), labels),
        "libraries": library_chart(dict.fromkeys(labels[:20], scores)),
        "reliability": reliability_diagram(
            reliability(softmax(predictions).max(axis=1), np.ones(2000, dtype=np.bool_))
        ),
        "curves": training_curves([(1, 3.0), (2, 2.0)], {each: [(1, 0.1), (2, 0.4)] for each in labels[:20]}),
        "sheet": contact_sheet(examples, parameters.hop_s, parameters.edges_hz()),
    }
    for name, figure in figures.items():
        path = tmp_path / "pictures" / f"{name}.png"
        write_png(figure, path)
        height, width, _ = matplotlib.image.imread(path).shape
        assert 300 <= width <= 2000, name
        assert 150 <= height <= 2200, name


def test_a_confusion_matrix_of_grey_rows_and_unseen_labels_is_drawn(tmp_path: Path) -> None:
    counts = np.zeros((59, 59), dtype=np.int64)
    counts[3, 50] = 2
    figure = confusion_matrix(counts, LEAVES)
    shown = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert shown == [LEAVES[3], LEAVES[50]]
    write_png(figure, tmp_path / "small.png")


def test_a_library_without_figures_is_drawn_as_nothing(tmp_path: Path) -> None:
    write_png(library_chart({"empty": SingleScores(0, *[float("nan")] * 8)}), tmp_path / "x.png")


def test_labels_are_cut_and_kept_to_one_line() -> None:
    assert plain("a\nb") == "a b"
    assert plain("漢字 ♯") == "□□ ♯"
    assert len(plain("x" * 100)) == 28


class _Reader(HTMLParser):
    """Collects what a browser would find."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.images: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "img":
            self.images.append(unquote(dict(attrs)["src"] or ""))

    def handle_data(self, data: str) -> None:
        self.text += data


def read_html(path: Path) -> _Reader:
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader


def test_text_is_shown_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a picture.png").touch()
    title = "<script>alert('x')</script> & *co*"
    blocks = (Paragraph("1. not a list"), Listing("a = '```'\n<b>"), Picture("a picture.png", "an <i>image</i>"))
    write_report(tmp_path, Report(title, [Section(title, blocks)]))
    reader = read_html(tmp_path / "report.html")
    assert {"script", "b", "i"}.isdisjoint(reader.tags)
    assert reader.text.count(title) == 3
    assert "a = '```'\n<b>" in reader.text
    assert reader.images == ["a picture.png"]
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert r"# \<script\>alert('x')\</script\> \& \*co\*" in markdown
    assert "1\\. not a list" in markdown
    assert "````text\na = '```'\n<b>\n````" in markdown
    assert "](a%20picture.png)" in markdown


def test_tables_align_numbers_and_give_three_decimals() -> None:
    table = Table(("label", "a|b", "F1"), [("_x_ y_z", 12, 0.12345), ("none", None, float("nan"))], "said")
    lines = as_markdown(Report("r", [Section("s", [table])])).splitlines()
    start = lines.index(r"| label | a\|b | F1 |")
    assert lines[start + 1 : start + 4] == ["| --- | ---: | ---: |", r"| \_x\_ y_z | 12 | 0.123 |", "| none | – | – |"]


def test_a_report_without_its_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.png"):
        write_report(tmp_path, Report("r", [Section("s", [Picture("gone.png", "gone")])]))


def test_the_standard_report_of_a_whole_run(tmp_path: Path) -> None:
    run = Run(
        title="Run 7",
        config="steps = 3",
        predictions={"iowa": made_up(LEAVES), "kits": made_up(LEAVES, 90, seed=1), "mixes": several(LEAVES)},
        loss=[(1, 3.0), (2, 2.5)],
        validation={"top-1": [(2, 0.4)], "nothing": []},
        examples={"kick": [np.full((50, 64), -80.0)], "snare": []},
        calibration={"temperature": 1.3},
        temperature=1.3,
    )
    report = report_run(tmp_path / "report", run)
    pictures = [block.file for section in report.sections for block in section.blocks if isinstance(block, Picture)]
    assert len(pictures) == len(set(pictures)) == 7
    assert read_html(tmp_path / "report" / "report.html").images == pictures
    markdown = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\((.+)\)", markdown) == pictures
    assert "| mean | 490 |" in markdown
    assert {path.name for path in (tmp_path / "report").iterdir()} == {*pictures, "report.md", "report.html"}


def test_the_standard_report_leaves_out_what_a_run_does_not_have(tmp_path: Path) -> None:
    assert report_run(tmp_path / "empty", Run("Nothing")).sections == []
    only_several = report_run(tmp_path / "several", Run("Mixes", predictions={"mixes": several(LEAVES[:3])}))
    assert "Several instruments at once" in [section.title for section in only_several.sections]
    only_single = report_run(tmp_path / "single", Run("Single", predictions={"lib": made_up(LEAVES[:3])}))
    assert [section.title for section in only_single.sections] == ["One instrument alone", "Calibration"]
