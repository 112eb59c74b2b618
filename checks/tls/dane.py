"""Check of a service's certificates against its TLSA records (RFC 6698, RFC 7671; RFC 7672 for mail between servers).

Whether the records are proper and DNSSEC protects the way to them is judged with the mail domain; here they meet the certificates.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from checks.common import listed
from checks.tls.certificates import label, moment, unchecked, worst_chain
from checks.tls.each import Judged, for_each_address
from checks.tls.seen import without_tls
from scanner.facts.mail import Status
from scanner.facts.tls import AddressSeen, CertificateSeen, ChainSeen, Path, ServiceTlsa, TlsSeen, TlsSurvey
from scanner.model.check import Judgement, check
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire.tlsa import CERT, DANE_EE, DANE_TA, FULL, PKIX_EE, PKIX_TA, SHA2_256, Tlsa, TlsaFlaw, parse
from scanner.wire.x509.names import names_server

_BROKEN: Final = frozenset({Path.BAD_SIGNATURE, Path.NOT_PERMITTED, Path.UNCHECKED})


@check(
    "tls.dane.match",
    severity=Severity.HIGH,
    title=Text(ja="TLSA レコードと一致する証明書", en="Certificates match the TLSA records"),
    why=Text(
        ja="DANE に対応する送信側は、TLSA レコードと一致しない証明書のサーバに接続しない。メールサーバでは配送が止まる（RFC 7672）。",
        en="Clients that know DANE go no further where the certificate does not match; mail is not delivered (RFC 7672).",
    ),
    remedy=Text(
        ja=(
            "現在の鍵の「3 1 1 （公開鍵の SHA-256）」を TLSA レコードとして公開する。鍵を替えるときは、新しい鍵のレコードを先に追加し、"
            "TTL の 2 倍以上待ってから証明書を入れ替える。"
        ),
        en=(
            'Publish "3 1 1 (SHA-256 of the public key)" for the present key. Before a change of keys add the record of the new one and '
            "wait twice the TTL."
        ),
    ),
    says={
        "DANE_MATCHES": Text(ja="すべての証明書が TLSA レコードと一致する：{records}", en="every certificate matches: {records}"),
        "DANE_DIFFERS": Text(
            ja="どの TLSA レコードとも一致しない（{address}、{certificate}）：{records}",
            en="no TLSA record matches ({address}, {certificate}): {records}",
        ),
        "DANE_NAME": Text(
            ja="TLSA レコードの認証局（用途 2）に至るが、証明書に {name} の名前がない（{address}）：{certificate}",
            en="leads to the authority of the TLSA record (usage 2), but does not name {name} ({address}): {certificate}",
        ),
        "DANE_EXPIRED": Text(
            ja="TLSA レコードの認証局（用途 2）に至るが、有効期間外である（{address}）：{certificate}",
            en="leads to the authority of the TLSA record (usage 2), but is outside its validity ({address}): {certificate}",
        ),
        "DANE_NO_RECORD_OF_USE": Text(ja="使える TLSA レコードがない：{records}", en="no TLSA record is of use: {records}"),
        "DANE_NO_TLS": Text(
            ja="TLSA レコードがあるのに、TLS で通信できない（{address}）", en="there are TLSA records, but TLS cannot be spoken ({address})"
        ),
        "DANE_NO_CERTIFICATE": Text(
            ja="TLSA レコードがあるのに、証明書を示さない（{address}）",
            en="there are TLSA records, but no certificate is shown ({address})",
        ),
        "DANE_NOT_SECURE": Text(
            ja="TLSA レコードがあるが、DNSSEC で検証された応答でないため、利用者は無視する：{owner}",
            en="the TLSA records are not secured by DNSSEC, so clients ignore them: {owner}",
        ),
        "DANE_NONE": Text(ja="TLSA レコードがなく、DANE を使っていない", en="there is no TLSA record; DANE is not used"),
    },
)
def match(survey: TlsSurvey, tlsa: ServiceTlsa) -> Judgement:
    if tlsa.status is not Status.FOUND:
        return not_applicable("DANE_NONE")
    if not tlsa.authenticated:
        return not_applicable("DANE_NOT_SECURE", owner=tlsa.owner)
    every = tuple(map(_record, tlsa.records))
    records = tuple(record for record in every if _of_use(record, survey))
    if not records:
        return failed("DANE_NO_RECORD_OF_USE", records=listed(record.text for record in every) or ("-",))

    def at_one(tls: TlsSeen, _: AddressSeen) -> Judged:
        if without_tls(tls):
            return failed("DANE_NO_TLS")
        worst = worst_chain(survey, tls, lambda chain: _against(chain, records, survey), worst_first=("DANE_DIFFERS",))
        return worst if worst is not None else failed("DANE_NO_CERTIFICATE")

    return for_each_address(survey, at_one, worst_first=("DANE_NO_TLS", "DANE_DIFFERS"))


def _record(written: str) -> Tlsa:
    usage, selector, matching, data = (written.split(" ") + [""] * 4)[:4]
    return parse(int(usage), int(selector), int(matching), bytes.fromhex(data))


def _of_use(record: Tlsa, survey: TlsSurvey) -> bool:
    """Between mail servers usages 0 and 1 are passed over (RFC 7672 section 3.1.3); elsewhere they count."""
    accepted = {TlsaFlaw.FULL_DATA} if survey.protocol == "smtp" else {TlsaFlaw.FULL_DATA, TlsaFlaw.USAGE_PKIX}
    return {problem.kind for problem in record.problems} <= accepted


def _against(chain: ChainSeen, records: Iterable[Tlsa], survey: TlsSurvey) -> Judged:
    """Judge a chain: one record that holds is enough, and the best of the others says what is wrong."""
    own = chain.certificates[0]
    spoilt: Judged | None = None
    for record in records:
        held = _held(record, chain)
        if held is None:
            continue
        if record.usage == DANE_EE:  # neither name nor time matters, RFC 7671 section 5.1
            return passed("DANE_MATCHES", records=(record.text,))
        if not names_server(survey.name, own.dns_names, own.ip_names):
            spoilt = spoilt or failed("DANE_NAME", name=survey.name, certificate=label(own))
        elif not all(_in_time(one, survey) for one in held):
            spoilt = spoilt or failed("DANE_EXPIRED", certificate=label(own))
        else:
            return passed("DANE_MATCHES", records=(record.text,))
    if chain.path.end is Path.UNCHECKED and any(record.usage in {PKIX_TA, DANE_TA} for record in records):
        return unchecked(chain)
    return spoilt or failed("DANE_DIFFERS", certificate=label(own), records=listed(record.text for record in records))


def _held(record: Tlsa, chain: ChainSeen) -> tuple[CertificateSeen, ...] | None:
    """The certificates from the server's own to the one that the record names, where that way holds."""
    own = chain.certificates[0]
    if record.usage in {PKIX_TA, PKIX_EE} and chain.path.end is not Path.PUBLIC:
        return None
    if record.usage in {DANE_EE, PKIX_EE}:
        return (own,) if _names(record, own) else None
    return _way_to(record, chain)


