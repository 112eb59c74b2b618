"""What keeps the private key on Windows: data protection (DPAPI) and rights to files. Loads on Windows only."""

from __future__ import annotations

import base64
import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import wintypes
from pathlib import Path

from scanner.wire import sddl

assert sys.platform == "win32"

from scanner.hosts.winapi.calls import advapi, kernel  # noqa: E402  after the guard

PURPOSE = b"tenken-agent/identity"
"""Bound into what is sealed, so that nothing sealed for another purpose is taken for our key. It is no secret."""
PRIVATE = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;OW)(A;OICI;0x1301bf;;;LS)"
"""Rights of the state, nothing inherited: everything for SYSTEM, administrators and the owner; reading and changing for LocalService."""

_SEALED = "dpapi:"
_NO_QUESTION, _WHOLE_MACHINE = 0x1, 0x4  # CRYPTPROTECT_UI_FORBIDDEN, CRYPTPROTECT_LOCAL_MACHINE
_RIGHTS, _NOT_INHERITED = 0x4, 0x8000_0000  # DACL_SECURITY_INFORMATION, PROTECTED_DACL_SECURITY_INFORMATION
_FILE, _REVISION = 1, 1  # SE_FILE_OBJECT, SDDL_REVISION_1

_crypt = ctypes.WinDLL("crypt32", use_last_error=True)


class _Blob(ctypes.Structure):
    """DATA_BLOB (wincrypt.h)."""

    _fields_ = (("size", wintypes.DWORD), ("octets", ctypes.POINTER(ctypes.c_char)))


def seal(secret: str) -> str:
    """Give what only this machine's Windows opens again, for any of its accounts that gets hold of it. Raises ``OSError``."""
    sealed = _protection("CryptProtectData", secret.encode("ascii"), _NO_QUESTION | _WHOLE_MACHINE)
    return _SEALED + base64.b64encode(sealed).decode()


def unseal(kept: str) -> str:
    """Give back what ``seal`` took, or what an earlier version kept in the clear.

    Raises ``OSError`` for what another machine sealed, ``ValueError`` for what no machine did.
    """
    if not is_sealed(kept):
        return kept
    return _protection("CryptUnprotectData", base64.b64decode(kept.removeprefix(_SEALED), validate=True), _NO_QUESTION).decode("ascii")


def is_sealed(kept: str) -> bool:
    """Tell whether a kept form came from ``seal``."""
    return kept.startswith(_SEALED)


def make_private(path: Path) -> None:
    """Give a file or directory the rights ``PRIVATE``. Raises ``OSError``."""
    with _given_back() as descriptor:
        _done(advapi.ConvertStringSecurityDescriptorToSecurityDescriptorW(PRIVATE, _REVISION, ctypes.byref(descriptor), None))
        # Unlike SetNamedSecurityInfo this leaves what stands below as it is: a key that lay open goes on looking so.
        _done(advapi.SetFileSecurityW(str(path), _RIGHTS | _NOT_INHERITED, descriptor), path)


def is_private(path: Path) -> bool:
    """Tell whether ordinary accounts have no right to a file or directory. Raises ``OSError``."""
    return _closed(path, sddl.ANYTHING)


def is_fixed(path: Path) -> bool:
    """Tell whether ordinary accounts cannot change a file, or what stands in a directory. Raises ``OSError``."""
    return _closed(path, sddl.CHANGES)


def _closed(path: Path, kind: int) -> bool:
    """Tell whether many are kept from rights of a kind; rights in a form that is not understood might be theirs."""
    with _given_back() as descriptor, _given_back() as written:
        status = advapi.GetNamedSecurityInfoW(str(path), _FILE, _RIGHTS, None, None, None, None, ctypes.byref(descriptor))
        if status:
            raise _with_path(ctypes.WinError(status), path)
        _done(advapi.ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor, _REVISION, _RIGHTS, ctypes.byref(written), None))
        try:
            return not sddl.lets_many(ctypes.wstring_at(written.value or 0), kind)
        except ValueError:
            return False


def _protection(call: str, octets: bytes, flags: int) -> bytes:
    """Call one of the two functions of DPAPI, which take the same arguments."""
    given, purpose, out = _blob(octets), _blob(PURPOSE), _Blob()
    _done(getattr(_crypt, call)(ctypes.byref(given), None, ctypes.byref(purpose), None, None, flags, ctypes.byref(out)))
    try:
        return ctypes.string_at(out.octets, out.size)
    finally:
        kernel.LocalFree(out.octets)


def _blob(octets: bytes) -> _Blob:
    buffer = ctypes.create_string_buffer(octets, len(octets))
    return _Blob(len(octets), ctypes.cast(buffer, ctypes.POINTER(ctypes.c_char)))


def _done(well: object, path: Path | None = None) -> None:
    if not well:
        raise _with_path(ctypes.WinError(ctypes.get_last_error()), path)


def _with_path(error: OSError, path: Path | None) -> OSError:
    error.filename = str(path) if path else None
    return error


@contextmanager
def _given_back() -> Iterator[ctypes.c_void_p]:
    """Give a pointer for memory that Windows hands out, and give that memory back at the end."""
    pointer = ctypes.c_void_p()
    try:
        yield pointer
    finally:
        kernel.LocalFree(pointer)
