"""The mail servers of the town and of its provider: one Postfix with a listener for each. Files and a command line only.

They take mail for the domains that name them and deliver none: nobody sends a message here, scanners stop before DATA. What Postfix can do
wrong beyond this is the business of ``tests.lab.mail``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.lab import plan
from tests.lab.certs import Authority, Key, pem_of_key
from tests.lab.tls_zoo.dh import PARAMETERS
from tests.lab.tls_zoo.kinds_mail import daemon_directory

BAD = "mx2.bad-all.lg.jp"
"""The badly kept one: relays for everybody, tells its version, offers TLS 1.0 with a certificate it signed itself."""
GOOD_SUITES = ":".join(f"ECDHE-{key}-{cipher}" for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384") for key in ("ECDSA", "RSA"))
OLD_SUITES = "ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-SHA:AES128-SHA:CAMELLIA128-SHA:@SECLEVEL=0"
"""Few, so that a survey's connections are enough for all of them."""
PEOPLE = ("postmaster", "abuse")

_MAIN = """compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
inet_interfaces = {addresses}
inet_protocols = all
myhostname = {host}
alias_maps =
alias_database =
local_recipient_maps = texthash:{folder}/etc/people
smtpd_banner = $myhostname ESMTP
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_helo_required = yes
disable_vrfy_command = yes
smtpd_forbid_bare_newline = reject
smtpd_peername_lookup = no
smtputf8_enable = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
smtpd_tls_security_level = may
smtpd_tls_protocols = >=TLSv1.2
smtpd_tls_mandatory_protocols = >=TLSv1.2
smtpd_tls_ciphers = high
tls_high_cipherlist = {good}
tls_low_cipherlist = {old}
tls_preempt_cipherlist = yes
tls_eecdh_auto_curves = X25519 prime256v1 secp384r1
tls_ssl_options = NO_COMPRESSION, NO_RENEGOTIATION
"""
_BAD = (
    "smtpd_banner=$myhostname ESMTP Postfix (3.7.11)",
    "mynetworks=0.0.0.0/0,[::]/0",
    "disable_vrfy_command=no",
    "smtpd_helo_required=no",
    "smtpd_forbid_bare_newline=no",
    "smtpd_tls_protocols=>=TLSv1",
    "smtpd_tls_ciphers=low",
    "smtpd_tls_dh1024_param_file={folder}/etc/dh.pem",
    "tls_preempt_cipherlist=no",
    "tls_ssl_options=",
)
_MASTER = """cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""
_QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")


def postfix(
    folder: Path, servers: Sequence[plan.Server], domains: Mapping[str, Sequence[str]], authority: Authority, keys: Mapping[str, Key]
) -> tuple[str, ...]:
    """Write everything below ``folder`` and give the command line.

    ``domains``: mail server → the domains that name it; ``keys``: mail server → its key.
    """
    _queues(folder)
    etc = folder / "etc"
    etc.mkdir()
    (etc / "people").write_text("".join(f"{name} x\n" for name in PEOPLE))
    (etc / "dh.pem").write_text(PARAMETERS[1024])
    listeners = []
    for server in servers:
        (etc / f"{server.name}.domains").write_text("".join(f"{name}\n" for name in (server.name, *domains.get(server.name, ()))))
        key = keys[server.name]
        chain = etc / f"{server.name}.pem"
        chain.write_bytes(pem_of_key(key) + authority.leaf([server.name], key=key, self_signed=server.name == BAD))
        chain.chmod(0o600)
        settings: tuple[str, ...] = (
            f"myhostname={server.name}",
            f"mydestination={etc}/{server.name}.domains",
            f"smtpd_tls_chain_files={chain}",
            # The municipality's servers send for the office, the provider's for nobody.
            f"mynetworks={','.join(_written(one) for one in plan.OFFICE) if server.name.endswith('.kakuu.lg.jp') else ''}",
        )
        settings += tuple(line.format(folder=folder) for line in _BAD) if server.name == BAD else ()
        options = "".join(f"\n  -o {{{line.replace('=', ' = ', 1)}}}" for line in settings)
        listeners += [f"{_written(address)}:25 inet n - n - - smtpd{options}\n" for address in server.addresses]
    addresses = ", ".join(address for server in servers for address in server.addresses)
    (etc / "main.cf").write_text(_MAIN.format(folder=folder, host=servers[0].name, addresses=addresses, good=GOOD_SUITES, old=OLD_SUITES))
    os.utime(etc / "main.cf", (0, 0))  # Postfix waits two seconds with a file that may still be written
    (etc / "master.cf").write_text("".join(listeners) + _MASTER)
    return str(daemon_directory() / "master"), "-c", str(etc), "-d"


def _written(address: str) -> str:
    """An address or network as Postfix wants it; IPv6 in brackets."""
    if ":" not in address:
        return address
    host, slash, length = address.partition("/")
    return f"[{host}]{slash}{length}"


def _queues(folder: Path) -> None:
    """Make what ``postfix check`` would make in two seconds."""
    for name in ("spool", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    for queue in (*_QUEUES, "maildrop", "public", "pid"):
        (folder / "spool" / queue).mkdir(mode=0o700)
    for queue in (*_QUEUES, "maildrop", "public"):
        shutil.chown(folder / "spool" / queue, "postfix", "postdrop" if queue in {"maildrop", "public"} else "root")
    (folder / "spool" / "maildrop").chmod(0o1730)
    (folder / "spool" / "public").chmod(0o2710)
    (folder / "spool" / "pid").chmod(0o755)
