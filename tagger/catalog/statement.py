"""The SQL of a search, made so that it takes milliseconds among a million files.

SQLite joins by walking one table and looking up the rest row by row, so all depends on which one it
walks; its planner cannot know and does not heed how few hits are wanted. So the order is chosen here
and fixed by CROSS JOIN. Where a condition holds for few files, counted up to `_FEW` on its index,
those are walked and then sorted. Where every condition holds for many, the index of the wanted order
is walked until enough rows have met them. No statistics are kept, so a plan never turns with time.
A plus sign before a column keeps its condition from being looked up by an index.

A search goes on after a position by comparing all of what is ordered by at once, as a row value: SQLite
begins to walk its index there, so the thousandth page costs what the first does.

`best` is the row of `tag` that a hit is shown and ordered by: of all tags asked for the surest, which
is said as "there is no surer one" since that needs no sorting. This module is written in the SQL of
SQLite and FTS5; another database would need another one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select, text

from tagger.catalog import paths
from tagger.catalog.conditions import at_path, folder_pattern, judged
from tagger.catalog.records import REVIEWED, Query, Review, Sort, TempoRange
from tagger.catalog.schema import LOCATION
from tagger.catalog.words import match_expression

_FEW: Final = 5000

_ORDER: Final = {
    Sort.CONFIDENCE: ("best.confidence", "best.file_id", "location.id"),
    Sort.NAME: ("location.name_key", "location.id"),
    Sort.PATH: ("folder.path_key", "location.name_key"),
    Sort.DURATION: ("file.duration_s", "file.id", "location.id"),
    Sort.TEMPO: ("file.tempo_bpm", "file.id", "location.id"),
    Sort.ADDED: ("file.id", "location.id"),
    Sort.KIND: ("file.kind", "file.duration_s", "file.id", "location.id"),
    Sort.KEY: ("file.key", "file.id", "location.id"),
    Sort.LABEL: ("best.label", "best.confidence", "best.file_id", "location.id"),
}
POSITION_COLUMNS: Final = ("position_0", "position_1", "position_2", "position_3")
"""What the columns are called that hold a hit's position; an order has two to four."""

_OF_TAG: Final = (Sort.CONFIDENCE, Sort.LABEL)
_MAY_LACK: Final = {Sort.TEMPO: "file.tempo_bpm IS NOT NULL", Sort.KEY: "file.key IS NOT NULL"}

_JOINED_ON: Final = {
    "best": "best.file_id = location.file_id",
    "file": "file.id = location.file_id",
    "folder": "folder.id = location.folder_id",
    "judged": "judged.file_id = location.file_id",
    "words": "words.rowid = location.id",
}
_WALK: Final = {
    Sort.CONFIDENCE: "tag AS best INDEXED BY ix_tag_confidence_file_id",
    Sort.NAME: "location INDEXED BY ix_location_name_key",
    Sort.PATH: "folder",
    Sort.DURATION: "file INDEXED BY ix_file_duration_s",
    Sort.TEMPO: "file INDEXED BY ix_file_tempo_bpm",
    Sort.ADDED: "file NOT INDEXED",
    Sort.KIND: "file INDEXED BY ix_file_kind_duration_s",
    Sort.KEY: "file INDEXED BY ix_file_key",
    Sort.LABEL: "tag AS best INDEXED BY ix_tag_label_confidence_file_id",
}


