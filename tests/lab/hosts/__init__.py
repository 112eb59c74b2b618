"""Machines to log in to: real Debian trees with a real systemd and sshd, kept well and badly as an administrator would.

``state`` says what a machine is like and what must be found on it; ``states`` holds the families' states; ``lab`` raises the machines.
"""
