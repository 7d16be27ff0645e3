"""The searchable catalog: which recordings there are, where, and what each source says of them.

A recording is known by the hash of its audio, so that renaming, moving and tagging a file lose
nothing. Every label carries who said it and whether a person agreed; what people said always wins.
"""

from tagger.catalog.catalog import Catalog, default_catalog_path
from tagger.catalog.paths import name_key
from tagger.catalog.records import (
    FILENAME,
    HUMAN,
    VENDOR,
    Entry,
    FileRecord,
    Hit,
    Known,
    LabelRecord,
    LabelState,
    Problem,
    Query,
    Review,
    Seen,
    Sort,
    Stats,
)
from tagger.catalog.verdicts import Opinion, Swap, Swaps
from tagger.catalog.writes import Batch, FieldText, Intent, Target, WriteRecord, WriteState

__all__ = [
    "FILENAME",
    "HUMAN",
    "VENDOR",
    "Batch",
    "Catalog",
    "Entry",
    "FieldText",
    "FileRecord",
    "Hit",
    "Intent",
    "Known",
    "LabelRecord",
    "LabelState",
    "Opinion",
    "Problem",
    "Query",
    "Review",
    "Seen",
    "Sort",
    "Stats",
    "Swap",
    "Swaps",
    "Target",
    "WriteRecord",
    "WriteState",
    "default_catalog_path",
    "name_key",
]
