"""Cases of the checks of accounts, passwords and the rules for logging in."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.accounts import Account, AccountGroup, Accounts, Password
from scanner.facts.login_rules import Lockout, LoginRules, LoginService, Mask, PasswordRules
from scanner.facts.readings import FileRights
from scanner.facts.sudo import SudoRule, SudoRules
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

DENIED = Unobserved(Reason.ACCESS_DENIED)
UNSUPPORTED = Unobserved(Reason.UNSUPPORTED)

ROOT = Account(
    "root", "0", "0", False, True, "/bin/bash", Password.LOCKED, "", 400, None, False, False, None, FileRights("/root", 0o700, 0, 0), ()
)
TARO = Account(
    "taro",
    "1000",
    "1000",
    True,
    True,
    "/bin/bash",
    Password.SET,
    "yescrypt",
    30,
    None,
    False,
    False,
    3,
    FileRights("/home/taro", 0o700, 1000, 1000),
    (),
)
ADMINISTRATOR = replace(TARO, name="Administrator", number="S-1-5-21-7-8-9-500", group="")
ICHIRO = replace(TARO, name="ichiro", number="S-1-5-21-7-8-9-1001", group="")
DAEMON = Account("daemon", "1", "1", False, False, "/usr/sbin/nologin", Password.NONE, "", None, None, False, False, None, None, ())
ROOT_GROUP, SUDO_GROUP, TARO_GROUP = AccountGroup("root", "0", ()), AccountGroup("sudo", "27", ("taro",)), AccountGroup("taro", "1000", ())


def machine(
    *more: Account,
    groups: tuple[AccountGroup, ...] | Unobserved = (ROOT_GROUP, TARO_GROUP),
    directories: tuple[str, ...] = (),
    hosts: tuple[str, ...] | Unobserved = (),
) -> Accounts:
    """A machine with root, a daemon and others."""
    return Accounts((ROOT, DAEMON, *more), groups, directories, hosts, 400)


def windows(*found: Account, members: tuple[str, ...]) -> Accounts:
    """A Windows machine, whose administrators are these."""
    return Accounts(found, (AccountGroup("管理者", "S-1-5-32-544", members),), (), (), None)


UNREAD = Accounts(DENIED, DENIED, (), DENIED, None)
WITHOUT_SHADOW = machine(replace(TARO, password=DENIED, hash=DENIED, age_days=DENIED, most_days=DENIED, expired=DENIED))
UNSEEN = [
    case(UNREAD, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    case(Unobserved(Reason.TIMEOUT), outcome="undetermined", reason=Reason.TIMEOUT),
]
HIDDEN = [case(WITHOUT_SHADOW, outcome="undetermined", reason=Reason.ACCESS_DENIED)]

LOCK = Lockout(5, 900, 900, True)


def service(name: str = "login", lockout: Lockout | Unobserved | None = LOCK, **changes: bool | Unobserved) -> LoginService:
    """A way in."""
    held = {"empty_password": False, "second_factor": False, "second_alone": False, **changes}
    return LoginService(name, lockout, source=f"/etc/pam.d/{name}", **held)


def rules(*services: LoginService, masks: tuple[Mask, ...] | Unobserved = (), **changes: object) -> LoginRules:
    """The rules of a machine."""
    held = {"become_restricted": True, "most_sessions": 5, "hours": False, **changes}
    return LoginRules(services, masks, **held)  # type: ignore[arg-type]  # the cases name fields


NO_RULES = LoginRules(DENIED, DENIED, DENIED, DENIED, DENIED)
NO_PAM = [case(NO_RULES, outcome="undetermined", reason=Reason.ACCESS_DENIED)]
STRICT = PasswordRules(12, 3, True, True, 5, "yescrypt", 90, 0, 7, "/etc/security/pwquality.conf")
NOTHING = PasswordRules(DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, "/etc/pam.d/passwd")
NO_PASSWORD_RULES = [case(NOTHING, outcome="undetermined", reason=Reason.ACCESS_DENIED)]
ALL_OF_GROUP = SudoRules(True, "1.9.13", (SudoRule(("%sudo",), ("ALL",), ("ALL",), ("ALL",), None),), (), ())
NO_SUDO = SudoRules(False, "", (), (), ())


def mask(bits: int, *, own: bool = False, certain: bool = True) -> Mask:
    """A umask."""
    return Mask(bits, own, certain, "/etc/login.defs UMASK")


CASES: dict[str, list[Case]] = {
    "host.accounts.root": [
        case(machine(TARO), says="ROOT_ONE", args={"names": ("root",)}),
        case(machine(replace(TARO, name="toor", number="0")), says="ROOT_SEVERAL", args={"names": ("root", "toor")}),
        case(Accounts((TARO,), (), (), (), None), says="ROOT_NONE"),
        *UNSEEN,
    ],
    "host.accounts.unique": [
        case(machine(TARO), says="UNIQUE", args={"accounts": 3, "groups": 2}),
        case(machine(TARO, replace(TARO, name="jiro")), says="SHARED", args={"items": ("uid 1000: taro, jiro",)}),
        case(machine(TARO, replace(TARO, number="1001")), says="SHARED", args={"items": ("taro (passwd)",)}),
        case(machine(groups=(ROOT_GROUP, replace(ROOT_GROUP, number="9"))), says="SHARED", args={"items": ("root (group)",)}),
        case(machine(groups=(ROOT_GROUP, AccountGroup("wheel", "0", ()))), says="SHARED", args={"items": ("gid 0: root, wheel",)}),
        case(machine(groups=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(machine(replace(TARO, name="toor", number="0")), says="UNIQUE"),
        *UNSEEN,
    ],
    "host.accounts.empty-password": [
        case(machine(TARO), says="PASSWORD_NOT_EMPTY"),
        case(machine(replace(TARO, password=Password.EMPTY)), says="PASSWORD_EMPTY", args={"names": ("taro",)}),
        case(machine(replace(TARO, password=Password.SET_OR_EMPTY)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        *HIDDEN,
        *UNSEEN,
    ],
    "host.accounts.hash": [
        case(machine(TARO), says="STORED_STRONG", args={"methods": ("yescrypt",)}),
        case(machine(TARO, replace(TARO, name="old", hash="md5")), says="STORED_WEAK", args={"items": ("old (md5)",)}),
        case(machine(replace(TARO, hash="unknown")), says="STORED_WEAK"),
        case(machine(), says="STORED_NONE"),
        *HIDDEN,
        *UNSEEN,
    ],
    "host.accounts.default": [
        case(machine(TARO), says="DEFAULT_NONE"),
        case(machine(replace(TARO, name="test")), says="DEFAULT_OPEN", args={"names": ("test",)}),
        case(machine(replace(TARO, name="pi", password=Password.LOCKED)), says="DEFAULT_CLOSED"),
        case(machine(replace(TARO, name="pi", password=Password.LOCKED, keys=True)), says="DEFAULT_OPEN"),
        case(machine(replace(TARO, name="pi", expired=True)), says="DEFAULT_CLOSED"),
        case(machine(replace(TARO, name="pi", password=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(machine(replace(TARO, name="pi", expired=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(machine(replace(TARO, name="vendor-x")), says="DEFAULT_OPEN", with_={"names": ("vendor-x",)}),
        *UNSEEN,
    ],
    "host.accounts.idle": [
        case(machine(TARO), says="IDLE_NONE"),
        case(machine(replace(TARO, idle_days=91)), says="IDLE_LONG", args={"names": ("taro (91)",)}),
        case(machine(replace(TARO, idle_days=None, age_days=200)), says="IDLE_NEVER"),
        case(machine(replace(TARO, idle_days=None, age_days=10)), says="IDLE_NONE"),
        case(replace(machine(replace(TARO, idle_days=None, age_days=200)), recorded_days=90), says="IDLE_NEVER"),
        *(
            case(
                replace(machine(replace(TARO, idle_days=None, age_days=200)), recorded_days=days),
                outcome="undetermined",
                reason=UNSUPPORTED.reason,
            )
            for days in (89, UNSUPPORTED)
        ),
        case(machine(replace(TARO, idle_days=None, age_days=None)), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(replace(machine(replace(TARO, idle_days=91)), recorded_days=89), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(replace(machine(replace(TARO, idle_days=91)), recorded_days=91), says="IDLE_LONG"),
        case(replace(machine(replace(TARO, idle_days=91)), recorded_days=UNSUPPORTED), says="IDLE_LONG"),
        case(machine(replace(TARO, idle_days=91)), says="IDLE_NONE", with_={"services": ("taro",)}),
        case(machine(replace(TARO, idle_days=91)), says="IDLE_NONE", with_={"limit": 100}),
        case(machine(replace(TARO, idle_days=91, expired=True)), says="IDLE_NONE"),
        # a key may be in use without a terminal, which leaves no record
        case(machine(replace(TARO, idle_days=91, keys=True)), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(machine(replace(TARO, idle_days=UNSUPPORTED)), outcome="undetermined", reason=Reason.UNSUPPORTED),
        *HIDDEN,
        *UNSEEN,
    ],
    "host.accounts.system-shells": [
        case(machine(TARO), says="SHELLS_NONE"),
        case(machine(replace(TARO, name="games", number="5", person=False)), says="SHELLS_OPEN"),
        case(machine(replace(TARO, name="sync", number="4", person=False, password=Password.NONE)), says="SHELLS_WITHOUT_PROOF"),
        case(machine(replace(TARO, name="deploy", number="900", person=False)), says="SHELLS_NONE", with_={"services": ("deploy",)}),
        case(
            machine(replace(TARO, name="x", number="9", person=False, password=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED
        ),
        *UNSEEN,
    ],
    "host.accounts.password-age": [
        case(machine(TARO), says="AGE_UNASKED"),
        case(machine(replace(TARO, most_days=60)), says="AGE_WITHIN", with_={"most": 90}),
        case(machine(replace(TARO, age_days=91, most_days=60)), says="AGE_OVER", with_={"most": 90}),
        case(machine(TARO), says="AGE_UNENFORCED", with_={"most": 90}),
        case(machine(replace(TARO, most_days=120)), says="AGE_UNENFORCED", with_={"most": 90}),
        case(WITHOUT_SHADOW, outcome="undetermined", reason=Reason.ACCESS_DENIED, with_={"most": 90}),
        case(UNREAD, outcome="undetermined", reason=Reason.ACCESS_DENIED, with_={"most": 90}),
    ],
    "host.accounts.homes": [
        case(machine(TARO), says="HOMES_CLOSED", args={"count": 2}),
        case(machine(replace(TARO, home=FileRights("/home/taro", 0o755, 1000, 1000))), says="HOMES_READABLE"),
        case(machine(replace(TARO, home=FileRights("/home/taro", 0o770, 1000, 1000))), says="HOMES_CLOSED"),
        case(
            machine(replace(TARO, home=FileRights("/home/taro", 0o770, 1000, 1000)), replace(TARO, name="jiro", number="1001", home=None)),
            says="HOMES_WRITABLE",
        ),
        case(
            machine(replace(TARO, home=FileRights("/home/taro", 0o750, 1000, 1000)), replace(TARO, name="jiro", number="1001", home=None)),
            says="HOMES_READABLE",
        ),
        case(
            machine(
                replace(TARO, home=FileRights("/home/taro", 0o750, 1000, 100)), groups=(AccountGroup("users", "100", ("taro", "jiro")),)
            ),
            says="HOMES_READABLE",
        ),
        case(
            machine(replace(TARO, home=FileRights("/home/taro", 0o750, 1000, 100)), groups=(AccountGroup("users", "100", ("taro",)),)),
            says="HOMES_CLOSED",
        ),
        case(
            machine(replace(TARO, home=FileRights("/home/taro", 0o750, 1000, 1000)), groups=DENIED),
            outcome="undetermined",
            reason=Reason.ACCESS_DENIED,
        ),
        case(machine(replace(TARO, home=FileRights("/home/taro", 0o777, 1000, 1000))), says="HOMES_WRITABLE"),
        case(machine(replace(TARO, home=FileRights("/home/taro", 0o700, 1001, 1000))), says="HOMES_WRITABLE"),
        case(machine(replace(TARO, home=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        *UNSEEN,
    ],
    "host.accounts.trust-files": [
        case(machine(TARO), says="TRUST_NONE"),
        case(machine(replace(TARO, trusts=(".rhosts",))), says="TRUST_FOUND", args={"paths": ("taro: .rhosts",)}),
        case(machine(hosts=("/etc/hosts.equiv",)), says="TRUST_FOUND"),
        case(machine(replace(TARO, trusts=(".forward",))), says="FORWARD_FOUND"),
        case(machine(replace(TARO, trusts=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        *UNSEEN,
    ],
    "host.accounts.permitted": [
        case(machine(TARO), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(machine(TARO), says="ACCOUNTS_KNOWN", with_={"permitted": ("taro",)}),
        case(machine(TARO), says="ACCOUNTS_UNKNOWN", with_={"permitted": ("hanako",)}, args={"names": ("taro",)}),
        case(machine(TARO), says="ACCOUNTS_KNOWN", with_={"permitted": ("x",), "administrators": ("taro",)}),
        case(machine(TARO), says="ACCOUNTS_KNOWN", with_={"permitted": ("x",), "services": ("taro",)}),
        case(machine(TARO, directories=("sss",)), outcome="undetermined", reason=Reason.UNSUPPORTED, with_={"permitted": ("taro",)}),
        case(WITHOUT_SHADOW, outcome="undetermined", reason=Reason.ACCESS_DENIED, with_={"permitted": ("taro",)}),
        *UNSEEN,
    ],
    "host.accounts.administrators": [
        # Windows: groups by SID; the built-in administrator is the machine's own, a closed account is nobody
        case(
            windows(ADMINISTRATOR, ICHIRO, members=("Administrator", "ichiro", "S-1-5-21-1-1-1-512")),
            Unobserved(Reason.OTHER_PLATFORM),
            says="ADMINISTRATORS_UNKNOWN",
            with_={"administrators": ("ichiro",)},
            args={"names": ("S-1-5-21-1-1-1-512 (管理者)",)},
        ),
        case(
            windows(
                ADMINISTRATOR, ICHIRO, replace(ICHIRO, name="old", password=Password.LOCKED), members=("Administrator", "ichiro", "old")
            ),
            Unobserved(Reason.OTHER_PLATFORM),
            says="ADMINISTRATORS_KNOWN",
            with_={"administrators": ("ichiro",)},
        ),
        case(machine(TARO), NO_SUDO, outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(machine(TARO, groups=(SUDO_GROUP,)), NO_SUDO, says="ADMINISTRATORS_KNOWN", with_={"administrators": ("taro",)}),
        case(
            machine(TARO, groups=(SUDO_GROUP,)),
            NO_SUDO,
            says="ADMINISTRATORS_UNKNOWN",
            with_={"administrators": ("hanako",)},
            args={"names": ("taro (sudo)",)},
        ),
        case(
            machine(TARO, groups=(TARO_GROUP,)),
            SudoRules(True, "1.9", (SudoRule(("taro",), ("ALL",), ("root",), ("ALL",), None),), (), ()),
            says="ADMINISTRATORS_UNKNOWN",
            with_={"administrators": ("hanako",)},
            args={"names": ("taro (sudoers)",)},
        ),
        case(
            machine(TARO),
            SudoRules(True, "1.9", (SudoRule(("ALL",), ("ALL",), ("ALL",), ("ALL",), None),), (), ()),
            says="ADMINISTRATORS_UNKNOWN",
            with_={"administrators": ("root",)},
        ),
        case(
            machine(replace(TARO, group="27"), groups=(AccountGroup("wheel", "27", ()),)),
            ALL_OF_GROUP,
            says="ADMINISTRATORS_UNKNOWN",
            with_={"administrators": ("x",)},
        ),
        *(
            case(
                machine(TARO, groups=(AccountGroup("team", "50", ("taro",)),)),
                SudoRules(True, "1.9", (SudoRule((who,), ("ALL",), ("root",), ("ALL",), None),), (), ()),
                says="ADMINISTRATORS_UNKNOWN",
                with_={"administrators": ("hanako",)},
                args={"names": ("taro (sudoers)",)},
            )
            for who in ("#1000", "%#1000", "%#50", "%team")
        ),
        case(
            machine(TARO),
            SudoRules(True, "1.9", (), (), (), ("ldap",)),
            outcome="undetermined",
            reason=Reason.UNSUPPORTED,
            with_={"administrators": ("taro",)},
        ),
        case(machine(TARO), DENIED, outcome="undetermined", reason=Reason.ACCESS_DENIED, with_={"administrators": ("taro",)}),
        case(
            machine(TARO),
            SudoRules(True, "1.9", DENIED, DENIED, DENIED),
            outcome="undetermined",
            reason=Reason.ACCESS_DENIED,
            with_={"administrators": ("taro",)},
        ),
        case(UNREAD, NO_SUDO, outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(machine(groups=DENIED), NO_SUDO, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.accounts.root-password": [
        case(machine(), says="ROOT_LOCKED"),
        case(Accounts((replace(ROOT, password=Password.SET),), (), (), (), None), says="ROOT_OPEN"),
        case(Accounts((replace(ROOT, password=DENIED),), (), (), (), None), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(Accounts((TARO,), (), (), (), None), says="ROOT_ABSENT"),
        *UNSEEN,
    ],
    "host.login.lockout": [
        case(rules(service()), says="LOCKOUT_WITHIN", args={"found": 5, "within": 900}),
        case(rules(service(lockout=Lockout(5, 900, 0, True))), says="LOCKOUT_SET", args={"found": 5}),
        case(rules(service(lockout=None)), says="LOCKOUT_NONE"),
        case(rules(service(lockout=Lockout(0, 600, 900, False))), says="LOCKOUT_NONE"),
        case(rules(service(lockout=Lockout(10, 600, 900, False))), says="LOCKOUT_LATE"),
        case(rules(service(lockout=Lockout(5, 60, 900, False))), says="LOCKOUT_SHORT"),
        case(rules(service(lockout=Lockout(5, None, 900, False))), says="LOCKOUT_WITHIN"),
        case(rules(service(lockout=Lockout(50, None, 900, DENIED))), says="LOCKOUT_LATE"),
        case(rules(service(), service("sshd", None)), says="LOCKOUT_NONE", args={"services": ("sshd",)}),
        case(rules(service(), service("su", None)), says="LOCKOUT_WITHIN"),
        case(rules(service(lockout=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(rules(), outcome="undetermined", reason=Reason.UNSUPPORTED),
        *NO_PAM,
    ],
    "host.login.lockout-administrator": [
        case(rules(service()), says="ADMINISTRATOR_LOCKED"),
        case(rules(service(lockout=Lockout(5, 600, 900, False))), says="ADMINISTRATOR_EXEMPT"),
        case(rules(service(lockout=Lockout(5, 600, 900, DENIED))), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(rules(service(lockout=None)), says="LOCKOUT_ABSENT"),
        case(rules(service(lockout=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        *NO_PAM,
    ],
    "host.login.empty-password": [
        case(rules(service()), says="EMPTY_REFUSED"),
        case(rules(service(), service("sudo", empty_password=True)), says="EMPTY_ACCEPTED", args={"services": ("sudo",)}),
        case(rules(service(empty_password=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        *NO_PAM,
    ],
    "host.login.second-factor": [
        case(rules(service()), says="FACTOR_ONE"),
        case(rules(service(second_factor=True)), says="FACTOR_TWO"),
        case(rules(service(second_factor=True, second_alone=True)), says="FACTOR_OTHER"),
        case(rules(service(second_factor=True), service("sshd")), says="FACTOR_TWO"),
        case(rules(service(second_factor=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(rules(service("sshd")), outcome="undetermined", reason=Reason.UNSUPPORTED),
        *NO_PAM,
    ],
    "host.login.become": [
        case(rules(), says="BECOME_RESTRICTED"),
        case(rules(become_restricted=False), says="BECOME_ANYBODY"),
        case(rules(become_restricted=None), says="BECOME_ABSENT"),
        *NO_PAM,
    ],
    "host.login.umask": [
        case(rules(masks=(mask(0o027),)), says="MASK_TIGHT", args={"found": "027"}),
        case(rules(masks=(mask(0o077),)), says="MASK_TIGHT"),
        case(rules(masks=(mask(0o022),)), says="MASK_LOOSE", args={"found": "022"}),
        case(rules(masks=(mask(0o022),)), says="MASK_TIGHT", with_={"mask": "022"}),
        case(rules(masks=(mask(0o007, own=True),)), says="MASK_TIGHT"),
        case(rules(masks=(mask(0o002, own=True),)), says="MASK_LOOSE"),
        case(rules(masks=(mask(0o027), mask(0o002, certain=False))), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(rules(masks=(mask(0o022), mask(0o002, certain=False))), says="MASK_LOOSE"),
        *NO_PAM,
    ],
    "host.login.sessions": [
        case(rules(), says="SESSIONS_FEW", args={"found": 5}),
        case(rules(most_sessions=20), says="SESSIONS_MANY"),
        case(rules(most_sessions=None), says="SESSIONS_ENDLESS"),
        *NO_PAM,
    ],
    "host.login.hours": [case(rules(hours=True), says="HOURS_SET"), case(rules(), says="HOURS_ANY"), *NO_PAM],
    "host.password.length": [
        case(STRICT, says="LENGTH_ENOUGH", args={"found": 12}),
        case(replace(STRICT, least_length=8), says="LENGTH_SHORT", args={"found": 8, "least": 10}),
        case(replace(STRICT, least_length=8), says="LENGTH_ENOUGH", with_={"least": 8}),
        case(replace(STRICT, least_length=None), says="LENGTH_FREE"),
        *NO_PASSWORD_RULES,
    ],
    "host.password.classes": [
        case(STRICT, says="CLASSES_ENOUGH"),
        case(replace(STRICT, least_classes=2), says="CLASSES_FEW"),
        case(replace(STRICT, least_classes=None), says="CLASSES_FREE"),
        case(replace(STRICT, least_classes=None), says="CLASSES_ENOUGH", with_={"least": 0}),
        *NO_PASSWORD_RULES,
    ],
    "host.password.guessable": [
        case(STRICT, says="DICTIONARY_USED"),
        case(replace(STRICT, dictionary=False), says="DICTIONARY_UNUSED"),
        *NO_PASSWORD_RULES,
    ],
    "host.password.administrator": [
        case(STRICT, says="ADMINISTRATOR_BOUND"),
        case(replace(STRICT, administrators=False), says="ADMINISTRATOR_FREE"),
        *NO_PASSWORD_RULES,
    ],
    "host.password.history": [
        case(STRICT, says="HISTORY_KEPT"),
        case(replace(STRICT, history=3), says="HISTORY_SHORT"),
        case(replace(STRICT, history=None), says="HISTORY_NONE"),
        *NO_PASSWORD_RULES,
    ],
    "host.password.hash": [
        case(STRICT, says="HASH_STRONG", args={"method": "yescrypt"}),
        case(replace(STRICT, hash="md5"), says="HASH_WEAK"),
        case(replace(STRICT, hash="rot13"), outcome="undetermined", reason=Reason.UNSUPPORTED),
        *NO_PASSWORD_RULES,
    ],
    "host.password.days": [
        case(STRICT, says="DAYS_UNASKED"),
        case(STRICT, says="DAYS_SET", with_={"most": 90}),
        case(STRICT, says="DAYS_LONG", with_={"most": 60}),
        case(replace(STRICT, most_days=None), says="DAYS_ENDLESS", with_={"most": 90}),
        case(NOTHING, outcome="undetermined", reason=Reason.ACCESS_DENIED, with_={"most": 90}),
    ],
    "host.password.warning": [
        case(STRICT, says="WARNING_UNASKED"),
        case(STRICT, says="WARNING_GIVEN", with_={"most": 90}, args={"found": 7}),
        case(STRICT, says="WARNING_LATE", with_={"most": 90, "least": 14}),
        case(replace(STRICT, warn_days=None), says="WARNING_NONE", with_={"most": 90}),
        case(replace(STRICT, warn_days=0), says="WARNING_NONE", with_={"most": 90}),
        case(NOTHING, outcome="undetermined", reason=Reason.ACCESS_DENIED, with_={"most": 90}),
    ],
}
