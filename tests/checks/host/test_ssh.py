"""Cases of the checks of a machine's own SSH server: settings, algorithms, key files."""

from __future__ import annotations

from collections.abc import Mapping

from scanner.facts.login_rules import LoginRules, LoginService
from scanner.facts.readings import FileRights
from scanner.facts.ssh_server import AuthorizedKey, AuthorizedKeys, SshKeyFiles, SshServer, SshSetup, SshValue
from scanner.hosts.linux.sshd_files import KEYWORDS
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

DENIED = Unobserved(Reason.ACCESS_DENIED)
UNSUPPORTED = Unobserved(Reason.UNSUPPORTED)

KEPT: dict[str, tuple[str, ...] | Unobserved] = {
    **{keyword: value or () for keyword, value in KEYWORDS.items()},
    "permitrootlogin": ("no",),
    "passwordauthentication": ("no",),
    "kbdinteractiveauthentication": ("no",),
    "usepam": ("yes",),
    "ciphers": ("aes256-gcm@openssh.com",),
    "macs": ("hmac-sha2-256-etm@openssh.com",),
    "kexalgorithms": ("curve25519-sha256",),
    "hostkeyalgorithms": ("ssh-ed25519",),
    "pubkeyacceptedalgorithms": ("ssh-ed25519",),
}


def setup(match: str = "", user: str = "", **changes: str | tuple[str, ...] | Unobserved) -> SshSetup:
    """What holds for a connection: kept well but for the changes."""
    return _setup(match, user, changes)


def _setup(match: str, user: str, changes: Mapping[str, str | tuple[str, ...] | Unobserved]) -> SshSetup:
    values = {**KEPT, **{k: (v,) if isinstance(v, str) else v for k, v in changes.items()}}
    return SshSetup(match, user, tuple(SshValue(k, v) for k, v in values.items()))


def server(
    *blocks: SshSetup,
    used: bool | Unobserved = True,
    applied: bool | Unobserved | None = True,
    **changes: str | tuple[str, ...] | Unobserved,
) -> SshServer:
    """A server that runs and has read its files."""
    return SshServer(True, used, "9.2", False, (_setup("", "", changes), *blocks), applied)


NO_SERVER = SshServer(False, False, "", True, (), None)
OFF = server(used=False, applied=None)
UNREAD = SshServer(True, True, "9.2", True, DENIED, True)


