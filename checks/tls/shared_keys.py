"""The check over a whole run that certificates' keys are not shared between servers."""

from __future__ import annotations

from checks.common import shared_by
from scanner.facts.keys import KeysInUse
from scanner.model.check import Judgement, check
from scanner.model.fact import cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, doubtful, not_applicable, passed

_WHY = Text(
    ja="一台から鍵が漏れると、同じ鍵を使う全てのサーバになりすまされる。",
    en="When one server loses its key, every server with the same key can be impersonated.",
)


@check(
    "tls.certificate.key-shared",
    severity=Severity.LOW,
    title=Text(ja="サーバ証明書の鍵を複数のサーバで共用しない", en="Servers do not share the key of a certificate"),
    why=_WHY,
    remedy=Text(
        ja="サーバごとに鍵を作り、証明書を分けて取得する。負荷分散等で共用が必要な場合は、その範囲と鍵の管理方法を記録する。",
        en="Make a key and a certificate for each server. Where sharing is needed, record which servers and how the key is kept.",
    ),
    says={
        "KEY_SHARED": Text(ja="{keys} 個の鍵が複数のサーバで使われている：{services}", en="several servers share {keys} keys: {services}"),
        "KEY_OWN": Text(
            ja="鍵の共用は見られない（{services} サービス）",
            en="no two servers share a key ({services} services)",
        ),
        "KEY_NONE": Text(ja="証明書を示したサービスがない", en="no service has shown a certificate"),
    },
)
def tls_certificate_key_shared(keys: KeysInUse) -> Judgement:
    if keys.tls:
        # The guideline's caution about shared certificates could not be read again: to be confirmed, no violation.
        return doubtful("KEY_SHARED", keys=len(keys.tls), services=shared_by(keys.tls))
    if keys.tls_unseen:
        ja, en = "鍵を確認できなかったサービスが {count} ある", "the keys of {count} services could not be seen"
        return cannot_tell(Reason.UNREACHABLE, ja, en, count=keys.tls_unseen)
    return passed("KEY_OWN", services=keys.tls_services) if keys.tls_services else not_applicable("KEY_NONE")
