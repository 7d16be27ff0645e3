"""Somebody plays a WAV file all the time while it is tagged again and again."""

from __future__ import annotations

import mmap
import multiprocessing
import sys
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from unittest import mock

from tagger import tagfile
from tagger.results import Kind
from tagger.tagfile import Claim
from tests.tagged_audio import rich_wav

CLAIMS = [
    Claim(("kick",), Kind.ONE_SHOT),
    Claim(("acoustic_guitar", "string_ensemble", "tambourine"), Kind.LOOP),
    Claim((), Kind.ONE_SHOT),
]
PROCESSES = multiprocessing.get_context("spawn")


def listen(path: Path, start: int, samples: bytes, is_over: Event, answer: Connection) -> None:
    """Compares a file's samples with what they were until told to stop; answers how often, and how often in vain.

    Looks in three ways: as a sampler that maps the file, as a player that keeps it open, and as one that opens it anew.
    """
    looks = wrong = 0
    with path.open("rb", buffering=0) as file:
        # Windows lets nobody shorten a file that is mapped.
        mapped = None if sys.platform == "win32" else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        answer.send("ready")
        while not is_over.is_set():
            heard = [mapped[start : start + len(samples)]] if mapped else []
            file.seek(start)
            heard += [file.read(len(samples)), path.read_bytes()[start : start + len(samples)]]
            wrong += sum(each != samples for each in heard)
            looks += 1
    answer.send((looks, wrong))


def test_who_plays_a_file_while_it_is_tagged_hears_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "played.wav"
    path.write_bytes(rich_wav())
    start = path.read_bytes().index(b"data") + 8
    samples = path.read_bytes()[start : start + 2997]
    inode = path.stat().st_ino
    is_over = PROCESSES.Event()
    here, there = PROCESSES.Pipe()
    listener = PROCESSES.Process(target=listen, args=(path, start, samples, is_over, there))
    listener.start()
    assert here.recv() == "ready"
    with mock.patch("os.fsync"):  # when bytes reach the disk makes no difference to readers
        for turn in range(200):
            with tagfile.prepare(path, CLAIMS[turn % len(CLAIMS)]) as rewrite:
                rewrite.commit()
    is_over.set()
    looks, wrong = here.recv()
    listener.join(10)
    assert looks > 20
    assert wrong == 0
    assert path.stat().st_ino == inode
