"""The way to the compliance engine: the record is the contract, and this room proves that a record keeps it."""
