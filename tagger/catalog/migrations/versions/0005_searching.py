"""What a page of the catalog asks for: files that nothing is claimed of, missing ones, problems; and saved searches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the column, the indexes and the table."""
    op.add_column("file", sa.Column("is_unsure", sa.Boolean(), nullable=False, server_default="0"))
    op.execute("UPDATE file SET is_unsure = 1 WHERE kind <> 'silence' AND id NOT IN (SELECT file_id FROM tag)")
    op.create_index("ix_file_unsure", "file", ["id"], sqlite_where=sa.text("is_unsure"))
    op.create_index("ix_location_missing", "location", ["id"], sqlite_where=sa.text("missing_since IS NOT NULL"))
    op.create_index("ix_location_problem", "location", ["id"], sqlite_where=sa.text("problem IS NOT NULL"))
    op.drop_index("ix_label_judged", "label")
    op.create_index("ix_label_judged", "label", ["file_id", "state"], sqlite_where=sa.text("state <> 'predicted'"))
    op.create_table(
        "saved_search",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name_key", name="uq_saved_search_name_key"),
    )
