"""Checks of logs on the way: are they sent to another machine, safely, and are those of others taken."""

from __future__ import annotations

from typing import Annotated

from checks.common import listed, value_not_set
from checks.host.log import itself
from scanner.facts.log_keeping import LogKeeping, RecordKind
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

LOG_HOSTS = Value[tuple[str, ...]](
    "log.hosts",
    default=(),
    text=Text(
        ja="ログを集める組織のサーバの名前又はアドレス（空であれば、転送していることだけを求める）",
        en="names or addresses of the organisation's log hosts (empty: it is only asked that logs are sent to another machine)",
    ),
)

LOG_RECEIVING = Value(
    "log.receiving",
    default="unset",
    text=Text(
        ja="他の機器のログの受信（allowed：認める、refused：認めない、unset：未定）",
        en="taking logs of other machines (allowed, refused, or unset: not decided)",
    ),
    choices=("allowed", "refused", "unset"),
)


@check(
    "host.log.forwarding",
    severity=Severity.MEDIUM,
    title=Text(ja="ログを別の機器（ログサーバ）に転送している", en="Logs are sent to another machine"),
    why=Text(
        ja="侵入した者は、その機器のログを消し、書き換えることができる。別の機器にある写しが証拠となる。",
        en="Whoever breaks in can alter the logs of the machine itself; a copy elsewhere is the evidence.",
    ),
    remedy=Text(
        ja=(
            '/etc/rsyslog.d/90-forward.conf に「*.* action(type="omfwd" target="ログサーバ" port="6514" protocol="tcp" '
            'StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name" queue.type="LinkedList" queue.filename="fwd" '
            'action.resumeRetryCount="-1")」と書く。'
            "Windows：グループポリシーの「イベント転送＞対象のサブスクリプション マネージャーを構成する」で収集サーバを定める。"
        ),
        en=(
            'In /etc/rsyslog.d/90-forward.conf write *.* action(type="omfwd" target="LOGHOST" port="6514" protocol="tcp" '
            'StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name" queue.type="LinkedList" queue.filename="fwd" '
            'action.resumeRetryCount="-1"). Windows: name the collector in Group Policy, Event Forwarding > Configure target Subscription '
            "Manager."
        ),
    ),
    says={
        "FORWARDED": Text(ja="転送している：{targets}", en="sent to {targets}"),
        "NOT_FORWARDED": Text(ja="別の機器への転送の設定がない", en="nothing is sent to another machine"),
        "FORWARDED_IN_PART": Text(
            ja="転送しているが、主体認証の記録が含まれない：{targets}", en="sent to {targets}, but not the records of log-ons"
        ),
        "FORWARDED_ELSEWHERE": Text(
            ja="組織のログサーバとして定めたもの以外に転送している：{targets}", en="sent to machines other than the log hosts: {targets}"
        ),
    },
)
def log_forwarding(keeping: LogKeeping, *, hosts: Annotated[tuple[str, ...], LOG_HOSTS] = LOG_HOSTS.default) -> Judgement:
    if isinstance(keeping.targets, Unobserved):
        return keeping.targets
    targets = [target for target in keeping.targets if not itself(target)]
    if not targets:
        return failed("NOT_FORWARDED")
    known = {host.lower().rstrip(".") for host in hosts}
    if known and (other := [target.host for target in targets if target.host.lower().rstrip(".") not in known]):
        return failed("FORWARDED_ELSEWHERE", targets=listed(other))
    if not any(RecordKind.AUTHENTICATION in target.kinds for target in targets):
        return failed("FORWARDED_IN_PART", targets=listed(target.host for target in targets))
    return passed("FORWARDED", targets=listed(target.host for target in targets))


