"""Processes killed at every step of a write: the audio is whole at once, and the file after recovery.

A process dies just before its n-th call that changes a file, for every n until one gets through; and, where the system
can do that, in the middle of a write.
"""

from __future__ import annotations

import signal
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from tagger import tagfile
from tagger.payload import payload_hash
from tagger.results import Kind
from tagger.tagfile import Claim
from tests.dying import CHANGES, die_before, lives
from tests.recovering import Memory, tag
from tests.tagged_audio import chunk, decoded, make, rich_wav, riff

KICK = Claim(("kick",), Kind.ONE_SHOT)
LONGER = Claim(("acoustic_guitar", "string_ensemble", "tambourine"), Kind.LOOP)


def tag_and_die(path: Path, claim: Claim, memory: Path, calls: int) -> None:
    """Tags a file, and dies before the call of that number; calls before all was remembered do not count."""
    die_before(calls, CHANGES, when=memory.exists)
    tag(path, claim, memory)
    sys.setprofile(None)


def tag_within(path: Path, claim: Claim, memory: Path, size: int) -> None:
    """Tags a file, and dies in the write that would make a file larger than that many bytes."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tagfile.prepare(path, claim) as rewrite:
        Memory.of(rewrite).save(memory)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        rewrite.commit()


def first(folder: Path) -> Path:
    path = folder / "first.wav"
    path.write_bytes(rich_wav())
    return path


def again(folder: Path) -> Path:
    path = first(folder).rename(folder / "again.wav")
    with tagfile.prepare(path, KICK) as rewrite:
        rewrite.commit()
    return path


def info_before_data(folder: Path) -> Path:
    path = make(folder, "16.wav")
    plain = path.read_bytes()
    info = chunk(b"LIST", b"INFO" + chunk(b"ISFT", b"maker\0"))
    path.write_bytes(riff(plain[12:36], info, plain[36:]))
    return path


def flac(folder: Path) -> Path:
    return make(folder, "lossless.flac")


def mp3(folder: Path) -> Path:
    return make(folder, "plain.mp3")


CASES = (first, again, info_before_data, flac, mp3)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_killed_before_any_call(tmp_path: Path, case: object) -> None:
    assert callable(case)
    outcomes = [check(tmp_path, case(tmp_path), "tag_and_die", calls) for calls in steps(tmp_path)]
    assert outcomes[-1] == (True, "new")
    assert [ended for ended, _ in outcomes[:-1]] == [False] * (len(outcomes) - 1)
    assert len(outcomes) > 5
    assert {kept for _, kept in outcomes} == {"old", "new"}


def steps(folder: Path) -> Iterator[int]:
    """1, 2, 3 … until a process lived to the end."""
    calls = 0
    while not (folder / "lived").exists():
        calls += 1
        assert calls < 200
        yield calls


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of files")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_killed_within_a_write(tmp_path: Path, case: object) -> None:
    assert callable(case)
    path = case(tmp_path)
    with tagfile.prepare(path, LONGER) as rewrite:
        rewrite.commit()
    grown = path.stat().st_size
    for size in (0, 6, *range(grown // 2, grown, grown // 10), grown - 1):
        check(tmp_path, case(tmp_path), "tag_within", size)


def check_chunks(data: bytes) -> None:
    """The chunks of a WAV fill exactly what its header says, and that is in the file."""
    end = 8 + struct.unpack_from("<I", data, 4)[0]
    at = 12
    while at < end:
        assert data[at : at + 4].isascii()
        at += 8 + (struct.unpack_from("<I", data, at + 4)[0] + 1) // 2 * 2
    assert at == end <= len(data)


def check(folder: Path, path: Path, how: str, number: int) -> tuple[bool, str]:
    """Lets a process tag a file and perhaps die; whether it lived, and which bytes are there after recovery."""
    old, audio = path.read_bytes(), payload_hash(path)
    samples = decoded(path)
    memory_path = folder / "memory"
    memory_path.unlink(missing_ok=True)
    lived = lives(globals()[how], path, LONGER, memory_path, number)
    if lived:
        (folder / "lived").touch()

    assert payload_hash(path) == audio
    np.testing.assert_array_equal(decoded(path), samples)
    assert sf.info(path).frames > 0
    if path.suffix == ".wav":
        check_chunks(path.read_bytes())
    memory = Memory.load(memory_path)
    assert memory is not None
    memory.recover(path)
    new = path.read_bytes()
    is_new = tagfile.fingerprint(path) == memory.after_fingerprint
    assert is_new or (new, tagfile.fingerprint(path)) == (old, memory.before.fingerprint)
    assert payload_hash(path) == audio
    left = {each.name for each in folder.iterdir()} - {path.name, "memory", "lived"}
    assert not left
    path.unlink()
    return lived, "new" if is_new else "old"
