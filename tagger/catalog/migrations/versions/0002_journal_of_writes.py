"""The journal of what was written into files, the edits taken from them, and the tags given to Live."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables of the journal."""
    op.create_table(
        "batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("finished_at", sa.Float()),
        sa.Column("command", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "write",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.Float(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("path_key", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("keeps_mtime", sa.Boolean(), nullable=False),
        sa.Column("payload_hash", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("before_fingerprint", sa.Text(), nullable=False),
        sa.Column("before_size", sa.Integer(), nullable=False),
        sa.Column("before_mtime_ns", sa.Integer(), nullable=False),
        sa.Column("after_fingerprint", sa.Text(), nullable=False),
        sa.Column("after_size", sa.Integer()),
        sa.Column("after_mtime_ns", sa.Integer()),
        sa.Column("way_back", sa.LargeBinary()),
        sa.Column("temporary", sa.Text()),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="fk_write_batch_id"),
        sa.CheckConstraint("target IN ('tags', 'sidecar')", name=op.f("ck_write_target")),
        sa.CheckConstraint("state IN ('started', 'done', 'undoing', 'undone', 'failed')", name=op.f("ck_write_state")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_write_batch_id", "write", ["batch_id"])
    op.create_index("ix_write_path_key", "write", ["path_key"])
    op.create_index("ix_write_state", "write", ["state"])
    op.create_table(
        "edit",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("theirs", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("file_id", "theirs"),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name="fk_edit_file_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "live_tag",
        sa.Column("path_key", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("path_key"),
        sqlite_with_rowid=False,
    )
