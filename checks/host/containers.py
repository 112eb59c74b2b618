"""Checks of what runs containers and virtual machines: who may command it, and what holds its guests."""

from __future__ import annotations

from collections.abc import Callable

from checks.common import listed
from scanner.facts.container_host import ContainerHost, Engine
from scanner.facts.readings import Readings
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

_WHY = Text(
    ja="コンテナや仮想計算機の基盤に命令できる者は、その機器の管理者と同じことができる。",
    en="Whoever can command the engine of containers or virtual machines can do what the administrator can.",
)
_NONE = Text(ja="コンテナや仮想計算機の基盤がない", en="nothing here runs containers or virtual machines")
_GROUPS = frozenset({"root", "docker", "libvirt", "lxd", "incus", "incus-admin", "kvm"})
"""Groups to which distributions give these sockets; who is in them is a question of its own."""


@check(
    "host.containers.access",
    severity=Severity.CRITICAL,
    title=Text(ja="コンテナ・仮想化の基盤に誰でも命令することができない", en="The engine takes no commands from everybody"),
    why=_WHY,
    remedy=Text(
        ja=(
            "Docker：daemon.json の hosts と docker.service の -H から tcp:// を除くか、tlsverify と証明書を設定する。"
            "ソケットは chmod 660、chown root:docker とする。libvirt：listen_tcp=0 とし、auth_tcp=none をやめる。"
        ),
        en=(
            'Docker: remove "tcp://" from hosts in daemon.json and from "-H" in docker.service, or set "tlsverify" with certificates; '
            '"chmod 660" and "chown root:docker" on the socket. libvirt: "listen_tcp=0", no "auth_tcp=none".'
        ),
    ),
    says={
        "ENGINE_CLOSED": Text(ja="管理者と定められた者だけが命令できる：{names}", en="closed: {names}"),
        "ENGINE_ON_NETWORK": Text(ja="通信回線から誰でも命令できる：{places}", en="anybody on the network can command it: {places}"),
        "ENGINE_SOCKET_OPEN": Text(ja="機器の利用者が誰でも命令できる：{places}", en="every account can command it: {places}"),
        "ENGINE_NONE": _NONE,
    },
)
def containers_access(host: ContainerHost) -> Judgement:
    if isinstance(host.engines, Unobserved):
        return host.engines
    if not host.engines:
        return not_applicable("ENGINE_NONE")
    network = [
        f"{engine.name} {address}"
        for engine in host.engines
        if not isinstance(engine.open_addresses, Unobserved)
        for part in engine.open_addresses.seen()
        for address in part
    ]
    if network:
        return failed("ENGINE_ON_NETWORK", places=listed(network))
    sockets = [s for engine in host.engines if not isinstance(engine.sockets, Unobserved) for s in engine.sockets]
    # libvirt asks polkit at a socket that everybody may open; the others ask nobody
    open_ = [s for s in sockets if (s.mode & 0o002 and "libvirt" not in s.path) or (s.mode & 0o020 and s.group not in _GROUPS)]
    if open_:
        return failed("ENGINE_SOCKET_OPEN", places=listed(f"{s.path} {s.mode:04o} {s.owner}:{s.group}" for s in open_))
    for engine in host.engines:
        if isinstance(engine.sockets, Unobserved):
            return engine.sockets
        unseen = engine.open_addresses if isinstance(engine.open_addresses, Unobserved) else engine.open_addresses.missing()
        if unseen:
            return unseen
    return passed("ENGINE_CLOSED", names=listed(engine.name for engine in host.engines))


@check(
    "host.containers.members",
    severity=Severity.MEDIUM,
    title=Text(ja="一般の利用者がコンテナ・仮想化の基盤に命令できない", en="No ordinary account may command the engine"),
    why=_WHY,
    remedy=Text(
        ja="gpasswd -d 利用者 docker（lxd、libvirt）でグループから外す。必要な場合は rootless の利用か、sudo による操作に改める。",
        en='Take accounts out with "gpasswd -d ACCOUNT docker" (lxd, libvirt); use rootless engines or sudo where they are needed.',
    ),
    says={
        "MEMBERS_NONE": Text(ja="一般の利用者はいない", en="there are none"),
        "MEMBERS_FOUND": Text(ja="管理者と同じ力を持つ：{accounts}", en="as powerful as the administrator: {accounts}"),
        "ENGINE_NONE": _NONE,
    },
)
def containers_members(host: ContainerHost) -> Judgement:
    if isinstance(host.engines, Unobserved):
        return host.engines
    if not host.engines:
        return not_applicable("ENGINE_NONE")
    found = [f"{engine.name}: {account}" for engine in host.engines if isinstance(engine.members, tuple) for account in engine.members]
    if found:
        return failed("MEMBERS_FOUND", accounts=listed(found))
    unseen = next((engine.members for engine in host.engines if isinstance(engine.members, Unobserved)), None)
    return unseen or passed("MEMBERS_NONE")


