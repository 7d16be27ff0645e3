"""Segments as labels of a track in Audacity and as regions in REAPER.

Sources: Audacity's manual, "Importing and Exporting Labels" (start, end, text, separated by tabs, in seconds); the
files that REAPER's Region/Marker Manager exports and imports ("Import regions/markers from file").
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Final

from tagger.errors import printable
from tagger.output import replaced
from tagger.timeline import Segment, Timeline

_REAPER_COLUMNS: Final = ("#", "Name", "Start", "End", "Length")


def write_audacity(path: Path, heard: Timeline) -> None:
    """Writes a label for each segment.

    Raises:
        OutputError: it cannot be written there.
    """
    lines = (f"{each.start_s:.6f}\t{each.end_s:.6f}\t{name_of(heard, each)}\n" for each in heard.segments)
    with replaced(path) as file:
        file.write("".join(lines).encode())


def write_reaper(path: Path, heard: Timeline) -> None:
    """Writes a region for each segment, with times as `1:02:03.456`, which REAPER reads whatever its ruler shows.

    Raises:
        OutputError: it cannot be written there.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_REAPER_COLUMNS)
    for number, each in enumerate(heard.segments, start=1):
        start_ms, end_ms = round(1000 * each.start_s), round(1000 * each.end_s)
        times = (_clock(ms) for ms in (start_ms, end_ms, end_ms - start_ms))
        writer.writerow((f"R{number}", name_of(heard, each), *times))
    with replaced(path) as file:
        file.write(text.getvalue().encode())


def name_of(heard: Timeline, segment: Segment) -> str:
    """How a segment is called in markers: the words of its label, on one line."""
    return " ".join(printable(heard.words.get(segment.label, segment.label)).split())


def _clock(time_ms: int) -> str:
    seconds, ms = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}.{ms:03}"
