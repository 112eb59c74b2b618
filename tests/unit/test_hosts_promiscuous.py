"""Which interfaces take every frame, and what is known to ask for it, from what ip-link(8) prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scanner.facts.promiscuous import PromiscuousInterfaces
from scanner.hosts.linux.links import LINKS
from scanner.hosts.linux.promiscuous import promiscuous_interfaces
from scanner.model.reason import CannotObserve, Reason
from tests.unit.host_trees import Machine, look, machine, said


def asked(name: str, promiscuity: int, kind: str = "", **more: object) -> dict[str, object]:
    """An interface as ip-link(8) tells of it; ``slave`` and ``data`` go where it has them."""
    info: dict[str, object] = {"info_kind": kind} if kind else {}
    info |= {f"info_{word}": more.pop(name) for name, word in (("slave", "slave_kind"), ("data", "data")) if name in more}
    return {"ifname": name, "promiscuity": promiscuity, **({"linkinfo": info} if info else {}), **more}


def with_links(root: Path, told: object) -> Machine:
    """A machine whose ``ip`` answers so."""
    return machine(root, {}, {said(LINKS.argv): told if isinstance(told, str) else json.dumps(told)})


def seen(root: Path, *told: dict[str, object]) -> dict[str, tuple[str, int, tuple[str, ...]]]:
    """Name → kind, count and causes."""
    fact = look(PromiscuousInterfaces, promiscuous_interfaces, with_links(root, told))
    return {one.name: (one.kind, one.asked, one.causes) for one in fact.interfaces}


def test_ports_of_a_bridge_are_asked_by_it_and_a_program_on_one_shows_in_the_count(tmp_path: Path) -> None:
    ports = [asked("eth0", 2, slave="bridge", master="br0"), asked("veth1", 1, "veth", slave="bridge", master="br0")]
    found = seen(tmp_path, asked("lo", 0), *ports, asked("br0", 0, "bridge"))
    assert found == {"eth0": ("", 2, ("br0",)), "veth1": ("veth", 1, ("br0",))}


def test_what_stands_on_an_interface_asks_for_it_where_it_is_asked_itself(tmp_path: Path) -> None:
    bond = [asked("eth0", 1, slave="bond", master="bond0"), asked("bond0", 1, "bond", slave="bridge", master="br0")]
    assert seen(tmp_path / "a", *bond) == {"eth0": ("", 1, ("bond0",)), "bond0": ("bond", 1, ("br0",))}
    alone = [asked("eth0", 1, slave="bond", master="bond0"), asked("bond0", 0, "bond")]
    assert seen(tmp_path / "b", *alone) == {"eth0": ("", 1, ())}
    vlan = [asked("eth0", 1), asked("eth0.7", 1, "vlan", link="eth0", slave="openvswitch", master="ovs-system")]
    assert seen(tmp_path / "c", *vlan) == {"eth0": ("", 1, ("eth0.7",)), "eth0.7": ("vlan", 1, ("ovs-system",))}
    other = [asked("eth0", 1), asked("eth0.7", 0, "vlan", link="eth0"), asked("m0", 0, "macvlan", link="eth0", data={"mode": "bridge"})]
    assert seen(tmp_path / "d", *other) == {"eth0": ("", 1, ())}
    through = [asked("eth0", 1), asked("m0", 0, "macvtap", link="eth0", data={"mode": "passthru"})]
    assert seen(tmp_path / "e", *through) == {"eth0": ("", 1, ("m0",))}
    routed = [asked("eth0", 1, slave="vrf", master="vrf0"), asked("vrf0", 0, "vrf")]
    assert seen(tmp_path / "f", *routed) == {"eth0": ("", 1, ())}


@pytest.mark.parametrize(
    ("told", "reason"),
    [("", Reason.PROTOCOL_VIOLATION), ("[" * 100_000, Reason.PROTOCOL_VIOLATION), ([{"ifname": "eth0"}], Reason.UNSUPPORTED)],
)
def test_an_ip_that_does_not_tell_leaves_it_open(tmp_path: Path, told: object, reason: Reason) -> None:
    with pytest.raises(CannotObserve) as error:
        promiscuous_interfaces.run(with_links(tmp_path, told))
    assert error.value.reason is reason


def test_an_image_has_no_interfaces_in_use(tmp_path: Path) -> None:
    with pytest.raises(CannotObserve):
        promiscuous_interfaces.run(machine(tmp_path, {}, live=False))
