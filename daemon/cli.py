"""The `tagger` command: what can be said on the command line, and nothing else.

What a command does is imported when it runs, so that help and slips of the keyboard cost no time. The
choices below are therefore spelt out; a test holds them against the program's own.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from daemon import osc_cli, service_cli, web_cli
from daemon.service_cli import CatalogOption, JsonOption

LabelSetName = Literal["own", "families", "irmas", "openmic", "nsynth"]
SortName = Literal["confidence", "name", "path", "duration", "tempo", "added", "kind", "key", "label"]
ExportFormat = Literal["jsonl", "csv"]
AggregationName = Literal["strongest", "mean", "max"]
SmoothingName = Literal["none", "mean", "median"]
ThemeName = Literal["light", "dark"]
Verdict = Literal["confirm", "reject", "correct"]

DEBUG_VARIABLE: Final = "TAGGER_DEBUG"

app = typer.Typer(
    help="Recognises the instruments in audio files, keeps them in a searchable catalog, and writes them "
    "into the files' tags.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(osc_cli.app, name="osc")
app.add_typer(web_cli.app, name="web")

JudgedPath = Annotated[Path, typer.Argument(metavar="FILE", help="A file in the catalog.")]
JudgedLabels = Annotated[
    list[str], typer.Argument(metavar="LABEL...", help="Instruments or families; see `tagger labels`.")
]
LabelsOption = Annotated[LabelSetName, typer.Option("--labels", help="The label set to answer in.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"tagger {version('instrument-tagger')}")
        except PackageNotFoundError:
            typer.echo("tagger, not installed")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the program an error happened.")] = False,
) -> None:
    if debug:
        os.environ[DEBUG_VARIABLE] = "1"


@app.command()
def tag(
    paths: Annotated[list[Path], typer.Argument(help="Audio files, and folders with all below them.")],
    write: Annotated[bool, typer.Option("--write", help="Write the instruments into the files' own tags.")] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Show what --write would change. Files stay as they are; the catalog is kept up to date."
        ),
    ] = False,
    as_json: JsonOption = False,
    labels: LabelsOption = "own",
    catalog: CatalogOption = None,
    model: Annotated[Path | None, typer.Option(help="Another model, an ONNX file.", show_default=False)] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Files analysed at a time; as many as there are cores.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Analyse again what has not changed.")] = False,
) -> None:
    """Recognise the instruments in files and keep them in the catalog.

    Files that have not changed since are not analysed again, so a run that was stopped goes on where it
    was. Tags in files are written with --write only; a tag that is not from this program is never changed.
    Exit code 1 means that some files could not be used, each told in a line.
    """
    from daemon.tagging import Options, run

    options = Options(
        paths=tuple(paths),
        write=write and not dry_run,
        dry_run=dry_run,
        as_json=as_json,
        label_set=labels,
        catalog=catalog,
        model=model,
        workers=workers,
        force=force,
    )
    raise typer.Exit(run(options))


@app.command()
def write(
    paths: Annotated[list[Path], typer.Argument(help="Files in the catalog, and folders with all below them.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, field by field. Files stay as they are.")
    ] = False,
    as_json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Write into files what the catalog knows of them.

    Nothing is analysed, and corrections are included. What somebody else wrote into a file is never changed. Every
    write can be taken back with `tagger undo`.
    """
    from daemon import writing
    from daemon.opening import open_catalog

    with open_catalog(catalog) as opened:
        raise typer.Exit(writing.write(opened, paths, dry_run=dry_run, as_json=as_json))


@app.command()
def undo(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Only these files; alone, the last write of each is undone.")
    ] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Undo this run; see --list.", show_default=False)] = None,
    since: Annotated[
        str | None, typer.Option(help="Undo all of then and later: 2026-11-21, 14:30, 2h, 3d.", show_default=False)
    ] = None,
    list_runs: Annotated[bool, typer.Option("--list", help="Show the runs that can be undone.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be taken back, field by field. Files stay as they are.")
    ] = False,
    as_json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Take back what was written into files: by default all of the last run.

    Files become what they were before, byte for byte, their time of modification included. A file that something
    else has changed since is left alone, and told with what is different.
    """
    from daemon import arguments, undoing
    from daemon.opening import open_catalog
    from tagger.writing import Selection

    if batch is not None and since is not None:
        raise typer.BadParameter("give one run or a time, not both", param_hint="--batch, --since")
    chosen = Selection(paths=tuple(paths or ()), batch_id=batch, since=arguments.since(since))
    with open_catalog(catalog) as opened:
        if list_runs:
            undoing.list_batches(opened, as_json=as_json)
        else:
            raise typer.Exit(undoing.undo(opened, chosen, dry_run=dry_run, as_json=as_json))


@app.command()
def verify(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files and folders; the whole catalog if none is given.")
    ] = None,
    as_json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Prove that no audio has changed since the catalog saw it.

    Exit code 1 means that the audio of some files is another, or cannot be read, or is gone; each is told in a line.
    """
    from daemon import verifying
    from daemon.opening import open_catalog

    with open_catalog(catalog) as opened:
        raise typer.Exit(verifying.verify(opened, paths or (), as_json=as_json))


