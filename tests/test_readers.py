"""What `docs/hosts.md` says other programs show is what they show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.readers import FORMATS, NOTHING, READERS, Reader, seen, tagged

DOCUMENT = Path(__file__).parents[1] / "docs" / "hosts.md"
RENEW = "`python -m tests.readers` prints the table as it is on this machine; put that into docs/hosts.md"


def documented() -> Mapping[str, Mapping[str, str]]:
    """The first table of the document: cells by reader and format."""
    first = re.search(r"(?:^\|.*\n)+", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert first
    header, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in first[0].splitlines())
    return {row[0]: dict(zip(header[1:], row[1:], strict=True)) for row in rows}


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return tagged(tmp_path_factory.mktemp("tagged"))


def test_document_has_a_row_for_each_reader_and_a_column_for_each_format() -> None:
    table = documented()
    assert list(table) == [reader.name for reader in READERS], RENEW
    for reader in READERS:
        assert list(table[reader.name]) == list(FORMATS), RENEW
        told = [name for name, cell in table[reader.name].items() if cell != NOTHING]
        assert told == list(reader.formats), RENEW


@pytest.mark.parametrize(
    ("reader", "name"),
    [pytest.param(reader, name, id=f"{reader.needs}, {name}") for reader in READERS for name in reader.formats],
)
def test_a_reader_shows_the_instrument_where_the_document_says(
    paths: Mapping[str, Path], reader: Reader, name: str
) -> None:
    if not reader.is_there:
        assert reader.package, f"{reader.needs} belongs to what pip installs for the tests"
        pytest.skip(f"{reader.needs} is not on this machine; Debian has it in {reader.package}")
    fields = re.findall(r"`([^`]+)`", documented()[reader.name][name])
    assert fields, RENEW
    missing = set(fields) - set(seen(reader, paths[name]))
    assert not missing, RENEW
