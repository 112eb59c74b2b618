"""The languages of log programs: rsyslog, syslog-ng, logrotate and the audit rules, as their manuals have them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scanner.facts.audit_trail import AuditSubject
from scanner.wire import auditrules, logrotate, rsyslog, syslogng
from scanner.wire.syslogconf import Action, Listener, NotSyslogConf, Way, chosen, selects

DEBIAN = b"""
module(load="imuxsock") # local
module(load="imklog")
$FileOwner root
$FileCreateMode 0640
$Umask 0022
$IncludeConfig /etc/rsyslog.d/*.conf
*.*;auth,authpriv.none\t\t-/var/log/syslog
auth,authpriv.*\t\t\t/var/log/auth.log;RSYSLOG_TraditionalFileFormat
mail.*\t-/var/log/mail.log
*.emerg\t:omusrmsg:*
"""
FORWARD = b"""
# an old comment with { and "
*.* action(type="omfwd" target="log.town.example" port="6514" protocol="tcp"   # why
   StreamDriver="gtls" StreamDriverMode="1"
   StreamDriverAuthMode="x509/name" queue.type="LinkedList" queue.filename="fwd")
"""


@pytest.mark.parametrize(
    ("selector", "facility", "priority", "chooses"),
    [
        ("*.*", "auth", "info", True),
        ("*.*;auth,authpriv.none", "authpriv", "info", False),
        ("*.info;mail.none;authpriv.none", "auth", "info", True),
        ("auth.notice", "auth", "info", False),
        ("auth.info", "auth", "notice", True),
        ("auth.=info", "auth", "notice", False),
        ("*.*;auth.!notice", "auth", "info", True),
        ("*.*;auth.!info", "auth", "info", False),
        ("*.=debug;auth.*", "auth", "info", True),
        ("auth.none;*.info", "auth", "info", True),
        ("SECURITY.warn", "auth", "err", True),
        ("mail.*", "auth", "info", False),
    ],
)
def test_selectors(selector: str, facility: str, priority: str, chooses: bool) -> None:
    assert selects(selector, facility, priority) is chooses


def test_rsyslog_as_debian_has_it() -> None:
    asked: list[str] = []

    def include(pattern: str) -> list[bytes]:
        asked.append(pattern)
        return [FORWARD]

    conf = rsyslog.parse(DEBIAN.replace(b"\n", b"\r\n"), include)
    assert asked == ["/etc/rsyslog.d/*.conf"]
    assert conf.local
    assert conf.listeners == ()
    forward, syslog, auth, mail, _ = conf.actions
    assert forward == Action(Way.FORWARD, "log.town.example", ("*.*",), False, "tcp", 6514, True, True, True)
    assert (syslog.target, auth.target, auth.mode) == ("/var/log/syslog", "/var/log/auth.log", 0o640)
    assert [chosen(one, "authpriv", "info") for one in (forward, syslog, auth, mail)] == [True, False, True, False]


TLS_LINES = "$DefaultNetstreamDriver gtls\n$ActionSendStreamDriverMode 1\n$ActionSendStreamDriverAuthMode x509/name\n*.* @@log.example:6514"
ANYBODY = (
    'global(DefaultNetstreamDriver="gtls")\naction(type="omfwd" target="l" protocol="tcp" StreamDriverMode="1" StreamDriverAuthMode="anon")'
)
RELP = 'main_queue(queue.type="LinkedList" queue.filename="m")\naction(type="omrelp" target="l" port="2514" tls="on" tls.authmode="name")'


@pytest.mark.parametrize(
    "row",
    [
        ("*.* @192.0.2.1", "192.0.2.1", "udp", 514, False, False, False),
        ("*.* @@log.example:10514;RSYSLOG_SyslogProtocol23Format", "log.example", "tcp", 10514, False, False, False),
        ("*.* @@(o)[2001:db8::1]:6514", "2001:db8::1", "tcp", 6514, False, False, False),
        (TLS_LINES, "log.example", "tcp", 6514, True, True, False),
        ("$ActionSendStreamDriverMode 1\n*.* @@log.example", "log.example", "tcp", 514, False, False, False),
        ("$ActionQueueType LinkedList\n$ActionQueueFileName q\n*.* @@log.example", "log.example", "tcp", 514, False, False, True),
        (ANYBODY, "l", "tcp", 514, True, False, False),
        ('action(type="omfwd" target="l" protocol="udp" StreamDriver="gtls" StreamDriverMode="1")', "l", "udp", 514, False, False, False),
        (RELP, "l", "relp", 2514, True, True, True),
    ],
)
def test_rsyslog_forwards(row: tuple[str, str, str, int, bool, bool, bool]) -> None:
    text, *expected = row
    (a,) = rsyslog.parse(text.encode()).actions
    assert a.way is Way.FORWARD
    assert [a.target, a.protocol, a.port, a.encrypted, a.verified, a.queued] == expected


@pytest.mark.parametrize(
    ("text", "certain"),
    [
        ("auth,authpriv.* /var/log/a\n", True),
        ("if $syslogfacility-text == 'auth' then /var/log/a\n", None),
        ('if $programname == "then" then {\n  auth.* /var/log/a\n}\n', None),
        (':programname, isequal, "sshd" /var/log/a\n', None),
        ("auth.* {\n  action(type=\"omfile\" file=\"/var/log/a\")\n  stop\n}\n", True),
        ('ruleset(name="r") { *.* /var/log/a\n}\nauth.* call r\n', True),
        ('ruleset(name="r") { *.* /var/log/a\n}\n', "none"),
        ('template(name="t" type="list") { constant(value="}") property(name="msg") }\nauth.* /var/log/a\n', True),
        ("set $!x = 1; auth.* /var/log/a\n", True),
        ("$template t,\"%msg%\\n\"\nauth.* -/var/log/a;t\n", True),
        ("/* auth.* /var/log/b */ auth.* /var/log/a\n", True),
    ],
)  # fmt: skip
def test_rsyslog_conditions(text: str, certain: bool | str | None) -> None:
    found = [one for one in rsyslog.parse(text.encode()).actions if one.way is Way.FILE]
    assert [one.target for one in found] == ([] if certain == "none" else ["/var/log/a"])
    assert certain == "none" or chosen(found[0], "auth", "info") is certain


