"""What the checks of the clock, packet filter, logs, malware protection, backups and notices say, worked out from the programs' manuals.

The machines are containers: the audit record and the disks are another machine's there, and chronyd runs without setting the clock (-x).
"""

from __future__ import annotations

from tests.lab.hosts.state import State

LAB = "10.78.0.0/24"
WALL = f"""#!/usr/sbin/nft -f
flush ruleset
define LAB = {{ {LAB} }}

table inet filter {{
	chain input {{
		type filter hook input priority filter; policy drop;
		ct state established,related accept
		iif lo accept
		meta l4proto {{ icmp, ipv6-icmp }} accept
		ip saddr $LAB tcp dport 22 accept
		ip6 saddr fd78::/64 tcp dport 22 accept
		limit rate 10/minute log prefix "refused: "
	}}
	chain output {{
		type filter hook output priority filter; policy drop;
		ct state established,related accept
		oif lo accept
		meta l4proto {{ icmp, ipv6-icmp }} accept
		ip daddr $LAB accept
	}}
}}
"""
WIDE_WALL = """table inet filter {
	chain input {
		type filter hook input priority filter; policy accept;
		ct state vmap { established : accept, related : accept, invalid : drop }
		iifname "lo" accept
		meta l4proto ipv6-icmp accept
		tcp dport { 22, 8443 } accept
		udp dport 1024-65535 accept
		reject with icmpx admin-prohibited
	}
}
"""
ONLY_IPV4 = """*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
COMMIT
"""
KEY = "1 SHA256 HEX:00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF\n"
REFERENCE = """local stratum 3
port 11123
bindaddress 127.0.0.1
cmdport 0
bindcmdaddress /run/chrony/reference.sock
allow 127.0.0.1
keyfile /etc/chrony/chrony.keys
pidfile /run/chrony/reference.pid
"""
CLOCK = """confdir /etc/chrony/conf.d
keyfile /etc/chrony/chrony.keys
driftfile /var/lib/chrony/chrony.drift
!server old.example iburst
"""
UNDER_CONTAINER = "[Unit]\nConditionCapability=\n"
"""Debian's chrony waits for the right to set the clock, which a container has not; with -x it needs none."""
FORWARD = """# to the log host
*.* action(type="omfwd" target="10.78.0.250" port="6514" protocol="tcp"
    StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name"
    queue.type="LinkedList" queue.filename="fwd" action.resumeRetryCount="-1")
"""
ROTATE = "/var/log/syslog\n/var/log/auth.log\n/var/log/cron.log\n{\n\trotate {count}\n\tweekly\n\tmissingok\n\tcreate 0640 root adm\n}\n"
TIMER = "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n"
NOTICE = "許可された利用者に限る。操作は全て記録される。\nAuthorised use only. All activity is recorded.\n"

LOAD = "nft -f /etc/nftables.conf"
"""What the enabled service does at the start of a machine; in a container of this kind it has no right to."""

