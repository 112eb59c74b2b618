"""What SMTP services say when they are greeted, the names they go by, how they take odd input, and submission without a login.

Whom they relay for is in ``smtp_relay``.
"""

from __future__ import annotations

from scanner.facts.ledger import DeclaredSmtpService, Vantage
from scanner.facts.smtp import (
    Injected,
    InputAt,
    InputSeen,
    LineEnd,
    NameAt,
    Offer,
    ReplySeen,
    Said,
    SmtpGreeting,
    SmtpInput,
    SmtpNames,
    SmtpTalk,
    SmtpTestNames,
    SubmissionAt,
    SubmissionOpening,
    TalkAt,
    Upgrade,
)
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import NotATarget, Service, domain_name
from scanner.net.net import Answer, Net
from scanner.probes.base import probe
from scanner.probes.dns_asking import families_of, part, service_addresses, together
from scanner.probes.mail_channel import TlsFailed
from scanner.probes.smtp_session import MOST_ADDRESSES, Session, all_missing, implicit, nobody, refused, seen, session
from scanner.probes.smtp_trials import own_domains
from scanner.wire.addresses import parse_address
from scanner.wire.dns import Type
from scanner.wire.relay import said_of

MOST_NAMES = 8


@probe(limit=2.0)
async def smtp_test_names(service: Service, net: Net) -> SmtpTestNames:
    """Give the names that Tenken ships; an organisation that declares its own takes this probe's place."""
    return SmtpTestNames()


@probe(limit=120.0)
async def smtp_greeting(service: Service, net: Net) -> SmtpGreeting:
    """Greet every address: the banner, EHLO before and after STARTTLS, VRFY, EXPN, HELP."""
    found = await service_addresses(service, net)
    looked = found[:MOST_ADDRESSES]
    parts = await together(part(_talk(net, service, address)) for address in looked)
    all_missing(parts)
    return SmtpGreeting(
        service.host,
        service.port,
        service.protocol,
        tuple(TalkAt(address, talk) for address, talk in zip(looked, parts, strict=True)),
        len(found) - len(looked),
    )


async def _talk(net: Net, service: Service, address: str) -> SmtpTalk:
    async with session(net, service, address) as one:
        assert one.greeting is not None
        hello = await one.hello()
        if not hello.positive:
            raise refused(hello, one.talk.where, "EHLO and HELO")
        offer = one.offer
        asked: dict[str, ReplySeen | Unobserved] = {}
        for field, line in (
            ("mail", "MAIL FROM:<>"),
            ("vrfy_postmaster", "VRFY postmaster"),
            ("vrfy_nobody", f"VRFY {nobody(service)}"),
            ("expn", "EXPN postmaster"),
            ("help", "HELP"),
        ):
            if field == "vrfy_postmaster" and one.in_mail:
                await part(one.command("RSET"))
            asked[field] = await _asked(one, line)
        unknown = asked["vrfy_nobody"]
        if isinstance(unknown, ReplySeen) and unknown.code == 501:  # Exim wants a domain with every name but postmaster
            at = offer.name.partition(".")[2] if "." in offer.name else service.host
            asked["vrfy_postmaster"] = await _asked(one, f"VRFY postmaster@{at}")
            asked["vrfy_nobody"] = await _asked(one, f"VRFY {nobody(service)}@{at}")
        upgrade, problem = (Upgrade.IMPLICIT, "") if implicit(service) else (Upgrade.NOT_OFFERED, "")
        after: Offer | Unobserved | None = None
        if upgrade is Upgrade.NOT_OFFERED and offer.get("STARTTLS") is not None:
            upgrade, after, problem = await _upgraded(one)
        return SmtpTalk(
            banner=seen(one.greeting),
            offer=offer,
            upgrade=upgrade,
            tls_offer=after,
            tls_problem=problem,
            flaws=tuple(one.flaws),
            **asked,
        )


async def _asked(one: Session, line: str) -> ReplySeen | Unobserved:
    if one.talk.ended:
        return Unobserved(Reason.RESET, f"{one.talk.where} ended the session before {line.partition(' ')[0]} could be asked")
    reply = await part(one.command(line))
    return reply if isinstance(reply, Unobserved) else seen(reply)


