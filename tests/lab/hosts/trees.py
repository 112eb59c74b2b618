"""Where the root trees of the laboratory's machines stand. ``.ci/host-trees`` makes them; nothing is made here."""

from __future__ import annotations

import hashlib
from pathlib import Path

ROOT = Path(__file__).parents[3]
LISTS = Path(__file__).parent / "packages"
MAKER = ROOT / ".ci" / "host-trees"


def place(name: str) -> Path:
    """Give the path of a tree, ``bookworm`` for example; it carries the digest of what the tree was made from."""
    digest = hashlib.sha256((LISTS / f"{name}.txt").read_bytes() + MAKER.read_bytes()).hexdigest()
    return ROOT / "build" / "host-trees" / f"{name}-{digest[:12]}"


def missing() -> list[str]:
    """Name the trees that are not made yet."""
    return [path.stem for path in sorted(LISTS.glob("*.txt")) if not place(path.stem).is_dir()]