@pytest.mark.parametrize(
    ("text", "listeners"),
    [
        ('module(load="imudp")\ninput(type="imudp" port="514")\n', [Listener("udp", 514, False)]),
        ('module(load="imudp")\n#input(type="imudp" port="514")\n', []),
        ("$ModLoad imtcp\n$InputTCPServerRun 10514\n", [Listener("tcp", 10514, False)]),
        (
            'module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1")\ninput(type="imtcp" port="6514")\n',
            [Listener("tcp", 6514, True)],
        ),
        ('input(type="imfile" file="/x" tag="x")\n', []),
    ],
)
def test_rsyslog_listens(text: str, listeners: list[Listener]) -> None:
    assert list(rsyslog.parse(text.encode()).listeners) == listeners


SYSLOG_NG = b"""@version: 3.38
@include "scl.conf"
source s_src { system(); internal(); };
source s_net { network(transport("udp") port(514)); syslog(transport("tls") tls(cert-file("/x"))); };
destination d_auth { file("/var/log/auth.log" perm(0640)); };
destination d_syslog { file("/var/log/syslog"); };
destination d_host { network("log.town.example" port(6514) transport("tls")
    tls(ca-dir("/etc/ca") peer-verify(required-trusted)) disk-buffer(mem-buf-size(1) disk-buf-size(2) reliable(yes))); };
filter f_auth { facility(auth, authpriv) and not filter(f_debug); };
filter f_debug { level(debug) and not facility(kern); };
filter f_syslog { level(info..emerg) and not facility(auth, authpriv) };
log { source(s_src); filter(f_auth); destination(d_auth); };
log { source(s_src); filter(f_syslog); destination(d_syslog); };
log { source(s_src); destination(d_host); };
log { source(s_net); destination(d_syslog); };
"""


