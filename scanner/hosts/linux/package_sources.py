"""The collector for where a Linux machine fetches packages from and whether it demands signatures. No credentials leave it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from scanner.facts.software import PackageSource, PackageSources
from scanner.hosts.base import Files, Names, Reader, collector
from scanner.hosts.linux.base import Text, drop_ins, exists, needed, one_file, parsed, seen, shown
from scanner.hosts.linux.software import manager
from scanner.hosts.linux.unattended import APT_DUMP, apt_configuration, value_of
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import apt, keyfile

APT_MAIN, APT_MORE = "/etc/apt/sources.list", "/etc/apt/sources.list.d"
APT_LAX = (
    "APT::Get::AllowUnauthenticated",
    "Acquire::AllowInsecureRepositories",
    "Acquire::AllowWeakRepositories",
    "Acquire::AllowDowngradeToInsecureRepositories",
    "Acquire::https::Verify-Peer",
    "Acquire::https::Verify-Host",
)
"""Switches that let unsigned or forged content in; the last two do so where they are off, also for one host (apt-transport-https(1))."""
DNF_MAIN = ("/etc/dnf/dnf.conf", "/etc/yum.conf")
DNF5 = "/usr/bin/dnf5"
DNF5_MAIN = ("/etc/dnf/libdnf5.conf.d", "/usr/share/dnf5/libdnf.conf.d")
DNF5_OVERRIDES = ("/etc/dnf/repos.override.d", "/usr/share/dnf5/repos.override.d")
"""Of dnf5 only: settings below those of its main file, and settings over those of repositories. A name counts once, the first's."""
DNF_MORE = ("/etc/yum.repos.d", "/etc/yum/repos.d", "/etc/distro.repos.d")
MOST_SOURCES = 500
LOCAL = frozenset({"cdrom", "file", "copy", "media", "rsh", "store"})
_TRUE = frozenset({"1", "yes", "true", "on"})
Words = dict[str, str]


@collector(
    Platform.LINUX,
    APT_DUMP,
    Files(APT_MAIN),
    Names(APT_MORE),
    Files(f"{APT_MORE}/*.list"),
    Files(f"{APT_MORE}/*.sources"),
    *(Files(path) for path in DNF_MAIN),
    *(Names(path) for path in DNF_MORE),
    *(Files(f"{path}/*.repo") for path in DNF_MORE),
    Names(DNF5),
    *(Names(path) for path in (*DNF5_MAIN, *DNF5_OVERRIDES)),
    *(Files(f"{path}/*.conf") for path in DNF5_MAIN),
    *(Files(f"{path}/*.repo") for path in DNF5_OVERRIDES),
)
def package_sources(read: Reader) -> PackageSources:
    """See the sources of packages."""
    name = manager(read)
    match name:
        case "dpkg":
            fact = PackageSources("apt", seen(lambda: _apt_sources(read)), seen(lambda: _apt_lax(read)))
        case "rpm":
            fact = PackageSources("dnf", seen(lambda: _dnf_sources(read)), seen(lambda: _dnf_lax(read)))
        case _:
            raise CannotObserve(Reason.UNSUPPORTED, "no package manager that is known: neither dpkg nor rpm")
    if not isinstance(fact.sources, Unobserved):
        for source in fact.sources[:30]:
            read.keep(source.place, f"{source.address} signed {source.signed}")
    return fact


def _apt_sources(read: Reader) -> tuple[PackageSource, ...]:
    found = []
    main = one_file(read, APT_MAIN)
    texts: list[tuple[Text, bool]] = [(main, False)] if main else []
    # sources.list(5): names of letters, digits, underscore, hyphen and full stop, with one of two suffixes
    for suffix, stanzas in ((".list", False), (".sources", True)):
        texts += [(t, stanzas) for t in needed(drop_ins(read, (APT_MORE,), suffix)) if re.fullmatch(r"[\w.-]+", t.path.rpartition("/")[2])]
    for text, stanzas in texts:
        sources = needed(parsed(text.path, needed(text.data), apt.stanza_sources if stanzas else apt.one_line_sources))
        for source in sources:
            lax = any(source.says(option) for option in ("trusted", "allow-insecure", "allow-weak"))
            found += [_source(f"{text.path} line {source.line}", address, not lax) for address in source.addresses]
    return _whole(found)


def _whole(found: list[PackageSource]) -> tuple[PackageSource, ...]:
    if len(found) > MOST_SOURCES:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_SOURCES} sources of packages")
    return tuple(found)


