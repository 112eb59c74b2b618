"""What the checks of SSH servers, accounts, login and password rules and sudo say of machines, worked out from the programs' manuals."""

from __future__ import annotations

from scanner.model.reason import Reason
from tests.lab.hosts.state import State

HASH = "$y$j9T$AdfCk0iV4Iv0q6Zb0eCcZ/$y0dBq4uYpYQ7u9yqk2yL8JqkSjZ2s0r0zVqk0r1oYl8"
"""A password field as yescrypt writes it; nobody knows a password for it."""
OLD_HASH = "$1$saltsalt$q7eJqZkFZ8kR1yqK1u0Z01"
SSHD = "/etc/ssh/sshd_config"
AUTH = """# as pam-auth-update writes it, with pam_faillock(8) around pam_unix
auth	required	pam_faillock.so preauth
auth	[success=1 default=ignore]	pam_unix.so
auth	[default=die]	pam_faillock.so authfail
auth	sufficient	pam_faillock.so authsucc
auth	requisite	pam_deny.so
auth	required	pam_permit.so
"""
ACCOUNT = """account	required	pam_faillock.so
account	[success=1 new_authtok_reqd=done default=ignore]	pam_unix.so
account	requisite	pam_deny.so
account	required	pam_permit.so
account	required	pam_time.so
"""
PASSWORD = """password	requisite	pam_pwquality.so retry=3
password	requisite	pam_pwhistory.so remember=5 use_authtok
password	[success=1 default=ignore]	pam_unix.so obscure use_authtok try_first_pass yescrypt
password	requisite	pam_deny.so
password	required	pam_permit.so
"""
SESSION = """session	[default=1]	pam_permit.so
session	requisite	pam_deny.so
session	required	pam_permit.so
session	optional	pam_umask.so
session	required	pam_unix.so
session	optional	pam_systemd.so
"""
LONG_AGO = (
    'perl -e \'open F, "+<", "/var/log/lastlog"; seek F, 292 * $ARGV[0], 0; '
    'print F pack("l A32 A256", time - 200 * 86400, "pts/0", "192.0.2.9")\' "$(id -u {name})"'
)
"""A login of 200 days ago in lastlog(5)'s own form; lastlog(8) can only write the present time."""


def edit(*changes: tuple[str, str]) -> str:
    """Change keywords in the main file where Debian has them commented out, as an administrator does."""
    return "sed -i " + " ".join(f"-e 's|^#\\?{key} .*|{key} {value}|'" for key, value in changes) + f" {SSHD}"


