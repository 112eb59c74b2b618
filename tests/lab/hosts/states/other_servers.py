"""HAProxy, OpenSMTPD and memcached on machines that have no other web server, mail server or database, set up well and badly.

Expectations come from HAProxy's configuration manual, smtpd.conf(5) and memcached(1). The first two are unpacked, not installed.
"""

from __future__ import annotations

from tests.lab.hosts.state import State

HAPROXY = "/etc/haproxy/haproxy.cfg"
HAPROXY_KEPT = """global
    log /dev/log local0
    stats socket /run/haproxy/admin.sock mode 660 level admin
    user haproxy
    group haproxy
    ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
    log global
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout http-request 10s   # 受付
frontend web
    bind :8088
    bind :8444 ssl crt /etc/haproxy/site.pem
    default_backend app
backend app
    server a 127.0.0.1:9
listen statistics
    bind 127.0.0.1:8404
    stats enable
    stats uri /st
    # stats admin if TRUE
"""
HAPROXY_BAD = """global
    log /dev/log local0
    stats socket ipv4@0.0.0.0:9999 level admin
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend web
    bind :8088
    bind :8444 ssl crt /etc/haproxy/site.pem ssl-min-ver TLSv1.0 ciphers ALL:@SECLEVEL=0
    default_backend app
backend app
    server a 127.0.0.1:9
listen statistics
    bind :8404
    stats enable
    stats uri /st
    stats admin if TRUE
"""
ACCOUNTS = (
    "useradd -r -d /nonexistent -s /usr/sbin/nologin haproxy",
    "useradd -r -d /nonexistent -s /usr/sbin/nologin opensmtpd; useradd -r -d /nonexistent -s /usr/sbin/nologin opensmtpq",
    "chgrp opensmtpq /usr/sbin/smtpctl; chmod 2755 /usr/sbin/smtpctl; mkdir -p -m 711 /var/spool/smtpd",
)
"""What Debian's packages do when they are installed."""
CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=own -keyout /etc/ssl/own.key -out /etc/ssl/own.pem",
    "cat /etc/ssl/own.pem /etc/ssl/own.key > /etc/haproxy/site.pem; chmod 600 /etc/ssl/own.key",
)
PKI = 'pki mail cert "/etc/ssl/own.pem"\npki mail key "/etc/ssl/own.key"\n'
SMTPD_KEPT = f"""{PKI}listen on 0.0.0.0 tls pki mail
listen on 0.0.0.0 port 587 tls-require pki mail auth
table aliases file:/etc/aliases
action "local" mbox alias <aliases>
action "outbound" relay
match from any for domain "example.jp" action "local"
match from local for any action "outbound"
match from auth for any action "outbound"
# match from any for any action "outbound"
"""
SMTPD_BAD = f"""{PKI}listen on 0.0.0.0 tag SHOWN
listen on 0.0.0.0 port 2525 tls pki mail
table aliases file:/etc/aliases
action "local" mbox alias <aliases>
action "outbound" relay host smtp+notls://192.0.2.1
match from any for domain "example.jp" action "local"
match tag SHOWN from any for any action "outbound"
match ! tls from any for any action "outbound"
"""
STARTS = "systemctl enable haproxy opensmtpd memcached"

STATES = (
    State(
        "few-kept",
        files={HAPROXY: HAPROXY_KEPT, "/etc/smtpd.conf": SMTPD_KEPT},
        before=(*ACCOUNTS, *CERTIFICATE, "chmod 600 /etc/haproxy/site.pem", STARTS),
        expects={
            "host.web.status": "STATUS_CLOSED",
            "host.web.console": "CONSOLE_LIMITED",
            "host.web.orders": "ORDERS_NONE",
            "host.web.log": "LOG_KEPT",
            "host.web.slow-requests": "SLOW_LIMITED",
            "host.web.account": "ACCOUNT_OWN",
            "host.web.tls-versions": "WEB_TLS_NEW",
            "host.web.tls-key": "KEY_KEPT",
            "host.mail.relay": "RELAY_REFUSED",
            "host.mail.authentication": "AUTHENTICATION_BY_TLS",
            "host.mail.tls-in": "TLS_OFFERED",
            "host.mail.tls-out": "TLS_USED",
            "host.mail.vrfy": "VRFY_OFF",
            "host.mail.banner": "BANNER_PLAIN",
            "host.database.login": "NOT_CONCERNED",
            "host.database.reach": "REACH_LOCAL",
            "host.database.encryption": "LOCAL_ONLY",
            "host.database.account": "ACCOUNT_OWN",
        },
        args={"host.database.reach": {"program": "memcached"}, "host.database.account": {"account": "memcache"}},
    ),
    State(
        "few-bad",
        files={HAPROXY: HAPROXY_BAD, "/etc/smtpd.conf": SMTPD_BAD},
        before=(
            *ACCOUNTS,
            *CERTIFICATE,
            "chmod 644 /etc/haproxy/site.pem",
            "sed -i 's/^-l .*/-l 0.0.0.0 # -l 127.0.0.1\\n-U 11211/; s/^-u .*/-u root/' /etc/memcached.conf",
            STARTS,
        ),
        expects={
            "host.web.status": "STATUS_OPEN",
            "host.web.console": "CONSOLE_OPEN",
            "host.web.orders": "ORDERS_TAKEN",
            "host.web.log": "LOG_MISSING",
            "host.web.slow-requests": "SLOW_WAITED_FOR",
            "host.web.account": "ACCOUNT_ROOT",
            "host.web.tls-versions": "WEB_TLS_OLD",
            "host.web.tls-key": "KEY_OPEN",
            "host.mail.relay": "RELAY_OPEN",
            "host.mail.tls-in": "TLS_NOT_OFFERED",
            "host.mail.tls-out": "TLS_NOT_USED",
            "host.mail.vrfy": "VRFY_OFF",
            "host.database.login": "LOGIN_TRUSTED",
            "host.database.reach": "REACH_ANYBODY",
            "host.database.encryption": "ENCRYPTION_OFF",
            "host.database.account": "ACCOUNT_ROOT",
        },
        args={
            "host.web.status": {"places": ("statistics /st",)},
            "host.web.orders": {"places": ("stats socket ipv4@0.0.0.0:9999",)},
            "host.mail.relay": {"program": "opensmtpd", "listeners": ("0.0.0.0:25",)},
            "host.database.login": {"program": "memcached", "rules": ("TCP 11211 none", "UDP 11211 none")},
        },
    ),
)
