"""Small trees of Debian and of the Red Hat family for tests of accounts, logins, SSH servers and sudo.

The Red Hat files are written by hand after what authselect 1.2 (profile sssd, with-faillock), openssh-server and crypto-policies of
releases 8 and 9 install; no package of theirs is in reach of these tests.
"""

from __future__ import annotations

from pathlib import Path

from scanner import codec
from scanner.facts.ssh_server import SshServer
from scanner.hosts.linux.ssh_server import ssh_server
from scanner.hosts.machine import AnyCollector
from scanner.model.fact import Evidence, Fact, Observed
from tests.unit.host_trees import Machine

NOW = 1_795_000_000
"""18 November 2026."""
DAY = NOW // 86_400
PASSWD = (
    "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n"
    "taro:x:1000:1000:,,,:/home/taro:/bin/bash\nhanako:x:1001:1001::/home/hanako:\n"
)
SHADOW = (
    f"root:*:{DAY}:0:99999:7:::\ndaemon:*:1:0:99999:7:::\ntaro:$y$j9T$abc$def:{DAY - 30}:0:90:7:30::\n"
    f"hanako:!$6$abc$def:{DAY - 400}:0:99999:7::{DAY - 1}:\n"
)
GROUP = "root:x:0:\ndaemon:x:1:\nsudo:x:27:taro\ntaro:x:1000:\nhanako:x:1001:\n"
DEFS = "UMASK 022\nUID_MIN 1000\nPASS_MAX_DAYS 90\nPASS_MAX_DAYS 99999\nENCRYPT_METHOD SHA512\n"
SYSTEM_AUTH = """auth        required      pam_env.so
auth        required      pam_faildelay.so delay=2000000
auth        required      pam_faillock.so preauth silent
auth        [default=1 ignore=ignore success=ok]         pam_usertype.so isregular
auth        [default=1 ignore=ignore success=ok]         pam_localuser.so
auth        sufficient    pam_unix.so nullok
auth        [default=1 ignore=ignore success=ok]         pam_usertype.so isregular
auth        sufficient    pam_sss.so forward_pass
auth        required      pam_faillock.so authfail
auth        required      pam_deny.so

account     required      pam_faillock.so
account     required      pam_unix.so
account     sufficient    pam_localuser.so
account     sufficient    pam_usertype.so issystem
account     [default=bad success=ok user_unknown=ignore] pam_sss.so
account     required      pam_permit.so

password    requisite     pam_pwquality.so local_users_only
password    sufficient    pam_unix.so sha512 shadow nullok use_authtok
password    [success=1 default=ignore] pam_localuser.so
password    sufficient    pam_sss.so use_authtok
password    required      pam_deny.so

session     optional      pam_keyinit.so revoke
session     required      pam_limits.so
-session    optional      pam_systemd.so
session     [success=1 default=ignore] pam_succeed_if.so service in crond quiet use_uid
session     required      pam_unix.so
session     optional      pam_sss.so
"""
RED_HAT = {
    "/etc/pam.d/system-auth": SYSTEM_AUTH,
    "/etc/pam.d/password-auth": SYSTEM_AUTH,
    "/etc/pam.d/sshd": (
        "auth       substack     password-auth\nauth       include      postlogin\naccount    required     pam_sepermit.so\n"
        "account    required     pam_nologin.so\naccount    include      password-auth\npassword   include      password-auth\n"
        "session    required     pam_loginuid.so\nsession    include      password-auth\nsession    include      postlogin\n"
    ),
    "/etc/pam.d/login": (
        "auth       substack     system-auth\nauth       include      postlogin\naccount    include      system-auth\n"
        "password   include      system-auth\nsession    include      system-auth\n"
    ),
    "/etc/pam.d/postlogin": "session optional pam_umask.so silent\n",
    "/etc/pam.d/passwd": "auth include system-auth\naccount include system-auth\npassword substack system-auth\n",
    "/etc/pam.d/su": "auth required pam_env.so\nauth sufficient pam_rootok.so\nauth substack system-auth\n",
    "/etc/security/faillock.conf": "# deny = 3\neven_deny_root\n",
    "/etc/login.defs": DEFS,
    "/etc/bashrc": "# Set default umask for non-login shell only if it is set to 0\n[ `umask` -eq 0 ] && umask 022\n",
    "/etc/passwd": PASSWD,
    "/etc/shadow": SHADOW,
    "/etc/group": GROUP + "ssh_keys:x:994:\n",
    "/etc/nsswitch.conf": "passwd:     sss files systemd\nsudoers:    files sss\n",
}


def run(collector: AnyCollector, read: Machine) -> Fact:
    """Run a collector; what it gives has to survive being written down."""
    fact = collector.run(read)
    codec.canonical(codec.observation_out(Observed(fact, "2026-11-22T00:00:00Z", (Evidence("a", "b"),)))).decode()
    assert isinstance(fact, Fact)
    return fact


def live(root: Path, dumps: dict[str, str], config: str = "") -> SshServer:
    """A running machine whose sshd prints these."""
    read = Machine(root, True, dumps)
    read.write({"/usr/sbin/sshd": "x", "/etc/ssh/sshd_config": config, "/etc/group": GROUP, "/etc/passwd": PASSWD})
    fact = run(ssh_server, read)
    assert isinstance(fact, SshServer)
    return fact


SUDOERS = "Defaults env_reset\nDefaults use_pty\nroot ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n"
