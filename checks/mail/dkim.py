"""Checks of the DKIM keys that could be found (RFC 6376, RFC 8301, RFC 8463). Whether mail is really signed cannot be seen in the DNS."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final

from checks.common import first_missing, listed
from checks.mail.common import problem, sends_mail, shown, use_undeclared
from checks.reading import remembered
from scanner.facts.ledger import DeclaredDomain
from scanner.facts.mail import MailExchangers, Status, TextAnswer
from scanner.facts.mail_sender import DkimKeys, SpfPolicy
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, Verdict, failed, not_applicable, passed
from scanner.wire import dkim
from scanner.wire.dkim import RSA_LEAST_BITS, DkimFlaw, DkimKey, KeyType
from scanner.wire.tags import TagFlaw

MAIL_DKIM_LEAST_RSA_BITS = Value(
    "mail.dkim.least-rsa-bits",
    default=2048,
    text=Text(ja="DKIM の RSA 鍵の最小の長さ", en="least length of RSA keys for DKIM"),
    unit="bit",
    least=1024,
    most=4096,
)


NO_MAIL: Final = Text(ja="メールを送信しないドメイン", en="the domain sends no mail")
NO_KEY: Final = Text(ja="判定できる DKIM 鍵がない", en="there is no DKIM key to judge")
_NOTED: Final = frozenset(
    {
        TagFlaw.EMPTY_TAG,
        TagFlaw.EMPTY_VALUE,
        DkimFlaw.P_PADDING,
        DkimFlaw.WORD_CASE,
        DkimFlaw.KEY_UNWRAPPED,
        DkimFlaw.EXPONENT_LARGE,
        DkimFlaw.H_EMPTY,
        DkimFlaw.H_UNKNOWN,
        DkimFlaw.H_SHA1,
        DkimFlaw.S_REPORTS,
        DkimFlaw.S_UNKNOWN,
        DkimFlaw.T_UNKNOWN,
        DkimFlaw.HISTORIC_TAG,
        DkimFlaw.UNKNOWN_TAG,
        DkimFlaw.H_NO_SHA256,  # mail.dkim.hash judges it
    }
)


@dataclass(frozen=True, slots=True)
class FoundKey:
    selector: str
    key: DkimKey

    @property
    def name(self) -> str:
        """The selector with type and length, for sentences."""
        return f"{self.selector} ({self.key.key_type} {self.key.bits})" if self.key.bits else self.selector


@remembered
def readable(keys: DkimKeys) -> tuple[FoundKey, ...]:
    """The keys at selectors that have exactly one."""
    found = []
    for selector in keys.found:
        assert isinstance(selector.answer, TextAnswer)
        record = dkim.select(selector.answer.octets).record
        if record is not None:
            found.append(FoundKey(selector.selector, dkim.parse(record)))
    return tuple(found)


def _unseen(keys: DkimKeys) -> Unobserved | None:
    return first_missing(selector.answer for selector in keys.selectors)


def _names(found: Iterable[FoundKey]) -> tuple[str, ...]:
    return listed(one.name for one in found)


def nothing_found(keys: DkimKeys) -> Unobserved:
    """Say that selectors cannot be listed, and what was tried."""
    if isinstance(keys.below, Unobserved):
        return keys.below
    if keys.below.denied:
        ja, en = "{name} の下に何もないことを DNSSEC が証明していない", "no DNSSEC proof says that nothing stands below {name}"
    else:
        ja, en = "{name} の下に名前がある", "there are names below {name}"
    return cannot_tell(
        Reason.NOT_DISCOVERABLE,
        f"セレクタは列挙できない。{ja}（試したセレクタ：{{tried}}）",
        f"selectors cannot be listed; {en} (selectors tried: {{tried}})",
        name=keys.below.name,
        tried=keys.tried or ("—",),
    )


def proven_empty(keys: DkimKeys, *, trust_unsigned: bool) -> bool:
    """Whether the zone says that no selector exists at all (RFC 8020), and proves it or is trusted."""
    below = keys.below
    if isinstance(below, Unobserved) or not below.denied or keys.found:
        return False
    return below.authenticated or trust_unsigned


def _applies(sends: bool | None, keys: DkimKeys, *, tag: str) -> Verdict | Unobserved | None:
    """The ending where there is no key to judge: no mail is sent, none can be found, none exists."""
    if sends is False and not keys.found:
        return not_applicable(tag)
    if readable(keys):
        return None
    # Records that are no single readable key are for mail.dkim.syntax, declared selectors without any for mail.dkim.published.
    if (
        keys.found
        or proven_empty(keys, trust_unsigned=False)
        or any(s.declared and isinstance(s.answer, TextAnswer) for s in keys.selectors)
    ):
        return not_applicable(tag)
    return _unseen(keys) or nothing_found(keys)


@check(
    "mail.dkim.published",
    severity=Severity.HIGH,
    title=Text(ja="DKIM の公開鍵が公開されている", en="DKIM keys are published"),
    why=Text(
        ja="DKIM 署名は、署名したドメインと、本文が改ざんされていないことを、転送された後も示す。公開鍵がないと署名は検証できない。",
        en=(
            "DKIM signatures show, even after forwarding, that mail is the domain's own and unchanged; without the key nobody can verify "
            "them."
        ),
    ),
    remedy=Text(
        ja=(
            'メールサーバ又は送信サービスで DKIM 署名を有効にし、示された鍵を公開する（例「s1._domainkey.example.lg.jp. IN TXT "v=DKIM1; '
            'k=rsa; p=…"」）。使用中のセレクタは台帳に記載する。'
        ),
        en=(
            'Turn signing on at the mail server or service and publish the key it gives: s1._domainkey.example.lg.jp. IN TXT "v=DKIM1; '
            'k=rsa; p=(key)". List the selectors in use in the ledger.'
        ),
    ),
    says={
        "DKIM_FOUND": Text(ja="公開鍵のあるセレクタ：{selectors}", en="selectors with a key: {selectors}"),
        "DKIM_DECLARED_MISSING": Text(
            ja="台帳にあるセレクタに使える鍵がない：{selectors}",
            en="selectors of the ledger without a usable key: {selectors}",
        ),
        "DKIM_NONE_EXISTS": Text(
            ja="_domainkey の下に名前が一つもないとゾーンが応答しており、鍵は存在しない",
            en="the zone answers that nothing stands below _domainkey, so there is no key",
        ),
        "DKIM_NO_MAIL": NO_MAIL,
        "DKIM_NO_DOMAIN": Text(ja="名前が DNS に存在しない", en="the name does not exist in the DNS"),
    },
)
def dkim_published(
    declared: DeclaredDomain,
    mx: MailExchangers | Unobserved,
    spf: SpfPolicy | Unobserved,
    keys: DkimKeys,
    *,
    trust_unsigned: bool = False,
) -> Judgement:
    """``trust_unsigned`` takes NXDOMAIN at ``_domainkey`` as proof even without DNSSEC; some servers give it wrongly."""
    sends = sends_mail(declared, mx, spf)
    if sends is False:
        return not_applicable("DKIM_NO_MAIL")
    good = {one.selector for one in readable(keys) if one.key.usable}
    lost = [s.selector for s in keys.selectors if s.declared and isinstance(s.answer, TextAnswer) and s.selector not in good]
    if lost:
        return failed("DKIM_DECLARED_MISSING", selectors=listed(lost))
    if missing := first_missing(s.answer for s in keys.selectors if s.declared):
        return missing
    if good:
        return passed("DKIM_FOUND", selectors=listed(sorted(good)))
    if isinstance(mx, MailExchangers) and mx.status is Status.NXDOMAIN and not sends:
        return not_applicable("DKIM_NO_DOMAIN")
    if proven_empty(keys, trust_unsigned=trust_unsigned):
        if sends is None:
            return use_undeclared(mx.name, "sends") if isinstance(mx, MailExchangers) else mx
        return failed("DKIM_NONE_EXISTS")
    return _unseen(keys) or nothing_found(keys)


@check(
    "mail.dkim.strength",
    severity=Severity.MEDIUM,
    title=Text(ja="DKIM の鍵の長さが十分である", en="DKIM keys are long enough"),
    why=Text(
        ja=(
            "1024 ビット未満の鍵は検証側が受け付けてはならず（RFC 8301）、1024 ビットも CRYPTREC の基準（112 ビットセキュリティ、"
            "RSA 2048 ビット）に満たない。"
        ),
        en=(
            "Verifiers must not accept less than 1024 bits (RFC 8301), and 1024 bits fall short of the 112-bit strength (RSA 2048) that "
            "CRYPTREC asks for."
        ),
    ),
    remedy=Text(
        ja=(
            "RSA {least_bits} ビット以上（又は Ed25519 を併用）の鍵を新しいセレクタで公開し、署名を切り替えた後に古い鍵を「p=」"
            "（空）にして失効させる。"
        ),
        en=(
            "Publish a key of RSA {least_bits} bits or more (Ed25519 beside it if wanted) at a new selector, switch signing over, then "
            'revoke the old key with an empty "p=".'
        ),
    ),
    says={
        "DKIM_KEYS_STRONG": Text(ja="鍵の長さは十分：{keys}", en="keys of sufficient length: {keys}"),
        "DKIM_KEYS_UNUSABLE": Text(
            ja="検証側が受け付けない 1024 ビット未満の鍵：{keys}",
            en="keys under 1024 bits, which verifiers refuse: {keys}",
        ),
        "DKIM_KEYS_SHORT": Text(ja="{least_bits} ビットに満たない鍵：{keys}", en="keys under {least_bits} bits: {keys}"),
        "DKIM_STRENGTH_NO_KEY": NO_KEY,
    },
)
def dkim_strength(
    declared: DeclaredDomain,
    mx: MailExchangers | Unobserved,
    spf: SpfPolicy | Unobserved,
    keys: DkimKeys,
    *,
    least_bits: Annotated[int, MAIL_DKIM_LEAST_RSA_BITS] = MAIL_DKIM_LEAST_RSA_BITS.default,
) -> Judgement:
    if ending := _applies(sends_mail(declared, mx, spf), keys, tag="DKIM_STRENGTH_NO_KEY"):
        return ending
    measured = [one for one in readable(keys) if one.key.bits]
    rsa = [one for one in measured if one.key.algorithm is KeyType.RSA]
    if unusable := [one for one in rsa if (one.key.bits or 0) < RSA_LEAST_BITS]:
        return failed("DKIM_KEYS_UNUSABLE", keys=_names(unusable))
    if short := [one for one in rsa if (one.key.bits or 0) < least_bits]:
        return failed("DKIM_KEYS_SHORT", keys=_names(short), least_bits=least_bits)
    if missing := _unseen(keys):
        return missing
    return passed("DKIM_KEYS_STRONG", keys=_names(measured)) if measured else not_applicable("DKIM_STRENGTH_NO_KEY")


@check(
    "mail.dkim.testing",
    severity=Severity.MEDIUM,
    title=Text(ja="DKIM の鍵が試験中（t=y）でない", en="No DKIM key is marked as a test (t=y)"),
    why=Text(
        ja=("t=y の鍵による署名は、検証に失敗しても署名のないメールと同じに扱われる。試験が終わっても残しておくと、署名の効果がない。"),
        en=(
            "Mail signed with a key marked t=y is treated as unsigned when verification fails; left behind after a trial, the key "
            "protects nothing."
        ),
    ),
    remedy=Text(
        ja="鍵のレコードから「t=y」を削除する（サブドメインを禁じる「t=s」は残してよい）。",
        en='Remove "t=y" from the key record ("t=s", which forbids subdomains, may stay).',
    ),
    says={
        "DKIM_NOT_TESTING": Text(ja="試験中の鍵はない", en="no key is marked as a test"),
        "DKIM_TESTING": Text(ja="試験中（t=y）の鍵：{selectors}", en="keys marked as a test (t=y): {selectors}"),
        "DKIM_TESTING_NO_KEY": NO_KEY,
    },
)
def dkim_testing(declared: DeclaredDomain, mx: MailExchangers | Unobserved, spf: SpfPolicy | Unobserved, keys: DkimKeys) -> Judgement:
    if ending := _applies(sends_mail(declared, mx, spf), keys, tag="DKIM_TESTING_NO_KEY"):
        return ending
    live = [one for one in readable(keys) if not one.key.revoked]
    if testing := [one.selector for one in live if one.key.testing]:
        return failed("DKIM_TESTING", selectors=listed(testing))
    if missing := _unseen(keys):
        return missing
    return passed("DKIM_NOT_TESTING") if live else not_applicable("DKIM_TESTING_NO_KEY")


@check(
    "mail.dkim.hash",
    severity=Severity.MEDIUM,
    title=Text(ja="DKIM の鍵が SHA-256 の署名を許している", en="DKIM keys allow signatures with SHA-256"),
    why=Text(
        ja="SHA-1 による署名は禁止されており（RFC 8301）、h= が sha256 を含まない鍵は使えない。",
        en="Signatures with SHA-1 are forbidden (RFC 8301), so a key whose h= leaves out sha256 cannot be used.",
    ),
    remedy=Text(ja="鍵のレコードの「h=」を削除するか「h=sha256」とする。", en='Remove "h=" from the key record or write "h=sha256".'),
    says={
        "DKIM_HASH_OK": Text(ja="SHA-256 の署名を許している", en="signatures with SHA-256 are allowed"),
        "DKIM_HASH_SHA1_TOO": Text(
            ja="SHA-256 のほかに、もう使えない SHA-1 も挙げている：{selectors}",
            en="beside SHA-256 the keys name SHA-1, which nobody may use: {selectors}",
        ),
        "DKIM_HASH_NO_SHA256": Text(ja="h= が sha256 を含まない鍵：{selectors}", en="keys whose h= leaves out sha256: {selectors}"),
        "DKIM_HASH_NO_KEY": NO_KEY,
    },
)
def dkim_hash(declared: DeclaredDomain, mx: MailExchangers | Unobserved, spf: SpfPolicy | Unobserved, keys: DkimKeys) -> Judgement:
    if ending := _applies(sends_mail(declared, mx, spf), keys, tag="DKIM_HASH_NO_KEY"):
        return ending
    live = [one for one in readable(keys) if not one.key.revoked]
    if without := [one.selector for one in live if one.key.hashes is not None and "sha256" not in one.key.hashes]:
        return failed("DKIM_HASH_NO_SHA256", selectors=listed(without))
    if missing := _unseen(keys):
        return missing
    if beside := [one.selector for one in live if one.key.hashes is not None and "sha1" in one.key.hashes]:
        return passed("DKIM_HASH_SHA1_TOO", selectors=listed(beside))
    return passed("DKIM_HASH_OK") if live else not_applicable("DKIM_HASH_NO_KEY")


@check(
    "mail.dkim.syntax",
    severity=Severity.MEDIUM,
    title=Text(ja="DKIM の鍵のレコードが正しく書かれている", en="DKIM key records are well formed"),
    why=Text(
        ja="文法の誤りや同じセレクタの重複があると、受信側は鍵を使えず、正当なメールの署名が検証に失敗する。",
        en="With errors of grammar or two records at one selector receivers cannot use the key, and signatures of genuine mail fail.",
    ),
    remedy=Text(
        ja="セレクタごとに 1 件だけ「v=DKIM1; k=rsa; p=（Base64 の公開鍵）」の形で公開する。",
        en='Publish one record a selector, of the form "v=DKIM1; k=rsa; p=(public key in Base64)".',
    ),
    says={
        "DKIM_SYNTAX_OK": Text(ja="レコードは正しく書かれている", en="the records are well formed"),
        "DKIM_SYNTAX_ODD": Text(ja="使えるが、注意すべき記述がある：{problems}", en="usable, with oddities: {problems}"),
        "DKIM_SYNTAX_BROKEN": Text(ja="鍵として使えないレコード：{problems}", en="records that are of no use as a key: {problems}"),
        "DKIM_SYNTAX_SEVERAL": Text(ja="1 つのセレクタに複数の鍵がある：{selectors}", en="several keys at one selector: {selectors}"),
        "DKIM_SYNTAX_NO_KEY": NO_KEY,
    },
)
def dkim_syntax(declared: DeclaredDomain, mx: MailExchangers | Unobserved, spf: SpfPolicy | Unobserved, keys: DkimKeys) -> Judgement:
    several: list[str] = []
    broken: list[str] = []
    odd: list[str] = []
    for selector in keys.found:
        assert isinstance(selector.answer, TextAnswer)
        chosen = dkim.select(selector.answer.octets)
        if len(chosen.records) > 1:
            several.append(selector.selector)
        elif chosen.record is None:
            broken += [f"{selector.selector}: {shown(text)}" for text in selector.answer.texts]
        else:
            for p in dkim.parse(chosen.record).problems:
                (odd if p.kind in _NOTED else broken).append(f"{selector.selector}: {problem(p)}")
    if several:
        return failed("DKIM_SYNTAX_SEVERAL", selectors=listed(several))
    if broken:
        return failed("DKIM_SYNTAX_BROKEN", problems=listed(broken))
    if ending := _applies(sends_mail(declared, mx, spf), keys, tag="DKIM_SYNTAX_NO_KEY"):
        return ending
    if missing := _unseen(keys):
        return missing
    return passed("DKIM_SYNTAX_ODD", problems=listed(odd)) if odd else passed("DKIM_SYNTAX_OK")


@check(
    "mail.dkim.revoked",
    severity=Severity.INFO,
    title=Text(ja="失効させた DKIM 鍵の有無（参考）", en="Revoked DKIM keys (noted)"),
    why=Text(
        ja="使わなくなった鍵を空の p= で失効させておけば、漏れた秘密鍵による署名は検証に合格しない。",
        en="A key no longer used that is revoked with an empty p= cannot vouch for mail signed with a stolen private key.",
    ),
    remedy=Text(
        ja='使わない鍵は「s1._domainkey.example.lg.jp. IN TXT "v=DKIM1; p="」として失効させる。',
        en='Revoke keys no longer used: s1._domainkey.example.lg.jp. IN TXT "v=DKIM1; p=".',
    ),
    says={
        "DKIM_REVOKED": Text(ja="失効している鍵：{selectors}", en="revoked keys: {selectors}"),
        "DKIM_REVOKED_ALL": Text(
            ja="すべてのセレクタに失効した鍵を返す（ワイルドカード）",
            en="every selector answers with a revoked key (wildcard)",
        ),
        "DKIM_REVOKED_NONE": Text(ja="見つかった鍵に失効したものはない", en="none of the keys found is revoked"),
        "DKIM_REVOKED_NO_KEY": NO_KEY,
    },
)
def dkim_revoked(declared: DeclaredDomain, mx: MailExchangers | Unobserved, spf: SpfPolicy | Unobserved, keys: DkimKeys) -> Judgement:
    if revoked := [one.selector for one in readable(keys) if one.key.revoked]:
        return passed("DKIM_REVOKED", selectors=listed(revoked))
    general = dkim.select(text.encode("latin-1") for text in keys.catch_all).record
    if general is not None and dkim.parse(general).revoked:
        return passed("DKIM_REVOKED_ALL")
    return _applies(sends_mail(declared, mx, spf), keys, tag="DKIM_REVOKED_NO_KEY") or _unseen(keys) or passed("DKIM_REVOKED_NONE")
