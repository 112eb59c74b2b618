"""The check of mail that mail servers send on by themselves, and the domains to which the organisation lets it go."""

from __future__ import annotations

from typing import Annotated

from checks.common import first_missing, listed
from checks.host.mail import NO_MAIL_PROGRAM
from checks.host.programs import each_of
from scanner.facts.mail_forwarding import ForwardingProgram, MailForwarding
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed

MAIL_FORWARDING_DOMAINS = Value[tuple[str, ...]](
    "mail.forwarding.domains",
    default=(),
    text=Text(
        ja="メールの自動転送先としてよいドメイン（組織のドメインと、認めた相手のドメイン。下位の名前を含む）",
        en="domains to which mail may be forwarded automatically: the organisation's own and those approved, with all names below",
    ),
)


@check(
    "host.mail.forwarding",
    severity=Severity.MEDIUM,
    title=Text(ja="メールが組織の外へ自動転送されない", en="Mail is not forwarded automatically to outside the organisation"),
    why=Text(
        ja="外部への自動転送は、業務のメールを組織の管理の及ばない場所に写し続ける。侵入者が盗み見を続けるために仕込むこともある。",
        en="Automatic forwarding keeps copying business mail to where the organisation has no control. Intruders set it up as "
        "well, to keep reading along.",
    ),
    remedy=Text(
        ja="組織の外のアドレスを、別名の表（/etc/aliases、virtual_alias_maps）、always_bcc、利用者の .forward と "
        "Sieve の redirect から除く。"
        "利用者による転送を禁じるには、Postfix：forward_path を空にする。Dovecot：sieve_max_redirects = 0。"
        "認めた転送先は、ドメインをプロファイルの mail.forwarding.domains に加える。",
        en="Take outside addresses out of the tables of aliases (/etc/aliases, virtual_alias_maps), always_bcc, people's .forward files "
        "and redirect in Sieve scripts. To keep people from forwarding, Postfix: an empty forward_path; Dovecot: sieve_max_redirects = 0. "
        "Add the domains of approved destinations to mail.forwarding.domains in the profile.",
    ),
    says={
        "FORWARDING_NONE": Text(
            ja="{program} の別名の表、写しの設定、利用者のファイルに転送はない",
            en="no table of aliases, copy or file of people's has {program} send mail on",
        ),
        "FORWARDING_INSIDE": Text(
            ja="{program} の別名の表、写しの設定、利用者のファイルの転送先は {domains} に限られる",
            en="tables of aliases, copies and files of people's have {program} send mail on to {domains} only",
        ),
        "FORWARDING_OUTSIDE": Text(ja="{program} は外部へ転送する（{places}）", en="{program} sends mail on to outside ({places})"),
        "NO_MAIL_PROGRAM": NO_MAIL_PROGRAM,
    },
)
def mail_forwarding(
    mail: MailForwarding, *, domains: Annotated[tuple[str, ...], MAIL_FORWARDING_DOMAINS] = MAIL_FORWARDING_DOMAINS.default
) -> Judgement:
    allowed = tuple(domain.strip(".").lower() for domain in domains)

    def one(program: ForwardingProgram) -> Judgement:
        if isinstance(program.forwardings, Unobserved):
            return program.forwardings
        outside = [f"{place.source} → {domain}" for place in program.forwardings for domain in place.domains if not _is_of(domain, allowed)]
        if outside and allowed:
            return failed("FORWARDING_OUTSIDE", program=program.name, places=listed(outside))
        if outside:
            return _not_set(program.name, listed(outside))
        if missing := first_missing(place.unread for place in program.forwardings):
            return missing
        inside = listed(sorted({domain for place in program.forwardings for domain in place.domains}))
        if inside:
            return passed("FORWARDING_INSIDE", program=program.name, domains=inside)
        return passed("FORWARDING_NONE", program=program.name)

    return each_of(mail.programs, one, "NO_MAIL_PROGRAM")


def _is_of(name: str, domains: tuple[str, ...]) -> bool:
    return any(name == domain or name.endswith("." + domain) for domain in domains)


def _not_set(program: str, places: tuple[str, ...]) -> Unobserved:
    """Say that nobody has set which domains are the organisation's, and where mail goes."""
    return cannot_tell(
        Reason.VALUE_NOT_SET,
        MAIL_FORWARDING_DOMAINS.key + "：{program} の転送先（{places}）が組織のものかは分からない",
        MAIL_FORWARDING_DOMAINS.key + ": whether where {program} sends mail on to ({places}) is the organisation's is not known",
        program=program,
        places=places,
    )
