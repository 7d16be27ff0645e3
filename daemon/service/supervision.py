"""A word with systemd: that the daemon is ready, is alive, is going (sd_notify(3)). Elsewhere, silence."""

from __future__ import annotations

import contextlib
import os
import socket


def notify(state: str) -> None:
    """Tells the supervisor something, such as `READY=1`; does nothing where there is none."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address or not hasattr(socket, "AF_UNIX"):
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
        # An address with an @ in front is an abstract one.
        connection.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)


def watchdog_s() -> float | None:
    """Within how many seconds the supervisor wants a sign of life; None if it does not."""
    pid = os.environ.get("WATCHDOG_PID")
    if pid not in (None, str(os.getpid())):
        return None
    try:
        return int(os.environ["WATCHDOG_USEC"]) / 1e6
    except (KeyError, ValueError):
        return None
