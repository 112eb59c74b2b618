"""lighttpd set up well (Debian 13) and badly (Debian 12, with Debian's ready-made parts), and Tomcat's own files well and badly kept.

The tree has no Java to run Tomcat: test_tomcat.py runs it with this machine's.
"""

from __future__ import annotations

from tests.lab.hosts.state import State

KEY = "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=www.example.jp -keyout /etc/lighttpd/server.pem -out /tmp/web.crt"
KEPT = """# 市役所のサイト\r
server.modules += ("mod_accesslog", "mod_status", "mod_openssl")\r
server.tag = "lighttpd"\r
server.port := 8082\r
server.document-root := "/srv/www"\r
accesslog.filename = "/var/log/lighttpd/access.log"\r
$HTTP["remoteip"] == "127.0.0.1" {\r
    status.status-url = "/server-status"\r
}\r
ssl.pemfile = "/etc/lighttpd/server.pem"\r
$SERVER["socket"] == "0.0.0.0:8443" {\r
    ssl.engine = "enable"\r
}\r
# dir-listing.activate = "enable"\r
"""
BAD = """server.port := 8082
server.username := "root"
server.max-read-idle = 900
status.status-url = "/server-status"
server.modules += ("mod_webdav")
$HTTP["host"] == "up.example.jp" {
    $HTTP["url"] =^ "/upload/" {
        webdav.activate = "enable"
    }
}
ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv1", "CipherString" => "ALL:@SECLEVEL=0")
alias.url += ("/doc/" => "/usr/share/doc/")
"""
READY = "lighttpd-enable-mod ssl cgi status dir-listing >/dev/null"
TOMCAT = (
    "mkdir -p /var/lib/tomcat10/webapps /etc/tomcat10; cp -r /usr/share/tomcat10/etc/. /etc/tomcat10/",
    "ln -s /etc/tomcat10 /var/lib/tomcat10/conf; useradd -r tomcat; chown -R root:tomcat /etc/tomcat10; chmod 640 /etc/tomcat10/*.xml",
    "systemctl enable tomcat10",
)
"""What Debian's package does when it is installed."""
VALVE = '<Valve className="org.apache.catalina.valves.ErrorReportValve" showServerInfo="false"/>'
TOMCAT_KEPT = ("rm -r /etc/tomcat10/Catalina/localhost/*.xml", f"sed -i 's|</Host>|{VALVE}</Host>|' /etc/tomcat10/server.xml")
USER = '<user username="ops" password="s3cret" roles="manager-gui"/>'
TOMCAT_BAD = (
    """sed -i 's|port="-1" shutdown|port="8005" shutdown|' /etc/tomcat10/server.xml""",
    f"sed -i 's|</tomcat-users>|{USER}</tomcat-users>|' /etc/tomcat10/tomcat-users.xml",
)
CHECKS = ("listing", "writing", "version-hidden", "status", "samples", "log", "root-rights", "account", "tls-versions", "tls-key", "cgi")

STATES = (
    State(
        "newer",
        tree="trixie",
        boots=False,
        files={"/etc/lighttpd/conf-enabled/50-own.conf": KEPT},
        before=(
            KEY,
            "chmod 600 /etc/lighttpd/server.pem",
            "mkdir -p /srv/www && echo x > /srv/www/index.html",
            "systemctl enable lighttpd",
        ),
        expects={
            **dict(
                zip(
                    [f"host.web.{name}" for name in CHECKS],
                    (
                        *("LISTING_OFF", "WRITING_CLOSED", "VERSION_HIDDEN", "STATUS_CLOSED", "SAMPLES_NONE", "LOG_KEPT", "ROOT_KEPT"),
                        *("ACCOUNT_OWN", "WEB_TLS_NEW", "KEY_KEPT", "CGI_OFF"),
                    ),
                    strict=True,
                )
            ),
            "host.web.trace": "TRACE_OFF",
            "host.web.alias": "ALIAS_CLOSED",
            "host.web.tls-level": "WEB_LEVEL_MET",
            "host.web.orders": "NO_CONSOLE",
        },
    ),
    State(
        "resolver-unbound",
        files={"/etc/lighttpd/conf-enabled/50-own.conf": BAD},
        before=(
            KEY,
            "chmod 644 /etc/lighttpd/server.pem",
            READY,
            "chmod 777 /var/www/html",
            "systemctl enable lighttpd",
            *TOMCAT,
            *TOMCAT_KEPT,
        ),
        expects={
            **dict(
                zip(
                    [f"host.web.{name}" for name in CHECKS[:-1]],
                    (
                        *("LISTING_ON", "WRITING_OPEN", "VERSION_TOLD", "STATUS_OPEN", "SAMPLES_SERVED", "LOG_MISSING", "ROOT_WRITABLE"),
                        *("ACCOUNT_ROOT", "WEB_TLS_OLD", "KEY_OPEN"),
                    ),
                    strict=True,
                )
            ),
            "host.web.cgi": "CGI_ON",
            "host.web.slow-requests": "SLOW_WAITED_FOR",
            "host.web.console": "CONSOLE_LIMITED",
            "host.web.console-password": "PASSWORDS_OWN",
            "host.web.orders": "ORDERS_NONE",
        },
        args={
            "host.web.listing": {"program": "lighttpd"},
            "host.web.writing": {"places": ("up.example.jp =^/upload/ /upload/",)},
            "host.web.cgi": {"places": ("=~^/cgi-bin/ (*)",)},
        },
        values={"web.cgi-paths": ("/other/",)},
    ),
    State(
        "servers-bad",
        before=(*TOMCAT, *TOMCAT_BAD),
        expects={"host.web.console": "CONSOLE_OPEN", "host.web.console-password": "PASSWORDS_KNOWN", "host.web.orders": "ORDERS_TAKEN"},
        args={
            "host.web.console": {"places": ("localhost /host-manager", "localhost /manager")},
            "host.web.console-password": {"program": "tomcat10", "places": ("ops",)},
        },
    ),
)
