"""The check over a whole run that SSH host keys are not shared between servers."""

from __future__ import annotations

from checks.common import shared_by
from scanner.facts.keys import KeysInUse
from scanner.model.check import Judgement, check
from scanner.model.fact import cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed


@check(
    "ssh.host-key.shared",
    severity=Severity.MEDIUM,
    title=Text(ja="SSH のホスト鍵を複数のサーバで共用しない", en="Servers do not share SSH host keys"),
    why=Text(
        ja="一台から鍵が漏れると、同じ鍵を使う全てのサーバになりすまされる。複製した仮想マシンに多い。",
        en="When one server loses its key, every server with the same key can be impersonated. Cloned machines often share one.",
    ),
    remedy=Text(
        ja=(
            "複製したサーバのホスト鍵を作り直し（「rm /etc/ssh/ssh_host_*; ssh-keygen -A」）、「systemctl restart ssh」（Red Hat 系は "
            "sshd）で反映する。複製元のイメージからも鍵を除く。"
        ),
        en=(
            'Make new host keys on cloned servers ("rm /etc/ssh/ssh_host_*; ssh-keygen -A", then "systemctl restart ssh") and remove '
            "them from the image."
        ),
    ),
    says={
        "HOST_KEY_SHARED": Text(
            ja="{keys} 個のホスト鍵が複数のサーバで使われている：{services}",
            en="several servers share {keys} host keys: {services}",
        ),
        "HOST_KEY_OWN": Text(
            ja="ホスト鍵の共用は見られない（{services} サービス）",
            en="no two servers share a host key ({services} services)",
        ),
        "HOST_KEY_NONE": Text(ja="ホスト鍵を示したサービスがない", en="no service has shown a host key"),
    },
)
def ssh_host_key_shared(keys: KeysInUse) -> Judgement:
    if keys.ssh:
        return failed("HOST_KEY_SHARED", keys=len(keys.ssh), services=shared_by(keys.ssh))
    if keys.ssh_unseen:
        ja, en = "鍵を確認できなかったサービスが {count} ある", "the keys of {count} services could not be seen"
        return cannot_tell(Reason.UNREACHABLE, ja, en, count=keys.ssh_unseen)
    return passed("HOST_KEY_OWN", services=keys.ssh_services) if keys.ssh_services else not_applicable("HOST_KEY_NONE")
