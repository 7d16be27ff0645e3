"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables of the first catalog."""
    _create_places()
    _create_opinions()
    op.execute("CREATE VIRTUAL TABLE words USING fts5(text, tokenize = 'ascii', detail = 'none', prefix = '3 4 5')")


def _create_places() -> None:
    op.create_table(
        "folder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("path_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("path_key", name="uq_folder_path_key"),
    )
    op.create_table(
        "file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payload_hash", sa.Text(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("sample_rate", sa.Integer(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tempo_bpm", sa.Float()),
        sa.Column("key", sa.Text()),
        sa.Column("added_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("payload_hash", name="uq_file_payload_hash"),
    )
    op.create_index("ix_file_kind_duration_s", "file", ["kind", "duration_s"])
    for name in ("duration_s", "tempo_bpm", "key"):
        op.create_index(f"ix_file_{name}", "file", [name])
    op.create_table(
        "location",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("folder_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Integer()),
        sa.Column("problem", sa.Text()),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("mtime_ns", sa.Integer(), nullable=False),
        sa.Column("missing_since", sa.Float()),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["folder_id"], ["folder.id"], name="fk_location_folder_id"),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name="fk_location_file_id"),
        sa.UniqueConstraint("folder_id", "name_key", name="uq_location_folder_id_name_key"),
        sa.CheckConstraint("(file_id IS NULL) <> (problem IS NULL)", name=op.f("ck_location_file_or_problem")),
    )
    op.create_index("ix_location_file_id_missing_since", "location", ["file_id", "missing_since"])
    op.create_index("ix_location_name_key", "location", ["name_key"])


def _create_opinions() -> None:
    op.create_table(
        "source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lineage", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name", name="uq_source_name"),
    )
    op.create_table(
        "analysis",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("analysed_at", sa.Float(), nullable=False),
        sa.Column("scores", sa.LargeBinary(), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name="fk_analysis_file_id"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_analysis_source_id"),
        sa.UniqueConstraint("file_id", "source_id", name="uq_analysis_file_id_source_id"),
    )
    op.create_table(
        "label",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("candidate_rank", sa.Integer()),
        sa.Column("tag_rank", sa.Integer()),
        sa.PrimaryKeyConstraint("file_id", "label", "source_id"),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name="fk_label_file_id"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_label_source_id"),
        sa.CheckConstraint("state IN ('predicted', 'confirmed', 'rejected')", name=op.f("ck_label_state")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tag",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("file_id", "label"),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name="fk_tag_file_id"),
        sqlite_with_rowid=False,
    )
    for names in (["label", "confidence", "file_id"], ["family", "confidence", "file_id"]):
        op.create_index(f"ix_tag_{'_'.join(names)}", "tag", names)
    op.create_index("ix_tag_confidence_file_id", "tag", ["confidence", "file_id"])
