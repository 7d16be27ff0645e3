"""Going through the places of recordings by path, a page at a time, however many there are.

A page is a short read, so that work of hours on the places keeps nobody from writing. Each begins where the last one
ended, along the index of folders and then that of names; the order of the join is fixed, since SQLite would otherwise
look through the whole catalog for each page.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from tagger.catalog import paths
from tagger.catalog.records import Seen

_PAGE: Final = 500
_ALL: Final = ("", "\U0010ffff")
_SOURCE: Final = """
    FROM folder
    CROSS JOIN location ON location.folder_id = folder.id
    CROSS JOIN file ON file.id = location.file_id
    WHERE folder.path_key >= :low AND folder.path_key < :high AND (:name IS NULL OR location.name_key = :name)
"""
_COUNT: Final = f"SELECT count(*) {_SOURCE}"
_SEEN: Final = f"""
    SELECT folder.path, location.name, file.payload_hash, location.missing_since IS NOT NULL {_SOURCE}
    AND (folder.path_key > :low OR location.name_key > :after)
    ORDER BY folder.path_key, location.name_key LIMIT :page
"""


class Span(NamedTuple):
    """Folders by their keys, `low <= key < high`; or one file, by the key of its name, in the only one of them."""

    low: str
    high: str
    name: str | None = None


def spans_of(under: Iterable[Path]) -> list[Span]:
    """What to go through for files and folders, each place once and by path; for none of them, everything."""
    places = sorted({(paths.folder_key(paths.folder_text(path)), path) for path in under})
    if not places:
        return [Span(*_ALL)]
    spans: list[Span] = []
    top = ""
    for key, path in places:
        if top and key.startswith(top):
            continue
        top = key
        folder, name = paths.split(path)
        parent = paths.folder_key(folder)
        # A path may be a folder or a file; only the catalog knows which, or knew.
        spans += [Span(*paths.subtree(path)), Span(parent, parent + "\0", paths.name_key(name))]
    return spans


def count(connection: Connection, span: Span) -> int:
    """How many places there are."""
    return int(connection.execute(text(_COUNT), span._asdict()).scalar_one())


def page(connection: Connection, span: Span, *, after: Path | None) -> list[Seen]:
    """The next places by path.

    Args:
        connection: to the catalog.
        span: which.
        after: the last place of the page before.
    """
    values = {**span._asdict(), "after": "", "page": _PAGE}
    if after is not None:
        values |= {"low": paths.folder_key(str(after.parent)), "after": paths.name_key(after.name)}
    rows = connection.execute(text(_SEEN), values)
    return [Seen(Path(folder, name), payload_hash, bool(missing)) for folder, name, payload_hash, missing in rows]
