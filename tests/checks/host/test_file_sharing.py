"""Cases of the checks of programs that share files over SMB."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.file_sharing import FileServer, FileShare, FileSharing
from scanner.facts.readings import Audience
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

DENIED = Unobserved(Reason.ACCESS_DENIED)
STALE = Unobserved(Reason.STALE)
SHARE = FileShare("docs", guests=False, encrypted=True, clients=Audience.SOME)
SAMBA = FileServer(
    name="samba",
    running=True,
    starts=True,
    applied=None,
    source="testparm -s -v",
    least_protocol="SMB3_00",
    takes_old_logins=False,
    takes_empty_passwords=False,
    signs=True,
    names_accounts=False,
    clients=Audience.SOME,
    people_share=False,
    shares=(SHARE,),
)


def samba(**changes: object) -> FileSharing:
    """The well kept Samba, with changes."""
    return FileSharing((replace(SAMBA, **changes),))  # type: ignore[arg-type]  # fields of the fact


def share(**changes: object) -> FileSharing:
    """The well kept Samba with a second share, which is changed."""
    return samba(shares=(SHARE, replace(SHARE, name="other", **changes)))  # type: ignore[arg-type]  # fields of the fact


def common(good: str, bad: str, part: str, wrong: object) -> list[Case]:
    """What holds for every check of a part of the program."""
    return [
        case(samba(), says=good),
        case(samba(**{part: wrong}), says=bad),
        case(samba(**{part: wrong}, applied=STALE), says=bad),
        case(samba(**{part: DENIED}), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        *in_use(good),
    ]


def in_use(good: str) -> list[Case]:
    """What holds for every check: the program has to be there, in use, and to go by its files."""
    return [
        case(samba(applied=STALE), outcome="undetermined", reason=Reason.STALE),
        case(samba(running=None, starts=True), says=good),
        case(samba(running=False, starts=False), says="NO_FILE_SERVER"),
        case(samba(running=DENIED, starts=False), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(FileSharing(()), says="NO_FILE_SERVER"),
        case(FileSharing(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ]


LOCAL = samba(clients=Audience.ITSELF)
CASES: dict[str, list[Case]] = {
    "host.shares.protocol": [
        *common("PROTOCOL_NEW", "PROTOCOL_OLD", "least_protocol", "NT1"),
        case(samba(least_protocol="SMB2_02"), says="PROTOCOL_NEW"),
        case(samba(least_protocol="SMB9"), outcome="undetermined", reason=Reason.UNSUPPORTED),
    ],
    "host.shares.logins": common("LOGINS_NEW", "LOGINS_OLD", "takes_old_logins", True),
    "host.shares.empty-passwords": common("EMPTY_REFUSED", "EMPTY_TAKEN", "takes_empty_passwords", True),
    "host.shares.people": common("PEOPLE_BARRED", "PEOPLE_SHARE", "people_share", True),
    "host.shares.signing": common("SIGNING_REQUIRED", "SIGNING_OPTIONAL", "signs", False),
    "host.shares.account-names": common("NAMES_KEPT", "NAMES_TOLD", "names_accounts", True),
    "host.shares.guests": [
        *in_use("GUESTS_REFUSED"),
        case(samba(), says="GUESTS_REFUSED", args={"count": 1}),
        case(share(guests=True), says="GUESTS_ADMITTED", args={"shares": ("other",)}),
        case(share(guests=True, clients=Audience.ITSELF), says="GUESTS_REFUSED"),
        case(share(guests=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(samba(shares=(replace(SHARE, guests=DENIED), replace(SHARE, guests=True))), says="GUESTS_ADMITTED"),
        case(samba(shares=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(samba(shares=()), says="GUESTS_REFUSED"),
        case(LOCAL, says="SHARES_LOCAL"),
    ],
    "host.shares.encryption": [
        *in_use("SHARES_ENCRYPTED"),
        case(samba(), says="SHARES_ENCRYPTED"),
        case(share(encrypted=False), says="SHARES_CLEAR", args={"shares": ("other",)}),
        case(share(encrypted=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(samba(shares=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(samba(shares=()), says="SHARES_NONE"),
        case(LOCAL, says="SHARES_LOCAL"),
    ],
    "host.shares.clients": [
        *in_use("CLIENTS_LIMITED"),
        case(samba(), says="CLIENTS_LIMITED"),
        case(share(clients=Audience.EVERYBODY), says="CLIENTS_ANY", args={"shares": ("other",)}),
        case(samba(clients=Audience.EVERYBODY), says="CLIENTS_LIMITED"),
        case(samba(clients=Audience.EVERYBODY, shares=()), says="CLIENTS_ANY", args={"shares": ("[global]",)}),
        case(samba(clients=Audience.EVERYBODY, shares=DENIED), says="CLIENTS_ANY"),
        case(share(clients=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(samba(clients=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(LOCAL, says="SHARES_LOCAL"),
    ],
}
