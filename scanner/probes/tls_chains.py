"""What a survey's answers have shown of certificates and of finite-field parameters, put into the form of the facts. No network."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from scanner.facts.tls import ChainSeen, DhParameters
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.probes.tls_search import suite_of
from scanner.probes.tls_values import VERSIONS, Book, Chosen, Offer
from scanner.wire.tls.dh import study
from scanner.wire.tls.names import SSL2, TLS13
from scanner.wire.tls.schemes import SCHEMES
from scanner.wire.x509 import Roots, ocsp_scts, path, scts, seen, staple

MOST_CHAINS = 12

_KINDS = {"RSA": "RSA", "RSA-PSS": "RSA", "ECDSA": "ECDSA", "Ed25519": "EdDSA", "Ed448": "EdDSA"}


def kind_of(answer: Chosen) -> str:
    """The kind of key that the handshake was about: RSA, ECDSA, EdDSA, or ``any`` where suite and signature leave it open."""
    if answer.version == SSL2:
        return "RSA"
    scheme = SCHEMES.get(answer.scheme) if answer.scheme is not None else None
    if scheme is not None and scheme.key_type in _KINDS:
        return _KINDS[scheme.key_type]
    suite = suite_of(answer.suite)
    if answer.version == TLS13 or suite is None:
        return "any"
    return suite.auth if suite.auth in {"RSA", "ECDSA"} else "any"


def chains(book: Book, name: str | None, ssl2: Chosen | None, roots: Roots, at: datetime) -> tuple[tuple[ChainSeen, ...], int]:
    """Every chain that was sent, each once for its kind of key and for hellos with and without the name; the newest version's first.

    Beside them the number of those beyond ``MOST_CHAINS``.

    Hellos with a name that is not the service's are left out. An OCSP answer that came in any of the handshakes belongs to the chain.
    """
    kept: dict[tuple[str, bool, tuple[bytes, ...]], Chosen] = {}
    left_out = set()
    answers: list[tuple[Offer | None, Chosen]] = [*book.answers, *([(None, ssl2)] if ssl2 is not None else [])]
    for offer, answer in sorted(answers, key=lambda pair: -pair[1].version):
        sent = offer.hello.server_name if offer is not None else None
        if not answer.certificates or sent not in {None, name}:
            continue
        key = (kind_of(answer), sent is not None, answer.certificates)
        known = kept.get(key)
        stapled = known is not None and not known.staple and answer.staple and known.version == answer.version
        if stapled or (known is None and len(kept) < MOST_CHAINS):
            kept[key] = answer
        elif known is None:
            left_out.add(key)
    return tuple(_chain(answer, wanted, sni, roots, at) for (wanted, sni, _), answer in kept.items()), len(left_out)


def _chain(answer: Chosen, wanted: str, sni: bool, roots: Roots, at: datetime) -> ChainSeen:
    return ChainSeen(
        version=VERSIONS[answer.version],
        wanted=wanted,
        sni=sni,
        certificates=tuple(seen(der) for der in answer.certificates),
        path=path(answer.certificates, roots, at),
        staple=staple(answer.staple, answer.certificates, roots) if answer.staple else None,
        scts=(*(scts(answer.scts) if answer.scts else ()), *(ocsp_scts(answer.staple) if answer.staple else ())),
    )


def no_chain(accepted: Sequence[int], reasons: Sequence[Unobserved], book: Book) -> tuple[ChainSeen, ...] | Unobserved:
    """What to say where no certificate was sent: that there is none, where nothing but exchanges without one was accepted; else why."""
    with_certificate = [code for code in accepted if (suite := suite_of(code)) is None or suite.auth not in {"anon", "PSK", "SRP", "KRB5"}]
    if accepted and not with_certificate and not reasons:
        return ()
    cut = [answer.cut for _, answer in book.answers if answer.cut is not None]
    return next(iter([*cut, *reasons]), Unobserved(Reason.UNCONFIRMED, "no handshake went as far as a certificate"))


def dh_parameters(book: Book, reasons: Sequence[Unobserved]) -> tuple[DhParameters, ...] | Unobserved:
    """The finite-field parameters of SSL 3.0 to TLS 1.2, the shortest prime first; the kinds of suite that brought them in one entry."""
    kinds: dict[tuple[bytes, bytes], dict[str, None]] = {}
    unread: Unobserved | None = None
    for _, answer in book.old():
        suite = suite_of(answer.suite)
        if suite is None or (suite.kx != "DHE" and (suite.kx, suite.auth) != ("DH", "anon")):
            continue
        if answer.exchange is None or not answer.exchange.prime:
            unread = answer.cut or Unobserved(Reason.PROTOCOL_VIOLATION, f"{suite.name} without parameters")
            continue
        exchange = answer.exchange
        kinds.setdefault((exchange.prime.lstrip(b"\0"), exchange.generator.lstrip(b"\0")), {})[suite.kind] = None
    if not kinds and (unread or reasons):
        return unread or reasons[0]
    found = []
    for (prime, generator), suites in kinds.items():
        known = study(prime)
        found.append(
            DhParameters(
                bits=known.bits,
                generator=int.from_bytes(generator, "big") if len(generator) <= LONGEST_GENERATOR else -1,
                sha256=known.sha256,
                known=known.known,
                safe=known.safe,
                suites=tuple(sorted(suites)),
            )
        )
    return tuple(sorted(found, key=lambda one: (one.bits, one.sha256, one.generator)))


LONGEST_GENERATOR = 8
"""Octets of a generator that is written as a number: some parameters have one as long as the prime, which means nothing to anybody."""
