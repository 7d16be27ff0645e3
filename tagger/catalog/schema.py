"""The catalog's tables.

    folder 1─* location *─1 file 1─* analysis *─1 source      batch 1─* write
                                 1─* label    *─1 source      live_tag
                                 1─* tag
                                 1─* edit

A `file` is a recording, known by the hash of its audio; a `location` is a path at which it was
seen, so a rename, a move or a tag written by another program touches locations only. `label` keeps
what each source said and is the truth; `tag` is what may be claimed after weighing all of it, made
anew from `label` in the transaction that changed it, so that a search is one walk along an index.
`words` finds locations by the words of their paths.

`batch` and `write` are the journal: what a run wrote into which file, and the way back. They name files by
path, not by location, since the journal has to hold when the rest of the catalog has moved on. `edit` holds
the edits of our tags by a person that were taken in already, so that a verdict given later is not overruled
by an old edit; `live_tag` what Ableton Live was told of a file, since its sidecar has no place for a mark.

A change here needs a migration: `migrations/versions` holds the tables' history.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    column,
    table,
    text,
)

APPLICATION_ID: Final = 0x54_61_67_72
"""Marks a SQLite file as a catalog (`PRAGMA application_id`): "Tagr" in ASCII."""

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

FOLDER: Final = Table(
    "folder",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("path", Text, nullable=False),
    Column("path_key", Text, nullable=False, unique=True),
)

FILE: Final = Table(
    "file",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("payload_hash", Text, nullable=False, unique=True),
    Column("duration_s", Float, nullable=False),
    Column("sample_rate", Integer, nullable=False),
    Column("channels", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("tempo_bpm", Float),
    Column("key", Text),
    Column("added_at", Float, nullable=False),
    Column("is_unsure", Boolean, nullable=False, server_default="0"),
    Index(None, "kind", "duration_s"),
    Index(None, "duration_s"),
    Index(None, "tempo_bpm"),
    Index(None, "key"),
    Index("ix_file_unsure", "id", sqlite_where=text("is_unsure")),
)
"""`is_unsure`: it is not silent and has no row of `tag`; kept with these, since the lack of a row has no index."""

LOCATION: Final = Table(
    "location",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("folder_id", ForeignKey("folder.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("file_id", ForeignKey("file.id")),
    Column("problem", Text),
    Column("size", Integer, nullable=False),
    Column("mtime_ns", Integer, nullable=False),
    Column("missing_since", Float),
    UniqueConstraint("folder_id", "name_key"),
    CheckConstraint("(file_id IS NULL) <> (problem IS NULL)", name="file_or_problem"),
    Index(None, "file_id", "missing_since"),
    Index(None, "name_key"),
    Index("ix_location_missing", "id", sqlite_where=text("missing_since IS NOT NULL")),
    Index("ix_location_problem", "id", sqlite_where=text("problem IS NOT NULL")),
)

SOURCE: Final = Table(
    "source",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("lineage", Text, nullable=False),
)
"""Who says so. `lineage` is the name without its version: a newer model replaces what an older one said."""

ANALYSIS: Final = Table(
    "analysis",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("file_id", ForeignKey("file.id"), nullable=False),
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("analysed_at", Float, nullable=False),
    Column("scores", LargeBinary, nullable=False),
    Column("embedding", LargeBinary, nullable=False),
    UniqueConstraint("file_id", "source_id"),
)

LABEL: Final = Table(
    "label",
    METADATA,
    Column("file_id", ForeignKey("file.id"), primary_key=True),
    Column("label", Text, primary_key=True),
    Column("source_id", ForeignKey("source.id"), primary_key=True),
    Column("family", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("state", Text, nullable=False),
    Column("candidate_rank", Integer),
    Column("tag_rank", Integer),
    CheckConstraint("state IN ('predicted', 'confirmed', 'rejected')", name="state"),
    Index("ix_label_judged", "file_id", "state", sqlite_where=text("state <> 'predicted'")),
    sqlite_with_rowid=False,
)
"""Ranks count from 0: the place among the most likely leaves, and among the tags; NULL if not one of them."""

TAG: Final = Table(
    "tag",
    METADATA,
    Column("file_id", ForeignKey("file.id"), primary_key=True),
    Column("label", Text, primary_key=True),
    Column("family", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Index(None, "label", "confidence", "file_id"),
    Index(None, "family", "confidence", "file_id"),
    Index(None, "confidence", "file_id"),
    sqlite_with_rowid=False,
)

BATCH: Final = Table(
    "batch",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("started_at", Float, nullable=False),
    Column("finished_at", Float),
    Column("command", Text, nullable=False),
    sqlite_autoincrement=True,
)
"""One run that wrote into files. Numbers are never used twice, since people are told them."""

WRITE: Final = Table(
    "write",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("batch_id", ForeignKey("batch.id"), nullable=False, index=True),
    Column("written_at", Float, nullable=False),
    Column("path", Text, nullable=False),
    Column("path_key", Text, nullable=False, index=True),
    Column("target", Text, nullable=False),
    Column("keeps_mtime", Boolean, nullable=False),
    Column("payload_hash", Text),
    Column("state", Text, nullable=False, index=True),
    Column("before_fingerprint", Text, nullable=False),
    Column("before_size", Integer, nullable=False),
    Column("before_mtime_ns", Integer, nullable=False),
    Column("after_fingerprint", Text, nullable=False),
    Column("after_size", Integer),
    Column("after_mtime_ns", Integer),
    Column("way_back", LargeBinary),
    Column("temporary", Text),
    Column("fields", Text, nullable=False),
    CheckConstraint("target IN ('tags', 'sidecar')", name="target"),
    CheckConstraint("state IN ('started', 'done', 'undoing', 'undone', 'failed')", name="state"),
    sqlite_autoincrement=True,
)
"""One file that a run wrote into. `way_back` is NULL once it was gone, `fields` JSON of what changed."""

EDIT: Final = Table(
    "edit",
    METADATA,
    Column("file_id", ForeignKey("file.id"), primary_key=True),
    Column("theirs", Text, primary_key=True),
    sqlite_with_rowid=False,
)

LIVE_TAG: Final = Table(
    "live_tag",
    METADATA,
    Column("path_key", Text, primary_key=True),
    Column("tags", Text, nullable=False),
    sqlite_with_rowid=False,
)

SAVED_SEARCH: Final = Table(
    "saved_search",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("text", Text, nullable=False),
)
"""What people look for again and again, as it is typed; in the order of its numbers."""

WORDS: Final = table("words", column("rowid", Integer), column("text", Text))
"""FTS5 over `location`: rowid is the location's id. The tokens are made by `words.index_words`."""
