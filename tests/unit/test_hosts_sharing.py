"""Configurations of Samba, CUPS and snmpd as administrators write them, to what the parsers and collectors make of them."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.file_sharing import FileServer, FileSharing
from scanner.facts.network_device import SnmpSecurity
from scanner.facts.printing import Printing, PrintService
from scanner.facts.readings import Audience
from scanner.facts.snmp import SnmpAgent, SnmpConfiguration
from scanner.hosts.linux.file_sharing import admitted, file_sharing
from scanner.hosts.linux.printing import printing
from scanner.hosts.linux.snmp import snmp_configuration
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.wire import cupsd, exim, polkitrules, smbconf, snmpd
from tests.unit.host_trees import Machine, age, running

DEFAULTS = "[global]\n  server min protocol = SMB2_02\n  ntlm auth = ntlmv2-only\n  usershare max shares = 0\n"


def samba(room: Path, conf: str, *, live: bool = False, printed: str | None = None, files: dict[str, str] | None = None) -> FileServer:
    """Samba on a mounted root, or on a machine where testparm prints something."""
    machine = Machine(room, live, {} if printed is None else {"testparm -s -v": printed})
    machine.write({"/usr/sbin/smbd": "", "/etc/samba/smb.conf": conf, **(files or {})})
    if live:
        running(machine, smbd=1_700_000_100)
    fact = file_sharing.run(machine)
    assert isinstance(fact, FileSharing)
    assert not isinstance(fact.programs, Unobserved)
    (found,) = fact.programs
    return found


def cups(room: Path, conf: str, files: dict[str, str] | None = None, *, live: bool = False) -> PrintService:
    """CUPS on a mounted root, or on a machine."""
    machine = Machine(room, live).write({"/usr/sbin/cupsd": "", "/etc/cups/cupsd.conf": conf, **(files or {})})
    if live:
        running(machine, cupsd=1_700_000_100)
        age(machine, "/etc/cups/cupsd.conf", 1_700_000_200)
    fact = printing.run(machine)
    assert isinstance(fact, Printing)
    assert not isinstance(fact.services, Unobserved)
    (found,) = fact.services
    return found


def agent(room: Path, conf: str, files: dict[str, str] | None = None) -> SnmpAgent:
    """snmpd on a mounted root."""
    machine = Machine(room, False).write({"/usr/sbin/snmpd": "", "/etc/snmp/snmpd.conf": conf, **(files or {})})
    fact = snmp_configuration.run(machine)
    assert isinstance(fact, SnmpConfiguration)
    assert not isinstance(fact.agents, Unobserved)
    (found,) = fact.agents
    return found


def reason(part: object) -> Reason | None:
    return part.reason if isinstance(part, Unobserved) else None


def test_smb_conf_is_read_as_samba_does() -> None:
    conf = smbconf.parse(
        b"workgroup = X\r\n[GLOBAL ]\n; a = b\n Min  Protocol = NT1\n min protocol=SMB3\n[a  B]\nALLOW HOSTS = 1.2.3.4 \\\n  5.\n"
    )
    assert conf.settings == {"workgroup": "X", "serverminprotocol": "SMB3"}
    (share,) = conf.shares
    assert (share.name, smbconf.words(share.values["hostsallow"])) == ("a b", ["1.2.3.4", "5."])


def test_without_testparm_only_defaults_that_never_changed_are_known(tmp_path: Path) -> None:
    found = samba(tmp_path, "[docs]\npath = /srv\n")
    assert (reason(found.least_protocol), reason(found.takes_old_logins)) == (Reason.VALUE_NOT_SET, Reason.VALUE_NOT_SET)
    assert (found.takes_empty_passwords, found.signs, found.clients) == (False, False, Audience.EVERYBODY)
    assert found.people_share is False  # guests are not let into such shares unless that is written


@pytest.mark.parametrize(
    "conf",
    [
        "[global]\ninclude = registry\n",
        "[global]\nconfig backend = registry\n",
        "[global]\ninclude = /etc/samba/%m.conf\n",
        "[global]\ninclude = /etc/samba/more.conf\n",  # what is included counts from where it stands
    ],
)
def test_what_stands_elsewhere_leaves_everything_open(tmp_path: Path, conf: str) -> None:
    found = samba(tmp_path, conf + "ntlm auth = yes\n", files={"/etc/samba/more.conf": ""})
    assert {reason(part) for part in (found.least_protocol, found.takes_old_logins, found.shares, found.clients)} == {Reason.UNSUPPORTED}


def test_testparm_is_not_believed_where_it_may_have_passed_over_a_file(tmp_path: Path) -> None:
    conf = "[global]\ninclude = /etc/samba/private/more.conf\n"
    machine = Machine(tmp_path, True, {"testparm -s -v": DEFAULTS}).write({"/usr/sbin/smbd": "", "/etc/samba/smb.conf": conf})
    running(machine, smbd=1_700_000_100)
    machine.write({"/etc/samba/private/more.conf/a-directory-cannot-be-read": ""})
    fact = file_sharing.run(machine)
    assert isinstance(fact, FileSharing)
    assert not isinstance(fact.programs, Unobserved)
    assert isinstance(fact.programs[0].least_protocol, Unobserved)


def test_shares_of_samba(tmp_path: Path) -> None:
    conf = DEFAULTS + (
        "[open]\nguest ok = yes\n[off]\navailable = no\npublic = yes\n[named]\nguest ok = yes\nvalid users = nobody\n[like]\ncopy = open\n"
    )
    shares = samba(tmp_path, conf).shares
    assert not isinstance(shares, Unobserved)
    assert {share.name: share.guests if isinstance(share.guests, bool) else reason(share.guests) for share in shares} == {
        "open": True,
        "named": Reason.UNSUPPORTED,
        "like": Reason.UNSUPPORTED,
    }


def test_what_the_global_section_demands_holds_for_every_share(tmp_path: Path) -> None:
    share = "[docs]\nhosts allow = ALL\nsmb encrypt = off\n[macro]\nhosts allow = %I\n"
    for number, (conf, expected) in enumerate(
        {
            "hosts allow = 10.\nsmb encrypt = required\n": [(True, Audience.SOME), (True, Audience.SOME)],
            "hosts allow = 127.\n": [(False, Audience.ITSELF), (False, Audience.ITSELF)],
            "": [(False, Audience.EVERYBODY), (False, Reason.UNSUPPORTED)],
        }.items()
    ):
        shares = samba(tmp_path / str(number), DEFAULTS + conf + share).shares
        assert not isinstance(shares, Unobserved)
        assert [(one.encrypted, reason(one.clients) or one.clients) for one in shares] == expected


def test_shares_that_people_made_count(tmp_path: Path) -> None:
    printed = DEFAULTS.replace("= 0", "= 100") + "  usershare allow guests = Yes\n"
    files = {"/var/lib/samba/usershares/mine": "#VERSION 2\npath=/home/a\nguest_ok=y\n", "/var/lib/samba/usershares/b": "guest_ok=n\n"}
    found = samba(tmp_path, "[global]\n", live=True, printed=printed, files=files)
    assert found.people_share is True
    assert not isinstance(found.shares, Unobserved)
    assert [(share.name, share.guests) for share in found.shares] == [("mine", True)]


def test_shares_of_people_are_not_cut(tmp_path: Path) -> None:
    printed = DEFAULTS.replace("= 0", "= 5000") + "  usershare allow guests = Yes\n"
    made = {f"/var/lib/samba/usershares/s{number:04}": "guest_ok=n\n" for number in range(2_001)}
    files = {**made, "/var/lib/samba/usershares/z": "guest_ok=Y\n"}
    found = samba(tmp_path / "a", "[global]\n", live=True, printed=printed, files=files).shares
    assert not isinstance(found, Unobserved)
    assert [reason(share.guests) for share in found] == [Reason.TOO_LARGE]
    files = {"/var/lib/samba/usershares/z": "guest_ok=Y\n"}
    found = samba(tmp_path / "b", "[global]\n", live=True, printed=printed, files=files).shares
    assert not isinstance(found, Unobserved)
    assert [share.guests for share in found] == [True]


def test_shares_in_the_registry_are_not_passed_over(tmp_path: Path) -> None:
    assert reason(samba(tmp_path, DEFAULTS + "  registry shares = yes\n").shares) is Reason.UNSUPPORTED


def test_shares_of_people_that_cannot_be_read_hide_no_open_share(tmp_path: Path) -> None:
    printed = DEFAULTS.replace("= 0", "= 100") + "  usershare allow guests = Yes\n[open]\n  guest ok = yes\n"
    files = {"/var/lib/samba/usershares/odd/file": ""}  # a directory stands for what cannot be read
    found = samba(tmp_path, "[global]\n", live=True, printed=printed, files=files).shares
    assert not isinstance(found, Unobserved)
    assert [share.guests if isinstance(share.guests, bool) else reason(share.guests) for share in found] == [True, Reason.UNSUPPORTED]


@pytest.mark.parametrize(
    ("allow", "deny", "who"),
    [
        ("", "", Audience.EVERYBODY),
        ("10. 192.0.2.0/24", "", Audience.SOME),
        ("127.0.0.1 localhost", "", Audience.ITSELF),
        ("ALL EXCEPT 10.", "", Audience.EVERYBODY),
        ("10.", "192.0.2.1", Audience.EVERYBODY),  # who is on neither list gets in
        ("10.", "ALL", Audience.SOME),
        ("10.", "0.0.0.0/0", Audience.EVERYBODY),  # by IPv6
        ("", "ALL", Audience.ITSELF),
        ("", "ALL EXCEPT 10.", Audience.SOME),
        ("", "192.0.2.1", Audience.EVERYBODY),
        ("0.0.0.0/0", "ALL", Audience.EVERYBODY),
    ],
)
def test_whom_samba_lets_in(allow: str, deny: str, who: Audience) -> None:
    assert admitted(smbconf.words(allow), smbconf.words(deny)) is who


def test_samba_on_the_loopback_alone(tmp_path: Path) -> None:
    assert samba(tmp_path, DEFAULTS + "interfaces = lo 127.0.0.1/8\nbind interfaces only = yes\n").clients is Audience.ITSELF
    assert samba(tmp_path, DEFAULTS + "interfaces = lo\n").clients is Audience.EVERYBODY


@pytest.mark.parametrize(
    ("conf", "who"),
    [
        ("Listen localhost:631\nListen [::1]:631\n<Location />\n</Location>\n", Audience.ITSELF),
        ("Port 631\n", Audience.ITSELF),  # no location: nobody else gets through
        ("Port 631\n<Location />\nOrder allow,deny\n</Location>\n", Audience.ITSELF),
        ("Listen *:631\n<Location />\nOrder allow,deny\nAllow @LOCAL\n</Location>\n", Audience.SOME),
        ("Listen *:631\n<Location />\nOrder allow,deny\nAllow from all\n</Location>\n", Audience.EVERYBODY),
        ("Listen *:631\n<Location />\nAllow 10.0.0.0/8\n</Location>\n", Audience.EVERYBODY),  # without Order nobody is kept out
        ("Listen *:631\n<Location />\nOrder deny,allow\nDeny all\nAllow 10.*\n</Location>\n", Audience.SOME),
        ("Listen *:631\n<Location />\nOrder allow,deny\nAllow all\nDeny all\n</Location>\n", Audience.ITSELF),
        ("Listen *:631\n<Location />\nOrder allow,deny\n</Location>\n<Location /printers/a>\nAllow all\n</Location>\n", Audience.EVERYBODY),
    ],
)
def test_whom_cups_lets_through(tmp_path: Path, conf: str, who: Audience) -> None:
    assert cups(tmp_path, conf).clients is who


def test_limits_within_a_location_are_not_worked_out(tmp_path: Path) -> None:
    conf = "Listen *:631\n<Location />\nOrder allow,deny\n<Limit GET>\nAllow all\n</Limit>\n</Location>\n"
    assert reason(cups(tmp_path, conf).clients) is Reason.UNSUPPORTED


def test_a_socket_of_systemd_counts_too(tmp_path: Path) -> None:
    conf = "Listen localhost:631\n<Location />\nAllow all\n</Location>\n"
    files = {"/lib/systemd/system/cups.socket": "[Socket]\nListenStream=/run/cups/cups.sock\n"}
    assert cups(tmp_path / "a", conf, files).clients is Audience.ITSELF
    for number, place in enumerate(("/etc", "/run", "/usr/local/lib", "/usr/lib")):
        network = {**files, f"{place}/systemd/system/cups.socket.d/network.conf": "[Socket]\nListenStream=631\n"}
        assert cups(tmp_path / str(number), conf, network).clients is Audience.EVERYBODY
    masked = {**network, "/etc/systemd/system/cups.socket.d/network.conf": ""}
    assert cups(tmp_path / "masked", conf, masked).clients is Audience.ITSELF


@pytest.mark.parametrize(
    ("socket", "own", "encrypted"),
    [
        ("/run/cups/cups.sock", "", True),
        ("631", "", False),
        ("0.0.0.0:443", "", True),
        ("[::]:631", "ListenStream=\nListenStream=/run/cups/cups.sock\n", True),
        ("/run/cups/cups.sock", "ListenStream=\n ListenStream = 631\n", False),
    ],
)
def test_a_plain_socket_of_systemd_beside_one_for_tls_takes_clear_text(tmp_path: Path, socket: str, own: str, encrypted: bool) -> None:
    conf = "SSLListen *:632\n<Location />\nAllow all\n</Location>\n"
    files = {
        "/lib/systemd/system/cups.socket": f"[Socket]\nListenStream={socket}\n",
        "/etc/systemd/system/cups.socket.d/own.conf": f"[Socket]\n{own}",
    }
    assert cups(tmp_path, conf, files).encrypted is encrypted


@pytest.mark.parametrize(
    ("text", "on"),
    [
        (None, False),
        ("#FileDevice Yes\n", False),
        ("filedevice yes\n", True),
        ("FileDevice Yes\nFileDevice No\n", False),
        ("FileDevice x\n", None),
    ],
)
def test_devices_that_cups_lets_printers_write_to(tmp_path: Path, text: str | None, on: bool | None) -> None:
    found = cups(tmp_path, "", {} if text is None else {"/etc/cups/cups-files.conf": text}).file_devices
    assert (None if isinstance(found, Unobserved) else found) is on


def test_administration_of_cups(tmp_path: Path) -> None:
    asks = "<Policy default>\n<Limit CUPS-Add-Modify-Printer>\nAuthType Default\n</Limit>\n<Limit All>\n</Limit>\n</Policy>\n"
    assert cups(tmp_path / "a", "").administration_asks is True  # the policy that is built in
    assert cups(tmp_path / "b", asks).administration_asks is True
    assert cups(tmp_path / "c", "DefaultAuthType None\n" + asks).administration_asks is False
    assert reason(cups(tmp_path / "d", "DefaultPolicy other\n" + asks).administration_asks) is Reason.VALUE_NOT_SET
    require = asks.replace("AuthType Default", "Require user @SYSTEM")  # a name is asked for and not proven
    assert cups(tmp_path / "e", require).administration_asks is False


GROUPS = {
    "/etc/passwd": "root:x:0:0::/:/bin/sh\nann:x:1000:120::/:/bin/sh\nbob:x:1001:1001::/:/bin/sh\n",
    "/etc/group": "root:x:0:bob\nlpadmin:x:120:root\nsys:x:3:cay\nbob:x:1001:\n",
}


@pytest.mark.parametrize(
    ("require", "system", "who"),
    [
        ("Require user @SYSTEM\n", "SystemGroup lpadmin\n", ("ann",)),
        ("Require user @SYSTEM\n", "SystemGroup root lpadmin\nSystemGroup sys # x\n", ("ann", "bob", "cay")),
        ("Require user dan @sys\n", "", ("cay", "dan")),
        ("Require group root\nRequire user dan\n", "", ("bob", "dan")),
        ("Require user @SYSTEM\n", "SystemGroup root staff\n", Reason.UNSUPPORTED),
        ("Require valid-user\n", "", ("*",)),
        ("Require user @SYSTEM\n", "#SystemGroup lpadmin\n", Reason.VALUE_NOT_SET),
        ("Require user @OWNER @SYSTEM\n", "SystemGroup lpadmin\n", Reason.UNSUPPORTED),
        ("", "SystemGroup lpadmin\n", Reason.VALUE_NOT_SET),
    ],
)
def test_who_administers_cups(tmp_path: Path, require: str, system: str, who: tuple[str, ...] | Reason) -> None:
    conf = f"<Policy default>\n<Limit CUPS-Add-Modify-Printer>\nAuthType Default\n{require}</Limit>\n</Policy>\n"
    found = cups(tmp_path, conf, {**GROUPS, "/etc/cups/cups-files.conf": system}).administrators
    assert (reason(found) or found) == who


def test_accounts_that_nobody_can_be_administer_nothing(tmp_path: Path) -> None:
    conf = "<Policy default>\n<Limit All>\nAuthType Default\nRequire user @SYSTEM\n</Limit>\n</Policy>\n"
    files = {
        # the Red Hat family's, and one with a password for other services
        "/etc/passwd": "root:x:0:0::/root:/bin/bash\nhalt:x:7:0::/sbin:/sbin/halt\noperator:x:11:0::/root:/sbin/nologin\n"
        "scan:x:991:0::/:/sbin/nologin\ngone:*:992:0::/:/sbin/nologin\n",
        "/etc/shadow": "root:*:1::::::\nhalt:*:1::::::\noperator:!!:1::::::\nscan:$6$x$y:1::::::\n",
        "/etc/group": "root:x:0:\nsys:x:3:\nwheel:x:10:\n",
        "/etc/cups/cups-files.conf": "SystemGroup sys root wheel\n",
    }
    assert cups(tmp_path, conf, files).administrators == ("scan",)


def test_the_policy_of_cups_that_is_built_in_is_for_the_system_groups(tmp_path: Path) -> None:
    files = {**GROUPS, "/etc/cups/cups-files.conf": "SystemGroup sys\n"}
    assert cups(tmp_path / "a", "", files).administrators == ("cay",)
    assert cups(tmp_path / "b", "DefaultAuthType None\n<Policy default>\n<Limit All>\n</Limit>\n</Policy>\n", files).administrators == (
        "*",
    )


def test_a_login_of_cups_that_an_address_replaces_is_none(tmp_path: Path) -> None:
    limit = "AuthType Default\nRequire user @SYSTEM\nSatisfy any\nOrder deny,allow\n"
    policy = f"<Policy default>\n<Limit CUPS-Add-Modify-Printer>\n{limit}</Limit>\n</Policy>\n"
    assert cups(tmp_path / "a", policy).administration_asks is False
    assert cups(tmp_path / "b", policy.replace("Satisfy any", "Satisfy all")).administration_asks is True


def test_tabs_part_a_directive_of_cups_from_its_value() -> None:
    (block,) = cupsd.parse(b"<Location\t/>\nOrder\tallow, deny\nAllow\tfrom all\n</Location>\n").locations.values()
    assert (block.name, cupsd.admits(block)) == ("/", "everybody")


def test_cups_reads_its_file_at_the_start_only(tmp_path: Path) -> None:
    assert reason(cups(tmp_path, "Listen localhost:631\n", live=True).applied) is Reason.STALE


def test_browsing_that_is_not_written_is_the_packages_choice(tmp_path: Path) -> None:
    conf = "Port 631\n<Location />\nAllow all\n</Location>\n"
    assert reason(cups(tmp_path / "a", conf).announces) is Reason.VALUE_NOT_SET
    assert cups(tmp_path / "b", conf + "Browsing On\nBrowseLocalProtocols none\n").announces is False


def test_ways_into_snmpd(tmp_path: Path) -> None:
    conf = (
        'rocommunity "PUBLIC" 10.0.0.1\nrwcommunity6 own\nrouser a noauth .1.3\nrwuser -s tsm b priv\n'
        "authcommunity read,write own 10.0.0.2\n"
        "rocommunity public !10.0.0.3\n[snmp] rocommunity elsewhere\n# rocommunity private\n"
    )
    found = agent(tmp_path, conf).access
    assert not isinstance(found, Unobserved)
    assert [(a.where[-2:], a.security, a.writes, a.usual, a.limited) for a in found] == [
        (":1", SnmpSecurity.COMMUNITY, False, True, True),
        (":2", SnmpSecurity.COMMUNITY, True, False, False),
        (":3", SnmpSecurity.NONE, False, False, True),
        (":4", SnmpSecurity.ENCRYPTED, True, False, True),
        (":5", SnmpSecurity.COMMUNITY, True, False, True),
    ]
    assert "own" not in repr(found)


def test_versions_of_snmp_that_are_switched_off_let_nobody_in(tmp_path: Path) -> None:
    both = {"/etc/snmp/snmp.conf": "disableSNMPv1 yes\ndisableSNMPv2c 1\n"}
    assert agent(tmp_path / "a", "rocommunity public\n", both).access == ()
    one = agent(tmp_path / "b", "rocommunity public\n", {"/etc/snmp/snmp.conf": "disableSNMPv1 yes\n"}).access
    assert not isinstance(one, Unobserved)
    assert len(one) == 1


def test_a_tab_behind_a_verb_of_exim_parts_it_from_its_conditions() -> None:
    conf = exim.config(b"begin acl\n  rcpt:\n  deny\thosts = 192.0.2.1\n  accept\thosts = *\n  deny\n")
    assert exim.relaying(conf, "rcpt")[0] is exim.Relaying.PERMITTED


@pytest.mark.parametrize(
    ("addresses", "local"),
    [
        ("", False),
        ("agentaddress 127.0.0.1,[::1]\n", True),
        ("agentAddress udp:127.0.0.1:161\nagentaddress unix:/run/snmp\n", True),
        ("agentaddress 127.0.0.1,udp:161\n", False),
        ("agentaddress udp6:[::1]:161,tcp:localhost:161\n", True),
        ("agentaddress 161\n", False),
        ("agentaddress udp6:161\n", False),
        ("agentaddress [fd00::1]\n", False),
    ],
)
def test_where_snmpd_listens(tmp_path: Path, addresses: str, local: bool) -> None:
    assert agent(tmp_path, addresses).local is local


@pytest.mark.parametrize("options", ["-Lsd -c /etc/other.conf", "-C -f"])
def test_other_files_on_the_command_line_leave_everything_open(tmp_path: Path, options: str) -> None:
    files = {"/lib/systemd/system/snmpd.service": f"[Service]\nExecStart=/usr/sbin/snmpd {options}\n"}
    found = agent(tmp_path, "rocommunity public\n", files)
    assert (reason(found.access), reason(found.local)) == (Reason.UNSUPPORTED, Reason.UNSUPPORTED)


@pytest.mark.parametrize(
    ("options", "more"),
    [
        ("-Lsd -u snmp udp:161", True),
        ("-Lsd -Lf /dev/null -u snmp -g snmp -I -smux,mteTrigger -p /run/snmpd.pid", False),
        ("-LS0-6d -LF 0-6 /var/log/snmpd.log -LF4 /var/log/other -LE 3 -Le -f", False),
        ("-LS 0-6 d -f 161", True),
        ("-Lo -f snmp.example.jp", True),
        ("-Lo -f -uroot 0:161", True),
    ],
)
def test_addresses_on_the_command_line_leave_the_addresses_open(tmp_path: Path, options: str, more: bool) -> None:
    files = {
        "/lib/systemd/system/snmpd.service": "[Service]\nExecStart=/usr/sbin/snmpd $SNMPDOPTS\n",
        "/etc/default/snmpd": f"SNMPDOPTS='{options}'\n",
    }
    found = agent(tmp_path, "agentaddress 127.0.0.1\n", files)
    assert (found.access, reason(found.local) or found.local) == ((), Reason.UNSUPPORTED if more else True)


def test_words_of_the_library_count_in_its_own_part_only(tmp_path: Path) -> None:
    off = "disableSNMPv1 yes\ndisableSNMPv2c yes\n"
    assert len(agent(tmp_path / "a", f"rocommunity public\n{off}").access) == 1  # type: ignore[arg-type]  # it is known
    assert agent(tmp_path / "b", f"rocommunity public\n[snmp]\n{off}").access == ()
    assert agent(tmp_path / "c", "", {"/etc/snmp/snmp.conf": "agentaddress 127.0.0.1\n"}).local is False


def test_ways_in_that_were_made_over_snmp_are_told(tmp_path: Path) -> None:
    kept = {"/var/lib/snmp/snmpd.conf": "usmUser 1 3 0x00 0x00 0x00 NULL .1.3.6.1.6.3.10.1.1.2\nvacmAccess 1 3 1 1 0x 0x 0x 0x 0x\n"}
    assert reason(agent(tmp_path, "rouser own priv\n", kept).beyond) is Reason.UNSUPPORTED


def test_a_line_that_is_too_long_is_not_cut() -> None:
    with pytest.raises(snmpd.NotSnmpd):
        snmpd.parse(b"agentaddress " + b"127.0.0.1," * 2_000 + b"0.0.0.0\n")
    with pytest.raises(cupsd.NotCupsd):
        cupsd.parse(b"<Location />\nAllow " + b"10.0.0.1 " * 2_000 + b"all\n</Location>\n")


def test_snmpd_follows_what_is_included_and_stops_where_it_is_not_there(tmp_path: Path) -> None:
    files = {"/etc/snmp/d/a.conf": "rocommunity private\n", "/etc/snmp/d/b.txt": "rocommunity public\n"}
    found = agent(tmp_path / "a", "includeDir /etc/snmp/d\n", files).access
    assert not isinstance(found, Unobserved)
    assert [a.where for a in found] == ["/etc/snmp/d/a.conf:1"]
    assert reason(agent(tmp_path / "b", "includeFile other.conf\n").access) is Reason.UNSUPPORTED
    assert reason(agent(tmp_path / "c", "include snmpd.conf\n").access) is Reason.TOO_LARGE  # it includes itself


def test_what_snmpd_grants_in_unread_ways_is_told(tmp_path: Path) -> None:
    assert reason(agent(tmp_path, "setaccess g '' any noauth exact read all\n").beyond) is Reason.UNSUPPORTED


def test_users_of_snmp_by_their_algorithms(tmp_path: Path) -> None:
    kept = (
        'usmUser 1 3 0x80001f "a" "a" NULL .1.3.6.1.6.3.10.1.1.3 "x" .1.3.6.1.6.3.10.1.2.4 "y" 0x\n'
        "usmUser 1 3 0x80001f 0x6200 0x6200 NULL .1.3.6.1.6.3.10.1.1.2 0x00 .1.3.6.1.6.3.10.1.2.1 0x00 0x\n"
        "createUser -e 0x01 c SHA-512 -l 0x00 DES\ncreateUser d MD5\ncreateUser e SHA secret-words AES256 x\ncreateUser f secret\n"
    )
    found = agent(tmp_path, "", {"/var/lib/snmp/snmpd.conf": kept}).users
    assert not isinstance(found, Unobserved)
    assert [(u.authentication, u.privacy) for u in found] == [
        ("SHA", "AES"),
        ("MD5", ""),
        ("SHA-512", "DES"),
        ("MD5", ""),
        ("SHA", "AES256"),
        ("?", "?"),
    ]
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("words", "elsewhere"),
    [
        ("smbd\0--foreground\0--no-process-group", False),
        ("smbd\0-F\0--configfile=/etc/samba/smb.conf", False),
        ("smbd\0-F\0-s\0/srv/smb.conf", True),
        ("smbd\0-D\0--option=server min protocol=NT1", True),
        ("smbd\0--new-option", True),
    ],
)
def test_samba_that_runs_with_another_configuration(tmp_path: Path, words: str, elsewhere: bool) -> None:
    found = samba(tmp_path, "[global]\n", live=True, printed=DEFAULTS, files={"/proc/2/cmdline": words})
    assert (reason(found.least_protocol) is Reason.UNSUPPORTED) is elsewhere


@pytest.mark.parametrize(
    ("options", "unit", "elsewhere"),
    [
        ("", "", False),
        ('SAMBAOPTIONS="--debuglevel=1"\n', "", False),
        ('SAMBAOPTIONS="--option=ntlm_auth=yes"\n', "", True),
        ("", "[Service]\nExecStart=\nExecStart=/usr/sbin/samba --foreground -s /srv/smb.conf\n", True),
    ],
)
@pytest.mark.parametrize("live", [True, False])
def test_a_domain_controller_hides_its_arguments_behind_a_title(
    tmp_path: Path, options: str, unit: str, elsewhere: bool, live: bool
) -> None:
    machine = Machine(tmp_path, live, {"testparm -s -v": DEFAULTS}).write(
        {
            "/usr/sbin/samba": "",
            "/etc/samba/smb.conf": "[global]\nserver role = active directory domain controller\nserver min protocol = SMB3\n",
            "/etc/default/samba": options,
            "/usr/lib/systemd/system/samba-ad-dc.service": "[Service]\nExecStart=/usr/sbin/samba --foreground $SAMBAOPTIONS\n",
            "/etc/systemd/system/samba-ad-dc.service.d/own.conf": unit,
        }
    )
    running(machine, samba=1_700_000_100)
    machine.write({"/proc/2/cmdline": "samba: root process" + "\0" * 60})
    fact = file_sharing.run(machine)
    assert isinstance(fact, FileSharing)
    assert not isinstance(fact.programs, Unobserved)
    (found,) = fact.programs
    assert (reason(found.least_protocol) is Reason.UNSUPPORTED) is elsewhere


def test_cups_and_snmpd_that_run_with_another_configuration(tmp_path: Path) -> None:
    made = cups(tmp_path / "a", "Port 631\n", {"/proc/2/cmdline": "cupsd\0-l\0-c\0/srv/cupsd.conf"}, live=True)
    assert reason(made.clients) is Reason.UNSUPPORTED
    machine = Machine(tmp_path / "b").write({"/usr/sbin/snmpd": "", "/etc/snmp/snmpd.conf": "rocommunity public\n"})
    machine.write({"/proc/2/cmdline": "/usr/sbin/snmpd\0-LOw\0-u\0snmp\0-I\0-smux\0-f\0udp:161"})
    running(machine, snmpd=1_700_000_100)
    fact = snmp_configuration.run(machine)
    assert isinstance(fact, SnmpConfiguration)
    assert not isinstance(fact.agents, Unobserved)
    assert reason(fact.agents[0].local) is Reason.UNSUPPORTED
    assert reason(fact.agents[0].access) is None
    # snmpd cuts its own command line at the commas of a list; the unit tells that nothing else stands there
    unit = "[Service]\nExecStart=/usr/sbin/snmpd -LOw -u snmp -I -smux,mteTrigger -f\n"
    machine.write({"/proc/2/cmdline": "/usr/sbin/snmpd\0-LOw\0-u\0snmp\0-I\0-smux\0mteTrigger\0-f\0"})
    for written, told in (("", Reason.UNSUPPORTED), (unit, None)):
        machine.write({"/lib/systemd/system/snmpd.service": written})
        fact = snmp_configuration.run(machine)
        assert isinstance(fact, SnmpConfiguration)
        assert not isinstance(fact.agents, Unobserved)
        assert reason(fact.agents[0].local) is told
    machine.write({"/proc/2/cmdline": "/usr/sbin/snmpd\0-f\0-Lo\0-C"})
    fact = snmp_configuration.run(machine)
    assert isinstance(fact, SnmpConfiguration)
    assert not isinstance(fact.agents, Unobserved)
    assert reason(fact.agents[0].access) is Reason.UNSUPPORTED


TEXTS = st.text(alphabet='[]<>/="#; \\\n\tabcglobal:.,%@0129', max_size=300) | st.binary(max_size=200).map(lambda b: b.decode("latin-1"))


@settings(max_examples=150)
@given(TEXTS)
def test_any_text_ends_in_values_or_a_refusal(text: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    with suppress(smbconf.NotSmbConf):
        for share in smbconf.parse(data).shares:
            assert isinstance(share.values, dict)
    with suppress(cupsd.NotCupsd):
        for block in cupsd.parse(data).locations.values():
            assert cupsd.admits(block) in {"itself", "some", "everybody"}
    with suppress(snmpd.NotSnmpd):
        lines = snmpd.parse(data)
        assert len(snmpd.users(lines)) <= len(lines)
        assert {grant.level for grant in snmpd.grants(lines)} <= {"community", "noauth", "auth", "priv"}


@pytest.mark.parametrize(
    "text",
    [
        "a = b\\\n" * 49_000,
        "com2sec a default b\ngroup g v1 a\naccess g '' any noauth exact v v v\n" * 16_000,
        "rocommunity " + '"' * 9_000 + "\n",
        "<Policy default>\n<Limit " + "a " * 190 + ">\n" + "Allow x\n" * 20_000,
        "<Policy default>\n<Limit " + " ".join(map(str, range(2000))) + ">\n",
        "domainlist a = " + "+a : " * 5_000 + "\nbegin acl\nrcpt:\n" + "  accept domains = +a\n" * 20_000,
        "domainlist a = " + "+b : " * 300 + "\ndomainlist b = " + "+a : " * 300 + "\nbegin acl\n  rcpt:\n  accept domains = +a\n",
        "/* " * 60_000,
        '"' + '\\"' * 90_000,
        "polkit.addRule(function(a, s) { " + "if (a.id == 'x') " * 20 + "(" * 90_000,
    ],
)
def test_texts_written_to_take_long_are_read_in_time(text: str) -> None:
    data = text.encode()
    began = time.process_time()
    smbconf.parse(data)
    with suppress(cupsd.NotCupsd):
        cupsd.parse(data)
    with suppress(snmpd.NotSnmpd):
        snmpd.grants(snmpd.parse(data))
    exim.relaying(exim.config(data), "rcpt")
    with suppress(polkitrules.NotKnown):
        polkitrules.rules(data)
    polkitrules.may_grant(data)
    assert time.process_time() - began < 5
