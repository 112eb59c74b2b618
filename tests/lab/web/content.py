"""Document roots of the web laboratory: pages, documents with properties, and what should never have been put there."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.lab.web.sites import ALIVE, DEAD
from tests.unit.pictures import jpeg, png, tiff

_WORDS = "架空市の公式ウェブサイトです。手続、施設、防災の情報を掲載しています。" * 8


def page(title: str, body: str = "", head: str = "") -> str:
    """An HTML page."""
    top = f"<!DOCTYPE html><html lang=ja><head><meta charset=utf-8><title>{title}</title>{head}</head>"
    return f"{top}<body><p>{_WORDS}</p>{body}</body></html>"


def docx(author: str = "", *, changes: bool = False) -> bytes:
    """A document of Word with an author and a tracked change, or neither."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        name = f"<dc:creator>{author}</dc:creator><cp:lastModifiedBy>{author}</cp:lastModifiedBy>" if author else ""
        archive.writestr("docProps/core.xml", f'<?xml version="1.0"?><cp:coreProperties>{name}</cp:coreProperties>')
        tracked = '<w:ins w:id="1" w:author="x"><w:r/></w:ins>' if changes else ""
        archive.writestr("word/document.xml", f"<w:document><w:body>{tracked}</w:body></w:document>")
    return buffer.getvalue()


def pdf(author: str = "") -> bytes:
    """The least that is a PDF, with an author in its information dictionary or none."""
    info = f"/Author ({author}) " if author else ""
    return f"%PDF-1.4\n1 0 obj << {info}/Producer (lab) >> endobj\ntrailer << /Info 1 0 R >>\n%%EOF\n".encode("latin-1")


def security_txt(*, days: int = 180, signed: bool = True) -> str:
    """A security.txt that expires in so many days."""
    expires = (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = f"Contact: mailto:csirt@example.jp\nExpires: {expires}\nPreferred-Languages: ja, en\n"
    if not signed:
        return text
    return f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{text}-----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----\n"


def _write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def good(folder: Path) -> None:
    """A site of a few pages with nothing to find fault with."""
    links = f'<a href="/news.html">n</a> <a href="/plan.pdf">p</a> <a href="form.docx">f</a> <img src="/hall.jpg" alt=""> <a href="https://{ALIVE}/">other</a>'
    form = '<form action="/search" method="get"><input name="q"></form>'
    _write(
        folder,
        {
            "index.html": page("架空市", links + form + '<img src="/images/a.png">', '<link rel="stylesheet" href="/css/a.css">'),
            "news.html": page("お知らせ - 架空市", '<a href="/">top</a> <a href="/search?q=a">s</a>'),
            "search": page("検索 - 架空市"),
            "plan.pdf": pdf(),
            "form.docx": docx(),
            "hall.jpg": jpeg(),
            "images/a.png": png(),
            "css/a.css": "p{}",
            "robots.txt": "User-agent: *\nDisallow: /search\nSitemap: https://x/sitemap.xml\n",
            ".well-known/security.txt": security_txt(),
        },
    )


def late(folder: Path) -> None:
    """A site whose small things have been let slip."""
    _write(folder, {"index.html": page("遅れ"), ".well-known/security.txt": security_txt(days=-3, signed=False)})


def plain(folder: Path, title: str = "架空") -> None:
    """One page."""
    _write(folder, {"index.html": page(title)})


def secrets(folder: Path) -> None:
    """A virtual host that publishes its settings."""
    _write(folder, {"index.html": page("仮想"), ".env": "# settings\nDB_PASSWORD=correct-horse\n"})


def repository(folder: Path) -> None:
    """A site in a working copy."""
    _write(folder, {"index.html": page("複製"), ".git/HEAD": "ref: refs/heads/main\n", ".git/config": "[core]\n\tbare = false\n"})


def bad(folder: Path) -> None:
    """A site that does everything wrong that a document root can do wrong."""
    repository(folder)
    secrets(folder)
    links = (
        '<a href="/b.html">b</a> <a href="/missing.html">m</a> <a href="/setup.exe">e</a> <a href="/a.docx">d</a> <a href="/a.pdf">p</a>'
        ' <img src="/a.jpg" alt="">'
        f' <a href="https://bit.ly/3abc">s</a> <a href="https://{DEAD}/">dead</a>'
    )
    form = '<form action="http://nginx-bad.web.or.jp/login" method="post"><input name="u"><input type="password" name="p"></form>'
    head = f'<meta name="generator" content="WordPress 5.2.1"><script src="http://{ALIVE}/a.js"></script><script src="https://{ALIVE}/b.js"></script>'
    _write(
        folder,
        {
            "index.html": page("無題", links + form, head),
            "b.html": page("無題"),
            "setup.exe": b"MZ",
            "a.docx": docx("Yamada Taro", changes=True),
            "a.pdf": pdf("Yamada Taro"),
            "a.jpg": jpeg(tiff(artist="Yamada Taro", place=(35, 139))),
            "images/a.png": png(),
            "backup.zip": b"PK\x03\x04rest",
            "backup.sql": "-- MySQL dump 10.13\nCREATE TABLE users (id int);\n",
            "phpinfo.php": "<html><head><title>PHP 8.2.1 - phpinfo()</title></head><body>PHP Version 8.2.1</body></html>",
            "xmlrpc.php": "XML-RPC server accepts POST requests only.",
            "wp-login.php": page("Log In", '<form method=post><input type="password" name=pwd><input type=submit id="wp-submit"></form>'),
            "robots.txt": "User-agent: *\nDisallow: /\n",
        },
    )


def welcome(folder: Path) -> None:
    """The page that nginx comes with."""
    _write(
        folder,
        {"index.html": "<!DOCTYPE html><html><head><title>Welcome to nginx!</title></head><body><h1>Welcome to nginx!</h1></body></html>"},
    )


def apache_bad(folder: Path) -> None:
    """Apache as it came out of the box years ago, with its samples."""
    _write(
        folder,
        {
            "index.html": "<html><body><h1>It works!</h1></body></html>",
            "images/a.png": png(),
            "manual/index.html": "<html><head><title>Apache HTTP Server Version 2.4 Documentation</title></head><body></body></html>",
            ".htpasswd": "admin:$apr1$abcdefgh$abcdefghijklmnopqrstuv\n",
            "cgi/printenv": '#!/bin/sh\necho "Content-Type: text/plain"\necho\nenv\n',
        },
    )
    (folder / "cgi/printenv").chmod(0o755)
