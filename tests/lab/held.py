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
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOLD = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child=KILL")
READY_SECONDS = 60.0
POLL_SECONDS = 0.05
LOG_TAIL = 1500


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


class Programs:
    """The server programs of a laboratory. What each says is in ``NAME.out`` below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, argv: Sequence[str]) -> None:
        """Start one, in the network namespace of the calling thread."""
        with (self.folder / f"{name}.out").open("wb") as log:
            self.running[name] = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=ROOT)

    def wait(self, places: Iterable[tuple[str, int]], *, file: Path | None = None, logs: Sequence[str] = ("*.out",)) -> None:
        """Poll from the namespace of the calling thread until every address and port takes connections, and ``file`` is there.

        Raises ``OSError`` with the last words of all programs where one has ended, or too much time has passed.
        """
        end = time.monotonic() + READY_SECONDS
        silent = list(places)
        while True:
            dead = [name for name, process in self.running.items() if process.poll() is not None]
            silent = [place for place in silent if not accepts(*place)]
            if not (silent or dead) and (file is None or file.exists()):
                return
            if dead or time.monotonic() > end:
                words = "".join(path.read_text(errors="replace")[-LOG_TAIL:] for pattern in logs for path in self.folder.glob(pattern))
                raise OSError(f"no answer at {silent}; ended: {dead}: {words}")
            time.sleep(POLL_SECONDS)  # nothing tells when a program begins to listen


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
