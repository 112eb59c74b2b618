"""The web server of the laboratory: MTA-STS policies (RFC 8461), one for each domain, and a plain page everywhere else.

Which policy a domain serves is the key ``policy`` of its entry, a name from POLICIES.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.lab import plan
from tests.lab.certs import Authority
from tests.lab.table import BadTable, Domain

HUGE_BYTES = 10_000_000
SLOW_BYTES_A_SECOND = 16


def _policy(hosts: Sequence[str], mode: str = "enforce", max_age: int = 31_536_000) -> str:
    return "\r\n".join(["version: STSv1", f"mode: {mode}", *(f"mx: {host}" for host in hosts), f"max_age: {max_age}", ""])


POLICIES: dict[str, Callable[[Sequence[str]], str | None]] = {
    "": lambda hosts: _policy(hosts) if hosts else None,
    "missing": lambda hosts: None,
    "testing": lambda hosts: _policy(hosts, mode="testing"),
    "none": lambda hosts: _policy((), mode="none"),
    "mismatch": lambda hosts: _policy(["mail.elsewhere.or.jp"]),
    "short": lambda hosts: _policy(hosts, max_age=3600),
    "garbage": lambda hosts: "mode: perhaps\nmx: *\nmax_age: for ever\n\x00\x1b[2J",
    "html": lambda hosts: "<!DOCTYPE html><title>Not here</title><p>version: STSv1",
    "huge": lambda hosts: _policy(hosts) + "x: " + "x" * HUGE_BYTES,
    # The same text as the good one: the fault is in the certificate or in how it is delivered, see nginx().
    **dict.fromkeys(("wrong-name", "expired", "self-signed", "redirect", "error", "slow", "silent"), _policy),
}

_SPECIAL = {
    "redirect": "return 301 https://www.$domain/policy.txt;",
    "error": "return 500;",
    "slow": f"limit_rate {SLOW_BYTES_A_SECOND}; alias $POLICY/$domain.txt; default_type text/plain;",
    "silent": "proxy_connect_timeout 60; proxy_pass http://$BLACKHOLE;",
    "html": "alias $POLICY/$domain.txt; default_type text/html;",
}


def write(folder: Path, domains: Mapping[str, Domain], hosts: Mapping[str, Sequence[str]], authority: Authority) -> None:
    """Write policies and certificates below ``folder``. ``hosts``: domain → its mail hosts, for the good policies."""
    policies, certificates = folder / "policy", folder / "cert"
    policies.mkdir()
    certificates.mkdir()
    for name, entry in domains.items():
        if entry.policy not in POLICIES:
            raise BadTable(f"{name}: policy {entry.policy!r} is none of {sorted(POLICIES)}")
        text = POLICIES[entry.policy](hosts.get(name, ()))
        if text is not None:
            (policies / f"{name}.txt").write_bytes(text.encode())
        names = [f"mail.{name}"] if entry.policy == "wrong-name" else [name, f"www.{name}", f"mta-sts.{name}"]
        pem = authority.leaf(names, expired=entry.policy == "expired", self_signed=entry.policy == "self-signed")
        (certificates / f"{name}.pem").write_bytes(pem)
    (certificates / "web.hosting.or.jp.pem").write_bytes(authority.leaf(["web.hosting.or.jp"]))
    authority.write(folder)


def nginx(folder: Path, servers: Sequence[plan.Server], domains: Mapping[str, Domain]) -> tuple[str, ...]:
    """Write nginx's configuration below ``folder`` and give its command line."""
    addresses = [address if ":" not in address else f"[{address}]" for server in servers for address in server.addresses]
    plain = "\n".join(f"    listen {address}:80;" for address in addresses)
    tls = "\n".join(f"    listen {address}:443 ssl;" for address in addresses)
    special = []
    for policy, body in _SPECIAL.items():
        if names := " ".join(f"mta-sts.{name}" for name, entry in domains.items() if entry.policy == policy):
            text = body.replace("$POLICY", str(folder / "policy")).replace("$BLACKHOLE", plan.ip4(plan.BLACKHOLE))
            special.append(_server(tls, names, f"location = /.well-known/mta-sts.txt {{ {text.replace('$domain', '$bare')} }}"))
    good = f"location = /.well-known/mta-sts.txt {{ alias {folder}/policy/$bare.txt; default_type text/plain; }}"
    config = folder / "nginx.conf"
    config.write_text(
        f"""
daemon off; user root; pid {folder}/pid; error_log stderr warn; worker_processes 1;
events {{ worker_connections 1024; }}
http {{
  access_log off; server_tokens off; server_names_hash_max_size 4096; server_names_hash_bucket_size 128; types_hash_max_size 2048;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  map $ssl_server_name $bare {{ "~^(?:mta-sts|www)\\.(?<rest>.+)$" $rest; "" web.hosting.or.jp; default $ssl_server_name; }}
  ssl_certificate {folder}/cert/$bare.pem; ssl_certificate_key {folder}/leaf.key; ssl_protocols TLSv1.2 TLSv1.3;
{"".join(special)}
{_server(tls, "~^mta-sts[.]", good)}
{_server(tls, "_", "", default=True)}
  server {{
{plain}
    server_name _; default_type text/html; return 301 https://$host$request_uri;
  }}
}}
"""
    )
    return "nginx", "-c", str(config)


def _server(listen: str, names: str, body: str, *, default: bool = False) -> str:
    lines = listen.replace(" ssl;", " ssl default_server;") if default else listen
    page = 'location = / { default_type text/html; return 200 "<!DOCTYPE html><title>lab</title>"; }'
    return f"""
  server {{
{lines}
    server_name {names};
    {page}
    {body}
    location / {{ return 404; }}
  }}
"""
