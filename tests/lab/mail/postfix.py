"""Configuration of the Postfix instances: one with a listener for each scenario, and the two of the percent hack. Text in, text out."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.lab.mail.scenarios import DOMAIN, PEOPLE, STORE, Program, Server

_COMMON = """compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
mail_owner = postfix
myhostname = {host}
mydomain = {domain}
myorigin = {domain}
mydestination = {domain}
mynetworks = 192.0.2.200/32
inet_interfaces = {addresses}
inet_protocols = all
alias_maps =
alias_database =
local_recipient_maps = texthash:{folder}/etc/people
local_transport = smtp:[{store}]:2500
smtpd_relay_restrictions = reject_unauth_destination
smtputf8_enable = no
biff = no
smtpd_peername_lookup = no
smtpd_tls_cert_file = {folder}/../lab.pem
smtpd_tls_key_file = {folder}/../lab.key
smtpd_tls_security_level = none
smtpd_sasl_type = dovecot
smtpd_sasl_path = {folder}/../dovecot/auth
smtp_host_lookup = dns
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
anvil_rate_time_unit = 1s
in_flow_delay = 0s
import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C
"""

_MASTER = """pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

_FRONT = """mydestination =
relay_domains = {domain}
allow_percent_hack = no
swap_bangpath = no
allow_untrusted_routing = yes
resolve_dequoted_address = no
relay_transport = smtp:[{back}]:25
smtp_bind_address = {front}
"""
_BACK = """mynetworks = {fronts}
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
allow_percent_hack = yes
swap_bangpath = yes
"""


def _listener(server: Server, address: str, port: int) -> str:
    options = "".join(f"\n  -o {{{setting.replace('=', ' = ', 1)}}}" for setting in (f"myhostname={server.host}", *server.settings))
    shown = f"[{address}]" if ":" in address else address
    return f"{shown}:{port} inet n - n - - smtpd{options}\n"


def instance(folder: Path, servers: Sequence[Server], every: Mapping[str, Server]) -> tuple[str, ...]:
    """Write one instance with a listener for each server, and give its command line. All belong to one program."""
    program = servers[0].program
    for part in ("etc", "spool", "data"):
        (folder / part).mkdir(parents=True)
    # A first "postmaster" of each kind: bare, and for each way in which the host may be named.
    (folder / "etc" / "people").write_text("".join(f"{name} x\n{name}@{DOMAIN} x\n" for name in PEOPLE))
    (folder / "etc" / "percent").write_text("/%/ x\n")
    addresses = [address for server in servers for address in server.addresses]
    main = _COMMON.format(
        folder=folder, host=servers[0].host, domain=DOMAIN, addresses=", ".join(f"[{a}]" if ":" in a else a for a in addresses), store=STORE
    )
    extra = ""
    if program is Program.FRONT:
        extra = _FRONT.format(domain=DOMAIN, front=servers[0].addresses[0], back=every["back"].addresses[0])
    elif program is Program.BACK:
        extra = _BACK.format(fronts=", ".join(s.addresses[0] for s in every.values() if s.program is Program.FRONT))
    kept = [line for line in main.splitlines() if line.partition(" =")[0] not in {new.partition(" =")[0] for new in extra.splitlines()}]
    (folder / "etc" / "main.cf").write_text("\n".join(kept) + "\n" + extra)
    os.utime(folder / "etc" / "main.cf", (0, 0))  # Postfix waits two seconds with a file that may still be written
    listeners = "".join(_listener(server, a, port) for server in servers for a in server.addresses for port in server.ports)
    (folder / "etc" / "master.cf").write_text(listeners + _MASTER)
    maps = Path("/etc/postfix/dynamicmaps.cf")
    (folder / "etc" / "dynamicmaps.cf").write_text(maps.read_text() if maps.exists() else "")
    return "/usr/lib/postfix/sbin/master", "-c", str(folder / "etc"), "-d"


def prepare(folder: Path) -> None:
    """Make the queue directories. Raises ``subprocess.CalledProcessError`` with Postfix's words."""
    subprocess.run(["chown", "postfix", str(folder / "data")], check=True)
    subprocess.run(["postfix", "-c", str(folder / "etc"), "check"], check=True, capture_output=True)
