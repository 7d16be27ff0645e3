"""Thousands of damaged files, each tagged and brought back: refused untouched, or the audio kept.

Files of every format, rich ones among them, are changed in bytes, sizes and ids, cut off, and spliced with each other.
Whatever happens has to be one of the outcomes below; all else is a fault, told with the number that makes it again.

    python -m tests.long.mutations --count 20000
    python -m tests.long.mutations --only 1234
"""

from __future__ import annotations

import argparse
import os
import struct
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from random import Random
from unittest import mock

import numpy as np
import numpy.typing as npt
import soundfile as sf

from tagger import tagfile
from tagger.errors import TagFileError, TaggerError
from tagger.payload import payload_hash
from tagger.results import Kind
from tagger.tagfile import Claim
from tagger.taxonomy import FAMILIES, LEAVES
from tests.tagged_audio import MAKERS, chunk, make, rich_wav


class Outcome(StrEnum):
    """How it may go."""

    REFUSED = "refused untouched"
    UNCHANGED = "nothing to write"
    TAGGED = "tagged, audio kept, brought back byte for byte"


class FaultError(Exception):
    """How it must not go."""


Mutation = Callable[[Random, bytes, Sequence[bytes]], bytes]


def _other_bytes(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(random, data)
    new = random.randbytes(random.choice((1, 1, 2, 4, 8)))
    return data[:at] + new + data[at + len(new) :]


def _one_bit(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(random, data)
    return data[:at] + bytes((data[at] ^ 1 << random.randrange(8),)) + data[at + 1 :] if at < len(data) else data


def _inserted(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(random, data)
    return data[:at] + random.randbytes(random.choice((1, 2, 3, 7, 64))) + data[at:]


def _taken_out(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(random, data)
    return data[:at] + data[at + random.choice((1, 2, 3, 8, 64)) :]


def _cut_off(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    return data[: random.choice((_place(random, data), len(data) - random.randrange(1, 9)))]


def _lengthened(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    return data + random.choice((bytes(8), b"\0", b"TAG" + bytes(125), random.randbytes(50), b"LIST\4\0\0\0INFO"))


def _another_size(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """A number of four bytes that may be a size becomes another."""
    at = _size_place(random, data)
    order = "<" if data[:4] == b"RIFF" else ">"
    old = struct.unpack_from(f"{order}I", data, at)[0] if at + 4 <= len(data) else 0
    new = random.choice((0, 1, old - 1, old + 1, old + 2, old * 2, old // 2, 0x7FFFFFFF, 0xFFFFFFFF, len(data)))
    return data[:at] + struct.pack(f"{order}I", new & 0xFFFFFFFF) + data[at + 4 :]


def _another_id(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = _size_place(random, data) - 4
    ids = (
        b"data",
        b"LIST",
        b"id3 ",
        b"ID3 ",
        b"iXML",
        b"_PMX",
        b"JUNK",
        b"fmt ",
        b"SSND",
        b"APPL",
        b"\0\0\0\0",
        b"PAD ",
    )
    return data[: max(at, 0)] + random.choice(ids) + data[max(at, 0) + 4 :]


def _spliced(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    other = random.choice(others)
    return data[: _place(random, data)] + other[_place(random, other) :]


def _repeated(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = sorted((_place(random, data), _place(random, data)))
    return data[:end] + data[start:end] + data[end:]


def _another_chunk(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """A well-formed file with a chunk more that is malformed within."""
    bodies = (
        b"",
        b"INFO",
        b"INFOIGNR\xff\xff\xff\xff",
        b"INFOIGNR\3\0\0\0Dub",
        b"<BWFXML/>",
        b"<BWFXML><USER>",
        b"<!DOCTYPE a><BWFXML/>",
        "<BWFXML/>".encode("utf-16"),
        b"<BWFXML><USER/></BWFXML>\0\0\0",
        b"<?xpacket begin=''?><x/><?xpacket end='r'?>",
        b"ID3\3\0\0\0\0\0\0",
        b"ID3\4\0\0\0\0\0\x7fTIT2",
        random.randbytes(random.randrange(30)),
    )
    new = chunk(random.choice((b"LIST", b"iXML", b"_PMX", b"id3 ", b"ID3 ", b"JUNK")), random.choice(bodies))
    if data[:4] != b"RIFF":
        return data + new
    at = random.choice((12, len(data)))
    body = data[8:at] + new + data[at:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


MUTATIONS: Sequence[Mutation] = (
    _other_bytes,
    _one_bit,
    _inserted,
    _taken_out,
    _cut_off,
    _lengthened,
    _another_size,
    _another_id,
    _spliced,
    _repeated,
    _another_chunk,
)


def _place(random: Random, data: bytes) -> int:
    """Somewhere in a file; near its ends more often, where headers and tags are."""
    near = min(len(data), 200)
    return random.choice(
        (random.randrange(near + 1), len(data) - random.randrange(near + 1), random.randrange(len(data) + 1))
    )


def _size_place(random: Random, data: bytes) -> int:
    """Behind something that looks like an id; at random where nothing does."""
    ids = (
        b"RIFF",
        b"FORM",
        b"data",
        b"fmt ",
        b"SSND",
        b"COMM",
        b"LIST",
        b"id3 ",
        b"ID3 ",
        b"iXML",
        b"_PMX",
        b"moov",
        b"udta",
    )
    found = [at + 4 for name in ids if (at := data.find(name)) >= 0]
    return random.choice(found) if found and random.random() < 0.8 else _place(random, data)


def samples(folder: Path) -> Mapping[str, bytes]:
    """Whole files of every format: plain, rich, and tagged once already."""
    found = {}
    for name in MAKERS:
        found[name] = make(folder, name).read_bytes()
    found["rich.wav"] = rich_wav()
    found["rich.aiff"] = rich_aiff(found["16.aiff"])
    for name, data in list(found.items()):
        path = folder / name
        path.write_bytes(data)
        with tagfile.prepare(path, Claim(("kick", "snare"), Kind.LOOP)) as rewrite:
            rewrite.commit()
        found[f"tagged {name}"] = path.read_bytes()
    return found


def rich_aiff(plain: bytes) -> bytes:
    """An AIFF with markers, an instrument, Apple's loop chunks and notes."""

    def part(name: bytes, contents: bytes) -> bytes:
        return name + struct.pack(">I", len(contents)) + contents + bytes(len(contents) % 2)

    extra = (
        part(b"MARK", struct.pack(">HHIBB", 1, 1, 0, 1, 0x41)),
        part(b"INST", bytes(20)),
        part(b"basc", bytes(84)),
        part(b"cate", bytes(50)),
        part(b"ANNO", b"odd"),
        part(b"APPL", b"stoc" + bytes(5)),
        part(b"COMT", struct.pack(">HIHH", 1, 0, 0, 2) + b"hi"),
    )
    body = plain[8:] + b"".join(extra)
    return b"FORM" + struct.pack(">I", len(body)) + body


def mutated(number: int, originals: Mapping[str, bytes]) -> tuple[str, bytes, Claim]:
    """The damaged file of a number: what it was and what was done to it, its bytes, and what to claim of it."""
    random = Random(number)
    name = random.choice(list(originals))
    data, done = originals[name], []
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        mutation = random.choice(MUTATIONS)
        data = mutation(random, data, list(originals.values()))
        done.append(mutation.__name__.strip("_"))
    labels = tuple(random.sample([*LEAVES, *FAMILIES], random.choice((0, 1, 1, 2, 3))))
    return f"{name}, {', '.join(done)}", data, Claim(tuple(dict.fromkeys(labels)), random.choice(list(Kind)))


def outcome_of(path: Path, data: bytes, claim: Claim) -> Outcome:
    """Tags a file and brings it back.

    Raises:
        FaultError: if anything is other than it has to be.
    """
    path.write_bytes(data)
    os.utime(path, ns=(1_600_000_000_000_000_001, 1_500_000_000_000_000_001))
    hash_before, heard = _hash(path), _heard(path)
    mtime = path.stat().st_mtime_ns
    try:
        with tagfile.prepare(path, claim) as rewrite:
            if not rewrite.change.rewrites:
                outcome = Outcome.UNCHANGED
            else:
                rewrite.commit()
                outcome = Outcome.TAGGED
    except TagFileError as error:
        _check("\n" not in str(error), f"an error of several lines: {error}")
        outcome = Outcome.REFUSED
    _check(list(path.parent.iterdir()) == [path], "something was left beside the file")
    if outcome is Outcome.TAGGED:
        _check(_hash(path) == hash_before, "its audio has another hash")
        _check(_same(_heard(path), heard, is_roughly_long=path.suffix == ".mp3"), "it sounds otherwise")
        _check(tagfile.fingerprint(path) == rewrite.after_fingerprint, "its fingerprint was foretold wrongly")
        tagfile.restore(path, rewrite.way_back, rewrite.before.stamp)
    _check(path.read_bytes() == data, "its bytes are not what they were")
    _check(path.stat().st_mtime_ns == mtime, "its time is not what it was")
    return outcome


def _hash(path: Path) -> str | None:
    try:
        return payload_hash(path)
    except (TaggerError, OSError):
        return None


def _heard(path: Path) -> npt.NDArray[np.float64] | None:
    try:
        heard: npt.NDArray[np.float64] = sf.read(path)[0]
    except (sf.SoundFileError, OSError, ValueError, MemoryError):
        return None
    return heard


def _same(one: npt.NDArray[np.float64] | None, other: npt.NDArray[np.float64] | None, *, is_roughly_long: bool) -> bool:
    """Whether two readings are the same.

    Where an MP3 no longer says how long it is, libsndfile guesses by the size of the file, tags included, and reads
    that much of it.
    """
    if one is None or other is None:
        return one is other
    shorter = min(len(one), len(other)) if is_roughly_long else None
    return np.array_equal(one[:shorter], other[:shorter], equal_nan=True)


def _check(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise FaultError(otherwise)


def run(numbers: Sequence[int]) -> Iterator[tuple[int, str, Outcome | Exception]]:
    """The outcome, or the fault, of each number."""
    with tempfile.TemporaryDirectory() as folder, mock.patch("os.fsync"), _quiet_decoders():
        places = [Path(folder, name) for name in ("originals", "damaged")]
        for place in places:
            place.mkdir()
        originals = samples(places[0])
        for number in numbers:
            what, data, claim = mutated(number, originals)
            path = places[1] / f"{number}{Path(what.partition(',')[0]).suffix}"
            try:
                yield number, what, outcome_of(path, data, claim)
            except Exception as error:  # every kind of error is a fault to be told
                yield number, what, error
            for each in places[1].iterdir():
                each.unlink()


@contextmanager
def _quiet_decoders() -> Iterator[None]:
    """Keeps what decoders write to the process's standard error about damaged files off the screen."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def main() -> int:
    from rich.progress import track

    parser = argparse.ArgumentParser(description="Tags damaged files.")
    parser.add_argument("--count", type=int, default=20_000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the number of the first")
    parser.add_argument("--only", type=int, help="one number, with the whole error")
    options = parser.parse_args()
    numbers = range(options.first, options.first + options.count) if options.only is None else [options.only]
    counts: Counter[str] = Counter()
    for number, what, outcome in track(run(numbers), "Tagging damaged files", len(numbers)):
        counts[str(outcome) if isinstance(outcome, Outcome) else "FAULT"] += 1
        if isinstance(outcome, Exception):
            print(f"{number} ({what}): {type(outcome).__name__}: {outcome}")
            if options.only is not None:
                traceback.print_exception(outcome)
    for name, count in counts.most_common():
        print(f"{count:8}  {name}")
    return 1 if counts["FAULT"] else 0


if __name__ == "__main__":
    sys.exit(main())
