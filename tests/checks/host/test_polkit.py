"""Cases of the check of polkit's rules."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.polkit import Polkit, PolkitGrant
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED

EXEC = PolkitGrant("org.freedesktop.policykit.exec", ("%wheel",), narrowed=False, people=True)
CLOCK = PolkitGrant("org.freedesktop.timedate1.set-time", (), narrowed=False, people=True)


def by(*grants: PolkitGrant, undecided: tuple[str, ...] = ()) -> Polkit:
    """A machine with these grants."""
    return Polkit(True, grants, undecided)


CASES: dict[str, list[Case]] = {
    "host.polkit.password": [
        case(by(), says="POLKIT_ASKS"),
        case(by(CLOCK), says="POLKIT_ASKS"),
        case(by(EXEC), says="POLKIT_FREE", args={"rules": ("%wheel: org.freedesktop.policykit.exec",)}),
        case(by(EXEC, undecided=("/etc/polkit-1/rules.d/x.rules",)), says="POLKIT_FREE"),
        case(by(replace(EXEC, whom=(), action="*")), says="POLKIT_FREE", args={"rules": ("*: *",)}),
        case(by(replace(EXEC, action="org.freedesktop.systemd1.*")), says="POLKIT_FREE"),
        case(by(replace(EXEC, action="org.freedesktop.systemd1.x*")), says="POLKIT_ASKS"),
        case(by(EXEC), says="POLKIT_FREE_ALLOWED", with_={"allowed": ("%wheel",)}),
        case(by(replace(EXEC, people=False)), says="POLKIT_ASKS"),
        case(by(replace(EXEC, people=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(by(replace(EXEC, narrowed=True)), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(by(undecided=("/etc/polkit-1/rules.d/x.rules",)), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(Polkit(True, DENIED, ()), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(Polkit(DENIED, (), ()), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(Polkit(False, (), ()), says="NO_POLKIT"),
    ],
}
