"""Checks of what a machine is from within: its clock, filters, logs, protection, backups and the software on it."""
