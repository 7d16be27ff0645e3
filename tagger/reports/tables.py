"""A timeline as tables: one row a segment, or one row a window.

Comma-separated with a header, UTF-8, decimal points, whatever the system's language; for spreadsheets, R and pandas.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from tagger.errors import printable
from tagger.output import replaced
from tagger.timeline import Timeline

SEGMENT_COLUMNS: Final = ("path", "start_s", "end_s", "label", "words", "confidence")
WINDOW_COLUMNS: Final = ("time_s", "is_silent")


def write_segments(path: Path, heard: Timeline) -> None:
    """Writes a row for each segment: file, start and end in seconds, label and how it reads, confidence.

    Raises:
        OutputError: it cannot be written there.
    """
    source = "" if heard.path is None else cell(heard.path)
    rows = (
        (
            source,
            f"{each.start_s:.3f}",
            f"{each.end_s:.3f}",
            cell(each.label),
            cell(heard.words.get(each.label, each.label)),
            f"{each.confidence:.4f}",
        )
        for each in heard.segments
    )
    _write(path, SEGMENT_COLUMNS, rows)


def write_windows(path: Path, heard: Timeline) -> None:
    """Writes a row for each window: its start in seconds, whether it is silent (0 or 1), the intensity of each label.

    Raises:
        OutputError: it cannot be written there.
    """
    rows = (
        (f"{time_s:.3f}", f"{is_silent:d}", *(f"{value:.4f}" for value in intensity))
        for time_s, is_silent, intensity in zip(heard.time_s, heard.is_silent, heard.intensity, strict=True)
    )
    _write(path, (*WINDOW_COLUMNS, *map(cell, heard.labels)), rows)


def cell(text: str | os.PathLike[str]) -> str:
    """A text that every reader takes for one cell."""
    # A lone carriage return is not always quoted, and readers end the line at it.
    return printable(text).replace("\r", "\\r")


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    with replaced(path) as file:
        file.write(text.getvalue().encode())
