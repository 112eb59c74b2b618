"""Other services of the zoo that change to TLS: databases, directory, file transfer, chat, news, remote desktop."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

from scanner.facts.tls import Upgrade
from tests.lab.tls_zoo.certificates import DOMAIN
from tests.lab.tls_zoo.dh import PARAMETERS
from tests.lab.tls_zoo.entry import REPOSITORY, SERVERS, Entry, Place, Program, together
from tests.lab.tls_zoo.truth import GnuTls, OpenSsl

DATABASES = OpenSsl(ciphers="ECDHE+AESGCM:DHE+AESGCM:AES256-SHA", dh=2048, groups=())


def _own_key(place: Place, owner: str) -> Path:
    """A copy of the key that belongs to the user the program runs as; some insist."""
    copy = place.home / "key.pem"
    shutil.copyfile(place.certificate("rsa-2048").key, copy)
    copy.chmod(0o600)
    shutil.chown(copy, owner, owner)
    shutil.chown(place.home, owner, owner)
    return copy


def _postgresql(how: OpenSsl, place: Place) -> list[Program]:
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
    issued = place.certificate("rsa-2048")
    options = {
        "listen_addresses": f"{place.v4},{place.v6}",
        "unix_socket_directories": str(place.home),
        "fsync": "off",
        "shared_buffers": "1MB",
        "ssl": "on",
        "ssl_cert_file": str(issued.chain),
        "ssl_key_file": str(_own_key(place, "postgres")),
        "ssl_ciphers": how.ciphers,
        "ssl_prefer_server_ciphers": "on",
        "ssl_min_protocol_version": "TLSv1.2",
        "ssl_ecdh_curve": how.groups[0],
    }
    lines = "\n".join(f"{name} = '{value}'" for name, value in options.items())
    config = place.write("extra.conf", lines)
    data = place.home / "data"
    script = (
        f"{programs}/initdb -D {data} -A trust -N --no-instructions -E UTF8 --locale=C >/dev/null && "
        f"cat {config} >> {data}/postgresql.conf && exec {programs}/postgres -D {data}"
    )
    return [Program(["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "sh", "-c", script])]


def _mariadb(how: OpenSsl, place: Place) -> list[Program]:
    issued = place.certificate("rsa-2048")
    data = place.home / "data"
    data.mkdir()
    # Nothing is stored: no InnoDB, no tables of users, so that it is up in a moment.
    options = {
        "datadir": data,
        "socket": place.home / "socket",
        "pid-file": place.home / "pid",
        "bind-address": f"{place.v4},{place.v6}",
        "port": 3306,
        "user": "root",
        "ssl-cert": issued.chain,
        "ssl-key": issued.key,
        "ssl-cipher": how.ciphers,
        "tls-version": "TLSv1.2,TLSv1.3",
    }
    flags = ["--no-defaults", "--skip-grant-tables", "--skip-networking=0", "--skip-innodb", "--default-storage-engine=MyISAM"]
    return [Program(["mariadbd", *flags, *(f"--{name}={value}" for name, value in options.items())])]


def _vsftpd(how: OpenSsl, place: Place) -> list[Program]:
    issued = place.certificate("rsa-2048")
    (place.home / "empty").mkdir()
    options = {
        "listen_port": "21",
        "background": "NO",
        "anonymous_enable": "YES",
        "anon_root": str(place.home / "empty"),
        "secure_chroot_dir": str(place.home / "empty"),
        "ssl_enable": "YES",
        "allow_anon_ssl": "YES",
        "rsa_cert_file": str(issued.chain),
        "rsa_private_key_file": str(issued.key),
        "ssl_ciphers": how.ciphers,
        # Its sandbox and its own namespaces do not go together with the zoo's.
        "seccomp_sandbox": "NO",
        "isolate": "NO",
        "isolate_network": "NO",
    }
    text = "".join(f"{name}={value}\n" for name, value in options.items())
    both = (
        ("v4", f"listen=YES\nlisten_ipv6=NO\nlisten_address={place.v4}\n"),
        ("v6", f"listen=NO\nlisten_ipv6=YES\nlisten_address6={place.v6}\n"),
    )
    return [Program(["vsftpd", place.write(f"{name}.conf", text + more)]) for name, more in both]


@cache
def _directory() -> GnuTls | OpenSsl:
    """Debian 13 links OpenLDAP with OpenSSL, older releases with GnuTLS."""
    linked = subprocess.run(["ldd", shutil.which("slapd") or "slapd"], capture_output=True, text=True, check=True).stdout
    if "gnutls" in linked:
        return GnuTls("NORMAL:-VERS-TLS1.0:-VERS-TLS1.1", ("TLS_RSA_", "TLS_ECDHE_RSA_"))
    return OpenSsl(ciphers="ECDHE+AESGCM:AES256-SHA", groups=(), prefers=True)


def _slapd(place: Place) -> list[Program]:
    how = _directory()
    issued = place.certificate("rsa-2048")
    ciphers = how.priority if isinstance(how, GnuTls) else f"{how.ciphers}\nTLSProtocolMin 3.3"
    text = (
        f"pidfile {place.home}/pid\nTLSCertificateFile {issued.chain}\nTLSCertificateKeyFile {issued.key}\n"
        f"TLSCACertificateFile {place.folder}/intermediate.pem\nTLSCipherSuite {ciphers}\nTLSVerifyClient never\n"
    )
    where = " ".join(
        f"{kind}://{address}:{port}" for kind, port in (("ldap", 389), ("ldaps", 636)) for address in (place.v4, f"[{place.v6}]")
    )
    return [Program(["slapd", "-d", "0", "-f", place.write("slapd.conf", text), "-h", where])]


def _prosody(how: OpenSsl, place: Place) -> list[Program]:
    issued = place.certificate("rsa-2048")
    ssl = f"""{{
  key = "{issued.key}"; certificate = "{issued.chain}"; protocol = "tlsv1_2+"; verify = "none";
  ciphers = "{how.ciphers}"; curveslist = {{ {", ".join(f'"{one}"' for one in how.groups)} }};
  dhparam = "{place.write("dh.pem", PARAMETERS[2048])}";
}}"""
    text = f"""
