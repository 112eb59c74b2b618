"""What the checks of software, services, kernel, files and containers say of well and badly kept machines.

The machines are containers: what belongs to the kernel is another's there (IN_CONTAINER). The kernel's own settings are tested on images of
the same trees in ``test_images``.
"""

from __future__ import annotations

from scanner.facts.ledger import DeclaredMachine, DeclaredPort
from tests.lab.hosts.state import State

LISTS = "/var/lib/apt/lists"
SECURITY = f"{LISTS}/deb.example.jp_debian-security_dists_bookworm-security"
RELEASE = "Origin: Debian\nLabel: Debian-Security\nSuite: stable-security\nCodename: bookworm-security\n"


def packages(*entries: tuple[str, str]) -> str:
    """Write a list of packages as a security archive publishes it."""
    return "".join(f"Package: {name}\nVersion: {version}\nArchitecture: amd64\nDescription: x\n\n" for name, version in entries)


KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SIGNED = f"Types: deb\nURIs: https://deb.example.jp/debian-security\nSuites: bookworm-security\nComponents: main\nSigned-By: {KEYRING}\n"
PERIODIC = """// Windows line ends and comments do not matter\r
APT::Periodic {\r
  Update-Package-Lists "1"; /* daily */\r
  Unattended-Upgrade "0";\r
};\r
APT::Periodic::Unattended-Upgrade "1"; # the last one counts\r
Unattended-Upgrade::Origins-Pattern { "origin=Debian,codename=${distro_codename}-security,label=Debian-Security"; };\r
"""
TIMER = "[Unit]\nDescription=x\n[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n"
FORWARDED = ("all", "default")
NETWORK_KEPT = {
    **{f"net.ipv4.conf.{name}.{leaf}": value for name in FORWARDED for leaf, value in (("rp_filter", 1), ("log_martians", 1))},
    **{f"net.ipv4.conf.{name}.{leaf}": 0 for name in FORWARDED for leaf in ("accept_redirects", "send_redirects", "accept_source_route")},
    **{f"net.ipv6.conf.{name}.accept_redirects": 0 for name in FORWARDED},
    "net.ipv4.tcp_syncookies": 1,
    "net.ipv4.tcp_synack_retries": 3,
    "net.ipv4.tcp_max_syn_backlog": 4096,
    "net.ipv4.icmp_echo_ignore_broadcasts": 1,
    "net.ipv4.icmp_ignore_bogus_error_responses": 1,
    "net.ipv4.ip_forward": 0,
    "net.ipv6.conf.all.forwarding": 0,
}
NETWORK_BAD = {
    # first of all: the kernel sets accept_redirects anew where forwarding changes
    "net.ipv4.ip_forward": 1,
    "net.ipv4.conf.eth0.accept_redirects": 1,
    "net.ipv4.conf.all.rp_filter": 0,
    "net.ipv4.conf.eth0.rp_filter": 0,
    "net.ipv4.conf.all.accept_redirects": 1,
    "net.ipv6.conf.default.accept_redirects": 0,
    "net.ipv6.conf.eth0.accept_redirects": 0,
    "net.ipv4.conf.all.accept_source_route": 1,
    "net.ipv4.conf.all.send_redirects": 1,
    "net.ipv4.conf.all.log_martians": 0,
    "net.ipv4.tcp_syncookies": 0,
    "net.ipv4.tcp_synack_retries": 6,
    "net.ipv4.tcp_max_syn_backlog": 128,
    "net.ipv4.icmp_echo_ignore_broadcasts": 1,
}


def lines(settings: dict[str, int]) -> str:
    """Write settings as a file of sysctl.d."""
    return "".join(f"{name} = {value}\n" for name, value in settings.items())


def written(settings: dict[str, int]) -> str:
    """Write settings as a command that sets them."""
    return "sysctl -q -w " + " ".join(f"{name}={value}" for name, value in settings.items())


