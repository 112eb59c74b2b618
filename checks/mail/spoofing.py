"""The check that a domain has any measure at all against mail sent in its name. Each measure has checks of its own in the other modules."""

from __future__ import annotations

from checks.common import first_missing
from checks.mail.dkim import nothing_found, proven_empty, readable
from checks.mail.dmarc import applied
from checks.mail.spf import opened, unseen
from scanner.facts.mail import Status
from scanner.facts.mail_sender import DkimKeys, DmarcRecords, SpfPolicy
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire.dmarc import Policy
from scanner.wire.dmarc_discovery import AppliedPolicy
from scanner.wire.spf import PERMERRORS


@check(
    "mail.spoofing.measures",
    severity=Severity.HIGH,
    title=Text(
        ja="電子メールのなりすましの防止策（送信ドメイン認証）が一つ以上講じられている",
        en="At least one measure against mail forged in the domain's name is in place",
    ),
    why=Text(
        ja=("SPF、DKIM、DMARC のいずれもなければ、誰でもこのドメインを差出人とするメールを送ることができ、受信側には見分ける手段がない。"),
        en="With none of SPF, DKIM and DMARC anybody can send mail in the domain's name and receivers have no means to tell.",
    ),
    remedy=Text(
        ja=(
            "まず SPF（「v=spf1 ip4:203.0.113.25 -all」）と DMARC（_dmarc に「v=DMARC1; p=none; rua=mailto:dmarc@example.lg.jp」）"
            "を公開し、DKIM 署名を加えて p を quarantine、reject の順に強める。"
        ),
        en=(
            'Begin with SPF ("v=spf1 ip4:203.0.113.25 -all") and DMARC ("v=DMARC1; p=none; rua=mailto:dmarc@example.lg.jp" at _dmarc), '
            "add DKIM signatures, then raise p to quarantine and reject."
        ),
    ),
    says={
        "SPOOFING_MEASURES": Text(ja="確認できた対策：{measures}", en="measures seen: {measures}"),
        "SPOOFING_OPEN": Text(
            ja="有効な SPF も DKIM 鍵も、quarantine 以上の DMARC ポリシーもない",
            en="there is no effective SPF, no DKIM key and no DMARC policy of quarantine or reject",
        ),
        "SPOOFING_NO_DOMAIN": Text(ja="名前が DNS に存在しない", en="the name does not exist in the DNS"),
    },
)
def spoofing_measures(spf: SpfPolicy | Unobserved, dmarc: DmarcRecords | Unobserved, keys: DkimKeys | Unobserved) -> Judgement:
    policy = dmarc if isinstance(dmarc, Unobserved) else applied(dmarc)
    measures = []
    if isinstance(spf, SpfPolicy) and _refuses(spf):
        measures.append("SPF")
    if isinstance(keys, DkimKeys) and any(one.key.accepted for one in readable(keys)):
        measures.append("DKIM")
    if isinstance(policy, AppliedPolicy) and policy.effective is not Policy.NONE:
        measures.append("DMARC")
    if measures:
        return passed("SPOOFING_MEASURES", measures=tuple(measures))
    if missing := first_missing((spf, policy, keys)):
        return missing
    assert isinstance(spf, SpfPolicy)
    assert isinstance(keys, DkimKeys)
    if spf.root.status is Status.NXDOMAIN:
        return not_applicable("SPOOFING_NO_DOMAIN")
    if missing := unseen(spf):
        return missing
    return failed("SPOOFING_OPEN") if proven_empty(keys, trust_unsigned=False) else nothing_found(keys)


def _refuses(spf: SpfPolicy) -> bool:
    """Whether receivers get to an all that turns strangers away."""
    errors = any(p.kind in PERMERRORS for p in spf.problems)
    return spf.published and spf.ending in {"-", "~"} and not opened(spf) and not errors and unseen(spf) is None
