"""Certificates from a real handshake to the verdict: OpenSSL's server on loopback, chains good and faulty, an OCSP responder beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp

from scanner.engine.catalogue import catalogue
from scanner.engine.judge import judge_one
from scanner.facts.ledger import DeclaredTlsService
from scanner.facts.mail import Status
from scanner.facts.tls import ServiceTlsa, TlsRevocation, TlsSurvey
from scanner.model.fact import Fact, Observation, Observed
from scanner.model.target import Service
from scanner.net.network import Network
from scanner.probes.tls import tls_survey
from scanner.probes.tls_revocation import tls_revocation
from scanner.wire.x509 import seen
from tests.unit import certificates as made
from tests.unit.certificates import DAY, SERVER_AUTH, Made, make
from tests.unit.tls_servers import openssl_server, settings

HOST = "www.example.lg.jp"
NOW = datetime.now(UTC)
"""OCSP answers bear the time at which the library makes them, so nothing here has a fixed one."""
BEGINS, ENDS = NOW - 30 * DAY, NOW + 60 * DAY
STAPLE = (x509.TLSFeature([x509.TLSFeatureType.status_request]), False)
RSA_1024 = rsa.generate_private_key(65537, 1024)


def authority(name: str, by: Made | None = None) -> Made:
    """An authority of today."""
    return make(name, by, ca=True, begins=BEGINS, ends=ENDS)


ROOT = authority("Root")
INTER = authority("Intermediate", ROOT)


def leaf(by: Made | None = INTER, **more: object) -> Made:
    """A certificate for the host, as an authority of today makes it, with changes."""
    given: dict[str, object] = {"begins": BEGINS, "ends": ENDS, "dns": (HOST,), "uses": ("digital_signature",), "purposes": (SERVER_AUTH,)}
    return make(HOST, by, **(given | more))  # type: ignore[arg-type]  # keywords of the function, passed on


@asynccontextmanager
async def responder(answer: Callable[[], bytes]) -> AsyncIterator[str]:
    """An OCSP responder; gives its URL."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        said = answer()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


def scanned(folder: Path, own: Made, *above: Made, options: Sequence[str] = ()) -> tuple[TlsSurvey, TlsRevocation]:
    """Serve a chain and look at it; the root is the organisation's."""
    files = {"own.pem": own.pem, "above.pem": b"".join(one.pem for one in above), "root.pem": ROOT.pem}
    files["own.key"] = own.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for name, data in files.items():
        (folder / name).write_bytes(data)
    more = ["-cert", str(folder / "own.pem"), "-key", str(folder / "own.key"), *options]
    more += ["-cert_chain", str(folder / "above.pem")] if above else []

    async def go(port: int) -> tuple[TlsSurvey, TlsRevocation]:
        service = Service(HOST, port, "https", "127.0.0.1")
        async with Network(replace(settings(20), ca_file=str(folder / "root.pem"))) as network:
            survey = await tls_survey.run(service, network.view(service.key))
            assert isinstance(survey, TlsSurvey)
            revocation = await tls_revocation.run(service, network.view(service.key), survey)
            assert isinstance(revocation, TlsRevocation)
            return survey, revocation

    with openssl_server(*more) as port:
        return asyncio.run(go(port))


def tags(*facts: Fact) -> Mapping[str, str]:
    """What every check of certificates says."""
    known: dict[type[Fact], Observation[Fact]] = {
        type(fact): Observed(fact, "2026-11-22T00:00:00Z") for fact in (*facts, DeclaredTlsService(None, True))
    }
    found = {}
    for check in catalogue().checks.values():
        if check.id.startswith(("tls.certificate.", "tls.dane.")) and all(need.fact in known for need in check.needs):
            ending = judge_one(check, [known[need.fact] for need in check.needs], {})
            found[check.id] = ending.tag or str(ending.reason)
    return found


GOOD = {
    "tls.certificate.trusted": "TRUST_ORGANISATION",
    "tls.certificate.self-signed": "ISSUED",
    "tls.certificate.sent-whole": "CHAIN_WHOLE",
    "tls.certificate.order": "ORDER_RIGHT",
    "tls.certificate.extra": "EXTRA_NONE",
    "tls.certificate.name": "NAME_MATCHES",
    "tls.certificate.validity": "VALID",
    "tls.certificate.remaining-days": "DAYS_LEFT",
    "tls.certificate.lifetime": "LIFETIME_NOT_PUBLIC",
    "tls.certificate.key-strength": "KEY_STRONG",
    "tls.certificate.signature-hash": "SIGNATURE_SAFE",
    "tls.certificate.purpose": "PURPOSE_SERVER",
    "tls.certificate.key-usage": "USAGE_FITS",
    "tls.certificate.rsa-horizon": "HORIZON_OTHER",
    "tls.certificate.revoked": "NOT_DISCOVERABLE",
    "tls.certificate.staple": "STAPLE_NOT_USED",
    "tls.certificate.must-staple": "MUST_STAPLE_NOT_ASKED",
    "tls.certificate.transparency": "CT_NOT_ASKED",
    "tls.certificate.well-formed": "FORM_GOOD",
}
UPPER = authority("Upper", ROOT)
LOWER = authority("Lower", UPPER)


