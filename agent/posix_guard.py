"""What keeps the private key on Linux and macOS: the rights of its file. Why no keychain and no credential of systemd: docs/adr/0020."""

from __future__ import annotations

from pathlib import Path


def seal(secret: str) -> str:
    """Give the form in which a key is kept: as it is."""
    return secret


def unseal(kept: str) -> str:
    """Give back what ``seal`` took."""
    return kept


def is_sealed(_: str) -> bool:
    """Tell whether nothing is left to be done for a kept form: always."""
    return True


def make_private(path: Path) -> None:
    """Take the rights of all others to a file or directory. Raises ``OSError``."""
    path.chmod(0o700 if path.is_dir() else 0o600)


def is_private(path: Path) -> bool:
    """Tell whether others have no right to a file or directory. Raises ``OSError``."""
    return not path.stat().st_mode & 0o077


def is_fixed(path: Path) -> bool:
    """Tell whether others cannot change a file, or what stands in a directory. Raises ``OSError``."""
    return not path.stat().st_mode & 0o022
