"""Tomcat's files in trees: connectors, hosts, applications, accounts; what they leave open; and XML that means harm."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.web_configuration import Places, WebConfiguration, WebProgram
from scanner.hosts.linux.web_programs import web_configuration
from scanner.hosts.linux.web_reloads import RELOADS
from scanner.model.fact import Unobserved
from scanner.wire import xmltree
from tests.unit.host_trees import Machine, running

BASE = "/var/lib/tomcat10"
CONF = "/etc/tomcat10"
LOG = '<Valve className="org.apache.catalina.valves.AccessLogValve"/>'
QUIET = '<Valve className="org.apache.catalina.valves.ErrorReportValve" showServerInfo="false"/>'
CONNECTOR = '<Connector port="8080" protocol="HTTP/1.1" connectionTimeout="20000"/>'
USERS = (
    '<GlobalNamingResources><Resource type="org.apache.catalina.UserDatabase" pathname="conf/tomcat-users.xml"/></GlobalNamingResources>'
)
MANAGER = (
    "<web-app><servlet><servlet-name>m</servlet-name>"
    "<servlet-class>org.apache.catalina.manager.HTMLManagerServlet</servlet-class></servlet></web-app>"
)
CIDR = '<Context><Valve className="org.apache.catalina.valves.RemoteCIDRValve" allow="{}"/></Context>'
ADDRESS = '<Context><Valve className="org.apache.catalina.valves.RemoteAddrValve" allow="{}"/></Context>'


def server(connectors: str = CONNECTOR, host: str = LOG + QUIET, head: str = 'port="-1"', attributes: str = "") -> str:
    inner = f'<Engine name="Catalina"><Host name="localhost" appBase="webapps" {attributes}>{host}</Host></Engine>'
    return f"<?xml version='1.0'?>\n<Server {head}>{USERS}<Service name='Catalina'>{connectors}{inner}</Service></Server>"


def tomcat(room: Path, xml: str | None = None, more: dict[str, str] | None = None) -> WebProgram:
    machine = Machine(room, commands={" ".join(RELOADS): "Id=tomcat10.service\nUser=tomcat\n"})
    machine.write(
        {
            f"{CONF}/server.xml": xml if xml is not None else server(),
            f"{BASE}/webapps/ROOT/index.html": "x",
            "/etc/passwd": "root:x:0:0::/:/bin/sh\ntomcat:x:990:990::/:/bin/false\n",
            "/etc/group": "root:x:0:\n",
            **(more or {}),
        }
    )
    running(machine)
    fact = web_configuration.run(machine)
    assert isinstance(fact, WebConfiguration)
    assert not isinstance(fact.programs, Unobserved)
    (found,) = fact.programs
    assert "s3cret" not in repr(fact)
    return found


def servlet(kind: str, name: str, *settings: tuple[str, str]) -> str:
    inner = "".join(f"<init-param><param-name>{key}</param-name><param-value>{value}</param-value></init-param>" for key, value in settings)
    mapping = f"<servlet-mapping><servlet-name>{name}</servlet-name><url-pattern>/{name}/*</url-pattern></servlet-mapping>"
    named = f"<servlet-name>{name}</servlet-name><servlet-class>org.apache.catalina.servlets.{kind}</servlet-class>"
    return f"<servlet>{named}{inner}</servlet>{mapping}"


def web(*servlets: str) -> str:
    return f'<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee">{"".join(servlets)}</web-app>'


def test_a_well_kept_server_has_nothing_open(tmp_path: Path) -> None:
    found = tomcat(tmp_path)
    assert (found.name, found.account, found.unread, found.sites) == ("tomcat10", "tomcat", None, ("localhost",))
    for part in ("listing", "cgi", "trace", "writing", "version_told", "status_open", "samples", "unlogged"):
        assert getattr(found, part) == Places(), part
    assert (found.consoles, found.console_passwords, found.orders) == (Places(), Places(), Places())
    assert found.slow.unseen is not None


@pytest.mark.parametrize(
    ("xml", "part", "places"),
    [
        (server(head=""), "orders", ("localhost:8005 (the usual word)",)),
        (server(head='port="8005" shutdown="x7Fq"'), "orders", ()),
        (server(head='port="8005" shutdown="x7Fq" address="0.0.0.0"'), "orders", ("0.0.0.0:8005 (a word of its own)",)),
        (
            server(CONNECTOR + '<Connector port="8009" protocol="AJP/1.3" address="0.0.0.0" secretRequired="false"/>'),
            "orders",
            ("AJP 0.0.0.0:8009",),
        ),
        (
            server(CONNECTOR + '<Connector port="8009" protocol="AJP/1.3" address="10.0.0.1" secretRequired="FALSE"/>'),
            "orders",
            ("AJP 10.0.0.1:8009",),
        ),
        (server(CONNECTOR + '<Connector port="8009" protocol="AJP/1.3" address="0.0.0.0" secret="q"/>'), "orders", ()),
        (server('<Connector port="80" allowTrace="true"/>'), "trace", ("*:80",)),
        (server('<Connector port="80" server="Tomcat/10.1"/>'), "version_told", ("*:80",)),
        (server('<Connector port="80" connectionTimeout="-1"/>'), "slow", ("*:80 (connectionTimeout -1)",)),
        (server(host=LOG), "version_told", ("localhost (ErrorReportValve)",)),
        (server(host=LOG).replace("<Host", f"{QUIET}<Host"), "version_told", ("localhost (ErrorReportValve)",)),
        (server(host=QUIET), "unlogged", ("localhost (AccessLogValve)",)),
        (server(host=QUIET + LOG.replace("/>", ' enabled="false"/>')), "unlogged", ("localhost (AccessLogValve)",)),
    ],
)
def test_one_line_of_server_xml_each(tmp_path: Path, xml: str, part: str, places: tuple[str, ...]) -> None:
    found = getattr(tomcat(tmp_path, xml), part)
    assert found.found == places
    assert part == "slow" or found.unseen is None


def test_a_replaced_text_about_the_server_hides_the_version(tmp_path: Path) -> None:
    file = "lib/org/apache/catalina/util/ServerInfo.properties"
    place = f"{BASE}/{file}"
    assert tomcat(tmp_path / "own", server(host=LOG), {place: "server.info=Web\n"}).version_told == Places()
    assert tomcat(tmp_path / "all", server(host=LOG), {f"/usr/share/tomcat10/{file}": "server.info=Web\n"}).version_told == Places()
    assert tomcat(tmp_path / "old", server(host=LOG), {place: "server.info=Apache Tomcat/10.1.1\n"}).version_told.found != ()


@pytest.mark.parametrize(
    ("file", "text", "part", "places"),
    [
        (f"{CONF}/web.xml", web(servlet("DefaultServlet", "default", ("listings", "true"))), "listing", ("localhost /",)),
        (f"{CONF}/web.xml", web(servlet("DefaultServlet", "default", ("readonly", "false"))), "writing", ("localhost /",)),
        (f"{CONF}/web.xml", web(servlet("DefaultServlet", "default", ("listings", "TRUE"))), "listing", ("localhost /",)),
        (f"{CONF}/web.xml", web(servlet("DefaultServlet", "default", ("readonly", "no"))), "writing", ("localhost /",)),
        (f"{BASE}/webapps/a/WEB-INF/web.xml", web(servlet("WebdavServlet", "dav", ("readonly", "false"))), "writing", ("localhost /a",)),
        (f"{BASE}/webapps/examples/x", "", "samples", ("localhost /examples",)),
    ],
)
def test_one_servlet_each(tmp_path: Path, file: str, text: str, part: str, places: tuple[str, ...]) -> None:
    assert getattr(tomcat(tmp_path, more={file: text}), part).found == places


def test_an_application_may_have_a_default_servlet_of_its_own(tmp_path: Path) -> None:
    more = {
        f"{CONF}/web.xml": web(servlet("DefaultServlet", "default", ("listings", "true"))),
        f"{BASE}/webapps/ROOT/WEB-INF/web.xml": web(servlet("DefaultServlet", "default", ("listings", "false"))),
        f"{BASE}/webapps/b/x": "",
    }
    assert tomcat(tmp_path, more=more).listing.found == ("localhost /b",)


def test_cgi_runs_in_privileged_contexts_only(tmp_path: Path) -> None:
    more = {f"{BASE}/webapps/a/WEB-INF/web.xml": web(servlet("CGIServlet", "cgi"))}
    assert tomcat(tmp_path / "plain", more=more).cgi.found == ()
    more[f"{BASE}/webapps/a/META-INF/context.xml"] = '<Context privileged="true"/>'
    assert tomcat(tmp_path / "privileged", more=more).cgi.found == ("localhost /a /cgi/*",)
    del more[f"{BASE}/webapps/a/META-INF/context.xml"]
    more[f"{CONF}/context.xml"] = '<Context privileged="true"/>'
    assert tomcat(tmp_path / "all", more=more).cgi.found == ("localhost /a /cgi/*",)


@pytest.mark.parametrize(
    ("context", "places", "known"),
    [
        ("", ("localhost /manager",), True),
        (CIDR.format("127.0.0.0/8, ::1/128"), (), True),
        (CIDR.format("10.0.0.0/8,0.0.0.0/0"), ("localhost /manager",), True),
        (ADDRESS.format(r"127\.\d+\.\d+\.\d+|::1|0:0:0:0:0:0:0:1"), (), True),
        (ADDRESS.format(".*"), ("localhost /manager",), True),
        (ADDRESS.format("(1|2).*"), (), False),
    ],
)
def test_the_manager_is_open_unless_a_valve_closes_it(tmp_path: Path, context: str, places: tuple[str, ...], known: bool) -> None:
    more = {f"{BASE}/webapps/manager/WEB-INF/web.xml": MANAGER}
    found = tomcat(tmp_path, more={**more, **({f"{BASE}/webapps/manager/META-INF/context.xml": context} if context else {})}).consoles
    assert found is not None
    assert (found.found, found.unseen is None) == (places, known)


def test_valves_for_all_applications_hold_for_the_manager_and_filters_are_not_followed(tmp_path: Path) -> None:
    more = {f"{BASE}/webapps/manager/WEB-INF/web.xml": MANAGER, f"{CONF}/context.xml": CIDR.format("127.0.0.0/8")}
    assert tomcat(tmp_path / "valve", more=more).consoles == Places()
    by_filter = "<filter><filter-class>org.apache.catalina.filters.RemoteCIDRFilter</filter-class></filter></web-app>"
    found = tomcat(tmp_path / "filter", more={f"{BASE}/webapps/manager/WEB-INF/web.xml": MANAGER.replace("</web-app>", by_filter)})
    assert found.consoles is not None
    assert (found.consoles.found, found.consoles.unseen is None) == ((), False)


def test_what_properties_set_is_not_told(tmp_path: Path) -> None:
    found = tomcat(tmp_path, server(head='port="${shutdown.port}"')).orders
    assert found is not None
    assert (found.found, found.unseen is None) == ((), False)


@pytest.mark.parametrize(
    ("xml", "more", "part"),
    [
        (server('<Connector port="80" allowTrace="${trace}"/>'), {}, "trace"),
        (server('<Connector port="80" xpoweredBy="${told}"/>'), {}, "version_told"),
        (server('<Connector port="80" SSLEnabled="${tls}"/>'), {}, "listing"),
        (server(CONNECTOR + '<Connector port="8009" protocol="AJP/1.3" address="${inside}" secretRequired="false"/>'), {}, "orders"),
        (server(host=QUIET + LOG.replace("/>", ' enabled="${logs}"/>')), {}, "unlogged"),
        (server(host=LOG + QUIET.replace("false", "${told}")), {}, "version_told"),
        (server(), {f"{CONF}/web.xml": web(servlet("DefaultServlet", "default", ("listings", "${lists}")))}, "listing"),
        (server(), {f"{CONF}/web.xml": web(servlet("DefaultServlet", "default", ("readonly", "${shut}")))}, "writing"),
        (server().replace("webapps", "${apps}"), {}, "samples"),
    ],
)
def test_a_switch_that_a_property_sets_is_neither_on_nor_off(tmp_path: Path, xml: str, more: dict[str, str], part: str) -> None:
    found = getattr(tomcat(tmp_path, xml, more), part)
    assert (found.found, found.unseen is None) == ((), False)


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ('<Context path="/manager"/>', f"{BASE}/webapps/manager"),
        ('<Context path="/tools/manager"/>', f"{BASE}/webapps/tools#manager"),
        ('<Context path="/manager" docBase="${catalina.home}/../tomcat10-admin/manager"/>', "/usr/share/tomcat10-admin/manager"),
    ],
)
def test_an_application_of_server_xml_is_found_where_it_stands(tmp_path: Path, host: str, place: str) -> None:
    found = tomcat(tmp_path, server(host=LOG + QUIET + host), {f"{place}/WEB-INF/web.xml": MANAGER, "/usr/share/tomcat10/lib/x": ""})
    assert found.consoles is not None
    assert len(found.consoles.found) == 1


def test_contexts_may_have_a_folder_of_their_own_and_versions(tmp_path: Path) -> None:
    more = {
        "/srv/contexts/manager.xml": '<Context docBase="/srv/manager"/>',
        "/srv/manager/WEB-INF/web.xml": MANAGER,
        f"{BASE}/webapps/examples##2/x": "",
    }
    found = tomcat(tmp_path, server(attributes='xmlBase="/srv/contexts"'), more)
    assert (found.consoles, found.samples.found) == (Places(("localhost /manager",)), ("localhost /examples",))


def test_a_file_among_the_contexts_takes_the_place_of_the_applications_own(tmp_path: Path) -> None:
    more = {
        "/usr/share/tomcat10-admin/manager/WEB-INF/web.xml": MANAGER,
        "/usr/share/tomcat10-admin/manager/META-INF/context.xml": CIDR.format("127.0.0.0/8"),
        f"{CONF}/Catalina/localhost/manager.xml": '<Context docBase="/usr/share/tomcat10-admin/manager"/>',
    }
    found = tomcat(tmp_path, more=more)
    assert found.consoles == Places(("localhost /manager",))


@pytest.mark.parametrize(
    ("user", "names"),
    [
        ('username="a" password="s3cret" roles="manager-gui"', ("a",)),
        ('username="b" password="b" roles="x, admin-gui"', ("b",)),
        ('username="c" password="9fK2-vQx" roles="manager-gui"', ()),
        ('username="d" password="s3cret" roles="reader"', ()),
    ],
)
def test_accounts_that_manage_are_looked_at_for_passwords_everybody_knows(tmp_path: Path, user: str, names: tuple[str, ...]) -> None:
    found = tomcat(
        tmp_path, more={f"{CONF}/tomcat-users.xml": f'<tomcat-users xmlns="http://tomcat.apache.org/xml"><user {user}/></tomcat-users>'}
    )
    assert found.console_passwords == Places(names)


def test_roles_may_come_from_groups(tmp_path: Path) -> None:
    users = '<group groupname="keepers" roles="manager-gui"/><user username="a" password="a" groups="x, keepers"/>'
    found = tomcat(tmp_path, more={f"{CONF}/tomcat-users.xml": f"<tomcat-users>{users}</tomcat-users>"})
    assert found.console_passwords == Places(("a",))


def test_accounts_that_stand_elsewhere_are_not_told(tmp_path: Path) -> None:
    found = tomcat(tmp_path, server(host=LOG + QUIET + '<Realm className="org.apache.catalina.realm.JNDIRealm"/>'))
    assert found.console_passwords is not None
    assert found.console_passwords.unseen is not None


@pytest.mark.parametrize(
    ("protocols", "versions"),
    [
        ("TLSv1.2+TLSv1.3", ("TLS 1.2", "TLS 1.3")),
        ("TLSv1.2,TLSv1.3", ("TLS 1.2", "TLS 1.3")),
        ("all", None),
        ("", None),
        ("TLSv1,TLSv1.2", None),
    ],
)
def test_versions_of_tls_are_known_where_they_are_written_and_new(tmp_path: Path, protocols: str, versions: tuple[str, ...] | None) -> None:
    key = '<Certificate certificateKeyFile="conf/key.pem"/>'
    inner = f'<SSLHostConfig protocols="{protocols}" ciphers="TLS_AES_128_GCM_SHA256">{key}</SSLHostConfig>'
    found = tomcat(tmp_path, server(f'<Connector port="8443" SSLEnabled="true">{inner}</Connector>'), {f"{CONF}/key.pem": ""})
    assert not isinstance(found.tls, Unobserved)
    (one,) = found.tls
    assert one.versions == versions if versions else isinstance(one.versions, Unobserved)
    assert one.suites == ("TLS_AES_128_GCM_SHA256",)
    assert len(found.keys_open.found) == 1


@pytest.mark.parametrize(
    "more",
    [
        {f"{CONF}/web.xml": "<web-app>"},
        {f"{CONF}/Catalina/localhost/a.xml": '<!DOCTYPE a [<!ENTITY b "c">]><Context docBase="&b;"/>'},
        {f"{CONF}/Catalina/localhost/a.xml": '<Context docBase="${apps}/a"/>'},
        {f"{BASE}/webapps/packed.war": "PK"},
    ],
)
def test_what_cannot_be_read_leaves_the_rest_open(tmp_path: Path, more: dict[str, str]) -> None:
    found = tomcat(tmp_path, more=more)
    assert found.unread is not None
    assert found.listing.unseen == found.unread


def test_without_server_xml_that_can_be_read_nothing_is_told(tmp_path: Path) -> None:
    found = tomcat(tmp_path, '<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]><Server>&a;</Server>')
    assert isinstance(found.sites, Unobserved)
    assert found.consoles == found.orders == found.listing == Places((), found.unread)


def test_a_running_instance_at_another_place_is_found_by_its_command_line(tmp_path: Path) -> None:
    words = "\0".join(["java", "-Dcatalina.base=/opt/web", "org.apache.catalina.startup.Bootstrap", "start"])
    machine = Machine(tmp_path).write({"/opt/web/conf/server.xml": server(), "/opt/web/webapps/ROOT/x": "", "/proc/2/cmdline": words})
    running(machine, java=1_800_000_000)
    fact = web_configuration.run(machine)
    assert isinstance(fact, WebConfiguration)
    assert not isinstance(fact.programs, Unobserved)
    assert [(one.name, one.running) for one in fact.programs] == [("tomcat at /opt/web", True)]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.sampled_from(["<a", ">", "</a>", "/>", ' b="c"', "&lt;", "&x;", "<!--", "-->", "<![CDATA[", "]]>", "é", "<?x?>"]), max_size=12
    )
)
def test_any_text_is_a_document_or_refused(pieces: list[str]) -> None:
    with suppress(xmltree.NotXml):
        assert xmltree.parse("".join(pieces).encode()).name


def test_a_document_that_goes_too_deep_is_refused() -> None:
    with pytest.raises(xmltree.NotXml, match="deeper"):
        xmltree.parse(b"<a>" * 100_000)


def test_what_runs_in_a_container_is_not_the_machines_own(tmp_path: Path) -> None:
    words = "\0".join(["java", f"-Dcatalina.base={BASE}", "org.apache.catalina.startup.Bootstrap", "start"])
    machine = Machine(tmp_path).write(
        {f"{CONF}/server.xml": server(), "/proc/2/cmdline": words, "/proc/2/cgroup": "0::/system.slice/docker-77.scope\n"}
    )
    running(machine, java=1_800_000_000)
    fact = web_configuration.run(machine)
    assert isinstance(fact, WebConfiguration)
    assert not isinstance(fact.programs, Unobserved)
    assert [(one.name, one.running) for one in fact.programs] == [("tomcat10", False)]
