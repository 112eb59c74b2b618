"""Checks of the algorithms that an SSH service offers: versions, key exchange, ciphers, integrity, compression."""

from __future__ import annotations

from fnmatch import fnmatchcase

from checks.common import listed
from checks.each import Judged
from checks.ssh.common import each, each_offer
from checks.ssh.lists import CIPHERS, HOST_KEYS, HYBRID, KEX, MACS, Standing, of_standing
from scanner.facts.ssh import SshAddress, SshOffer, SshSurvey
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed


@check(
    "ssh.protocol.two",
    severity=Severity.HIGH,
    title=Text(ja="SSH のプロトコルは第2版だけとする", en="Only version 2 of the SSH protocol is spoken"),
    why=Text(
        ja="第1版は通信の改ざんを見つけられず、暗号も古い。",
        en="Version 1 does not detect changed traffic, and its ciphers are out of date.",
    ),
    remedy=Text(
        ja="サーバの設定から第1版を除き（OpenSSH 7.4 以降には無い）、古い製品は更新する。",
        en="Take version 1 out of the server's configuration (OpenSSH has none since 7.4) and replace old products.",
    ),
    says={
        "OLD_PROTOCOL": Text(ja="{address} が第1版を受け付ける（SSH-{protocol}）", en="{address} accepts version 1 (SSH-{protocol})"),
        "VERSION_TWO": Text(ja="第2版だけを受け付ける", en="only version 2 is accepted"),
    },
)
def ssh_protocol_two(survey: SshSurvey) -> Judgement:
    def one(seen: SshAddress) -> Judged:
        if isinstance(seen.offer, Unobserved):
            return seen.offer
        if seen.offer.protocol != "2.0":
            return failed("OLD_PROTOCOL", protocol=seen.offer.protocol)
        return passed("VERSION_TWO")

    return each(survey, one)


@check(
    "ssh.kex.strong",
    severity=Severity.MEDIUM,
    title=Text(ja="弱い鍵交換方式を提供しない", en="No weak key exchange is offered"),
    why=Text(
        ja="1024 ビットの素数や SHA-1 による鍵交換は、記録した通信を後から解読されるおそれがある（RFC 9142）。",
        en="With primes of 1,024 bits or SHA-1 in the key exchange, recorded traffic may be read later (RFC 9142).",
    ),
    remedy=Text(
        ja="sshd_config の KexAlgorithms から除く（例：「KexAlgorithms curve25519-sha256,ecdh-sha2-nistp384」）。",
        en='Remove them from KexAlgorithms in sshd_config ("KexAlgorithms curve25519-sha256,ecdh-sha2-nistp384").',
    ),
    says={
        "KEX_WEAK": Text(ja="{address} が弱い鍵交換方式を提供する：{names}", en="{address} offers weak key exchange: {names}"),
        "KEX_SHA1_KEPT": Text(
            ja="互換のための方式（{names}）も提供する。強い方式があれば使われない", en="it also offers {names}, kept for old clients"
        ),
        "KEX_STRONG": Text(ja="弱い鍵交換方式を提供しない", en="no weak key exchange is offered"),
    },
)
def ssh_kex_strong(survey: SshSurvey) -> Judgement:
    def one(offer: SshOffer) -> Judged:
        if weak := of_standing(offer.kex, KEX, Standing.BROKEN):
            return failed("KEX_WEAK", names=listed(weak))
        if kept := of_standing(offer.kex, KEX, Standing.MONITORED):
            return passed("KEX_SHA1_KEPT", names=listed(kept))
        return passed("KEX_STRONG")

    return each_offer(survey, one, worst_first=("KEX_SHA1_KEPT",))


@check(
    "ssh.kex.prime",
    severity=Severity.MEDIUM,
    title=Text(ja="鍵交換の素数は 2048 ビット以上とする", en="Primes for key exchange have 2,048 bits or more"),
    why=Text(
        ja="サーバが選ぶ素数（group-exchange）が短いと、鍵交換が破られるおそれがある。",
        en="Where the server chooses a short prime (group exchange), the key exchange can be broken.",
    ),
    remedy=Text(
        ja="/etc/ssh/moduli から、第5列が 2047 に満たない行を除く。",
        en="Remove the lines whose fifth column is below 2047 from /etc/ssh/moduli.",
    ),
    says={
        "PRIME_SHORT": Text(ja="{address} が {bits} ビットの素数を示した", en="{address} gave a prime of {bits} bits"),
        "PRIME_LONG": Text(
            ja="1024 ビットを求めても {bits} ビットの素数を示した", en="it gave a prime of {bits} bits, though 1,024 were asked for"
        ),
        "PRIME_FIXED": Text(ja="素数をサーバが選ぶ方式を提供しない", en="no method is offered in which the server chooses the prime"),
    },
)
def ssh_kex_prime(survey: SshSurvey) -> Judgement:
    def one(seen: SshAddress) -> Judged:
        if isinstance(seen.offer, Unobserved):
            return seen.offer
        if isinstance(seen.gex_bits, Unobserved):
            return seen.gex_bits
        if seen.gex_bits is None:
            return passed("PRIME_FIXED")
        return failed("PRIME_SHORT", bits=seen.gex_bits) if seen.gex_bits < 2048 else passed("PRIME_LONG", bits=seen.gex_bits)

    return each(survey, one, worst_first=("PRIME_LONG",))


