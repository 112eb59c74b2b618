"""Samba, CUPS, snmpd, result files of backups and rules of polkit on machines, set up well, badly and oddly.

Expectations come from smb.conf(5), cupsd.conf(5), snmpd.conf(5) and polkit(8).
"""

from __future__ import annotations

from scanner.facts.ledger import DeclaredBackup, DeclaredMachine
from scanner.model.reason import Reason
from tests.lab.hosts.state import State

SMB_KEPT = """[global]
    server role = standalone server
    server min protocol = SMB3_00
    ntlm auth = ntlmv2-only
    server smb encrypt = required
    restrict anonymous = 2
    usershare max shares = 0
    hosts allow = 127. 10.78.0.0/24
; public = yes
[docs]
    path = /srv
    valid users = @staff
"""
SMB_BAD = """[global]
    map to guest = Bad User
    min protocol = SMB3
    min protocol = NT1
    ntlm auth = yes
    null passwords = yes
    usershare allow guests = yes
    hosts allow = 10.0.0.0/8
    hosts deny = 192.0.2.1
[open]
    path = /srv
    public = yes
[closed]
    path = /srv
    guest ok = yes
    available = no
"""
# written on Windows; a synonym in capitals, a line that goes on, a file that is included and itself ends in a share
SMB_ODD = (
    "[Global]\r\n  include = /etc/samba/more.conf\r\n[Docs]\r\n  path = /srv\r\n  HOSTS ALLOW = 127. \\\r\n    10.78.0.0/24\r\n"
    "  smb encrypt = mandatory\r\n"
)
SMB_MORE = "[global]\nserver signing = mandatory\n[more]\npath = /srv\nallow hosts = 10.78.0.5\n"
CUPS_KEPT = """Listen /run/cups/cups.sock
Listen 0.0.0.0:631
Browsing No
DefaultAuthType Basic
<Location />
  Order allow,deny
  Allow from 10.78.0.0/24
  Encryption Required
</Location>
<Policy default>
  <Limit CUPS-Add-Modify-Printer>
    AuthType Default
    Require user @SYSTEM
    Order deny,allow
  </Limit>
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
"""
CUPS_BAD = """Listen /run/cups/cups.sock
Port 631
Browsing Yes # No
#Listen localhost:631
<Location />
  Allow 10.0.0.0/8
</Location>
<Policy default>
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
"""
SNMP_KEPT = """agentAddress udp:161
rouser watcher priv
includeDir /etc/snmp/snmpd.conf.d
"""
USER_KEPT = "createUser watcher SHA-256 a-long-passphrase AES another-passphrase\n"
SNMP_BAD = """# agentAddress 127.0.0.1
rocommunity "public"
rwcommunity not-so-usual 10.78.0.9
rouser old auth
"""
USER_BAD = "createUser old MD5 a-long-passphrase DES\n"
# snmpd.conf(5): a security name, its group, what the group may see; a group without access and a view that nobody defines show nothing
SNMP_ODD = """agentaddress udp:127.0.0.1:1161,udp:161
com2sec local 127.0.0.1 private
com2sec station 10.78.0.9 not-so-usual
com2sec nobody default public
group watchers v2c station
group nothing v2c nobody
view all included .1
access watchers "" any noauth exact all none none
access nothing "" any noauth exact missing none none
"""
LAST = DeclaredMachine(None, (DeclaredBackup("/var/lib/own backup/last", "completed", 30),))
"""What the ledger says of the machines."""
POLKIT = "/usr/lib/polkit-1/polkitd"
RULE_KEPT = """// the answer to everything that a product's rule grants
polkit.addRule(function(action, subject) {
    if (action.id.indexOf("org.freedesktop.packagekit.") == 0 && subject.isInGroup("users")) {
        return polkit.Result.AUTH_ADMIN;
    }
});
"""
RULE_OF_A_PRODUCT = """polkit.addRule(function(action, subject) {
    if (action.id == "org.freedesktop.packagekit.package-install" && subject.active == true && subject.isInGroup("users"))
        return polkit.Result.YES;
    if ((action.id == "org.freedesktop.hostname1.set-hostname" || action.id == "org.freedesktop.timedate1.set-time") &&
        subject.user == "systemd-network") { return "yes"; }
});
polkit.addAdminRule(function(action, subject) { return ["unix-group:sudo"]; });
"""
MEMBER = "usermod -aG users audit"
SERVICES = "systemctl enable smbd cups snmpd"
STATES = (
    State(
        "servers-kept",
        files={
            "/etc/samba/smb.conf": SMB_KEPT,
            "/etc/cups/cupsd.conf": CUPS_KEPT,
            "/etc/snmp/snmpd.conf": SNMP_KEPT,
            "/var/lib/snmp/snmpd.conf": USER_KEPT,
            "/var/lib/own backup/last": "Sat: failed\nSun: completed\n",
            POLKIT: "#!/bin/sh\n",
            "/etc/polkit-1/rules.d/10-own.rules": RULE_KEPT,
            "/usr/share/polkit-1/rules.d/20-product.rules": RULE_OF_A_PRODUCT,
        },
        before=(SERVICES, MEMBER, "usermod -aG lpadmin audit"),
        declares=(LAST,),
        expects={
            "host.backup.result": "RESULT_GOOD",
            "host.polkit.password": "POLKIT_ASKS",
            "host.shares.protocol": "PROTOCOL_NEW",
            "host.shares.logins": "LOGINS_NEW",
            "host.shares.empty-passwords": "EMPTY_REFUSED",
            "host.shares.guests": "GUESTS_REFUSED",
            "host.shares.people": "PEOPLE_BARRED",
            "host.shares.signing": "SIGNING_REQUIRED",
            "host.shares.encryption": "SHARES_ENCRYPTED",
            "host.shares.clients": "CLIENTS_LIMITED",
            "host.shares.account-names": "NAMES_KEPT",
            "host.printing.clients": "PRINTING_LIMITED",
            "host.printing.encrypted": "PRINTING_ENCRYPTED",
            "host.printing.administration": "ADMINISTRATION_ASKS",
            "host.printing.administrators": "PRINT_ADMINISTRATORS_APPROVED",
            "host.printing.announced": "ANNOUNCED_NOT",
            "host.printing.file-devices": "FILE_DEVICES_OFF",
            "host.snmp.encrypted": "SNMP_ENCRYPTED",
            "host.snmp.community": "COMMUNITY_NONE",
            "host.snmp.limited": "SNMP_LIMITED",
            "host.snmp.algorithms": "ALGORITHMS_SOUND",
        },
        values={"printing.administrators": ("audit",)},
    ),
    State(
        "servers-bad",
        files={
            "/etc/samba/smb.conf": SMB_BAD,
            "/etc/cups/cupsd.conf": CUPS_BAD,
            "/etc/snmp/snmpd.conf": SNMP_BAD,
            "/var/lib/snmp/snmpd.conf": USER_BAD,
            "/var/lib/own backup/last": "completed\n",
            POLKIT: "#!/bin/sh\n",
            "/etc/polkit-1/rules.d/30-own.rules": RULE_KEPT,  # it comes too late
            "/usr/share/polkit-1/rules.d/20-product.rules": RULE_OF_A_PRODUCT,
        },
        before=(
            SERVICES,
            MEMBER,
            "touch -d '2 days ago' '/var/lib/own backup/last'",
            "echo 'FileDevice Yes' >> /etc/cups/cups-files.conf",
        ),
        declares=(LAST,),
        expects={
            "host.backup.result": "RESULT_OLD",
            "host.polkit.password": "POLKIT_FREE",
            "host.shares.protocol": "PROTOCOL_OLD",
            "host.shares.logins": "LOGINS_OLD",
            "host.shares.empty-passwords": "EMPTY_TAKEN",
            "host.shares.guests": "GUESTS_ADMITTED",
            "host.shares.people": "PEOPLE_SHARE",
            "host.shares.signing": "SIGNING_OPTIONAL",
            "host.shares.encryption": "SHARES_CLEAR",
            "host.shares.clients": "CLIENTS_ANY",
            "host.shares.account-names": "NAMES_TOLD",
            "host.printing.clients": "PRINTING_OPEN",
            "host.printing.encrypted": "PRINTING_CLEAR",
            "host.printing.administration": "ADMINISTRATION_OPEN",
            "host.printing.administrators": "PRINT_ADMINISTRATORS_ANYBODY",
            "host.printing.announced": "ANNOUNCED",
            "host.printing.file-devices": "FILE_DEVICES_ON",
            "host.snmp.encrypted": "SNMP_COMMUNITY",
            "host.snmp.community": "COMMUNITY_USUAL",
            "host.snmp.limited": "SNMP_WRITES",
            "host.snmp.algorithms": "ALGORITHMS_WEAK",
        },
        args={
            "host.shares.guests": {"shares": ("open",)},
            "host.polkit.password": {"rules": ("%users: org.freedesktop.packagekit.package-install",)},
            "host.snmp.community": {"where": ("/etc/snmp/snmpd.conf:2",)},
            "host.snmp.algorithms": {"algorithms": ("DES", "MD5")},
        },
    ),
    State(
        "resolver-unbound",
        files={
            "/etc/samba/smb.conf": SMB_ODD.encode(),
            "/etc/samba/more.conf": SMB_MORE,
            "/etc/snmp/snmpd.conf": SNMP_ODD,
        },
        before=("systemctl enable smbd snmpd",),
        declares=(LAST,),
        expects={
            "host.backup.result": "RESULT_MISSING",
            "host.polkit.password": "NO_POLKIT",
            "host.shares.signing": "SIGNING_REQUIRED",
            "host.shares.encryption": "SHARES_CLEAR",
            "host.shares.clients": "CLIENTS_LIMITED",
            "host.printing.clients": "NO_PRINT_SERVICE",
            "host.snmp.encrypted": "SNMP_COMMUNITY",
            "host.snmp.community": "COMMUNITY_OWN",
            "host.snmp.limited": "SNMP_LIMITED",
            "host.snmp.algorithms": "ALGORITHMS_NONE",
        },
        args={
            "host.shares.encryption": {"shares": ("more",)},
            "host.snmp.limited": {"where": ("/etc/snmp/snmpd.conf:3",)},
        },
    ),
    State(
        # what a client is called decides on a further file, so nothing can be told
        "odd-ssh",
        boots=False,
        files={"/etc/samba/smb.conf": "[global]\n  include = /etc/samba/smb.conf.%m\n  ntlm auth = yes\n"},
        before=("systemctl enable smbd",),
        undetermined={"host.shares.logins": Reason.UNSUPPORTED, "host.shares.guests": Reason.UNSUPPORTED},
    ),
)
