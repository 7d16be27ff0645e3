"""The workshop's command line: `python -m models --help`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Make the instrument model: render, train, measure, export.", no_args_is_help=True)

CorpusOption = Annotated[
    Path,
    typer.Option(help="Folder with manifest.csv, clips/, impulse_responses/ and wavetables.npz."),
]


@app.command()
def render(
    out: Annotated[Path, typer.Option(help="Folder for clips and manifest.")] = Path("runs/renders"),
    corpus: CorpusOption = Path("corpus"),
) -> None:
    """Render and synthesise what the recordings lack (needs fluidsynth and timidity)."""
    from models.workshop.render import render as render_clips

    render_clips(out, corpus / "wavetables.npz")


@app.command()
def build(
    corpus: CorpusOption = Path("corpus"),
    renders: Annotated[Path, typer.Option(help="What `render` made.")] = Path("runs/renders"),
    work: Annotated[Path, typer.Option(help="Checkpoints and features; run again to go on.")] = Path("runs/build"),
    target: Annotated[Path, typer.Option(help="The model to write.")] = Path("models/instruments.onnx"),
    version: Annotated[str, typer.Option(help="Version to give it.")] = "0.1.0",
    workers: Annotated[int, typer.Option(min=1, help="Processes, one core each.")] = 2,
) -> None:
    """Prepare, train each fold with one library left out, train the final network, calibrate, export."""
    from models.workshop.build import build as build_model

    build_model(
        [corpus / "manifest.csv", renders / "manifest.csv"],
        rooms=corpus / "impulse_responses",
        work=work,
        workers=workers,
        target=target,
        version=version,
    )


if __name__ == "__main__":
    app()