async def _upgraded(one: Session) -> tuple[Upgrade, Offer | Unobserved | None, str]:
    if one.talk.ended:
        why = Unobserved(Reason.RESET, f"{one.talk.where} ended the session before STARTTLS could be asked for")
        return Upgrade.UNKNOWN, why, why.detail
    try:
        reply = await one.upgrade()
    except TlsFailed as why:
        return Upgrade.FAILED, None, str(why)
    except CannotObserve as why:
        return Upgrade.UNKNOWN, Unobserved.from_error(why), why.detail
    if not one.talk.encrypted:
        return Upgrade.REFUSED, None, f"{reply.code} {reply.text}"
    hello = await part(one.hello())
    return Upgrade.DONE, hello if isinstance(hello, Unobserved) else one.offer, ""


@probe(limit=30.0)
async def smtp_names(service: Service, net: Net, greeting: SmtpGreeting) -> SmtpNames:
    """Look up the reverse names of every address, and the addresses of the name that the server gave itself."""
    return SmtpNames(tuple(await together(_name(net, at) for at in greeting.addresses)), greeting.left_out)


async def _name(net: Net, at: TalkAt) -> NameAt:
    pointer = await part(net.resolve(parse_address(at.address).reverse_pointer, Type.PTR))
    called = at.seen if isinstance(at.seen, Unobserved) else at.seen.offer.name or at.seen.banner.text.partition(" ")[0]
    reverse = pointer if isinstance(pointer, Unobserved) else _kept_names(pointer, called)
    if isinstance(called, Unobserved):
        return NameAt(at.address, reverse, called, called)
    try:
        name = domain_name(called)
    except NotATarget:
        return NameAt(at.address, reverse, called)
    found, missing = await families_of(net, name)
    # Of two families one may not be seen: then nobody knows whether the name leads to an address that is not among those found.
    return NameAt(at.address, reverse, called, missing if missing is not None and at.address not in found else found)


def _kept_names(pointer: Answer, called: str | Unobserved) -> tuple[str, ...]:
    """Give the reverse names, the one that the server goes by first: the cap must not hide it."""
    own = "" if isinstance(called, Unobserved) else called.lower().rstrip(".")
    names = {r.data for r in pointer.records if isinstance(r.data, str)}
    return tuple(sorted(names, key=lambda name: (name != own, name))[:MOST_NAMES])


@probe(limit=120.0)
async def smtp_input(service: Service, net: Net, greeting: SmtpGreeting) -> SmtpInput:
    """Send command lines that end in a bare LF or CR, several at once, and one in clear behind STARTTLS."""
    parts = await together(part(_input(net, service, at)) for at in greeting.addresses)
    all_missing(parts)
    return SmtpInput(tuple(InputAt(at.address, p) for at, p in zip(greeting.addresses, parts, strict=True)), greeting.left_out)


async def _input(net: Net, service: Service, at: TalkAt) -> InputSeen:
    if isinstance(at.seen, Unobserved):
        raise at.seen.error()
    bare_lf, bare_cr = await together(part(_line_end(net, service, at.address, end)) for end in (b"\n", b"\r"))
    return InputSeen(
        bare_lf,
        bare_cr,
        pipelined=await part(_pipelined(net, service, at.address)) if at.seen.offer.get("PIPELINING") else None,
        injected=await part(_injected(net, service, at.address)) if at.seen.upgrade is Upgrade.DONE else None,
    )


async def _opened(one: Session) -> None:
    hello = await one.hello()
    if not hello.positive:
        raise refused(hello, one.talk.where, "EHLO and HELO")


async def _line_end(net: Net, service: Service, address: str, end: bytes) -> LineEnd:
    """Send two commands with only ``end`` between them: two answers say that it ends a line, one that it does not."""
    async with session(net, service, address) as one:
        await _opened(one)
        await one.raw(b"NOOP" + end + b"NOOP\r\n")
        try:
            first = await one.reply()
        except CannotObserve as why:
            if why.reason is Reason.RESET:
                return LineEnd.REFUSED
            raise
        words = first.text.lower()
        if one.talk.ended or (not first.positive and any(word in words for word in ("bare", "newline", "line feed", "<lf>", "<cr>"))):
            return LineEnd.REFUSED
        one.talk.ended = True  # what follows is the end, whoever says it
        try:
            second = await one.command("QUIT")
            if second.code == 221:
                return LineEnd.WITHIN
            await one.reply()
        except CannotObserve as why:
            if why.reason is not Reason.RESET:
                raise
            return LineEnd.WITHIN  # closed without a word after QUIT
        return LineEnd.ACCEPTED