STATES = (
    State(
        "kept",
        files={
            "/etc/nftables.conf": WALL,
            "/etc/systemd/system/nftables.service.d/container.conf": "[Unit]\nConditionCapability=CAP_NET_ADMIN\n",
            "/etc/chrony/chrony.conf": CLOCK,
            "/etc/chrony/conf.d/reference.conf": "server 127.0.0.1 port 11123 iburst key 1 minpoll 0 maxpoll 2\r\n",
            "/etc/chrony/reference": REFERENCE,
            "/etc/chrony/chrony.keys": KEY,
            "/etc/default/chrony": 'DAEMON_OPTS="-x -F 0"\n',
            "/etc/systemd/system/chrony.service.d/container.conf": UNDER_CONTAINER,
            "/etc/rsyslog.d/90-forward.conf": FORWARD,
            "/etc/systemd/journald.conf.d/10-lasting.conf": "[Journal]\nStorage=persistent\n",
            "/etc/logrotate.d/rsyslog": ROTATE.replace("{count}", "53"),
            "/etc/clamav/clamd.conf": (
                "LocalSocket /run/clamav/clamd.ctl\nUser clamav\nDatabaseDirectory /var/lib/clamav-own\nForeground true\nLogSyslog true\n"
            ),
            "/var/lib/clamav-own/own.hdb": "44d88612fea8a8f36de82e1278abb02f:68:Test.File\n",
            "/etc/systemd/system/clamav-daemon.service.d/own.conf": "[Unit]\nConditionPathExistsGlob=\n",
            "/etc/cron.d/scan": "# weekly\n0 2 * * 0 root clamdscan --fdpass --quiet /srv\n",
            "/etc/systemd/system/nightly-backup.timer": TIMER,
            "/etc/systemd/system/nightly-backup.service": (
                "[Service]\nType=oneshot\nExecStart=/usr/bin/tar -C /etc -czf /var/backups/etc.tar.gz hostname\n"
            ),
            "/etc/issue": NOTICE,
            "/etc/issue.net": NOTICE,
        },
        before=(
            "systemctl enable nftables chrony clamav-daemon clamav-freshclam nightly-backup.timer",
            "chown _chrony /etc/chrony/chrony.keys",
            (
                "rm -f /var/lib/clamav/*; printf 'ClamAV-VDB:%s:27000:2000000:90:00112233:signature:builder:%s' "
                "'01 Jan 2026 00-00 +0000' \"$(date +%s)\" > /var/lib/clamav/daily.cld"
            ),
            "touch /var/log/auth.log /var/log/syslog && chmod 640 /var/log/auth.log /var/log/syslog",
            "chmod o-r /var/log/*.log",
        ),
        after=(
            LOAD,
            "chronyd -x -F 0 -f /etc/chrony/reference",
            "chronyc waitsync 60 0 0 0.5 >/dev/null",
            "systemctl start nightly-backup.service",
        ),
        expects={
            "host.firewall.inbound-ipv4": "INBOUND_REFUSED",
            "host.firewall.inbound-ipv6": "INBOUND_REFUSED",
            "host.firewall.outbound": "OUTBOUND_LIMITED",
            "host.firewall.management": "MANAGEMENT_LIMITED",
            "host.firewall.openings": "NOTHING_OPEN",
            "host.firewall.broad": "NONE_BROAD",
            "host.firewall.program": "ONE_PROGRAM",
            "host.firewall.logging": "REFUSALS_LOGGED",
            "host.time.program": "ONE_PROGRAM",
            "host.time.sources": "SOURCES_OWN",
            "host.time.synchronised": "SYNCHRONISED",
            "host.time.offset": "OFFSET_SMALL",
            "host.time.authentication": "AUTHENTICATED",
            "host.time.serving": "SERVES_NOBODY",
            "host.log.program": "PROGRAMS_RUN",
            "host.log.authentication": "AUTHENTICATION_KEPT",
            "host.log.lasting": "LOGS_LAST",
            "host.log.forwarding": "FORWARDED",
            "host.log.forwarding-encrypted": "ENCRYPTED",
            "host.log.forwarding-queue": "QUEUED",
            "host.log.receiving": "TAKES_NOTHING",
            "host.log.retention": "KEPT_LONG",
            "host.log.rotation": "ROTATED",
            "host.log.file-rights": "FILES_CLOSED",
            "host.log.space": "ROOM_LEFT",
            "host.audit.running": "CONTAINER",
            "host.disk.encryption": "CONTAINER",
            "host.disk.key-files": "NO_KEY_FILES",
            "host.malware.product": "PRODUCT_RUNS",
            "host.malware.definitions": "DEFINITIONS_NEW",
            "host.malware.updates": "UPDATES_AUTOMATIC",
            "host.malware.scan": "SCANS_SCHEDULED",
            "host.malware.realtime": "REALTIME_OFF",
            "host.backup.scheduled": "BACKUP_SCHEDULED",
            "host.backup.last": "LAST_GOOD",
            "host.notice.given": "NOTICE_GIVEN",
            "host.notice.disclosure": "NOTHING_TOLD",
        },
        args={
            "host.firewall.management": {"sources": (LAB, "fd78::/64")},
            "host.time.synchronised": {"selected": ("127.0.0.1",)},
            "host.log.forwarding": {"targets": ("10.78.0.250",)},
        },
        values={
            "time.servers": ("127.0.0.1",),
            "time.serving": "refused",
            "firewall.outbound": "restricted",
            "log.receiving": "refused",
            "log.least-free-percent": 1,
        },
    ),
    State(
        "bad",
        files={
            "/etc/chrony/chrony.conf": "server 10.78.0.251 iburst\nallow\n",
            "/etc/iptables/rules": ONLY_IPV4,
            "/etc/rsyslog.d/50-net.conf": (
                'module(load="imudp")\r\ninput(type="imudp" port="514")\r\n$ActionResumeRetryCount 3\r\n*.*;mail.none @10.78.0.250\r\n'
            ),
            "/etc/systemd/journald.conf": "[Journal]\nStorage=persistent\n",
            "/etc/systemd/journald.conf.d/99.conf": "[Journal]\nStorage=volatile\n",
            "/etc/cron.d/scan": "#0 2 * * 0 root clamdscan --fdpass --quiet /srv\n",
            "/etc/systemd/system/town-backup.timer": TIMER,
            "/etc/systemd/system/town-backup.service": "[Service]\nType=oneshot\nExecStart=/usr/bin/tar -czf /nowhere/x.tar.gz /etc\n",
        },
        before=(
            "systemctl disable chrony clamav-daemon clamav-freshclam",
            "systemctl mask logrotate.timer && rm -f /etc/cron.daily/logrotate",
            "systemctl enable town-backup.timer",
            "touch /var/log/app.log && chmod 666 /var/log/app.log",
        ),
        after=(
            "mkdir -p /run/chrony && chronyd -x -F 0",
            "iptables-restore < /etc/iptables/rules",
            "systemctl start town-backup.service || true",
        ),
        expects={
            "host.firewall.inbound-ipv4": "OPEN_AFTER_RESTART",
            "host.firewall.inbound-ipv6": "NO_RULES",
            "host.firewall.outbound": "OUTBOUND_FREE",
            "host.firewall.management": "NO_FILTER",
            "host.firewall.openings": "NO_FILTER",
            "host.firewall.broad": "NO_FILTER",
            "host.firewall.program": "NO_PROGRAM",
            "host.firewall.logging": "NO_FILTER",
            "host.time.program": "NOT_AFTER_RESTART",
            "host.time.sources": "SOURCES_OTHER",
            "host.time.synchronised": "NOT_SYNCHRONISED",
            "host.time.offset": "NOT_SYNCHRONISED",
            "host.time.authentication": "NOT_AUTHENTICATED",
            "host.time.serving": "SERVES",
            "host.log.forwarding": "FORWARDED",
            "host.log.forwarding-encrypted": "CLEAR",
            "host.log.forwarding-queue": "NOT_QUEUED",
            "host.log.receiving": "TAKES_RECORDS",
            "host.log.rotation": "NOT_ROTATED",
            "host.log.file-rights": "WRITABLE",
            "host.log.space": "LITTLE_ROOM",
            "host.malware.product": "PRODUCT_STOPPED",
            "host.malware.definitions": "NO_DEFINITIONS",
            "host.malware.updates": "UPDATES_BY_HAND",
            "host.malware.scan": "NO_SCANS",
            "host.backup.last": "LAST_FAILED",
            "host.notice.given": "NOTICE_MISSING",
            "host.notice.disclosure": "SYSTEM_TOLD",
        },
        args={"host.log.forwarding-encrypted": {"targets": ("10.78.0.250:514/udp",)}},
        values={
            "time.servers": ("10.78.0.250",),
            "time.serving": "refused",
            "firewall.outbound": "restricted",
            "log.receiving": "refused",
            "log.least-free-percent": 99,
        },
    ),
    State(
        # what cannot stand beside that: a filter with holes, and records that go nowhere
        "odd-log",
        files={
            "/etc/nftables.conf": WIDE_WALL,
            "/etc/systemd/journald.conf.d/99.conf": "[Journal]\nStorage=none\n",
            "/etc/rsyslog.d/10-quiet.conf": "auth,authpriv.* stop\n",
        },
        before=("systemctl enable nftables", "systemctl disable chrony clamav-daemon clamav-freshclam", "chmod o+r /var/log/faillog"),
        after=(LOAD, "systemctl stop syslog.socket rsyslog"),
        expects={
            "host.firewall.inbound-ipv4": "INBOUND_REFUSED",
            "host.firewall.management": "MANAGEMENT_OPEN",
            "host.firewall.openings": "OPENINGS_OTHER",
            "host.firewall.broad": "BROAD",
            "host.firewall.logging": "REFUSALS_NOT_LOGGED",
            "host.log.program": "STOPPED",
            "host.log.authentication": "AUTHENTICATION_NOT_KEPT",
            "host.log.lasting": "LOGS_ARE_LOST",
            "host.log.forwarding": "NOT_FORWARDED",
            "host.log.retention": "NOTHING_KEPT",
            "host.backup.scheduled": "NO_BACKUP",
            "host.time.program": "HOST_CLOCK",
        },
        values={"firewall.open-ports": ("tcp/22",), "backup.maker": "machine"},
    ),
)