GONE = "Package: {}\nStatus: install ok installed\nMaintainer: x\nArchitecture: amd64\nVersion: 1\nDescription: x\n\n"
AIDE_DATABASE = "@@begin_db\n/etc/passwd 1\n@@end_db\n"
DAEMON_KEPT = '{"userns-remap": "default", "no-new-privileges": true, "icc": false}\n'
DAEMON_BAD = '{"hosts": ["unix:///run/docker.sock", "tcp://0.0.0.0:2375"], "icc": true}\n'
SSH = DeclaredMachine((DeclaredPort(22, "ssh", True, False),))

STATES = (
    State(
        "kept",
        files={
            f"{SECURITY}_InRelease": RELEASE,
            f"{SECURITY}_main_binary-amd64_Packages": packages(("openssh-server", "1:1.0-1"), ("not-installed", "9")),
            "/etc/apt/sources.list": None,
            "/etc/apt/sources.list.d/security.sources": SIGNED,
            "/etc/apt/apt.conf.d/52local": PERIODIC,
            "/usr/bin/unattended-upgrade": "#!/bin/sh\nexit 0\n",
            "/etc/cron.allow": "root\n",
            "/usr/bin/aide": "#!/bin/sh\nexit 0\n",
            "/var/lib/aide/aide.db": AIDE_DATABASE,
            "/var/log/aide/aide.log": "all files match\n",
            "/etc/systemd/system/dailyaidecheck.timer": TIMER,
            "/etc/systemd/system/dailyaidecheck.service": "[Service]\nType=oneshot\nExecStart=/bin/true\n",
            "/usr/bin/dockerd": "#!/bin/sh\nexit 0\n",
            "/etc/docker/daemon.json": DAEMON_KEPT,
            "/etc/fstab": "/dev/sdb1 /media/usb vfat noauto,user 0 0\n",
            "/etc/sysctl.d/60-network.conf": lines(NETWORK_KEPT),
            "/etc/gnutls/config": "[overrides]\ndisabled-version = tls1.0\ndisabled-version = tls1.1\n",
        },
        before=(
            "systemctl enable apt-daily.timer apt-daily-upgrade.timer dailyaidecheck.timer",
            "chmod 640 /etc/cron.allow",
            "chmod 755 /usr/bin/aide /usr/bin/unattended-upgrade /usr/bin/dockerd",
        ),
        network=(
            written(NETWORK_KEPT),
            written({f"net.ipv4.conf.eth0.{leaf}": 0 for leaf in ("accept_redirects", "send_redirects")}),
            written({"net.ipv6.conf.eth0.accept_redirects": 0}),
        ),
        expects={
            "host.updates.security": "UPDATES_INSTALLED",
            "host.updates.lists": "LISTS_FRESH",
            "host.updates.held": "NOTHING_HELD",
            "host.updates.automatic": "AUTOMATIC_ON",
            "host.platform.support": "SUPPORTED",
            "host.software.forbidden": "FORBIDDEN_NONE",
            "host.software.execution": "EXECUTION_NOT_ASKED",
            "host.software.permitted": "PERMITTED_ONLY",
            "host.software.development": "TOOLS_NONE",
            "host.packages.signatures": "SIGNATURES_ASKED",
            "host.packages.sources": "SOURCES_APPROVED",
            "host.packages.transport": "TRANSPORT_ENCRYPTED",
            "host.services.display": "DISPLAY_NONE",
            "host.services.needless": "NEEDLESS_NONE",
            "host.files.rights": "RIGHTS_FINE",
            "host.files.password-hashes": "HASHES_CLOSED",
            "host.files.command-path": "PATH_SAFE",
            "host.files.schedulers": "SCHEDULERS_LIMITED",
            "host.files.setuid": "SETUID_KNOWN",
            "host.files.world-writable": "WRITABLE_NONE",
            "host.files.unowned": "OWNERS_KNOWN",
            "host.mounts.media": "MEDIA_RESTRICTED",
            "host.integrity.tool": "INTEGRITY_READY",
            "host.integrity.schedule": "INTEGRITY_REGULAR",
            "host.containers.access": "ENGINE_CLOSED",
            "host.containers.members": "MEMBERS_NONE",
            "host.containers.users": "USERS_REMAPPED",
            "host.containers.new-rights": "NEW_RIGHTS_BLOCKED",
            "host.containers.isolation": "CONTAINERS_APART",
            "host.network.reverse-path": "SETTING_GOOD",
            "host.network.redirects": "SETTING_GOOD",
            "host.network.redirects-sent": "SETTING_GOOD",
            "host.network.source-routing": "SETTING_GOOD",
            "host.network.martians": "SETTING_GOOD",
            "host.network.forwarding": "SETTING_GOOD",
            "host.network.syn-cookies": "SETTING_GOOD",
            "host.network.syn-wait": "SETTING_GOOD",
            "host.network.syn-backlog": "SETTING_GOOD",
            "host.network.icmp": "SETTING_GOOD",
            "host.updates.restart": "RESTART_NOT_NEEDED",
            "host.services.failed": "GUARDS_FINE",
            "host.services.listed": "SOCKETS_LISTED",
            "host.kernel.aslr": "IN_CONTAINER",
            "host.mounts.options": "IN_CONTAINER",
            "host.crypto.tls-versions": "OLD_REFUSED",
            "host.crypto.policy-applied": "NO_POLICY",
            "host.crypto.fips": "FIPS_NOT_ASKED",
            "host.network.promiscuous": "LISTENS_NOT",
        },
        values={"software.forbidden": ("winny", "*-p2p"), "software.permitted": ("*",), "packages.sources": (".example.jp",)},
        declares=(SSH,),
    ),
    State(
        "bad",
        files={
            f"{SECURITY}_InRelease": RELEASE,
            f"{SECURITY}_main_binary-amd64_Packages": packages(("openssh-server", "1:99.0-1"), ("libc6", "0.1"), ("gone", "9")),
            "/etc/apt/sources.list": "deb [trusted=yes] http://mirror.invalid/debian bookworm main\n# deb http://x.invalid y z\n",
            "/usr/bin/unattended-upgrade": "#!/bin/sh\nexit 0\n",
            "/etc/apt/apt.conf.d/52local": 'APT::Periodic::Unattended-Upgrade "1";\nAPT::Periodic::Update-Package-Lists "0";\n',
            "/etc/passwd-": "root:x:0:0\n",
            "/opt/tool/helper": "#!/bin/sh\n",
            "/srv/share/list.txt": "x\n",
            "/srv/old/report.txt": "x\n",
            "/etc/login.defs": "ENV_SUPATH PATH=/usr/local/sbin:.:/usr/bin\n",
            "/etc/xinetd.d/telnet": "service telnet\n{\n  socket_type = stream\n  disable = no\n}\n",
            "/etc/systemd/system/xinetd.service": "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n",
            "/etc/systemd/system/rpcbind.service": "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n",
            "/etc/systemd/system/auditd.service": "[Service]\nType=oneshot\nExecStart=/bin/false\n[Install]\nWantedBy=multi-user.target\n",
            "/usr/bin/aide": "#!/bin/sh\nexit 0\n",
            "/usr/bin/dockerd": "#!/bin/sh\nexit 0\n",
            "/etc/docker/daemon.json": DAEMON_BAD,
            "/etc/gnutls/config": "[overrides]\ndisabled-version = tls1.0\n",
            "/etc/fstab": "/dev/sdb1 /media/usb vfat noauto,user,exec 0 0\n",
            # redirects: asked for and not in force; the answer to broadcast pings: good now, switched on by the next start
            "/etc/sysctl.d/60-network.conf": (
                "net.ipv4.conf.all.accept_redirects = 0\nnet.ipv4.conf.default.accept_redirects = 0\n"
                "net.ipv6.conf.default.accept_redirects = 0\n"
                "net.ipv4.icmp_echo_ignore_broadcasts = 1\n"
            ),
            "/etc/sysctl.d/99-later.conf": "net/ipv4/icmp_echo_ignore_broadcasts = 0\n",
        },
        before=(
            "systemctl enable xinetd rpcbind auditd",
            "chmod 4755 /opt/tool/helper && chmod 666 /srv/share/list.txt && chown 5555:5555 /srv/old/report.txt",
            "chmod 666 /etc/passwd- && chmod 644 /etc/gshadow",
            "chmod 755 /usr/bin/aide /usr/bin/unattended-upgrade /usr/bin/dockerd",
            "groupadd -f docker && usermod -aG docker audit",
            "apt-mark hold openssh-server",
            f"printf '%s' '{GONE.format('gcc-12')}{GONE.format('xserver-xorg-core')}' >> /var/lib/dpkg/status",
            f"touch -d '40 days ago' {SECURITY}_InRelease",
        ),
        after=(
            "systemctl start auditd || true",
            "touch /run/reboot-required && echo linux-image-amd64 > /run/reboot-required.pkgs",
        ),
        network=(written(NETWORK_BAD), "ip link add link eth0 name listen0 type macvlan && ip link set listen0 promisc on"),
        expects={
            "host.updates.security": "UPDATES_MISSING",
            "host.updates.lists": "LISTS_OLD",
            "host.updates.held": "PACKAGES_HELD",
            "host.updates.automatic": "AUTOMATIC_OFF",
            "host.network.reverse-path": "SETTING_BAD",
            "host.network.redirects": "SETTING_NOT_APPLIED",
            "host.network.redirects-sent": "SETTING_BAD",
            "host.network.source-routing": "SETTING_BAD",
            "host.network.martians": "SETTING_BAD",
            "host.network.forwarding": "SETTING_BAD",
            "host.network.syn-cookies": "SETTING_BAD",
            "host.network.syn-wait": "SETTING_BAD",
            "host.network.syn-backlog": "SETTING_BAD",
            "host.network.icmp": "SETTING_RETURNS",
            "host.software.development": "TOOLS_FOUND",
            "host.services.display": "DISPLAY_INSTALLED",
            "host.updates.restart": "RESTART_ASKED",
            "host.platform.support": "SUPPORT_ENDED",
            "host.software.forbidden": "FORBIDDEN_FOUND",
            "host.software.execution": "EXECUTION_NO_MEANS",
            "host.software.permitted": "UNPERMITTED_FOUND",
            "host.packages.signatures": "SOURCES_UNSIGNED",
            "host.packages.sources": "SOURCES_UNKNOWN",
            "host.packages.transport": "TRANSPORT_PLAIN",
            "host.services.listed": "SOCKETS_UNLISTED",
            "host.services.needless": "NEEDLESS_RUNNING",
            "host.services.failed": "GUARDS_FAILED",
            "host.files.rights": "RIGHTS_WRONG",
            "host.files.password-hashes": "HASHES_OPEN",
            "host.files.command-path": "PATH_RELATIVE",
            "host.files.schedulers": "SCHEDULERS_OPEN",
            "host.files.setuid": "SETUID_UNKNOWN",
            "host.files.world-writable": "WRITABLE_FILES",
            "host.files.unowned": "OWNERS_GONE",
            "host.mounts.media": "MEDIA_OPEN",
            "host.integrity.tool": "INTEGRITY_EMPTY",
            "host.integrity.schedule": "INTEGRITY_UNSCHEDULED",
            "host.containers.access": "ENGINE_ON_NETWORK",
            "host.containers.members": "MEMBERS_FOUND",
            "host.containers.users": "USERS_SHARED",
            "host.containers.new-rights": "NEW_RIGHTS_POSSIBLE",
            "host.containers.isolation": "CONTAINERS_TOGETHER",
            "host.crypto.tls-versions": "OLD_LET_IN",
            "host.network.promiscuous": "LISTENS",
        },
        args={"host.updates.security": {"count": 1}, "host.updates.held": {"names": ("openssh-server",)}},
        values={
            "software.forbidden": ("openssh-*",),
            "software.execution-restricted": True,
            "software.permitted": ("libc6",),
            "packages.sources": (".example.jp",),
            "platform.extended-support": (),
        },
        declares=(DeclaredMachine((DeclaredPort(443, "https", True, False),)),),
    ),
)
