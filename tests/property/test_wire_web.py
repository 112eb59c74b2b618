"""Readers of what web servers send, against octets of every kind: they end, keep to their caps, and raise nothing but their own error."""

from __future__ import annotations

import io
import time
import zipfile
import zlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.wire.web import documents, headers, html, marks, robots, security_txt, urls
from scanner.wire.web.http1 import MOST_HEADERS, Answer, NotHttp, Reading, request
from scanner.wire.web.paths import MOST_SEARCHED, WANTED, proof

FEW = settings(max_examples=150, deadline=None)
TEXT = st.text(st.characters(codec="utf-8"), max_size=400)
LIMIT = 1000


def read(octets: bytes, cuts: list[int], method: str = "GET", limit: int = LIMIT) -> Answer | str:
    """Feed octets in pieces and close; the answer, or the error's words."""
    reading = Reading(method, limit)
    places = sorted({min(cut, len(octets)) for cut in cuts} | {0, len(octets)})
    try:
        for start, end in pairwise(places):
            if (answer := reading.feed(octets[start:end])) is not None:
                return answer
        return reading.closed()
    except NotHttp as error:
        return str(error)


HEAD = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 5\n\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.0 404 Not Found\r\nServer: x\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
    ]
)
BODY = st.one_of(
    st.binary(max_size=300),
    st.lists(st.binary(min_size=1, max_size=40), max_size=8).map(
        lambda parts: b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"
    ),
    st.just(b"x" * (LIMIT * 3)),
)
CUTS = st.lists(st.integers(0, 600), max_size=6)


@FEW
@given(st.lists(st.one_of(HEAD, BODY, st.binary(max_size=60)), max_size=5), CUTS)
def test_an_answer_is_the_same_however_it_is_cut_into_pieces(parts: list[bytes], cuts: list[int]) -> None:
    octets = b"".join(parts)
    whole, pieces = read(octets, []), read(octets, cuts)
    if isinstance(whole, Answer) and isinstance(pieces, Answer):
        # What follows an answer is seen or not by how it was cut; it only decides whether the connection is used again.
        assert (whole.status, whole.headers, whole.body, whole.whole) == (pieces.status, pieces.headers, pieces.body, pieces.whole)
        assert len(whole.body) <= LIMIT
    else:
        assert type(whole) is type(pieces)


@FEW
@given(st.binary(max_size=400), st.binary(max_size=400))
def test_a_chunked_body_is_put_together(first: bytes, second: bytes) -> None:
    chunks = b"".join(b"%x;a=b\r\n%b\r\n" % (len(part), part) for part in (first, second) if part)
    answer = read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nTrailer: x\r\n\r\n", [40, 60])
    assert isinstance(answer, Answer)
    assert (answer.body, answer.whole, answer.reusable) == (first + second, True, True)


@pytest.mark.parametrize(
    ("octets", "status", "body", "whole"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, b"hello", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", 200, b"hello", False),
        (b"HTTP/1.1 200\r\n\r\nhello", 200, b"hello", True),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", 404, b"", True),
        (b"HTTP/1.0 200 OK\n\n" + b"y" * 2000, 200, b"y" * LIMIT, False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", 200, b"abc", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200, b"abc", True),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", 204, b"", True),
    ],
)
def test_answers(octets: bytes, status: int, body: bytes, whole: bool) -> None:
    answer = read(octets, [])
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body, answer.whole) == (status, body, whole)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 twohundred OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: y",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * (MOST_HEADERS + 1) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * 600,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"1;" + b"x" * 400 + b"\r\na\r\n") * 400,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
    ],
)
def test_what_is_no_answer_is_said_to_be_none(octets: bytes) -> None:
    assert isinstance(read(octets, []), str)


@FEW
@given(TEXT, TEXT, TEXT)
def test_a_request_is_one_request_whatever_is_put_into_it(target: str, host: str, value: str) -> None:
    octets = request("GET", "/" + target, host, "agent", [("Cookie", value)])
    assert octets.count(b"\r\n\r\n") == 1
    assert octets.count(b"\n") == octets.count(b"\r\n") == 7
    assert octets.isascii()


