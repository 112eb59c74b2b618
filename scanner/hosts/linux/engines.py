"""The collector for container engines and hypervisors on Linux: Docker, Podman, LXD and libvirt, and who may command them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial

from scanner.facts.container_host import ContainerHost, ControlSocket, Engine
from scanner.facts.readings import Readings
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.linux.base import exists, needed, one_file, seen, shown
from scanner.hosts.linux.rights import name, names_of
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

DOCKER = ("/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/local/bin/dockerd", "/snap/bin/dockerd")
DAEMON_JSON = "/etc/docker/daemon.json"
LIBVIRT = ("/usr/sbin/libvirtd", "/usr/sbin/virtqemud")
LIBVIRTD_CONF = "/etc/libvirt/libvirtd.conf"
PODMAN = ("/usr/bin/podman",)
LXD = ("/usr/sbin/lxd", "/usr/bin/lxd", "/snap/bin/lxd", "/usr/bin/incusd", "/usr/libexec/incus/incusd")
SOCKETS: Mapping[str, tuple[str, ...]] = {
    "docker": ("/run/docker.sock", "/run/containerd/containerd.sock"),
    "podman": ("/run/podman/podman.sock",),
    "lxd": ("/var/lib/lxd/unix.socket", "/var/snap/lxd/common/lxd/unix.socket", "/var/lib/incus/unix.socket"),
    "libvirt": ("/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock"),
}
GROUPS: Mapping[str, tuple[str, ...]] = {"docker": ("docker",), "podman": (), "lxd": ("lxd", "incus-admin"), "libvirt": ("libvirt",)}
STARTED = Run(("systemctl", "show", "-p", "Id", "-p", "ExecStart", "docker.service", "libvirtd.service"))


@collector(
    Platform.LINUX,
    *(Names(path) for path in (*DOCKER, *LIBVIRT, *PODMAN, *LXD)),
    *(Names(path) for paths in SOCKETS.values() for path in paths),
    Files(DAEMON_JSON),
    Files(LIBVIRTD_CONF, root=True),
    Files("/etc/group", limit=10_000_000),
    Files("/etc/passwd", limit=10_000_000),
    STARTED,
)
def container_host(read: Reader) -> ContainerHost:
    """See what runs containers and virtual machines."""
    engines = seen(lambda: _engines(read))
    if not isinstance(engines, Unobserved):
        for engine in engines:
            read.keep(engine.name, f"sockets {engine.sockets}, members {engine.members}")
    return ContainerHost(engines)


def _engines(read: Reader) -> tuple[Engine, ...]:
    found = []
    if exists(read, *DOCKER):
        settings = seen(lambda: _daemon_json(read))
        found.append(
            Engine(
                "docker",
                _sockets(read, "docker"),
                _docker_addresses(read, settings),
                _members(read, "docker"),
                _switch(read, settings, lambda held: bool(held.get("userns-remap"))),
                _switch(read, settings, lambda held: held.get("no-new-privileges") is True),
                _switch(read, settings, lambda held: held.get("icc") is False),
            )
        )
    if exists(read, *PODMAN):
        found.append(Engine("podman", _sockets(read, "podman"), _none(read, "podman"), (), None, None, None))
    if exists(read, *LXD):
        found.append(Engine("lxd", _sockets(read, "lxd"), _none(read, "lxd"), _members(read, "lxd"), None, None, None))
    if exists(read, *LIBVIRT):
        found.append(Engine("libvirt", _sockets(read, "libvirt"), _libvirt_addresses(read), _members(read, "libvirt"), None, None, None))
    return tuple(found)


def _none(read: Reader, source: str) -> Readings[tuple[str, ...]]:
    return Readings(None, () if read.live else None, (), source)


def _sockets(read: Reader, engine: str) -> tuple[ControlSocket, ...] | Unobserved:
    if not read.live:
        return ()
    owners, groups = names_of(read, "/etc/passwd"), names_of(read, "/etc/group")
    found = []
    for path in SOCKETS[engine]:
        state = seen(partial(read.state, path))
        if isinstance(state, Unobserved):
            return state
        if state is not None:
            found.append(ControlSocket(path, state.mode, name(owners, state.uid), name(groups, state.gid)))
    return tuple(found)


def _members(read: Reader, engine: str) -> tuple[str, ...] | Unobserved:
    return seen(lambda: _in_groups(read, GROUPS[engine]))


def _in_groups(read: Reader, groups: tuple[str, ...]) -> tuple[str, ...]:
    found: list[str] = []
    numbers = set()
    for line in (read.file("/etc/group", limit=10_000_000) or b"").decode("utf-8", "replace").split("\n"):
        fields = line.split(":")
        if len(fields) == 4 and fields[0] in groups:
            found += [member for member in fields[3].split(",") if member]
            numbers.add(fields[2])
    for line in (read.file("/etc/passwd", limit=10_000_000) or b"").decode("utf-8", "replace").split("\n"):
        fields = line.split(":")
        if len(fields) == 7 and fields[3] in numbers:
            found.append(fields[0])
    return tuple(shown(one) for one in dict.fromkeys(found) if one != "root")


def _daemon_json(read: Reader) -> Mapping[str, object]:
    text = one_file(read, DAEMON_JSON)
    if text is None:
        return {}
    data = needed(text.data)
    try:
        held = json.loads(data or b"{}")
    except (ValueError, RecursionError) as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{DAEMON_JSON}: it cannot be read, and Docker refuses it too") from error
    if not isinstance(held, dict):
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{DAEMON_JSON}: no table")
    return held


def _command_line(read: Reader, unit: str) -> str | None:
    """Give the command that a unit starts, as systemd has it; ``None`` where the machine does not run under systemd."""
    if not read.live:
        return None
    said = read.command(STARTED.argv)
    if said is None or said.status:
        return None
    for block in said.stdout.decode("utf-8", "replace").split("\n\n"):
        if f"Id={unit}" in block.split("\n"):
            found = re.search(r"argv\[\]=(.*?) ; ", block)
            return found[1] if found else ""
    return None


def _switch(
    read: Reader, settings: Mapping[str, object] | Unobserved, on: Callable[[Mapping[str, object]], bool]
) -> Readings[bool] | Unobserved:
    """Read a switch of daemon.json; the daemon reads it at its start only, so what is in force may differ and is not known here."""
    if isinstance(settings, Unobserved):
        return settings
    value = on(settings)
    return Readings(value if settings else None, value if read.live else None, value, DAEMON_JSON)


def _docker_addresses(read: Reader, settings: Mapping[str, object] | Unobserved) -> Readings[tuple[str, ...]] | Unobserved:
    """Give the addresses outside the machine itself at which dockerd takes commands from anybody: ``tcp://`` without ``tlsverify``."""
    if isinstance(settings, Unobserved):
        return settings
    line = seen(lambda: _command_line(read, "docker.service"))
    if isinstance(line, Unobserved):
        return line
    hosts = settings.get("hosts")
    written = [str(host) for host in hosts] if isinstance(hosts, list) else []
    words = (line or "").split()
    for place, word in enumerate(words):
        if word in {"-H", "--host"} and place + 1 < len(words):
            written.append(words[place + 1])
        elif word.startswith(("-H=", "--host=")):
            written.append(word.split("=", 1)[1])
    checked = settings.get("tlsverify") is True or "--tlsverify" in words or "--tlsverify=true" in words
    open_ = () if checked else tuple(shown(host) for host in dict.fromkeys(written) if host.startswith("tcp://"))
    return Readings(open_ or None, open_ if read.live else None, open_, DAEMON_JSON if hosts else "docker.service")


def _libvirt_addresses(read: Reader) -> Readings[tuple[str, ...]] | Unobserved:
    """Read libvirtd.conf: ``listen_tcp`` with ``auth_tcp = "none"``. Since 5.6 sockets of systemd decide whether it listens."""
    text = one_file(read, LIBVIRTD_CONF)
    if text is None:
        return _none(read, LIBVIRTD_CONF)
    if isinstance(text.data, Unobserved):
        return text.data
    pairs = [
        line.split("=", 1) for line in text.data.decode("utf-8", "replace").split("\n") if "=" in line and not line.lstrip().startswith("#")
    ]
    values = {key.strip(): value.strip().strip('"') for key, value in pairs}
    open_ = ("tcp://:16509",) if values.get("listen_tcp") == "1" and values.get("auth_tcp", "sasl") == "none" else ()
    return Readings(open_ or None, open_ if read.live else None, open_, LIBVIRTD_CONF)
