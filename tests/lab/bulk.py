"""Any number of generated domains d0001.lg.jp … for measurements: a realistic mixture, the same for the same number.

They go through the same table, signing and servers as the others; nothing here is meant to be judged one by one.
"""

from __future__ import annotations

import random

from tests.lab import plan

SEED = 20261122
PROVIDERS = ("cloudmail", "gyomu", "bosai-mail", "newsletter")
SHARED_DOMAINS = {
    f"{name}.or.jp": {
        "fault": "bulk; a provider that generated domains share",
        "records": "\n".join(
            (
                f'_spf TXT "v=spf1 include:_spf1.{name}.or.jp include:_spf2.{name}.or.jp ~all"',
                f'_spf1 TXT "v=spf1 ip4:{plan.ip4("b.0")}/25 ip6:{plan.ip6("b.0")}/64 ~all"',
                f'_spf2 TXT "v=spf1 ip4:{plan.ip4("c.0")}/26 a:mx1.hosting.or.jp ~all"',
                "mx1 A <a4 b.25>",
                "mx1 AAAA <a6 b.25>",
                "mx2 A <a4 c.25>",
                "_25._tcp.mx1 TLSA 3 1 1 <tlsa mx>",
                '*._report._dmarc TXT "v=DMARC1"',
            )
        ),
    }
    for name in PROVIDERS
}


def _spf(rng: random.Random, provider: str) -> str | None:
    end = rng.choices(("-all", "~all", "?all", "+all"), (55, 38, 5, 2))[0]
    parts = [f"include:_spf.{provider}.or.jp"]
    if rng.random() < 0.4:
        parts.append("mx")
    if rng.random() < 0.3:
        parts.append(f"include:_spf.{rng.choice(PROVIDERS)}.or.jp")
    if rng.random() < 0.3:
        parts.append(f"ip4:{plan.ip4(f'a.{rng.randrange(1, 250)}')}")
    if rng.random() < 0.1:
        parts.append("a:www.<self>")
    return None if rng.random() < 0.06 else " ".join(("v=spf1", *parts, end))


def _dmarc(rng: random.Random, provider: str) -> str | None:
    if rng.random() < 0.25:
        return None
    policy = rng.choices(("none", "quarantine", "reject"), (60, 22, 18))[0]
    rua = rng.choice(("mailto:dmarc@<self>", f"mailto:dmarc@{provider}.or.jp", f"mailto:a@<self>,mailto:b@{provider}.or.jp"))
    return f"v=DMARC1; p={policy}; rua={rua}"


def domain(number: int, rng: random.Random) -> dict[str, object]:
    """One entry in the form of the domain table."""
    provider = rng.choice(PROVIDERS)
    lines: list[str] = []
    without = {"s2026._domainkey TXT"}
    own_hosts = rng.random() < 0.35
    if own_hosts:
        place = rng.choice(("b.25", "c.25"))
        lines += ["@ MX 10 mail", f"mail A <a4 {place}>"]
        if rng.random() < 0.5:
            lines.append(f"mail AAAA <a6 {place}>")
    else:
        lines += [f"@ MX 10 mx1.{provider}.or.jp.", f"@ MX 20 mx2.{provider}.or.jp."]
    if (spf := _spf(rng, provider)) is None:
        without.add("@ TXT")
    else:
        lines.append(f'@ TXT "{spf}"')
    lines += [
        f'@ TXT "{site}-verification={rng.getrandbits(128):032x}"' for site in ("site-a", "site-b", "site-c")[: rng.randrange(4)] if spf
    ]
    if (dmarc := _dmarc(rng, provider)) is None:
        without.add("_dmarc TXT")
    else:
        lines.append(f'_dmarc TXT "{dmarc}"')
    selectors = ["selector1"]
    key = rng.choices(("rsa-2048", "rsa-1024", None), (65, 15, 20))[0]
    if key is None:
        without.add("selector1._domainkey TXT")
        selectors = []
    else:
        lines.append(f"selector1._domainkey TXT <dkim {key}>")
    if rng.random() > 0.15:
        without |= {"_mta-sts TXT", "mta-sts A", "mta-sts AAAA"}
    if rng.random() > 0.2:
        without.add("_smtp._tls TXT")
    if rng.random() > 0.2:
        without.add("@ CAA")
    if rng.random() > 0.4:
        without |= {"@ AAAA", "www AAAA"}
    return {
        "fault": f"bulk; generated domain number {number}",
        "records": "\n".join(lines),
        "without": sorted(without),
        "selectors": selectors,
        "dnssec": "kept" if rng.random() < 0.3 else "unsigned",
    }


def entries(count: int) -> dict[str, dict[str, object]]:
    """``count`` domains and the providers they share, in the form of the domain table; empty for 0."""
    rng = random.Random(SEED)
    if count == 0:
        return {}
    made = {f"d{number:04d}.lg.jp": domain(number, rng) for number in range(1, count + 1)}
    return {**{name: dict(entry) for name, entry in SHARED_DOMAINS.items()}, **made}


def names(count: int) -> tuple[str, ...]:
    """The names of the generated domains, without the providers."""
    return tuple(f"d{number:04d}.lg.jp" for number in range(1, count + 1))