@FEW
@given(
    st.one_of(
        TEXT,
        st.lists(
            st.sampled_from(["<a href=", '"', "'", ">", "<", "</a>", "<!--", "-->", "<script", "</script>", "<title>", "x", " ", "=", "/"]),
            max_size=80,
        ).map("".join),
    )
)
def test_pages_of_any_text_are_read(text: str) -> None:
    page = html.read(text)
    assert len(page.links) <= html.MOST_LINKS
    assert page.text <= len(text)


@pytest.mark.parametrize(
    ("element", "most"), [('<a href="/x">', html.MOST_LINKS), ('<img src="/x">', html.MOST_PARTS), ("<form></form>", html.MOST_FORMS)]
)
def test_what_a_cap_leaves_out_is_said_to_be_left_out(element: str, most: int) -> None:
    assert not html.read(element * most).cut
    assert html.read(element * (most + 1)).cut


def test_a_comment_may_end_where_it_begins() -> None:
    page = html.read('<!--><img src="/a"><!---><img src="/b"><!----><img src="/c"><!-- <img src="/d"> --><img src="/e">')
    assert [part.url for part in page.parts] == ["/a", "/b", "/c", "/e"]


def test_a_page_is_read_as_browsers_do() -> None:
    page = html.read(
        """<!DOCTYPE html><TITLE> A &amp; B
        </TITLE><meta charset="UTF-8"><base href='/base/'><meta name=Generator content="X 1.0">
        <meta http-equiv=refresh content="0; URL='/next'">
        <!-- <a href="/hidden"> --><script>var a = '<a href="/in-script">';</script>
        <a href=/one>1</a><A HREF="/two" download>2</A>
        <script src=a.js integrity="sha384-x"></script><link rel="stylesheet" href="b.css"><img src="c.png">
        <iframe src="//d.example/"></iframe>
        <form action="/send" method=POST><input type=password></form><link rel=canonical href="https://e.example/"><a href="unfinished"""
    )
    assert page.title == "A & B"
    assert (page.charset, page.base, page.refresh, page.canonical) == ("utf-8", "/base/", "/next", "https://e.example/")
    assert page.meta("generator") == "X 1.0"
    assert [(link.url, link.download) for link in page.links][:2] == [("/one", False), ("/two", True)]
    assert "/hidden" not in [link.url for link in page.links]
    assert "/in-script" not in [link.url for link in page.links]
    assert [(part.load.value, part.url, part.integrity) for part in page.parts] == [
        ("script", "a.js", True),
        ("style", "b.css", False),
        ("image", "c.png", False),
        ("frame", "//d.example/", False),
    ]
    assert page.forms == [html.Form("/send", "post", True)]


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a ",
        '<a href="',
        "<a href='x",
        "<!--",
        "<script>",
        "<title>",
        "<p>",
        "</",
        "<textarea>",
        " ",
        "<a " + "b " * 50,
        "com_login",
        "<title>Index of /",
    ],
)
def test_no_page_takes_time_beyond_its_length(piece: str) -> None:
    text = piece * (512 * 1024 // len(piece))
    start = time.process_time()
    html.read(text)
    for table in (marks.DEFAULT_PAGES, marks.LISTINGS, marks.ERRORS):
        marks.find(table, text)
    marks.versions(text)
    assert time.process_time() - start < 5.0


@pytest.mark.parametrize(
    "piece",
    [
        b"\n",
        b" ",
        b"#\n",
        b"A",
        b"a=",
        b"<",
        b"<title>",
        b"com_login",
        b"<input type=",
        b"-- ",
        b"/a/",
        b"<!--",
        b"[core]",
        b"0",
        b'{"id":1,"name":',
        b"\t\n",
    ],
)
def test_no_body_takes_time_beyond_its_length_to_search_for_proof(piece: bytes) -> None:
    body = piece * (MOST_SEARCHED // len(piece))
    start = time.process_time()
    for wanted in WANTED:
        proof(wanted, 200, (), body)
    assert time.process_time() - start < 5.0


@FEW
@given(TEXT)
def test_headers_of_any_text_are_read(text: str) -> None:
    headers.hsts(text)
    headers.csp(text)
    headers.charset(text)
    headers.media_type(text)
    cookie = headers.set_cookie(text)
    assert cookie is None or cookie.name


@FEW
@given(TEXT, TEXT)
def test_urls_of_any_text_are_absolute_or_none(reference: str, base: str) -> None:
    for where in (urls.absolute(reference), urls.absolute(reference, "https://a.example/b/c?d"), urls.absolute(reference, base)):
        if where is not None:
            assert where.scheme in {"http", "https"}
            assert where.target.startswith("/")
            assert 0 < where.port < 65536
            again = urls.absolute(where.text)
            assert again is not None
            assert (again.host, again.port, again.path) == (where.host, where.port, where.path)


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        ("/x?y#z", "https://a.example/x?y"),
        ("//B.Example", "https://b.example/"),
        ("http://c.example:80/", "http://c.example/"),
        ("https://[2001:DB8::1]:8443/q", "https://[2001:db8::1]:8443/q"),
        ("https://例え.jp/", "https://xn--r8jz45g.jp/"),
        (" \nja\nva", "https://a.example/b/java"),
        ("0\x0c#", "https://a.example/b/0%0C"),
        ("名 前?a b", "https://a.example/b/%E5%90%8D%20%E5%89%8D?a%20b"),
    ],
)
def test_a_reference_is_made_absolute(reference: str, text: str) -> None:
    where = urls.absolute(reference, "https://a.example/b/")
    assert where is not None
    assert where.text == text