def _names(record: Tlsa, certificate: CertificateSeen) -> bool:
    by_key = record.selector != CERT
    data = hashlib.sha256(record.data).digest() if record.matching == FULL else record.data
    if record.matching in {FULL, SHA2_256}:
        return data.hex() == (certificate.spki_sha256 if by_key else certificate.sha256)
    return data.hex() == (certificate.spki_sha512 if by_key else certificate.sha512)


def _way_to(record: Tlsa, chain: ChainSeen) -> tuple[CertificateSeen, ...] | None:
    """Follow issuers from the server's own certificate to an authority that the record names; it has to be sent (RFC 7672 section 3.1.2).

    Where a signature on the way is false, or an issuer had no right to it, the prober has found no way to any root either.
    """
    if chain.path.end in _BROKEN:
        return None
    way = [chain.certificates[0]]
    while len(way) <= len(chain.certificates):
        above = next((one for one in chain.certificates[1:] if one.subject == way[-1].issuer and one.is_ca and one not in way), None)
        if above is None:
            return None
        way.append(above)
        if _names(record, above):
            return tuple(way)
    return None


def _in_time(certificate: CertificateSeen, survey: TlsSurvey) -> bool:
    begin, now, end = moment(certificate.not_before), moment(survey.at), moment(certificate.not_after)
    return begin is not None and now is not None and end is not None and begin <= now <= end
