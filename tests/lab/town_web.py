"""The web sites of the town, well kept and badly, the one of an office server, and the revocation list of the authority: nginx.

Files and a command line only. What web servers can do wrong beyond this is the business of ``tests.lab.web``; the provider's nginx with the
MTA-STS policies is ``policies.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.lab import plan
from tests.lab.certs import Authority, Key, pem_of_key
from tests.lab.tls_zoo.dh import PARAMETERS
from tests.lab.town_mail import GOOD_SUITES, OLD_SUITES

KEPT = ("kakuu.lg.jp", "www.kakuu.lg.jp")
PLAIN = "bosai.kakuu.lg.jp"
"""Good TLS, and none of the headers that came later."""
BAD = ("bad-all.lg.jp", "www.bad-all.lg.jp")
"""Everything up to TLS 1.0 on: the first with an expired certificate, the second with one that it signed itself for another name."""
INSIDE = "juki-db.naibu.kakuu.lg.jp"
CRL = "crl.ca.test"
CRL_URL = f"http://{CRL}/lab.crl"

_PAGE = """<!DOCTYPE html>
<html lang="ja"><head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1>{body}</body></html>
"""
_HEADERS = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Set-Cookie": "__Host-visit=1; Path=/; Secure; HttpOnly; SameSite=Lax",
}
_BAD_HEADERS = {"X-Powered-By": "PHP/5.4.16", "Set-Cookie": "PHPSESSID=0123456789abcdef; path=/"}
_GOOD_TLS = f"""ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers {GOOD_SUITES}; ssl_prefer_server_ciphers on;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256;
    ssl_ecdh_curve X25519:prime256v1:secp384r1; ssl_session_tickets off; server_tokens off;"""
_BAD_TLS = "ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers {old}; ssl_dhparam {folder}/dh.pem; server_tokens on;"


def _kept(folder: Path) -> None:
    root = folder / "kept"
    (root / ".well-known").mkdir(parents=True)
    (root / "index.html").write_text(_PAGE.format(title="架空市", body='<p><a href="/kurashi.html">くらし</a></p>'))
    (root / "kurashi.html").write_text(_PAGE.format(title="くらし | 架空市", body='<p><a href="/">架空市</a></p>'))
    (root / "404.html").write_text(_PAGE.format(title="ページがありません | 架空市", body='<p><a href="/">架空市</a></p>'))
    (root / "robots.txt").write_text("User-agent: *\nAllow: /\n")
    until = (datetime.now(UTC) + timedelta(days=180)).strftime("%Y-%m-%dT00:00:00Z")
    # Signed in form only: a scanner without the key cannot tell.
    (root / ".well-known" / "security.txt").write_text(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
        f"Contact: mailto:csirt@kakuu.lg.jp\nExpires: {until}\nPreferred-Languages: ja, en\n"
        "Canonical: https://www.kakuu.lg.jp/.well-known/security.txt\n"
        "Canonical: https://kakuu.lg.jp/.well-known/security.txt\n"
        "-----BEGIN PGP SIGNATURE-----\n\niHUEARYIAB0WIQ==\n-----END PGP SIGNATURE-----\n"
    )


def _plain(folder: Path) -> None:
    root = folder / "plain"
    root.mkdir()
    (root / "index.html").write_text(_PAGE.format(title="架空市防災情報", body="<p>現在、避難情報はありません。</p>"))


def _bad(folder: Path) -> None:
    root = folder / "bad"
    (root / ".git").mkdir(parents=True)
    (root / "backup").mkdir()
    (root / "index.html").write_text(
        _PAGE.format(
            title="イベント", body='<img src="http://www.bad-all.lg.jp/a.png" alt=""><form action="http://www.bad-all.lg.jp/s"></form>'
        )
    )
    (root / ".git" / "HEAD").write_text("ref: refs/heads/master\n")
    (root / ".git" / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n")
    (root / ".env").write_text("APP_ENV=production\nDB_PASSWORD=not-a-real-one\n")
    (root / "backup" / "site-2019.zip").write_bytes(b"PK\x05\x06" + bytes(18))


def _certificate(folder: Path, name: str, pem: bytes, key: Key) -> str:
    (folder / f"{name}.key").write_bytes(pem_of_key(key))
    (folder / f"{name}.pem").write_bytes(pem)
    return f"ssl_certificate {folder}/{name}.pem; ssl_certificate_key {folder}/{name}.key;"


def _listen(server: plan.Server, port: int, more: str = "") -> str:
    return " ".join(f"listen {address if ':' not in address else f'[{address}]'}:{port}{more};" for address in server.addresses)


def _headers(headers: Mapping[str, str]) -> str:
    return " ".join(f'add_header {name} "{value}" always;' for name, value in headers.items())


def _server(listen: str, names: str, *parts: str) -> str:
    lines = "\n    ".join(parts)
    return f"  server {{\n    {listen} server_name {names};\n    {lines}\n  }}\n"


def _main(folder: Path, body: str) -> tuple[str, ...]:
    paths = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; user root; pid {folder}/pid; error_log stderr crit; worker_processes 1; events {{ worker_connections 512; }}\n"
        "http {\n  access_log off; types { text/html html; text/plain txt; application/pkix-crl crl; }\n"
        f"  default_type application/octet-stream; server_names_hash_bucket_size 128; {paths}\n{body}}}\n"
    )
    return "nginx", "-c", str(config)


def sites(folder: Path, servers: Mapping[str, plan.Server], authority: Authority, keys: Mapping[str, Key]) -> tuple[str, ...]:
    """Write the public sites and the revocation list below ``folder`` and give nginx's command line. ``keys``: site → its key."""
    _kept(folder)
    _plain(folder)
    _bad(folder)
    (folder / "dh.pem").write_text(PARAMETERS[1024])
    (folder / "lab.crl").write_bytes(authority.revocation_list())
    good, bad, crl = (servers[name] for name in ("www.kakuu.lg.jp", "www.bad-all.lg.jp", CRL))
    parts = []
    for name in KEPT:
        certificate = _certificate(folder, name, authority.leaf([name], key=keys[name]), keys[name])
        more = (
            f"root {folder}/kept; charset utf-8; error_page 404 /404.html;",
            _headers(_HEADERS),
            "location ~ /[.](?!well-known/) { return 404; }",
            'location / { if ($request_method = OPTIONS) { add_header Allow "GET, HEAD, OPTIONS"; return 204; } }',
        )
        first = name == KEPT[0]
        parts.append(
            _server(_listen(good, 443, " ssl http2 default_server" if first else " ssl http2"), name, certificate, _GOOD_TLS, *more)
        )
    certificate = _certificate(folder, PLAIN, authority.leaf([PLAIN], key=keys[PLAIN]), keys[PLAIN])
    parts.append(_server(_listen(good, 443, " ssl http2"), PLAIN, certificate, _GOOD_TLS, f"root {folder}/plain;"))
    parts.append(_server(_listen(good, 80), "_", "server_tokens off; return 301 https://$host$request_uri;"))

    pems = (authority.leaf([BAD[0]], key=keys[BAD[0]], expired=True), authority.leaf(["localhost"], key=keys[BAD[1]], self_signed=True))
    tls = _BAD_TLS.format(old=OLD_SUITES, folder=folder)
    open_doors = f"root {folder}/bad; autoindex on;", _headers(_BAD_HEADERS)
    for name, pem in zip(BAD, pems, strict=True):
        parts.append(_server(_listen(bad, 443, " ssl"), name, _certificate(folder, name, pem, keys[name]), tls, *open_doors))
    parts.append(_server(_listen(bad, 80), "_", *open_doors))

    parts.append(_server(_listen(crl, 80), CRL, f"root {folder}; location / {{ return 404; }} location = /lab.crl {{ }}"))
    return _main(folder, "".join(parts))


def office(folder: Path, server: plan.Server, authority: Authority, key: Key) -> tuple[str, ...]:
    """Write the site of the office server, with a certificate of the organisation's own ``authority``, and give nginx's command line."""
    root = folder / "inside"
    root.mkdir()
    (root / "index.html").write_text(_PAGE.format(title="住民情報", body=""))
    certificate = _certificate(folder, INSIDE, authority.leaf([INSIDE], key=key), key)
    page = _server(_listen(server, 443, " ssl"), INSIDE, certificate, _GOOD_TLS, f"root {root};")
    return _main(folder, page)
