"""What tagging costs: bytes written into a large WAV, its time beside hashing the file, and small files a second.

The ratio is of medians from one interleaved loop. Bytes are those that the process hands to the system.

    python -m benchmarks.tagging [FOLDER]

The files are made in FOLDER, by default where the system keeps temporary ones.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import soundfile as sf

from tagger import tagfile
from tagger.payload import payload_hash
from tagger.results import Kind
from tagger.tagfile import Claim

_LARGE_MB: Final = 100
_ROUNDS: Final = 7
_SMALL_FILES: Final = 1000
_CLAIMS: Final = (
    Claim(("kick",), Kind.ONE_SHOT),
    Claim(("acoustic_guitar", "string_ensemble"), Kind.LOOP),
)


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        large(Path(folder, "large.wav"))
        small(Path(folder))


def large(path: Path) -> None:
    noise = np.random.default_rng(0).integers(-32768, 32767, _LARGE_MB * 500_000, dtype=np.int16)
    sf.write(path, noise, 48_000)
    with written_bytes() as count:
        write(path, _CLAIMS[0])
    print(f"{path.stat().st_size / 1e6:.0f} MB WAV, bytes written, first tagging  {count():8}")
    with written_bytes() as count:
        write(path, _CLAIMS[1])
    print(f"{path.stat().st_size / 1e6:.0f} MB WAV, bytes written, tagging again  {count():8}")
    hashing, tagging, tagging_known = [], [], []
    known = payload_hash(path)
    for _ in range(_ROUNDS):
        hashing.append(seconds(partial(payload_hash, path)))
        tagging.append(seconds(partial(write, path, _CLAIMS[0])))
        tagging_known.append(seconds(partial(write, path, _CLAIMS[1], known)))
    beside = statistics.median(hashing)
    print(f"hashing                   {beside * 1000:8.1f} ms")
    for name, times in (("tagging", tagging), ("tagging, hash known", tagging_known)):
        median = statistics.median(times)
        print(f"{name:24}  {median * 1000:8.1f} ms   {median / beside:.2f} x hashing")


def small(folder: Path) -> None:
    paths = [folder / f"{at}.wav" for at in range(_SMALL_FILES)]
    samples = np.random.default_rng(0).integers(-9999, 9999, 24_000, dtype=np.int16)
    for path in paths:
        sf.write(path, samples, 48_000)
    for name, claim in (
        ("first tagging", _CLAIMS[0]),
        ("tagging again", _CLAIMS[1]),
        ("nothing to change", _CLAIMS[1]),
    ):
        took = seconds(partial(write_all, paths, claim))
        print(f"{_SMALL_FILES} WAVs of 48 kB, {name:18} {_SMALL_FILES / took:6.0f} files/s")


def write(path: Path, claim: Claim, known: str | None = None) -> None:
    with tagfile.prepare(path, claim, payload_hash=known) as rewrite:
        if rewrite.change.rewrites:
            rewrite.commit()


def write_all(paths: Iterable[Path], claim: Claim) -> None:
    for path in paths:
        write(path, claim)


@contextmanager
def written_bytes() -> Iterator[Callable[[], int]]:
    """Counts what is handed to the system while it lasts."""
    start = _account()
    yield lambda: _account() - start


def _account() -> int:
    """Bytes that this process has written so far, by Linux's account; elsewhere nothing is counted."""
    account = Path("/proc/self/io")
    lines = account.read_text().splitlines() if account.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("wchar")), 0)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
