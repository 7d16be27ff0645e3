"""Rows of a CSV with their line numbers, so that a malformed one can be found and mended."""

from __future__ import annotations

import csv
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from models.workshop.datasets.errors import DatasetError


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        path: the CSV.
        line: where in it the row ends, from 1.
        cells: stripped text by column.
    """

    path: Path
    line: int
    cells: dict[str, str]

    def number(self, column: str) -> float:
        """A cell as a finite number that is not negative.

        Raises:
            DatasetError: it is none.
        """
        try:
            number = float(self.cells[column])
        except ValueError:
            number = math.nan
        if not 0.0 <= number < math.inf:
            raise self.error(f"{column} is {self.cells[column]!r}", "write a number from 0 up")
        return number

    def error(self, reason: str, advice: str) -> DatasetError:
        """What is wrong with the row, and where it is."""
        return DatasetError(self.path, f"line {self.line}: {reason}", advice)


def read_rows(path: Path, columns: Collection[str]) -> Iterator[Row]:
    """All rows of a CSV with a header; empty lines are passed over.

    Args:
        path: comma-separated, UTF-8, with or without a byte order mark.
        columns: that have to be there; there may be more.

    Raises:
        DatasetError: the file cannot be read, a column is missing, or a row has too few or too many cells.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            yield from _rows(path, csv.DictReader(file, strict=True), columns)
    except OSError as error:
        raise DatasetError(path, f"cannot be read: {error.strerror}", "a CSV file is expected here") from error
    except UnicodeDecodeError as error:
        raise DatasetError(path, "is not UTF-8", "save it as UTF-8") from error


def _rows(path: Path, reader: csv.DictReader[str], columns: Collection[str]) -> Iterator[Row]:
    try:
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise DatasetError(path, f"line 1: no column {missing[0]!r}", f"expected are {', '.join(columns)}")
        for cells in reader:
            # A row that is too long has a key None, one that is too short has values None.
            if None in cells or None in cells.values():
                reason = f"line {reader.line_num}: as many cells as in line 1 are expected"
                raise DatasetError(path, reason, "put quotation marks around text that has commas")
            yield Row(path, reader.line_num, {column: cell.strip() for column, cell in cells.items()})
    except csv.Error as error:
        raise DatasetError(path, f"line {reader.reader.line_num}: {error}", "mend or delete that line") from error
