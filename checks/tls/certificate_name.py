"""Check of whom a certificate speaks for: the name of the service."""

from __future__ import annotations

from checks.common import listed
from checks.tls.certificates import NO_CERTIFICATE, OPPORTUNISTIC, each_chain, label, opportunistic
from checks.tls.each import Judged, for_each_address
from scanner.facts.tls import AddressSeen, ChainSeen, TlsSeen, TlsSurvey
from scanner.model.check import Judgement, check
from scanner.model.fact import cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire.x509.names import names_server


@check(
    "tls.certificate.name",
    severity=Severity.HIGH,
    title=Text(ja="サーバの名前と一致する証明書", en="A certificate with the server's name"),
    why=Text(
        ja="名前が一致しない証明書では、利用者は目的のサーバに接続したことを確かめられない（RFC 9525）。CN は照合に使われない。",
        en="Unless the certificate has its name, nobody can tell it is the server asked for (RFC 9525); the common name never counts.",
    ),
    remedy=Text(
        ja="利用者が使うすべての名前を subjectAltName の dNSName に含む証明書の発行を受け、その名前の仮想サーバに設定する。",
        en="Get a certificate with every name in use among its subjectAltName dNSNames, and configure it for the virtual server.",
    ),
    says={
        "NAME_MATCHES": Text(ja="証明書の名前と一致する：{name}", en="the certificate names {name}"),
        "NAME_DIFFERS": Text(
            ja="{name} の名前が証明書にない（{address}）。証明書の名前：{names}",
            en="{name} is not among the names of the certificate ({address}), which are {names}",
        ),
        "NAME_COMMON_ONLY": Text(
            ja="{name} の名前が CN にしかなく、利用者は照合しない（{address}）",
            en="{name} stands in the common name only, where clients do not look ({address})",
        ),
        "NAME_NONE": Text(
            ja="証明書に subjectAltName の名前が一つもない（{address}）：{certificate}",
            en="the certificate has no subjectAltName at all ({address}): {certificate}",
        ),
        "NAME_OPPORTUNISTIC": OPPORTUNISTIC,
        **NO_CERTIFICATE,
    },
)
def name(survey: TlsSurvey) -> Judgement:
    def at_one(tls: TlsSeen, seen: AddressSeen) -> Judged:
        host = survey.name or seen.address
        alone = TlsSurvey(survey.name, survey.port, survey.protocol, survey.at, (AddressSeen(seen.address, tls),))
        return each_chain(alone, lambda chain: _judge_name(survey, host, chain))

    return for_each_address(survey, at_one)


def _judge_name(survey: TlsSurvey, host: str, chain: ChainSeen) -> Judged:
    own = chain.certificates[0]
    if names_server(host, own.dns_names, own.ip_names):
        return passed("NAME_MATCHES", name=host)
    if not survey.name:
        return cannot_tell(
            Reason.NOT_DECLARED,
            "アドレスだけで指定されたため、利用者がどの名前で接続するか分からない。証明書の名前：{names}",
            "the service was given by its address, so the name that users go by is unknown; the certificate has {names}",
            names=listed(own.dns_names) or ("-",),
        )
    if any("alternative name" in problem for problem in own.problems):
        ja, en = "証明書の名前の全部は読み取れない：{problems}", "not all names of the certificate can be read: {problems}"
        return cannot_tell(Reason.PROTOCOL_VIOLATION, ja, en, problems=listed(own.problems))
    if opportunistic(survey):
        return not_applicable("NAME_OPPORTUNISTIC", seen=f"{host} / {', '.join(listed(own.dns_names)) or '-'}")
    if not own.dns_names and not own.ip_names:
        if names_server(host, own.common_names, ()):
            return failed("NAME_COMMON_ONLY", name=host)
        return failed("NAME_NONE", certificate=label(own))
    return failed("NAME_DIFFERS", name=host, names=listed((*own.dns_names, *own.ip_names)))
