"""Collectors for Windows, and the reader that they read through (adr/0019)."""
