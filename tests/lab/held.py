"""A laboratory and the process that holds it up: the owner starts a keeper, which says that all is there and ends with its input.

The keeper is process 1 of a PID and mount namespace of its own, so that nothing that it has started outlives it.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOLD = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child=KILL")


def absent(programs: Sequence[str]) -> str | None:
    """Say which programs are not installed; ``None``: all are there."""
    missing = [program for program in programs if shutil.which(program) is None]
    return f"not installed: {', '.join(missing)}" if missing else None


def accepts(address: str, port: int) -> bool:
    """Tell whether a server takes TCP connections, within half a second."""
    try:
        with socket.create_connection((address, port), timeout=0.5):
            return True
    except OSError:
        return False


@contextmanager
def raised(keeper: str, prefix: str) -> Iterator[tuple[Path, int]]:
    """Start a keeper (a module), give its folder and process once every server answers, take all away at the end.

    Raises ``RuntimeError`` with the last words of what did not come up.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-"))
    folder.chmod(0o755)
    process = subprocess.Popen(
        [*HOLD, sys.executable, "-m", keeper, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        answer = json.loads(process.stdout.readline() or '{"error": "the keeper ended without a word"}')
        if "error" in answer:
            raise RuntimeError(f"the laboratory of {keeper} did not come up: {answer['error']}")
        yield folder, int(answer["pid"])
    finally:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def keep(up: Callable[[Path], Mapping[str, object] | None]) -> None:
    """Raise a laboratory in the folder given as argument, say so with what ``up`` gives, and hold it until standard input closes."""
    folder = Path(sys.argv[1])
    try:
        # /proc is still the outer one, so this is our process id as the owner sees it
        answer = {"pid": os.readlink("/proc/self"), **(up(folder) or {})}
    except Exception as error:  # noqa: BLE001 - the owner gets the reason and raises it again
        words = getattr(error, "stderr", b"") or b""
        answer = {"error": f"{type(error).__name__}: {error} {words.decode(errors='replace') if isinstance(words, bytes) else words}"}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()

    def hold() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        os._exit(0)

    waiting = threading.Thread(target=hold)
    waiting.start()
    waiting.join()
