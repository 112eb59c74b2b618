"""Cases of the checks of network devices, and a well kept device as a fact for them to spoil."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scanner.facts.network_device import (
    IdleLimit,
    LogHost,
    ManagementService,
    NeedlessService,
    NetworkDevice,
    PasswordForm,
    SnmpAccess,
    SnmpSecurity,
    StoredPassword,
)
from scanner.facts.readings import Wait

KEPT = NetworkDevice(
    dialect="ios",
    version="17.9",
    services=(
        ManagementService("telnet", "line vty 0 4", False, True),
        ManagementService("ssh", "line vty 0 4", True, True),
        ManagementService("http", "ip http server", False, False),
        ManagementService("https", "ip http secure-server", False, False),
    ),
    ssh_version_1=False,
    snmp=(SnmpAccess("group nms", SnmpSecurity.ENCRYPTED, False, False, True),),
    central=("tacacs+",),
    passwords=(StoredPassword("admin", PasswordForm.HASH),),
    lockout=True,
    idle=(IdleLimit("line vty 0 4", Wait(300)),),
    time_servers=("192.0.2.123",),
    log_hosts=(LogHost("192.0.2.9", "tls"),),
    log_times=True,
    needless=(NeedlessService("service pad", False),),
    tunnels=(),
    access_ports=None,
    saved=True,
)


def device(**changes: Any) -> NetworkDevice:  # fields of the fact, checked by it
    """Give the well kept device with some fields changed."""
    return replace(KEPT, **changes)
