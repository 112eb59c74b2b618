"""Checks of IPv6 on machines: tunnels that nobody meant to have, and native IPv6 where a line is not made for it."""
