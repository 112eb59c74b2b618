"""Make everything the laboratory needs below one folder: keys, zones, anchors, configurations. Starts nothing.

The order is: keys of all zones, DS records from the keys, zone texts with the delegations, then signing on all cores.
"""

from __future__ import annotations

import base64
import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import dns.exception
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.lab import daemons, plan, policies, signing, town_mail, town_ssh, town_web
from tests.lab.certs import Authority, Key
from tests.lab.daemons import Daemon, Ready
from tests.lab.servers import ELSEWHERE
from tests.lab.table import BadTable, Domain
from tests.lab.zones import TOPS, Fill, Tree

TREE_ZONE = "kakuu.lg.jp"
"""The zone that every resolver must be able to resolve before the laboratory counts as up."""

_keys: dict[str, signing.ZoneKey] = {}  # private keys cannot be sent to the workers; they are forked after this is filled


@dataclass(frozen=True, slots=True)
class Job:
    """One zone file to make."""

    zone: str
    text: str
    target: Path


def _sign(jobs: list[Job], now: float) -> None:
    for job in jobs:
        try:
            signing.sign(job.text, _keys[job.zone], job.target, now)
        except subprocess.CalledProcessError as error:
            raise BadTable(f"zone {job.zone}: {error.stderr.decode()}") from error
        except (dns.exception.DNSException, ValueError) as error:
            raise BadTable(f"zone {job.zone}: {error}") from error


def dkim_keys() -> dict[str, str]:
    """Public keys for DKIM records, base64: two sizes that are refused today, one good, one Ed25519 (RFC 8463: the bare 32 bytes)."""
    found = {}
    for size in (1024, 2048):
        found[f"rsa-{size}"] = _spki(rsa.generate_private_key(65537, size).public_key())
    # cryptography makes no key this small.
    pem = subprocess.run(["openssl", "genrsa", "512"], capture_output=True, check=True).stdout
    der = subprocess.run(["openssl", "rsa", "-pubout", "-outform", "DER"], input=pem, capture_output=True, check=True).stdout
    found["rsa-512"] = base64.b64encode(der).decode()
    raw = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    found["ed25519"] = base64.b64encode(raw).decode()
    return found


def town_keys(servers: Mapping[str, plan.Server]) -> dict[str, Key]:
    """A key for each mail server and web site of the town: short RSA keys for the badly kept, else elliptic curves."""
    mail = [server.name for server in servers.values() if server.kind is plan.Kind.MAIL]
    bad = {town_mail.BAD, *town_web.BAD}
    return {
        name: rsa.generate_private_key(65537, 1024) if name in bad else ec.generate_private_key(ec.SECP256R1())
        for name in (*mail, *town_web.KEPT, town_web.PLAIN, town_web.INSIDE, *town_web.BAD)
    }


def _spki(key: rsa.RSAPublicKey) -> str:
    return base64.b64encode(key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).decode()