@check(
    "ssh.kex.post-quantum",
    severity=Severity.INFO,
    title=Text(ja="耐量子計算機暗号との併用方式", en="Key exchange that withstands quantum computers"),
    why=Text(
        ja="いま記録された通信が将来解読されることを防ぐ。提供しないことは違反ではない。",
        en="It keeps traffic recorded today from being read in the future. Not to offer it is no violation.",
    ),
    remedy=Text(ja="OpenSSH 9.9 以降に更新すると mlkem768x25519-sha256 が使える。", en="OpenSSH 9.9 and later have mlkem768x25519-sha256."),
    says={
        "HYBRID_OFFERED": Text(ja="併用方式を提供する：{names}", en="it offers {names}"),
        "HYBRID_ABSENT": Text(ja="併用方式は提供しない", en="it offers none"),
    },
)
def ssh_kex_post_quantum(survey: SshSurvey) -> Judgement:
    def one(offer: SshOffer) -> Judged:
        hybrid = [name for name in offer.kex if any(fnmatchcase(name, pattern) for pattern in HYBRID)]
        return passed("HYBRID_OFFERED", names=listed(hybrid)) if hybrid else not_applicable("HYBRID_ABSENT")

    return each_offer(survey, one)


@check(
    "ssh.ciphers.strong",
    severity=Severity.HIGH,
    title=Text(ja="破られた暗号を提供しない", en="No broken cipher is offered"),
    why=Text(
        ja="RC4、DES 及び暗号化なしでは、通信の内容が読み取られる（RFC 8758）。",
        en="With RC4, DES or no encryption, traffic can be read (RFC 8758).",
    ),
    remedy=Text(
        ja="sshd_config の Ciphers から除く（例：「Ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes128-ctr」）。",
        en='Remove them from Ciphers in sshd_config ("Ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes128-ctr").',
    ),
    says={
        "CIPHER_BROKEN": Text(ja="{address} が破られた暗号を提供する：{names}", en="{address} offers broken ciphers: {names}"),
        "CIPHER_3DES": Text(
            ja="運用監視暗号リストの 3DES も提供する：{names}", en="it also offers 3DES, which is on the monitored list: {names}"
        ),
        "CIPHER_SOUND": Text(ja="破られた暗号を提供しない", en="no broken cipher is offered"),
    },
)
def ssh_ciphers_strong(survey: SshSurvey) -> Judgement:
    def one(offer: SshOffer) -> Judged:
        names = (*offer.ciphers_in, *offer.ciphers_out)
        if broken := of_standing(names, CIPHERS, Standing.BROKEN):
            return failed("CIPHER_BROKEN", names=listed(broken))
        if kept := of_standing(names, CIPHERS, Standing.MONITORED):
            return passed("CIPHER_3DES", names=listed(kept))
        return passed("CIPHER_SOUND")

    return each_offer(survey, one, worst_first=("CIPHER_3DES",))


@check(
    "ssh.macs.strong",
    severity=Severity.MEDIUM,
    title=Text(ja="弱い改ざん検知方式を提供しない", en="No weak integrity algorithm is offered"),
    why=Text(
        ja="MD5 によるもの及び 96 ビットに切り詰めたものは、改ざんを見逃すおそれがある。",
        en="Those with MD5 or cut to 96 bits may miss changed traffic.",
    ),
    remedy=Text(
        ja="sshd_config の MACs から除く（例：「MACs hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256」）。",
        en='Remove them from MACs in sshd_config ("MACs hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256").',
    ),
    says={
        "MAC_WEAK": Text(ja="{address} が弱い方式を提供する：{names}", en="{address} offers weak ones: {names}"),
        "MAC_SOUND": Text(ja="弱い方式を提供しない", en="none is offered"),
    },
)
def ssh_macs_strong(survey: SshSurvey) -> Judgement:
    def one(offer: SshOffer) -> Judged:
        weak = of_standing((*offer.macs_in, *offer.macs_out), MACS, Standing.BROKEN)
        return failed("MAC_WEAK", names=listed(weak)) if weak else passed("MAC_SOUND")

    return each_offer(survey, one)


@check(
    "ssh.compression.delayed",
    severity=Severity.LOW,
    title=Text(ja="認証前の圧縮を行わない", en="Nothing is compressed before the login"),
    why=Text(
        ja="認証前に圧縮を行うと、圧縮処理の欠陥を誰からでも突かれる。",
        en="Compression before the login lays its defects open to everybody.",
    ),
    remedy=Text(
        ja="sshd_config で「Compression no」又は「Compression delayed」とする。", en='Set "Compression no" or "Compression delayed".'
    ),
    says={
        "COMPRESSION_EARLY": Text(
            ja="{address} が認証前の圧縮（zlib）を提供する", en="{address} offers compression before the login (zlib)"
        ),
        "COMPRESSION_LATE": Text(ja="認証前の圧縮を提供しない", en="compression before the login is not offered"),
    },
)
def ssh_compression_delayed(survey: SshSurvey) -> Judgement:
    def one(offer: SshOffer) -> Judged:
        early = "zlib" in (*offer.compression_in, *offer.compression_out)
        return failed("COMPRESSION_EARLY") if early else passed("COMPRESSION_LATE")

    return each_offer(survey, one)


