"""Cases of the checks of directory servers by their own configuration."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.directory_configuration import Directory, DirectoryConfiguration, DirectoryServer, Policy, RootPassword, Shown
from scanner.facts.readings import Audience, FileRights
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

DENIED = Unobserved(Reason.ACCESS_DENIED)
STALE = Unobserved(Reason.STALE)
TOWN = Directory("dc=town,dc=example", Shown.NOTHING, Shown.NOTHING, Policy.DEFAULT)
SLAPD = DirectoryServer(
    name="openldap",
    running=True,
    starts=True,
    applied=None,
    source="/etc/ldap/slapd.d",
    listens=Audience.EVERYBODY,
    tls=True,
    clear_passwords=False,
    directories=(TOWN,),
    root_passwords=(RootPassword("dc=town,dc=example", "ARGON2"),),
    password_forms=("ARGON2",),
    logs=True,
    account="openldap",
    data=(FileRights("/var/lib/ldap", 0o755, 104, 112), FileRights("/var/lib/ldap/data.mdb", 0o600, 104, 112)),
)


def slapd(**changes: object) -> DirectoryConfiguration:
    """The well kept server, with changes."""
    return DirectoryConfiguration((replace(SLAPD, **changes),))  # type: ignore[arg-type]  # fields of the fact


def town(**changes: object) -> DirectoryConfiguration:
    """The well kept server, its directory changed."""
    return slapd(directories=(TOWN, replace(TOWN, **changes)))  # type: ignore[arg-type]  # fields of the fact


def common(good: str, bad: DirectoryConfiguration, wrong: str) -> list[Case]:
    """What holds for every check."""
    assert not isinstance(bad.servers, Unobserved)
    return [
        case(slapd(), says=good),
        case(bad, says=wrong),
        case(DirectoryConfiguration((replace(bad.servers[0], applied=STALE),)), says=wrong),
        case(slapd(applied=STALE), outcome="undetermined", reason=Reason.STALE),
        case(slapd(running=False), says=good),
        case(slapd(running=False, starts=False), says="NO_DIRECTORY"),
        case(DirectoryConfiguration(()), says="NO_DIRECTORY"),
        case(DirectoryConfiguration(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ]


def of_directories(part: str) -> list[Case]:
    """What holds for every check that looks at each directory."""
    return [
        case(slapd(directories=()), says="NO_DATA"),
        case(slapd(directories=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        *([case(town(**{part: DENIED}), outcome="undetermined", reason=Reason.ACCESS_DENIED)] if part else []),
    ]


def at_root(form: str) -> DirectoryConfiguration:
    """The administrator's password in another form."""
    return slapd(root_passwords=(RootPassword("config", form),))


CASES: dict[str, list[Case]] = {
    "host.directory.anonymous": [
        *common("ANONYMOUS_NOTHING", town(anonymous=Shown.ALL), "ANONYMOUS_READS"),
        case(town(anonymous=Shown.SOME), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(
            slapd(directories=(replace(TOWN, anonymous=DENIED), replace(TOWN, anonymous=Shown.ALL))),
            says="ANONYMOUS_READS",
            args={"suffixes": ("dc=town,dc=example",)},
        ),
        *of_directories("anonymous"),
    ],
    "host.directory.password-attribute": [
        *common("PASSWORDS_HIDDEN", town(passwords=Shown.ALL), "PASSWORDS_SHOWN"),
        case(town(passwords=Shown.SOME), outcome="undetermined", reason=Reason.UNSUPPORTED),
        *of_directories("passwords"),
    ],
    "host.directory.encryption": [
        *common("BINDS_ENCRYPTED", slapd(clear_passwords=True), "BINDS_CLEAR"),
        case(slapd(clear_passwords=True, tls=False), says="ENCRYPTION_OFF"),
        case(slapd(clear_passwords=True, tls=DENIED), says="BINDS_CLEAR"),
        case(slapd(clear_passwords=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(slapd(clear_passwords=True, listens=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(slapd(listens=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(slapd(clear_passwords=True, listens=Audience.ITSELF), says="LOCAL_ONLY"),
        case(slapd(listens=Audience.NOBODY), says="LOCAL_ONLY"),
    ],
    "host.directory.root-password": [
        *common("ROOT_PASSWORD_HASHED", at_root("CLEARTEXT"), "ROOT_PASSWORD_CLEAR"),
        case(at_root("SSHA"), says="ROOT_PASSWORD_WEAK", args={"forms": ("SSHA",)}),
        case(at_root("CRYPT DES"), says="ROOT_PASSWORD_WEAK"),
        case(at_root("CRYPT $6$"), says="ROOT_PASSWORD_HASHED"),
        case(at_root("ROT13"), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(slapd(root_passwords=()), says="ROOT_PASSWORD_NONE"),
        case(slapd(root_passwords=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.directory.password-hash": [
        *common("HASH_STRONG", slapd(password_forms=("SSHA",)), "HASH_WEAK"),
        case(slapd(password_forms=("ARGON2", "CLEARTEXT")), says="HASH_WEAK", args={"forms": ("CLEARTEXT",)}),
        case(slapd(password_forms=("OWN",)), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(slapd(password_forms=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.directory.password-policy": [
        *common("POLICY_ON", town(policy=Policy.NONE), "POLICY_OFF"),
        case(town(policy=Policy.BY_ENTRY), outcome="undetermined", reason=Reason.UNSUPPORTED),
        *of_directories(""),
    ],
    "host.directory.log": [
        *common("OPERATIONS_LOGGED", slapd(logs=False), "OPERATIONS_UNLOGGED"),
        case(slapd(logs=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.directory.account": [
        *common("ACCOUNT_OWN", slapd(account="root"), "ACCOUNT_ROOT"),
        case(slapd(account=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.directory.data-rights": [
        *common("DATA_CLOSED", slapd(data=(FileRights("/var/lib/ldap", 0o777, 104, 112),)), "DATA_OPEN"),
        case(slapd(data=(FileRights("/var/lib/ldap/data.mdb", 0o644, 104, 112),)), says="DATA_OPEN"),
        case(slapd(data=(FileRights("/etc/ldap/slapd.conf", 0o644, 0, 0),)), says="DATA_OPEN"),
        case(slapd(data=(FileRights("/etc/ldap/slapd.conf", 0o640, 0, 112),)), says="DATA_CLOSED"),
        case(slapd(data=()), says="NO_DATA"),
        case(slapd(data=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}
