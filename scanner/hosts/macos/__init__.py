"""Collectors for macOS, by subject."""