def _switch(host: ContainerHost, read: Callable[[Engine], Readings[bool] | Unobserved | None], good: str, bad: str) -> Judgement:
    if isinstance(host.engines, Unobserved):
        return host.engines
    asked = [(engine.name, value) for engine in host.engines if (value := read(engine)) is not None]
    if not asked:
        return not_applicable("ENGINE_NONE")
    for name, value in asked:
        if not isinstance(value, Unobserved) and False in value.effective():
            return failed(bad, name=name, place=value.source)
    for _, value in asked:
        if unseen := value if isinstance(value, Unobserved) else value.missing():
            return unseen
    return passed(good, name=asked[0][0])


@check(
    "host.containers.users",
    severity=Severity.LOW,
    title=Text(ja="コンテナの管理者が機器の管理者とならない", en="Root in a container is nobody outside"),
    why=Text(
        ja="コンテナ内の管理者が機器の管理者と同じ番号であると、コンテナから抜け出した者が機器の管理者となる。",
        en="Where root inside is root outside, whoever breaks out of a container owns the machine.",
    ),
    remedy=Text(
        ja="/etc/docker/daemon.json に userns-remap を default として書き、再起動する。又は rootless で使う。",
        en='Set "userns-remap" to "default" in /etc/docker/daemon.json and restart Docker, or use it rootless.',
    ),
    says={
        "USERS_REMAPPED": Text(ja="{name} は利用者の番号を置き換える", en="{name} remaps users"),
        "USERS_SHARED": Text(ja="{name} は利用者の番号を置き換えない（{place}）", en="{name} does not remap users ({place})"),
        "ENGINE_NONE": _NONE,
    },
)
def containers_users(host: ContainerHost) -> Judgement:
    return _switch(host, lambda engine: engine.remaps_users, "USERS_REMAPPED", "USERS_SHARED")


@check(
    "host.containers.new-rights",
    severity=Severity.LOW,
    title=Text(ja="コンテナの中で権限を増やせない", en="Programs in containers gain no further rights"),
    why=Text(
        ja="コンテナ内の setuid プログラムにより権限を増やせると、抜け出しの足掛かりとなる。",
        en="Setuid programs in a container are a step towards breaking out of it.",
    ),
    remedy=Text(
        ja="/etc/docker/daemon.json に no-new-privileges を true として書き、再起動する。",
        en='Set "no-new-privileges" to true in /etc/docker/daemon.json and restart Docker.',
    ),
    says={
        "NEW_RIGHTS_BLOCKED": Text(ja="{name} は権限の追加を妨げる", en="{name} blocks them"),
        "NEW_RIGHTS_POSSIBLE": Text(ja="{name} は権限の追加を妨げない（{place}）", en="{name} does not block them ({place})"),
        "ENGINE_NONE": _NONE,
    },
)
def containers_new_rights(host: ContainerHost) -> Judgement:
    return _switch(host, lambda engine: engine.blocks_new_rights, "NEW_RIGHTS_BLOCKED", "NEW_RIGHTS_POSSIBLE")


@check(
    "host.containers.isolation",
    severity=Severity.LOW,
    title=Text(ja="コンテナが互いに通信できない", en="Containers on the standard network are kept apart"),
    why=Text(
        ja="標準のネットワーク上のコンテナが互いに通信できると、一つの侵害がほかへ広がる。",
        en="Where containers on the standard network reach each other, one that is taken over leads to the rest.",
    ),
    remedy=Text(
        ja="/etc/docker/daemon.json に icc を false として書き、再起動する。必要な通信は専用のネットワークで許す。",
        en='Set "icc" to false in /etc/docker/daemon.json and restart Docker; allow what is needed on networks made for it.',
    ),
    says={
        "CONTAINERS_APART": Text(ja="{name} は互いの通信を妨げる", en="{name} keeps them apart"),
        "CONTAINERS_TOGETHER": Text(ja="{name} は互いの通信を妨げない（{place}）", en="{name} does not keep them apart ({place})"),
        "ENGINE_NONE": _NONE,
    },
)
def containers_isolation(host: ContainerHost) -> Judgement:
    return _switch(host, lambda engine: engine.isolates, "CONTAINERS_APART", "CONTAINERS_TOGETHER")
