"""Mail servers of the zoo: Postfix (STARTTLS and implicit), Dovecot (IMAP, POP3, LMTP, ManageSieve)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Collection
from pathlib import Path

from scanner.facts.tls import Upgrade, Version
from tests.lab.tls_zoo.dh import PARAMETERS
from tests.lab.tls_zoo.entry import Entry, Place, Program, together
from tests.lab.tls_zoo.truth import EVERYTHING, MODERN, OLD, OpenSsl

STRONG = OpenSsl(ciphers="ECDHE+AESGCM:ECDHE+CHACHA20", prefers=True)
WEAK = OpenSsl(ciphers=EVERYTHING, versions=(*OLD, *MODERN), dh=2048)

_MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/spool
data_directory = {home}/data
myhostname = {host}
mydestination = {host}
inet_interfaces = {v4}, {v6}
inet_protocols = all
alias_maps =
alias_database =
local_recipient_maps =
smtputf8_enable = no
smtpd_peername_lookup = no
smtpd_relay_restrictions = reject_unauth_destination
maillog_file = {home}/maillog
maillog_file_prefixes = {home}
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_tls_security_level = may
smtpd_tls_chain_files = {chain}
smtpd_tls_protocols = {protocols}
smtpd_tls_mandatory_protocols = {protocols}
smtpd_tls_ciphers = high
smtpd_tls_mandatory_ciphers = high
tls_high_cipherlist = {ciphers}
smtpd_tls_exclude_ciphers =
smtpd_tls_mandatory_exclude_ciphers =
tls_eecdh_auto_curves = {groups}
tls_ffdhe_auto_groups =
smtpd_tls_dh1024_param_file = {dh}
tls_preempt_cipherlist = {prefers}
"""
_MASTER = """\
smtp inet n - n - - smtpd
submission inet n - n - - smtpd
 -o smtpd_tls_security_level=encrypt
smtps inet n - n - - smtpd
 -o smtpd_tls_wrappermode=yes
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
_QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")


def _postfix(how: OpenSsl, place: Place) -> list[Program]:
    for folder in ("etc", "spool", "data"):
        (place.home / folder).mkdir()
    shutil.chown(place.home / "data", "postfix")
    # What `postfix check` would make in two seconds.
    for queue in (*_QUEUES, "maildrop", "public", "pid"):
        (place.home / "spool" / queue).mkdir(mode=0o700)
    for queue in (*_QUEUES, "maildrop", "public"):
        shutil.chown(place.home / "spool" / queue, "postfix", "postdrop" if queue in {"maildrop", "public"} else "root")
    (place.home / "spool" / "maildrop").chmod(0o1730)
    (place.home / "spool" / "public").chmod(0o2710)
    (place.home / "spool" / "pid").chmod(0o755)
    filled = _MAIN.format(
        home=place.home,
        host=place.host,
        v4=place.v4,
        v6=place.v6,
        chain=place.certificate("rsa-2048").both,
        protocols=">=TLSv1" if Version.TLS10 in how.versions else ">=TLSv1.2",
        ciphers=how.ciphers,
        groups=" ".join(how.groups),
        dh=place.write("dh.pem", PARAMETERS[2048]),
        prefers="yes" if how.prefers else "no",
    )
    place.write("etc/main.cf", filled)
    os.utime(place.home / "etc/main.cf", (0, 0))  # Postfix waits two seconds with a file that may still be written
    place.write("etc/master.cf", _MASTER)
    return [Program([daemon_directory() / "master", "-c", place.home / "etc", "-d"])]


def daemon_directory() -> Path:
    """Give the folder in which the distribution keeps Postfix's programs."""
    said = subprocess.run(["postconf", "-d", "-h", "daemon_directory"], capture_output=True, text=True, check=True)
    return Path(said.stdout.strip())


def postfix(name: str, about: str, how: OpenSsl, *, ports: Collection[int] = (25, 465, 587)) -> list[Entry]:
    """A Postfix of its own: SMTP and submission with STARTTLS, submissions at once; ``ports`` are those that are entries."""
    every = (
        ("", 25, "smtp", Upgrade.OFFERED),
        ("-587", 587, "submission", Upgrade.OFFERED),
        ("-465", 465, "submissions", Upgrade.IMPLICIT),
    )
    chosen = [port for port in every if port[1] in ports]
    return together(name, about, chosen, lambda place: _postfix(how, place), lambda _: how.truth())


