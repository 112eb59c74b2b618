"""What a run store raises. It stands apart from the store, so that whoever catches it need not load the SQL layer."""

from __future__ import annotations


class StoreError(Exception):
    """The store cannot be used; the message names the file and what is wrong."""
