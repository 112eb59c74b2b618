"""Checks of SSH services as they show themselves before a login: algorithms, host keys, ways of authentication, disclosure."""
