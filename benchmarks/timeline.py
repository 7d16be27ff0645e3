"""A timeline of a long recording: how many times faster than it plays, on the clock and in processor time, and memory.

The recording is put together from synthesised sound, written to a temporary folder, and told by the command as users
run it, in a process of its own. Peak memory is the process's own account, on systems that keep one.

Run: python -m benchmarks.timeline [HOURS]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import soundfile

_RATE = 44_100
_SECTION_S = 20


def main() -> None:
    if sys.argv[1:2] == ["--inside"]:
        _inside(sys.argv[2:])
        return
    hours = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    with tempfile.TemporaryDirectory() as folder:
        print(f"{hours:g} h in stereo at {_RATE} Hz, 16 bit")
        for suffix, options in (
            ("flac", []),
            ("wav", []),
            ("wav", ["--hop", "0.25"]),
            ("wav", ["--output", "set.pdf"]),
        ):
            path = Path(folder, f"set.{suffix}")
            if not path.exists():
                _write(path, hours)
            _report(path, options, hours)


def _write(path: Path, hours: float) -> None:
    with soundfile.SoundFile(path, "w", samplerate=_RATE, channels=2) as file:
        for section in _sections(round(hours * 3600 / _SECTION_S)):
            file.write(section)


def _sections(count: int) -> Iterator[np.ndarray]:
    """Pulses, tones and noise that come and go, some sections silent; another mixture in each."""
    time_s = np.arange(_SECTION_S * _RATE) / _RATE
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((len(time_s), 1))
    for _ in range(count):
        gains = rng.random(3) * (rng.random(3) < 0.6)
        pulse = np.sin(2 * np.pi * 60 * time_s) * np.exp(-8 * (time_s * rng.uniform(1, 3) % 1))
        tone = np.sin(2 * np.pi * rng.uniform(80, 1500) * time_s) * np.exp(-2 * (time_s % 2))
        mono = gains[0] * pulse + gains[1] * tone
        yield 0.25 * (np.stack([mono, mono], axis=1) + 0.3 * gains[2] * noise)


def _report(path: Path, options: list[str], hours: float) -> None:
    started = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.timeline", "--inside", "timeline", path.name, "--json", *options]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(command, cwd=path.parent, env=environment, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - started
    memory = done.stderr.strip().rpartition("\n")[2]
    windows = done.stdout.count('"time_sec"')
    words = " ".join([path.suffix[1:], *options])
    print(f"{words:<24}{seconds:>8.1f} s {hours * 3600 / seconds:>8.0f} x real time {windows:>8,} windows  {memory}")


def _inside(arguments: list[str]) -> None:
    from daemon import cli

    sys.argv = ["tagger", *arguments]
    try:
        cli.main()
    finally:
        with suppress(ImportError):
            import resource

            # Linux counts in KiB, macOS in bytes.
            unit = 2**20 if sys.platform == "darwin" else 2**10
            peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
            print(f"{time.process_time():.1f} s of a core, {peak_mib:.0f} MiB at most", file=sys.stderr)


if __name__ == "__main__":
    main()
