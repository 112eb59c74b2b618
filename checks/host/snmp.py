"""Checks of SNMP agents on machines by their own configuration. Network devices have ``network.snmp``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from checks.common import first_missing, listed
from checks.host.programs import each_of
from scanner.facts.network_device import SnmpAccess, SnmpSecurity
from scanner.facts.snmp import SnmpAgent, SnmpConfiguration
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Outcome, Severity, Verdict, failed, not_applicable, passed

_NONE = Text(ja="SNMP に応じるプログラムが動いていない", en="no program that answers SNMP is in use")
_LOCAL = Text(ja="機器自身にしか応じない", en="it answers the machine itself only")
_REMEDY = Text(
    ja="snmpd.conf から rocommunity・rwcommunity・com2sec を除き、net-snmp-create-v3-user -ro -a SHA-256 -x AES で利用者を作って "
    "rouser 利用者 priv とする。",
    en="Remove rocommunity, rwcommunity and com2sec from snmpd.conf, make a user by net-snmp-create-v3-user -ro -a SHA-256 -x AES, and "
    "write rouser USER priv.",
)
_WEAK = frozenset({"MD5", "DES"})


def _each(snmp: SnmpConfiguration, judge: Callable[[SnmpAgent], Judgement | None]) -> Judgement:
    return each_of(snmp.agents, judge, "NO_SNMP")


def _access(snmp: SnmpConfiguration, judge: Callable[[Sequence[SnmpAccess]], Judgement]) -> Judgement:
    """Judge the ways in of an agent that others reach; what may be beyond those that are known keeps it from passing."""

    def one(agent: SnmpAgent) -> Judgement:
        if agent.local is True:
            return not_applicable("SNMP_LOCAL")
        if isinstance(agent.access, Unobserved):
            return agent.access
        found = judge(agent.access)
        if isinstance(found, Verdict) and found.outcome is Outcome.FAIL:
            return agent.local if isinstance(agent.local, Unobserved) else found
        return first_missing((agent.beyond, agent.local)) or found

    return _each(snmp, one)


@check(
    "host.snmp.encrypted",
    severity=Severity.MEDIUM,
    title=Text(ja="SNMP は認証と暗号化を伴う第 3 版だけを使う", en="SNMP is version 3 with authentication and encryption only"),
    why=Text(
        ja="第 1・2c 版のコミュニティは平文で流れ、読み取った者は機器の構成を知り、書込みの場合は設定を変えられる。",
        en="Communities of versions 1 and 2c travel in clear text; whoever reads one can query the machine, or even change it.",
    ),
    remedy=_REMEDY,
    says={
        "SNMP_ENCRYPTED": Text(ja="第 3 版 priv だけ：{where}", en="version 3 with priv only: {where}"),
        "SNMP_COMMUNITY": Text(ja="コミュニティによる第 1・2c 版：{where}", en="versions 1 and 2c by community: {where}"),
        "SNMP_WEAK": Text(ja="第 3 版だが暗号化を求めない：{where}", en="version 3, and encryption is not demanded: {where}"),
        "SNMP_CLOSED": Text(ja="誰にも応じない設定である", en="nobody is answered"),
        "SNMP_LOCAL": _LOCAL,
        "NO_SNMP": _NONE,
    },
)
def snmp_encrypted(snmp: SnmpConfiguration) -> Judgement:
    def judge(access: Sequence[SnmpAccess]) -> Judgement:
        if communities := [a.where for a in access if a.security is SnmpSecurity.COMMUNITY]:
            return failed("SNMP_COMMUNITY", where=listed(communities))
        if weak := [a.where for a in access if a.security is not SnmpSecurity.ENCRYPTED]:
            return failed("SNMP_WEAK", where=listed(weak))
        return passed("SNMP_ENCRYPTED", where=listed(a.where for a in access)) if access else passed("SNMP_CLOSED")

    return _access(snmp, judge)


@check(
    "host.snmp.community",
    severity=Severity.HIGH,
    title=Text(ja="SNMP のコミュニティに推測できる名前を使わない", en="No SNMP community has a name that can be guessed"),
    why=Text(ja="public や private は誰でも最初に試す。", en="Public and private are what everybody tries first."),
    remedy=_REMEDY,
    says={
        "COMMUNITY_NONE": Text(ja="コミュニティは設定されていない", en="no community is configured"),
        "COMMUNITY_OWN": Text(ja="よく使われる名前ではない", en="none has a usual name"),
        "COMMUNITY_USUAL": Text(ja="よく使われる名前のコミュニティがある：{where}", en="a community has a usual name: {where}"),
        "SNMP_LOCAL": _LOCAL,
        "NO_SNMP": _NONE,
    },
)
def snmp_community(snmp: SnmpConfiguration) -> Judgement:
    def judge(access: Sequence[SnmpAccess]) -> Judgement:
        communities = [a for a in access if a.security is SnmpSecurity.COMMUNITY]
        if usual := [a.where for a in communities if a.usual]:
            return failed("COMMUNITY_USUAL", where=listed(usual))
        return passed("COMMUNITY_OWN") if communities else passed("COMMUNITY_NONE")

    return _access(snmp, judge)


@check(
    "host.snmp.limited",
    severity=Severity.MEDIUM,
    title=Text(ja="SNMP に監視装置からだけ応じ、書込みを許さない", en="SNMP is answered to monitoring stations only and never writes"),
    why=Text(
        ja="相手を限らない SNMP は機器の構成を誰にでも渡し、書込みは設定の変更を許す。",
        en="SNMP without limits gives the machine's configuration to anybody; with writing it lets them change it.",
    ),
    remedy=Text(
        ja="snmpd.conf の rocommunity に監視装置のアドレスを付け、rwcommunity と rwuser を除く。",
        en="Give each rocommunity in snmpd.conf the monitoring station's address; remove rwcommunity and rwuser.",
    ),
    says={
        "SNMP_LIMITED": Text(ja="相手を限り、読取りだけ：{where}", en="limited by address and reading only: {where}"),
        "SNMP_WRITES": Text(ja="書込みを許す：{where}", en="writing is allowed: {where}"),
        "SNMP_OPEN": Text(ja="相手を限っていない：{where}", en="not limited by address: {where}"),
        "SNMP_CLOSED": Text(ja="誰にも応じない設定である", en="nobody is answered"),
        "SNMP_LOCAL": _LOCAL,
        "NO_SNMP": _NONE,
    },
)
def snmp_limited(snmp: SnmpConfiguration) -> Judgement:
    def judge(access: Sequence[SnmpAccess]) -> Judgement:
        if writes := [a.where for a in access if a.writes and a.security is not SnmpSecurity.ENCRYPTED]:
            return failed("SNMP_WRITES", where=listed(writes))
        if open_ := [a.where for a in access if a.limited is False]:
            return failed("SNMP_OPEN", where=listed(open_))
        missing = first_missing(a.limited for a in access)
        return missing or (passed("SNMP_LIMITED", where=listed(a.where for a in access)) if access else passed("SNMP_CLOSED"))

    return _access(snmp, judge)


@check(
    "host.snmp.algorithms",
    severity=Severity.MEDIUM,
    title=Text(ja="SNMP の利用者が MD5 と DES を使わない", en="No user of SNMP has MD5 or DES"),
    why=Text(
        ja="DES は短い時間で破られ、MD5 は新たに使うべきでない。",
        en="DES is broken within a short time, and MD5 is not for new use.",
    ),
    remedy=Text(
        ja="利用者を net-snmp-create-v3-user -a SHA-256 -x AES で作り直す。",
        en="Make the users anew by net-snmp-create-v3-user -a SHA-256 -x AES.",
    ),
    says={
        "ALGORITHMS_SOUND": Text(ja="使っていない（{count} 人）", en="none of {count} does"),
        "ALGORITHMS_WEAK": Text(ja="弱い方式の利用者がいる：{algorithms}", en="users have weak algorithms: {algorithms}"),
        "ALGORITHMS_NONE": Text(ja="第 3 版の利用者はいない", en="there are no users of version 3"),
        "SNMP_LOCAL": _LOCAL,
        "NO_SNMP": _NONE,
    },
)
def snmp_algorithms(snmp: SnmpConfiguration) -> Judgement:
    def one(agent: SnmpAgent) -> Judgement:
        if agent.local is True:
            return not_applicable("SNMP_LOCAL")
        if isinstance(agent.users, Unobserved):
            return agent.users
        used = [name for user in agent.users for name in (user.authentication, user.privacy)]
        if weak := sorted(_WEAK & set(used)):
            return failed("ALGORITHMS_WEAK", algorithms=tuple(weak))
        if "?" in used:
            return cannot_tell(Reason.UNSUPPORTED, "知られていない方式の利用者がいる", "a user has an algorithm that is not known here")
        return passed("ALGORITHMS_SOUND", count=len(agent.users)) if agent.users else not_applicable("ALGORITHMS_NONE")

    return _each(snmp, one)