@pytest.mark.parametrize(
    "reference",
    [
        "javascript:x",
        "mailto:a@b",
        "https://user:pw@a.example/",
        "https://a.example:99999/",
        "https://",
        "http://[::1",
        "x" * 3000,
        "https://a.example/\ud800",
    ],
)
def test_what_is_no_web_address_is_none(reference: str) -> None:
    assert urls.absolute(reference, "") is None


@FEW
@given(st.binary(max_size=600))
def test_small_files_of_any_octets_are_read(octets: bytes) -> None:
    robots.parse(octets).shuts_out("*")
    security_txt.parse(octets)
    documents.read(octets)
    documents.read(b"PK\x03\x04" + octets)
    documents.read(b"%PDF-1.7\n/Author (" + octets + b") /Creator <" + octets + b">")


@pytest.mark.parametrize(
    ("text", "agent", "out"),
    [
        ("User-agent: *\nDisallow: /", "*", True),
        ("User-agent: *\nDisallow:", "*", False),
        ("User-agent: *\nDisallow: /\nAllow: /", "*", False),
        ("User-agent: *\nDisallow: /private", "*", False),
        ("User-agent: Googlebot\nUser-agent: bingbot\nDisallow: /\n\nUser-agent: *\nDisallow:", "bingbot", True),
        ("User-agent: Googlebot\nDisallow: /\n", "*", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: googlebot\nDisallow: /x", "googlebot", False),
        ("\ufeffuser-agent : * # all\r\ndisallow : / # none", "*", True),
        ("<html>Disallow: /</html>", "*", False),
    ],
)
def test_robots(text: str, agent: str, out: bool) -> None:
    assert robots.parse(text.encode()).shuts_out(agent) is out


def test_security_txt_is_read() -> None:
    text = "Contact: mailto:a@example.jp\nContact: https://example.jp/report\nExpires: 2027-01-01T00:00:00+09:00\n"
    read_ = security_txt.parse(text.encode())
    assert read_ is not None
    assert (len(read_.contacts), read_.expires, read_.flaws) == (2, "2026-12-31T15:00:00+00:00", ())
    assert security_txt.parse(b"<html><title>404</title>") is None
    wrong = security_txt.parse(b"Contact: a@example.jp\nExpires: next year\n")
    assert wrong is not None
    assert {flaw.value for flaw in wrong.flaws} == {"contact-no-uri", "expires-no-date"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("max-age=31536000; includeSubDomains; preload", headers.Hsts(31536000, True, True)),
        ('max-age="0"', headers.Hsts(0, False, False)),
        ("includeSubDomains", None),
        ("max-age=-1", None),
        ("max-age=1; max-age=1", None),
    ],
)
def test_hsts(value: str, expected: headers.Hsts | None) -> None:
    assert headers.hsts(value) == expected


def test_a_cookie_is_read_without_its_value() -> None:
    cookie = headers.set_cookie("BIGipServerpool=1677787402.36895.0000; Secure; HTTPONLY; SameSite=Strict; Domain=.example.jp; Max-Age=5")
    assert cookie == headers.SetCookie("BIGipServerpool", True, True, "strict", "example.jp", "", True, "10.1.1.100")
    assert headers.set_cookie("novalue") is None


