"""The bridge as it is run here, by `tagger osc` until it is told to end, or by the daemon."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from os import environ
from pathlib import Path
from typing import Final

from daemon.output import print_line, print_problem
from daemon.stopping import stoppable
from osc_bridge.bridge import TOKEN_VARIABLE, Bridge, BridgeSettings, DawSettings
from osc_bridge.daws.desk import DAWS
from osc_bridge.errors import BridgeError
from osc_bridge.heard import Heard
from tagger.catalog import default_catalog_path
from tagger.errors import TaggerError

_SWITCH_INTERVAL_S: Final = 5e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the bridge was asked to do on the command line.

    Attributes:
        host: address to listen on.
        port: UDP port.
        allow: addresses beyond this machine that may speak.
        daws: names of DAWs, with other ports where given, as `reaper=8000:9000`.
        rename: whether tracks that nobody named are renamed.
        also: what else is set with a name.
        files: folders in which files may be asked about, beside those that are watched.
        hop_s: how often the streams are listened to.
        catalog: the catalog file, by default the user's.
        model: the model file, by default the program's.
    """

    host: str
    port: int
    allow: tuple[str, ...]
    daws: tuple[str, ...]
    rename: bool
    also: tuple[str, ...]
    files: tuple[Path, ...]
    hop_s: float
    catalog: Path | None
    model: Path | None


def serve(options: Options) -> int:
    """Runs the bridge until it is stopped.

    Returns:
        The exit code.

    Raises:
        BridgeError: it cannot listen there.
        LinkError: the port that a DAW answers to is taken.
        ModelError: the model cannot be used.
    """
    settings = BridgeSettings(
        host=options.host,
        port=options.port,
        hop_s=options.hop_s,
        allow=options.allow,
        token=environ.get(TOKEN_VARIABLE, ""),
        catalog=options.catalog or default_catalog_path(),
        files=options.files,
        model=options.model,
    )
    bridge = opened(settings, daws=options.daws, rename=options.rename, also=options.also, on_fault=_tell_fault)
    with stoppable() as stopping, bridge:
        host, port = bridge.address
        print_line(f"listening on {host}:{port} with {bridge.engine.recogniser.name}; Ctrl-C ends")
        stopping.wait()
    return 0


def opened(
    settings: BridgeSettings,
    *,
    daws: Iterable[str],
    rename: bool,
    also: tuple[str, ...],
    on_fault: Callable[[Exception], object],
    on_heard: Callable[[Heard], object] = lambda _: None,
) -> Bridge:
    """A bridge with its DAWs, still to be started.

    Args:
        settings: of the bridge.
        daws: as `daw_settings` reads them.
        rename: whether tracks that nobody named are renamed.
        also: what else is set with a name.
        on_fault: see `Bridge`.
        on_heard: see `Bridge`.

    Raises:
        BridgeError: it cannot listen there, or there is no such DAW.
        LinkError: the port that a DAW answers to is taken.
        ModelError: the model cannot be used.
    """
    chosen = [daw_settings(text, rename=rename, also=also) for text in daws]
    bridge = Bridge(settings, server=_server(), on_fault=on_fault, on_heard=on_heard)
    try:
        for daw in chosen:
            bridge.add(daw)
    except BridgeError:
        bridge.stop()
        raise
    # The thread that receives asks for its turn at each packet; five milliseconds, the default, is too long to wait.
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    return bridge


def daw_settings(text: str, *, rename: bool, also: tuple[str, ...]) -> DawSettings:
    """Reads `name`, `name=port` or `name=port:port`.

    Raises:
        BridgeError: there is no such DAW, or a port is no number.
    """
    name, _, ports = text.partition("=")
    if name not in DAWS:
        raise BridgeError(text, "is no DAW that the bridge speaks to", f"it is one of {', '.join(DAWS)}")
    daw = DAWS[name]()
    send, _, receive = ports.partition(":")
    try:
        send_port = int(send) if send else daw.send_port
        receive_port = int(receive) if receive else daw.receive_port
    except ValueError as error:
        raise BridgeError(text, "has no number for a port", "write it as reaper=8000:9000") from error
    return DawSettings(daw=daw, send_port=send_port, receive_port=receive_port, rename=rename, also=also)


def _server() -> str:
    try:
        return f"tagger/{version('instrument-tagger')}"
    except PackageNotFoundError:
        return "tagger/0"


def _tell_fault(error: Exception) -> None:
    if isinstance(error, TaggerError):
        print_problem(str(error))
    else:
        print_problem(f"unexpected error, {type(error).__name__}: {error} (please report it)")
