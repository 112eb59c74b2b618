"""Which DMARC record applies to a name, and whether a foreign report address is authorised: RFC 9989 section 4.10 and RFC 9990 section 4.

Pure functions over records that somebody else fetched. Names are A-labels without the ``_dmarc`` label; case and a final dot do not
matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scanner.wire.dmarc import PREFIX, DmarcRecord, Policy, Psd, Reach, Standing, is_dmarc, parse
from scanner.wire.report_uri import ReportUri
from scanner.wire.txt import MAX_RECORDS

MAX_QUERIES = 8
"""Queries of one tree walk, RFC 9989 section 4.10."""
LONGEST_NAME = 253
"""Characters of a name without final dot, RFC 1035 section 2.3.4."""
_LABELS_AFTER_JUMP = MAX_QUERIES - 1


def record_name(domain: str) -> str:
    """The name at which the record of ``domain`` stands: ``_dmarc.<domain>``."""
    return f"{PREFIX}.{_normal(domain)}"


def walk_names(domain: str) -> tuple[str, ...]:
    """The names whose records a tree walk asks for, longest first: the name itself, then from seven labels (or one less) to the top level.

    At most ``MAX_QUERIES``. A walk may stop early, see ``ends_walk``. Labels are not checked: what has no dots is one label.
    """
    name = _normal(domain)
    if not name:
        return ()
    labels = name.split(".")
    below = min(len(labels) - 1, _LABELS_AFTER_JUMP)
    return (name, *(".".join(labels[-count:]) for count in range(below, 0, -1)))


def ends_walk(record: DmarcRecord) -> bool:
    """Tell whether a tree walk stops at this record: it says psd=y or psd=n."""
    return record.psd is not Psd.UNKNOWN


def organizational_domain(start: str, found: Mapping[str, DmarcRecord]) -> str:
    """The organizational domain of ``start``, RFC 9989 section 4.10.2.

    ``found`` maps names (normalised as ``walk_names`` gives them) to the one valid record at each; further names do no harm.
    """
    walked = _walked(start, found)
    if not walked:
        return _normal(start)
    last = walked[-1]
    if found[last].psd is Psd.YES and last != _normal(start):
        return _one_below(last, start)
    return last  # psd=n, or the fewest labels


@dataclass(frozen=True, slots=True)
class AppliedPolicy:
    """The record that receivers apply to a name and what it asks for there.

    ``stated`` is what the tags say, ``effective`` what is left of it with ``t=y`` (RFC 9989) and with tags that are not valid.
    """

    name: str
    record: DmarcRecord
    reach: Reach
    standing: Standing
    stated: Policy
    effective: Policy
    organizational: str


def policy_for(domain: str, found: Mapping[str, DmarcRecord], *, exists: bool) -> AppliedPolicy | None:
    """The record and policy for mail from ``domain``, RFC 9989 section 4.10.1; ``None`` when no record applies.

    Preference: its own record, that of its organizational domain, that of its public suffix domain. ``exists`` is false only where the
    DNS answers NXDOMAIN for ``domain`` (section 3.2, non-existent domains). A record that receivers ignore is given all the same, with
    ``Standing.IGNORED``, so that it can be shown.
    """
    name = _normal(domain)
    organizational = organizational_domain(name, found)
    at = next((n for n in (name, organizational) if n in found), None)
    if at is None:
        walked = _walked(name, found)
        if not walked:
            return None
        at = walked[-1]  # psd=y: its own name is above the organizational domain
    record = found[at]
    reach = Reach.ITSELF if at == name else Reach.SUBDOMAIN if exists else Reach.NONEXISTENT
    return AppliedPolicy(at, record, reach, record.standing, record.stated(reach), record.effective(reach), organizational)


def report_authorisation_name(domain: str, report_host: str) -> str | None:
    """The name whose TXT record lets ``report_host`` take reports about ``domain``; ``None`` when it is longer than a name can be.

    ``domain`` is the name at which the record was found, without ``_dmarc`` (RFC 9990 section 4, steps 2 to 4).
    """
    name = f"{_normal(domain)}._report.{PREFIX}.{_normal(report_host)}"
    return name if len(name) <= LONGEST_NAME else None


@dataclass(frozen=True, slots=True)
class Authorisation:
    """What stands at a report authorisation name.

    ``overrides`` are addresses of the same host that take the place of the published one; ``strays`` those of another host,
    which forbid reports to either address (RFC 9990 section 4).
    """

    granted: bool
    overrides: tuple[ReportUri, ...] = ()
    strays: tuple[ReportUri, ...] = ()


def read_authorisation(records: Iterable[bytes], report_host: str) -> Authorisation:
    """Take the TXT records at a report authorisation name; one that begins with v=DMARC1 is enough, several do no harm."""
    granted = False
    overrides: dict[ReportUri, None] = {}
    strays: dict[ReportUri, None] = {}
    host = _normal(report_host)
    for _, record in zip(range(MAX_RECORDS), records, strict=False):
        if not is_dmarc(record):
            continue
        granted = True
        for uri in parse(record).rua:
            (overrides if uri.host == host else strays)[uri] = None
    return Authorisation(granted and not strays, tuple(overrides), tuple(strays))


def _normal(name: str) -> str:
    return name.lower().removesuffix(".")


def _walked(start: str, found: Mapping[str, DmarcRecord]) -> tuple[str, ...]:
    """The names of a walk from ``start`` that have a record, longest first, up to the one that ends the walk."""
    names: list[str] = []
    for name in walk_names(start):
        record = found.get(name)
        if record is None:
            continue
        names.append(name)
        if ends_walk(record):
            break
    return tuple(names)


def _one_below(name: str, start: str) -> str:
    return ".".join(_normal(start).split(".")[-(name.count(".") + 2) :])