STATES = (
    State(
        "kept",
        files={
            "/etc/pam.d/common-auth": AUTH,
            "/etc/pam.d/common-account": ACCOUNT,
            "/etc/pam.d/common-password": PASSWORD,
            "/etc/pam.d/common-session": SESSION,
            "/etc/security/faillock.conf": "deny = 5\nunlock_time = 900\neven_deny_root\n",
            "/etc/security/pwquality.conf": "minlen = 12\nminclass = 3\nenforce_for_root\n",
            "/etc/security/limits.d/sessions.conf": "* hard maxlogins 5\n",
            "/etc/security/time.conf": "login;*;!root;Wk0800-2000\n",
            "/etc/sudoers.d/town": "Defaults logfile=/var/log/sudo.log, log_subcmds\nDefaults timestamp_timeout=5\n",
        },
        before=(
            edit(
                ("PermitRootLogin", "no"),
                ("MaxAuthTries", "4"),
                ("LoginGraceTime", "1m"),
                ("PasswordAuthentication", "no"),
                ("AllowAgentForwarding", "no"),
                ("AllowTcpForwarding", "no"),
                ("X11Forwarding", "no"),
                ("ClientAliveInterval", "300"),
                ("ClientAliveCountMax", "3"),
                ("Banner", "/etc/issue.net"),
                ("LogLevel", "VERBOSE"),
            ),
            f"echo 'AllowUsers audit taro' >> {SSHD}",
            "sed -i 's/^UMASK.*/UMASK 027/; s/^PASS_MAX_DAYS.*/PASS_MAX_DAYS 90/' /etc/login.defs",
            "sed -i '1i auth sufficient pam_rootok.so\\nauth required pam_wheel.so use_uid group=sudo' /etc/pam.d/su",
            "useradd -D -f 14",
            f"useradd -m -s /bin/bash -K UID_MIN=1000 -p '{HASH}' taro && usermod -aG sudo taro && chage -M 90 -d \"$(date +%F)\" taro",
            "chmod 700 /root /home/audit /home/taro",
            "usermod -s /usr/sbin/nologin postgres",  # the package gives it a shell
            "chmod 440 /etc/sudoers.d/town",
            (
                "mkdir -p -m 700 /root/.ssh && ssh-keygen -q -t ed25519 -N '' -f /tmp/k "
                "&& sed 's/^/from=\"192.0.2.10\" /' /tmp/k.pub > /root/.ssh/authorized_keys && rm /tmp/k /tmp/k.pub"
            ),
        ),
        values={
            "accounts.administrators": ("taro",),
            "accounts.permitted": ("audit", "taro"),
            "password.most-days": 90,
        },
        expects={
            "host.ssh.root-login": "ROOT_REFUSED",
            "host.ssh.password": "PASSWORD_REFUSED",
            "host.ssh.second-factor": "ONE_PROOF",
            "host.ssh.empty-password": "EMPTY_REFUSED",
            "host.ssh.tries": "TRIES_FEW",
            "host.ssh.grace": "GRACE_SHORT",
            "host.ssh.host-based": "HOST_NOT_TRUSTED",
            "host.ssh.who": "NAMED",
            "host.ssh.x11": "X11_OFF",
            "host.ssh.forwarding": "FORWARDING_OFF",
            "host.ssh.agent": "AGENT_OFF",
            "host.ssh.tunnel": "TUNNEL_OFF",
            "host.ssh.idle": "IDLE_ENDED",
            "host.ssh.log-level": "LOG_ENOUGH",
            "host.ssh.banner": "BANNER_SHOWN",
            "host.ssh.environment": "ENVIRONMENT_FIXED",
            "host.ssh.strict-modes": "MODES_CHECKED",
            "host.ssh.applied": "FILES_READ",
            "host.ssh.pam": "PAM_ON",
            "host.ssh.kex": "KEX_SOUND",
            "host.ssh.ciphers": "CIPHER_SOUND",
            "host.ssh.macs": "MAC_SHA1_KEPT",
            "host.ssh.host-key-algorithms": "HOST_KEY_SOUND",
            "host.ssh.user-key-algorithms": "USER_KEY_SOUND",
            "host.ssh.host-key-files": "KEYS_CLOSED",
            "host.ssh.authorized-keys.rights": "AUTHORIZED_CLOSED",
            "host.ssh.authorized-keys.strength": "USER_KEYS_STRONG",
            "host.ssh.authorized-keys.root": "ROOT_KEYS_TIED",
            "host.accounts.root": "ROOT_ONE",
            "host.accounts.unique": "UNIQUE",
            "host.accounts.empty-password": "PASSWORD_NOT_EMPTY",
            "host.accounts.hash": "STORED_STRONG",
            "host.accounts.default": "DEFAULT_NONE",
            "host.accounts.system-shells": "SHELLS_NONE",
            "host.accounts.password-age": "AGE_WITHIN",
            "host.accounts.closing": "CLOSING_SET",
            "host.accounts.homes": "HOMES_CLOSED",
            "host.accounts.trust-files": "TRUST_NONE",
            "host.accounts.permitted": "ACCOUNTS_KNOWN",
            "host.accounts.administrators": "ADMINISTRATORS_KNOWN",
            "host.accounts.root-password": "ROOT_LOCKED",
            "host.login.lockout": "LOCKOUT_WITHIN",
            "host.login.lockout-administrator": "ADMINISTRATOR_LOCKED",
            "host.login.empty-password": "EMPTY_REFUSED",
            "host.login.second-factor": "FACTOR_ONE",
            "host.login.become": "BECOME_RESTRICTED",
            "host.login.umask": "MASK_TIGHT",
            "host.login.sessions": "SESSIONS_FEW",
            "host.login.hours": "HOURS_SET",
            "host.password.length": "LENGTH_ENOUGH",
            "host.password.classes": "CLASSES_ENOUGH",
            "host.password.guessable": "DICTIONARY_USED",
            "host.password.administrator": "ADMINISTRATOR_BOUND",
            "host.password.history": "HISTORY_KEPT",
            "host.password.hash": "HASH_STRONG",
            "host.password.days": "DAYS_SET",
            "host.password.closing": "NEW_CLOSE",
            "host.password.warning": "WARNING_GIVEN",
            "host.sudo.everything": "NAMED_ONLY",
            "host.sudo.exceptions": "EXCEPTION_NONE",
            "host.sudo.own-password": "OWN_PASSWORD",
            "host.sudo.pty": "PTY_ON",
            "host.sudo.log": "SUDO_LOGGED",
            "host.sudo.recording": "RECORDING_ON",
            "host.sudo.timeout": "TIMEOUT_SHORT",
            "host.sudo.environment": "ENVIRONMENT_RESET",
            "host.sudo.files": "RULES_CLOSED",
        },
        args={
            "host.login.lockout": {"found": 5},
            "host.password.length": {"found": 12},
            "host.sudo.log": {"places": ("syslog", "/var/log/sudo.log")},
            "host.sudo.timeout": {"minutes": 5},
            "host.ssh.idle": {"seconds": 900},
        },
    ),
    State(
        "bad",
        files={
            # sshd_config(5): of a keyword's lines the first counts, and Debian's main file includes this directory first of all
            "/etc/ssh/sshd_config.d/00-local.conf": (
                "PermitRootLogin yes\nPasswordAuthentication yes\nPermitEmptyPasswords yes\nMaxAuthTries 10\nLoginGraceTime 0\n"
                "HostbasedAuthentication yes\nPermitTunnel yes\nLogLevel QUIET\nPermitUserEnvironment yes\nStrictModes no\n"
                "KexAlgorithms +diffie-hellman-group1-sha1\nMACs +hmac-md5\nHostKeyAlgorithms +ssh-dss\n"
                "PubkeyAcceptedAlgorithms +ssh-dss\nCiphers +3des-cbc\n"
            ),
            "/etc/sudoers.d/90-local": (
                "hanako ALL=(ALL:ALL) NOPASSWD: ALL\nALL ALL=(ALL) ALL\njiro ALL=(ALL) ALL, !/bin/su\nDefaults !syslog, !use_pty\n"
                'Defaults timestamp_timeout=-1\nDefaults env_keep += "LD_PRELOAD"\n'
            ),
            "/etc/hosts.equiv": "trusted.example.jp\n",
        },
        before=(
            "pam-auth-update --package --remove pwquality && sed -i 's/yescrypt/md5/' /etc/pam.d/common-password",
            "useradd -o -u 0 -g 0 -M -d /root -s /bin/bash -p '!' toor",
            "useradd -m -u 1500 -s /bin/bash hanako && useradd -m -o -u 1500 -s /bin/bash jiro",
            f"useradd -m -s /bin/bash test && passwd -d test && useradd -m -s /bin/bash -p '{OLD_HASH}' old",
            f"usermod -s /bin/bash -p '{HASH}' games && usermod -p '{HASH}' root && usermod -p '{HASH}' hanako",
            "chage -d 2020-01-01 old && usermod -aG sudo hanako && chmod 777 /home/old && touch /home/hanako/.rhosts",
            LONG_AGO.format(name="old"),
            "chmod 444 /etc/sudoers.d/90-local && chmod 644 /etc/ssh/ssh_host_rsa_key",
            (
                "mkdir -p -m 700 /root/.ssh /home/test/.ssh && ssh-keygen -q -t rsa -b 1024 -N '' -f /tmp/k "
                "&& cp /tmp/k.pub /root/.ssh/authorized_keys && mv /tmp/k.pub /home/test/.ssh/authorized_keys && rm /tmp/k"
            ),
            "chmod 666 /home/test/.ssh/authorized_keys && chown -R test: /home/test/.ssh",
        ),
        values={
            "accounts.administrators": ("taro",),
            "accounts.permitted": ("audit", "taro"),
            "password.most-days": 90,
        },
        expects={
            "host.ssh.root-login": "ROOT_PASSWORD",
            "host.ssh.password": "PASSWORD_ENOUGH",
            "host.ssh.second-factor": "ONE_PROOF",
            "host.ssh.empty-password": "EMPTY_ACCEPTED",
            "host.ssh.tries": "TRIES_MANY",
            "host.ssh.grace": "GRACE_ENDLESS",
            "host.ssh.host-based": "HOST_TRUSTED",
            "host.ssh.who": "ANYBODY",
            "host.ssh.x11": "X11_ON",
            "host.ssh.forwarding": "FORWARDING_ON",
            "host.ssh.agent": "AGENT_ON",
            "host.ssh.tunnel": "TUNNEL_ON",
            "host.ssh.idle": "IDLE_ENDLESS",
            "host.ssh.log-level": "LOG_LITTLE",
            "host.ssh.banner": "BANNER_NONE",
            "host.ssh.environment": "ENVIRONMENT_FREE",
            "host.ssh.strict-modes": "MODES_IGNORED",
            "host.ssh.kex": "KEX_WEAK",
            # no cipher that is broken is left in OpenSSH; 3DES is the worst that can be set
            "host.ssh.ciphers": "CIPHER_3DES",
            "host.ssh.macs": "MAC_WEAK",
            "host.ssh.host-key-algorithms": "HOST_KEY_WEAK",
            "host.ssh.user-key-algorithms": "USER_KEY_WEAK",
            "host.ssh.host-key-files": "KEYS_OPEN",
            "host.ssh.authorized-keys.rights": "AUTHORIZED_OPEN",
            "host.ssh.authorized-keys.strength": "USER_KEY_SHORT",
            "host.ssh.authorized-keys.root": "ROOT_KEYS_FREE",
            "host.accounts.root": "ROOT_SEVERAL",
            "host.accounts.unique": "SHARED",
            "host.accounts.empty-password": "PASSWORD_EMPTY",
            "host.accounts.hash": "STORED_WEAK",
            "host.accounts.default": "DEFAULT_OPEN",
            "host.accounts.idle": "IDLE_LONG",
            "host.accounts.system-shells": "SHELLS_OPEN",
            "host.accounts.password-age": "AGE_OVER",
            "host.accounts.closing": "CLOSING_OPEN",
            "host.accounts.homes": "HOMES_WRITABLE",
            "host.accounts.trust-files": "TRUST_FOUND",
            "host.accounts.permitted": "ACCOUNTS_UNKNOWN",
            "host.accounts.administrators": "ADMINISTRATORS_UNKNOWN",
            "host.accounts.root-password": "ROOT_OPEN",
            "host.login.lockout": "LOCKOUT_NONE",
            "host.login.lockout-administrator": "LOCKOUT_ABSENT",
            "host.login.empty-password": "EMPTY_ACCEPTED",
            "host.login.second-factor": "FACTOR_ONE",
            "host.login.become": "BECOME_ANYBODY",
            "host.login.umask": "MASK_LOOSE",
            "host.login.sessions": "SESSIONS_ENDLESS",
            "host.login.hours": "HOURS_ANY",
            "host.password.length": "LENGTH_SHORT",
            "host.password.classes": "CLASSES_FREE",
            "host.password.guessable": "DICTIONARY_UNUSED",
            "host.password.administrator": "ADMINISTRATOR_FREE",
            "host.password.history": "HISTORY_NONE",
            "host.password.hash": "HASH_WEAK",
            "host.password.days": "DAYS_ENDLESS",
            "host.password.closing": "NEW_OPEN",
            "host.password.warning": "WARNING_NONE",
            "host.sudo.password": "PASSWORD_SKIPPED",
            "host.sudo.everything": "EVERYBODY_EVERYTHING",
            "host.sudo.exceptions": "EXCEPTION_VAIN",
            "host.sudo.pty": "PTY_OFF",
            "host.sudo.log": "SUDO_UNLOGGED",
            "host.sudo.recording": "RECORDING_OFF",
            "host.sudo.timeout": "TIMEOUT_ENDLESS",
            "host.sudo.environment": "ENVIRONMENT_KEPT",
            "host.sudo.files": "RULES_READABLE",
        },
        args={
            "host.password.length": {"found": 6},
            "host.accounts.idle": {"names": ("old (200)",)},
            "host.accounts.root": {"names": ("root", "toor")},
            "host.ssh.kex": {"names": ("diffie-hellman-group1-sha1",)},
        },
    ),
    State(
        # sshd_config(5): Windows line ends, any case, quotations, "=" before a value, Include where it stands, first value, Match
        "odd-ssh",
        boots=False,
        files={
            SSHD: (
                "# kept on Windows\r\ninclude sshd_config.d/*.conf\r\npermitrootlogin yes\r\nPASSWORDAUTHENTICATION no\r\n"
                "PasswordAuthentication yes\r\n#PermitEmptyPasswords yes\r\nKbdInteractiveAuthentication no\r\nX11Forwarding no\r\n"
                "MaxAuthTries=3\r\nLoginGraceTime 45s\r\nUsePAM no\r\nAllowTcpForwarding no\r\n"
                "Match Address 192.0.2.0/24\r\n\tPasswordAuthentication yes\r\n"
                "Match User root Address 198.51.100.0/24\r\n\tPermitRootLogin yes\r\n"
                'Match Group "web" \r\n\tAllowTcpForwarding local\r\n'
                "Match all\r\n\tBanner /etc/issue.net\r\n"
            ),
            "/etc/ssh/sshd_config.d/10-root.conf": 'PermitRootLogin "no"\n',
            "/etc/ssh/sshd_config.d/20-root.conf": "PermitRootLogin yes\n",
            # the pattern of the include does not fit this name
            "/etc/ssh/sshd_config.d/30-empty.conf.bak": "PermitEmptyPasswords yes\n",
        },
        before=("usermod -p '*' audit && groupadd web && useradd -m -G web -s /bin/bash webmaster && chmod 777 /etc/sudoers.d",),
        expects={
            "host.ssh.root-login": "ROOT_KEY",
            "host.ssh.password": "PASSWORD_ENOUGH",
            "host.ssh.empty-password": "EMPTY_REFUSED",
            "host.ssh.tries": "TRIES_FEW",
            "host.ssh.grace": "GRACE_SHORT",
            "host.ssh.forwarding": "FORWARDING_ON",
            "host.ssh.pam": "PAM_OFF",
            "host.sudo.files": "RULES_OPEN",
            "host.ssh.banner": "BANNER_SHOWN",
        },
        args={
            "host.ssh.root-login": {"where": ("Match User root Address 198.51.100.0/24",)},
            "host.ssh.password": {"where": ("Match Address 192.0.2.0/24",)},
            "host.ssh.forwarding": {"where": ("Match Group web",)},
            "host.ssh.grace": {"seconds": 45},
        },
    ),
    State(
        # later lines win in login.defs, sudoers and pwquality, whose main file comes after its directory and before the arguments of PAM
        "odd-login",
        boots=False,
        files={
            "/etc/pam.d/login": (
                # behind the include it would never be asked: authsucc is sufficient there
                "auth requisite pam_google_authenticator.so\n@include common-auth\n"
                "@include common-account\n@include common-session\n@include common-password\n"
            ),
            "/etc/pam.d/common-auth": AUTH,
            "/etc/security/faillock.conf": "# deny = 3\ndeny = 20\n",
            "/etc/security/pwquality.conf": "minlen = 9\n",
            "/etc/security/pwquality.conf.d/10-long.conf": "minlen = 20\nminclass = 4\ndcredit = 1\n",
            "/etc/sudoers.d/10-aliases": (
                "User_Alias OPERATORS = jiro, \\\n\thanako\nCmnd_Alias SHELLS = /bin/sh, /bin/bash\nOPERATORS ALL = (root) SHELLS\n"
                "Defaults:hanako !authenticate\nDefaults:hanako authenticate\nDefaults rootpw, timestamp_timeout = 60\nDefaults !use_pty\n"
            ),
            # sudoers(5): names with a dot are passed over
            "/etc/sudoers.d/90-old.rpmsave": "jiro ALL=(ALL) NOPASSWD: ALL\n",
        },
        before=(
            "printf 'PASS_MAX_DAYS 60\\nPASS_MAX_DAYS 99999\\n' >> /etc/login.defs",
            # PAM's modules take the first line of login.defs, shadow's programs the last
            (
                "sed -i '1i UMASK 027' /etc/login.defs && sed -i 's/^session.*pam_unix.so.*/&\\nsession optional pam_umask.so/' "
                "/etc/pam.d/common-session"
            ),
            "useradd -m -s /bin/bash jiro && useradd -m -s /bin/bash hanako && chmod 440 /etc/sudoers.d/10-aliases",
            edit(("AuthenticationMethods", "x")) + " && printf 'AuthenticationMethods publickey,keyboard-interactive:pam\\n' "
            f">> {SSHD} && sed -i 's/^KbdInteractiveAuthentication.*/KbdInteractiveAuthentication yes/' {SSHD}",
            "sed -i 's/^password.*pam_pwquality.*/password requisite pam_pwquality.so retry=3 minlen=11/' /etc/pam.d/common-password",
        ),
        after=(f"touch -d '+1 hour' {SSHD}",),
        values={"password.most-days": 90},
        expects={
            "host.ssh.applied": "FILES_NEWER",
            "host.login.second-factor": "FACTOR_TWO",
            "host.login.lockout": "LOCKOUT_LATE",
            "host.login.lockout-administrator": "ADMINISTRATOR_EXEMPT",
            "host.login.umask": "MASK_TIGHT",
            "host.password.length": "LENGTH_ENOUGH",
            "host.password.classes": "CLASSES_ENOUGH",
            "host.password.days": "DAYS_ENDLESS",
            "host.sudo.password": "PASSWORD_ASKED",
            "host.sudo.own-password": "OTHERS_PASSWORD",
            "host.sudo.timeout": "TIMEOUT_LONG",
            "host.sudo.pty": "PTY_OFF",
            "host.accounts.homes": "HOMES_READABLE",
        },
        # the files are newer than what the running server has read, so that nothing is known to be in force
        undetermined={},
        args={"host.password.length": {"found": 10}, "host.login.lockout": {"found": 20}},
    ),
    State(
        # Debian 13 as it is installed but for one line: OpenSSH 10, sudo 1.9.16, no lastlog
        "newer",
        tree="trixie",
        boots=False,
        before=("sed -i '/use_pty/d' /etc/sudoers",),
        expects={
            "host.ssh.root-login": "ROOT_KEY",
            "host.ssh.kex": "KEX_SOUND",
            "host.ssh.ciphers": "CIPHER_SOUND",
            "host.ssh.applied": "FILES_READ",
            "host.password.hash": "HASH_STRONG",
            "host.password.length": "LENGTH_SHORT",
            "host.login.lockout": "LOCKOUT_NONE",
            # sudoers(5): on by default since 1.9.14
            "host.sudo.pty": "PTY_ON",
            "host.sudo.password": "PASSWORD_ASKED",
        },
        # the one account that logs in has a key, whose use leaves no record
        undetermined={"host.accounts.idle": Reason.UNSUPPORTED},
    ),
)