@check(
    "host.log.forwarding-encrypted",
    severity=Severity.MEDIUM,
    title=Text(ja="ログの転送が暗号化され、相手が確認される", en="Logs travel encrypted, to a machine that proves who it is"),
    why=Text(
        ja="ログには利用者名やアドレスが含まれる。平文の転送は読まれ、書き換えられ、偽のログサーバにも送られる。",
        en="Logs hold names and addresses. In the clear they can be read, altered and sent to a false log host.",
    ),
    remedy=Text(
        ja=(
            "TLS（rsyslog は StreamDriver=gtls、StreamDriverMode=1、StreamDriverAuthMode=x509/name、syslog-ng は transport(tls) と"
            " peer-verify）で転送する。"
        ),
        en=(
            "Send over TLS: rsyslog StreamDriver=gtls, StreamDriverMode=1, StreamDriverAuthMode=x509/name; syslog-ng transport(tls) with "
            "peer-verify."
        ),
    ),
    says={
        "ENCRYPTED": Text(ja="暗号化され、相手の証明書が確認される：{targets}", en="encrypted and verified: {targets}"),
        "CLEAR": Text(ja="平文で転送している：{targets}", en="sent in the clear: {targets}"),
        "NOT_VERIFIED": Text(ja="暗号化しているが、相手の証明書を確認していない：{targets}", en="encrypted, but to anybody: {targets}"),
        "NOT_FORWARDED": Text(ja="別の機器へ転送していない", en="nothing is sent to another machine"),
    },
)
def log_forwarding_encrypted(keeping: LogKeeping) -> Judgement:
    if isinstance(keeping.targets, Unobserved):
        return keeping.targets
    targets = [target for target in keeping.targets if not itself(target)]
    if not targets:
        return not_applicable("NOT_FORWARDED")
    if clear := [f"{target.host}:{target.port}/{target.protocol}" for target in targets if not target.encrypted]:
        return failed("CLEAR", targets=listed(clear))
    if anybody := [f"{target.host}:{target.port}" for target in targets if not target.verified]:
        return failed("NOT_VERIFIED", targets=listed(anybody))
    return passed("ENCRYPTED", targets=listed(target.host for target in targets))


@check(
    "host.log.forwarding-queue",
    severity=Severity.LOW,
    title=Text(ja="ログサーバに届かない間、ログがディスクで待つ", en="Logs wait on disk while the log host cannot be reached"),
    why=Text(
        ja="待ち行列がなければ、ログサーバや回線が止まっている間の記録が転送されずに失われる。",
        en="Without a queue, what happens while the log host or the line is down never reaches it.",
    ),
    remedy=Text(
        ja="転送の action に queue.type=LinkedList、queue.filename=名前、action.resumeRetryCount=-1 を加える（syslog-ng は disk-buffer）。",
        en="Add queue.type=LinkedList, queue.filename=NAME and action.resumeRetryCount=-1 to the action (syslog-ng: disk-buffer).",
    ),
    says={
        "QUEUED": Text(ja="ディスクの待ち行列がある：{targets}", en="there is a queue on disk: {targets}"),
        "NOT_QUEUED": Text(ja="ディスクの待ち行列がない：{targets}", en="there is no queue on disk: {targets}"),
        "NOT_FORWARDED": Text(ja="別の機器へ転送していない", en="nothing is sent to another machine"),
    },
)
def log_forwarding_queue(keeping: LogKeeping) -> Judgement:
    if isinstance(keeping.targets, Unobserved):
        return keeping.targets
    targets = [target for target in keeping.targets if not itself(target)]
    if not targets:
        return not_applicable("NOT_FORWARDED")
    if bare := [target.host for target in targets if not target.queued]:
        return failed("NOT_QUEUED", targets=listed(bare))
    return passed("QUEUED", targets=listed(target.host for target in targets))


@check(
    "host.log.receiving",
    severity=Severity.MEDIUM,
    title=Text(ja="ログサーバでない機器が、ネットワークからログを受け付けない", en="Only log hosts take records from the network"),
    why=Text(
        ja="誰からでもログを受け付けると、偽の記録を混ぜられ、大量の記録でディスクを埋められる。",
        en="Whoever can send records can forge them and fill the disk.",
    ),
    remedy=Text(
        ja=(
            "rsyslog の imudp・imtcp の module と input（$UDPServerRun、$InputTCPServerRun）を除く。ログサーバであれば方針ファイルの "
            "log.receiving を allowed とする。"
        ),
        en=(
            "Remove imudp and imtcp (module and input, $UDPServerRun, $InputTCPServerRun). For a log host set log.receiving to "
            "allowed in the profile."
        ),
    ),
    says={
        "TAKES_NOTHING": Text(ja="ネットワークからログを受け付けない", en="nothing is taken from the network"),
        "TAKES_RECORDS": Text(ja="ネットワークからログを受け付ける：{ports}", en="records are taken on {ports}"),
        "RECEIVING_MEANT": Text(ja="ログの受信を組織が認めている", en="the organisation means it to take logs"),
    },
)
def log_receiving(keeping: LogKeeping, *, receiving: Annotated[str, LOG_RECEIVING] = LOG_RECEIVING.default) -> Judgement:
    if receiving == "allowed":
        return not_applicable("RECEIVING_MEANT")
    if isinstance(keeping.entrances, Unobserved):
        return keeping.entrances
    if not keeping.entrances:
        return passed("TAKES_NOTHING")
    if receiving == "unset":
        return value_not_set(LOG_RECEIVING)
    return failed("TAKES_RECORDS", ports=listed(f"{one.protocol}/{one.port}" for one in keeping.entrances))