run_as_root = true
daemonize = false
pidfile = "{place.home}/pid"
data_path = "{place.home}"
log = "*console"
interfaces = {{ "{place.v4}", "{place.v6}" }}
modules_enabled = {{ "tls", "saslauth", "s2s" }}
modules_disabled = {{ "http", "admin_shell" }}
c2s_ports = {{ 5222 }}
c2s_direct_tls_ports = {{ 5223 }}
s2s_ports = {{ 5269 }}
c2s_require_encryption = true
authentication = "internal_plain"
c2s_direct_tls_ssl = {ssl}
ssl = {ssl}
VirtualHost "{place.host}"
"""
    return [Program(["prosody", "--config", place.write("prosody.cfg.lua", text), "-F"])]


UNPACKED = REPOSITORY / "build" / "tls-programs"
"""Debian's inn2 and xrdp, which ``.ci/setup lab`` unpacks: installed, they would start with the machine."""

_INN = """\
domain: {domain}
pathhost: {host}
mta: "/bin/false %s"
mailcmd: /bin/false
ovmethod: tradindexed
hismethod: hisv6
enableoverview: true
"""
_INN_TLS = """\
tlscertfile: {chain}
tlskeyfile: {key}
tlsciphers: "{ciphers}"
tlseccurve: {group}
tlspreferserverciphers: true
"""


def _inn(how: OpenSsl | None, place: Place) -> list[Program]:
    """InterNetNews' server for readers, with nothing to read; without ``how`` it has no certificate."""
    paths = "".join(f"path{name}: {place.home}\n" for name in ("db", "etc", "log", "news", "outgoing", "overview", "run", "spool", "tmp"))
    filled = _INN.format(domain=DOMAIN, host=place.host)
    if how is None:
        shutil.chown(place.home, "news", "news")
    else:
        key = _own_key(place, "news")
        filled += _INN_TLS.format(chain=place.certificate("rsa-2048").chain, key=key, ciphers=how.ciphers, group=how.groups[0])
    place.write("storage.conf", "method trash {\n newsgroups: *\n class: 0\n}\n")
    place.write("readers.conf", 'auth all { hosts: "*" default: "<all>" }\naccess all { users: "<all>" newsgroups: "*" access: R }\n')
    place.write("group.index", "")
    environment = {"INNCONF": str(place.write("inn.conf", filled + paths)), "LD_LIBRARY_PATH": str(UNPACKED / "usr/lib/news")}
    for name in ("storage.conf", "readers.conf", "group.index", "inn.conf"):
        shutil.chown(place.home / name, "news", "news")
    server = UNPACKED / "usr/lib/news/bin/nnrpd"
    return [Program([server, "-D", "-f", "-p", "119", *where], environment) for where in (("-4", place.v4), ("-6", place.v6))]


