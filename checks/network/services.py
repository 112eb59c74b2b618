"""Checks of what a network device offers and records: time, logs, needless services, IPv6, the saved configuration."""

from __future__ import annotations

from checks.common import listed
from scanner.facts.network_device import NetworkDevice
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed


@check(
    "network.time.servers",
    severity=Severity.LOW,
    title=Text(ja="通信回線装置の時刻をサーバに合わせる", en="A network device takes its time from servers"),
    why=Text(
        ja="時刻がずれた装置の記録は、ほかの機器の記録と突き合わせられない。",
        en="Logs of a device whose clock is off cannot be matched with those of others.",
    ),
    remedy=Text(
        ja="IOS：ntp server。Junos：set system ntp server。FortiOS：config system ntp で ntpsync enable と server。",
        en="IOS: ntp server. Junos: set system ntp server. FortiOS: ntpsync enable and a server under config system ntp.",
    ),
    says={
        "TIME_SERVERS": Text(ja="時刻サーバ：{servers}", en="time servers: {servers}"),
        "TIME_NONE": Text(ja="時刻サーバの設定がない", en="no time server is configured"),
    },
)
def time_servers(device: NetworkDevice) -> Judgement:
    if isinstance(device.time_servers, Unobserved):
        return device.time_servers
    return passed("TIME_SERVERS", servers=listed(device.time_servers)) if device.time_servers else failed("TIME_NONE")


@check(
    "network.logging.remote",
    severity=Severity.MEDIUM,
    title=Text(ja="通信回線装置の記録を別の機器に送る", en="A network device sends its log elsewhere"),
    why=Text(
        ja="装置の中の記録は少なく、再起動や侵入者によって失われる。",
        en="What a device keeps itself is little, and a restart or an intruder removes it.",
    ),
    remedy=Text(
        ja="IOS：logging host。Junos：set system syslog host。FortiOS：config log syslogd setting。",
        en="IOS: logging host. Junos: set system syslog host. FortiOS: config log syslogd setting.",
    ),
    says={
        "LOG_SENT": Text(ja="送信先：{hosts}", en="sent to {hosts}"),
        "LOG_KEPT_ONLY": Text(ja="送信先の設定がない", en="no host is configured to send it to"),
    },
)
def logging_remote(device: NetworkDevice) -> Judgement:
    if isinstance(device.log_hosts, Unobserved):
        return device.log_hosts
    hosts = [f"{host.host} ({host.transport})" for host in device.log_hosts]
    return passed("LOG_SENT", hosts=listed(hosts)) if hosts else failed("LOG_KEPT_ONLY")


@check(
    "network.logging.times",
    severity=Severity.LOW,
    title=Text(ja="通信回線装置の記録に日時が付く", en="Log messages of a network device carry date and time"),
    why=Text(ja="起動からの時間では、いつの事か分からない。", en="From the time since the start nobody can tell when something was."),
    remedy=Text(
        ja="IOS：service timestamps log datetime msec localtime show-timezone。",
        en="IOS: service timestamps log datetime msec localtime show-timezone.",
    ),
    says={
        "LOG_DATED": Text(ja="日時が付く", en="they do"),
        "LOG_UNDATED": Text(ja="日時が付かない", en="they do not"),
    },
)
def logging_times(device: NetworkDevice) -> Judgement:
    if isinstance(device.log_times, Unobserved):
        return device.log_times
    return passed("LOG_DATED") if device.log_times else failed("LOG_UNDATED")


@check(
    "network.services.needless",
    severity=Severity.MEDIUM,
    title=Text(ja="通信回線装置で使わない機能を止める", en="Functions that a network device does not need are off"),
    why=Text(
        ja="使わない機能の欠陥や既定の動作が、侵入や情報の漏えいに使われる。",
        en="Faults and defaults of functions that nobody uses let intruders in and information out.",
    ),
    remedy=Text(
        ja="IOS：no service pad、no ip bootp server、no vstack、no ip source-route 等。"
        "Junos：system services から除く。FortiOS：auto-install-config disable。",
        en="IOS: no service pad, no ip bootp server, no vstack, no ip source-route and so on. Junos: delete them from system services. "
        "FortiOS: auto-install-config disable.",
    ),
    says={
        "NEEDLESS_OFF": Text(ja="見た機能は全て無効：{names}", en="all that were looked for are off: {names}"),
        "NEEDLESS_ON": Text(ja="有効なもの：{names}", en="on: {names}"),
    },
)
def services_needless(device: NetworkDevice) -> Judgement:
    if on := [service.name for service in device.needless if service.on is True]:
        return failed("NEEDLESS_ON", names=listed(on))
    unseen = next((service.on for service in device.needless if isinstance(service.on, Unobserved)), None)
    return unseen or device.more or passed("NEEDLESS_OFF", names=listed(service.name for service in device.needless))


