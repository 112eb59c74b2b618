"""Cases of the checks of how network devices are managed."""

from __future__ import annotations

from scanner.facts.network_device import IdleLimit, ManagementService, PasswordForm, SnmpAccess, SnmpSecurity, StoredPassword
from scanner.facts.readings import Wait
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.network import KEPT, device

UNWRITTEN = Unobserved(Reason.VALUE_NOT_SET, "transport input is not written")
CUT = Unobserved(Reason.UNSUPPORTED, "the password was cut out of the text")
UNCLEAR = device(services=(ManagementService("telnet", "line vty 0 4", UNWRITTEN, False),))
OPEN_SSH = device(services=(ManagementService("ssh", "line vty 0 4", True, False),))
MAYBE_OPEN = device(services=(ManagementService("http", "ip http server", UNWRITTEN, False),))
ZONES = device(services=(ManagementService("ssh", "system services ssh", True, Unobserved(Reason.UNSUPPORTED)),))
CLOSED = device(services=(ManagementService("ssh", "line vty 0 4", False, False),))
COMMUNITY = SnmpAccess("line 40", SnmpSecurity.COMMUNITY, False, False, True)
CASES: dict[str, list[Case]] = {
    "network.management.clear-text": [
        case(KEPT, says="CLEAR_TEXT_OFF"),
        case(
            device(services=(ManagementService("telnet", "line vty 0 4", True, True),)),
            says="CLEAR_TEXT_ON",
            args={"services": ("telnet (line vty 0 4)",)},
        ),
        case(UNCLEAR, outcome="undetermined", reason=Reason.VALUE_NOT_SET),
    ],
    "network.management.limited": [
        case(KEPT, says="MANAGEMENT_LIMITED"),
        case(OPEN_SSH, says="MANAGEMENT_OPEN"),
        case(MAYBE_OPEN, outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(ZONES, outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(CLOSED, says="MANAGEMENT_NONE"),
    ],
    "network.management.ssh-version": [
        case(KEPT, says="SSH_2_ONLY"),
        case(device(ssh_version_1=True), says="SSH_1"),
        case(CLOSED, says="SSH_OFF"),
        case(device(ssh_version_1=UNWRITTEN), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
    ],
    "network.snmp.encrypted": [
        case(KEPT, says="SNMP_ENCRYPTED"),
        case(device(snmp=()), says="SNMP_NONE"),
        case(device(snmp=(), more=CUT), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(device(snmp=(COMMUNITY,)), says="SNMP_COMMUNITY"),
        case(device(snmp=(SnmpAccess("group x", SnmpSecurity.AUTHENTICATED, False, False, True),)), says="SNMP_WEAK"),
    ],
    "network.snmp.community": [
        case(KEPT, says="COMMUNITY_NONE"),
        case(device(snmp=(COMMUNITY,)), says="COMMUNITY_OWN"),
        case(device(snmp=(SnmpAccess("line 40", SnmpSecurity.COMMUNITY, False, True, True),)), says="COMMUNITY_USUAL"),
    ],
    "network.snmp.limited": [
        case(KEPT, says="SNMP_LIMITED"),
        case(device(snmp=()), says="SNMP_NONE"),
        case(device(snmp=(SnmpAccess("line 40", SnmpSecurity.COMMUNITY, True, False, True),)), says="SNMP_WRITES"),
        case(device(snmp=(SnmpAccess("line 40", SnmpSecurity.COMMUNITY, False, False, False),)), says="SNMP_OPEN"),
        case(
            device(snmp=(SnmpAccess("line 40", SnmpSecurity.COMMUNITY, False, False, UNWRITTEN),)),
            outcome="undetermined",
            reason=Reason.VALUE_NOT_SET,
        ),
    ],
    "network.access.central": [
        case(KEPT, says="CENTRAL"),
        case(device(central=()), says="LOCAL_ONLY"),
        case(device(central=UNWRITTEN), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
    ],
    "network.access.passwords": [
        case(KEPT, says="PASSWORDS_HASHED"),
        case(device(passwords=(StoredPassword("line con 0", PasswordForm.REVERSIBLE),)), says="PASSWORDS_READABLE"),
        case(device(passwords=(StoredPassword("enable", PasswordForm.OLD_HASH),)), says="PASSWORDS_OLD_HASH"),
        case(
            device(passwords=(StoredPassword("enable", PasswordForm.PLAIN), StoredPassword("line vty 0 4", PasswordForm.NONE))),
            says="PASSWORD_NOT_ASKED",
            args={"owners": ("line vty 0 4",)},
        ),
        case(device(passwords=(StoredPassword("enable", CUT),)), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(device(passwords=(), more=CUT), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(device(passwords=()), says="PASSWORDS_NONE"),
    ],
    "network.access.lockout": [
        case(KEPT, says="LOCKOUT_ON"),
        case(device(lockout=False), says="LOCKOUT_OFF"),
        case(device(lockout=UNWRITTEN), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
    ],
    "network.access.idle": [
        case(KEPT, says="IDLE_ENDED", args={"seconds": 300}),
        case(device(idle=(IdleLimit("line con 0", Wait(1200)),)), says="IDLE_LATE"),
        case(device(idle=(IdleLimit("line con 0", Wait(1200)),)), with_={"limit": 1800}, says="IDLE_ENDED"),
        case(device(idle=(IdleLimit("line con 0", Wait(None)), IdleLimit("line vty 0 4", Wait(60)))), says="IDLE_NEVER"),
        case(device(idle=()), says="IDLE_NO_SESSIONS"),
        case(device(idle=(IdleLimit("line con 0", UNWRITTEN),)), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
    ],
}
