"""How much a person's look at a recording would put right, for all recordings that nobody has judged.

Confidences are calibrated, so what is wrong with a recording's tags can be counted before anybody looks: a label that
is claimed with confidence c is wrong 1 - c times, and one that is not claimed is missing c times. Both are largest just
beside the threshold of the label, and two labels of about the same confidence add up, so what is unclear anyhow comes
first. The name of a file, or its maker, is a source of its own: where it names a label that the model does not claim,
one of the two is wrong, and nobody knows which, so such a label counts a half at least; and so does, in a one-shot,
what the model claims instead, since that can be only one. A doubt is the sum of all this: the expected number of tags
that a look puts right.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, select

from tagger.catalog.records import FILENAME, VENDOR
from tagger.catalog.schema import SOURCE

_CHUNK: Final = 20_000
_LEAST: Final = 0.05
"""Below, a look is hardly worth it."""

# Along the labels in the order in which they are kept, so that nothing is sorted. Silence has none.
_HEARD: Final = """
    SELECT file_id,
        sum(CASE WHEN tag_rank IS NULL THEN confidence ELSE 1 - confidence END),
        sum(CASE WHEN tag_rank IS NULL THEN confidence ELSE max(1 - confidence, 0.5) END),
        max(state <> 'predicted')
    FROM label WHERE source_id NOT IN {evidence} GROUP BY file_id
"""
_NAMED: Final = """
    SELECT named.file_id, coalesce(max(heard.tag_rank IS NOT NULL), 0), coalesce(max(heard.confidence), 0),
        file.kind = 'one-shot'
    FROM label AS named CROSS JOIN file ON file.id = named.file_id
    LEFT JOIN label AS heard
        ON heard.file_id = named.file_id AND heard.label = named.label AND heard.source_id NOT IN {evidence}
    WHERE named.source_id IN {evidence} GROUP BY named.file_id, named.label
"""

_Columns = list[npt.NDArray[np.float64]]


def doubtful(connection: Connection) -> npt.NDArray[np.int64]:
    """The recordings that nobody has judged, by their numbers, most doubtful first; what is clear is left out."""
    numbers = connection.scalars(select(SOURCE.c.id).where(SOURCE.c.name.in_((FILENAME, VENDOR))))
    evidence = f"({', '.join(map(str, numbers))})"
    file_ids, doubts, contradicted, is_judged = _read(connection, _HEARD.format(evidence=evidence), 4)
    named_ids, is_claimed, confidence, is_one_shot = _read(connection, _NAMED.format(evidence=evidence), 4)
    is_heard = np.isin(named_ids, file_ids)
    rows = np.searchsorted(file_ids, named_ids[is_heard])
    differs = is_claimed[is_heard] == 0
    is_contradicted = np.zeros(len(file_ids), dtype=np.bool_)
    is_contradicted[rows[differs & (is_one_shot[is_heard] > 0)]] = True
    is_contradicted[rows[~differs]] = False
    doubts = np.where(is_contradicted, contradicted, doubts)
    np.add.at(doubts, rows[differs], np.maximum(0.5 - confidence[is_heard][differs], 0))
    is_open = (is_judged == 0) & (doubts >= _LEAST)
    order = np.argsort(-doubts[is_open], kind="stable")
    ranked: npt.NDArray[np.int64] = file_ids[is_open][order].astype(np.int64)
    return ranked


def _read(connection: Connection, sql: str, width: int) -> _Columns:
    # Without SQLAlchemy's rows, which cost more than reading does.
    cursor = connection.exec_driver_sql(sql).cursor
    assert cursor is not None
    pages = [np.zeros((0, width))]
    while rows := cursor.fetchmany(_CHUNK):
        pages.append(np.array(rows, dtype=np.float64))
    return list(np.concatenate(pages).T)
