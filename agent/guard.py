"""What keeps the private key and the configuration on this platform: the one of the two guards that belongs to it."""

import sys

if sys.platform == "win32":
    from agent.windows_guard import is_fixed, is_private, is_sealed, make_private, seal, unseal
else:
    from agent.posix_guard import is_fixed, is_private, is_sealed, make_private, seal, unseal

__all__ = ["is_fixed", "is_private", "is_sealed", "make_private", "seal", "unseal"]
