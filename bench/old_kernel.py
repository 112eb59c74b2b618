"""Runs a program as on the kernel of RHEL 8 (4.18, x86-64): every system call that came later is answered as unknown.

``python -m bench.old_kernel PROGRAM ARGUMENT…``
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

FIRST_LATER = 335
"""Numbers from here on were given after 4.18, whose last is rseq, 334 (arch/x86/entry/syscalls/syscall_64.tbl)."""
_NO_NEW_RIGHTS, _SET_FILTER, _BY_PROGRAM = 38, 22, 2  # PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER
_LOAD, _AT_LEAST, _ANSWER = 0x20, 0x35, 0x06  # BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JGE|BPF_K, BPF_RET|BPF_K
_ALLOW, _ERROR = 0x7FFF_0000, 0x0005_0000  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO


def main(words: list[str]) -> None:
    """Take the system calls away from this process and become the program."""
    program = ctypes.create_string_buffer(
        b"".join(
            struct.pack("<HBBI", code, well, otherwise, value)
            for code, well, otherwise, value in (
                (_LOAD, 0, 0, 0),  # the number of the call
                (_AT_LEAST, 0, 1, FIRST_LATER),
                (_ANSWER, 0, 0, _ERROR | errno.ENOSYS),
                (_ANSWER, 0, 0, _ALLOW),
            )
        )
    )
    filtered = struct.pack("<HxxxxxxQ", len(program) // 8, ctypes.addressof(program))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_RIGHTS, 1, 0, 0, 0) or libc.prctl(_SET_FILTER, _BY_PROGRAM, filtered, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    os.execvp(words[0], words)


if __name__ == "__main__":
    main(sys.argv[1:])