@check(
    "ssh.terrapin.closed",
    severity=Severity.MEDIUM,
    title=Text(ja="Terrapin 攻撃（CVE-2023-48795）を受けない", en="The Terrapin attack (CVE-2023-48795) does not work"),
    why=Text(
        ja="通信路上の第三者が、接続の初めのメッセージを気付かれずに取り除ける。",
        en="Somebody on the path could remove the first messages of a connection unnoticed.",
    ),
    remedy=Text(
        ja="OpenSSH 9.6 以降など対策済みの版に更新する。できない場合は chacha20-poly1305 と CBC＋etm を Ciphers 及び MACs から除く。",
        en="Update to a version with strict key exchange (OpenSSH 9.6), or remove chacha20-poly1305 and CBC with etm MACs.",
    ),
    says={
        "TERRAPIN_OPEN": Text(
            ja="{address} は対策（strict kex）がなく、対象の方式（{names}）を提供する",
            en="{address} has no strict key exchange and offers {names}",
        ),
        "TERRAPIN_STRICT": Text(ja="対策（strict kex）を備える", en="it has strict key exchange"),
        "TERRAPIN_NO_TARGET": Text(ja="対象となる方式を提供しない", en="it offers nothing that the attack works on"),
    },
)
def ssh_terrapin_closed(survey: SshSurvey) -> Judgement:
    def one(offer: SshOffer) -> Judged:
        if offer.strict:
            return passed("TERRAPIN_STRICT")
        ciphers = (*offer.ciphers_in, *offer.ciphers_out)
        targets = [name for name in ciphers if name.startswith("chacha20-poly1305")]
        if any("-etm@" in name for name in (*offer.macs_in, *offer.macs_out)):
            targets += [name for name in ciphers if name.endswith("-cbc")]
        return failed("TERRAPIN_OPEN", names=listed(targets)) if targets else passed("TERRAPIN_NO_TARGET")

    return each_offer(survey, one)


@check(
    "ssh.algorithms.cryptrec",
    severity=Severity.MEDIUM,
    title=Text(ja="電子政府推奨暗号リストの方式で通信できる", en="Algorithms of the CRYPTREC recommended list can be used"),
    why=Text(
        ja="鍵交換、ホスト鍵、暗号及び改ざん検知のいずれかに推奨暗号リストの方式がないと、利用者は安全性の確認された方式を選べない。",
        en="Where one of key exchange, host key, cipher and integrity has none of the recommended list, no client can choose a sound one.",
    ),
    remedy=Text(
        ja="推奨暗号リストに基づく方式（例：ecdh-sha2-nistp256、rsa-sha2-256、aes128-ctr、hmac-sha2-256）を設定に加える。",
        en="Add algorithms of the list, such as ecdh-sha2-nistp256, rsa-sha2-256, aes128-ctr, hmac-sha2-256.",
    ),
    says={
        "CRYPTREC_NONE": Text(ja="{address}：推奨暗号リストの方式がない区分：{names}", en="{address}: nothing of the list for {names}"),
        "CRYPTREC_AND_OTHERS": Text(
            ja="推奨暗号リストの方式で通信できる。リストにない方式も提供する：{names}",
            en="algorithms of the list can be used; others are offered too: {names}",
        ),
        "CRYPTREC_ONLY": Text(ja="提供する方式は全て推奨暗号リストに基づく", en="everything offered rests on the list"),
    },
)
def ssh_algorithms_cryptrec(survey: SshSurvey) -> Judgement:
    def one(offer: SshOffer) -> Judged:
        parts = (
            ("KexAlgorithms", offer.kex, KEX),
            ("HostKeyAlgorithms", offer.host_keys, HOST_KEYS),
            ("Ciphers", (*offer.ciphers_in, *offer.ciphers_out), CIPHERS),
            ("MACs", (*offer.macs_in, *offer.macs_out), MACS),
        )
        aead = any("gcm" in name.lower() or name.startswith("chacha20") for name in offer.ciphers_out)
        lacking = [
            what for what, names, table in parts if not of_standing(names, table, Standing.RECOMMENDED) and not (what == "MACs" and aead)
        ]
        if lacking:
            return failed("CRYPTREC_NONE", names=listed(lacking))
        others = [
            name
            for _, names, table in parts
            for worth in (Standing.BROKEN, Standing.MONITORED, Standing.UNLISTED)
            for name in of_standing(names, table, worth)
        ]
        return passed("CRYPTREC_AND_OTHERS", names=listed(others)) if others else passed("CRYPTREC_ONLY")

    return each_offer(survey, one, worst_first=("CRYPTREC_NONE", "CRYPTREC_AND_OTHERS"))
