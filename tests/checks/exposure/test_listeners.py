"""Cases of the checks of what listens at TCP ports."""

from __future__ import annotations

from scanner.facts.exposure import Speaks, Trait
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.exposure_hosts import INSIDE, NOWHERE, OUTSIDE, answered, answers, host

RESET = Unobserved(Reason.RESET, "closed at once")
UNSEEN = host(unseen=True)


def _reached(port: int, speaks: Speaks) -> list[Case]:
    """The cases of a check that asks whether something is reached from outside."""
    found = host((port, speaks))
    return [
        case(found, OUTSIDE, says="REACHED_OUTSIDE"),
        case(found, INSIDE, says="REACHED_INSIDE"),
        case(found, NOWHERE, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(host((port, RESET)), OUTSIDE, says="REACHED_OUTSIDE"),
        case(host((65000, Speaks.UNKNOWN), (port, Speaks.SSH)), OUTSIDE, says="NOT_REACHED"),
        case(UNSEEN, OUTSIDE, outcome="undetermined", reason=Reason.TIMEOUT),
        case(host(left_out=3), INSIDE, outcome="undetermined", reason=Reason.BUDGET_SPENT),
    ]


def _one(port: int, speaks: Speaks, bad: tuple[Trait, str], good: tuple[Trait, str], none: str) -> list[Case]:
    """The cases of a check that asks how one protocol is served."""
    return [
        case(host((port, speaks, (bad[0],))), says=bad[1]),
        case(host((port, speaks, (good[0],))), says=good[1]),
        case(host((port, speaks, (good[0],)), (65001, speaks, (bad[0],))), says=bad[1]),
        case(host((22, Speaks.SSH)), says=none),
        case(host((port, RESET)), outcome="undetermined", reason=Reason.RESET),
        case(host((port, Speaks.UNKNOWN)), outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(UNSEEN, outcome="undetermined", reason=Reason.TIMEOUT),
    ]


CLEAR, TLS, FREE, ASKS = Trait.NO_TLS, Trait.TLS, Trait.NO_LOGIN, Trait.LOGIN

CASES: dict[str, list[Case]] = {
    "exposure.database.outside": _reached(6379, Speaks.REDIS),
    "exposure.directory.outside": _reached(389, Speaks.LDAP),
    "exposure.files.outside": _reached(873, Speaks.RSYNC),
    "exposure.smb.outside": _reached(445, Speaks.SMB),
    "exposure.management.outside": _reached(3389, Speaks.RDP),
    "exposure.management.smart-install": _reached(4786, Speaks.UNKNOWN),
    "exposure.printer.outside": _reached(631, Speaks.IPP),
    "exposure.camera.outside": _reached(554, Speaks.RTSP),
    "exposure.control.outside": _reached(502, Speaks.UNKNOWN),
    "exposure.tunnel.pptp": _reached(1723, Speaks.UNKNOWN),
    "exposure.clear-text.telnet": [
        case(host((2323, Speaks.TELNET)), says="TELNET_SERVED", args={"services": ("192.0.2.1 2323 (telnet (alternative))",)}),
        case(host((22, Speaks.SSH)), says="TELNET_NONE"),
        case(host((23, Speaks.UNKNOWN)), outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(UNSEEN, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "exposure.clear-text.ftp": [
        *_one(21, Speaks.FTP, (CLEAR, "FTP_CLEAR"), (TLS, "FTP_TLS"), "FTP_NONE"),
        case(host((21, Speaks.FTP)), outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
    ],
    "exposure.clear-text.r-commands": [
        case(host((513, Speaks.UNKNOWN)), says="R_OPEN"),
        case(host((515, Speaks.UNKNOWN)), says="R_NONE"),
        case(host((514, RESET)), outcome="undetermined", reason=Reason.RESET),
    ],
    "exposure.clear-text.ldap": _one(389, Speaks.LDAP, (CLEAR, "LDAP_CLEAR"), (TLS, "LDAP_TLS"), "LDAP_NONE"),
    "exposure.clear-text.tftp": [
        case(answers((Speaks.TFTP, answered())), says="TFTP_SERVED"),
        case(answers((Speaks.TFTP, None)), says="TFTP_NONE"),
        case(answers((Speaks.TFTP, Unobserved(Reason.TIMEOUT))), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "exposure.clear-text.device-page": [
        case(host((80, Speaks.HTTP, (Trait.DEVICE,))), says="DEVICE_CLEAR"),
        case(host((80, Speaks.HTTP)), says="PAGE_OTHER"),
        case(host((8443, Speaks.HTTP, (Trait.DEVICE, Trait.TLS))), says="PAGE_OTHER"),
        case(host((22, Speaks.SSH)), says="DEVICE_NONE"),
    ],
    "exposure.database.no-login": [
        *_one(6379, Speaks.REDIS, (FREE, "DATA_NO_LOGIN"), (ASKS, "DATA_LOGIN"), "DATA_NONE"),
        case(host((27017, Speaks.MONGODB)), outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
    ],
    "exposure.database.tls": _one(5432, Speaks.POSTGRESQL, (CLEAR, "DATA_CLEAR"), (TLS, "DATA_TLS"), "DATA_NONE"),
    "exposure.files.rsync": [
        case(host((873, Speaks.RSYNC, (Trait.MODULES,))), says="RSYNC_LISTED"),
        case(host((873, Speaks.RSYNC)), says="RSYNC_HIDDEN"),
        case(host(), says="RSYNC_NONE"),
    ],
    "exposure.smb.version": _one(445, Speaks.SMB, (Trait.SMB1, "SMB1_TAKEN"), (Trait.NO_SMB1, "SMB1_REFUSED"), "SMB_NONE"),
    "exposure.smb.signing": _one(
        445, Speaks.SMB, (Trait.SIGNING_OPTIONAL, "SIGNING_OPTIONAL"), (Trait.SIGNING_REQUIRED, "SIGNING_REQUIRED"), "SMB_NONE"
    ),
    "exposure.rdp.nla": _one(3389, Speaks.RDP, (Trait.WITHOUT_NLA, "RDP_WITHOUT_NLA"), (Trait.NLA, "RDP_NLA"), "RDP_NONE"),
    "exposure.vnc.no-login": _one(5900, Speaks.VNC, (FREE, "VNC_NO_LOGIN"), (ASKS, "VNC_LOGIN"), "VNC_NONE"),
    "exposure.camera.no-login": _one(554, Speaks.RTSP, (FREE, "STREAM_NO_LOGIN"), (ASKS, "STREAM_LOGIN"), "STREAM_NONE"),
    "exposure.management.no-login": _one(2375, Speaks.DOCKER, (FREE, "CONTROL_NO_LOGIN"), (ASKS, "CONTROL_LOGIN"), "CONTROL_NONE"),
    "exposure.management.web": [
        case(host((80, Speaks.HTTP, (Trait.DEVICE,))), OUTSIDE, says="PAGE_OUTSIDE"),
        case(host((80, Speaks.HTTP, (Trait.DEVICE,))), INSIDE, says="PAGE_INSIDE"),
        case(host((80, Speaks.HTTP, (Trait.DEVICE,))), NOWHERE, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(host((80, Speaks.HTTP)), OUTSIDE, says="PAGE_OTHER"),
        case(host((8443, Speaks.HTTP, (Trait.DEVICE, Trait.TLS))), OUTSIDE, says="PAGE_OUTSIDE"),
        case(host((443, RESET)), OUTSIDE, outcome="undetermined", reason=Reason.RESET),
        case(host((22, Speaks.SSH)), OUTSIDE, says="PAGE_NONE"),
    ],
    "exposure.proxy.open": [
        case(host((3128, Speaks.PROXY, (Trait.FORWARDS,))), OUTSIDE, says="PROXY_OPEN"),
        case(host((1080, Speaks.SOCKS, (Trait.NO_LOGIN, Trait.FORWARDS))), INSIDE, says="PROXY_INSIDE"),
        case(host((1080, Speaks.SOCKS, (Trait.FORWARDS,))), NOWHERE, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(host((3128, Speaks.PROXY)), OUTSIDE, says="PROXY_REFUSED"),
        case(host((8080, Speaks.HTTP)), OUTSIDE, says="PROXY_NONE"),
    ],
}
