"""A small Internet in network namespaces, for tests, demonstrations and measurements. Start with ``Lab.up()``."""

from tests.lab.lab import Lab, LabUnavailable, why_not

__all__ = ["Lab", "LabUnavailable", "why_not"]
