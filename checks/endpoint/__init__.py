"""Checks of a machine that people work at: removable media, screen locks and what else belongs to the seat itself."""