@check(
    "network.ipv6.tunnel",
    severity=Severity.MEDIUM,
    title=Text(ja="IPv6 を IPv4 で運ぶトンネルを設けない", en="No tunnel carries IPv6 over IPv4"),
    why=Text(
        ja="トンネルの中の通信は、IPv4 だけを見るファイアウォールと監視を素通りする。",
        en="What runs inside a tunnel passes firewalls and monitoring that look at IPv4 only.",
    ),
    remedy=Text(ja="使わないトンネルのインタフェースを消す。", en="Remove tunnel interfaces that are not needed."),
    says={
        "DEVICE_TUNNEL_NONE": Text(ja="トンネルの設定がない", en="none is configured"),
        "DEVICE_TUNNEL": Text(ja="トンネルがある：{interfaces}", en="tunnels: {interfaces}"),
    },
)
def ipv6_tunnel(device: NetworkDevice) -> Judgement:
    if device.tunnels:
        return failed("DEVICE_TUNNEL", interfaces=listed(device.tunnels))
    return device.more or passed("DEVICE_TUNNEL_NONE")


@check(
    "network.ipv6.ra-guard",
    severity=Severity.LOW,
    title=Text(ja="端末のポートでルータ広告を止める", en="Ports for terminals keep out router advertisements"),
    why=Text(
        ja="端末が偽のルータ広告を出すと、同じ区画の機器の通信を横取りできる。",
        en="A terminal that sends forged router advertisements draws the traffic of its whole segment to itself.",
    ),
    remedy=Text(
        ja="IOS：端末のポート又は vlan configuration に ipv6 nd raguard。"
        "Junos：forwarding-options access-security router-advertisement-guard。",
        en="IOS: ipv6 nd raguard on ports for terminals or under vlan configuration. Junos: forwarding-options access-security "
        "router-advertisement-guard.",
    ),
    says={
        "RA_GUARDED": Text(ja="端末の {count} ポート全てで止める", en="kept out on all {count} ports"),
        "RA_OPEN": Text(ja="{open} ポートで止めていない（{ports}）", en="not kept out on {open} ports ({ports})"),
        "NO_ACCESS_PORTS": Text(ja="端末を収容するポートがない", en="the device has no port for terminals"),
    },
)
def ipv6_ra_guard(device: NetworkDevice) -> Judgement:
    ports = device.access_ports
    if isinstance(ports, Unobserved):
        return ports
    if ports is None:
        return device.more or not_applicable("NO_ACCESS_PORTS")
    if device.more:
        return device.more
    if ports.guarded < ports.count:
        return failed("RA_OPEN", open=ports.count - ports.guarded, ports=listed(ports.unguarded))
    return passed("RA_GUARDED", count=ports.count)


@check(
    "network.config.saved",
    severity=Severity.LOW,
    title=Text(ja="動作中の設定が保存した設定と一致する", en="The running configuration is the saved one"),
    why=Text(
        ja="保存していない変更は再起動で消え、知らない変更が残っていても気付けない。",
        en="Changes that are not saved go with a restart, and changes that nobody knows of go unnoticed.",
    ),
    remedy=Text(
        ja="差を確かめ、正しければ copy running-config startup-config を実行する。",
        en="Look at the difference; where it is right, run copy running-config startup-config.",
    ),
    says={
        "CONFIG_SAVED": Text(ja="一致する", en="they are the same"),
        "CONFIG_UNSAVED": Text(ja="一致しない", en="they differ"),
    },
)
def config_saved(device: NetworkDevice) -> Judgement:
    if isinstance(device.saved, Unobserved):
        return device.saved
    return passed("CONFIG_SAVED") if device.saved else failed("CONFIG_UNSAVED")
