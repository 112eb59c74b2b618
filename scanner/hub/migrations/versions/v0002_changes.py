"""What changed from report to report, and a summary of results beside each agent. What came before this version is not compared."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the table and the columns; every agent is judged anew, which writes its summary."""
    op.create_table(
        "changes",
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sign", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("before_at", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_changes_agent_id")),
        sa.PrimaryKeyConstraint("agent_id", "number", "sign", "subject", "detail", name=op.f("pk_changes")),
    )
    op.add_column("spans", sa.Column("before_at", sa.String(), nullable=True))
    op.add_column("agents", sa.Column("compared", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("agents", sa.Column("summary", sa.String(), nullable=False, server_default="{}"))
    op.execute("UPDATE agents SET compared = changed, judged_by = NULL")
