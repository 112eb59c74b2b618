"""Checks of the key files of a machine's SSH server: its own keys, and the keys that open accounts."""

from __future__ import annotations

from typing import Annotated

from checks.common import listed
from checks.ssh.keys import SSH_LEAST_RSA_BITS
from scanner.facts.ssh_server import AuthorizedKey, AuthorizedKeys, SshKeyFiles
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

ROOT = frozenset({0})


@check(
    "host.ssh.host-key-files",
    severity=Severity.HIGH,
    title=Text(ja="SSH サーバの秘密鍵を root だけが読める", en="Only root may read the SSH server's secret keys"),
    why=Text(
        ja="秘密鍵を読めた者は、このサーバになりすまし、利用者のパスワードを集められる。",
        en="Whoever reads them can pose as this server and collect passwords.",
    ),
    remedy=Text(
        ja="「chown root /etc/ssh/ssh_host_*_key; chmod 600 /etc/ssh/ssh_host_*_key」とする。読まれたおそれがあれば作り直す。",
        en='Run "chown root /etc/ssh/ssh_host_*_key; chmod 600 /etc/ssh/ssh_host_*_key"; make new keys where they may have been read.',
    ),
    says={
        "KEYS_OPEN": Text(ja="root 以外が読み書きできる：{paths}", en="others than root may read or write {paths}"),
        "KEYS_CLOSED": Text(ja="root だけが読める（{count} 個）", en="only root may read them ({count})"),
        "KEYS_NONE": Text(ja="ホスト鍵がない", en="there are no host keys"),
    },
)
def host_ssh_host_key_files(files: SshKeyFiles) -> Judgement:
    if isinstance(files.host_keys, Unobserved):
        return files.host_keys
    if not files.host_keys:
        return not_applicable("KEYS_NONE")
    # in the Red Hat family a group without members may read them, for the program that signs for host-based logins
    open_ = [k for k in files.host_keys if k.loose(0o640 if files.key_group is not None and k.gid == files.key_group else 0o600)]
    if open_:
        return failed("KEYS_OPEN", paths=listed(f"{k.path} ({k.mode:04o}, uid {k.uid})" for k in open_))
    return passed("KEYS_CLOSED", count=len(files.host_keys))


def _elsewhere(files: SshKeyFiles) -> Unobserved | None:
    if not files.elsewhere:
        return None
    return cannot_tell(
        Reason.UNSUPPORTED,
        "鍵は別の場所からも読まれるため、全体を見ていない：{places}",
        "keys are also taken from elsewhere, which was not looked at: {places}",
        places=listed(files.elsewhere),
    )


def _keys(files: SshKeyFiles) -> tuple[list[tuple[AuthorizedKeys, AuthorizedKey]], Unobserved | None]:
    """Give every key that was seen, and why some were not."""
    if isinstance(files.authorized, Unobserved):
        return [], files.authorized
    unseen = next((f.keys for f in files.authorized if isinstance(f.keys, Unobserved)), None)
    return [(f, key) for f in files.authorized if not isinstance(f.keys, Unobserved) for key in f.keys], unseen or _elsewhere(files)


@check(
    "host.ssh.authorized-keys.rights",
    severity=Severity.HIGH,
    title=Text(ja="authorized_keys を本人だけが書き換えられる", en="Only the account itself may write its authorized_keys"),
    why=Text(
        ja="他者が書き換えられると、鍵を加えてその利用者としてログインできる。",
        en="Others who may write it can add a key of their own and log in as that account.",
    ),
    remedy=Text(
        ja="「chmod go-w ~ ~/.ssh ~/.ssh/authorized_keys」とし、所有者を本人又は root とする。",
        en='Run "chmod go-w ~ ~/.ssh ~/.ssh/authorized_keys" and let the account or root own them.',
    ),
    says={
        "AUTHORIZED_OPEN": Text(ja="他者が書き換えられる：{paths}", en="others may write {paths}"),
        "AUTHORIZED_CLOSED": Text(ja="本人だけが書き換えられる（{count} 個）", en="only the account itself may write them ({count})"),
        "AUTHORIZED_NONE": Text(ja="authorized_keys がない", en="there are none"),
    },
)
def host_ssh_authorized_keys_rights(files: SshKeyFiles) -> Judgement:
    if isinstance(files.authorized, Unobserved):
        return files.authorized
    open_ = [w for f in files.authorized for w in f.writers if w.loose(0o755, ROOT | {f.uid})]
    if open_:
        return failed("AUTHORIZED_OPEN", paths=listed(f"{w.path} ({w.mode:04o}, uid {w.uid})" for w in open_))
    _, unseen = _keys(files)
    if unseen is not None:
        return unseen
    return passed("AUTHORIZED_CLOSED", count=len(files.authorized)) if files.authorized else not_applicable("AUTHORIZED_NONE")


