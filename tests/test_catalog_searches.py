"""Searches that people keep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tagger.catalog import Catalog
from tagger.catalog.searches import LONGEST_NAME, SavedSearch
from tagger.errors import CatalogError


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "catalog.db") as opened:
        opened.searches.save("Dusty kicks", "dusty instrument:kick")
        opened.searches.save("À revoir", "is:unsure")
        yield opened


def names(catalog: Catalog) -> list[str]:
    return [search.name for search in catalog.searches.all()]


def test_they_are_kept_in_order_over_a_restart(catalog: Catalog) -> None:
    with Catalog(catalog.path) as again:
        assert again.searches.all() == [
            SavedSearch("Dusty kicks", "dusty instrument:kick"),
            SavedSearch("À revoir", "is:unsure"),
        ]


def test_one_of_the_same_name_is_renewed_in_its_place(catalog: Catalog) -> None:
    assert catalog.searches.save("  dusty  KICKS ", "kind:loop") == SavedSearch("dusty KICKS", "kind:loop")
    assert names(catalog) == ["dusty KICKS", "À revoir"]
    catalog.searches.save("a\u0300 revoir", "is:missing")
    assert [search.text for search in catalog.searches.all()] == ["kind:loop", "is:missing"]


def test_one_is_renamed_in_its_place(catalog: Catalog) -> None:
    assert catalog.searches.rename("dusty kicks", "Kicks").text == "dusty instrument:kick"
    assert catalog.searches.rename("kicks", "KICKS").name == "KICKS"
    assert names(catalog) == ["KICKS", "À revoir"]


def test_one_that_was_deleted_can_be_kept_again(catalog: Catalog) -> None:
    gone = catalog.searches.delete("DUSTY KICKS")
    assert names(catalog) == ["À revoir"]
    catalog.searches.save(gone.name, gone.text)
    assert names(catalog) == ["À revoir", "Dusty kicks"]


def test_what_cannot_be_is_said(catalog: Catalog) -> None:
    with pytest.raises(CatalogError, match='has a search "À revoir" already'):
        catalog.searches.rename("Dusty kicks", "À revoir")
    for name in ("", "  ", "x" * (LONGEST_NAME + 1), "bell\a"):
        with pytest.raises(CatalogError, match="cannot keep a search by that name"):
            catalog.searches.save(name, "kick")
    with pytest.raises(CatalogError, match='has no search "none"'):
        catalog.searches.delete("none")
    with pytest.raises(CatalogError, match='has no search "none"'):
        catalog.searches.rename("none", "some")
    assert names(catalog) == ["Dusty kicks", "À revoir"]