def test_syslog_ng() -> None:
    conf = syslogng.parse(SYSLOG_NG)
    auth, syslog, host = conf.actions
    assert (auth.target, auth.mode, chosen(auth, "authpriv", "info"), chosen(auth, "auth", "debug")) == (
        "/var/log/auth.log",
        0o640,
        True,
        False,
    )
    assert (chosen(syslog, "authpriv", "info"), chosen(syslog, "daemon", "info")) == (False, True)
    assert host == Action(Way.FORWARD, "log.town.example", (), False, "tcp", 6514, True, True, True)
    assert conf.listeners == (Listener("udp", 514, False), Listener("tcp", 601, True))


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("facility(auth) or facility(authpriv)", True),
        ("program(sshd)", None),
        ("facility(auth) and program(sshd)", None),
        ("facility(mail) and program(sshd)", False),
        ("not (facility(auth) or program(x))", False),
        ("level(notice)", False),
        ("level(info..emerg) and facility(auth)", True),
    ],
)
def test_syslog_ng_filters(expression: str, answer: bool | None) -> None:
    text = f"source s {{ system(); }}; filter f {{ {expression}; }}; log {{ source(s); filter(f); destination {{ file('/x'); }}; }};"
    text = text.replace("destination { file('/x'); };", "destination(d);") + " destination d { file('/x'); };"
    found = syslogng.parse(text.encode()).actions
    assert [chosen(one, "auth", "info") for one in found] == [answer]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("/var/log/a {\n rotate 4\n weekly\n}\n", 28),
        ("weekly\nrotate 53\n/var/log/b /var/log/a\n{\n compress\n}\n", 371),
        ("daily\nrotate 7\n/var/log/*.log /var/log/a {\n monthly\n postrotate\n  rotate 99 }\n endscript\n}\n", 196),
        ("rotate 400\ndaily\nmaxage 30\n/var/log/a {\n}\n", 30),
        ("rotate 400\ndaily\nmaxage 0\n/var/log/a {\n}\n", 400),
        ("rotate 9\n/var/log/a { # weekly\n daily # not weekly\n}\n", 9),
        ("rotate 9\ndaily\n/var/log/a {\n Weekly\n}\n", 9),
        ("daily\n/var/log/a {\n rotate -1\n}\n", None),
        ("daily\n/var/log/a {\n}\n", 0),
        ("rotate=10\ndaily\r\n\"/var/log/a\" {\r\n}\r\n", 10),
        ("rotate 9\n/var/log/a {\n}\n", "size"),
        ("rotate 9\n/var/log/a {\n size 10M\n}\n", "size"),
        ("rotate 9\n/var/log/a {\n daily\n maxsize 10M\n}\n", "size"),
        ("rotate 9\n/var/log/a {\n daily\n minsize 10M\n}\n", 9),
    ],
)  # fmt: skip
def test_logrotate(text: str, days: int | str | None) -> None:
    found = next(one for one in logrotate.parse(text.encode()) if one.covers("/var/log/a"))
    if days == "size":
        with pytest.raises(logrotate.NotLogrotate):
            logrotate.kept_seconds(found.settings)
    else:
        assert logrotate.kept_seconds(found.settings) == (days * 86_400 if isinstance(days, int) else None)


@pytest.mark.parametrize(
    "text",
    [
        "/var/log/a { daily\nrotate 9\n}\n",
        "/var/log/a {\ndaily rotate 9\n}\n",
        "/var/log/a {\ndaily\ncompress }\n",
        "/var/log/a {\nrotate 9 # a comment is no number\n}\n",
        "/var/log/a {\nmaxage -1\n}\n",
        "/var/log/a" + "/" * 10_000 + " {\n}\n",
    ],
)
def test_what_is_not_written_line_by_line_or_is_passed_over_is_left_open(text: str) -> None:
    with pytest.raises(logrotate.NotLogrotate):
        logrotate.parse(text.encode())


def test_logrotate_includes_under_the_settings_so_far() -> None:
    found = logrotate.parse(b"weekly\nrotate 4\ninclude /etc/logrotate.d\nrotate 9\n", lambda _: [b"/var/log/x/*.log {\n daily\n}\n"])
    (rotation,) = found
    assert rotation.covers("/var/log/x/y.log")
    assert not rotation.covers("/var/log/x/z/y.log")
    assert logrotate.kept_seconds(rotation.settings) == 4 * 86_400


def test_what_logrotate_includes_holds_for_what_follows() -> None:
    texts = [b"daily\n", b"/var/log/a {\n rotate 5\n}\n"]
    (rotation,) = logrotate.parse(b"weekly\ninclude /etc/logrotate.d\n", lambda _: texts)
    assert logrotate.kept_seconds(rotation.settings) == 5 * 86_400
    with pytest.raises(logrotate.NotLogrotate):
        logrotate.parse(b"tabooext + .off\ninclude /etc/logrotate.d\n", lambda _: texts)