@app.command()
def confirm(path: JudgedPath, labels: JudgedLabels, as_json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """Say that a file has these instruments. What a person says wins, whatever a model says later."""
    _judge("confirm", path, labels, as_json=as_json, catalog=catalog)


@app.command()
def reject(path: JudgedPath, labels: JudgedLabels, as_json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """Say that a file has none of these instruments. They are never claimed of it again."""
    _judge("reject", path, labels, as_json=as_json, catalog=catalog)


@app.command()
def correct(path: JudgedPath, labels: JudgedLabels, as_json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """Say that a file has these instruments and no others."""
    _judge("correct", path, labels, as_json=as_json, catalog=catalog)


def _judge(verdict: Verdict, path: Path, labels: list[str], *, as_json: bool, catalog: Path | None) -> None:
    from daemon import arguments, judging
    from daemon.opening import open_catalog, tags_in

    known = arguments.labels(labels, partial(tags_in, catalog), option="LABEL")
    with open_catalog(catalog) as opened:
        judging.judge(opened, path, known, verdict=verdict, as_json=as_json)


@app.command()
def config(
    init: Annotated[bool, typer.Option("--init", help="Write a file of settings that explains each of them.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the settings in force, and where they can be changed."""
    from daemon import configuring

    if init:
        configuring.init(as_json=as_json)
    else:
        configuring.show(as_json=as_json)


@app.command()
def timeline(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Audio files.")],
    window_s: Annotated[float, typer.Option("--window", min=0.1, max=60, help="Length of a window, in seconds.")] = 3.0,
    hop_s: Annotated[
        float, typer.Option("--hop", min=0.05, max=3600, help="Between the starts of two windows, in seconds.")
    ] = 1.5,
    labels: LabelsOption = "own",
    aggregation: Annotated[
        AggregationName,
        typer.Option(
            help="What a file as a whole is judged by: for each instrument the windows where it is strongest (a "
            "quarter of all, 12 s at most), or mean or max of all. One-shots are judged at their onset."
        ),
    ] = "strongest",
    smoothing: Annotated[SmoothingName, typer.Option(help="Of each instrument over time.")] = "none",
    smoothing_s: Annotated[
        float, typer.Option("--smoothing-window", min=0, max=3600, help="Width of that, in seconds.")
    ] = 4.5,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="From which on an instrument counts as heard; each has its own.",
            show_default=False,
        ),
    ] = None,
    threshold_of: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL=X", help="The same for one instrument. May be repeated.", show_default=False),
    ] = None,
    off_ratio: Annotated[
        float, typer.Option(min=0, max=1, help="An instrument that is on goes off below this share of its threshold.")
    ] = 0.5,
    min_duration_s: Annotated[
        float, typer.Option("--min-duration", min=0, max=3600, help="Leave out what lasts less, in seconds.")
    ] = 0.0,
    as_json: JsonOption = False,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            help="A file to write, as its suffix says: .json, .csv, .windows.csv, .reaper.csv, .txt (for Audacity), "
            ".mid, .pdf, .png, .svg. May be repeated. Or a folder, with --format.",
            show_default=False,
        ),
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            help="What to write into the folder for each file: json, csv, windows, reaper, audacity, midi, pdf, png or "
            "svg. May be repeated.",
            show_default=False,
        ),
    ] = None,
    write_cues: Annotated[
        bool,
        typer.Option(
            "--write-cues", help="Put the stretches into WAV files as cue points; `tagger undo` takes them out."
        ),
    ] = False,
    tempo: Annotated[float, typer.Option(min=4, max=1000, help="Tempo of MIDI files, in BPM.")] = 120.0,
    theme: Annotated[ThemeName, typer.Option(help="Of pictures.")] = "light",
    model: Annotated[Path | None, typer.Option(help="Another model, an ONNX file.", show_default=False)] = None,
    catalog: CatalogOption = None,
) -> None:
    """Show which instruments play when in audio files, and how sure that is.

    Drawn in the terminal, or written as JSON, tables, markers for editors, MIDI, pictures or a report to print. Files
    change with --write-cues only, and the catalog then keeps the journal of that. Exit code 1 means that some files
    could not be used, each told in a line.
    """
    from daemon import arguments
    from daemon.timelining import Options, run
    from tagger.timeline import TimelineSettings

    settings = TimelineSettings(
        window_s=window_s,
        hop_s=hop_s,
        label_set=labels,
        aggregation=aggregation,
        smoothing=smoothing,
        smoothing_s=smoothing_s,
        threshold=threshold,
        thresholds=arguments.thresholds(threshold_of or (), labels, model),
        off_ratio=off_ratio,
        min_duration_s=min_duration_s,
    )
    options = Options(
        paths=tuple(dict.fromkeys(paths)),
        settings=settings,
        as_json=as_json,
        outputs=tuple(output or ()),
        formats=arguments.formats(formats or ()),
        write_cues=write_cues,
        catalog=catalog,
        tempo_bpm=tempo,
        theme=theme,
        model=model,
    )
    raise typer.Exit(run(options))


