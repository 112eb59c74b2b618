"""Configuration of Exim, OpenSMTPD, Dovecot and the resolver. Text in, command lines out; nothing is started here."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

from tests.lab.mail.scenarios import CANARY, DOMAIN, OUTSIDE, PEOPLE, RESOLVER, STORE, STORE_PORT, VICTIM, Server

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = ROOT / "build" / "mail-programs"
"""Where ``.ci/setup lab`` unpacks the mail servers that cannot be installed beside Postfix."""

_EXIM = """
primary_hostname = {host}
domainlist local_domains = {domain}
acl_smtp_rcpt = acl_rcpt
acl_smtp_expn = accept
acl_smtp_vrfy = accept
local_interfaces = <; {addresses}
daemon_smtp_ports = 25
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
pid_file_path = {folder}/pid
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts =
keep_environment =
smtp_banner = $smtp_active_hostname ESMTP Exim $version_number
begin acl
acl_rcpt:
  accept domains = +local_domains
  deny message = relay not permitted
begin routers
store:
  driver = accept
  transport = store
begin transports
store:
  driver = appendfile
  file = {folder}/mbox
  user = Debian-exim
"""


def exim(folder: Path, server: Server) -> tuple[str, ...]:
    """Write Exim's configuration and give its command line."""
    folder.mkdir()
    (folder / "spool").mkdir()
    config = folder / "exim.conf"
    config.write_text(_EXIM.format(host=server.host, domain=DOMAIN, folder=folder, addresses=" ; ".join(server.addresses)))
    config.chmod(0o644)
    program = PROGRAMS / "usr/sbin/exim4"
    return str(program), "-C", str(config), "-bdf", "-odi"


def opensmtpd(folder: Path, server: Server) -> tuple[str, ...]:
    """Write OpenSMTPD's configuration and give its command line. Its spool and sockets have fixed places, laid over by the keeper."""
    folder.mkdir()
    config = folder / "smtpd.conf"
    listen = "\n".join(f"listen on {address} port 25 hostname {server.host}" for address in server.addresses)
    people = ", ".join(f'"{name}@{DOMAIN}"' for name in PEOPLE)
    config.write_text(
        f'{listen}\ntable people {{ {people} }}\naction "store" relay host smtp://{STORE}:{STORE_PORT}\n'
        f'match from any for domain "{DOMAIN}" rcpt-to <people> action "store"\n'
    )
    return str(PROGRAMS / "usr/sbin/smtpd"), "-d", "-f", str(config)


_DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap pop3 sieve
listen = {addresses}
ssl_cert = <{folder}/../lab.pem
ssl_key = <{folder}/../lab.key
ssl_min_protocol = TLSv1.2
mail_location = maildir:{folder}/m/%u
default_login_user = dovenull
default_internal_user = dovecot
passdb {{
  driver = static
  args = nopassword=n password=unused-in-the-laboratory
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/m/%u
}}
service auth {{
  unix_listener {folder}/auth {{
    mode = 0666
  }}
}}
service imap-login {{
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service pop3-login {{
  inet_listener pop3s {{
    port = {pop3s}
  }}
}}
{extra}
"""


def dovecot(folder: Path, server: Server) -> tuple[str, ...]:
    """Write Dovecot's configuration and give its command line."""
    (folder / "m").mkdir(parents=True)
    bad = "bad" in server.settings
    extra = (
        "ssl = no\ndisable_plaintext_auth = no\nauth_mechanisms = plain login cram-md5 anonymous\nauth_anonymous_username = nobody\n"
        "login_greeting = Dovecot 2.3.19 ready."
        if bad
        else "ssl = required\ndisable_plaintext_auth = yes\nauth_mechanisms = plain\nlogin_greeting = ready"
    )
    config = folder / "dovecot.conf"
    config.write_text(
        _DOVECOT.format(folder=folder, addresses=", ".join(server.addresses), imaps=0 if bad else 993, pop3s=0 if bad else 995, extra=extra)
    )
    return "dovecot", "-F", "-c", str(config)


def unbound(folder: Path, servers: Mapping[str, Server]) -> tuple[str, ...]:
    """Write the resolver that knows the laboratory's names and no others, and give its command line."""
    folder.mkdir()
    lines = []
    for server in servers.values():
        for address in server.addresses:
            kind = "AAAA" if ":" in address else "A"
            lines.append(f'local-data: "{server.host}. {kind} {address}"')
            lines.append(f'local-data: "{ip_address(address).reverse_pointer}. PTR {server.host}."')
    canary = CANARY.partition("@")[2]
    lines += [
        f'local-data: "{canary}. MX 10 scanner.kakuu.lg.jp."',
        f'local-data: "scanner.kakuu.lg.jp. A {OUTSIDE[0]}"',
        f'local-data: "{DOMAIN}. MX 10 closed.{DOMAIN}."',
        f'local-data: "{VICTIM}. MX 10 mx.{VICTIM}."',
        f'local-data: "mx.{VICTIM}. A 192.52.193.250"',
        'local-data: "example.com. MX 0 ."',
        'local-data: "mail01.kakuu.local. A 10.20.0.25"',
    ]
    config = folder / "unbound.conf"
    listen = "\n".join(f"  interface: {address}" for address in RESOLVER)
    config.write_text(
        f'server:\n  directory: "{folder}"\n  chroot: ""\n  username: ""\n  pidfile: ""\n  do-daemonize: no\n'
        '  use-syslog: no\n  logfile: ""\n'
        f"{listen}\n  access-control: 0.0.0.0/0 allow\n  access-control: ::/0 allow\n"
        '  module-config: "iterator"\n  local-zone: "." static\n'
        + "".join(f"  {line}\n" for line in lines)
        + "remote-control:\n  control-enable: no\n"
    )
    return "unbound", "-d", "-c", str(config)