def _office(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {"[Content_Types].xml": b"<Types/>", **members}.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_documents_tell_their_properties() -> None:
    core = '<cp:coreProperties><dc:creator>山田</dc:creator><cp:lastModifiedBy xmlns="a">suzuki</cp:lastModifiedBy></cp:coreProperties>'
    found = documents.read(
        _office(
            {
                "docProps/core.xml": core.encode(),
                "docProps/app.xml": rb"<Properties><Template>C:\Users\suzuki\t.dotx</Template></Properties>",
                "word/document.xml": b'<w:del w:id="1">',
                "word/comments.xml": b"<x/>",
            }
        )
    )
    assert found.kind == "ooxml"
    assert {(each.name, each.value) for each in found.found} >= {
        ("author", "山田"),
        ("last-modified-by", "suzuki"),
        ("tracked-changes", ""),
        ("comments", ""),
        ("path", "C:\\Users\\suzuki\\t.dotx"),
    }
    pdf = documents.read(
        b"%PDF-1.4 << /Author <FEFF5C71> /Producer (a\\(b\\)\\101) >> <dc:creator><rdf:Seq><rdf:li>X &amp; Y</rdf:li></rdf:Seq>"
    )
    assert [(each.name, each.value) for each in pdf.found] == [("author", "山"), ("producer", "a(b)A"), ("author", "X & Y")]


def test_properties_in_compressed_objects_are_found() -> None:
    packed = zlib.compress(b"5 0 << /Author (Yamada) /Creator (C:\\\\Users\\\\yamada\\\\a.docx) >>")
    pdf = b"%PDF-1.5\n7 0 obj << /Type /ObjStm /Filter /FlateDecode >>\nstream\r\n" + packed + b"\nendstream"
    assert ("author", "Yamada") in [(each.name, each.value) for each in documents.read(pdf).found]
    assert "path" in {each.name for each in documents.read(pdf).found}
    assert documents.read(pdf.replace(b"/Type", b"/Encrypt 9 0 R /Type")) == documents.Properties("pdf", problem="encrypted")


def test_a_bomb_costs_no_more_than_its_cap() -> None:
    octets = _office({"docProps/core.xml": bytes(64 * 1024 * 1024), "word/document.xml": bytes(32 * 1024 * 1024)})
    start = time.process_time()
    assert documents.read(octets).kind == "ooxml"
    assert time.process_time() - start < 2.0


@pytest.mark.parametrize(
    ("path", "body", "there"),
    [
        ("/.git/HEAD", b"ref: refs/heads/main\n", True),
        ("/.git/HEAD", b"<html>ref: refs/heads/main</html>", False),
        ("/.env", b"# x\n\nAPP_KEY=abc\n", True),
        ("/.env", b"<!DOCTYPE html>\nA=1", False),
        ("/.env", b"not found", False),
        ("/configuration.php~", b"<?php\nclass JConfig {", True),
        ("/configuration.php~", b"<html><?php", False),
        ("/mt/mt-config.cgi", b"# Movable Type\nCGIPath    /mt/\n", True),
        ("/mt/mt-config.cgi", b"<h1>CGIPath</h1>", False),
        ("/.htpasswd", b"admin:$2y$05$abc\n", True),
        ("/backup.zip", b"PK\x03\x04", True),
        ("/backup.zip", b"<html>PK", False),
        ("/server-status", b"<html><head>\n<title>Apache Status</title>", True),
        ("/wp-login.php", b"<form id=login><input name=pwd type=password></form>", False),
        ("/admin/", b"<input id=p type='password'>", True),
        ("/cgi-bin/test-cgi", b"CGI/1.0 test script report:\n", True),
        ("/server.key", b"-----BEGIN RSA PRIVATE KEY-----\n", True),
        ("/CVS/Entries", b"/index.php/1.1/Mon//\n", True),
    ],
)
def test_proof_is_in_the_content(path: str, body: bytes, there: bool) -> None:
    wanted = next(each for each in WANTED if each.path == path)
    assert bool(proof(wanted, 200, (), body)) is there
    assert proof(wanted, 404, (), body) == ""


def test_every_path_is_asked_for_once() -> None:
    assert len({wanted.path for wanted in WANTED}) == len(WANTED)
