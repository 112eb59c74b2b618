"""Cases of the checks of rights, walks, mounts, integrity and engines of containers."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.container_host import ContainerHost, ControlSocket, Engine
from scanner.facts.files import FileIntegrity, FileRights, FileWalk, FoundFile, IntegrityTool, Mount, Mounts, SensitiveFiles
from scanner.facts.readings import Readings
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED, always, off, unknown


def file(path: str, mode: int, owner: str = "root", group: str = "root") -> FileRights:
    """One file."""
    return FileRights(path, False, mode, owner, group)


def sensitive(*files: FileRights, unseen: tuple[str, ...] = ()) -> SensitiveFiles:
    """Files of a machine with cron, whose command path is in order."""
    return SensitiveFiles(files, unseen, (FileRights("/usr/bin", True, 0o755, "root", "root"),), ("cron",), ())


PASSWD, SHADOW = file("/etc/passwd", 0o644), file("/etc/shadow", 0o640, group="shadow")
KEY = "/etc/ssh/ssh_host_ed25519_key"
PATHS = sensitive(PASSWD)
SU = FoundFile("/usr/bin/su", 0o4755, "root", "root")
WALK = FileWalk((SU,), (), (), (), True, 30, ("/mnt",))
CUT = replace(WALK, complete=False)
ODD = FoundFile("/opt/x/helper", 0o4755, "root", "root")
SAFE = ("rw", "nosuid", "nodev", "noexec")


def mount(path: str, *options: str) -> Mount:
    """One place, the same now and later; without options it is no file system of its own."""
    return Mount(path, "tmpfs", always(tuple(options), tuple(options) or None))


def mounts(*places: Mount, container: str | Unobserved = "", media: tuple[Mount, ...] | Unobserved = ()) -> Mounts:
    """The places of a machine."""
    return Mounts(container, places, media)


TMP = mount("/tmp", *SAFE)
AIDE = IntegrityTool("aide", 10, 1, always(True), False)


def integrity(*tools: IntegrityTool) -> FileIntegrity:
    """What notices changes."""
    return FileIntegrity(tools)


NOBODY: tuple[str, ...] = ()
DOCKER = Engine(
    "docker",
    (ControlSocket("/run/docker.sock", 0o660, "root", "docker"),),
    always(NOBODY),
    (),
    always(True),
    always(True),
    always(True),
)
LIBVIRT = Engine("libvirt", (ControlSocket("/run/libvirt/libvirt-sock", 0o666, "root", "root"),), always(NOBODY), (), None, None, None)


def host(*engines: Engine) -> ContainerHost:
    """What runs containers."""
    return ContainerHost(engines)


ENGINE = [
    case(host(), says="ENGINE_NONE"),
    case(ContainerHost(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
]
CASES: dict[str, list[Case]] = {
    "host.files.rights": [
        case(sensitive(PASSWD, SHADOW), says="RIGHTS_FINE", args={"count": 2}),
        # the Red Hat family's shadow belongs to root alone, with no bits at all
        case(sensitive(file("/etc/shadow", 0)), says="RIGHTS_FINE"),
        case(sensitive(file("/etc/passwd", 0o666)), says="RIGHTS_WRONG", args={"files": ("/etc/passwd 0666 root:root",)}),
        case(sensitive(file("/etc/passwd", 0o664)), says="RIGHTS_FINE"),
        case(sensitive(file("/etc/passwd", 0o664, group="users")), says="RIGHTS_WRONG"),
        case(sensitive(file("/etc/passwd", 0o644, owner="hanako")), says="RIGHTS_WRONG"),
        case(sensitive(file("/etc/shadow", 0o644, group="shadow")), says="RIGHTS_WRONG"),
        case(sensitive(file("/etc/shadow", 0o640, group="users")), says="RIGHTS_WRONG"),
        case(sensitive(file(KEY, 0o600), file(f"{KEY}.pub", 0o644)), says="RIGHTS_FINE"),
        case(sensitive(file(KEY, 0o640, group="ssh_keys")), says="RIGHTS_FINE"),
        case(sensitive(file(KEY, 0o644)), says="RIGHTS_WRONG"),
        case(sensitive(file("/var/log", 0o775, group="syslog")), says="RIGHTS_FINE"),
        case(sensitive(file("/var/log/syslog", 0o640, "syslog", "adm")), says="RIGHTS_FINE"),
        case(sensitive(file("/var/log/auth.log", 0o644, "root", "adm")), says="RIGHTS_WRONG"),
        case(sensitive(PASSWD, unseen=("/root/.ssh",)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(sensitive(file("/etc/passwd", 0o666), unseen=("/root/.ssh",)), says="RIGHTS_WRONG"),
    ],
    "host.files.password-hashes": [
        case(sensitive(PASSWD, SHADOW), says="HASHES_CLOSED", args={"count": 1}),
        case(sensitive(file("/etc/shadow", 0)), says="HASHES_CLOSED"),
        case(
            sensitive(file("/etc/shadow-", 0o644, group="shadow")), says="HASHES_OPEN", args={"files": ("/etc/shadow- 0644 root:shadow",)}
        ),
        case(sensitive(SHADOW, file("/etc/security/opasswd", 0o640, group="users")), says="HASHES_OPEN"),
        # rights of other files are no matter of this check
        case(sensitive(file("/etc/sudoers", 0o666), SHADOW), says="HASHES_CLOSED"),
        case(sensitive(SHADOW, unseen=("/etc/krb5.keytab",)), says="HASHES_CLOSED"),
        case(sensitive(SHADOW, unseen=("/etc/gshadow",)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(sensitive(PASSWD), says="HASHES_NOWHERE"),
    ],
    "host.files.command-path": [
        case(PATHS, says="PATH_SAFE", args={"directories": ("/usr/bin",)}),
        case(replace(PATHS, command_directories=(FileRights("/opt/bin", True, 0o777, "root", "root"),)), says="PATH_OPEN"),
        case(replace(PATHS, command_directories=(FileRights("/opt/bin", True, 0o755, "app", "root"),)), says="PATH_OPEN"),
        case(replace(PATHS, command_directories=(FileRights("/opt/bin", True, 0o775, "root", "staff"),)), says="PATH_OPEN"),
        case(replace(PATHS, command_directories=(FileRights(".", True, -1, "", ""),)), says="PATH_RELATIVE"),
        case(replace(PATHS, command_directories=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.files.schedulers": [
        case(PATHS, says="SCHEDULERS_LIMITED", args={"names": ("cron",)}),
        case(replace(PATHS, open_schedulers=("cron",)), says="SCHEDULERS_OPEN"),
        case(replace(PATHS, schedulers=()), says="SCHEDULERS_NONE"),
        case(replace(PATHS, schedulers=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(replace(PATHS, open_schedulers=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.files.setuid": [
        case(WALK, says="SETUID_KNOWN", args={"left_out": ("/mnt",)}),
        case(replace(WALK, privileged=(SU, ODD)), says="SETUID_UNKNOWN", args={"files": ("/opt/x/helper 4755 root:root",)}),
        # the name alone does not make it a distribution's
        case(replace(WALK, privileged=(replace(SU, path="/home/hanako/su"),)), says="SETUID_UNKNOWN"),
        case(replace(WALK, privileged=(replace(SU, path="/usr/bin/find"),)), says="SETUID_UNKNOWN"),
        case(replace(WALK, privileged=(ODD,)), says="SETUID_KNOWN", with_={"permitted": ("/opt/x/*",)}),
        case(CUT, outcome="undetermined", reason=Reason.BUDGET_SPENT),
        case(replace(CUT, privileged=(ODD,)), says="SETUID_UNKNOWN"),
        case(Unobserved(Reason.UNSUPPORTED), outcome="undetermined", reason=Reason.UNSUPPORTED),
    ],
    "host.files.world-writable": [
        case(WALK, says="WRITABLE_NONE"),
        case(replace(WALK, open_files=(ODD,)), says="WRITABLE_FILES"),
        case(replace(WALK, open_directories=(ODD,)), says="WRITABLE_DIRECTORIES"),
        case(CUT, outcome="undetermined", reason=Reason.BUDGET_SPENT),
    ],
    "host.files.unowned": [
        case(WALK, says="OWNERS_KNOWN"),
        case(replace(WALK, unowned=(replace(ODD, owner="5555"),)), says="OWNERS_GONE"),
        case(CUT, outcome="undetermined", reason=Reason.BUDGET_SPENT),
    ],
    "host.mounts.options": [
        case(mounts(TMP, mount("/home", "rw", "nosuid", "nodev")), says="OPTIONS_SET", args={"places": ("/tmp", "/home")}),
        # /home that is not apart is another question
        case(mounts(TMP, mount("/home")), says="OPTIONS_SET"),
        case(mounts(mount("/tmp")), says="OPTIONS_MISSING", args={"places": ("/tmp: –",)}),
        case(mounts(mount("/dev/shm", "rw", "nosuid", "nodev")), says="OPTIONS_MISSING", args={"places": ("/dev/shm: noexec",)}),
        case(mounts(Mount("/tmp", "", off(SAFE))), says="OPTIONS_SET"),
        case(mounts(Mount("/tmp", "", Readings(SAFE, ("rw",), SAFE, "x"))), says="OPTIONS_NOT_APPLIED"),
        case(mounts(Mount("/tmp", "", Readings(None, SAFE, (), "x"))), says="OPTIONS_LOST"),
        case(mounts(Mount("/tmp", "", unknown())), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(mounts(mount("/tmp"), container="lxc"), says="IN_CONTAINER"),
        case(mounts(TMP, container=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.mounts.separate": [
        case(mounts(TMP, mount("/home", "rw"), mount("/var", "rw")), says="PLACES_APART"),
        case(mounts(TMP, mount("/home"), mount("/var", "rw")), says="PLACES_TOGETHER", args={"found": ("/home",)}),
        case(mounts(mount("/home"), mount("/var", "rw")), says="PLACES_APART", with_={"places": ("/var",)}),
        case(mounts(Mount("/home", "", Readings(None, ("rw",), (), "x"))), says="PLACES_TOGETHER"),
        case(mounts(Mount("/home", "", unknown())), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(mounts(mount("/home"), container="lxc"), says="IN_CONTAINER"),
    ],
    "host.mounts.media": [
        case(mounts(media=(mount("/media/usb", *SAFE),)), says="MEDIA_RESTRICTED"),
        case(
            mounts(media=(mount("/media/usb", "rw", "noauto"),)), says="MEDIA_OPEN", args={"places": ("/media/usb: nodev, nosuid, noexec",)}
        ),
        case(mounts(), says="MEDIA_NONE"),
        case(mounts(media=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(
            mounts(media=(Mount("/media/usb", "", Readings(SAFE, DENIED, SAFE, "x")),)), outcome="undetermined", reason=Reason.ACCESS_DENIED
        ),
    ],
    "host.integrity.tool": [
        case(integrity(AIDE), says="INTEGRITY_READY", args={"names": ("aide",)}),
        case(integrity(), says="INTEGRITY_NONE"),
        case(integrity(replace(AIDE, database_days=None)), says="INTEGRITY_EMPTY"),
        case(integrity(replace(AIDE, database_days=None), AIDE), says="INTEGRITY_READY"),
        case(integrity(replace(AIDE, database_days=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(FileIntegrity(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.integrity.schedule": [
        case(integrity(AIDE), says="INTEGRITY_REGULAR", args={"name": "aide"}),
        # no trace proves nothing
        case(integrity(replace(AIDE, checked_days=None)), says="INTEGRITY_REGULAR"),
        case(integrity(replace(AIDE, scheduled=always(False))), says="INTEGRITY_UNSCHEDULED"),
        case(integrity(replace(AIDE, scheduled=off(False))), says="INTEGRITY_UNSCHEDULED"),
        case(integrity(replace(AIDE, scheduled=Readings(None, True, False, "x"))), says="INTEGRITY_UNTIL_RESTART"),
        case(integrity(replace(AIDE, checked_days=30)), says="INTEGRITY_OLD", args={"days": 30, "limit": 7}),
        case(integrity(replace(AIDE, checked_days=30)), says="INTEGRITY_REGULAR", with_={"limit": 31}),
        case(integrity(replace(AIDE, checked_days=30, watches=True)), says="INTEGRITY_REGULAR"),
        case(integrity(), says="INTEGRITY_ABSENT"),
        case(integrity(replace(AIDE, scheduled=unknown())), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(integrity(replace(AIDE, scheduled=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(FileIntegrity(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.containers.access": [
        *ENGINE,
        case(host(DOCKER, LIBVIRT), says="ENGINE_CLOSED", args={"names": ("docker", "libvirt")}),
        case(host(replace(DOCKER, open_addresses=always(("tcp://0.0.0.0:2375",)))), says="ENGINE_ON_NETWORK"),
        case(host(replace(DOCKER, sockets=(ControlSocket("/run/docker.sock", 0o666, "root", "docker"),))), says="ENGINE_SOCKET_OPEN"),
        case(host(replace(DOCKER, sockets=(ControlSocket("/run/docker.sock", 0o660, "root", "users"),))), says="ENGINE_SOCKET_OPEN"),
        case(host(replace(DOCKER, sockets=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(host(replace(DOCKER, open_addresses=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(host(replace(DOCKER, open_addresses=unknown())), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.containers.members": [
        *ENGINE,
        case(host(DOCKER), says="MEMBERS_NONE"),
        case(host(replace(DOCKER, members=("hanako",))), says="MEMBERS_FOUND", args={"accounts": ("docker: hanako",)}),
        case(host(replace(DOCKER, members=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.containers.users": [
        *ENGINE,
        case(host(LIBVIRT), says="ENGINE_NONE"),
        case(host(DOCKER), says="USERS_REMAPPED"),
        case(host(replace(DOCKER, remaps_users=always(False))), says="USERS_SHARED"),
        case(host(replace(DOCKER, remaps_users=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.containers.new-rights": [
        *ENGINE,
        case(host(DOCKER), says="NEW_RIGHTS_BLOCKED"),
        case(host(replace(DOCKER, blocks_new_rights=always(False))), says="NEW_RIGHTS_POSSIBLE"),
    ],
    "host.containers.isolation": [
        *ENGINE,
        case(host(DOCKER), says="CONTAINERS_APART"),
        case(host(replace(DOCKER, isolates=off(False))), says="CONTAINERS_TOGETHER"),
        case(host(replace(DOCKER, isolates=unknown())), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}
