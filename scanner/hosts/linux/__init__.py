"""Collectors for Linux, and what they share. They run on any ``Reader``: this machine, a mounted root, what came over SSH."""
