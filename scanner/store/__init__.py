"""Where runs are kept: one SQL layer for SQLite, and later PostgreSQL."""
