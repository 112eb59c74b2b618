"""Small languages of a Linux machine: key files, modprobe.d, sysctl.d, udev rules, polkit actions, interfaces, spans of time."""

from __future__ import annotations

import re
import subprocess

import pytest

from scanner.wire import gvariant, ifupdown, keyfile, modprobe, polkit, sysctl, timespan, udevrules


def test_groups_keys_marks_and_repeated_sections_are_kept() -> None:
    held = keyfile.parse(b"top=1\n[A][$i]\n k = v = w \nk[ja]=x\nm[$ei]=$(y)\n# c\nodd\n[B]\nz=1\n[A]\nk=2\n")
    assert [(g.name, g.immutable) for g in held.groups] == [("", False), ("A", True), ("B", False), ("A", False)]
    assert held.last("", "top") == "1"
    assert held.last("A", "k") == "2"
    assert held.last("A", "k[ja]") == "x"
    assert [entry.marks for _, entry in held.entries("A", "m")] == ["ei"]
    assert held.odd_lines == 1
    assert held.last("A", "none") is None


def test_a_continued_line_is_one_line_in_systemds_dialect_only() -> None:
    text = b"[A]\nk=1 \\\n  2\n; note\n"
    assert keyfile.parse(text, comments="#;", continued=True).last("A", "k") == "1    2"
    assert keyfile.parse(text).last("A", "k") == "1 \\"
    # systemd.syntax(7): what is joined is the next line that is no comment
    assert keyfile.parse(b"[A]\nk=1 \\\n # why \\\n; how\n2\nl=3\n", comments="#;", continued=True).last("A", "k") == "1  2"


def test_windows_line_ends_and_a_missing_last_one_do_no_harm() -> None:
    assert keyfile.parse(b"[A]\r\nk=1\r\nl=2").last("A", "l") == "2"


@pytest.mark.parametrize("data", [b"\n" * (keyfile.MOST_LINES + 1), b"x" * (keyfile.LONGEST_LINE + 1)])
def test_files_beyond_the_caps_are_refused(data: bytes) -> None:
    with pytest.raises(keyfile.NotKeyFile):
        keyfile.parse(data)


def test_dash_and_underscore_are_one_name_to_the_kernel() -> None:
    rules = modprobe.parse(
        b"install snd-hda* /bin/true\nblacklist usb-storage\noptions usbcore authorized_default=0 x\n# blacklist uas\n\n"
    )
    assert modprobe.install_command(rules, "snd_hda_intel") == "/bin/true"
    assert modprobe.blacklisted(rules, "usb_storage")
    assert not modprobe.blacklisted(rules, "uas")
    assert modprobe.options(rules, "usbcore") == {"authorized_default": "0", "x": ""}


def test_the_first_install_line_that_fits_is_the_one() -> None:
    rules = modprobe.parse(b"install usb* /bin/true\ninstall usb_storage /bin/false\n")
    assert modprobe.install_command(rules, "usb-storage") == "/bin/true"


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("net.ipv6.conf.eth0.accept_ra", "net/ipv6/conf/eth0/accept_ra"),
        ("net/ipv6/conf/eth0.100/accept_ra", "net/ipv6/conf/eth0.100/accept_ra"),
        ("net.ipv6.conf.eth0/100.accept_ra", "net/ipv6/conf/eth0.100/accept_ra"),
    ],
)
def test_dots_and_slashes_change_places_by_the_first_of_them(written: str, path: str) -> None:
    assert sysctl.path(written) == path


def test_a_pattern_does_not_reach_over_a_slash() -> None:
    (line,) = sysctl.parse(b"net.ipv6.conf.*.accept_ra = 0")
    assert sysctl.covers(line, "net/ipv6/conf/eth0/accept_ra")
    assert not sysctl.covers(line, "net/ipv6/conf/eth0/x/accept_ra")
    assert not sysctl.covers(line, "net/ipv6/conf/accept_ra")


def test_rules_are_split_into_comparisons_and_assignments() -> None:
    (rule,) = udevrules.parse(
        b'# c\nACTION=="add", ATTR{bInterfaceClass}=="08", \\\n  ENV{X}!="1", ATTR{authorized}="0", RUN+="/bin/x \\"y\\""\n'
    )
    assert [(t.key, t.attribute, t.operator, t.value) for t in rule.matches] == [
        ("ACTION", "", "==", "add"),
        ("ATTR", "bInterfaceClass", "==", "08"),
        ("ENV", "X", "!=", "1"),
    ]
    assert [(t.key, t.attribute, t.operator) for t in rule.sets] == [("ATTR", "authorized", "="), ("RUN", "", "+=")]
    assert rule.line == 2
    assert udevrules.parse(b"junk\nA==b\n") == ()


def test_what_an_action_leaves_out_is_no() -> None:
    found = polkit.actions(
        b'<policyconfig><action id="a"><defaults><allow_active> yes </allow_active></defaults></action><action id="b"/></policyconfig>'
    )
    assert found["a"] == polkit.Implicit("no", "no", "yes")
    assert found["b"] == polkit.Implicit("no", "no", "no")


def test_stanzas_carry_their_options() -> None:
    held = ifupdown.parse(
        b"auto lo he6\nallow-hotplug wl0\niface he6 inet6 v4tunnel\n  endpoint \\\n 192.0.2.1\n  # c\n\n  up a\n  up b\nsource x.d/*\nodd\n"
    )
    assert held.starting == {"lo", "he6", "wl0"}
    (stanza,) = held.stanzas
    assert (stanza.name, stanza.family, stanza.method, stanza.line) == ("he6", "inet6", "v4tunnel", 3)
    assert stanza.option("endpoint") == "192.0.2.1"
    assert stanza.option("up") == "b"
    assert held.sources == ("x.d/*",)


@pytest.mark.parametrize("text", ["900", "15min", "1h 30min", "2 h", "1.5h", "infinity", "90s", "1d12h", "500ms", "1w", "3months"])
def test_spans_are_read_as_systemd_reads_them(text: str) -> None:
    said = subprocess.run(
        ["systemd-analyze", "timespan", text], check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL
    ).stdout
    micro = re.search(r"[uμ]s: (\S+)", said)
    if text == "infinity":
        assert timespan.seconds(text) is None
    else:
        assert micro
        assert timespan.seconds(text) == pytest.approx(int(micro[1]) / 1_000_000)


@pytest.mark.parametrize("text", ["", "soon", "5 parsecs", "-5", "1h,", "1" * 300])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(timespan.NotATimespan):
        timespan.seconds(text)


@pytest.mark.parametrize(
    ("text", "value"), [("uint32 300", 300), ("true", True), ("'a b'", "a b"), ('"x"', "x"), ("@u 7", 7), ("0x10", 16), ("-5", -5)]
)
def test_simple_values_of_key_files_are_read(text: str, value: object) -> None:
    assert gvariant.scalar(text) == value


@pytest.mark.parametrize("text", ["", "[1]", "uint32", "nothing", "1.5.2", "'a", "<1>"])
def test_other_values_of_key_files_are_refused(text: str) -> None:
    with pytest.raises(gvariant.NotGVariant):
        gvariant.scalar(text)