class Statement:
    """The SQL for a query, and the values of its parameters."""

    def __init__(self, connection: Connection, query: Query) -> None:
        self.values: dict[str, Any] = {}
        self._conditions: dict[str, list[str]] = defaultdict(list)
        self._query = query
        self._sort = _sort(query)
        self._needs_tag = _asks_for_tag(query) or self._sort in _OF_TAG
        self._descending = _is_descending(query, self._sort)
        self._add_conditions(connection)
        self.sql = self._sql(self._rarest(connection))

    def _sql(self, rarest: str | None) -> str:
        conditions = [*self._all_conditions(rarest), *self._after(rarest)]
        columns = _ORDER[self._sort]
        order = ", ".join(f"{column} {'DESC' if self._descending else 'ASC'}" for column in columns)
        position = ", ".join(f"{column} AS {name}" for column, name in zip(columns, POSITION_COLUMNS, strict=False))
        best = ", best.label, best.family, best.confidence" if self._needs_tag else ""
        limit = "" if self._query.limit is None else f" LIMIT {self._value(self._query.limit)}"
        return (
            f"SELECT {position}, location.id AS location_id, folder.path, location.name, file.id AS file_id,"
            f" file.kind, file.duration_s, file.tempo_bpm, file.key{best}"
            f" FROM {self._tables(rarest)} WHERE {' AND '.join(conditions)} ORDER BY {order}{limit}"
        )

    def _add_conditions(self, connection: Connection) -> None:
        query, add = self._query, self._add
        for condition in self._of_sound():
            add("file", condition)
        if expression := match_expression(query.words):
            add("words", f"words MATCH {self._value(expression)}")
        if query.path is not None:
            self._add_path(connection, query.path)
        if query.folders:
            patterns = map(self._value, map(folder_pattern, query.folders))
            add("folder", f"({' OR '.join(f'folder.path_key GLOB {each}' for each in patterns)})")
        for condition in self._of_tag():
            add("best", condition)
        if query.reviews and Review.PREDICTED not in query.reviews:
            add("judged", "TRUE")
        if query.is_missing:
            add("location", "location.missing_since IS NOT NULL")

    def _of_sound(self) -> Iterator[str]:
        query = self._query
        if query.is_unsure:
            yield "file.is_unsure"
        if query.kinds:
            is_musical = query.keys or query.tempo_ranges_bpm
            yield f"{'+' if is_musical else ''}file.kind IN {self._any_of(query.kinds)}"
        if len(query.tempo_ranges_bpm) == 1:
            yield from self._in_tempo(query.tempo_ranges_bpm[0])
        elif query.tempo_ranges_bpm:
            lows, highs = zip(*query.tempo_ranges_bpm, strict=True)
            # The bounds of all, for an index that is walked in the order of tempos.
            yield from self._in_tempo((None if None in lows else min(lows), None if None in highs else max(highs)))
            ranges = (" AND ".join(self._in_tempo(each)) for each in query.tempo_ranges_bpm)
            yield f"+({' OR '.join(f'({each})' for each in ranges)})"
        if query.keys:
            yield f"file.key IN {self._any_of(query.keys)}"

    def _in_tempo(self, bounds: TempoRange) -> Iterator[str]:
        low, high = bounds
        # A file without a tempo is in no range, an open one neither.
        yield "file.tempo_bpm IS NOT NULL" if low is None else f"file.tempo_bpm >= {self._value(low)}"
        if high is not None:
            yield f"file.tempo_bpm <= {self._value(high)}"

    def _of_tag(self) -> Iterator[str]:
        yield from self._asked("best")
        if self._query.min_confidence > 0:
            yield f"best.confidence >= {self._value(self._query.min_confidence)}"
        if self._query.max_confidence < 1:
            yield f"best.confidence <= {self._value(self._query.max_confidence)}"

    def _add(self, table: str, condition: str) -> None:
        self._conditions[table].append(condition)

    def _value(self, value: object) -> str:
        """The name of a new parameter."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def _any_of(self, values: Sequence[object]) -> str:
        return f"({', '.join(map(self._value, values))})"

    def _asked(self, tag: str) -> list[str]:
        """What a tag has to be to be the one asked for: where both are given, label before family."""
        if self._query.labels:
            return [f"{tag}.label IN {self._any_of(self._query.labels)}"]
        if self._query.families:
            return [f"{tag}.family IN {self._any_of(self._query.families)}"]
        return []

    def _add_path(self, connection: Connection, path: Path) -> None:
        location_id = connection.scalar(select(LOCATION.c.id).where(at_path(path)))
        if location_id is not None:
            self._add("location", f"location.id = {self._value(location_id)}")
        else:
            low, high = map(self._value, paths.subtree(path))
            self._add("folder", f"folder.path_key >= {low}")
            self._add("folder", f"folder.path_key < {high}")

    def _rarest(self, connection: Connection) -> str | None:
        """The table whose conditions hold for the fewest files, or None where all hold for many."""
        counts = {table: self._count(connection, table) for table in self._conditions}
        few = {table: count for table, count in counts.items() if count < _FEW or self._query.limit is None}
        return min(few, key=lambda table: few[table], default=None)

    def _count(self, connection: Connection, table: str) -> int:
        """For how many files the conditions on a table hold; counted no further than is of use."""
        counted = f"folder CROSS JOIN location ON {_JOINED_ON['folder']}" if table == "folder" else self._walked(table)
        inner = f"SELECT 1 FROM {counted} WHERE {' AND '.join(self._conditions[table])} LIMIT :few"
        few = -1 if self._query.limit is None else _FEW
        count = connection.scalar(text(f"SELECT count(*) FROM ({inner})"), {**self.values, "few": few})
        return int(count or 0)

    def _tables(self, rarest: str | None) -> str:
        if rarest is None:
            walked = self._walk()
            first = _ORDER[self._sort][0].partition(".")[0]
        else:
            walked = self._walked(rarest)
            first = rarest
        joined = [walked]
        if first != "location":
            joined.append(f"location ON {_JOINED_ON[first]}")
        if first != "best" and self._needs_tag:
            joined.append(f"tag AS best ON {_JOINED_ON['best']}")
        joined += [f"{table} ON {_JOINED_ON[table]}" for table in ("file", "folder") if table != first]
        return " CROSS JOIN ".join(joined)

    def _walk(self) -> str:
        query = self._query
        has_own_index = len(query.labels) == 1 or (not query.labels and len(query.families) == 1)
        return "tag AS best" if self._sort is Sort.CONFIDENCE and has_own_index else _WALK[self._sort]

    def _walked(self, table: str) -> str:
        """A table as it is named where it is walked first."""
        if table == "judged":
            return f"({judged(self._query.reviews)}) AS judged"
        if table == "file" and self._query.is_unsure:
            return "file INDEXED BY ix_file_unsure"
        if table == "location" and self._query.is_missing:
            return "location INDEXED BY ix_location_missing"
        return "tag AS best" if table == "best" else table

    def _all_conditions(self, rarest: str | None) -> Iterator[str]:
        if not self._query.is_missing:
            yield "location.missing_since IS NULL"
        for table, conditions in self._conditions.items():
            if table == "words" != rarest:
                yield f"+location.id IN (SELECT rowid FROM words WHERE {conditions[0]})"
            elif table == "judged" != rarest:
                yield f"+location.file_id IN ({judged(self._query.reviews)})"
            else:
                yield from (f"+{each}" if not rarest and self._is_passed(each) else each for each in conditions)
        if Review.PREDICTED in self._query.reviews:
            others = [each for each in REVIEWED if each not in self._query.reviews]
            yield f"+location.file_id NOT IN ({judged(others)})"
        if self._sort in _MAY_LACK:
            yield _MAY_LACK[self._sort]
        if self._needs_tag:
            yield from self._best_conditions()

    def _after(self, rarest: str | None) -> Iterator[str]:
        """The condition that a row comes after the position from which to go on."""
        if self._query.after is None:
            return
        columns = _ORDER[self._sort]
        if len(self._query.after) != len(columns):
            raise ValueError(f"a position in the order by {self._sort.value} has {len(columns)} parts")
        sign = "<" if self._descending else ">"
        yield f"({'+' if rarest else ''}{', '.join(columns)}) {sign} {self._any_of(self._query.after)}"

    def _is_passed(self, condition: str) -> bool:
        """Whether a condition bounds the walk at the end that lies behind the position from which to go on."""
        first = _ORDER[self._sort][0]
        return self._query.after is not None and condition.startswith(f"{first} {'<' if self._descending else '>'}")

    def _best_conditions(self) -> Iterator[str]:
        query = self._query
        if len(query.labels) != 1:
            conditions = ["surer.file_id = best.file_id", *self._asked("+surer")]
            conditions.append("(surer.confidence, surer.label) > (best.confidence, best.label)")
            yield f"NOT EXISTS (SELECT 1 FROM tag AS surer WHERE {' AND '.join(conditions)})"
        if self._sort is Sort.LABEL and query.families and not query.labels:
            # Takes the walk from label to label of these families, past all others.
            in_family = f"family IN {self._any_of(query.families)}"
            yield f"best.label IN (SELECT DISTINCT label FROM tag WHERE {in_family})"
        if query.labels and query.families:
            in_family = f"+other.family IN {self._any_of(query.families)}"
            yield f"EXISTS (SELECT 1 FROM tag AS other WHERE other.file_id = best.file_id AND {in_family})"


def _asks_for_tag(query: Query) -> bool:
    return bool(query.labels or query.families or query.min_confidence > 0 or query.max_confidence < 1)


def _is_descending(query: Query, sort: Sort) -> bool:
    return sort in {Sort.CONFIDENCE, Sort.ADDED} if query.descending is None else query.descending


def _sort(query: Query) -> Sort:
    if query.sort is not None:
        return query.sort
    return Sort.CONFIDENCE if _asks_for_tag(query) else Sort.PATH
