"""lighttpd, Tomcat and HAProxy with one thing after the other out of reach: nothing is hidden or invented."""

from __future__ import annotations

from pathlib import Path

from scanner.facts.web_configuration import Places
from scanner.model.fact import Unobserved
from tests.unit.host_trees import Spy, running
from tests.unit.test_hosts_web import PARTS
from tests.unit.web_trees import SSL3, fact

SERVLETS = "org.apache.catalina.servlets"
VALVE = '<Valve className="org.apache.catalina.valves.ErrorReportValve"/>'
USERS = '<GlobalNamingResources><Resource type="org.apache.catalina.UserDatabase"/></GlobalNamingResources>'
RICH = {
    "/etc/passwd": "root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n",
    "/etc/group": "root:x:0:\nwww-data:x:33:\n",
    "/usr/sbin/lighttpd": "",
    "/etc/lighttpd/lighttpd.conf": 'server.modules = ("mod_status", "mod_cgi", "mod_webdav", "mod_openssl")\nserver.username = "www-data"\n'
    'server.document-root = "/srv/www"\ninclude "more.conf"\ninclude "/etc/lighttpd/conf-enabled/*.conf"\n',
    "/etc/lighttpd/more.conf": 'dir-listing.activate = "enable"\nstatus.status-url = "/s"\nserver.tag = "lighttpd/1.4.69"\n',
    "/etc/lighttpd/conf-enabled/a.conf": 'cgi.assign = (".x" => "")\nwebdav.activate = "enable"\nserver.errorlog = "/dev/null"\n'
    'server.max-read-idle = 900\nssl.engine = "enable"\nssl.pemfile = "/k.pem"\n',
    "/srv/www/index.lighttpd.html": "",
    "/srv/www/open": "",
    "/k.pem": "",
    "/usr/sbin/haproxy": "",
    "/etc/haproxy/haproxy.cfg": "global\nuser www-data\nstats socket 127.0.0.1:9\nfrontend a\nmode http\nbind *:80 ssl crt /k.pem\n"
    "stats auth a:a\nstats admin if TRUE\nhttp-request use-service prometheus-exporter\n",
    "/etc/tomcat10/server.xml": f'<Server>{USERS}<Service><Connector port="80" allowTrace="true" connectionTimeout="-1"/><Engine name="C">'
    f'<Host name="h">{VALVE}</Host></Engine></Service></Server>',
    "/etc/tomcat10/web.xml": f"<web-app><servlet><servlet-name>d</servlet-name><servlet-class>{SERVLETS}.DefaultServlet</servlet-class>"
    "<init-param><param-name>listings</param-name><param-value>true</param-value></init-param></servlet></web-app>",
    "/etc/tomcat10/tomcat-users.xml": '<tomcat-users><user username="a" password="a" roles="manager-gui"/></tomcat-users>',
    "/var/lib/tomcat10/webapps/examples/x": "",
    "/var/lib/tomcat10/webapps/m/WEB-INF/web.xml": "<web-app><servlet><servlet-name>m</servlet-name>"
    "<servlet-class>org.apache.catalina.manager.ManagerServlet</servlet-class></servlet></web-app>",
    **SSL3,
}
MANAGED = ("consoles", "console_passwords", "orders")
EVERY = (*PARTS, *MANAGED)


def parts(machine: Spy) -> dict[tuple[str, str], Places]:
    found = fact(machine).programs
    if isinstance(found, Unobserved):
        return {}
    every = {(one.name, part): getattr(one, part) for one in found for part in EVERY}
    return {place: seen for place, seen in every.items() if seen is not None}


def test_no_right_to_read_one_thing_neither_hides_nor_invents_a_finding(tmp_path: Path) -> None:
    machine = Spy(tmp_path)
    machine.write(RICH)
    running(machine)
    (tmp_path / "srv/www/open").chmod(0o666)
    whole = parts(machine)
    said = {name: {part for (of, part), seen in whole.items() if of == name and seen.found} for name, _ in whole}
    assert said == {
        "lighttpd": set(PARTS) - {"trace", "escaping"},
        "haproxy": {"status_open", "unlogged", "slow", "keys_open", *MANAGED},
        "tomcat10": {"listing", "trace", "version_told", "samples", "unlogged", "slow", *MANAGED},
    }
    denied = sorted(machine.asked - {"/proc", "/proc/stat"})
    assert len(denied) > 30
    for path in denied:
        machine.deny = path
        seen = parts(machine)
        for place, before in whole.items() if seen else ():
            after = seen[place]
            assert set(after.found) <= set(before.found), f"{path}: {place}"
            assert after.unseen is not None or after.found == before.found, f"{path}: {place}"