AUDIT = b"""-D
-b 8192
-w /etc/passwd -p wa -k identity
-w /etc/group -p wa -k identity
-w /etc/shadow -p wa
-w /etc/gshadow -p wa
-w /etc/sudoers -p wa -k scope
-w /etc/sudoers.d/ -p wa -k scope
-a always,exit -F arch=b64 -S adjtimex,settimeofday -S clock_settime -k time-change
-a always,exit -F arch=b64 -S init_module,finit_module,delete_module -k modules
-a always,exit -F arch=b64 -C euid!=uid -F euid=0 -S execve -k actions
-w /var/log/lastlog -p wa -k logins
-e 2
-w /etc/ignored -p wa
"""


@pytest.mark.parametrize(
    ("before", "behind", "recorded"),
    [
        ("", "", True),
        ("-a task,never\n", "", False),  # as the Red Hat family ships it
        ("", "-a never,task\n", False),
        ("-a never,exit -S all\n", "", False),
        ("", "-a never,exit\n", True),  # the first rule that fits counts
        ("", "-A exit,never -F arch=b64 -S all\n", False),
        ("-a never,task\n-D\n", "", True),
        ("-a task,never -F uid=48\n", "", True),
        ("-a never,exit -F arch=b32 -S all\n", "", True),
        ("-a never,exclude -F msgtype=CWD\n", "", True),
        ("", "-a always,exclude -F msgtype=SYSCALL\n", False),
        ("-a never,exclude -F msgtype=1300\n", "", False),
        ("-a always,exclude -F msgtype>=1300\n", "", False),
        ("-a always,exclude -F msgtype>1300\n", "", True),
        ("-a always,exclude -F msgtype!=CONFIG_CHANGE\n", "", False),
        ("-a always,exclude -F msgtype=SYSCALL -F auid=unset\n", "", True),
        ("-a always,exclude -F msgtype=SYSCALL -F exe=/usr/sbin/chronyd\n", "", True),
        ("-a always,exclude -F auid>=1000\n", "", False),
        ("-a always,exclude -F uid=0\n", "", False),
        ("-a always,exclude -F uid=48\n", "", True),
        ("-a never,exit -F auid>=1000 -F auid!=unset\n", "", False),
        ("", "-a never,exit -F auid>=1000\n", True),
        ("-a never,exit -F auid=unset\n", "", True),
        ("-a task,never -F auid=1000\n", "", False),
    ],
)
def test_a_rule_that_keeps_the_kernel_from_recording_anything(before: str, behind: str, recorded: bool) -> None:
    rules = "-w /etc -p wa\n-a always,exit -F arch=b64 -S init_module,finit_module\n"
    found = auditrules.parse(f"{before}{rules}{behind}".encode()).subjects
    assert bool(found) is recorded
    assert (AuditSubject.MODULES in found) is recorded


IN_64, IN_32 = ("-a always,exit -F arch=b64 -S settimeofday,clock_settime\n", "-a always,exit -F arch=b32 -S settimeofday,clock_settime\n")


@pytest.mark.parametrize(
    ("rules", "native", "other"),
    [
        (IN_64, True, False),
        (IN_32, False, True),
        (IN_64 + IN_32, True, True),
        (IN_64.replace("-F arch=b64 ", ""), True, False),  # a number means another call in the other form
        ("-a always,exit -S all\n", True, True),
        (IN_64 + IN_32.replace("arch=b32", "arch!=b64"), True, True),
        (IN_64 + IN_32.replace("arch=b32", "arch=i386"), True, True),
        ("-a never,exit -F arch=b32 -S all\n" + IN_64 + IN_32, True, False),
        ("-a never,exit -F arch=b64 -S clock_settime\n" + IN_64 + IN_32, False, True),
    ],
)
def test_each_form_of_calls_has_rules_of_its_own(rules: str, native: bool, other: bool) -> None:
    found = auditrules.parse(rules.encode())
    assert (AuditSubject.TIME in found.subjects, AuditSubject.TIME in found.compat_subjects) == (native, other)


def test_a_watch_holds_for_both_forms_and_rules_of_the_other_record_no_use_of_rights() -> None:
    assert auditrules.parse(b"-w /etc -p wa\n").compat_subjects == auditrules.parse(b"-w /etc -p wa\n").subjects
    found = auditrules.parse(b"-a always,exit -F arch=b32 -C euid!=uid -F euid=0 -S execve\n")
    assert (found.subjects, found.compat_subjects) == ((), (AuditSubject.PRIVILEGE_USE,))


