"""Checks of programs that share files over SMB, by their own configuration: dialects, logins, guests, signatures, who gets in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from checks.common import first_missing, listed
from checks.host.programs import each_of, opposite, switch
from scanner.facts.file_sharing import FileServer, FileShare, FileSharing
from scanner.facts.readings import Audience
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

_NONE = Text(ja="ファイル共有のプログラムが動いていない", en="no program that shares files over SMB is in use")
_LOCAL = Text(ja="機器自身からしか使えない", en="it can be used from the machine itself only")
_OLD = frozenset({"CORE", "COREPLUS", "LANMAN1", "LANMAN2", "NT1"})
_NEW = frozenset({"SMB2", "SMB2_02", "SMB2_10", "SMB2_22", "SMB2_24", "SMB2_FF", "SMB3", "SMB3_00", "SMB3_02", "SMB3_10", "SMB3_11"})


def _each(sharing: FileSharing, judge: Callable[[FileServer], Judgement | None]) -> Judgement:
    return each_of(sharing.programs, judge, "NO_FILE_SERVER")


def _switched(sharing: FileSharing, part: Callable[[FileServer], bool | Unobserved], good: str, bad: str) -> Judgement:
    """Judge a part that should be on."""
    return _each(sharing, lambda p: switch(part(p), passed(good, program=p.name), failed(bad, program=p.name, source=p.source)))


@check(
    "host.shares.protocol",
    severity=Severity.HIGH,
    title=Text(ja="ファイル共有が SMB の第 1 版を断る", en="File sharing refuses version 1 of SMB"),
    why=Text(
        ja="第 1 版には遠隔からの侵入に使われた欠陥が多く、通信の改ざんも防げない。",
        en="Version 1 has a record of faults that let attackers in, and does not keep traffic from being changed.",
    ),
    remedy=Text(
        ja="Samba：[global] に server min protocol = SMB2_10 以上（4.11 からの既定は SMB2_02）。",
        en="Samba: server min protocol = SMB2_10 or newer under [global] (the default from 4.11 is SMB2_02).",
    ),
    says={
        "PROTOCOL_NEW": Text(ja="{program} は {protocol} 以降だけ", en="{program}: {protocol} and later only"),
        "PROTOCOL_OLD": Text(ja="{program} は {protocol} も受け付ける（{source}）", en="{program} takes {protocol} too ({source})"),
        "NO_FILE_SERVER": _NONE,
    },
)
def shares_protocol(sharing: FileSharing) -> Judgement:
    def one(p: FileServer) -> Judgement:
        least = p.least_protocol
        if isinstance(least, Unobserved):
            return least
        if least in _OLD:
            return failed("PROTOCOL_OLD", program=p.name, protocol=least, source=p.source)
        if least not in _NEW:
            return cannot_tell(Reason.UNSUPPORTED, f"{least} は知られていない方式である", f"{least} is not a dialect that is known here")
        return passed("PROTOCOL_NEW", program=p.name, protocol=least)

    return _each(sharing, one)


@check(
    "host.shares.logins",
    severity=Severity.HIGH,
    title=Text(ja="ファイル共有が古い方式のログインを断る", en="File sharing refuses logins of old kinds"),
    why=Text(
        ja="NTLM 第 1 版と LM の応答からは、盗み見た者が短い時間でパスワードを得られる。",
        en="From the answers of NTLM version 1 and LM an eavesdropper gets the password within a short time.",
    ),
    remedy=Text(
        ja="Samba：ntlm auth = ntlmv2-only 又は disabled とし、lanman auth = yes を除く。",
        en="Samba: ntlm auth = ntlmv2-only or disabled, and no lanman auth = yes.",
    ),
    says={
        "LOGINS_NEW": Text(ja="{program} は断る", en="{program} does"),
        "LOGINS_OLD": Text(
            ja="{program} は NTLM 第 1 版等も受け付ける（{source}）", en="{program} takes NTLM version 1 or LM too ({source})"
        ),
        "NO_FILE_SERVER": _NONE,
    },
)
def shares_logins(sharing: FileSharing) -> Judgement:
    return _switched(sharing, lambda p: opposite(p.takes_old_logins), "LOGINS_NEW", "LOGINS_OLD")


@check(
    "host.shares.empty-passwords",
    severity=Severity.HIGH,
    title=Text(ja="ファイル共有が空のパスワードを断る", en="File sharing refuses empty passwords"),
    why=Text(
        ja="パスワードのない利用者としては誰でも入れる。",
        en="Anybody gets in as a user who has no password.",
    ),
    remedy=Text(ja="Samba：null passwords = yes を除く。", en="Samba: remove null passwords = yes."),
    says={
        "EMPTY_REFUSED": Text(ja="{program} は断る", en="{program} does"),
        "EMPTY_TAKEN": Text(ja="{program} は空のパスワードを受け付ける（{source}）", en="{program} takes them ({source})"),
        "NO_FILE_SERVER": _NONE,
    },
)
def shares_empty_passwords(sharing: FileSharing) -> Judgement:
    return _switched(sharing, lambda p: opposite(p.takes_empty_passwords), "EMPTY_REFUSED", "EMPTY_TAKEN")


@check(
    "host.shares.guests",
    severity=Severity.HIGH,
    title=Text(ja="共有フォルダは主体認証を経た利用者だけが使える", en="Shares are for users who have logged in"),
    why=Text(
        ja="ゲストを許す共有は、ネットワークから届く誰もが読み、設定によっては書き換えられる。",
        en="A share that lets guests in can be read, and perhaps written, by whoever reaches the machine.",
    ),
    remedy=Text(
        ja="Samba：共有から guest ok（public）を除き、valid users に利用者又はグループを書く。",
        en="Samba: remove guest ok (public) from the share and name users or groups in valid users.",
    ),
    says={
        "GUESTS_REFUSED": Text(ja="ゲストが使える共有はない（{count} 個）", en="guests get into none of {count} shares"),
        "GUESTS_ADMITTED": Text(ja="{program}：ゲストが使える共有がある：{shares}", en="{program}: guests get into {shares}"),
        "SHARES_LOCAL": _LOCAL,
        "NO_FILE_SERVER": _NONE,
    },
)
def shares_guests(sharing: FileSharing) -> Judgement:
    def one(p: FileServer) -> Judgement:
        if p.clients is Audience.ITSELF:
            return not_applicable("SHARES_LOCAL")
        if isinstance(p.shares, Unobserved):
            return p.shares
        reached = [share for share in p.shares if share.clients is not Audience.ITSELF]
        if open_ := [share.name for share in reached if share.guests is True]:
            return failed("GUESTS_ADMITTED", program=p.name, shares=listed(open_))
        return first_missing(share.guests for share in reached) or passed("GUESTS_REFUSED", count=len(p.shares))

    return _each(sharing, one)


@check(
    "host.shares.people",
    severity=Severity.MEDIUM,
    title=Text(ja="一般の利用者がゲスト向けの共有を作れない", en="Ordinary users cannot share directories with guests"),
    why=Text(
        ja="管理者の知らないうちに、誰でも読める共有が増える。",
        en="Shares that anybody can read appear without an administrator's knowledge.",
    ),
    remedy=Text(
        ja="Samba：usershare allow guests = no とする。使わない場合は usershare max shares = 0。",
        en="Samba: usershare allow guests = no, and usershare max shares = 0 where nobody needs such shares.",
    ),
    says={
        "PEOPLE_BARRED": Text(ja="{program} は作らせない", en="{program} does not let them"),
        "PEOPLE_SHARE": Text(ja="{program} は作らせる（{source}）", en="{program} lets them ({source})"),
        "NO_FILE_SERVER": _NONE,
    },
)
def shares_people(sharing: FileSharing) -> Judgement:
    return _switched(sharing, lambda p: opposite(p.people_share), "PEOPLE_BARRED", "PEOPLE_SHARE")


@check(
    "host.shares.signing",
    severity=Severity.MEDIUM,
    title=Text(ja="ファイル共有が署名のある通信だけを受け付ける", en="File sharing takes signed traffic only"),
    why=Text(
        ja="署名がなければ、途中の者が通信を中継して利用者になりすまし、内容を書き換えられる。",
        en="Without signatures somebody in between can pass a login on to act as that user, and change what is sent.",
    ),
    remedy=Text(
        ja="Samba：server signing = mandatory（server smb encrypt = required でもよい）。",
        en="Samba: server signing = mandatory (or server smb encrypt = required).",
    ),
    says={
        "SIGNING_REQUIRED": Text(ja="{program} は署名を求める", en="{program} demands signatures"),
        "SIGNING_OPTIONAL": Text(ja="{program} は署名を求めない（{source}）", en="{program} does not demand signatures ({source})"),
        "NO_FILE_SERVER": _NONE,
    },
)
def shares_signing(sharing: FileSharing) -> Judgement:
    return _switched(sharing, lambda p: p.signs, "SIGNING_REQUIRED", "SIGNING_OPTIONAL")


@check(
    "host.shares.encryption",
    severity=Severity.MEDIUM,
    title=Text(ja="ファイル共有の通信が暗号化される", en="Traffic of file sharing is encrypted"),
    why=Text(
        ja="暗号化しなければ、共有するファイルの内容が通信路で読まれる。",
        en="Without encryption the content of shared files can be read on the way.",
    ),
    remedy=Text(
        ja="Samba：[global] に server smb encrypt = required。",
        en="Samba: server smb encrypt = required under [global].",
    ),
    says={
        "SHARES_ENCRYPTED": Text(ja="暗号化しない通信を断る（{count} 個の共有）", en="unencrypted traffic is refused by {count} shares"),
        "SHARES_CLEAR": Text(
            ja="{program}：暗号化しない通信も受け付ける：{shares}", en="{program} takes unencrypted traffic too: {shares}"
        ),
        "SHARES_NONE": Text(ja="共有がない", en="nothing is shared"),
        "SHARES_LOCAL": _LOCAL,
        "NO_FILE_SERVER": _NONE,
    },
)
def shares_encryption(sharing: FileSharing) -> Judgement:
    def judge(p: FileServer, shares: Sequence[FileShare]) -> Judgement:
        if clear := [share.name for share in shares if share.encrypted is False]:
            return failed("SHARES_CLEAR", program=p.name, shares=listed(clear))
        return first_missing(share.encrypted for share in shares) or passed("SHARES_ENCRYPTED", count=len(shares))

    def one(p: FileServer) -> Judgement:
        if p.clients is Audience.ITSELF:
            return not_applicable("SHARES_LOCAL")
        if isinstance(p.shares, Unobserved):
            return p.shares
        return judge(p, p.shares) if p.shares else not_applicable("SHARES_NONE")

    return _each(sharing, one)


@check(
    "host.shares.clients",
    severity=Severity.LOW,
    title=Text(ja="ファイル共有の設定が使える機器を限っている", en="File sharing is set to serve named networks only"),
    why=Text(
        ja="パケットフィルタが外れたときも、決めたネットワークの外からは使えない。",
        en="Even when a packet filter fails, nobody outside the named networks gets in.",
    ),
    remedy=Text(
        ja="Samba：[global] に hosts allow = 組織のネットワーク。hosts deny を書く場合は ALL とする。",
        en="Samba: hosts allow = own networks under [global]; where hosts deny is written, let it be ALL.",
    ),
    says={
        "CLIENTS_LIMITED": Text(ja="{program} は使える機器を限っている", en="{program} names who may use it"),
        "CLIENTS_ANY": Text(ja="{program} はどこからでも使える：{shares}（{source}）", en="{program} serves anybody: {shares} ({source})"),
        "SHARES_LOCAL": _LOCAL,
        "NO_FILE_SERVER": _NONE,
    },
)
def shares_clients(sharing: FileSharing) -> Judgement:
    def one(p: FileServer) -> Judgement:
        if p.clients is Audience.ITSELF:
            return not_applicable("SHARES_LOCAL")
        shares = () if isinstance(p.shares, Unobserved) else p.shares
        places = [("[global]", p.clients), *((share.name, share.clients) for share in shares)]
        open_ = [name for name, who in places if who is Audience.EVERYBODY]
        # where each share is limited by itself, what holds for shares to come does not matter yet
        if open_ and not (shares and open_ == ["[global]"]):
            return failed("CLIENTS_ANY", program=p.name, shares=listed(open_), source=p.source)
        missing = first_missing((p.shares, p.clients, *(share.clients for share in shares)))
        return missing or passed("CLIENTS_LIMITED", program=p.name)

    return _each(sharing, one)


@check(
    "host.shares.account-names",
    severity=Severity.LOW,
    title=Text(ja="ログインせずに利用者の一覧を得られない", en="Nobody gets a list of accounts without logging in"),
    why=Text(
        ja="利用者の名前が分かると、パスワードを試す相手が決まる。",
        en="Names of accounts tell an attacker whose passwords to try.",
    ),
    remedy=Text(ja="Samba：restrict anonymous = 1 又は 2。", en="Samba: restrict anonymous = 1 or 2."),
    says={
        "NAMES_KEPT": Text(ja="{program} は答えない", en="{program} does not tell"),
        "NAMES_TOLD": Text(ja="{program} は誰にでも答える（{source}）", en="{program} tells anybody ({source})"),
        "NO_FILE_SERVER": _NONE,
    },
)
def shares_account_names(sharing: FileSharing) -> Judgement:
    return _switched(sharing, lambda p: opposite(p.names_accounts), "NAMES_KEPT", "NAMES_TOLD")
