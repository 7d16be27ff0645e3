"""What a build says of itself: the report with its pictures, and the model card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from models.workshop.build import Build
from models.workshop.calibration import TARGET_PRECISION, Calibration, honesty_elsewhere
from models.workshop.clips import GROUPS
from models.workshop.predictions import families_of
from models.workshop.recipe import as_toml
from models.workshop.reporting.metrics import SingleScores, mean_of, multi_scores, single_scores
from models.workshop.reporting.run import Run, report_run
from models.workshop.training import read_curve
from tagger.errors import TaggerError

_EXAMPLES = 4


def report(build: Build) -> Path:
    """Writes the report of what is done so far into `work`/report.

    Returns:
        The HTML page.
    """
    seed, folder = build.recipe.seeds[0], build.work / "report"
    predictions = dict(build.predictions(seed))
    mixtures = build.predictions(seed, "-mix.npz")
    predictions |= {f"mixtures of {fold}": each.rows(~each.is_single) for fold, each in mixtures.items()}
    calibration = read_calibration(build)
    report_run(
        folder,
        Run(
            title=f"Training of {build.recipe.name}",
            config=as_toml(build.recipe),
            predictions=predictions,
            loss=read_curve(build.work / "final.pt"),
            examples=_examples(build),
            parameters=build.recipe.frontend,
            calibration=_honesty(build, calibration) if calibration else {},
            temperature=calibration.temperature if calibration else 1.0,
            presence_scale=calibration.presence_scale if calibration else 1.0,
            presence_offset=calibration.presence_offset if calibration else 0.0,
            thresholds=np.array(calibration.presence_thresholds) if calibration else 0.5,
        ),
    )
    return folder / "report.html"


def card(build: Build, version: str) -> str:
    """The model card in Markdown.

    Raises:
        TaggerError: the build is not calibrated yet.
    """
    calibration = read_calibration(build)
    if calibration is None:
        raise TaggerError(build.work, "is not calibrated yet", "run `python -m models calibrate` first")
    libraries = sorted({clip.library for clip in build.clips if clip.is_real})
    rendered = sorted({clip.library for clip in build.clips if not clip.is_real})
    families, _ = families_of(build.labels)
    honest = _honesty(build, calibration)
    figures = "\n".join(f"| {name} | {value:.3f} |" for name, value in honest.items())
    return f"""# {build.recipe.name} {version}

A residual CNN over {build.recipe.window_s:g} seconds of log-mel, {len(build.labels)} labels in {len(families)}
families, two heads (one instrument alone; several at once) and an embedding of 128 for similarity.

## Trained on
{len(build.clips):,} clips. Recordings: {", ".join(libraries)}.
Rendered or synthesised: {", ".join(rendered) or "none"}.
The recordings are used as training data only and are not passed on.

## How well it does
{_protocol_words(build)}
Seeds: {len(build.recipe.seeds)}. The shipped weights are trained on everything, in {build.recipe.final_steps:,} steps.

{table(build)}

Thresholds aim at {TARGET_PRECISION:.0%} right; each library was judged by those chosen on all others:

| figure | value |
|---|---|
{figures}

{_robustness_words(build)}

## Where it is weak
Known from rendered or synthesised sound only, never from recordings: {", ".join(only_rendered(build)) or "nothing"}.
{_weakest(build)}
"""


def table(build: Build) -> str:
    """The leave-one-out table in Markdown: means over seeds, each library counting the same."""
    by_seed = [
        {fold: single_scores(each) for fold, each in build.predictions(seed).items()} for seed in build.recipe.seeds
    ]
    parts = sorted({part for scores in by_seed for part in scores})
    rows = ["| held out | clips | top-1 | balanced | top-3 | macro F1 | family |", "|---|---|---|---|---|---|---|"]
    libraries = [part for part in parts if part != GROUPS]
    rows += [_row(library, [[scores[library]] for scores in by_seed if library in scores]) for library in libraries]
    if libraries:
        whole = [scores for scores in by_seed if all(library in scores for library in libraries)]
        rows.append(_row("**mean of libraries**", [[scores[library] for library in libraries] for scores in whole]))
    if GROUPS in parts:
        rows.append(_row("an eighth of all groups", [[scores[GROUPS]] for scores in by_seed if GROUPS in scores]))
    return "\n".join(rows)


def _protocol_words(build: Build) -> str:
    if build.recipe.folds:
        return f"""Each row: a network trained without that library, and judged on it over the labels that it knows. To
