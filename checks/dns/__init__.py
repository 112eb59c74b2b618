"""Checks of zones and of DNS servers, by subject."""
