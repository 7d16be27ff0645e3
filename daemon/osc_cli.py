"""What can be said after `tagger osc`; as `daemon.cli`, it imports what a command does when it runs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=False, rich_markup_mode=None)

PortOption = Annotated[int, typer.Option("--port", min=0, max=65535, help="The bridge's UDP port.")]
StreamOption = Annotated[
    str | None, typer.Option("--stream", help="What to call the stream; by default after its source.")
]


class Also(StrEnum):
    """What can be set beside a track's name."""

    COLOUR = "colour"
    COMMENT = "comment"
    GROUP = "group"
    MARKERS = "markers"


@app.callback(invoke_without_command=True)
def osc(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on; any but this machine's own needs --allow.")] = (
        "127.0.0.1"
    ),
    port: PortOption = 9720,
    allow: Annotated[
        list[str] | None,
        typer.Option(help="Address or network that may speak, as 192.168.1.0/24; the token is in TAGGER_OSC_TOKEN."),
    ] = None,
    daw: Annotated[
        list[str] | None,
        typer.Option(
            help="ardour, ableton, reaper or bitwig: suggest names for its tracks. As reaper=8000:9000 for "
            "another port to send to, and to listen on."
        ),
    ] = None,
    rename: Annotated[
        bool, typer.Option("--rename", help="Rename tracks that have their default name, instead of suggesting.")
    ] = False,
    also: Annotated[
        list[Also] | None,
        typer.Option(help="What else is set where a track is named, as far as the DAW can."),
    ] = None,
    files: Annotated[list[Path] | None, typer.Option(help="Another folder whose files may be asked about.")] = None,
    hop: Annotated[float, typer.Option(min=0.02, max=2, help="Listen every so many seconds.")] = 0.1,
    catalog: Annotated[
        Path | None,
        typer.Option("--catalog", help="The catalog file; TAGGER_CATALOG names another for good.", show_default=False),
    ] = None,
    model: Annotated[Path | None, typer.Option(help="Another model, an ONNX file.", show_default=False)] = None,
) -> None:
    """Listen to live audio over OSC and tell what is heard; docs/osc-protocol.md has the messages.

    Runs until Ctrl-C. The commands below send audio to it, show what it hears, and undo renames.
    """
    if context.invoked_subcommand is not None:
        return
    from daemon import live

    options = live.Options(
        host=host,
        port=port,
        allow=tuple(allow or ()),
        daws=tuple(daw or ()),
        rename=rename,
        also=tuple(also or ()),
        files=tuple(files or ()),
        hop_s=hop,
        catalog=catalog,
        model=model,
    )
    raise typer.Exit(live.serve(options))


@app.command()
def play(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Any audio file.")],
    stream: StreamOption = None,
    repeat: Annotated[bool, typer.Option("--repeat", help="Begin again at the end, until Ctrl-C.")] = False,
    port: PortOption = 9720,
) -> None:
    """Play a file to the bridge in real time, without sound, and print what it hears."""
    from daemon import live_clients

    raise typer.Exit(live_clients.play(path, stream=stream, repeat=repeat, port=port))


@app.command("input")
def audio_input(
    device: Annotated[str | None, typer.Argument(help="Name or number; by default the system's.")] = None,
    show_list: Annotated[bool, typer.Option("--list", help="List the devices, and end.")] = False,
    stream: StreamOption = None,
    port: PortOption = 9720,
) -> None:
    """Send the sound card's input to the bridge. Needs the extra `live`."""
    from daemon import live_clients

    raise typer.Exit(live_clients.sound_input(device, show_list=show_list, stream=stream, port=port))


@app.command()
def jack(
    ports: Annotated[
        list[str] | None, typer.Argument(help="Output ports, as `ardour:Audio 1/audio_out 1`; a stream each.")
    ] = None,
    show_list: Annotated[bool, typer.Option("--list", help="List the ports, and end.")] = False,
    port: PortOption = 9720,
) -> None:
    """Send JACK ports to the bridge, each as a stream. Needs the extra `live`."""
    from daemon import live_clients

    raise typer.Exit(live_clients.jack(ports or [], show_list=show_list, port=port))


@app.command()
def monitor(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")] = False,
    port: PortOption = 9720,
) -> None:
    """Show live what the bridge hears."""
    from daemon import live_clients

    raise typer.Exit(live_clients.watch(port=port, as_json=as_json))


@app.command()
def names(
    tracks: Annotated[list[str] | None, typer.Argument(help="Only these tracks, by number.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Give the tracks the names suggested.")] = False,
    revert: Annotated[bool, typer.Option("--revert", help="Give back the names that tracks had before.")] = False,
    port: PortOption = 9720,
) -> None:
    """List the names suggested for a DAW's tracks; give them, or take them back."""
    from daemon import live_clients

    if apply and revert:
        raise typer.BadParameter("--apply and --revert are opposites; give one of them")
    raise typer.Exit(live_clients.names(apply=apply, revert=revert, tracks=tracks or (), port=port))