def _xrdp(how: OpenSsl, place: Place, layer: str = "tls") -> list[Program]:
    """xrdp looks for its keys below /etc and makes sockets below /run, so that it gets both for itself."""
    issued = place.certificate("rsa-2048")
    libraries = next(UNPACKED.glob("usr/lib/*/xrdp"))
    etc = place.home / "etc"
    shutil.copytree(UNPACKED / "etc/xrdp", etc / "xrdp")
    options = {
        "ini_version": "1",
        "fork": "true",
        "port": f"tcp://{place.v4}:3389, tcp6://{{{place.v6}}}:3389",
        "security_layer": layer,
        "certificate": issued.chain,
        "key_file": issued.key,
        "ssl_protocols": "TLSv1.2, TLSv1.3",
        "tls_ciphers": how.ciphers,
    }
    text = "[Globals]\n" + "".join(f"{name}={value}\n" for name, value in options.items())
    text += (
        f"[Logging]\nLogFile={place.home}/xrdp.log\nLogLevel=WARNING\nEnableSyslog=false\n[Channels]\n[Xorg]\nname=Xorg\nlib=libxup.so\n"
    )
    config = place.write("xrdp.ini", text)
    script = (
        f"{UNPACKED}/usr/bin/xrdp-keygen xrdp {etc}/xrdp/rsakeys.ini >/dev/null && mount -t tmpfs run /run && mount --bind {etc} /etc && "
        f"exec {UNPACKED}/usr/sbin/xrdp --nodaemon -c {config}"
    )
    return [Program(["unshare", "--mount", "sh", "-c", script], {"LD_LIBRARY_PATH": str(libraries)})]


def _sql_server(place: Place) -> list[Program]:
    issued = place.certificate("rsa-2048")
    return [Program(["python3", SERVERS / "sql_server.py", issued.chain, issued.key, SQL_SERVER.ciphers, place.v4, place.v6])]


SQL_SERVER = OpenSsl(ciphers="ECDHE+AESGCM:ECDHE+CHACHA20:AES128-SHA", groups=("prime256v1",), prefers=True)
OFFERED, IMPLICIT = Upgrade.OFFERED, Upgrade.IMPLICIT
VSFTPD = OpenSsl(ciphers="ECDHE+AESGCM:AES256-SHA", groups=("prime256v1",))
PROSODY = OpenSsl(ciphers="ECDHE+AESGCM:DHE+AESGCM", dh=2048)
INN = OpenSsl(ciphers="ECDHE+AESGCM:ECDHE+CHACHA20:AES128-SHA", groups=("prime256v1",), prefers=True)
XRDP = OpenSsl(ciphers="ECDHE+AESGCM:AES256-SHA", groups=())
POSTGRESQL = replace(DATABASES, groups=("prime256v1",), prefers=True)

ENTRIES: tuple[Entry, ...] = (
    *together(
        "postgresql",
        "PostgreSQL, own order",
        (("", 5432, "postgresql", OFFERED),),
        lambda place: _postgresql(POSTGRESQL, place),
        lambda _: POSTGRESQL.truth(),
    ),
    *together("mariadb", "MariaDB", (("", 3306, "mysql", OFFERED),), lambda place: _mariadb(DATABASES, place), lambda _: DATABASES.truth()),
    *together("vsftpd", "vsftpd", (("", 21, "ftp", OFFERED),), lambda place: _vsftpd(VSFTPD, place), lambda _: VSFTPD.truth()),
    *together(
        "slapd",
        "OpenLDAP",
        (("", 389, "ldap", OFFERED), ("-636", 636, "ldaps", IMPLICIT)),
        _slapd,
        lambda _: _directory().truth(),
    ),
    *together(
        "prosody",
        "Prosody",
        (("", 5222, "xmpp-client", OFFERED), ("-5223", 5223, "xmpps-client", IMPLICIT), ("-5269", 5269, "xmpp-server", OFFERED)),
        lambda place: _prosody(PROSODY, place),
        lambda _: PROSODY.truth(),
    ),
    *together("inn", "InterNetNews", (("", 119, "nntp", OFFERED),), lambda place: _inn(INN, place), lambda _: INN.truth()),
    *together("xrdp", "xrdp", (("", 3389, "rdp", OFFERED),), lambda place: _xrdp(XRDP, place), lambda _: XRDP.truth()),
    Entry("inn-plain", "InterNetNews without TLS", lambda place: _inn(None, place), port=119, protocol="nntp", certificates=()),
    Entry("xrdp-plain", "xrdp with RDP's own encryption alone", lambda place: _xrdp(XRDP, place, "rdp"), port=3389, protocol="rdp"),
    *together(
        "sql-server",
        "Python's own OpenSSL behind the opening of SQL Server",
        (("", 1433, "mssql", OFFERED),),
        _sql_server,
        lambda _: SQL_SERVER.truth(),
    ),
)