def test_audit_rules() -> None:
    found = auditrules.parse(AUDIT)
    assert found.enabled == 2
    assert set(found.subjects) == {
        AuditSubject.IDENTITIES,
        AuditSubject.PRIVILEGE_RULES,
        AuditSubject.PRIVILEGE_USE,
        AuditSubject.TIME,
        AuditSubject.MODULES,
        AuditSubject.LOGINS,
    }


CHRONY = "-a never,exit -F arch=b64 -S adjtimex -F auid=unset -F uid=chrony -F subj_type=chronyd_t\n"
"""As audit's own examples have it (22-ignore-chrony.rules): what a daemon does, and nobody who has logged in."""


@pytest.mark.parametrize(
    ("rules", "subjects"),
    [
        ("-w /etc/passwd -p wa\n-w /etc/group -p wa\n", set()),
        ("-w /etc/passwd -p r\n-w /etc/group -p wa\n-w /etc/shadow -p wa\n-w /etc/gshadow -p wa\n", set()),
        ("-w /etc -p wa\n", {AuditSubject.IDENTITIES, AuditSubject.PRIVILEGE_RULES, AuditSubject.POLICY}),
        ("-a always,exit -F arch=b32 -S settimeofday,clock_settime\n", set()),
        ("-a always,exit -F arch=b64 -S settimeofday,clock_settime -F success=0\n", set()),
        ("-a always,exit -F arch=b64 -S settimeofday,clock_settime\n", {AuditSubject.TIME}),
        ("-a always,exit -F arch=b64 -S settimeofday,clock_settime\n-a never,exit -S clock_settime\n", set()),
        ("-a always,exit -F arch=b64 -S settimeofday,clock_settime\n-D\n", set()),
        ("-a always,exit -F path=/usr/bin/sudo -F perm=x -F auid>=1000 -k p\n", {AuditSubject.PRIVILEGE_USE}),
        ("-w /etc/sudoers -p wa\n-a always,exit -F path=/etc/sudoers.d -F perm=wa -F success=0\n", set()),
        ("-a never,exit -F dir=/etc/\n-w /etc/sudoers -p wa\n-w /etc/sudoers.d -p wa\n", set()),
        ("-a never,exit -F path=/etc/sudoers\n-w /etc -p wa\n", {AuditSubject.IDENTITIES, AuditSubject.POLICY}),
        (CHRONY + "-a always,exit -F arch=b64 -S adjtimex,settimeofday,clock_settime\n", {AuditSubject.TIME}),
        (CHRONY.replace("auid=unset", "auid!=unset") + "-a always,exit -F arch=b64 -S settimeofday,clock_settime\n", set()),
        ("# -w /etc -p wa\n", set()),
        ("-a always,exit -F arch=b64 -S unlink,unlinkat,rename -F auid>=1000 -F auid!=unset\n", {AuditSubject.DELETION}),
    ],
)
def test_what_audit_rules_cover(rules: str, subjects: set[AuditSubject]) -> None:
    assert set(auditrules.parse(rules.encode()).subjects) == subjects


WORDS = """*.*  |auth.* |{|}|(|)|"|if |then |action(|type="omfwd" |@@x|/v|stop|call r|& |:m, x|ruleset(name=|"r"|$IncludeConfig x
|log |source s |filter f |and |not |facility(auth)|;|\\|#|/*"""
PIECES = st.sampled_from(["\n", *WORDS.split("|")])


@given(st.lists(PIECES, max_size=40))
@settings(max_examples=300)
def test_any_pieces_are_read_or_refused(pieces: list[str]) -> None:
    data = "".join(pieces).encode()
    for parse in (rsyslog.parse, syslogng.parse):
        with suppress(NotSyslogConf):
            for action in parse(data, lambda _: [b"*.* /x\n"]).actions:
                assert chosen(action, "auth", "info") in (True, False, None)


@given(st.binary(max_size=300))
@example(b"=")
@settings(max_examples=200)
def test_any_bytes_are_read_or_refused(junk: bytes) -> None:
    for parse in (rsyslog.parse, syslogng.parse):
        with suppress(NotSyslogConf):
            parse(junk)
    with suppress(logrotate.NotLogrotate):
        logrotate.parse(junk)
    with suppress(auditrules.NotAuditRules):
        auditrules.parse(junk)
