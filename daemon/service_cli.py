"""What can be said on the command line about the service: `daemon`, `root`, `jobs`, `model`, `doctor`, `service`.

As in `daemon.cli`, what a command does is imported when it runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

CatalogOption = Annotated[
    Path | None,
    typer.Option("--catalog", help="The catalog file; TAGGER_CATALOG names another for good.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="A watched folder.")]

root = typer.Typer(help="Say which folders the daemon watches.", no_args_is_help=True)
jobs = typer.Typer(help="See what the daemon has to do, and have it wait.", no_args_is_help=True)
model = typer.Typer(help="See what a new model would change, and have it do so.", no_args_is_help=True)
service = typer.Typer(help="Start the daemon whenever you log in.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Adds the commands of the service to the command."""
    app.command()(daemon)
    app.add_typer(root, name="root")
    app.add_typer(jobs, name="jobs")
    app.add_typer(model, name="model")
    app.command()(doctor)
    app.add_typer(service, name="service")


def daemon(
    catalog: CatalogOption = None,
    log: Annotated[Path | None, typer.Option(help="The log file.", show_default=False)] = None,
    config: Annotated[Path | None, typer.Option(help="The settings file.", show_default=False)] = None,
) -> None:
    """Watch folders in the background: analyse what is new, and write tags where that was allowed.

    Runs until Ctrl-C or a signal to end, with the lowest priority. `tagger service install` has the system
    start it; `tagger root add FOLDER` says what to watch, also while it runs.
    """
    from daemon.service.running import run
    from daemon.web.app import create_app

    raise typer.Exit(run(catalog, log, config, create_app))


@root.command("add")
def add_root(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder to watch, with all below it.")],
    write: Annotated[bool, typer.Option("--write", help="Write the instruments into the files' own tags.")] = False,
    ableton: Annotated[
        bool, typer.Option("--ableton", help="Tell Ableton Live 12 too, by its file of tags beside the samples.")
    ] = False,
    poll: Annotated[
        bool, typer.Option("--poll", help="Look it through from time to time; do not rely on the system's hints.")
    ] = False,
    catalog: CatalogOption = None,
) -> None:
    """Watch a folder. One that is watched already is changed to what is said now.

    Files are never changed unless you say --write. Folders on servers are looked through from time to time
    by themselves.
    """
    from daemon.service import commands

    commands.add_root(catalog, folder, write=write, ableton=ableton, poll=poll)


@root.command("list")
def list_roots(as_json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """List the watched folders, and whether they are there."""
    from daemon.service import commands

    commands.list_roots(catalog, as_json=as_json)


@root.command("remove")
def remove_root(folder: Folder, catalog: CatalogOption = None) -> None:
    """Watch a folder no longer. What the catalog knows of its files stays."""
    from daemon.service import commands

    commands.remove_root(catalog, folder)


@root.command("pause")
def pause_root(folder: Folder, catalog: CatalogOption = None) -> None:
    """Leave a folder alone until it is resumed."""
    from daemon.service import commands

    commands.pause_root(catalog, folder, is_paused=True)


@root.command("resume")
def resume_root(folder: Folder, catalog: CatalogOption = None) -> None:
    """Go on with a folder that was paused."""
    from daemon.service import commands

    commands.pause_root(catalog, folder, is_paused=False)


@jobs.command("list")
def list_jobs(as_json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """Show what waits, how long it will take, and what failed."""
    from daemon.service import commands

    commands.list_jobs(catalog, as_json=as_json)


@jobs.command("pause")
def pause_jobs(catalog: CatalogOption = None) -> None:
    """Do nothing until it is resumed, over restarts too."""
    from daemon.service import commands

    commands.pause(catalog, is_paused=True)


@jobs.command("resume")
def resume_jobs(catalog: CatalogOption = None) -> None:
    """Go on."""
    from daemon.service import commands

    commands.pause(catalog, is_paused=False)


@jobs.command("cancel")
def cancel_jobs(
    path: Annotated[Path, typer.Argument(help="A file, or a folder with all below it.")], catalog: CatalogOption = None
) -> None:
    """Leave waiting files out until they change or are retried."""
    from daemon.service import commands

    commands.cancel(catalog, path)


@jobs.command("retry")
def retry_jobs(
    path: Annotated[Path | None, typer.Argument(help="A file, or a folder with all below it; else all.")] = None,
    catalog: CatalogOption = None,
) -> None:
    """Try again what failed, was given up or was cancelled."""
    from daemon.service import commands

    commands.retry(catalog, path)


@model.command("status")
def model_status(as_json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """Show which models said what is known, and whether a new one waits."""
    from daemon.service import modelling

    modelling.status(catalog, as_json=as_json)


@model.command("diff")
def model_diff(
    files: Annotated[int, typer.Option(min=1, help="How many files to listen to.")] = 200,
    as_json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Have the new model listen to some files that are known, and show what it would change. Changes nothing."""
    from daemon.service import modelling

    modelling.diff(catalog, files=files, as_json=as_json)


@model.command("accept")
def accept_model(catalog: CatalogOption = None) -> None:
    """Have the daemon go over everything with the model that comes with the program."""
    from daemon.service import modelling

    modelling.accept(catalog)


def doctor(as_json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """Check the catalog, the watched folders, permissions, and what failed; changes nothing.

    Exit code 1 means that something needs you, with what to do in the line.
    """
    from daemon.service.doctor import run

    raise typer.Exit(run(catalog, as_json=as_json))


@service.command("install")
def install_service(catalog: CatalogOption = None) -> None:
    """Have the system start the daemon now and whenever you log in."""
    from daemon.service import units

    units.install(catalog)


@service.command("status")
def service_status() -> None:
    """Say whether the system starts the daemon, and whether it runs."""
    from daemon.service import units

    units.status()


@service.command("remove")
def remove_service() -> None:
    """Stop the daemon, and have the system start it no more. Catalog and settings stay."""
    from daemon.service import units

    units.remove()
