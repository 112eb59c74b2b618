"""What listens at a TCP port, told from its greeting or its answer to a harmless first message: protocols made of text.

Those made of octets are in ``listeners_binary``. Every reader takes whatever comes and gives ``None`` for what it does not know.
Sources: RFC 959 and 4217 (FTP), RFC 854 (Telnet), the protocol documents of Redis, memcached and rsync, RFC 9110 (HTTP), RFC 8010 (IPP),
RFC 7826 (RTSP).
"""

from __future__ import annotations

import json
import re

from scanner.facts.exposure import Speaks, Spoken, Trait

LONGEST_WORDS = 120

_CHARGEN = re.compile(rb"[ -~]{60,}")
_LOGIN = re.compile(rb"(?i)\b(login|username|user name|password) ?: ?\Z")
_STATUS = re.compile(rb"(?:HTTP/1\.[01]|RTSP/[12]\.0) ([1-5][0-9]{2})(?: |\r|\n|\Z)")
_TITLE = re.compile(rb"(?is)<title[^>]{0,200}>(.{0,300}?)</title")
_DEVICE = re.compile(
    r"(?i)printer|laserjet|officejet|jetdirect|web image monitor|command ?center|remote ui|workcentre|docucentre|apeosport|imagerunner"
    r"|bizhub|taskalfa|ecosys|ip ?camera|network camera|ipcam|hikvision|dahua|axis|webcam|nvr\b|dvr\b|router|gateway|firewall|switch"
    r"|access point|ups\b|ilo\b|idrac|imm2?\b|bmc\b|複合機|プリンタ|カメラ|ルータ"
)


def words_of(data: bytes) -> str:
    """Make an excerpt for people: the first line, printable characters only, cut."""
    text = data[:1000].decode("utf-8", "replace").strip().partition("\n")[0]
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()[:LONGEST_WORDS]


def greeting(data: bytes) -> Spoken | None:
    """Tell who greets so."""
    if data.startswith(b"SSH-"):
        return Spoken(Speaks.SSH, words=words_of(data))
    if data.startswith(b"RFB "):
        return Spoken(Speaks.VNC, words=words_of(data))
    if data.startswith(b"@RSYNCD:"):
        return Spoken(Speaks.RSYNC, words=words_of(data))
    if data.startswith(b"+OK"):
        return Spoken(Speaks.POP3, words=words_of(data))
    if data.startswith((b"* OK", b"* PREAUTH")):
        return Spoken(Speaks.IMAP, words=words_of(data))
    if data[:3] in {b"220", b"421", b"530"} and data[3:4] in {b" ", b"-"}:
        return Spoken(Speaks.SMTP if b"SMTP" in data.upper() else Speaks.FTP, words=words_of(data))
    if len(data) >= 3 and data[0] == 0xFF and 0xFB <= data[1] <= 0xFE:  # IAC WILL, WONT, DO, DONT
        return Spoken(Speaks.TELNET, words=words_of(_without_commands(data)))
    if _LOGIN.search(data.rstrip(b"\x00\r\n")):
        return Spoken(Speaks.TELNET, words=words_of(data))
    if data.count(b"\n") >= 2 and all(_CHARGEN.fullmatch(line) for line in data.splitlines()[:3]):
        return Spoken(Speaks.CHARGEN)
    return None


def _without_commands(data: bytes) -> bytes:
    return re.sub(rb"\xff[\xfb-\xfe].|\xff\xfa.{0,64}?\xff\xf0", b"", data, flags=re.DOTALL)


AUTH_TLS = b"AUTH TLS\r\n"


def ftp_tls(reply: bytes) -> Trait | None:
    """Read the answer to ``AUTH TLS``."""
    if reply[:3] in {b"234", b"334"}:
        return Trait.TLS
    return Trait.NO_TLS if reply[:1] in {b"4", b"5"} and reply[:3] != b"421" else None


REDIS_PING = b"PING\r\n"