@check(
    "host.ssh.authorized-keys.strength",
    severity=Severity.MEDIUM,
    title=Text(ja="ログインを認める鍵の強度が十分である", en="Keys that open accounts are strong enough"),
    why=Text(ja="弱い鍵は計算で求められ、その利用者としてログインされる。", en="Weak keys can be computed, and others log in with them."),
    remedy=Text(
        ja="該当する行を除き、利用者に「ssh-keygen -t ed25519」又は RSA {least_rsa_bits} ビット以上の鍵を作らせる。",
        en='Remove those lines and let users make keys by "ssh-keygen -t ed25519", or RSA keys of {least_rsa_bits} bits or more.',
    ),
    says={
        "USER_KEY_SHORT": Text(ja="弱い鍵がある：{keys}", en="there are weak keys: {keys}"),
        "USER_KEYS_STRONG": Text(ja="{count} 個の鍵は全て十分な強度である", en="all {count} keys are strong enough"),
        "USER_KEYS_NONE": Text(ja="ログインを認める鍵がない", en="no key opens an account"),
    },
)
def host_ssh_authorized_keys_strength(
    files: SshKeyFiles, *, least_rsa_bits: Annotated[int, SSH_LEAST_RSA_BITS] = SSH_LEAST_RSA_BITS.default
) -> Judgement:
    keys, unseen = _keys(files)
    weak = [(f, k) for f, k in keys if k.type.startswith("ssh-dss") or (k.type.startswith("ssh-rsa") and 0 < k.bits < least_rsa_bits)]
    if weak:
        return failed("USER_KEY_SHORT", keys=listed(f"{f.account}: {k.type} {k.bits} bit" for f, k in weak))
    if unseen is not None:
        return unseen
    return passed("USER_KEYS_STRONG", count=len(keys)) if keys else not_applicable("USER_KEYS_NONE")


@check(
    "host.ssh.authorized-keys.root",
    severity=Severity.MEDIUM,
    title=Text(ja="root を開く鍵は接続元又はコマンドを限る", en="Keys that open root are tied to a source or a command"),
    why=Text(
        ja="制限のない鍵が一つ漏れると、どこからでも root として操作される。",
        en="One such key that leaks makes its finder root from anywhere.",
    ),
    remedy=Text(
        ja='行の初めに「from="192.0.2.10"」又は「command="…",restrict」を書くか、鍵を除く。',
        en='Begin the line with from= and an address list, or with command= and "restrict"; or remove the key.',
    ),
    says={
        "ROOT_KEYS_FREE": Text(ja="制限のない鍵が {count} 個ある（{paths}）", en="{count} keys have no such limit ({paths})"),
        "ROOT_KEYS_TIED": Text(ja="{count} 個の鍵は全て制限されている", en="all {count} keys are limited"),
        "ROOT_KEYS_NONE": Text(ja="root を開く鍵がない", en="no key opens root"),
    },
)
def host_ssh_authorized_keys_root(files: SshKeyFiles) -> Judgement:
    keys, unseen = _keys(files)
    of_root = [(f, k) for f, k in keys if f.uid == 0]
    free = [(f, k) for f, k in of_root if not {"from", "command"} & set(k.options)]
    if free:
        return failed("ROOT_KEYS_FREE", count=len(free), paths=listed(f.path for f, _ in free))
    if unseen is not None:
        return unseen
    return passed("ROOT_KEYS_TIED", count=len(of_root)) if of_root else not_applicable("ROOT_KEYS_NONE")
