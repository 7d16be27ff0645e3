"""Processes of our own beside this one: fresh, told things over a pipe, and deaf to Ctrl-C.

A terminal sends Ctrl-C to every process of a command. The one that was started by a user ends the others, in order; one
that were torn by the signal itself, while it starts above all, would print a traceback.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any


def start(target: Callable[..., None], *args: Any) -> tuple[BaseProcess, Connection]:
    """Starts `target(connection, *args)` in a fresh process, which is killed when this one comes to its end.

    Args:
        target: what the process does; it and `args` have to be picklable.
        args: handed over.

    Returns:
        The process, and our end of its pipe.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(target, theirs, *args), daemon=True)
    with _interrupts_held():
        process.start()
    theirs.close()
    return process, ours


def _run(target: Callable[..., None], *args: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    target(*args)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Keeps Ctrl-C from a process that does not ignore it yet, and from tearing its start; it comes afterwards."""
    with _handler_held(), _mask_held():
        yield


@contextmanager
def _mask_held() -> Iterator[None]:
    """Blocks the signal for this thread, and so for a process that it starts."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Comes up with the first process, and unblocks the signal then.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _handler_held() -> Iterator[None]:
    """Has the main thread take note only: a library's thread may get the signal though this one blocks it."""
    # A handler that was not set from Python could not be set again.
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is None:
        yield
        return
    caught: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: caught.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if caught:
            signal.raise_signal(signal.SIGINT)
