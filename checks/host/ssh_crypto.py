"""Checks of the algorithms that a machine's SSH server is set to offer, against the lists that the network checks use."""

from __future__ import annotations

from collections.abc import Iterable

from checks.common import listed
from checks.each import Judged
from checks.host.ssh_common import NONE_THERE, REMEDY_EN, REMEDY_JA, each_setup
from checks.ssh.lists import CIPHERS, HOST_KEYS, KEX, MACS, Standing, of_standing
from scanner.facts.ssh_server import SshServer, SshSetup
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed

POLICY_JA = "Red Hat 系では「update-crypto-policies --set DEFAULT」以上とする。"
POLICY_EN = 'In the Red Hat family use "update-crypto-policies --set DEFAULT" or a stricter policy. '


def _judge(server: SshServer, keyword: str, table: Iterable[tuple[str, Standing]], tags: tuple[str, str, str]) -> Judgement:
    """Judge a list of algorithms; the tags are for broken ones, for ones kept for old clients, and for neither."""
    weak, kept, sound = tags
    rows = tuple(table)

    def judge(setup: SshSetup) -> Judged:
        names = setup.get(keyword)
        if isinstance(names, Unobserved):
            return names
        if not names:
            return cannot_tell(
                Reason.UNSUPPORTED, "この版の sshd は {keyword} を示さない", "this version of sshd does not tell {keyword}", keyword=keyword
            )
        if broken := of_standing(names, rows, Standing.BROKEN):
            return failed(weak, names=listed(broken))
        if monitored := of_standing(names, rows, Standing.MONITORED):
            return passed(kept, names=listed(monitored))
        return passed(sound)

    # algorithms hold for the whole connection; Match blocks cannot change them, except those for keys of users
    return each_setup(server, judge, wanted=lambda setup: not setup.match or keyword == "pubkeyacceptedalgorithms", worst_first=(kept,))


@check(
    "host.ssh.kex",
    severity=Severity.MEDIUM,
    title=Text(ja="SSH サーバに弱い鍵交換方式を設定しない", en="The SSH server is set to no weak key exchange"),
    why=Text(
        ja="1024 ビットの素数や SHA-1 による鍵交換は、記録した通信を後から解読されるおそれがある（RFC 9142）。",
        en="With primes of 1,024 bits or SHA-1 in the key exchange, recorded traffic may be read later (RFC 9142).",
    ),
    remedy=Text(
        ja="sshd_config の KexAlgorithms から除く。" + POLICY_JA + REMEDY_JA,
        en="Remove them from KexAlgorithms in sshd_config. " + POLICY_EN + REMEDY_EN,
    ),
    says={
        "KEX_WEAK": Text(ja="弱い方式を設定している：{names}（{where}）", en="weak ones are set: {names} ({where})"),
        "KEX_SHA1_KEPT": Text(ja="互換のための方式（{names}）も設定している", en="{names} are kept for old clients"),
        "KEX_SOUND": Text(ja="弱い方式を設定していない", en="no weak one is set"),
        **NONE_THERE,
    },
)
def host_ssh_kex(server: SshServer) -> Judgement:
    return _judge(server, "kexalgorithms", KEX, ("KEX_WEAK", "KEX_SHA1_KEPT", "KEX_SOUND"))


@check(
    "host.ssh.ciphers",
    severity=Severity.HIGH,
    title=Text(ja="SSH サーバに破られた暗号を設定しない", en="The SSH server is set to no broken cipher"),
    why=Text(
        ja="RC4、DES 及び暗号化なしでは、通信の内容が読み取られる（RFC 8758）。",
        en="With RC4, DES or no encryption, traffic can be read (RFC 8758).",
    ),
    remedy=Text(
        ja="sshd_config の Ciphers から除く。" + POLICY_JA + REMEDY_JA,
        en="Remove them from Ciphers in sshd_config. " + POLICY_EN + REMEDY_EN,
    ),
    says={
        "CIPHER_BROKEN": Text(ja="破られた暗号を設定している：{names}（{where}）", en="broken ones are set: {names} ({where})"),
        "CIPHER_3DES": Text(
            ja="運用監視暗号リストの 3DES も設定している：{names}", en="3DES, which is on the monitored list, is set too: {names}"
        ),
        "CIPHER_SOUND": Text(ja="破られた暗号を設定していない", en="no broken one is set"),
        **NONE_THERE,
    },
)
def host_ssh_ciphers(server: SshServer) -> Judgement:
    return _judge(server, "ciphers", CIPHERS, ("CIPHER_BROKEN", "CIPHER_3DES", "CIPHER_SOUND"))


