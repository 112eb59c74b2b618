"""What the checks of IPv6 tunnels, removable media and idle consoles say of servers."""

from __future__ import annotations

from tests.lab.hosts.state import State

TUNNEL = """[NetDev]
Name=he6
Kind=sit

[Tunnel]
Local=10.78.0.2
Remote=192.0.2.1
"""
TUNNEL_UP = """[Match]
Name=he6

[Network]
Address=2001:db8:ffff::2/64
"""

STATES = (
    State(
        "kept",
        files={
            "/etc/modprobe.d/no-usb-storage.conf": "install usb-storage /bin/false\ninstall uas /bin/false\n",
            "/etc/profile.d/99-tmout.sh": "TMOUT=600\nreadonly TMOUT\nexport TMOUT\n",
        },
        expects={
            "ipv6.tunnel.interfaces": "TUNNEL_NONE",
            "ipv6.tunnel.configured": "TUNNEL_NOT_CONFIGURED",
            "endpoint.autorun.run": "NOTHING_RUNS",
            "endpoint.screen-lock.idle": "NO_DISPLAY",
            "endpoint.screen-lock.console": "CONSOLE_LIMITED",
        },
    ),
    State(
        "bad",
        files={
            "/etc/systemd/network/he6.netdev": TUNNEL,
            "/etc/systemd/network/he6.network": TUNNEL_UP,
        },
        before=("systemctl enable systemd-networkd",),
        expects={"ipv6.tunnel.configured": "TUNNEL_CONFIGURED", "endpoint.screen-lock.console": "CONSOLE_UNLIMITED"},
    ),
)