_DOVECOT = """\
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
protocols = imap pop3 lmtp sieve
listen = {v4}, {v6}
ssl = yes
ssl_cert = <{chain}
ssl_key = <{key}
ssl_dh = <{dh}
ssl_min_protocol = {least}
ssl_cipher_list = {ciphers}
ssl_curve_list = {groups}
ssl_prefer_server_ciphers = {prefers}
disable_plaintext_auth = yes
mail_location = maildir:{home}/mail/%u
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={home}
}}
service imap-login {{
  service_count = 0
}}
service pop3-login {{
  service_count = 0
}}
service managesieve-login {{
  service_count = 0
}}
service lmtp {{
  inet_listener lmtp {{
    address = {v4} {v6}
    port = 24
  }}
}}
"""
_DOVECOT24 = """\
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
protocols {{
  imap = yes
  pop3 = yes
  lmtp = yes
  sieve = yes
}}
listen = {v4}, {v6}
ssl = yes
ssl_server_cert_file = {chain}
ssl_server_key_file = {key}
ssl_server_dh_file = {dh}
ssl_min_protocol = {least}
ssl_cipher_list = {ciphers}
ssl_curve_list = {groups}
ssl_server_prefer_ciphers = {side}
mail_driver = maildir
mail_path = {home}/mail/%{{user}}
passdb static {{
  fields {{
    nopassword = yes
  }}
}}
userdb static {{
  fields {{
    uid = nobody
    gid = nogroup
    home = {home}
  }}
}}
service imap-login {{
  restart_request_count = unlimited
}}
service pop3-login {{
  restart_request_count = unlimited
}}
service managesieve-login {{
  restart_request_count = unlimited
}}
service lmtp {{
  inet_listener lmtp {{
    listen = {v4} {v6}
    port = 24
  }}
}}
"""


def _dovecot(how: OpenSsl, place: Place) -> list[Program]:
    issued = place.certificate("rsa-2048")
    version = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, check=True, env=os.environ).stdout
    template = _DOVECOT if version.startswith("2.3") else _DOVECOT24
    text = template.format(
        home=place.home,
        v4=place.v4,
        v6=place.v6,
        chain=issued.chain,
        key=issued.key,
        dh=place.write("dh.pem", PARAMETERS[2048]),
        least="TLSv1" if Version.TLS10 in how.versions else "TLSv1.2",
        ciphers=how.ciphers,
        groups=":".join(how.groups),
        prefers="yes" if how.prefers else "no",
        side="server" if how.prefers else "client",
    )
    return [Program(["dovecot", "-F", "-c", place.write("dovecot.conf", text)])]


def dovecot(name: str, about: str, how: OpenSsl, *, ports: Collection[int] = (24, 110, 143, 993, 995, 4190)) -> list[Entry]:
    """A Dovecot of its own: IMAP, POP3, LMTP and ManageSieve with STARTTLS, IMAPS and POP3S; ``ports`` are those that are entries."""
    every = (
        ("", 143, "imap", Upgrade.OFFERED),
        ("-993", 993, "imaps", Upgrade.IMPLICIT),
        ("-110", 110, "pop3", Upgrade.OFFERED),
        ("-995", 995, "pop3s", Upgrade.IMPLICIT),
        ("-24", 24, "lmtp", Upgrade.OFFERED),
        ("-4190", 4190, "sieve", Upgrade.OFFERED),
    )
    chosen = [port for port in every if port[1] in ports]
    return together(name, about, chosen, lambda place: _dovecot(how, place), lambda _: how.truth())


ENTRIES: tuple[Entry, ...] = (
    *postfix("postfix", "Postfix, TLS 1.2 and 1.3, own order", STRONG),
    *postfix("postfix-weak", "Postfix with all that OpenSSL 3 still has", WEAK, ports=(25,)),
    *dovecot("dovecot", "Dovecot, TLS 1.2 and 1.3, own order", STRONG),
    *dovecot("dovecot-weak", "Dovecot with all that it takes", WEAK, ports=(143, 995)),
)