@check(
    "host.ssh.macs",
    severity=Severity.MEDIUM,
    title=Text(ja="SSH サーバに弱い改ざん検知方式を設定しない", en="The SSH server is set to no weak integrity algorithm"),
    why=Text(
        ja="MD5 によるもの及び 96 ビットに切り詰めたものは、改ざんを見逃すおそれがある。",
        en="Those with MD5 or cut to 96 bits may miss changed traffic.",
    ),
    remedy=Text(
        ja="sshd_config の MACs から除く。" + POLICY_JA + REMEDY_JA, en="Remove them from MACs in sshd_config. " + POLICY_EN + REMEDY_EN
    ),
    says={
        "MAC_WEAK": Text(ja="弱い方式を設定している：{names}（{where}）", en="weak ones are set: {names} ({where})"),
        "MAC_SHA1_KEPT": Text(
            ja="運用監視暗号リストの SHA-1 による方式（{names}）も設定している", en="{names} with SHA-1, on the monitored list, are set too"
        ),
        "MAC_SOUND": Text(ja="弱い方式を設定していない", en="no weak one is set"),
        **NONE_THERE,
    },
)
def host_ssh_macs(server: SshServer) -> Judgement:
    return _judge(server, "macs", MACS, ("MAC_WEAK", "MAC_SHA1_KEPT", "MAC_SOUND"))


@check(
    "host.ssh.host-key-algorithms",
    severity=Severity.LOW,
    title=Text(ja="SSH サーバは弱いホスト鍵の方式を使わない", en="The SSH server uses no weak host key algorithm"),
    why=Text(
        ja="DSA の鍵は偽造のおそれがあり、利用者は偽のサーバに気付かない。",
        en="DSA keys may be forged, and users would not notice a false server.",
    ),
    remedy=Text(
        ja="sshd_config の HostKeyAlgorithms から ssh-dss を除く。" + POLICY_JA + REMEDY_JA,
        en="Remove ssh-dss from HostKeyAlgorithms in sshd_config. " + POLICY_EN + REMEDY_EN,
    ),
    says={
        "HOST_KEY_WEAK": Text(ja="弱い方式を設定している：{names}（{where}）", en="weak ones are set: {names} ({where})"),
        "HOST_KEY_SHA1_KEPT": Text(
            ja="SHA-1 の署名（{names}）も互換のため設定している", en="signatures with SHA-1 ({names}) are kept for old clients"
        ),
        "HOST_KEY_SOUND": Text(ja="弱い方式を設定していない", en="no weak one is set"),
        **NONE_THERE,
    },
)
def host_ssh_host_key_algorithms(server: SshServer) -> Judgement:
    return _judge(server, "hostkeyalgorithms", HOST_KEYS, ("HOST_KEY_WEAK", "HOST_KEY_SHA1_KEPT", "HOST_KEY_SOUND"))


@check(
    "host.ssh.user-key-algorithms",
    severity=Severity.MEDIUM,
    title=Text(ja="SSH サーバは利用者の弱い鍵を受け付けない", en="The SSH server accepts no weak keys of users"),
    why=Text(
        ja="DSA の鍵は偽造され、利用者になりすまされるおそれがある。", en="DSA keys may be forged, and somebody else would be let in."
    ),
    remedy=Text(
        ja="sshd_config の PubkeyAcceptedAlgorithms（8.5 より前は PubkeyAcceptedKeyTypes）から ssh-dss を除く。" + POLICY_JA + REMEDY_JA,
        en="Remove ssh-dss from PubkeyAcceptedAlgorithms (PubkeyAcceptedKeyTypes before 8.5) in sshd_config. " + POLICY_EN + REMEDY_EN,
    ),
    says={
        "USER_KEY_WEAK": Text(ja="弱い方式を受け付ける：{names}（{where}）", en="weak ones are accepted: {names} ({where})"),
        "USER_KEY_SHA1_KEPT": Text(
            ja="SHA-1 の署名（{names}）も互換のため受け付ける", en="signatures with SHA-1 ({names}) are kept for old clients"
        ),
        "USER_KEY_SOUND": Text(ja="弱い方式を受け付けない", en="no weak one is accepted"),
        **NONE_THERE,
    },
)
def host_ssh_user_key_algorithms(server: SshServer) -> Judgement:
    return _judge(server, "pubkeyacceptedalgorithms", HOST_KEYS, ("USER_KEY_WEAK", "USER_KEY_SHA1_KEPT", "USER_KEY_SOUND"))
