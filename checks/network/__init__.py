"""Checks of network devices: routers, switches and firewalls, by their configuration."""
