"""``python -m tests.fuzz [ROUNDS] [SEED]``: the fuzzer at length; writes what escaped as files named by target, to become examples."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from tests.fuzz.guided import run
from tests.fuzz.targets import ALLOWED, all_targets


def main(rounds: int = 5000, seed: int = 1) -> int:
    """Run every target; the number of inputs that escaped is the exit status, at most 100."""
    escaped = 0
    for name, (target, seeds) in all_targets().items():
        outcome = run(target, seeds, folder="scanner/wire/tls", rounds=rounds, seed=seed, allowed=ALLOWED)
        found = f"{outcome.seeds} edges from seeds, {outcome.edges} in the end, {len(outcome.kept)} inputs kept"
        print(f"{name}: {found}, {len(outcome.escaped)} escaped")
        for data, error in outcome.escaped[:5]:
            path = Path(f"escaped-{name.replace(' ', '-')}-{hashlib.sha256(data).hexdigest()[:12]}.hex")
            path.write_text(f"# {error!r}\n{data.hex()}\n")
        escaped += len(outcome.escaped)
    return min(escaped, 100)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