class Builder:
    """Builds into ``folder``; ``zones`` maps host → zone → file afterwards."""

    def __init__(self, folder: Path, domains: Mapping[str, Domain], servers: Mapping[str, plan.Server], fill: Fill) -> None:
        self.folder = folder
        self.servers = servers
        self.tree = Tree(domains, servers, fill, {place: name for entry in domains.values() for place, name in entry.ptr.items()})
        self.zones: dict[str, dict[str, Path]] = {}
        self.town: list[Daemon] = []
        self.now = time.time()

    @property
    def hints(self) -> Path:
        """Root hints."""
        return self.folder / "hints"

    @property
    def anchor_file(self) -> Path:
        """The trust anchor: one DNSKEY record of the root in presentation format."""
        return self.folder / "root.anchor"

    def _folder(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(exist_ok=True)
        return path

    def make_zones(self) -> None:
        """Write all zone files, the hints and the trust anchor."""
        keys = self._folder("zones")
        _keys["."] = signing.make_key(".", "kept", keys)
        for zone in TOPS:
            _keys[zone] = signing.make_key(zone, "kept", keys)
        for name, entry in self.tree.domains.items():
            _keys[name] = signing.make_key(name, entry.dnssec, keys)
        ds = {name: signing.ds_records(key) for name, key in _keys.items() if name != "."}

        jobs = [self._job(".", self.tree.root(ds), ("root",))]
        jobs += [self._job(zone, self.tree.top(zone, ds), ("tld",)) for zone in TOPS]
        for name in self.tree.domains:
            texts = self.tree.zone(name, ds)
            for host, text in texts.items():
                hosts = (host,) if host else tuple(h for h in self.tree.hosts(name) if h not in texts)
                if hosts:
                    jobs.append(self._job(name, text, hosts, host))
        self._run(jobs)

        anchor = _keys["."].public
        self.anchor_file.write_text(f". 3600 IN DNSKEY {anchor.to_text()}\n")
        root = self.servers["a.root.test"]
        self.hints.write_text(f". 3600 NS a.root.test.\na.root.test. 3600 A {root.v4}\na.root.test. 3600 AAAA {root.v6}\n")

    def _job(self, zone: str, text: str, hosts: tuple[str, ...], variant: str = "") -> Job:
        target = self.folder / "zones" / f"{zone.strip('.') or 'root'}.{variant or 'all'}.zone"
        for host in hosts:
            self.zones.setdefault(host, {})[zone] = target
        return Job(zone, text, target)

    def _run(self, jobs: list[Job]) -> None:
        jobs = sorted(jobs, key=lambda job: -len(job.text))
        workers = min(os.cpu_count() or 1, 4)
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork")) as pool:
            for done in [pool.submit(_sign, jobs[start :: workers * 4], self.now) for start in range(workers * 4)]:
                done.result()

    def make_web(self, authority: Authority) -> None:
        """Write the MTA-STS policies and all certificates."""
        domains = self.tree.domains
        hosts = {name: self.tree.mail_hosts(name) for name in domains}
        policies.write(self._folder("web"), domains, hosts, authority)
        (self.folder / "ca.pem").write_bytes((self.folder / "web" / "ca.pem").read_bytes())

    def make_town(self, authority: Authority, keys: Mapping[str, Key]) -> None:
        """Write the mail, web and SSH servers of the town; the office server's certificate is of the organisation's own authority."""
        at = self.servers
        named: dict[str, list[str]] = {}
        for domain in self.tree.domains:
            for host in self.tree.mail_hosts(domain):
                named.setdefault(host, []).append(domain)
        mail = self._on("mail")
        self._town("mail", "mail", mail, 25, town_mail.postfix(self._folder("mail"), mail, named, authority, keys))
        public = self._on("sites")
        self._town("sites", "sites", public, 80, town_web.sites(self._folder("sites"), at, authority, keys))
        for server in self._on("ssh"):
            self._town(server.name, "ssh", [server], 22, town_ssh.sshd(self._folder(server.name), server))
        own, inside = Authority(), at[town_web.INSIDE]
        with (self.folder / "ca.pem").open("ab") as file:
            file.write(own.pem)
        self._town("juki-web", "juki", [inside], 443, town_web.office(self._folder("juki-web"), inside, own, keys[town_web.INSIDE]))
        self._town("juki-ssh", "juki", [inside], 22, town_ssh.sshd(self._folder("juki-ssh"), inside))

    def _town(self, name: str, host: str, servers: Sequence[plan.Server], port: int, argv: tuple[str, ...]) -> None:
        ready = tuple(Ready(address, None, port) for server in servers for address in server.addresses)
        self.town.append(Daemon(name, host, argv, ready))

    def daemons(self) -> list[Daemon]:
        """Write every configuration; the daemons in the order in which they must be ready: resolvers last."""
        at = self.servers
        anchor = self._bind_anchor()
        first = []
        for host, probe in (("root", "."), ("tld", "jp"), ("nsd", "hosting.or.jp")):
            mine = self._on(host)
            argv = daemons.nsd(self._folder(host), mine, self.zones[host])
            first.append(Daemon(host, host, argv, tuple(Ready(a, probe) for server in mine for a in server.addresses)))
        mine = self._on("bind")
        generous = {name: path for name, path in self.zones["bind"].items() if self._generous(name)}
        views = daemons.authority_views(self.zones["bind"], generous, at, self.hints, anchor)
        argv = daemons.named(self._folder("bind"), mine, views)
        probe = next(iter(generous))
        first.append(Daemon("bind", "bind", argv, tuple(Ready(a, probe) for server in mine for a in server.addresses)))
        mine = self._on("knot")
        argv = daemons.knot(self._folder("knot"), mine, self.zones["knot"])
        first.append(
            Daemon("knot", "knot", argv, tuple(Ready(a, next(iter(self.zones["knot"]))) for server in mine for a in server.addresses))
        )
        first.append(self._odd())
        mine = self._on("web")
        argv = policies.nginx(self._folder("web"), mine, self.tree.domains)
        first.append(Daemon("web", "web", argv, tuple(Ready(a, None, 443) for server in mine for a in server.addresses)))
        return first + self.town + self._resolvers(anchor)

    def _odd(self) -> Daemon:
        at, here = self.servers, self._on("odd")
        config = self._folder("odd") / "odd.json"
        whom = {
            "authority": at["ns1.hosting.or.jp"].v4,
            "generous": at["axfr.servers.or.jp"].v4,
            "resolver": at["resolver.operator.test"].v4,
            "porttest": at["porttest.odd.or.jp"].v4,
            "outside": plan.ip4(plan.VANTAGE["outside"]),
            "inside": plan.ip4(plan.VANTAGE["inside"]),
            "here": at["weak-ids.resolvers.test"].v4,
            "elsewhere4": plan.ip4(ELSEWHERE),
            "elsewhere6": plan.ip6(ELSEWHERE),
        }
        config.write_text(json.dumps({**whom, "servers": [(address, server.behaviour) for server in here for address in server.addresses]}))
        last = here[-1]  # addresses are opened in order, so the last one that answers stands for all
        assert last.behaviour == "silent-resolver"
        whole = at["no-tcp.odd.or.jp"]
        ready = (*(Ready(a, None) for a in last.addresses), *(Ready(a, "hosting.or.jp") for a in whole.addresses))
        return Daemon("odd", "odd", (sys.executable, "-m", "tests.lab.odd", str(config)), ready)

    def _generous(self, zone: str) -> bool:
        return any(server.startswith(("axfr.", "ixfr.")) for server in self.tree.domains[zone].servers)

    def _bind_anchor(self) -> str:
        flags, protocol, algorithm, key = self.anchor_file.read_text().split("DNSKEY", 1)[1].split(None, 3)
        return f'{flags} {protocol} {algorithm} "{"".join(key.split())}"'

    def _on(self, host: str) -> list[plan.Server]:
        return [server for server in self.servers.values() if server.host == host]

    def _resolvers(self, anchor: str) -> list[Daemon]:
        at = self.servers
        office = plan.OFFICE
        everybody = ("0.0.0.0/0", "::/0")
        fixed = "  outgoing-port-avoid: 0-65535\n  outgoing-port-permit: "
        found = []
        for name, clients, anchor_file, extra in (
            ("resolver.operator.test", everybody, self.anchor_file, ""),
            ("resolver.kakuu.lg.jp", office, self.anchor_file, ""),
            ("novalidate.resolvers.test", office, None, ""),
            ("fixedport.resolvers.test", office, self.anchor_file, f"{fixed}5353\n"),
            ("oneport.resolvers.test", everybody, self.anchor_file, f"{fixed}1053\n"),
        ):
            server = at[name]
            argv = daemons.unbound(self._folder(name), server, clients, self.hints, anchor_file, extra=extra)
            found.append(Daemon(name, server.host, argv, tuple(Ready(a, TREE_ZONE) for a in server.addresses)))
        mine = [at[f"{name}.resolvers.test"] for name in ("open", "closed")]
        argv = daemons.named(self._folder("resolvers"), mine, daemons.resolver_views(at, self.hints, anchor))
        found.append(Daemon("resolvers", "resolvers", argv, tuple(Ready(a, TREE_ZONE) for server in mine for a in server.addresses)))
        return found
