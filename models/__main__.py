"""The workshop's command line: `python -m models --help`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tagger.errors import TaggerError

if TYPE_CHECKING:
    from models.workshop.build import Build

app = typer.Typer(
    help="Make an instrument model: render, prepare, train, evaluate, calibrate, export. `build` does it all. "
    "Every command goes on where it was stopped.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

DataOption = Annotated[
    list[Path],
    typer.Option(help="Labelled recordings: a tree label/…, a CSV, or a folder with manifest.csv. May be repeated."),
]
RoomsOption = Annotated[
    Path | None, typer.Option(help="Folder of impulse responses (.ogg) for reverb.", show_default=False)
]
RecipeOption = Annotated[
    Path | None, typer.Option(help="TOML file with what differs from the usual recipe.", show_default=False)
]
WorkOption = Annotated[Path, typer.Option(help="Folder for everything in between.")]
WorkersOption = Annotated[int, typer.Option(min=1, help="Processes, one core each.")]
TargetOption = Annotated[Path, typer.Option(help="The model to write.")]
VersionOption = Annotated[str, typer.Option(help="Version to give it.")]
_CORES = os.cpu_count() or 1
_TOLD = ("precision", "recall", "micro F1", "macro F1", "segments")


@app.command()
def render(
    corpus: Annotated[Path, typer.Option(help="Folder with wavetables.npz.")] = Path("corpus"),
    out: Annotated[Path, typer.Option(help="Folder for clips and manifests.")] = Path("runs/renders"),
) -> None:
    """Render and synthesise what recordings lack (needs fluidsynth and timidity)."""
    from models.workshop.rendering.render import render as render_clips

    render_clips(out, corpus / "wavetables.npz")


@app.command()
def prepare(
    data: DataOption,
    rooms: RoomsOption = None,
    recipe: RecipeOption = None,
    work: WorkOption = Path("runs/build"),
    workers: WorkersOption = _CORES,
) -> None:
    """Compute the log-mel features of all clips and their variants."""
    _build(data, rooms, recipe, work, workers).prepare()


@app.command()
def evaluate(
    data: DataOption,
    rooms: RoomsOption = None,
    recipe: RecipeOption = None,
    work: WorkOption = Path("runs/build"),
    workers: WorkersOption = _CORES,
    held_out: Annotated[
        list[str] | None, typer.Option(help="Only this library, or `groups`. May be repeated.", show_default=False)
    ] = None,
) -> None:
    """Train networks with one library left out each, and judge them on it; write the report."""
    run = _build(data, rooms, recipe, work, workers)
    run.prepare()
    run.hold_out(held_out or run.folds)
    _report(run)


@app.command()
def train(
    data: DataOption,
    rooms: RoomsOption = None,
    recipe: RecipeOption = None,
    work: WorkOption = Path("runs/build"),
    workers: WorkersOption = _CORES,
) -> None:
    """Train the network on everything."""
    run = _build(data, rooms, recipe, work, workers)
    run.prepare()
    run.train_final()


@app.command()
def calibrate(data: DataOption, recipe: RecipeOption = None, work: WorkOption = Path("runs/build")) -> None:
    """Choose temperature and thresholds on what was said of libraries left out."""
    _build(data, None, recipe, work, 1).calibrate()


@app.command()
def export(
    data: DataOption,
    target: TargetOption,
    recipe: RecipeOption = None,
    work: WorkOption = Path("runs/build"),
    version: VersionOption = "1.0.0",
) -> None:
    """Write the model, for `tagger tag --model`, and its card beside it."""
    _export(_build(data, None, recipe, work, 1), target, version)


@app.command()
def build(
    data: DataOption,
    target: TargetOption = Path("models/instruments.onnx"),
    rooms: RoomsOption = None,
    recipe: RecipeOption = None,
    work: WorkOption = Path("runs/build"),
    workers: WorkersOption = _CORES,
    version: VersionOption = "1.0.0",
) -> None:
    """Do it all: prepare, evaluate, train, calibrate, export."""
    run = _build(data, rooms, recipe, work, workers)
    run.prepare()
    run.hold_out(run.folds)
    run.train_final()
    run.calibrate()
    _export(run, target, version)
    _report(run)


@app.command()
def validate(
    renders: Annotated[Path, typer.Option(help="What `render` made.")] = Path("runs/renders"),
    model: Annotated[Path | None, typer.Option(help="By default the program's own.", show_default=False)] = None,
) -> None:
    """Ask a finished model about the soundfont that is kept out of training: single sounds and songs."""
    from models.workshop.validation import validate as validate_model

    found = validate_model(model, renders)
    one, several = found.singles, found.songs
    print(
        f"single sounds ({one.clips}): top-1 {one.top1:.3f}, balanced {one.balanced_top1:.3f}, top-3 {one.top3:.3f}, "
        f"family {one.family:.3f}"
    )
    print(f"claims of labels: right {found.precision:.3f}, made for {found.coverage:.3f}")
    print(
        f"windows of songs ({several.clips}): micro F1 {several.micro_f1:.3f}, macro F1 {several.macro_f1:.3f}, "
        f"mAP {several.mean_average_precision:.3f}"
    )


@app.command()
def validate_over_time(
    renders: Annotated[Path, typer.Option(help="What `render` made.")] = Path("runs/renders"),
    model: Annotated[Path | None, typer.Option(help="By default the program's own.", show_default=False)] = None,
) -> None:
    """Ask a finished model what plays when in songs of that soundfont, by all ways to tell it."""
    from models.workshop.over_time import Told, contenders, poolings, told_of_songs, told_of_stretches
    from tagger.analysis import Analyser

    def row(name: str, told: Told) -> str:
        figures = (told.precision, told.recall, told.micro_f1, told.macro_f1)
        return f"{name:<28}" + "".join(f"{figure:>10.3f}" for figure in figures) + f"{told.segments:>10.1f}"

    analyser, songs = Analyser(model), renders / "validation-songs.csv"
    print(f"{'stretches of 2 s':<28}" + "".join(f"{name:>10}" for name in _TOLD))
    for name, settings in contenders().items():
        print(row(name, told_of_stretches(analyser, songs, settings)))
    for in_a_row, words in ((1, "songs as wholes"), (5, "five songs in a row")):
        print(words)
        for name, settings in poolings().items():
            print(row(name, told_of_songs(analyser, songs, settings, in_a_row=in_a_row)))


@app.command()
def protocol(
    name: Annotated[str, typer.Argument(help="One of those that `protocol list` shows.")],
    data: Annotated[Path, typer.Option(help="Folder of the data set, as it is published.")] = Path(),
    recipe: RecipeOption = None,
    work: Annotated[Path | None, typer.Option(help="Folder for everything in between.", show_default=False)] = None,
    workers: WorkersOption = _CORES,
) -> None:
    """Train and test by a protocol of the field: NSynth, IRMAS, OpenMIC-2018."""
    from models.workshop.protocols import PROTOCOLS, run_protocol
    from models.workshop.recipe import read_recipe

    if name == "list":
        for each in PROTOCOLS.values():
            print(f"{each.name:<16}{each.summary}")
        return
    if name not in PROTOCOLS:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(PROTOCOLS)}", param_hint="name")
    work = work or Path("runs") / name
    outcome = run_protocol(PROTOCOLS[name], data, recipe=read_recipe(recipe), work=work, workers=workers)
    for join, figures in outcome.figures.items():
        print(f"{join} of the windows:", ", ".join(f"{figure} {value:.4g}" for figure, value in figures.items()))
    print(work / "report" / "report.html")


def _build(data: list[Path], rooms: Path | None, recipe: Path | None, work: Path, workers: int) -> Build:
    from models.workshop.build import Build
    from models.workshop.datasets.reading import read_source
    from models.workshop.recipe import read_recipe

    sources = tuple(tuple(read_source(path)) for path in data)
    return Build(sources, rooms, work, read_recipe(recipe), workers)


def _report(run: Build) -> None:
    from models.workshop.run_report import report

    print(report(run))


def _export(run: Build, target: Path, version: str) -> None:
    from models.workshop.run_report import card

    description = card(run, version)
    run.export(target, version=version, description=description)
    target.with_suffix(".md").write_text(description, encoding="utf-8")
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")


def main() -> None:
    """Runs a command; what a user can mend is told in a line."""
    try:
        app()
    except TaggerError as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
