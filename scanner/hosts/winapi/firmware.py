"""How the machine starts, and whether it has a TPM (kernel32, tbs)."""

from __future__ import annotations

import ctypes
import sys

from scanner.hosts.windows.answers import FirmwareState

assert sys.platform == "win32"

from scanner.hosts.winapi.calls import checked, function  # noqa: E402  after the guard

_NO_TPM = 0x8028_400F  # TBS_E_TPM_NOT_FOUND; that the service does not run (TBS_E_SERVICE_NOT_RUNNING) says nothing of a TPM
_UNKNOWN, _BIOS, _UEFI = 0, 1, 2


class _Tpm(ctypes.Structure):
    """TPM_DEVICE_INFO (tbs.h)."""

    _fields_ = tuple((name, ctypes.c_uint32) for name in ("form", "version", "interface", "revision"))


def firmware() -> FirmwareState:
    """Tell how the machine starts, and which TPM Windows can use."""
    kind = ctypes.c_int(_UNKNOWN)
    function("kernel32", "GetFirmwareType")(ctypes.byref(kind))
    tpm = _Tpm()
    status = function("tbs", "Tbsi_GetDeviceInfo")(ctypes.sizeof(tpm), ctypes.byref(tpm)) & 0xFFFF_FFFF
    if status == _NO_TPM:
        version = None
    else:
        checked("Tbsi_GetDeviceInfo", status)
        version = int(tpm.version)
    return FirmwareState({_BIOS: False, _UEFI: True}.get(kind.value), version)