def absent() -> list[Case]:
    """What every check of the settings says where there is nothing to judge."""
    return [
        case(NO_SERVER, says="NO_SSHD"),
        case(OFF, says="SSHD_OFF"),
        case(UNREAD, outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(server(used=UNSUPPORTED), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(SshServer(DENIED, DENIED, "", True, DENIED, None), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ]


def switch(keyword: str, bad: str, on: str, off: str) -> list[Case]:
    """A keyword whose value is wished to be ``no``, judged in blocks too."""

    def so(value: str | tuple[str, ...] | Unobserved, applied: bool | Unobserved = True) -> SshServer:
        return SshServer(True, True, "9.2", False, (_but(setup(), keyword, value),), applied)

    block = _but(setup("Address 192.0.2.0/24", "root"), keyword, bad)
    return [
        case(so(bad), says=on, args={"where": ("sshd_config",)}),
        case(SshServer(True, True, "9.2", False, (_but(setup(), keyword, "no"), block), True), says=on, args={"where": (PLACE,)}),
        case(so("no"), says=off),
        case(so("no", False), outcome="undetermined", reason=Reason.STALE),
        case(so(bad, False), says=on),
        case(so("no", DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(so(UNSUPPORTED), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(so(()), outcome="undetermined", reason=Reason.UNSUPPORTED),
        *absent(),
    ]


PLACE = "Match Address 192.0.2.0/24"


def _but(of: SshSetup, keyword: str, value: str | tuple[str, ...] | Unobserved) -> SshSetup:
    assert isinstance(of.values, tuple)
    given = (value,) if isinstance(value, str) else value
    return SshSetup(of.match, of.user, tuple(SshValue(v.keyword, given if v.keyword == keyword else v.values) for v in of.values))


def rules(factor: bool | Unobserved) -> LoginRules:
    """PAM's rules with or without a second factor for SSH."""
    return LoginRules((LoginService("sshd", None, False, factor, False, "/etc/pam.d/sshd"),), (), None, None, False)


PLAIN = rules(False)


def files(
    *authorized: AuthorizedKeys,
    host_keys: tuple[FileRights, ...] | Unobserved = (),
    elsewhere: tuple[str, ...] = (),
    group: int | None = None,
) -> SshKeyFiles:
    """Key files."""
    return SshKeyFiles(host_keys, group, authorized, elsewhere)


def keys(*found: AuthorizedKey, uid: int = 1000, mode: int = 0o600, owner: int | None = None) -> AuthorizedKeys:
    """A file of keys in a home of its own."""
    home = "/root" if uid == 0 else "/home/taro"
    rights = (FileRights(f"{home}/.ssh/authorized_keys", mode, uid if owner is None else owner, uid), FileRights(home, 0o700, uid, uid))
    return AuthorizedKeys("root" if uid == 0 else "taro", f"{home}/.ssh/authorized_keys", uid, found, rights)


ED = AuthorizedKey("ssh-ed25519", 256, ())
NO_KEYS = SshKeyFiles(DENIED, None, DENIED, ())
HIDDEN = AuthorizedKeys("taro", "/home/taro/.ssh/authorized_keys", 1000, DENIED, ())

CASES: dict[str, list[Case]] = {
    "host.ssh.root-login": [
        case(server(), says="ROOT_REFUSED"),
        case(server(permitrootlogin="yes", passwordauthentication="yes"), says="ROOT_PASSWORD"),
        case(server(permitrootlogin="yes", kbdinteractiveauthentication="yes"), says="ROOT_PASSWORD"),
        case(server(permitrootlogin="yes"), says="ROOT_KEY"),
        case(server(permitrootlogin="yes", passwordauthentication=UNSUPPORTED), says="ROOT_KEY"),
        case(
            server(permitrootlogin="yes", passwordauthentication=UNSUPPORTED),
            outcome="undetermined",
            reason=Reason.UNSUPPORTED,
            with_={"allowed": "key"},
        ),
        case(server(permitrootlogin="yes", passwordauthentication="yes", authenticationmethods=("publickey,password",)), says="ROOT_KEY"),
        case(server(permitrootlogin="prohibit-password"), says="ROOT_KEY", args={"value": "prohibit-password"}),
        case(server(permitrootlogin="prohibit-password"), says="ROOT_KEY_ALLOWED", with_={"allowed": "key"}),
        case(server(permitrootlogin="forced-commands-only"), says="ROOT_COMMANDS"),
        # what a block grants to root counts, what it grants to others does not
        case(server(setup("Address 192.0.2.0/24", "root", permitrootlogin="yes")), says="ROOT_KEY"),
        case(server(setup("User backup", "backup", permitrootlogin="yes")), says="ROOT_REFUSED"),
        case(server(applied=False), outcome="undetermined", reason=Reason.STALE),
        case(server(SshSetup("Host x", "", UNSUPPORTED)), outcome="undetermined", reason=Reason.UNSUPPORTED),
        *absent(),
    ],
    "host.ssh.password": [
        case(server(), says="PASSWORD_REFUSED"),
        case(server(passwordauthentication="yes"), says="PASSWORD_ENOUGH", args={"ways": ("password",)}),
        case(server(kbdinteractiveauthentication="yes"), says="PASSWORD_ENOUGH", args={"ways": ("keyboard-interactive",)}),
        case(server(passwordauthentication="yes"), says="PASSWORD_ALLOWED", with_={"passwords": "allowed"}),
        case(server(passwordauthentication="yes", authenticationmethods=("publickey,password",)), says="PASSWORD_NEVER_ALONE"),
        case(server(passwordauthentication="yes", authenticationmethods=("publickey,password", "password")), says="PASSWORD_ENOUGH"),
        case(server(setup("User ftp", "ftp", passwordauthentication="yes")), says="PASSWORD_ENOUGH", args={"where": ("Match User ftp",)}),
        case(server(passwordauthentication=UNSUPPORTED), outcome="undetermined", reason=Reason.UNSUPPORTED),
        *absent(),
    ],
    "host.ssh.second-factor": [
        case(server(), PLAIN, says="ONE_PROOF", args={"ways": ("publickey",)}),
        case(
            server(kbdinteractiveauthentication="yes", authenticationmethods=("publickey,keyboard-interactive",)), PLAIN, says="TWO_PROOFS"
        ),
        case(server(authenticationmethods=("publickey,publickey",)), PLAIN, says="ONE_PROOF"),
        case(server(pubkeyauthentication="no", kbdinteractiveauthentication="yes"), rules(True), says="CODE_IN_PAM"),
        case(server(pubkeyauthentication="no", kbdinteractiveauthentication="yes"), PLAIN, says="ONE_PROOF"),
        case(
            server(pubkeyauthentication="no", kbdinteractiveauthentication="yes"),
            rules(DENIED),
            outcome="undetermined",
            reason=Reason.ACCESS_DENIED,
        ),
        case(server(kbdinteractiveauthentication="yes"), rules(DENIED), says="ONE_PROOF", args={"ways": ("publickey",)}),
        case(
            server(pubkeyacceptedalgorithms=("sk-ssh-ed25519@openssh.com",), pubkeyauthoptions=("verify-required",)),
            PLAIN,
            says="KEY_WITH_PIN",
        ),
        case(NO_SERVER, PLAIN, says="NO_SSHD"),
        case(OFF, PLAIN, says="SSHD_OFF"),
    ],
    "host.ssh.empty-password": switch("permitemptypasswords", "yes", "EMPTY_ACCEPTED", "EMPTY_REFUSED"),
    "host.ssh.tries": [
        case(server(maxauthtries="4"), says="TRIES_FEW", args={"tries": 4}),
        case(server(maxauthtries="6"), says="TRIES_MANY", args={"tries": 6, "most": 4}),
        case(server(maxauthtries="6"), says="TRIES_FEW", with_={"most": 6}),
        case(server(setup("User x", "x", maxauthtries="20"), maxauthtries="3"), says="TRIES_MANY", args={"where": ("Match User x",)}),
        case(server(maxauthtries="many"), outcome="undetermined", reason=Reason.PROTOCOL_VIOLATION),
        *absent(),
    ],
    "host.ssh.grace": [
        case(server(logingracetime="60"), says="GRACE_SHORT"),
        case(server(logingracetime="120"), says="GRACE_LONG"),
        case(server(logingracetime="0"), says="GRACE_ENDLESS"),
        case(server(logingracetime=UNSUPPORTED), outcome="undetermined", reason=Reason.UNSUPPORTED),
        *absent(),
    ],
    "host.ssh.host-based": [
        case(server(), says="HOST_NOT_TRUSTED"),
        case(server(hostbasedauthentication="yes"), says="HOST_TRUSTED"),
        case(server(ignorerhosts="no"), says="RHOSTS_READ"),
        case(server(ignorerhosts="shosts-only"), says="HOST_NOT_TRUSTED"),
        case(server(ignorerhosts=UNSUPPORTED), outcome="undetermined", reason=Reason.UNSUPPORTED),
        *absent(),
    ],
    "host.ssh.who": [
        case(server(), says="ANYBODY"),
        case(server(allowgroups=("ssh-users",)), says="NAMED", args={"names": ("ssh-users",)}),
        case(server(allowusers=("taro@192.0.2.*",)), says="NAMED"),
        case(server(allowusers=("*",)), says="ANYBODY"),
        case(server(allowusers=UNSUPPORTED), outcome="undetermined", reason=Reason.UNSUPPORTED),
        *absent(),
    ],
    "host.ssh.x11": [
        case(server(x11forwarding="yes", disableforwarding="yes"), says="X11_OFF"),
        *switch("x11forwarding", "yes", "X11_ON", "X11_OFF"),
    ],
    "host.ssh.forwarding": [
        case(server(allowtcpforwarding="local"), says="FORWARDING_ON", args={"value": "local"}),
        case(server(allowtcpforwarding="yes"), says="FORWARDING_ALLOWED", with_={"forwarding": "allowed"}),
        *switch("allowtcpforwarding", "yes", "FORWARDING_ON", "FORWARDING_OFF"),
    ],
    "host.ssh.agent": switch("allowagentforwarding", "yes", "AGENT_ON", "AGENT_OFF"),
    "host.ssh.tunnel": [
        case(server(gatewayports="clientspecified"), says="TUNNEL_ON", args={"keyword": "GatewayPorts"}),
        *switch("permittunnel", "point-to-point", "TUNNEL_ON", "TUNNEL_OFF"),
    ],
    "host.ssh.idle": [
        case(server(clientaliveinterval="300", clientalivecountmax="3"), says="IDLE_ENDED", args={"seconds": 900}),
        case(server(clientaliveinterval="300", clientalivecountmax="4"), says="IDLE_LONG", args={"seconds": 1200}),
        case(server(), says="IDLE_ENDLESS"),
        case(server(clientaliveinterval="300", clientalivecountmax="0"), says="IDLE_ENDLESS"),
        case(server(clientaliveinterval=UNSUPPORTED), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(server(clientalivecountmax=UNSUPPORTED), outcome="undetermined", reason=Reason.UNSUPPORTED),
        *absent(),
    ],
    "host.ssh.log-level": [
        case(server(), says="LOG_ENOUGH", args={"level": "INFO"}),
        case(server(loglevel="VERBOSE"), says="LOG_ENOUGH"),
        case(server(loglevel="QUIET"), says="LOG_LITTLE"),
        case(server(loglevel="ERROR"), says="LOG_LITTLE"),
        *absent(),
    ],
    "host.ssh.banner": [
        case(server(), says="BANNER_NONE"),
        case(server(banner="/etc/issue.net"), says="BANNER_SHOWN", args={"path": "/etc/issue.net"}),
        *absent(),
    ],
    "host.ssh.environment": [
        case(server(), says="ENVIRONMENT_FIXED"),
        case(server(permituserenvironment="yes"), says="ENVIRONMENT_FREE"),
        case(server(permituserenvironment="LANG,LC_*"), says="ENVIRONMENT_FREE"),
        *absent(),
    ],
    "host.ssh.strict-modes": [
        case(server(), says="MODES_CHECKED"),
        case(server(strictmodes="no"), says="MODES_IGNORED"),
        *absent(),
    ],
    "host.ssh.applied": [
        case(server(), says="FILES_READ"),
        case(server(applied=False), says="FILES_NEWER"),
        case(server(applied=None), says="SSHD_NOT_RUNNING"),
        case(server(applied=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(NO_SERVER, says="NO_SSHD"),
        case(OFF, says="SSHD_OFF"),
    ],
    "host.ssh.pam": [case(server(), says="PAM_ON"), case(server(usepam="no"), says="PAM_OFF"), *absent()],
    "host.ssh.kex": [
        case(server(), says="KEX_SOUND"),
        case(server(kexalgorithms=("curve25519-sha256", "diffie-hellman-group1-sha1")), says="KEX_WEAK"),
        case(server(kexalgorithms=("curve25519-sha256", "diffie-hellman-group14-sha1")), says="KEX_SHA1_KEPT"),
        case(server(kexalgorithms=UNSUPPORTED), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(server(kexalgorithms=()), outcome="undetermined", reason=Reason.UNSUPPORTED),
        *absent(),
    ],
    "host.ssh.ciphers": [
        case(server(), says="CIPHER_SOUND"),
        case(server(ciphers=("aes256-ctr", "arcfour")), says="CIPHER_BROKEN", args={"names": ("arcfour",)}),
        case(server(ciphers=("aes256-ctr", "3des-cbc")), says="CIPHER_3DES"),
        case(server(applied=False), outcome="undetermined", reason=Reason.STALE),
        *absent(),
    ],
    "host.ssh.macs": [
        case(server(), says="MAC_SOUND"),
        case(server(macs=("hmac-sha2-256", "hmac-md5")), says="MAC_WEAK"),
        case(server(macs=("hmac-sha2-256", "hmac-sha1")), says="MAC_SHA1_KEPT"),
        *absent(),
    ],
    "host.ssh.host-key-algorithms": [
        case(server(), says="HOST_KEY_SOUND"),
        case(server(hostkeyalgorithms=("ssh-ed25519", "ssh-dss")), says="HOST_KEY_WEAK"),
        case(server(hostkeyalgorithms=("ssh-ed25519", "ssh-rsa")), says="HOST_KEY_SHA1_KEPT"),
        *absent(),
    ],
    "host.ssh.user-key-algorithms": [
        case(server(), says="USER_KEY_SOUND"),
        case(server(setup("User old", "old", pubkeyacceptedalgorithms=("ssh-dss",))), says="USER_KEY_WEAK"),
        case(server(pubkeyacceptedalgorithms=("ssh-ed25519", "ssh-rsa")), says="USER_KEY_SHA1_KEPT"),
        *absent(),
    ],
    "host.ssh.host-key-files": [
        case(files(host_keys=(FileRights("/etc/ssh/ssh_host_rsa_key", 0o600, 0, 0),)), says="KEYS_CLOSED"),
        case(files(host_keys=(FileRights("/etc/ssh/ssh_host_rsa_key", 0o640, 0, 994),), group=994), says="KEYS_CLOSED"),
        case(files(host_keys=(FileRights("/etc/ssh/ssh_host_rsa_key", 0o640, 0, 100),), group=994), says="KEYS_OPEN"),
        case(files(host_keys=(FileRights("/etc/ssh/ssh_host_rsa_key", 0o644, 0, 0),)), says="KEYS_OPEN"),
        case(files(host_keys=(FileRights("/etc/ssh/ssh_host_rsa_key", 0o600, 1000, 0),)), says="KEYS_OPEN"),
        case(files(), says="KEYS_NONE"),
        case(NO_KEYS, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.ssh.authorized-keys.rights": [
        case(files(keys(ED)), says="AUTHORIZED_CLOSED"),
        case(files(keys(ED, owner=0)), says="AUTHORIZED_CLOSED"),
        case(files(keys(ED, mode=0o664)), says="AUTHORIZED_OPEN"),
        case(files(keys(ED, owner=1001)), says="AUTHORIZED_OPEN"),
        case(files(), says="AUTHORIZED_NONE"),
        case(files(HIDDEN), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(files(elsewhere=("/usr/bin/sss_ssh_authorizedkeys",)), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(NO_KEYS, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.ssh.authorized-keys.strength": [
        case(files(keys(ED)), says="USER_KEYS_STRONG", args={"count": 1}),
        case(files(keys(ED, AuthorizedKey("ssh-rsa", 1024, ()))), says="USER_KEY_SHORT"),
        case(files(keys(AuthorizedKey("ssh-dss", 1024, ()))), says="USER_KEY_SHORT"),
        case(files(keys(AuthorizedKey("ssh-rsa", 2048, ()))), says="USER_KEY_SHORT", with_={"least_rsa_bits": 3072}),
        case(files(), says="USER_KEYS_NONE"),
        case(files(keys(ED), HIDDEN), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(NO_KEYS, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.ssh.authorized-keys.root": [
        case(files(keys(ED, uid=0)), says="ROOT_KEYS_FREE", args={"count": 1}),
        case(files(keys(AuthorizedKey("ssh-ed25519", 256, ("from",)), uid=0)), says="ROOT_KEYS_TIED"),
        case(files(keys(AuthorizedKey("ssh-ed25519", 256, ("command", "restrict")), uid=0)), says="ROOT_KEYS_TIED"),
        case(files(keys(ED)), says="ROOT_KEYS_NONE"),
        case(files(elsewhere=("/etc/keys/%u",)), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(NO_KEYS, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}
