"""The tables of the service: watched folders, jobs, notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "root",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("path_key", sa.Text(), nullable=False),
        sa.Column("write", sa.Boolean(), nullable=False),
        sa.Column("ableton", sa.Boolean(), nullable=False),
        sa.Column("poll", sa.Boolean(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("added_at", sa.Float(), nullable=False),
        sa.Column("identity", sa.Text()),
        sa.Column("offline_since", sa.Float()),
        sa.Column("offline_reason", sa.Text()),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("path_key", name="uq_root_path_key"),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("root_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("path_key", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("mtime_ns", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.Float(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("interruptions", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("is_running", sa.Boolean(), nullable=False, server_default="0"),
        sa.Column("is_cancelled", sa.Boolean(), nullable=False, server_default="0"),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["root_id"], ["root.id"], name="fk_job_root_id"),
        sa.UniqueConstraint("path_key", name="uq_job_path_key"),
        sa.CheckConstraint("task IN ('analyse', 'tags')", name=op.f("ck_job_task")),
    )
    op.create_index("ix_job_task_not_before", "job", ["task", "not_before"])
    op.create_table(
        "note",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
