"""The collector for the SSH server of macOS (Remote Login): the program is asked as on Linux; launchd starts it for each connection."""

from __future__ import annotations

from functools import partial
from typing import Final

from scanner.facts.ssh_server import SshServer, SshSetup
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.linux import sshd_files
from scanner.hosts.linux.ssh_server import ROOT, VERSION, dump, printed, program_version
from scanner.hosts.macos.base import LAUNCHD, switched
from scanner.hosts.macos.services import LOADED, WHO, loaded
from scanner.hosts.seeing import seen
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

PROGRAM: Final = "/usr/sbin/sshd"
LABEL: Final = "com.openssh.sshd"


@collector(
    Platform.MACOS,
    *LAUNCHD,
    LOADED,
    WHO,
    Names(PROGRAM),
    Files(sshd_files.MAIN, root=True),
    Names("/etc/ssh/sshd_config.d", root=True),
    Files("/etc/ssh/sshd_config.d/*", root=True),
    Run(("sshd", "-T"), root=True),
    Run(("sshd", "-T", "-C", ROOT), root=True),
    Run(VERSION),
)
def ssh_server(read: Reader) -> SshServer:
    """See whether Remote Login is on and how its server is set up."""
    there = seen(lambda: read.state(PROGRAM) is not None)
    if there is not True:
        return SshServer(there, False if there is False else there, "", True, () if there is False else there, None)
    found = sshd_files.files(read)
    asked = seen(partial(_asked, read, found)) if read.live else None
    setups: tuple[SshSetup, ...] | Unobserved
    if asked is not None and not isinstance(asked, Unobserved):
        setups = asked
    else:
        setups = found if isinstance(found, Unobserved) else sshd_files.setups(found, asked)
    return SshServer(True, _used(read), program_version(read), not isinstance(asked, tuple), setups, True if read.live else None)


def _used(read: Reader) -> bool | Unobserved:
    """Tell whether it is on: ordered to start, or loaded now. Without an order it is off."""
    ordered = switched(read, LABEL)
    if ordered is True or not read.live:
        return ordered if isinstance(ordered, Unobserved) else ordered is True
    labels = seen(partial(loaded, read))
    if isinstance(labels, Unobserved):
        return labels
    return True if LABEL in labels else ordered if isinstance(ordered, Unobserved) else False


def _asked(read: Reader, found: sshd_files.Files | Unobserved) -> tuple[SshSetup, ...]:
    """Ask the program. What Match blocks say is left open: the accounts of macOS stand in no file that could tell whom they concern."""
    general = dump(read, ("sshd", "-T"))
    if general is None:
        raise CannotObserve(Reason.ACCESS_DENIED, "sshd -T: no answer; it needs root, and files that sshd accepts")
    setups = [SshSetup("", "", printed(general))]
    root = dump(read, ("sshd", "-T", "-C", ROOT))
    if root is not None and printed(root) != setups[0].values:
        setups.append(SshSetup("User root", "root", printed(root)))
    if isinstance(found, Unobserved):
        return (*setups, SshSetup("Match", "", found))
    why = Unobserved(Reason.UNSUPPORTED, "what holds for this Match block is not asked on macOS")
    return (*setups, *(SshSetup(block.text, "", why) for block in found.blocks))
