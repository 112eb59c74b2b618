"""Words by which pages of programs give themselves away: default pages, listings of directories, error traces. Data and one search.

A mark is a proof only because no other page has these words in this form; words that any page could have are none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

MOST_TEXT = 64 * 1024
LONGEST_EXCERPT = 80


def _compiled(table: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
    return {name: re.compile(pattern, re.IGNORECASE) for name, pattern in table.items()}


DEFAULT_PAGES = _compiled(
    {
        "Apache (Debian, Ubuntu)": r"<title>Apache2 (?:Debian|Ubuntu) Default Page",
        "Apache": r"<html><body><h1>It works!</h1>|<title>Test Page for the Apache HTTP Server|<title>Apache HTTP Server Test Page",
        "nginx": r"<title>Welcome to nginx|<title>Test Page for the Nginx HTTP Server",
        "Red Hat, CentOS, Rocky, Alma": r"<title>HTTP Server Test Page powered by|<title>Test Page for the HTTP Server on",
        "IIS": r"<title>IIS Windows(?: Server)?</title>|<title>IIS ?\d+</title>|iisstart\.png"
        r"|<title>Microsoft Internet Information Services",
        "Tomcat": r"<title>Apache Tomcat/\d|<h1>Apache Tomcat/\d|you've successfully installed Tomcat",
        "Jetty": r"<title>Powered By Jetty",
        "lighttpd": r"<title>Welcome page</title>[\s\S]{0,2000}lighttpd"
        r"|placeholder page installed by the Debian release of the[\s\S]{0,60}lighttpd",
        "Caddy": r"<title>Caddy works!",
        "WildFly, JBoss": r"<title>Welcome to (?:WildFly|JBoss)",
        "Plesk, cPanel": r"<title>Default (?:Web Site|Parallels Plesk) Page"
        r"|<title>Web Server's Default Page|SORRY! If you are the owner of this website",
        "XAMPP": r"<title>Welcome to XAMPP",
        "Laravel, Rails, Django": r"<title>The install worked successfully! Congratulations!|<title>Ruby on Rails: Welcome"
        r"|You are seeing this page because .{0,20}DEBUG=True",
        "WordPress": r"<title>WordPress &rsaquo; (?:Installation|Setup Configuration File)",
    }
)
LISTINGS = _compiled(
    {
        "Index of (Apache, nginx, lighttpd, Caddy)": r"<title>Index of /[^<]{0,300}</title>[\s\S]{0,2000}?<a href=",
        "IIS": r"\[To Parent Directory\]</A>",
        "Tomcat": r"<title>Directory Listing For \[?/",
        "Python": r"<title>Directory listing for /",
        "Jetty": r"<title>Directory: /",
        "Node.js (serve-index)": r"<title>listing directory /",
    }
)
ERRORS = _compiled(
    {
        "Python traceback": r"Traceback \(most recent call last\)",
        "Django debug": r"You're seeing this error because you have <code>DEBUG = True",
        "Werkzeug debugger": r"Werkzeug Debugger|__debugger__",
        "Java stack trace": r"\bat [a-z][\w$]*(?:\.[\w$]+){2,12}\([A-Z][\w$]*\.java:\d+\)",
        "ASP.NET": r"<b>(?:Description|Exception Details|Stack Trace):\s*</b>|Server Error in '[^'<]{0,100}' Application",
        "PHP": r"<b>(?:Fatal error|Warning|Notice|Parse error|Deprecated)</b>:[^<]{0,400} in <b>(?:/|[A-Z]:\\)",
        "Laravel, Symfony": r"<title>[^<]{0,200}\(\d{3} [A-Za-z ]{3,40}\)</title>[\s\S]{0,2000}Symfony|Whoops\\Exception|Illuminate\\",
        "Ruby": r"(?:Action Controller: Exception caught|\.rb:\d+:in [`'])",
        "Node.js": r"\bat [\w.<>$ ]{1,80} \((?:/|[A-Z]:\\|file:///)[^()\n]{1,200}\.[cm]?js:\d+:\d+\)",
        "SQL error": r"You have an error in your SQL syntax|ORA-\d{5}:|unclosed quotation mark after the character string|PSQLException",
    }
)
_VERSION = re.compile(
    r"\b(Apache(?: Tomcat)?|nginx|openresty|lighttpd|Microsoft-IIS|IIS|Jetty|PHP|OpenSSL|LiteSpeed|Caddy|Tengine|Werkzeug|gunicorn|Node\.js"
    r"|WebLogic|WebSphere|JBoss[A-Za-z-]*|WildFly|GlassFish|Squid|Varnish|Struts|Spring Boot|ASP\.NET(?: Version)?)"
    r"[/: ]{1,2}v?(\d{1,4}(?:\.\d{1,6}){1,4})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark that was found: the name of the program or kind, and the words themselves."""

    name: str
    words: str


def find(table: Mapping[str, re.Pattern[str]], text: str) -> Mark | None:
    """Give the first mark of a table in a page."""
    head = text[:MOST_TEXT]
    for name, pattern in table.items():
        if found := pattern.search(head):
            return Mark(name, " ".join(found[0].split())[:LONGEST_EXCERPT])
    return None


def versions(text: str) -> tuple[str, ...]:
    """Give the products with their versions that a page names, each once."""
    return tuple(dict.fromkeys(f"{found[1]} {found[2]}" for found in _VERSION.finditer(text[:MOST_TEXT])))[:8]


def has_number(text: str) -> bool:
    """Tell whether a header or generator tells a version: a number with a dot, or one behind a slash."""
    return re.search(r"\d+\.\d+|/\s?\d+", text) is not None