train fewer networks, several were left out at once, which makes figures lower than with one:
{", ".join(build.judged)}."""
    return """Each row: a network trained on all *other* libraries and judged on that one, over labels that both have.
The last row holds out groups (players, kits, machines) of libraries that are trained on."""


def read_calibration(build: Build) -> Calibration | None:
    """The calibration of a build, where it was chosen already."""
    path = build.work / "calibration.json"
    return Calibration.from_json(path.read_text(encoding="utf-8")) if path.exists() else None


def only_rendered(build: Build) -> list[str]:
    """Labels that no recording has."""
    recorded = {label for clip in build.clips if clip.is_real for label in clip.labels}
    return sorted(set(build.labels) - recorded)


def _row(name: str, seeds: list[list[SingleScores]]) -> str:
    """A row of means over seeds of means over folds."""
    cells = []
    for figure in ("top1", "balanced_top1", "top3", "macro_f1", "family"):
        values = [mean_of(np.array([getattr(each, figure) for each in folds])) for folds in seeds]
        spread = f" ± {(max(values) - min(values)) / 2:.3f}" if len(values) > 1 else ""
        cells.append(f"{np.mean(values):.3f}{spread}")
    clips = sum(each.clips for each in seeds[0]) if seeds else 0
    return f"| {name} | {clips} | {' | '.join(cells)} |"


def _honesty(build: Build, calibration: Calibration) -> Mapping[str, float]:
    honest, mixtures = honesty_elsewhere(build.held_out()), build.held_out("-mix.npz")
    probability = mixtures.presence_probability(calibration.presence_scale, calibration.presence_offset)
    several = multi_scores(mixtures.present, mixtures.unknown, probability, np.array(calibration.presence_thresholds))
    return {
        "expected calibration error": honest.expected_calibration_error,
        "label claims that are right": honest.precision,
        "clips that a label is claimed for": honest.coverage,
        "family claims that are right": honest.family_precision,
        "clips that only a family is claimed for": honest.family_coverage,
        "sound effects claimed to be instruments": honest.effects_as_instruments,
        "mixtures of up to four, which their thresholds were chosen on: micro F1": several.micro_f1,
        "the same: macro F1": several.macro_f1,
    }


def _robustness_words(build: Build) -> str:
    """What changes of the sound cost on libraries left out, each library counting the same."""
    parts = [part for seed in build.recipe.seeds for part in build.robustness(seed).items()]
    libraries = [each for name, each in parts if name != GROUPS and each.clips] or [each for _, each in parts]
    if not libraries:
        return ""
    lines = [
        f"| {change} | {np.mean([each.changed[change] - each.unchanged for each in libraries]):+.3f} |"
        for change in libraries[0].changed
    ]
    clips = sum(each.clips for each in libraries)
    head = f"What changes of the sound do to top-1, of {clips:,} answers about clips left out:"
    return "\n".join([head, "\n| change | top-1 |", "|---|---|", *lines])


def _weakest(build: Build) -> str:
    """The labels that are told worst on libraries left out, in words."""
    said = build.held_out()
    said = said.rows(said.is_single)
    best, truth = said.single.argmax(axis=1), said.truth
    lines = []
    for label in np.unique(truth):
        taken = np.bincount(best[truth == label], minlength=len(said.labels)) / np.sum(truth == label)
        if taken[label] < 0.35:
            taken[label], recall = 0.0, taken[label]
            other = said.labels[int(taken.argmax())]
            lines.append(f"{said.labels[label]} ({recall:.0%} told, else mostly {other} {taken.max():.0%})")
    return "\n".join(["Told worst on libraries left out:\n", *(f"* {line}" for line in lines)]) if lines else ""


def _examples(build: Build) -> dict[str, list[np.ndarray]]:
    store, examples = build.store(), {label: [] for label in build.labels}  # type: ignore[var-annotated]
    for row in store.first_rows():
        clip = build.clips[store.clip[row]]
        if clip.is_single and len(examples[clip.labels[0]]) < _EXAMPLES:
            examples[clip.labels[0]].append(store.log_mel[row].astype(np.float32))
    return {label: each for label, each in examples.items() if each}
