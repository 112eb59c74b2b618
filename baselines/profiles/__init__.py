"""Profiles of TLS settings and lists of algorithms as data, one folder for each guideline, and what reads them."""
