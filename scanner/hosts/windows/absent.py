"""What a Windows machine usually has not: an SSH server, programs that run containers. Where it has one, its settings are not read yet."""

from __future__ import annotations

from typing import Final

from scanner.facts.container_host import ContainerHost
from scanner.facts.ssh_server import SshKeyFiles, SshServer
from scanner.hosts.base import Key, collector
from scanner.hosts.windows import answers
from scanner.hosts.windows.base import SERVICES, WindowsReader, service_start
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

PORT: Final = 22
SSH: Final = ("sshd", "bvsshserver", "freesshdservice", "opensshd")
"""OpenSSH of Windows, Bitvise, freeSSHd, OpenSSH of Cygwin."""
ENGINES: Final = (
    "docker",
    "com.docker.service",
    "containerd",
    "vmms",
    "vmcompute",
    "lxssmanager",
    "wslservice",
    "vboxsdssvc",
    "vmauthdservice",
)
"""Docker, containerd, Hyper-V, the Windows Subsystem for Linux, VirtualBox, VMware."""


def _none_of(read: WindowsReader, services: tuple[str, ...]) -> None:
    found = [name for name in services if service_start(read, name) is not None]
    if found:
        raise CannotObserve(Reason.UNSUPPORTED, f"the service {', '.join(found)} is installed; its settings are not read on Windows")


def _no_ssh(read: WindowsReader) -> None:
    """Raise ``CannotObserve`` where an SSH server is installed, or one of a name not known here waits on its usual port."""
    _none_of(read, SSH)
    if read.live and any((one.protocol, one.port) == ("tcp", PORT) for one in read.ask(answers.SOCKETS).sockets):
        raise CannotObserve(Reason.UNSUPPORTED, f"something waits on TCP port {PORT}; what it is, is not known")


@collector(Platform.WINDOWS, *(Key(rf"{SERVICES}\{name}") for name in SSH), answers.SOCKETS.source)
def ssh_server(read: WindowsReader) -> SshServer:
    """Say that there is no SSH server."""
    _no_ssh(read)
    return SshServer(installed=False, used=False, version="", from_files=True, setups=(), applied=None)


@collector(Platform.WINDOWS, *(Key(rf"{SERVICES}\{name}") for name in SSH), answers.SOCKETS.source)
def ssh_key_files(read: WindowsReader) -> SshKeyFiles:
    """Say that there are no keys of an SSH server, nor any that it would take."""
    _no_ssh(read)
    return SshKeyFiles(host_keys=(), key_group=None, authorized=(), elsewhere=())


@collector(Platform.WINDOWS, *(Key(rf"{SERVICES}\{name}") for name in ENGINES))
def container_host(read: WindowsReader) -> ContainerHost:
    """Say that nothing runs containers or virtual machines."""
    _none_of(read, ENGINES)
    return ContainerHost(())
