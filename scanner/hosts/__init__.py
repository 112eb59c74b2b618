"""Collectors: each one reads a machine through a reader and makes one kind of fact. They see, they do not judge."""
