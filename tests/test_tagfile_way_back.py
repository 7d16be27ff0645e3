"""The way back: from any change, and from any moment of a change that was cut off, to the same bytes as before."""

from __future__ import annotations

import errno
import io
import os
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger import tagfile
from tagger.errors import TagFileError
from tagger.payload import payload_hash
from tagger.results import Kind
from tagger.stamp import Stamp
from tagger.tagfile import Rewrite, in_place
from tagger.tagfile.delta import Operation, View, decode, encode, operations, view
from tagger.tagfile.way_back import WayBack
from tests.tagged_audio import (
    MAKERS,
    chunk,
    claim,
    make,
    plain_wav,
    rich_aiff,
    rich_chunks,
    rich_wav,
    write,
)

CLAIM = claim("electric_guitar", "kick")
CLAIMS = (claim("kick"), claim("acoustic_guitar", "hand_drum", kind=Kind.LOOP), claim("tom"))


# Deltas.


def old_of(delta: Iterable[Operation], new: bytes) -> bytes:
    return view(delta, io.BytesIO(new)).read()


def delta_of(old: bytes, new: bytes) -> tuple[Operation, ...]:
    return operations(np.frombuffer(old, np.uint8), np.frombuffer(new, np.uint8))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Two files with much in common: parts changed, taken out, put in, as tags do it."""
    old = draw(st.binary(min_size=1, max_size=300)) * draw(st.sampled_from([1, 1, 40]))
    new = bytearray(old)
    for _ in range(draw(st.integers(0, 3))):
        start, end = sorted((draw(st.integers(0, len(new))), draw(st.integers(0, len(new)))))
        new[start : min(end, start + draw(st.integers(0, 40)))] = draw(st.binary(max_size=40))
    return old, bytes(new) or b"x"


@given(pairs())
@settings(max_examples=200, deadline=None)
def test_any_old_file_comes_out_of_the_new_one(pair: tuple[bytes, bytes]) -> None:
    old, new = pair
    delta = delta_of(old, new)
    assert old_of(delta, new) == old
    assert tuple(decode(encode(delta))) == delta
    way = WayBack("old", "new's", delta, delta[:1])
    assert WayBack.decode(way.encode()) == way


@given(pairs(), st.data())
@settings(deadline=None)
def test_a_view_is_read_like_a_file(pair: tuple[bytes, bytes], data: st.DataObject) -> None:
    old, new = pair
    seen, plain = io.BufferedReader(View(delta_of(old, new), io.BytesIO(new)), 7), io.BytesIO(old)
    assert seen.seek(0, io.SEEK_END) == len(old)
    for _ in range(5):
        place, size = data.draw(st.integers(0, len(old) + 3)), data.draw(st.integers(0, 50))
        assert (seen.seek(place), seen.read(size)) == (plain.seek(place), plain.read(size))


def test_a_tag_in_front_and_pages_numbered_anew_cost_little() -> None:
    rng = np.random.default_rng(2)
    pages = rng.integers(0, 256, (500, 4000), dtype=np.uint8)
    renumbered = pages.copy()
    renumbered[:, 18:26] += 1
    new = np.concatenate([rng.integers(0, 256, 5000, dtype=np.uint8), renumbered.ravel()])
    delta = operations(pages.ravel(), new)
    assert len(zlib.compress(encode(delta))) < 500 * 24
    assert old_of(delta, new.tobytes()) == pages.tobytes()


@pytest.mark.parametrize(
    "harm", [lambda data: data[:-3], lambda data: b"x" + data, lambda _: b"", lambda d: d[:9] + b"!"]
)
def test_a_damaged_way_back_is_refused(tmp_path: Path, harm: Callable[[bytes], bytes]) -> None:
    path = make(tmp_path, "16.wav")
    with tagfile.prepare(path, CLAIM) as rewrite:
        rewrite.commit()
    after = path.read_bytes()
    with pytest.raises(TagFileError, match="way back"):
        tagfile.restore(path, harm(rewrite.way_back), rewrite.before.stamp)
    assert path.read_bytes() == after


# Files.


@pytest.mark.parametrize("name", MAKERS)
def test_what_a_rewrite_promises_comes_true_and_can_be_undone(tmp_path: Path, name: str) -> None:
    path = make(tmp_path, name)
    os.utime(path, ns=(1_600_000_000_000_000_000, 1_500_000_000_123_456_700))
    steps: list[tuple[bytes, Rewrite]] = []
    for said in (CLAIM, *CLAIMS, claim()):
        before = path.read_bytes()
        with tagfile.prepare(path, said) as rewrite:
            assert path.read_bytes() == before
            assert tagfile.fingerprint(path) == rewrite.before.fingerprint
            assert (rewrite.temporary is None) == rewrite.in_place == (path.suffix in {".wav", ".aiff", ".aifc"})
            state = rewrite.commit()
        assert state == tagfile.FileState(tagfile.fingerprint(path), Stamp.from_status(path.stat()))
        assert state.fingerprint == rewrite.after_fingerprint
        assert state.stamp.mtime_ns == rewrite.before.stamp.mtime_ns
        assert len(rewrite.way_back) < 2500
        steps.append((before, rewrite))
    for before, rewrite in reversed(steps):
        for _ in range(2):
            tagfile.restore(path, rewrite.way_back, rewrite.before.stamp)
            assert (path.read_bytes(), Stamp.of(path)) == (before, rewrite.before.stamp)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["16.wav", "16.aiff", "lossless.flac", "vorbis.ogg"])
def test_a_rewrite_that_is_not_committed_leaves_no_trace(tmp_path: Path, name: str) -> None:
    path = make(tmp_path, name)
    before = path.read_bytes()
    with tagfile.prepare(path, CLAIM):
        pass
    with pytest.raises(KeyError), tagfile.prepare(path, CLAIM):
        raise KeyError("of the caller's own")
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (before, [path])


@pytest.mark.parametrize("name", ["16.wav", "lossless.flac"])
def test_the_time_of_change_may_be_told_to_databases(tmp_path: Path, name: str) -> None:
    path = make(tmp_path, name)
    os.utime(path, ns=(0, 0))
    with tagfile.prepare(path, CLAIM) as rewrite:
        assert rewrite.commit(keep_mtime=False).stamp.mtime_ns > 10**18
    tagfile.restore(path, rewrite.way_back, rewrite.before.stamp)
    assert path.stat().st_mtime_ns == 0


@pytest.mark.parametrize("name", ["16.wav", "lossless.flac"])
@pytest.mark.parametrize("change", [lambda data: data + b"!!", lambda data: data[:200] + b"!" + data[201:]])
def test_what_changed_since_is_not_restored(tmp_path: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    path = make(tmp_path, name)
    with tagfile.prepare(path, CLAIM) as rewrite:
        rewrite.commit()
    other = change(path.read_bytes())
    path.write_bytes(other)
    with pytest.raises(TagFileError, match="changed by another program since"):
        tagfile.restore(path, rewrite.way_back, rewrite.before.stamp)
    assert path.read_bytes() == other


@pytest.mark.parametrize(("container", "data_id"), [(rich_wav(), b"data"), (rich_aiff(), b"SSND")])
def test_a_hundred_rewrites_of_a_rich_file_cost_no_chunk_and_no_byte_more(
    tmp_path: Path, container: bytes, data_id: bytes
) -> None:
    path = tmp_path / "rich"
    path.write_bytes(container)
    audio, samples, inode = payload_hash(path), sf.read(path, dtype="int32")[0], path.stat().st_ino
    by_claim: dict[int, bytes] = {}
    with mock.patch("os.fsync"):
        for number in range(100):
            with tagfile.prepare(path, CLAIMS[number % 3], payload_hash=audio) as rewrite:
                rewrite.commit()
            if number >= 3:
                assert path.read_bytes() == by_claim.setdefault(number % 3, path.read_bytes())
    after = path.read_bytes()
    assert after.index(data_id) == container.index(data_id)
    for name, contents in rich_chunks(container):
        assert contents in after, name
    assert (payload_hash(path), path.stat().st_ino) == (audio, inode)
    np.testing.assert_array_equal(sf.read(path, dtype="int32")[0], samples)


def test_a_rich_wav_is_restored_to_the_byte(tmp_path: Path) -> None:
    for container in (rich_wav(), rich_aiff()):
        path = tmp_path / "rich"
        path.write_bytes(container)
        with tagfile.prepare(path, CLAIM) as rewrite:
            rewrite.commit()
        assert path.read_bytes() != container
        tagfile.restore(path, rewrite.way_back, rewrite.before.stamp)
        assert path.read_bytes() == container


@given(st.binary(max_size=60), st.sampled_from([b"LIST", b"iXML", b"id3 ", b"ID3 ", b"_PMX"]), st.booleans())
@settings(max_examples=100, deadline=None)
def test_tag_chunks_of_any_contents_are_refused_or_restored(body: bytes, name: bytes, in_front: bool) -> None:
    body = b"INFO" + body if name == b"LIST" else body
    before = plain_wav(front=chunk(name, body)) if in_front else plain_wav(chunk(name, body))
    with tempfile.TemporaryDirectory() as folder, mock.patch("os.fsync"):
        path = Path(folder, "a.wav")
        path.write_bytes(before)
        audio = payload_hash(path)
        try:
            with tagfile.prepare(path, CLAIM) as rewrite:
                rewrite.commit()
        except TagFileError:
            assert path.read_bytes() == before
            return
        assert payload_hash(path) == audio
        tagfile.restore(path, rewrite.way_back, rewrite.before.stamp)
        assert path.read_bytes() == before


# Cut off.


class KilledError(BaseException):
    """Stands for a process that is no more: nothing that it would do after it is done."""


class Killer:
    """Counts the calls by which a file is changed, and ends the process at one of them, before or half-way."""

    def __init__(self, at: int) -> None:
        self.calls = 0
        self._at = at

    def wrapped(self, call: Callable[..., Any], half: Callable[..., Any] | None = None) -> Callable[..., Any]:
        def counted(*args: Any, **named: Any) -> Any:
            self.calls += 1
            if self.calls == self._at and half:
                half(*args, **named)
            if self.calls >= self._at:
                raise KilledError
            return call(*args, **named)

        return counted


@contextmanager
def killed_at(number: int) -> Iterator[Killer]:
    killer = Killer(number)
    whole = os.write
    with (
        mock.patch("os.write", killer.wrapped(whole, lambda file, data: whole(file, data[: len(data) // 2]))),
        mock.patch("os.fsync", killer.wrapped(os.fsync)),
        mock.patch("os.ftruncate", killer.wrapped(os.ftruncate)),
        mock.patch("os.utime", killer.wrapped(os.utime)),
        mock.patch.object(Path, "replace", killer.wrapped(Path.replace)),
    ):
        yield killer


IN_FRONT = chunk(b"LIST", b"INFO" + chunk(b"ISFT", b"x"))
STARTS: dict[str, Callable[[Path], object]] = {
    "tagged for the first time.wav": lambda path: path.write_bytes(plain_wav()),
    "tagged again.wav": lambda path: (path.write_bytes(plain_wav()), write(path, claim("snare"))),
    "taken away.wav": lambda path: (path.write_bytes(plain_wav()), write(path, CLAIM)),
    "texts in front.wav": lambda path: path.write_bytes(plain_wav(front=IN_FRONT)),
    "rich.aiff": lambda path: path.write_bytes(rich_aiff()),
    "lossless.flac": lambda path: make(path.parent, path.name),
    "plain.mp3": lambda path: make(path.parent, path.name),
}


@pytest.mark.parametrize("name", STARTS)
def test_killed_at_any_step_nothing_is_lost(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    STARTS[name](path)
    os.utime(path, ns=(0, 1_500_000_000_123_456_700))
    before, audio, samples = path.read_bytes(), payload_hash(path), sf.read(path)[0]
    outcomes = set()
    for number in range(1, 100):
        with tagfile.prepare(path, claim() if name == "taken away.wav" else CLAIM) as rewrite:
            try:
                with killed_at(number):
                    rewrite.commit()
            except KilledError:
                is_over = False
            else:
                is_over = True
            # What a journal knows of the file, whatever was left.
            known = {rewrite.before.fingerprint: "old", rewrite.after_fingerprint: "new"}
            outcomes.add(known.get(tagfile.fingerprint(path), "neither"))
            assert payload_hash(path) == audio
            np.testing.assert_array_equal(sf.read(path)[0], samples)
            for each in killed_restores(path, rewrite):
                assert payload_hash(path) == audio, each
            assert (path.read_bytes(), Stamp.of(path)) == (before, rewrite.before.stamp)
        if is_over:
            break
    assert is_over
    assert outcomes == {"new", "neither" if rewrite.in_place else "old"}
    # A killed process would have left its copies; this one still cleared them away.
    assert list(tmp_path.iterdir()) == [path]


def killed_restores(path: Path, rewrite: Rewrite) -> Iterator[int]:
    """Restores from what is there, killed at each step in turn; yields after each, and restores in the end."""
    left = path.read_bytes()
    for number in range(1, 100):
        path.write_bytes(left)
        try:
            with killed_at(number):
                tagfile.restore(path, rewrite.way_back, rewrite.before.stamp)
        except KilledError:
            yield number
            tagfile.restore(path, rewrite.way_back, rewrite.before.stamp)
            assert Stamp.of(path) == rewrite.before.stamp
        else:
            return


# Failures that the process lives to tell.


@pytest.mark.parametrize("call", ["os.write", "os.fsync", "os.ftruncate"])
@pytest.mark.parametrize("said", [claim("violin"), claim()])
def test_a_disk_that_fails_once_costs_nothing(tmp_path: Path, call: str, said: tagfile.Claim) -> None:
    path = make(tmp_path, "16.wav")
    write(path, CLAIM)
    before, stamp = path.read_bytes(), Stamp.of(path)
    for number in range(1, 6):
        with mock.patch(call, failing_once(number, getattr(os, call.removeprefix("os.")))):
            told = told_by(path, said)
        if not told:
            break
        assert "no space left" in told
        assert (path.read_bytes(), Stamp.of(path)) == (before, stamp)
    assert not told
    assert number > 1


def told_by(path: Path, said: tagfile.Claim) -> str:
    try:
        write(path, said)
    except TagFileError as error:
        return str(error)
    return ""


def failing_once(number: int, call: Callable[..., Any]) -> Callable[..., Any]:
    calls = iter(range(1, 1000))

    def counted(*args: Any) -> Any:
        if next(calls) == number:
            raise OSError(errno.ENOSPC, "No space left on device")
        return call(*args)

    return counted


def test_a_write_that_the_disk_lost_is_noticed_and_taken_back(tmp_path: Path) -> None:
    path = make(tmp_path, "16.wav")
    before = path.read_bytes()
    whole = os.write
    lost = {"once": False}

    def losing(file: int, data: memoryview) -> int:
        if len(data) > 100 and not lost["once"]:
            lost["once"] = True
            return whole(file, bytes(len(data)))
        return whole(file, data)

    with mock.patch("os.write", losing), pytest.raises(TagFileError, match="does not hold what was written"):
        write(path, CLAIM)
    assert path.read_bytes() == before


def test_audio_that_is_not_what_was_analysed_is_told_and_left(tmp_path: Path) -> None:
    for name in ("16.wav", "lossless.flac"):
        path = make(tmp_path, name)
        before = path.read_bytes()
        with pytest.raises(TagFileError, match="audio"):
            write(path, CLAIM, payload_hash="0" * 32)
        assert path.read_bytes() == before


def test_a_file_that_another_program_is_changing_is_left_to_it(tmp_path: Path) -> None:
    path = make(tmp_path, "16.wav")
    before = path.read_bytes()
    with in_place.opened(path), pytest.raises(TagFileError, match="being changed by another program"):
        write(path, CLAIM)
    assert path.read_bytes() == before
    with mock.patch.object(in_place, "_lock", no_locks):
        write(path, CLAIM)
    assert tagfile.read(path).is_ours


def no_locks(_: int) -> NoReturn:
    raise OSError(errno.ENOTSUP, "Operation not supported")


def test_what_somebody_did_to_a_half_written_file_is_theirs(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(plain_wav())
    with tagfile.prepare(path, CLAIM) as rewrite, pytest.raises(KilledError), killed_at(1):
        rewrite.commit()
    cut_off = path.read_bytes()
    for theirs in (
        cut_off + chunk(b"bext", bytes(5000)),
        plain_wav(chunk(b"id3 ", b"ID3\x03\0\0\0\0\0\x00")),
        cut_off.replace(b"INFO", b"info"),
    ):
        path.write_bytes(theirs)
        with pytest.raises(TagFileError, match="changed by another program since"):
            tagfile.restore(path, rewrite.way_back, rewrite.before.stamp)
        assert path.read_bytes() == theirs
    holes = cut_off[:-400] + bytes(400)
    path.write_bytes(holes)
    tagfile.restore(path, rewrite.way_back, rewrite.before.stamp)
    assert path.read_bytes() == plain_wav()
