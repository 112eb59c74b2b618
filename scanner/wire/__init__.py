"""Parsers and writers of what travels: bytes in, values out, every length capped. No I/O."""
