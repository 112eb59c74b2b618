"""The collector of SSH servers on small trees: files, the program's own answer, keys."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from scanner.facts.ssh_server import SshKeyFiles, SshServer, SshSetup
from scanner.hosts.linux.ssh_keys import ssh_key_files
from scanner.hosts.linux.ssh_server import ROOT, ssh_server
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.unit.account_trees import NOW, PASSWD, live, run
from tests.unit.host_trees import Machine, age, running

DUMP = (
    "port 22\npermitrootlogin without-password\npasswordauthentication {password}\nciphers a,b\nauthenticationmethods any\nloglevel INFO\n"
)


def ssh(root: Path, config: str, files: Mapping[str, str] = MappingProxyType({})) -> SshServer:
    """The server of a machine with this main file, read from the files."""
    read = Machine(root, False).write({"/usr/sbin/sshd": "OpenSSH_9.9p1", "/etc/ssh/sshd_config": config, **files})
    fact = run(ssh_server, read)
    assert isinstance(fact, SshServer)
    return fact


def first(server: SshServer) -> SshSetup:
    """What holds for everybody."""
    assert not isinstance(server.setups, Unobserved)
    return server.setups[0]


def test_files_alone_give_first_values_defaults_and_blocks(tmp_path: Path) -> None:
    server = ssh(tmp_path, "LoginGraceTime 1m30s\nMaxAuthTries 3\nmaxauthtries 9\nMatch User bob\n PasswordAuthentication no\n")
    assert (server.from_files, server.version, server.applied) == (True, "9.9", None)
    every = first(server)
    assert (every.get("logingracetime"), every.get("maxauthtries"), every.get("permitrootlogin")) == (
        ("90",),
        ("3",),
        ("prohibit-password",),
    )
    assert isinstance(every.get("ciphers"), Unobserved)
    assert not isinstance(server.setups, Unobserved)
    assert [(s.match, s.user, s.get("passwordauthentication")) for s in server.setups[1:]] == [("User bob", "bob", ("no",))]


def test_the_crypto_policy_of_red_hat_9_is_included_and_that_of_8_comes_first(tmp_path: Path) -> None:
    nine = {
        "/etc/ssh/sshd_config.d/50-redhat.conf": "Include /etc/crypto-policies/back-ends/opensshserver.config\nUsePAM yes\n",
        "/etc/crypto-policies/back-ends/opensshserver.config": "Ciphers aes256-gcm@openssh.com\nMACs hmac-sha2-256-etm@openssh.com\n",
    }
    server = ssh(tmp_path / "9", "Include /etc/ssh/sshd_config.d/*.conf\nCiphers 3des-cbc\n", nine)
    assert first(server).get("ciphers") == ("aes256-gcm@openssh.com",)
    assert first(server).get("usepam") == ("yes",)
    # on release 8 the service puts the policy on the command line of sshd, before any file
    eight = {
        "/etc/crypto-policies/back-ends/opensshserver.config": "CRYPTO_POLICY='-oCiphers=aes256-ctr,aes128-ctr -oMACs=hmac-sha2-256'\n"
    }
    server = ssh(tmp_path / "8", "Ciphers 3des-cbc\n", eight)
    assert first(server).get("ciphers") == ("aes256-ctr", "aes128-ctr")
    opted_out = ssh(tmp_path / "8", "Ciphers 3des-cbc\n", {**eight, "/etc/sysconfig/sshd": "CRYPTO_POLICY=\n"})
    assert first(opted_out).get("ciphers") == ("3des-cbc",)
    debian = ssh(tmp_path / "d", "PermitRootLogin no\n", {"/etc/default/ssh": 'SSHD_OPTS="-o PermitRootLogin=yes -p 2222"\n'})
    assert (first(debian).get("permitrootlogin"), first(debian).get("port")) == (("yes",), ("2222",))


def test_includes_that_loop_or_name_directories_by_wildcard_are_no_pass(tmp_path: Path) -> None:
    assert isinstance(ssh(tmp_path / "a", "Include /etc/ssh/sshd_config\n").setups, Unobserved)
    assert isinstance(ssh(tmp_path / "b", "Include /etc/*/x.conf\n").setups, Unobserved)


def test_the_program_wins_and_is_asked_about_every_block(tmp_path: Path) -> None:
    config = (
        "Match Address 192.0.2.0/24\n PasswordAuthentication yes\nMatch Group nobody-has-it\n X11Forwarding yes\nMatch Exec x\n Banner y\n"
    )
    inside = "user=root,host=somewhere.example,addr=192.0.2.1,laddr=192.0.2.1,lport=22"
    said = {"sshd -T": DUMP.format(password="no"), f"sshd -T -C {ROOT}": DUMP.format(password="no")}
    server = live(tmp_path, {**said, f"sshd -T -C {inside}": DUMP.format(password="yes")}, config)
    assert not server.from_files
    assert not isinstance(server.setups, Unobserved)
    assert [(s.match, s.user) for s in server.setups] == [("", ""), ("Address 192.0.2.0/24", "root"), ("Exec x", "")]
    assert server.setups[1].get("passwordauthentication") == ("yes",)
    # a group without members concerns nobody; what cannot be made up stays open
    assert isinstance(server.setups[2].values, Unobserved)
    assert first(server).get("permitrootlogin") == ("prohibit-password",)


def test_without_root_the_newer_question_or_the_files_answer(tmp_path: Path) -> None:
    newer = live(tmp_path, {"sshd -G": DUMP.format(password="no")})
    assert (newer.from_files, first(newer).get("passwordauthentication")) == (False, ("no",))
    files = live(tmp_path, {"sshd -T": ""}, "PasswordAuthentication no\n")
    assert (files.from_files, first(files).get("passwordauthentication")) == (True, ("no",))
    # what only the program can tell is missing for want of rights
    ciphers = first(files).get("ciphers")
    assert isinstance(ciphers, Unobserved)
    assert ciphers.reason is Reason.ACCESS_DENIED


def test_a_file_changed_after_the_server_read_it_is_not_in_force(tmp_path: Path) -> None:
    read = Machine(tmp_path, True)
    fields = "1 (sshd) S " + " ".join(["0"] * 18) + " 100 " + " ".join(["0"] * 20)
    read.write(
        {
            "/usr/sbin/sshd": "x",
            "/etc/ssh/sshd_config": "",
            "/run/sshd.pid": "1\n",
            "/proc/1/stat": fields,
            "/proc/stat": f"btime {NOW - 1000}\n",
        }
    )
    config, pid = tmp_path / "etc/ssh/sshd_config", tmp_path / "run/sshd.pid"
    for changed, written, applied in ((NOW - 5000, NOW - 900, True), (NOW - 100, NOW - 900, False), (NOW - 100, NOW - 50, True)):
        os.utime(config, (changed, changed))
        os.utime(pid, (written, written))
        fact = run(ssh_server, read)
        assert isinstance(fact, SshServer)
        assert (fact.applied, fact.used) == (applied, True)


@pytest.mark.parametrize(
    ("processes", "known"),
    [
        (["/usr/sbin/sshd -D [listener] 0 of 10-100 startups"], True),
        (["/usr/sbin/sshd -D -p 2222 [listener] 0 of 10-100 startups"], True),  # SSHD_OPTS says the same
        (["/usr/sbin/sshd -D -f /etc/ssh/sshd_config [listener] 0 of 10-100 startups"], True),
        (["/usr/sbin/sshd -D -f /srv/own [listener] 0 of 10-100 startups", "audit [priv]"], False),
        (["/usr/sbin/sshd -D [listener] 0 of 10-100 startups", "/usr/sbin/sshd -f /srv/own [listener] 0 of 10-100 startups"], True),
        (["/usr/sbin/sshd -D -oPermitRootLogin=yes [listener] 0 of 10-100 startups"], False),
        (["/usr/sbin/sshd -D -oPermitRootLogin=yes [listener] 0 of 10-100 startups", "/usr/sbin/sshd -T"], False),  # that one is ours
        (["audit [priv]", "audit@pts/0"], True),
    ],
)
def test_a_server_that_was_started_otherwise_is_not_known_by_the_usual_file(tmp_path: Path, processes: list[str], known: bool) -> None:
    said = "".join(f"{number} sshd: {line}\n" for number, line in enumerate(processes, 10))
    read = Machine(tmp_path, True, {"pgrep -a -x sshd": said})
    read.write({"/usr/sbin/sshd": "x", "/etc/ssh/sshd_config": "", "/etc/default/ssh": "SSHD_OPTS='-p 2222'\n"})
    fact = run(ssh_server, read)
    assert isinstance(fact, SshServer)
    assert isinstance(fact.setups, Unobserved) is not known


def test_a_change_behind_a_link_is_seen(tmp_path: Path) -> None:
    read = Machine(tmp_path, True).write({"/usr/sbin/sshd": "x", "/srv/sshd_config": ""})
    (tmp_path / "etc/ssh").mkdir(parents=True)
    (tmp_path / "etc/ssh/sshd_config").symlink_to("/srv/sshd_config")
    running(read, sshd=NOW - 1000)
    for changed, applied in ((NOW - 2000, True), (NOW - 100, False)):
        os.utime(tmp_path / "etc/ssh/sshd_config", (NOW - 2000,) * 2, follow_symlinks=False)
        age(read, "/srv/sshd_config", changed)
        fact = run(ssh_server, read)
        assert isinstance(fact, SshServer)
        assert fact.applied is applied


def test_no_server_is_a_fact(tmp_path: Path) -> None:
    fact = run(ssh_server, Machine(tmp_path).write({"/etc/passwd": PASSWD}))
    assert isinstance(fact, SshServer)
    assert (fact.installed, fact.setups) == (False, ())


def test_key_files_are_found_where_the_settings_say(tmp_path: Path) -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
    read = Machine(tmp_path).write(
        {
            "/etc/passwd": PASSWD,
            "/etc/group": "ssh_keys:x:994:\n",
            "/etc/ssh/ssh_host_rsa_key": "secret",
            "/etc/ssh/sshd_config": "AuthorizedKeysFile /etc/keys/%u .ssh/keys\nMatch User x\n AuthorizedKeysFile /srv/%u\n",
            "/etc/keys/taro": f"{key}\n",
            "/home/hanako/.ssh/keys": f"no-pty {key}\n{key}\n",
        }
    )
    fact = run(ssh_key_files, read)
    assert isinstance(fact, SshKeyFiles)
    assert not isinstance(fact.authorized, Unobserved)
    assert not isinstance(fact.host_keys, Unobserved)
    assert [(f.account, f.path, len(f.writers)) for f in fact.authorized] == [
        ("taro", "/etc/keys/taro", 1),
        ("hanako", "/home/hanako/.ssh/keys", 3),
    ]
    assert [k.path for k in fact.host_keys] == ["/etc/ssh/ssh_host_rsa_key"]
    assert (fact.key_group, fact.elsewhere) == (994, ("/srv/%u",))
