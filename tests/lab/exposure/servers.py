"""The real servers of the exposure laboratory: their settings, well kept and badly kept, and their command lines."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.lab.exposure.hosts import BAD, WELL, LabHost

ROOT = Path(__file__).resolve().parents[3]
NTPD = ROOT / "build/exposure-programs/usr/sbin/ntpd"
NEEDED = ("redis-server", "memcached", "snmpd", "cupsd", "smbd", "vsftpd", "in.tftpd", "telnetd", "mariadbd", "slapd", "nft", "unshare")

Command = tuple[str, ...]


def _folder(folder: Path, name: str, owner: str = "") -> Path:
    place = folder / name
    place.mkdir()
    if owner:
        shutil.chown(place, owner, owner)
    return place


def _redis(host: LabHost, *more: str) -> list[Command]:
    return [("redis-server", "--port", "6379", "--bind", *host.addresses, "--save", "", "--daemonize", "no", *more)]


def _postgresql(folder: Path, host: LabHost, *, well: bool) -> Command:
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
    place = _folder(folder, f"postgresql-{host.name}", "postgres")
    key = place / "key.pem"
    shutil.copyfile(folder / "lab.key", key)
    key.chmod(0o600)
    shutil.chown(key, "postgres", "postgres")
    lines = [
        f"listen_addresses = '{','.join(host.addresses)}'",
        f"unix_socket_directories = '{place}'",
        "fsync = off",
        "shared_buffers = 1MB",
    ]
    if well:
        lines += ["ssl = on", f"ssl_cert_file = '{folder / 'lab.pem'}'", f"ssl_key_file = '{key}'"]
    (place / "extra.conf").write_text("\n".join(lines))
    (place / "hba.conf").write_text(f"host all all all {'scram-sha-256' if well else 'trust'}\n")
    data = place / "data"
    script = (
        f"{programs}/initdb -D {data} -A trust -N --no-instructions -E UTF8 --locale=C >/dev/null && "
        f"cat {place}/extra.conf >> {data}/postgresql.conf && cp {place}/hba.conf {data}/pg_hba.conf && exec {programs}/postgres -D {data}"
    )
    return "setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "sh", "-c", script


def _samba(folder: Path, host: LabHost, *, well: bool) -> Command:
    place = _folder(folder, f"samba-{host.name}")
    places = "".join(
        f"{what} = {_folder(place, what.split()[0])}\n"
        for what in ("private dir", "lock directory", "state directory", "cache directory", "pid directory", "ncalrpc dir")
    )
    (place / "smb.conf").write_text(
        f"[global]\nworkgroup = LAB\nnetbios name = {host.name.upper()}\ninterfaces = {' '.join(host.addresses)}\n"
        "bind interfaces only = yes\n"
        f"smb ports = 445\nserver min protocol = {'SMB2_10' if well else 'NT1'}\nserver signing = {'mandatory' if well else 'disabled'}\n"
        f"load printers = no\ndisable spoolss = yes\n{places}"
    )
    return "smbd", "--foreground", "--no-process-group", "--debug-stdout", "-s", str(place / "smb.conf")


def _vsftpd(folder: Path, host: LabHost, *, well: bool) -> list[Command]:
    place = _folder(folder, f"vsftpd-{host.name}")
    text = "listen_port=21\nbackground=NO\nanonymous_enable=NO\nlocal_enable=YES\nseccomp_sandbox=NO\nisolate=NO\nisolate_network=NO\n"
    text += f"secure_chroot_dir={_folder(place, 'empty')}\n"
    if well:
        text += f"ssl_enable=YES\nrsa_cert_file={folder}/lab.pem\nrsa_private_key_file={folder}/lab.key\n"
    commands: list[Command] = []
    for address in host.addresses:
        six = ":" in address
        config = place / ("v6.conf" if six else "v4.conf")
        listen = (
            f"listen=NO\nlisten_ipv6=YES\nlisten_address6={address}\n" if six else f"listen=YES\nlisten_ipv6=NO\nlisten_address={address}\n"
        )
        config.write_text(text + listen)
        commands.append(("vsftpd", str(config)))
    return commands


def _ntp(folder: Path, host: LabHost, *, well: bool) -> Command:
    config = folder / f"ntp-{host.name}.conf"
    restrict = (
        "restrict default noquery nomodify\nrestrict -6 default noquery nomodify\n" if well else "unrestrict default noquery limited\n"
    )
    listen = "".join(f"interface listen {address}\n" for address in host.addresses)
    config.write_text(f"disable ntp\ninterface ignore wildcard\ninterface ignore all\n{listen}{restrict}")
    # It must not touch the machine's clock, whatever it is told.
    return "setpriv", "--bounding-set=-sys_time", str(NTPD), "-n", "-c", str(config)


def _mariadb(folder: Path, host: LabHost) -> Command:
    place = _folder(folder, f"mariadb-{host.name}")
    data = _folder(place, "data")
    flags = (
        "--no-defaults",
        "--skip-grant-tables",
        "--skip-networking=0",
        "--skip-innodb",
        "--default-storage-engine=MyISAM",
        "--skip-ssl",
    )
    options = {"datadir": data, "socket": place / "socket", "pid-file": place / "pid", "bind-address": host.v4, "user": "root"}
    return "mariadbd", *flags, *(f"--{name}={value}" for name, value in options.items())


def _snmpd(folder: Path, host: LabHost) -> Command:
    config = folder / f"snmpd-{host.name}.conf"
    config.write_text(f"rocommunity public\nsysDescr Lab host\n[snmp] persistentDir {_folder(folder, f'snmp-{host.name}')}\n")
    return "snmpd", "-f", "-C", "-c", str(config), "-Lo", "-I", "-smux", f"udp:{host.v4}:161"


def _cups(folder: Path, host: LabHost) -> Command:
    place = _folder(folder, f"cups-{host.name}")
    for name in ("cache", "state", "spool", "root"):
        _folder(place, name, "lp")
    (place / "cupsd.conf").write_text(
        f"Listen {host.v4}:631\nListen 127.0.0.1:631\nServerAlias *\nBrowsing Off\n<Location />\nOrder allow,deny\nAllow all\n</Location>\n"
    )
    (place / "cups-files.conf").write_text(
        f"ServerRoot {place}/root\nRequestRoot {place}/spool\nCacheDir {place}/cache\nStateDir {place}/state\nTempDir {place}/spool\n"
        f"AccessLog {place}/access\nErrorLog {place}/error\nPageLog {place}/page\nUser lp\nGroup lp\nSystemGroup root\nSyncOnClose No\n"
    )
    return "cupsd", "-f", "-c", str(place / "cupsd.conf"), "-s", str(place / "cups-files.conf")


def _slapd(folder: Path, host: LabHost) -> Command:
    place = _folder(folder, f"slapd-{host.name}")
    (place / "slapd.conf").write_text(f"pidfile {place}/pid\n")
    return "slapd", "-d", "0", "-f", str(place / "slapd.conf"), "-h", f"ldap://{host.v4}:389"


def _tftp(folder: Path, host: LabHost) -> Command:
    return "in.tftpd", "--foreground", "--address", f"{host.v4}:69", "--secure", "--user", "nobody", str(_folder(folder, "tftp"))


def commands(folder: Path) -> list[Command]:
    """Write all settings below ``folder`` and give the command lines."""
    memcached = ("memcached", "-u", "nobody", "-l", BAD.v4, "-p", "11211", "-U", "11211")
    return [
        *_redis(WELL, "--requirepass", "a long and random one"),
        *_redis(BAD, "--protected-mode", "no"),
        _postgresql(folder, WELL, well=True),
        _postgresql(folder, BAD, well=False),
        _samba(folder, WELL, well=True),
        _samba(folder, BAD, well=False),
        *_vsftpd(folder, WELL, well=True),
        *_vsftpd(folder, BAD, well=False),
        _ntp(folder, WELL, well=True),
        _ntp(folder, BAD, well=False),
        _mariadb(folder, BAD),
        _snmpd(folder, BAD),
        _cups(folder, BAD),
        _slapd(folder, BAD),
        _tftp(folder, BAD),
        memcached,
    ]


READY = ((WELL, (21, 445, 5432, 6379)), (BAD, (21, 23, 389, 445, 631, 3306, 5432, 6379, 11211)))
"""TCP ports that must answer before the laboratory is up."""
