"""Checks of print services by their own configuration: who reaches them, encryption, administration, announcements, devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from checks.common import listed, value_not_set
from checks.host.programs import each_of, opposite, switch
from scanner.facts.printing import Printing, PrintService
from scanner.facts.readings import Audience
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

_NONE = Text(ja="印刷サービスが動いていない", en="no print service is in use")
_LOCAL = Text(ja="機器自身からしか使えない", en="it can be used from the machine itself only")


def _each(printing: Printing, judge: Callable[[PrintService], Judgement | None]) -> Judgement:
    return each_of(printing.services, judge, "NO_PRINT_SERVICE")


@check(
    "host.printing.clients",
    severity=Severity.MEDIUM,
    title=Text(ja="印刷サービスを使える機器が限られている", en="The print service serves named machines only"),
    why=Text(
        ja="誰でも届く印刷サービスは、欠陥を突かれ、印刷待ちの文書の名前や内容を知られる。",
        en="A print service that anybody reaches is open to attacks on its faults, and shows what is waiting to be printed.",
    ),
    remedy=Text(
        ja="CUPS：印刷サーバでなければ Listen localhost:631 とする。印刷サーバでは <Location /> に Order allow,deny と "
        "Allow で組織のネットワークを書く。",
        en="CUPS: Listen localhost:631 unless it is a print server; there Order allow,deny and own networks by Allow in <Location />.",
    ),
    says={
        "PRINTING_LOCAL": _LOCAL,
        "PRINTING_LIMITED": Text(ja="{service} は使える機器を限っている", en="{service} names who may use it"),
        "PRINTING_OPEN": Text(ja="{service} はどこからでも使える（{source}）", en="{service} serves anybody ({source})"),
        "NO_PRINT_SERVICE": _NONE,
    },
)
def printing_clients(printing: Printing) -> Judgement:
    def one(p: PrintService) -> Judgement:
        if isinstance(p.clients, Unobserved):
            return p.clients
        if p.clients is Audience.EVERYBODY:
            return failed("PRINTING_OPEN", service=p.name, source=p.source)
        return passed("PRINTING_LIMITED", service=p.name) if p.clients is Audience.SOME else passed("PRINTING_LOCAL")

    return _each(printing, one)


@check(
    "host.printing.encrypted",
    severity=Severity.LOW,
    title=Text(ja="印刷サービスとの通信が暗号化される", en="Traffic with the print service is encrypted"),
    why=Text(
        ja="印刷する文書と管理者のパスワードが通信路で読まれる。",
        en="Documents and the passwords of administrators can be read on the way.",
    ),
    remedy=Text(
        ja="CUPS：<Location /> と、ほかの機器に開く全ての Location に Encryption Required。",
        en="CUPS: Encryption Required in <Location /> and in every Location that is open to other machines.",
    ),
    says={
        "PRINTING_ENCRYPTED": Text(ja="{service} は暗号化しない通信を断る", en="{service} refuses unencrypted traffic"),
        "PRINTING_CLEAR": Text(
            ja="{service} は暗号化しない通信も受け付ける（{source}）", en="{service} takes unencrypted traffic too ({source})"
        ),
        "PRINTING_LOCAL": _LOCAL,
        "NO_PRINT_SERVICE": _NONE,
    },
)
def printing_encrypted(printing: Printing) -> Judgement:
    def one(p: PrintService) -> Judgement | None:
        if p.clients is Audience.ITSELF:
            return not_applicable("PRINTING_LOCAL")
        good, bad = passed("PRINTING_ENCRYPTED", service=p.name), failed("PRINTING_CLEAR", service=p.name, source=p.source)
        if p.encrypted is False and isinstance(p.clients, Unobserved):
            return p.clients
        return switch(p.encrypted, good, bad)

    return _each(printing, one)


@check(
    "host.printing.administration",
    severity=Severity.HIGH,
    title=Text(ja="印刷サービスの管理に主体認証を求める", en="Administration of the print service asks for a login"),
    why=Text(
        ja="プリンタを登録できる者は、印刷の経路を変えて文書を受け取り、フィルタの欠陥を使って機器を操れる。",
        en="Whoever may add printers can have documents sent to himself, and reach the machine through faults of filters.",
    ),
    remedy=Text(
        ja="CUPS：使う Policy の CUPS-Add-Modify-Printer 等の Limit に AuthType Default と Require user @SYSTEM。",
        en="CUPS: AuthType Default and Require user @SYSTEM in the policy's Limit of CUPS-Add-Modify-Printer and the like.",
    ),
    says={
        "ADMINISTRATION_ASKS": Text(ja="{service} は求める", en="{service} asks for one"),
        "ADMINISTRATION_OPEN": Text(ja="{service} は求めない（{source}）", en="{service} asks for none ({source})"),
        "NO_PRINT_SERVICE": _NONE,
    },
)
def printing_administration(printing: Printing) -> Judgement:
    def one(p: PrintService) -> Judgement | None:
        good, bad = passed("ADMINISTRATION_ASKS", service=p.name), failed("ADMINISTRATION_OPEN", service=p.name, source=p.source)
        return switch(p.administration_asks, good, bad)

    return _each(printing, one)


PRINTING_ADMINISTRATORS = Value[tuple[str, ...]](
    "printing.administrators",
    default=(),
    text=Text(ja="印刷サービスの管理を認めたアカウント（root のほかに）", en="accounts that may administer print services, besides root"),
)


@check(
    "host.printing.administrators",
    severity=Severity.LOW,
    title=Text(ja="印刷サービスを認めたアカウントだけが管理できる", en="Only approved accounts administer the print service"),
    why=Text(
        ja="プリンタを登録できる者は、印刷の経路を変えて文書を受け取れる。必要のない者に権限が残ると、気付かれずに使われる。",
        en="Whoever may add printers can have documents sent to himself; a right that nobody needs is used without being noticed.",
    ),
    remedy=Text(
        ja="CUPS：Policy の Limit に Require user @SYSTEM と書き、cups-files.conf の SystemGroup のグループから不要な者を外す"
        "（gpasswd -d 利用者 lpadmin）。必要な者は printing.administrators に書く。",
        en="CUPS: Require user @SYSTEM in the policy's Limit, and take whoever need not be there out of the groups of SystemGroup in "
        "cups-files.conf (gpasswd -d USER lpadmin); name the others in printing.administrators.",
    ),
    says={
        "PRINT_ADMINISTRATORS_APPROVED": Text(
            ja="{service} を管理できるのは認めたアカウントだけである", en="only approved accounts administer {service}"
        ),
        "PRINT_ADMINISTRATORS_OTHER": Text(
            ja="{service} を認めていないアカウントが管理できる：{accounts}", en="other accounts may administer {service}: {accounts}"
        ),
        "PRINT_ADMINISTRATORS_ANYBODY": Text(
            ja="{service} を誰でも管理できる（{source}）", en="anybody may administer {service} ({source})"
        ),
        "NO_PRINT_SERVICE": _NONE,
    },
)
def printing_administrators(
    printing: Printing, *, approved: Annotated[tuple[str, ...], PRINTING_ADMINISTRATORS] = PRINTING_ADMINISTRATORS.default
) -> Judgement:
    def one(p: PrintService) -> Judgement | None:
        if isinstance(p.administrators, Unobserved):
            return p.administrators
        if "*" in p.administrators:
            return failed("PRINT_ADMINISTRATORS_ANYBODY", service=p.name, source=p.source)
        if p.administrators and not approved:
            return value_not_set(PRINTING_ADMINISTRATORS)
        if wrong := [name for name in p.administrators if name not in approved]:
            return failed("PRINT_ADMINISTRATORS_OTHER", service=p.name, accounts=listed(wrong))
        return passed("PRINT_ADMINISTRATORS_APPROVED", service=p.name)

    return _each(printing, one)


@check(
    "host.printing.announced",
    severity=Severity.LOW,
    title=Text(ja="印刷サービスがネットワークにプリンタを知らせない", en="The print service does not announce printers to the network"),
    why=Text(
        ja="使わない機能であり、機器の名前と版を同じネットワークの全員に教える。",
        en="It is seldom needed and tells everybody on the network the machine's name and version.",
    ),
    remedy=Text(ja="CUPS：Browsing No。", en="CUPS: Browsing No."),
    says={
        "ANNOUNCED_NOT": Text(ja="{service} は知らせない", en="{service} does not"),
        "ANNOUNCED": Text(ja="{service} は知らせる（{source}）", en="{service} does ({source})"),
        "NO_PRINT_SERVICE": _NONE,
    },
)
def printing_announced(printing: Printing) -> Judgement:
    def one(p: PrintService) -> Judgement | None:
        good, bad = passed("ANNOUNCED_NOT", service=p.name), failed("ANNOUNCED", service=p.name, source=p.source)
        return switch(opposite(p.announces), good, bad)

    return _each(printing, one)


@check(
    "host.printing.file-devices",
    severity=Severity.MEDIUM,
    title=Text(
        ja="印刷サービスが機器のファイルやデバイスに書き込むプリンタを作らせない",
        en="The print service makes no printers that write to files and devices of the machine",
    ),
    why=Text(
        ja="印刷の管理者が、印刷物として任意の内容を管理者権限でファイルに書き込める。",
        en="Whoever administers printers could write anything into files with the rights of the administrator, as a print job.",
    ),
    remedy=Text(
        ja="CUPS：cups-files.conf の FileDevice を除く（既定は No）。",
        en="CUPS: take FileDevice out of cups-files.conf (the default is No).",
    ),
    says={
        "FILE_DEVICES_OFF": Text(ja="{service} は作らせない", en="{service} makes none"),
        "FILE_DEVICES_ON": Text(ja="{service} は作らせる（FileDevice）", en="{service} does (FileDevice)"),
        "NO_PRINT_SERVICE": _NONE,
    },
)
def printing_file_devices(printing: Printing) -> Judgement:
    def one(p: PrintService) -> Judgement | None:
        return switch(opposite(p.file_devices), passed("FILE_DEVICES_OFF", service=p.name), failed("FILE_DEVICES_ON", service=p.name))

    return _each(printing, one)
