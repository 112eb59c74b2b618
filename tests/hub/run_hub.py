"""A hub as a process of its own, without the rest of the command line, so that it is soon back after it was killed."""

from __future__ import annotations

import sys
from pathlib import Path

from scanner.hub.database import Database
from scanner.hub.keyfile import load_or_make
from scanner.hub.permission import Permission
from scanner.hub.serve import Hub, Listen
from scanner.pages.app import people
from scanner.pages.names import Names


def main(url: str, key_file: str, port: str, *more: str) -> None:
    """Serve until killed. ``more`` are certificate, its key, and anything at all to share the port."""
    certificate, private_key, share = (*more, "", "", "")[:3]
    with Database(url) as database:
        key = load_or_make(Path(key_file))
        hub = Hub(database, key, people(key, Permission(database, lambda _: []), Names()))
        hub.serve(Listen(port=int(port), certificate=certificate, key=private_key, share=bool(share)), lambda port: print(port, flush=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
