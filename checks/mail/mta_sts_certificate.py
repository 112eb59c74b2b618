"""Check of a mail exchanger's certificate against what senders demand under the domain's MTA-STS policy (RFC 8461 section 4.2)."""

from __future__ import annotations

from typing import Final

from checks.common import listed
from checks.mail.mta_sts import NO_POLICY, usable_policy
from checks.tls.certificates import label, moment, no_time, unchecked, worst_chain
from checks.tls.each import Judged, for_each_address
from checks.tls.seen import without_tls
from scanner.facts.mail import MailExchangers, MtaStsPolicy
from scanner.facts.tls import AddressSeen, ChainSeen, Path, TlsSeen, TlsSurvey
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire.mta_sts import Mode
from scanner.wire.x509.names import names_server

_PREFIX: Final = "MTA_STS_CERTIFICATE"


@check(
    "mail.mta-sts.certificate",
    severity=Severity.HIGH,
    title=Text(ja="MX ホストの証明書が MTA-STS の求める条件を満たす", en="The certificates of MX hosts are such as MTA-STS demands"),
    why=Text(
        ja=(
            "MTA-STS のポリシーに従う送信側は、公開の認証局に至り、有効期間内で、MX ホストの名前を subjectAltName に持つ証明書しか"
            "認めない。enforce では、ほかの証明書のサーバにメールは届かない（RFC 8461）。"
        ),
        en=(
            "Senders that heed an MTA-STS policy accept a certificate only if it leads to a public authority, is within its validity and "
            "has the MX host's name in its subjectAltName. In enforce mode mail to any other server is not delivered (RFC 8461)."
        ),
    ),
    remedy=Text(
        ja=(
            "公開の認証局から、MX レコードにあるホスト名（例「mx1.example.lg.jp」）を subjectAltName に持つ証明書の発行を受け、"
            "中間証明書とともに設定する（Postfix「smtpd_tls_chain_files」）。それまでは、ポリシーの mode を testing とする。"
        ),
        en=(
            "Get a certificate of a public authority whose subjectAltName has the host name of the MX record, such as mx1.example.lg.jp, "
            'and configure it with its intermediates (Postfix "smtpd_tls_chain_files"). Until then set the policy\'s mode to testing.'
        ),
    ),
    says={
        f"{_PREFIX}_ACCEPTED": Text(ja="送信側の求める条件を満たす：{name}", en="senders accept it: {name}"),
        f"{_PREFIX}_NO_TLS": Text(
            ja="ポリシー（mode: {mode}）があるのに、TLS で通信できない（{address}）",
            en="there is a policy (mode: {mode}), but TLS cannot be spoken ({address})",
        ),
        f"{_PREFIX}_NOT_SHOWN": Text(
            ja="ポリシー（mode: {mode}）があるのに、証明書を示さない（{address}）",
            en="there is a policy (mode: {mode}), but no certificate is shown ({address})",
        ),
        f"{_PREFIX}_NAME": Text(
            ja="{name} の名前が証明書の subjectAltName にない（{address}、mode: {mode}）。証明書の名前：{names}",
            en="{name} is not in the certificate's subjectAltName ({address}, mode: {mode}), which has {names}",
        ),
        f"{_PREFIX}_UNTRUSTED": Text(
            ja="公開の認証局に至らない（{address}、mode: {mode}）：{certificate}",
            en="does not lead to a public authority ({address}, mode: {mode}): {certificate}",
        ),
        f"{_PREFIX}_EXPIRED": Text(
            ja="有効期間外である（{address}、mode: {mode}）：{certificate}",
            en="is outside its validity ({address}, mode: {mode}): {certificate}",
        ),
        f"{_PREFIX}_OFF": Text(ja="mode が none のため、検証されない", en="the mode is none, so nothing is verified"),
        f"{_PREFIX}_NO_POLICY": NO_POLICY,
        f"{_PREFIX}_NO_MX": Text(ja="このドメインの MX ホストのメールサーバでない", en="not the mail server of an MX host of this domain"),
        f"{_PREFIX}_NO_DOMAIN": Text(
            ja="サーバだけを対象としたため、どのドメインのポリシーが当てはまるかを問わない",
            en="the server was scanned by itself, so no domain's policy applies",
        ),
    },
)
def mta_sts_certificate(survey: TlsSurvey, policy: MtaStsPolicy | Unobserved, mx: MailExchangers | Unobserved) -> Judgement:
    for seen in (policy, mx):
        if isinstance(seen, Unobserved):
            return not_applicable(f"{_PREFIX}_NO_DOMAIN") if seen.reason is Reason.UNSUPPORTED else seen
    assert isinstance(policy, MtaStsPolicy)
    assert isinstance(mx, MailExchangers)
    if survey.protocol != "smtp" or survey.name not in mx.hosts:
        return not_applicable(f"{_PREFIX}_NO_MX")
    read = usable_policy(policy)
    if read is None or read.mode is None:
        return not_applicable(f"{_PREFIX}_NO_POLICY")
    if read.mode is Mode.NONE:
        return not_applicable(f"{_PREFIX}_OFF")
    mode = read.mode.value

    def at_one(tls: TlsSeen, _: AddressSeen) -> Judged:
        if without_tls(tls):
            return failed(f"{_PREFIX}_NO_TLS", mode=mode)
        worst = worst_chain(survey, tls, lambda chain: _judged(chain, survey, mode))
        return worst if worst is not None else failed(f"{_PREFIX}_NOT_SHOWN", mode=mode)

    return for_each_address(survey, at_one, worst_first=(f"{_PREFIX}_NO_TLS",))


def _judged(chain: ChainSeen, survey: TlsSurvey, mode: str) -> Judged:
    own = chain.certificates[0]
    if not names_server(survey.name, own.dns_names, ()):
        if any("alternative name" in problem for problem in own.problems):
            ja, en = "証明書の名前の全部は読み取れない：{problems}", "not all names of the certificate can be read: {problems}"
            return cannot_tell(Reason.PROTOCOL_VIOLATION, ja, en, problems=listed(own.problems))
        return failed(f"{_PREFIX}_NAME", name=survey.name, names=listed(own.dns_names) or ("-",), mode=mode)
    if chain.path.end is Path.UNCHECKED:
        return unchecked(chain)
    if chain.path.end is not Path.PUBLIC:
        return failed(f"{_PREFIX}_UNTRUSTED", certificate=label(own), mode=mode)
    begin, now, end = moment(own.not_before), moment(survey.at), moment(own.not_after)
    if begin is None or now is None or end is None:
        return no_time(own)
    if chain.path.expired or not begin <= now <= end:
        return failed(f"{_PREFIX}_EXPIRED", certificate=label(own), mode=mode)
    return passed(f"{_PREFIX}_ACCEPTED", name=survey.name)