async def _pipelined(net: Net, service: Service, address: str) -> bool:
    async with session(net, service, address) as one:
        await _opened(one)
        await one.raw(b"RSET\r\nNOOP\r\nQUIT\r\n")
        one.talk.ended = True
        try:
            codes = [(await one.reply()).code for _ in range(3)]
        except CannotObserve as why:
            if why.reason is not Reason.RESET:
                raise
            return False
        return codes[-1] == 221


async def _injected(net: Net, service: Service, address: str) -> Injected:
    """Send a command in clear right behind STARTTLS: within TLS each of our commands then has one answer, or the first is a stranger's."""
    async with session(net, service, address) as one:
        await _opened(one)
        await one.raw(b"STARTTLS\r\nNOOP\r\n")
        granted = await one.reply()
        if granted.code != 220:
            raise refused(granted, one.talk.where, "STARTTLS")
        try:
            await one.talk.begin_tls()
        except TlsFailed:
            return Injected.CLOSED
        one.talk.ended = True
        try:
            await one.raw(f"EHLO {one.called}\r\n".encode("ascii"))
            await one.reply()
            await one.raw(b"QUIT\r\n")
            second = await one.reply()
        except CannotObserve as why:
            if why.reason is not Reason.RESET:
                raise
            return Injected.CLOSED
        return Injected.DISCARDED if second.code == 221 else Injected.EXECUTED


@probe(limit=90.0)
async def submission_opening(
    service: Service, net: Net, names: SmtpTestNames, ledger: DeclaredSmtpService, greeting: SmtpGreeting
) -> SubmissionOpening:
    """Try MAIL and RCPT without a login, within TLS where the server has it."""
    parts = await together(_submission(net, service, at, names, ledger) for at in greeting.addresses)
    outsider = ledger.vantage is Vantage.OUTSIDER or ledger.relays_for == ()
    trusted = False if outsider else True if ledger.vantage is Vantage.CLIENT else None
    return SubmissionOpening(trusted, tuple(parts), greeting.left_out)


async def _submission(net: Net, service: Service, at: TalkAt, names: SmtpTestNames, ledger: DeclaredSmtpService) -> SubmissionAt:
    if isinstance(at.seen, Unobserved):
        return SubmissionAt(at.address, at.seen, at.seen)
    try:
        async with session(net, service, at.address) as one:
            await _opened(one)
            if at.seen.upgrade is Upgrade.DONE:
                await one.upgrade()
                await _opened(one)
            own = own_domains(service, at.seen, ledger)[0]
            mail = await one.command(f"MAIL FROM:<postmaster@{own}>")
            said = said_of(mail, to_mail=True)
            if not mail.positive:
                return SubmissionAt(at.address, seen(mail), said, encrypted=one.talk.encrypted)
            local = await _rcpt(one, f"<postmaster@{own}>")
            foreign = await _rcpt(one, f"<{names.mailbox}@{names.victim}>")
            return SubmissionAt(at.address, seen(mail), said, local, foreign, one.talk.encrypted)
    except TlsFailed as why:
        missing = Unobserved(Reason.RESET, f"no TLS with {at.address} port {service.port}: {why}")
    except CannotObserve as why:
        missing = Unobserved.from_error(why)
    return SubmissionAt(at.address, missing, missing)


async def _rcpt(one: Session, recipient: str) -> Said | Unobserved:
    if one.talk.ended:
        return Unobserved(Reason.RESET, f"{one.talk.where} ended the session before RCPT TO:{recipient}")
    reply = await part(one.command(f"RCPT TO:{recipient}"))
    return reply if isinstance(reply, Unobserved) else said_of(reply)
