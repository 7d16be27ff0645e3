"""What can be said after `tagger web`; as `daemon.cli`, it imports what a command does when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from daemon.service_cli import CatalogOption

app = typer.Typer(no_args_is_help=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def web(
    context: typer.Context,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address only.")] = False,
    catalog: CatalogOption = None,
) -> None:
    """Open the page on which samples are found, heard and corrected, in the browser.

    It is the daemon's where one runs; else it is served until Ctrl-C. Where, the settings say under [api].
    """
    if context.invoked_subcommand is not None:
        return
    from daemon.web import command

    raise typer.Exit(command.show(catalog, no_browser=no_browser))


@app.command()
def password(
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove it. The page is then for this machine only.")
    ] = False,
    catalog: CatalogOption = None,
) -> None:
    """Set the password of the page, asked for twice, or taken from the first line of what is piped in.

    Whoever is logged in has to log in again. Where other machines can reach the page, it opens with a password only.
    """
    from daemon.web import command

    if remove:
        command.remove_password(catalog)
    else:
        command.set_password(catalog)
