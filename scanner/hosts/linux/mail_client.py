"""The collector for mail programs on Linux: Thunderbird by policy and by its users' settings; others are named only."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from scanner.facts.mail_client import MailClient, MailClients, MailSetting
from scanner.hosts.base import Files, Names, Reader, collector
from scanner.hosts.linux.base import accounts, exists, parsed, seen
from scanner.hosts.linux.reads import ACCOUNTS
from scanner.hosts.own_files import MOST, own_files
from scanner.hosts.seeing import parse_json
from scanner.hosts.thunderbird import THUNDERBIRD, clients, collapsed
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason
from scanner.wire import prefs

PROGRAMS: Final = ("/usr/bin/thunderbird", "/usr/local/bin/thunderbird", "/opt/thunderbird/thunderbird", "/snap/bin/thunderbird")
POLICIES: Final = (
    "/etc/thunderbird/policies/policies.json",
    *(f"{home}/distribution/policies.json" for home in ("/usr/lib/thunderbird", "/usr/lib64/thunderbird", "/opt/thunderbird")),
)
OWN: Final = (".thunderbird", "snap/thunderbird/common/.thunderbird")
OTHERS: Final = {
    "evolution": "/usr/bin/evolution",
    "kmail": "/usr/bin/kmail",
    "claws-mail": "/usr/bin/claws-mail",
    "geary": "/usr/bin/geary",
    "thunderbird (Flatpak)": "/var/lib/flatpak/app/org.mozilla.Thunderbird",
}


@collector(
    Platform.LINUX,
    *ACCOUNTS,
    *(Names(path) for path in (*PROGRAMS, *OTHERS.values())),
    *(Files(path) for path in POLICIES),
    *(Files(f"/home/*/{place}/*/{file}", limit=MOST, root=True) for place in OWN for file in ("prefs.js", "user.js", "xulstore.json")),
)
def mail_clients(read: Reader) -> MailClients:
    """See which mail programs are installed and how they show mail."""
    found: list[MailClient] = []
    if exists(read, *PROGRAMS):
        own = own_files(read, accounts, OWN, ("prefs.js", "user.js"), prefs.parse)
        panes = own_files(read, accounts, OWN, ("xulstore.json",), lambda data: collapsed(parse_json(data)))
        found += clients(_policies(read), own, panes)
    why = MailSetting(Unobserved(Reason.UNSUPPORTED, "settings of this program are not read"), Unobserved(Reason.UNSUPPORTED))
    found += [MailClient(name, "", why, why, why, why) for name, path in OTHERS.items() if exists(read, path)]
    return MailClients(tuple(found))


def _policies(read: Reader) -> Mapping[str, object] | Unobserved:
    for path in POLICIES:
        data = seen(partial(read.file, path))
        if isinstance(data, Unobserved):
            return data
        if data is not None:
            held = parsed(path, data, parse_json)
            policies = held.get("policies") if isinstance(held, Mapping) else held
            read.keep(path, f"policies of {THUNDERBIRD}")
            return policies if isinstance(policies, (Mapping, Unobserved)) else {}
    return {}