def _source(place: str, address: str, signed: bool | Unobserved) -> PackageSource:
    """Write an address without user name, password and what else may be secret in it."""
    scheme = address.partition(":")[0].lower()
    try:
        parts = urlsplit(address)
        host = "" if scheme in LOCAL else (parts.hostname or "")
        port = f":{parts.port}" if parts.port else ""
        plain = f"{scheme}://{host}{port}{parts.path}" if host else f"{scheme}:{parts.path}"
    except ValueError:
        host, plain = "", f"{scheme}:"
    return PackageSource(place, shown(plain), shown(scheme), shown(host), signed)


def _apt_lax(read: Reader) -> tuple[str, ...]:
    settings = apt_configuration(read)
    found = []
    of_hosts = [line.name for line in settings if re.fullmatch(r"acquire::https::.+::verify-(?:peer|host)", line.name)]
    for name in dict.fromkeys((*APT_LAX, *of_hosts)):
        value = value_of(settings, name)
        if value is None:
            continue
        on = apt.is_on(value)
        if on != ("verify" in name.lower()):
            found.append(shown(f"{name} {value}"))
    return tuple(found)


def _dnf_main(read: Reader) -> Words:
    """Give the settings for all repositories; dnf5 reads its directories first, so that the main file counts."""
    files = needed(drop_ins(read, DNF5_MAIN, ".conf")) if exists(read, DNF5) else ()
    groups = [group for text in (*files, *_main_file(read)) for group in _groups(text)]
    return {key: value for group in groups if group.name == "main" for key, value in _words(group).items()}


def _main_file(read: Reader) -> tuple[Text, ...]:
    return next(((text,) for path in DNF_MAIN if (text := one_file(read, path))), ())


def _groups(text: Text) -> tuple[keyfile.Group, ...]:
    joined = re.sub(rb"\r?\n[ \t]+(?=[^\s\[])", b" ", needed(text.data))  # a line that begins with a blank goes on with a value
    return needed(parsed(text.path, joined, keyfile.parse)).groups


def _words(group: keyfile.Group) -> Words:
    """Give the settings of a section, without the quotes that dnf takes off; dnf5 calls ``gpgcheck`` by another name, too."""
    return {entry.key.lower().removeprefix("pkg_"): re.sub(r"""\A(["'])(.*)\1\Z""", r"\2", entry.value) for entry in group.entries}


def _repositories(read: Reader) -> list[tuple[str, Words]]:
    """Give place and settings of each repository that is on, which it is unless switched off. The main file may hold some, too.

    Raises ``CannotObserve``.
    """
    if (elsewhere := _dnf_main(read).get("reposdir")) is not None:
        raise CannotObserve(Reason.UNSUPPORTED, shown(f"reposdir={elsewhere}: repositories stand where they are not looked for"))
    files = needed(drop_ins(read, DNF5_OVERRIDES, ".repo")) if exists(read, DNF5) else ()
    overrides = [group for text in files for group in _groups(text)]
    added = [text for directory in DNF_MORE for text in needed(drop_ins(read, (directory,), ".repo"))]
    found = []
    for text in (*_main_file(read), *added):
        for group in _groups(text):
            words = _words(group)
            for over in overrides:
                words |= _words(over) if fnmatchcase(group.name, over.name) else {}
            if group.name != "main" and words.get("enabled", "1").lower() in _TRUE:
                found.append((f"{text.path} [{shown(group.name)}]", words))
    return found


def _dnf_sources(read: Reader) -> tuple[PackageSource, ...]:
    """Read the repositories as dnf.conf(5) has them: gpgcheck is off unless switched on."""
    everywhere = _dnf_main(read).get("gpgcheck", "0")
    found = []
    for place, words in _repositories(read):
        signed = words.get("gpgcheck", everywhere).lower() in _TRUE
        found += [_source(place, address, signed) for address in _addresses(words)]
    return _whole(found)


def _addresses(words: Words) -> Sequence[str]:
    written = " ".join(words.get(key, "") for key in ("baseurl", "metalink", "mirrorlist"))
    return re.split(r"[\s,]+", written.strip()) if written.strip() else ()


def _dnf_lax(read: Reader) -> tuple[str, ...]:
    main = _dnf_main(read)
    found = [f"{name}={shown(main[name])}" for name in ("gpgcheck", "sslverify") if main.get(name, "1").lower() not in _TRUE]
    return (*found, *(f"{place} sslverify=0" for place, words in _repositories(read) if words.get("sslverify", "1").lower() not in _TRUE))
