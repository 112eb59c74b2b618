"""Faults of servers that should not be reachable, or not like that, at the exposure laboratory's hosts: one well and one badly kept."""

from __future__ import annotations

import time

from bench.services.faults import Compared, compare, failing, fault
from bench.services.nmap import nmap
from scanner.facts.ledger import DeclaredHost
from tests.lab.exposure.hosts import HOSTS
from tests.lab.exposure.lab import ExposureLab
from tests.lab.exposure.scan import consents, look

NAMES = ("well", "bad")
PORTS = (
    "T:21-23,80,102,389,445,502,513,554,631,873,1080,2323,2375,3128,3306,3389,5432,5900,6000,6379,9100,9200,11211,44818,"
    "U:7,17,19,53,69,111,123,137,161,389,623,1900,3702,5060,5353,5683,11211"
)
SCRIPTS = (
    "redis-info,memcached-info,mysql-info,smb-protocols,smb2-security-mode,rdp-enum-encryption,vnc-info,x11-access,docker-version,"
    "rtsp-methods,ntp-info,ntp-monlist,snmp-sysdescr,socks-open-proxy,http-open-proxy,http-title,telnet-encryption,rsync-list-modules,"
    "ipmi-version,upnp-info,ldap-rootdse,cups-info"
)
FAULTS = tuple(
    fault(name, tag, pattern, ("bad",))
    for name, pattern, tag in (
        ("Redis without login", r"redis-info", "DATA_NO_LOGIN:redis"),
        ("memcached without login", r"memcached-info", "DATA_NO_LOGIN:memcached"),
        ("PostgreSQL without login", r"pgsql-brute.*trust", "DATA_NO_LOGIN:postgresql"),
        ("MariaDB without TLS", r"3306/tcp open +mysql(?![\s\S]*SwitchToSSLAfterHandshake)", "DATA_CLEAR"),
        ("SMB 1", r"NT LM 0\.12 \(SMBv1\)", "SMB1_TAKEN"),
        ("SMB signing optional", r"signing enabled but not required|signing disabled", "SIGNING_OPTIONAL"),
        ("NTP control", r"ntp-info:[\s\S]{0,200}version:", "NTP_CONTROL"),
        ("SNMP public", r"snmp-sysdescr", "SNMP_PUBLIC"),
        ("telnet", r"/tcp +open +telnet", "TELNET_SERVED"),
        ("FTP without TLS", r"21/tcp +open +ftp(?![\s\S]*AUTH TLS)", "FTP_CLEAR"),
        ("LDAP without StartTLS", r"ldap-rootdse:(?![\s\S]*1\.3\.6\.1\.4\.1\.1466\.20037)", "LDAP_CLEAR"),
        ("TFTP", r"69/udp +open +tftp", "TFTP_SERVED"),
        ("an amplifier", r"amplif", "UDP_AMPLIFIES"),
    )
)


def findings(lab: ExposureLab) -> Compared:
    """Compare the faults found, and the time."""
    declared = {name: DeclaredHost(HOSTS[name].listed, HOSTS[name].addresses[:1], vantage_outside=True) for name in NAMES}
    start = time.monotonic()
    looked = look(lab, declared, given=consents())
    ours = time.monotonic() - start
    printed, theirs = nmap(lab.run, ("-sS", "-sU", "-p", PORTS, "--script", SCRIPTS), {name: HOSTS[name].v4 for name in NAMES})
    named = {name: failing(seen.results) for name, seen in looked.items()}
    return compare(FAULTS, named, {name: (text,) for name, text in printed.items()}, (ours, theirs))
