"""Searches that people keep, by name, as they are typed; in the order in which they were first kept.

Names are blind to case: who keeps "Dusty Kicks" again as "dusty kicks" means the same one.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import IntegrityError

from tagger.catalog.database import plain_errors, reading, writing
from tagger.catalog.schema import SAVED_SEARCH
from tagger.errors import CatalogError

LONGEST_NAME: Final = 100
"""In characters."""


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A search that somebody keeps.

    Attributes:
        name: what it is called.
        text: what was typed.
    """

    name: str
    text: str


class Searches:
    """Reads and writes the searches of one catalog. Each method raises CatalogError as `Catalog` does."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self._path = path

    def all(self) -> list[SavedSearch]:
        """All of them, the oldest first."""
        with plain_errors(self._path), reading(self._engine) as connection:
            rows = connection.execute(select(*SAVED_SEARCH.c["name", "text"]).order_by(SAVED_SEARCH.c.id))
            return [SavedSearch(*row) for row in rows]

    def save(self, name: str, text: str) -> SavedSearch:
        """Keeps a search; one of that name gets the new text, in its place.

        Args:
            name: 1 to `LONGEST_NAME` characters; blanks around it do not count.
            text: what was typed.

        Raises:
            CatalogError: that is no name.
        """
        saved = SavedSearch(self._name(name), text)
        statement = insert(SAVED_SEARCH).values(name=saved.name, name_key=_key(saved.name), text=text)
        renewed = {"name": saved.name, "text": text}
        with plain_errors(self._path), writing(self._engine) as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=("name_key",), set_=renewed))
        return saved

    def rename(self, name: str, new: str) -> SavedSearch:
        """Calls a search otherwise, in its place.

        Raises:
            CatalogError: there is none of that name, or another of the new one, or that is no name.
        """
        new = self._name(new)
        changed = update(SAVED_SEARCH).where(SAVED_SEARCH.c.name_key == _key(name))
        changed = changed.values(name=new, name_key=_key(new))
        try:
            with plain_errors(self._path), writing(self._engine) as connection:
                text = connection.scalar(changed.returning(SAVED_SEARCH.c.text))
        except CatalogError as error:
            if isinstance(error.__cause__, IntegrityError):
                raise CatalogError(self._path, f'has a search "{new}" already', "choose another name") from None
            raise
        if text is None:
            raise self._missing(name)
        return SavedSearch(new, text)

    def delete(self, name: str) -> SavedSearch:
        """Keeps a search no longer, and gives what it was, so that it can be kept again.

        Raises:
            CatalogError: there is none of that name.
        """
        gone = delete(SAVED_SEARCH).where(SAVED_SEARCH.c.name_key == _key(name))
        with plain_errors(self._path), writing(self._engine) as connection:
            row = connection.execute(gone.returning(*SAVED_SEARCH.c["name", "text"])).first()
        if row is None:
            raise self._missing(name)
        return SavedSearch(*row)

    def _name(self, text: str) -> str:
        name = " ".join(text.split())
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            advice = f"give it one of 1 to {LONGEST_NAME} characters"
            raise CatalogError(self._path, "cannot keep a search by that name", advice)
        return name

    def _missing(self, name: str) -> CatalogError:
        return CatalogError(self._path, f'has no search "{name}"', "look at the list of searches")


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", " ".join(name.split())).casefold()
