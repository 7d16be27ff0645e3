"""The tables of the service: watched folders, what is to be done, and what it has to remember.

    root 1─* job          note

A `job` is a file that something has to be done about, at most one a path; it goes when that is done, in the
transaction that records what came of it. So what is waiting survives any end of the program, and
nothing is done twice.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, CheckConstraint, Column, Float, ForeignKey, Index, Integer, Table, Text

from tagger.catalog.schema import METADATA

ROOT: Final = Table(
    "root",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("path", Text, nullable=False),
    Column("path_key", Text, nullable=False, unique=True),
    Column("write", Boolean, nullable=False),
    Column("ableton", Boolean, nullable=False),
    Column("poll", Boolean, nullable=False),
    Column("is_paused", Boolean, nullable=False),
    Column("added_at", Float, nullable=False),
    Column("identity", Text),
    Column("offline_since", Float),
    Column("offline_reason", Text),
)
"""`identity` is the device and inode that the folder had when it was last seen with its files in it."""

JOB: Final = Table(
    "job",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("root_id", ForeignKey("root.id"), nullable=False),
    Column("path", Text, nullable=False),
    Column("path_key", Text, nullable=False, unique=True),
    Column("task", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("mtime_ns", Integer, nullable=False),
    Column("not_before", Float, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("interruptions", Integer, nullable=False, server_default="0"),
    Column("is_running", Boolean, nullable=False, server_default="0"),
    Column("is_cancelled", Boolean, nullable=False, server_default="0"),
    Column("reason", Text),
    CheckConstraint("task IN ('analyse', 'tags')", name="task"),
    Index(None, "task", "not_before"),
)
"""`size` and `mtime_ns`: how the file has to be found again at `not_before`, since it then stood still."""

NOTE: Final = Table(
    "note",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""What is remembered between two starts, as JSON by name."""
