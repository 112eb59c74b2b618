"""Places that users are known at, with the failures there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table; everybody becomes known anew with the next log-in."""
    op.create_table(
        "user_places",
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.name"], name=op.f("fk_user_places_user")),
        sa.PrimaryKeyConstraint("user", "place", name=op.f("pk_user_places")),
    )
