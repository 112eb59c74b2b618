"""Checks of TLS services: protocol and suites, certificates, DANE and CAA, by subject."""