@app.command()
def find(
    words: Annotated[list[str] | None, typer.Argument(help="Words of the path, or their beginnings.")] = None,
    label: Annotated[list[str] | None, typer.Option(help="Any of these instruments; see `tagger labels`.")] = None,
    family: Annotated[list[str] | None, typer.Option(help="Any of these families.")] = None,
    min_confidence: Annotated[float, typer.Option(min=0, max=1, help="How sure the tag has to be.")] = 0.0,
    kind: Annotated[list[str] | None, typer.Option(help="one-shot, loop, track or silence.")] = None,
    tempo: Annotated[list[str] | None, typer.Option(help="Tempo in BPM: 120, 90-100, 90- or -100.")] = None,
    key: Annotated[list[str] | None, typer.Option(help="Musical key: Am, F#, Bb.")] = None,
    under: Annotated[Path | None, typer.Option(help="Only below this folder.")] = None,
    folder: Annotated[list[str] | None, typer.Option(help="Only below folders whose names begin so.")] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            help="What people said: predicted (nothing), confirmed, corrected or rejected.", show_default=False
        ),
    ] = None,
    unsure: Annotated[bool, typer.Option("--unsure", help="Only files of which nothing may be claimed.")] = False,
    missing: Annotated[bool, typer.Option("--missing", help="Files that are gone, in place of those there.")] = False,
    sort: Annotated[
        SortName | None,
        typer.Option(help="By default confidence where an instrument is asked for, else path.", show_default=False),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.", show_default=False)] = None,
    as_json: JsonOption = False,
    as_paths: Annotated[bool, typer.Option("--paths", help="Print whole paths only.")] = False,
    catalog: CatalogOption = None,
) -> None:
    """Find files in the catalog; all conditions have to hold."""
    from daemon import arguments, listing
    from daemon.opening import open_catalog, tags_in
    from tagger.catalog import Query, Sort

    query = Query(
        labels=arguments.labels(label or (), partial(tags_in, catalog)),
        families=arguments.families(family or ()),
        min_confidence=min_confidence,
        kinds=arguments.kinds(kind or ()),
        tempo_ranges_bpm=tuple(arguments.tempo_range(each) for each in tempo or ()),
        keys=tuple(arguments.key(each) for each in key or ()),
        words=" ".join(words or ()),
        path=under,
        folders=tuple(folder or ()),
        reviews=arguments.reviews(state or ()),
        is_unsure=unsure,
        is_missing=missing,
        sort=Sort(sort) if sort else None,
        limit=limit,
    )
    with open_catalog(catalog) as opened:
        listing.find(opened, query, as_json=as_json, as_paths=as_paths)


@app.command()
def show(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A file in the catalog.")],
    as_json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Show all that is known of one file."""
    from daemon import listing
    from daemon.opening import open_catalog

    with open_catalog(catalog) as opened:
        listing.show(opened, path, as_json=as_json)


@app.command()
def labels(labels: LabelsOption = "own", as_json: JsonOption = False) -> None:
    """List the instruments that can be recognised."""
    from daemon import listing

    listing.labels(labels, as_json=as_json)


@app.command()
def stats(as_json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """Show the catalog in numbers."""
    from daemon import listing
    from daemon.opening import open_catalog

    with open_catalog(catalog) as opened:
        listing.stats(opened, as_json=as_json)


@app.command()
def export(
    export_format: Annotated[ExportFormat, typer.Option("--format", help="An object a line, or a table.")] = "jsonl",
    output: Annotated[Path | None, typer.Option(help="The file to write.", show_default="standard output")] = None,
    catalog: CatalogOption = None,
) -> None:
    """Write the whole catalog as text."""
    from daemon import listing
    from daemon.opening import open_catalog

    with open_catalog(catalog) as opened:
        listing.export(opened, as_csv=export_format == "csv", output=output)


service_cli.add_to(app)


def main() -> None:
    """The entry point of the `tagger` command: every error is one line, never a traceback."""
    _accept_all_text()
    try:
        app(prog_name="tagger")
    except Exception as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        from daemon.output import STOPPED_EXIT_CODE

        sys.exit(STOPPED_EXIT_CODE if _is_interruption(error) else _error_line(error))


def _accept_all_text() -> None:
    """Shows what a console or pipe cannot with backslashes, instead of failing on it."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace", line_buffering=True)


def _is_interruption(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind an error: a library in C that is imported just then says that it failed."""
    while error and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _error_line(error: Exception) -> str:
    from tagger.errors import TaggerError

    if isinstance(error, TaggerError):
        return f"tagger: {error}"
    reason = f"{type(error).__name__}: {error}".replace("\n", " ")
    return f"tagger: unexpected error, {reason} (`tagger --debug …` shows where; please report it)"