def redis(reply: bytes) -> Spoken | None:
    """Read the answer to ``PING``."""
    if reply.startswith(b"+PONG"):
        return Spoken(Speaks.REDIS, (Trait.NO_LOGIN,), words_of(reply))
    if reply.startswith((b"-NOAUTH", b"-DENIED", b"-NOPERM")):
        return Spoken(Speaks.REDIS, (Trait.LOGIN,), words_of(reply))
    return None


MEMCACHED_VERSION = b"version\r\n"


def memcached(reply: bytes) -> Spoken | None:
    """Read the answer to ``version``."""
    if reply.startswith(b"VERSION "):
        return Spoken(Speaks.MEMCACHED, (Trait.NO_LOGIN,), words_of(reply))
    if reply.startswith(b"CLIENT_ERROR unauthenticated"):
        return Spoken(Speaks.MEMCACHED, (Trait.LOGIN,), words_of(reply))
    return None


RSYNC_LIST = b"@RSYNCD: 30.0\n#list\n"


def rsync(reply: bytes) -> Spoken | None:
    """Read what follows a greeting once the list of modules was asked for."""
    if not reply.startswith(b"@RSYNCD:"):
        return None
    named = [line for line in reply.splitlines()[1:] if line and not line.startswith(b"@")]
    modules = [line for line in named if b"\t" in line]  # lines without are the message of the day
    if modules:
        return Spoken(Speaks.RSYNC, (Trait.MODULES,), ", ".join(words_of(m.partition(b"\t")[0]) for m in modules[:5]))
    return Spoken(Speaks.RSYNC, (), words_of(reply))


def http_get(path: str, host: str, agent: str) -> bytes:
    """Write a request that asks for one page and no more."""
    where = f"[{host}]" if ":" in host else host
    return f"GET {path} HTTP/1.0\r\nHost: {where}\r\nUser-Agent: {agent}\r\nAccept: */*\r\nConnection: close\r\n\r\n".encode(
        "ascii", "replace"
    )


def status_of(reply: bytes) -> int | None:
    """Give the status of an HTTP or RTSP answer."""
    found = _STATUS.match(reply)
    return int(found[1]) if found else None


def header(reply: bytes, name: bytes) -> str:
    """Give the first value of a header, or nothing."""
    found = re.search(rb"(?im)^" + re.escape(name) + rb":[ \t]*([^\r\n]{0,500})", reply.partition(b"\r\n\r\n")[0])
    return words_of(found[1]) if found else ""


def _json(reply: bytes) -> dict[str, object]:
    try:
        found = json.loads(reply.partition(b"\r\n\r\n")[2])
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def http(reply: bytes) -> Spoken | None:
    """Read the answer to ``GET /``: what the server calls itself, and whether it is a device's or a database's page."""
    status = status_of(reply)
    if status is None or reply.startswith(b"RTSP"):
        return None
    held = _json(reply)
    if "cluster_name" in held and ("tagline" in held or "version" in held):
        return Spoken(Speaks.ELASTICSEARCH, (Trait.NO_LOGIN,), words_of(str(held.get("name", "")).encode()))
    realm, server = header(reply, b"WWW-Authenticate"), header(reply, b"Server")
    if status == 401 and 'realm="security"' in realm and '"security_exception"' in reply.decode("utf-8", "replace"):
        return Spoken(Speaks.ELASTICSEARCH, (Trait.LOGIN,), realm)
    if header(reply, b"X-Squid-Error") or server.lower().startswith("squid"):
        return Spoken(Speaks.PROXY, (), server)
    title = _TITLE.search(reply)
    words = words_of(title[1]) if title else ""
    shown = " / ".join(filter(None, (words, realm, server)))[:LONGEST_WORDS]
    traits = [Trait.DEVICE] if _DEVICE.search(shown) else []
    if status in {401, 407}:
        traits.append(Trait.LOGIN)
    return Spoken(Speaks.HTTP, tuple(traits), shown)


