"""Checks of a machine's network stack: forged sources, redirects, floods of half-open connections, forwarding."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

from checks.common import also
from checks.host.settings import WORDS, combined, judged, named, number, of, sysctl_lines
from scanner.facts.kernel import KernelSettings
from scanner.facts.readings import Readings
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Outcome, Severity, Verdict

NETWORK_LEAST_BACKLOG = Value(
    "network.least-syn-backlog",
    default=512,
    text=Text(ja="確立途中の TCP 接続を待たせる数の下限", en="least number of half-open connections that are kept waiting"),
    least=128,
    most=1048576,
)

NETWORK_MOST_SYN_RETRIES = Value(
    "network.most-syn-retries",
    default=3,
    text=Text(ja="TCP 接続の確立を待つ間の再送の上限", en="most retries while a connection is being set up"),
    least=1,
    most=10,
)


IPV4, IPV6 = "net.ipv4.conf", "net.ipv6.conf"
_remedy = partial(sysctl_lines, "/etc/sysctl.d/60-network.conf")
# What stands under "default" reaches only those interfaces that come later (IPv6) or were not set one by one (IPv4).
_EACH_INTERFACE = Text(
    ja="値が残るインタフェースは、default をその名前に替えた行も書く。",
    en="For interfaces that keep their value write the lines again with their name in the place of default.",
)


def _largest(a: str, b: str) -> str:
    return str(max(number(a), number(b)))


def _either(a: str, b: str) -> str:
    return "1" if number(a) > 0 or number(b) > 0 else "0"


def _both(a: str, b: str) -> str:
    return "1" if number(a) > 0 and number(b) > 0 else "0"


def _forwards(settings: KernelSettings, interface: str) -> bool:
    """Whether an interface (``net.ipv4.conf.eth0``) passes on what comes in by it, now and after a restart."""
    held = of(settings, f"{interface}.forwarding") or of(settings, "net.ipv4.ip_forward")
    return bool(held) and all(isinstance(part, str) and number(part) > 0 for part in held[0].value.effective())


def _own(settings: KernelSettings, leaf: str, base: str) -> list[tuple[str, Readings[str]]]:
    """Give what stands at each interface, and at ``default`` for those that are still to come."""
    names = ("default", *(() if isinstance(settings.interfaces, Unobserved) else settings.interfaces))
    return named(of(settings, *(f"{base}.{name.replace('.', '/')}.{leaf}" for name in names)))


def _each(settings: KernelSettings, leaf: str, by: Callable[[str, str], str], base: str = IPV4) -> list[tuple[str, Readings[str]]]:
    """Give a setting as the kernel goes by it for each interface, and for those that are still to come (``default``)."""
    whole = of(settings, f"{base}.all.{leaf}")
    own = _own(settings, leaf, base)
    return [combined(name, value, whole[0].value, by) for name, value in own] if whole else own


def _over_interfaces(settings: KernelSettings, parts: list[tuple[str, Readings[str]]], good: Callable[[str], bool]) -> Judgement:
    answer = judged(parts, good)
    unseen = settings.interfaces
    return unseen if isinstance(unseen, Unobserved) and getattr(answer, "tag", "") == "SETTING_GOOD" else answer


@check(
    "host.network.reverse-path",
    severity=Severity.MEDIUM,
    title=Text(ja="送信元を偽ったパケットを受け取らない", en="Packets with forged sources are dropped"),
    why=Text(
        ja="逆経路の確認が無効であると、送信元アドレスを偽ったパケットが受け入れられ、なりすましや攻撃の踏み台に使われる。",
        en="Without reverse-path filtering packets that lie about their source are taken in and serve impersonation and reflection.",
    ),
    remedy=_remedy("net.ipv4.conf.all.rp_filter=1"),
    says=WORDS,
)
def network_reverse_path(settings: KernelSettings) -> Judgement:
    # ip-sysctl.rst: the larger of the value of all and that of the interface is used; 2 is the loose form
    return _over_interfaces(settings, _each(settings, "rp_filter", _largest), lambda value: value in {"1", "2"})


@check(
    "host.network.redirects",
    severity=Severity.MEDIUM,
    title=Text(ja="ICMP リダイレクトに従わない", en="ICMP redirects are not followed"),
    why=Text(
        ja="ICMP リダイレクトに従う機器は、同じ通信回線上の攻撃者により、通信の経路を攻撃者の機器へ曲げられ得る。",
        en="A machine that follows redirects can be made to send its traffic through an attacker on the same network.",
    ),
    remedy=also(
        _remedy(
            "net.ipv4.conf.all.accept_redirects=0, net.ipv4.conf.default.accept_redirects=0, net.ipv6.conf.all.accept_redirects=0, "
            "net.ipv6.conf.default.accept_redirects=0"
        ),
        _EACH_INTERFACE,
    ),
    says=WORDS,
)
def network_redirects(settings: KernelSettings) -> Judgement:
    # What comes in by an interface that routes is followed where both values say so, else where one does; in IPv6 the interface decides.
    leaf = "accept_redirects"
    pairs = zip(_each(settings, leaf, _both), _each(settings, leaf, _either), strict=True)
    parts = [both if _forwards(settings, both[0].removesuffix(f".{leaf}")) else either for both, either in pairs]
    return _over_interfaces(settings, [*parts, *_own(settings, leaf, IPV6)], lambda value: value == "0")


@check(
    "host.network.redirects-sent",
    severity=Severity.LOW,
    title=Text(ja="ICMP リダイレクトを送らない", en="No ICMP redirects are sent"),
    why=Text(
        ja="ルータでない機器がリダイレクトを送る必要はなく、通信の経路を曲げる手段として悪用され得る。",
        en="Only routers have a use for redirects; from anything else they help to bend the paths of traffic.",
    ),
    remedy=also(_remedy("net.ipv4.conf.all.send_redirects=0, net.ipv4.conf.default.send_redirects=0"), _EACH_INTERFACE),
    says=WORDS,
)
def network_redirects_sent(settings: KernelSettings) -> Judgement:
    return _over_interfaces(settings, _each(settings, "send_redirects", _either), lambda value: value == "0")


@check(
    "host.network.source-routing",
    severity=Severity.MEDIUM,
    title=Text(ja="送信元が経路を指定したパケットを通さない", en="Source-routed packets are refused"),
    why=Text(
        ja="送信元による経路指定を認めると、通信制御を避けて内部の機器に届くパケットを作られる。",
        en="Source routing lets a sender choose a path around filters to inner machines.",
    ),
    remedy=_remedy("net.ipv4.conf.all.accept_source_route=0, net.ipv4.conf.default.accept_source_route=0"),
    says=WORDS,
)
def network_source_routing(settings: KernelSettings) -> Judgement:
    return _over_interfaces(settings, _each(settings, "accept_source_route", _both), lambda value: value == "0")


@check(
    "host.network.martians",
    severity=Severity.LOW,
    title=Text(ja="あり得ない送信元のパケットを記録する", en="Packets with impossible sources are logged"),
    why=Text(
        ja="偽った送信元のパケットが記録されないと、攻撃の試みや設定の誤りに気付けない。",
        en="Where packets with impossible sources leave no trace, attempts and faulty set-ups go unnoticed.",
    ),
    remedy=_remedy("net.ipv4.conf.all.log_martians=1, net.ipv4.conf.default.log_martians=1"),
    says=WORDS,
)
def network_martians(settings: KernelSettings) -> Judgement:
    return _over_interfaces(settings, _each(settings, "log_martians", _either), lambda value: value == "1")


@check(
    "host.network.forwarding",
    severity=Severity.LOW,
    title=Text(ja="パケットを中継しない", en="Packets are not forwarded"),
    why=Text(
        ja="複数の通信回線に接続した機器がパケットを中継すると、回線を分けた意味が失われる。仮想化やコンテナの基盤、ルータでは必要となる。",
        en="A machine on several networks that forwards packets joins what was kept apart. Routers and hosts of virtual machines need it.",
    ),
    remedy=also(
        _remedy("net.ipv4.ip_forward=0, net.ipv6.conf.all.forwarding=0"),
        Text(
            ja="net.ipv4.conf.名前.forwarding が 1 のものは、その設定（sysctl、systemd-networkd の IPv4Forwarding= 等）を除く。",
            en="Where net.ipv4.conf.NAME.forwarding is 1, remove what sets it (sysctl, IPv4Forwarding= of systemd-networkd).",
        ),
    ),
    says=WORDS,
)
def network_forwarding(settings: KernelSettings) -> Judgement:
    def off(value: str) -> bool:
        return value == "0"

    whole = named(of(settings, "net.ipv4.ip_forward", f"{IPV4}.all.forwarding", f"{IPV6}.all.forwarding"))
    answer = judged(whole, off)
    if isinstance(answer, Verdict) and answer.outcome is Outcome.FAIL:
        return answer  # every interface says the same then
    # With the switch for all off, IPv4 still passes on what comes in by an interface whose own is on; IPv6 does not.
    return _over_interfaces(settings, [*whole, *_own(settings, "forwarding", IPV4)], off)


@check(
    "host.network.syn-cookies",
    severity=Severity.MEDIUM,
    title=Text(ja="SYN クッキーが有効である", en="SYN cookies are on"),
    why=Text(
        ja="確立途中の TCP 接続を大量に作る攻撃（SYN フラッド）を受けたとき、SYN クッキーがないと正当な接続を受けられなくなる。",
        en="Under a flood of half-open connections a machine without SYN cookies cannot take real ones.",
    ),
    remedy=_remedy("net.ipv4.tcp_syncookies=1"),
    says=WORDS,
)
def network_syn_cookies(settings: KernelSettings) -> Judgement:
    return judged(named(of(settings, "net.ipv4.tcp_syncookies")), lambda value: value in {"1", "2"})


@check(
    "host.network.syn-wait",
    severity=Severity.LOW,
    title=Text(ja="TCP 接続の確立を待つ時間が短い", en="Half-open connections are given up soon"),
    why=Text(
        ja=(
            "確立を待つ時間が長いと、応答しない接続要求が資源を占め続ける。SYN+ACK の再送の回数が時間を決める（5 "
            "回で約 63 秒、3 回で約 15 秒）。"
        ),
        en="Long waits let unanswered requests hold resources; the number of SYN+ACK retries sets the time (5: about 63 s, 3: about 15 s).",
    ),
    remedy=_remedy("net.ipv4.tcp_synack_retries={limit}"),
    says=WORDS,
)
def network_syn_wait(
    settings: KernelSettings, *, limit: Annotated[int, NETWORK_MOST_SYN_RETRIES] = NETWORK_MOST_SYN_RETRIES.default
) -> Judgement:
    return judged(named(of(settings, "net.ipv4.tcp_synack_retries")), lambda value: 0 <= number(value) <= limit)


@check(
    "host.network.syn-backlog",
    severity=Severity.LOW,
    title=Text(ja="確立途中の TCP 接続を十分に待たせられる", en="There is room for half-open connections"),
    why=Text(
        ja="待ち行列が短いと、わずかな接続要求の集中で正当な接続を受けられなくなる。",
        en="With a short queue a small burst of requests already shuts out real ones.",
    ),
    remedy=_remedy("net.ipv4.tcp_max_syn_backlog={least}"),
    says=WORDS,
)
def network_syn_backlog(
    settings: KernelSettings, *, least: Annotated[int, NETWORK_LEAST_BACKLOG] = NETWORK_LEAST_BACKLOG.default
) -> Judgement:
    return judged(named(of(settings, "net.ipv4.tcp_max_syn_backlog")), lambda value: number(value) >= least)


@check(
    "host.network.icmp",
    severity=Severity.LOW,
    title=Text(ja="一斉送信の ping に応えない", en="Pings to broadcast addresses are not answered"),
    why=Text(
        ja="一斉送信の ping に応える機器は、送信元を偽った ping により、第三者への攻撃を増幅する踏み台となる。",
        en="Machines that answer broadcast pings amplify attacks on whoever the forged source names.",
    ),
    remedy=_remedy("net.ipv4.icmp_echo_ignore_broadcasts=1, net.ipv4.icmp_ignore_bogus_error_responses=1"),
    says=WORDS,
)
def network_icmp(settings: KernelSettings) -> Judgement:
    names = ("net.ipv4.icmp_echo_ignore_broadcasts", "net.ipv4.icmp_ignore_bogus_error_responses")
    return judged(named(of(settings, *names)), lambda value: value == "1")
