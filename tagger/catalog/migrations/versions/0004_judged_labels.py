"""An index of the labels that a person judged, which are few among millions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make it."""
    op.create_index("ix_label_judged", "label", ["file_id"], sqlite_where=sa.text("state <> 'predicted'"))