def docker(reply: bytes) -> Spoken | None:
    """Read the answer to ``GET /version`` of the Docker API."""
    held = _json(reply)
    if status_of(reply) == 200 and "ApiVersion" in held:
        return Spoken(Speaks.DOCKER, (Trait.NO_LOGIN,), words_of(str(held.get("Version", "")).encode()))
    return http(reply)


def etcd(reply: bytes) -> Spoken | None:
    """Read the answer to ``GET /version`` of etcd. It does not tell whether keys can be read."""
    held = _json(reply)
    if "etcdserver" in held:
        return Spoken(Speaks.ETCD, (Trait.NO_TLS,), words_of(str(held["etcdserver"]).encode()))
    return http(reply)


def kubelet(reply: bytes) -> Spoken | None:
    """Read the answer to ``GET /healthz`` of a kubelet's port without authentication."""
    if status_of(reply) == 200 and reply.partition(b"\r\n\r\n")[2].strip() == b"ok":
        return Spoken(Speaks.KUBELET, (Trait.NO_LOGIN,))
    return http(reply)


def rtsp_request(method: str, host: str, number: int) -> bytes:
    """Write an RTSP request; DESCRIBE asks what a stream holds and starts none."""
    where = f"[{host}]" if ":" in host else host
    return f"{method} rtsp://{where}/ RTSP/1.0\r\nCSeq: {number}\r\nUser-Agent: Tenken\r\n\r\n".encode("ascii", "replace")


def rtsp(reply: bytes) -> Spoken | None:
    """Read the answer to DESCRIBE."""
    status = status_of(reply)
    if status is None or not reply.startswith(b"RTSP"):
        return None
    traits = {401: (Trait.LOGIN,), 200: (Trait.NO_LOGIN,)}.get(status, ())
    return Spoken(Speaks.RTSP, traits, header(reply, b"Server"))


def ipp_request(host: str, port: int) -> bytes:
    """Write Get-Printer-Attributes (RFC 8011 section 4.2.5): it reads the printer's name and model and prints nothing."""
    where = f"[{host}]" if ":" in host else host

    def attribute(tag: int, name: str, value: str) -> bytes:
        return bytes([tag]) + len(name).to_bytes(2, "big") + name.encode() + len(value).to_bytes(2, "big") + value.encode()

    body = (
        b"\x01\x01\x00\x0b\x00\x00\x00\x01\x01"
        + attribute(0x47, "attributes-charset", "utf-8")
        + attribute(0x48, "attributes-natural-language", "en")
        + attribute(0x45, "printer-uri", f"ipp://{where}:{port}/ipp/print")
        + attribute(0x44, "requested-attributes", "printer-make-and-model")
        + b"\x03"
    )
    lines = (
        "POST /ipp/print HTTP/1.1",
        f"Host: {where}:{port}",
        "Content-Type: application/ipp",
        f"Content-Length: {len(body)}",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii", "replace") + body


def ipp(reply: bytes) -> Spoken | None:
    """Read the answer to Get-Printer-Attributes."""
    status = status_of(reply)
    if status is None:
        return None
    if status == 200 and "application/ipp" in header(reply, b"Content-Type"):
        model = re.search(rb"printer-make-and-model(..)", reply, re.DOTALL)
        words = ""
        if model:
            start = model.end()
            words = words_of(reply[start : start + int.from_bytes(model[1], "big")])
        return Spoken(Speaks.IPP, (Trait.NO_LOGIN,), words or header(reply, b"Server"))
    if status in {401, 403, 426} and ("ipp" in header(reply, b"Server").lower() or "cups" in header(reply, b"Server").lower()):
        return Spoken(Speaks.IPP, (Trait.LOGIN,), header(reply, b"Server"))
    return http(reply)


def connect_request(host: str, port: int) -> bytes:
    """Ask an HTTP proxy for a tunnel (RFC 9110 section 9.3.6)."""
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n\r\n".encode("ascii")