@pytest.mark.parametrize(
    ("chain", "differs"),
    [
        ((leaf(), INTER), {}),
        ((leaf(), INTER, ROOT), {"extra": "EXTRA_ROOT"}),
        ((leaf(), INTER, UPPER), {"extra": "EXTRA_UNRELATED", "order": "ORDER_WRONG"}),
        ((leaf(LOWER), UPPER, LOWER), {"order": "ORDER_WRONG"}),
        ((leaf(),), {"trusted": "TRUST_INCOMPLETE", "sent-whole": "CHAIN_INCOMPLETE", "extra": "EXTRA_NO_PATH"}),
        ((leaf(dns=("other.example.lg.jp",)), INTER), {"name": "NAME_DIFFERS"}),
        ((leaf(dns=()), INTER), {"name": "NAME_COMMON_ONLY"}),
        ((leaf(ends=NOW - DAY), INTER), {"validity": "EXPIRED", "remaining-days": "DAYS_OUTSIDE"}),
        ((leaf(begins=NOW + DAY), INTER), {"validity": "NOT_YET_VALID", "remaining-days": "DAYS_OUTSIDE"}),
        ((leaf(ends=NOW + DAY), INTER), {"remaining-days": "DAYS_FEW"}),
        ((leaf(extensions=(STAPLE,)), INTER), {"must-staple": "MUST_STAPLE_BROKEN"}),
        ((leaf(ca=True), INTER), {"purpose": "PURPOSE_AUTHORITY"}),
        (
            (leaf(None),),
            {
                "trusted": "TRUST_SELF_SIGNED",
                "self-signed": "SELF_SIGNED",
                "sent-whole": "CHAIN_SELF_SIGNED",
                "extra": "EXTRA_NO_PATH",
                "revoked": "REVOKED_SELF_SIGNED",
            },
        ),
    ],
    ids=lambda value: ",".join(value.values()) or "good" if isinstance(value, dict) else "",
)
def test_a_chain_is_judged_as_it_was_made(tmp_path: Path, chain: tuple[Made, ...], differs: Mapping[str, str]) -> None:
    said = tags(*scanned(tmp_path, *chain))
    assert said == GOOD | {f"tls.certificate.{check}": tag for check, tag in differs.items()}


def test_a_weak_key_is_found(tmp_path: Path) -> None:
    said = tags(*scanned(tmp_path, leaf(key=RSA_1024), INTER, options=("-cipher", "ALL:@SECLEVEL=0")))
    assert said["tls.certificate.key-strength"] == "KEY_SHORT"


@pytest.mark.parametrize("status", [ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED])
def test_a_live_responder_is_asked(tmp_path: Path, status: ocsp.OCSPCertStatus) -> None:
    async def go() -> tuple[TlsSurvey, TlsRevocation]:
        own: list[Made] = []
        async with responder(lambda: made.answer(own[0], INTER, status=status, made=NOW - DAY, until=NOW + DAY)) as url:
            own.append(leaf(ocsp_url=url))
            return await asyncio.to_thread(scanned, tmp_path, own[0], INTER)

    said = tags(*asyncio.run(go()))
    assert said["tls.certificate.revoked"] == ("NOT_REVOKED" if status is ocsp.OCSPCertStatus.GOOD else "REVOKED")


@pytest.mark.parametrize(("until", "tag"), [(NOW + DAY, "STAPLE_VALID"), (NOW - DAY / 2, "STAPLE_STALE")])
def test_a_stapled_answer_is_judged(tmp_path: Path, until: datetime, tag: str) -> None:
    own = leaf(extensions=(STAPLE,))
    (tmp_path / "ocsp.der").write_bytes(made.answer(own, INTER, made=NOW - DAY, until=until))
    said = tags(*scanned(tmp_path, own, INTER, options=("-status_file", str(tmp_path / "ocsp.der"))))
    assert said["tls.certificate.staple"] == tag
    assert said["tls.certificate.must-staple"] == "MUST_STAPLE_HONOURED"
    assert said["tls.certificate.revoked"] == ("NOT_REVOKED" if tag == "STAPLE_VALID" else "STALE")


def test_dane_binds_the_certificate_that_is_really_shown(tmp_path: Path) -> None:
    own = leaf(None, dns=())
    survey, _ = scanned(tmp_path, own)
    owner = f"_443._tcp.{HOST}"
    for data, tag in ((seen(own.der).spki_sha256, "DANE_MATCHES"), ("ab" * 32, "DANE_DIFFERS")):
        assert tags(survey, ServiceTlsa(owner, Status.FOUND, (f"3 1 1 {data}",), True))["tls.dane.match"] == tag
