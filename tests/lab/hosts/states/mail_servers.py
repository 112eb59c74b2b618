"""Postfix, Exim and Dovecot on machines, set up well and badly; the badly kept one relays for anybody through one service of master.cf."""

from __future__ import annotations

from tests.lab.hosts.state import State

COMMON = """compatibility_level = 3.6
myhostname = mail.example.jp
mydestination = $myhostname, localhost
inet_interfaces = all
alias_maps =
alias_database =
"""
KEPT = """mynetworks = 127.0.0.0/8 [::1]/128
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated,
    reject_unauth_destination
smtpd_banner = $myhostname ESMTP
disable_vrfy_command = yes
smtpd_tls_security_level = may
smtp_tls_security_level = dane
smtp_dns_support_level = dnssec
smtpd_tls_auth_only = yes
smtpd_forbid_bare_newline = yes
"""
BAD = """# disable_vrfy_command = yes
mynetworks = 127.0.0.0/8
smtpd_banner = $myhostname ESMTP $mail_name ($mail_version)
smtpd_sasl_auth_enable = no
"""
DOVECOT_BAD = """ssl = yes
disable_plaintext_auth = yes
disable_plaintext_auth = no
ssl_min_protocol = TLSv1
"""
SUBMISSION = """submission inet n - y - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
"""
OPEN = """2525 inet n - y - - smtpd
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_mynetworks,permit
"""


EXIM_BAD = """domainlist local_domains = @ : example.jp
hostlist relay_from_hosts = <; 127.0.0.1 ; ::1 ; 10.78.0.0/24
acl_smtp_rcpt = check_rcpt
acl_smtp_vrfy = accept
tls_advertise_hosts =
begin acl
check_rcpt:
  accept hosts = +relay_from_hosts
  accept domains = +local_domains
  # deny message = relay not permitted
  accept
begin routers
remote:
  driver = dnslookup
  domains = ! +local_domains
  transport = remote
system_aliases:
  driver = redirect
  data = ${lookup{$local_part}lsearch{/etc/aliases}}
begin transports
remote:
  driver = smtp
  hosts_avoid_tls = *
begin authenticators
PLAIN:
  driver = plaintext
  public_name = PLAIN
  server_condition = ${if eq{$auth2}{a-secret}{yes}{no}}
"""


def add(path: str, text: str) -> str:
    """Give the shell line that appends a text to a file."""
    return f"cat >> {path} <<'END'\n{text}END"


STATES = (
    State(
        "servers-kept",
        files={"/etc/postfix/main.cf": COMMON + KEPT, "/etc/dovecot/conf.d/99-local.conf": "ssl = required\nssl_min_protocol = TLSv1.2\n"},
        before=(add("/etc/postfix/master.cf", SUBMISSION), "systemctl enable postfix dovecot"),
        expects={
            "host.mail.relay": "RELAY_REFUSED",
            "host.mail.authentication": "AUTHENTICATION_BY_TLS",
            "host.mail.tls-in": "TLS_OFFERED",
            "host.mail.tls-out": "TLS_USED",
            "host.mail.vrfy": "VRFY_OFF",
            "host.mail.banner": "BANNER_PLAIN",
            "host.mail.line-ends": "LINE_ENDS_KEPT",
            "host.mail.dmarc-on-receipt": "DMARC_NOT_EVALUATED",
            "host.mailbox.authentication": "MAILBOX_BY_TLS",
            "host.mailbox.tls-version": "MAILBOX_TLS_NEW",
        },
    ),
    State(
        "servers-bad",
        files={
            "/etc/postfix/main.cf": COMMON + BAD,
            "/etc/dovecot/conf.d/99-local.conf": DOVECOT_BAD,
        },
        before=(add("/etc/postfix/master.cf", OPEN), "systemctl enable postfix dovecot"),
        expects={
            "host.mail.relay": "RELAY_OPEN",
            "host.mail.authentication": "AUTHENTICATION_CLEAR",
            "host.mail.tls-in": "TLS_NOT_OFFERED",
            "host.mail.tls-out": "TLS_NOT_USED",
            "host.mail.vrfy": "VRFY_ON",
            "host.mail.banner": "BANNER_VERSION",
            "host.mail.line-ends": "LINE_ENDS_TAKEN",
            "host.mailbox.authentication": "MAILBOX_CLEAR",
            "host.mailbox.tls-version": "MAILBOX_TLS_OLD",
        },
        args={"host.mail.relay": {"listeners": ("2525",)}},
    ),
    State(
        "newer",
        tree="trixie",
        boots=False,
        files={"/etc/exim4/exim4.conf": EXIM_BAD},
        before=("systemctl enable exim4",),
        expects={
            "host.mail.relay": "RELAY_OPEN",
            "host.mail.authentication": "AUTHENTICATION_CLEAR",
            "host.mail.tls-in": "TLS_NOT_OFFERED",
            "host.mail.tls-out": "TLS_NOT_USED",
            "host.mail.vrfy": "VRFY_ON",
            "host.mail.banner": "BANNER_VERSION",
            "host.mail.line-ends": "LINE_ENDS_KEPT",
            "host.mail.dmarc-on-receipt": "DMARC_NOT_EVALUATED",
        },
        args={"host.mail.relay": {"program": "exim", "listeners": ("smtp",)}},
    ),
)
