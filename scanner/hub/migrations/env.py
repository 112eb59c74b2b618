"""What Alembic runs: the hub hands its own connection over, so there is no configuration file and no second way to the database."""

from __future__ import annotations

from alembic import context

from scanner.hub.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
