"""Checks of what hosts show to the network: open ports, what listens there, what answers to datagrams."""
