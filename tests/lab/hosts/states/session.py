"""The machine of the tests of logging in: nothing but sshd runs on it, and what it is like the tests say themselves."""

from __future__ import annotations

from tests.lab.hosts.state import State

STATES = (State("session", boots=False),)
