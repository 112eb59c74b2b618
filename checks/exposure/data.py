"""Checks of databases, caches, directories and file services that show themselves to the network."""

from __future__ import annotations

from checks.each import Judged
from checks.exposure.common import REACH_SAYS, UNTOLD, Group, each_listener, of_sort, reach
from scanner.facts.exposure import HostListeners, Speaks, Spoken, Trait
from scanner.facts.ledger import DeclaredHost
from scanner.model.check import Judgement, check
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed
from scanner.wire.ports import Sort

_STORES = frozenset({Speaks.REDIS, Speaks.MEMCACHED, Speaks.MONGODB, Speaks.ELASTICSEARCH, Speaks.POSTGRESQL, Speaks.MYSQL, Speaks.ETCD})
_DATABASES = Group(_STORES, of_sort(Sort.DATABASE))
_DIRECTORIES = Group(frozenset({Speaks.LDAP}), of_sort(Sort.DIRECTORY))
_FILES = Group(frozenset({Speaks.SMB, Speaks.RSYNC, Speaks.PORTMAP}), of_sort(Sort.FILES) | {111, 135})

_ATTACKED = Text(
    ja="インターネットから常に探され、欠陥や弱い認証を突かれて情報を盗まれる。",
    en="They are searched for all the time; a defect or a weak login there gives the data away.",
)
_CLOSE = Text(
    ja="サービスを内側のアドレスだけで待ち受けさせ、ファイアウォールで外からの接続を閉じる。",
    en="Let the service listen at inside addresses only and close it to outside at the firewall.",
)


@check(
    "exposure.database.outside",
    severity=Severity.CRITICAL,
    title=Text(ja="データベースとキャッシュに組織の外から接続できない", en="Databases and caches cannot be reached from outside"),
    why=_ATTACKED,
    remedy=_CLOSE,
    says=REACH_SAYS,
)
def exposure_database_outside(listeners: HostListeners, ledger: DeclaredHost) -> Judgement:
    return reach(listeners, ledger, _DATABASES)


@check(
    "exposure.database.no-login",
    severity=Severity.CRITICAL,
    title=Text(ja="データベースとキャッシュは認証を求める", en="Databases and caches ask for a login"),
    why=Text(ja="接続できる者は誰でもデータを読み書きできる。", en="Whoever can connect reads and writes the data."),
    remedy=Text(
        ja="認証を有効にする（Redis では requirepass、PostgreSQL では trust を scram-sha-256 に替える）。認証のないものはローカルに限る。",
        en='Turn authentication on (Redis: "requirepass"; PostgreSQL: no "trust"). What has none listens locally only.',
    ),
    says={
        "DATA_NO_LOGIN": Text(ja="{services} が認証なしで応答する", en="{services} answer without a login"),
        "DATA_LOGIN": Text(ja="{services} は認証を求める", en="{services} ask for a login"),
        "DATA_NONE": Text(ja="データベース又はキャッシュとして応答するポートはない", en="no port answers as a database or cache"),
    },
)
def exposure_database_no_login(listeners: HostListeners) -> Judgement:
    def one(seen: Spoken) -> Judged:
        if Trait.NO_LOGIN in seen.traits:
            return failed("DATA_NO_LOGIN")
        return passed("DATA_LOGIN") if Trait.LOGIN in seen.traits else UNTOLD

    return each_listener(listeners, _STORES, one, none=passed("DATA_NONE"), ports=frozenset({3306, 5432, 6379, 9200, 11211, 27017}))


@check(
    "exposure.database.tls",
    severity=Severity.MEDIUM,
    title=Text(ja="データベースは TLS で接続できる", en="Databases can be reached over TLS"),
    why=Text(ja="通信を見られる者に内容が読まれる。", en="Whoever sees the traffic reads the data."),
    remedy=Text(
        ja="証明書を設定し、平文の接続を拒む（PostgreSQL では ssl=on と hostssl、MySQL では require_secure_transport=ON）。",
        en='Set a certificate and refuse clear text (PostgreSQL: "ssl=on", "hostssl"; MySQL: "require_secure_transport=ON").',
    ),
    says={
        "DATA_CLEAR": Text(ja="{services} は TLS に切り替えられない", en="{services} cannot change to TLS"),
        "DATA_TLS": Text(ja="{services} は TLS に切り替えられる", en="{services} can change to TLS"),
        "DATA_NONE": Text(ja="TLS に切り替えられるはずのデータベースは応答しない", en="no database answers that could change to TLS"),
    },
)
def exposure_database_tls(listeners: HostListeners) -> Judgement:
    def one(seen: Spoken) -> Judged:
        if Trait.NO_TLS in seen.traits:
            return failed("DATA_CLEAR")
        return passed("DATA_TLS") if Trait.TLS in seen.traits else UNTOLD

    speaks = frozenset({Speaks.POSTGRESQL, Speaks.MYSQL, Speaks.ETCD})
    return each_listener(listeners, speaks, one, none=passed("DATA_NONE"), ports=frozenset({3306, 5432}))


@check(
    "exposure.directory.outside",
    severity=Severity.HIGH,
    title=Text(ja="ディレクトリサービスに組織の外から接続できない", en="Directories cannot be reached from outside"),
    why=_ATTACKED,
    remedy=_CLOSE,
    says=REACH_SAYS,
)
def exposure_directory_outside(listeners: HostListeners, ledger: DeclaredHost) -> Judgement:
    return reach(listeners, ledger, _DIRECTORIES)


@check(
    "exposure.files.outside",
    severity=Severity.HIGH,
    title=Text(
        ja="ファイル共有（SMB・NFS・rsync 等）に組織の外から接続できない",
        en="File services (SMB, NFS, rsync ...) cannot be reached from outside",
    ),
    why=_ATTACKED,
    remedy=_CLOSE,
    says=REACH_SAYS,
)
def exposure_files_outside(listeners: HostListeners, ledger: DeclaredHost) -> Judgement:
    return reach(listeners, ledger, _FILES)


@check(
    "exposure.files.rsync",
    severity=Severity.MEDIUM,
    title=Text(ja="rsync は誰にでも共有名を示さない", en="rsync does not name its modules to strangers"),
    why=Text(
        ja="共有の名前が分かれば、認証のないものは読み出される。", en="Modules whose names are known are read where they ask for no login."
    ),
    remedy=Text(
        ja="rsyncd.conf で「list = false」とし、「auth users」と「hosts allow」を設定する。公開のミラーは台帳に記す。",
        en='In rsyncd.conf set "list = false", "auth users" and "hosts allow".',
    ),
    says={
        "RSYNC_LISTED": Text(ja="{services} が共有名を示す", en="{services} name their modules"),
        "RSYNC_HIDDEN": Text(ja="{services} は共有名を示さない", en="{services} name no modules"),
        "RSYNC_NONE": Text(ja="rsync で応答するポートはない", en="no port answers with rsync"),
    },
)
def exposure_files_rsync(listeners: HostListeners) -> Judgement:
    def one(seen: Spoken) -> Judged:
        return failed("RSYNC_LISTED") if Trait.MODULES in seen.traits else passed("RSYNC_HIDDEN")

    return each_listener(listeners, frozenset({Speaks.RSYNC}), one, none=passed("RSYNC_NONE"), ports=frozenset({873}))


_SMB = Group(frozenset({Speaks.SMB}), frozenset({139, 445}))


@check(
    "exposure.smb.outside",
    severity=Severity.CRITICAL,
    title=Text(ja="SMB に組織の外から接続できない", en="SMB cannot be reached from outside"),
    why=Text(
        ja="SMB の欠陥はワームやランサムウェアに繰り返し使われてきた。",
        en="Defects of SMB have carried worms and ransomware again and again.",
    ),
    remedy=Text(ja="TCP 139 と 445 をファイアウォールで閉じる。", en="Close TCP 139 and 445 at the firewall."),
    says=REACH_SAYS,
)
def exposure_smb_outside(listeners: HostListeners, ledger: DeclaredHost) -> Judgement:
    return reach(listeners, ledger, _SMB)


@check(
    "exposure.smb.version",
    severity=Severity.HIGH,
    title=Text(ja="SMB 1 を受け付けない", en="SMB 1 is not accepted"),
    why=Text(
        ja="SMB 1 には改ざんの検知も十分な認証もなく、重大な欠陥が知られている。", en="SMB 1 lacks integrity and has grave known defects."
    ),
    remedy=Text(
        ja="Windows では機能「SMB1Protocol」を削除し、Samba では「server min protocol = SMB2_10」以上とする。複合機は設定画面で止める。",
        en='Remove the feature "SMB1Protocol" in Windows; in Samba set "server min protocol = SMB2_10" or newer; likewise in printers.',
    ),
    says={
        "SMB1_TAKEN": Text(ja="{services} が SMB 1 を受け付ける", en="{services} accept SMB 1"),
        "SMB1_REFUSED": Text(ja="{services} は SMB 1 を受け付けない", en="{services} refuse SMB 1"),
        "SMB_NONE": Text(ja="SMB で応答するポートはない", en="no port answers with SMB"),
    },
)
def exposure_smb_version(listeners: HostListeners) -> Judgement:
    def one(seen: Spoken) -> Judged:
        if Trait.SMB1 in seen.traits:
            return failed("SMB1_TAKEN")
        return passed("SMB1_REFUSED") if Trait.NO_SMB1 in seen.traits else UNTOLD

    return each_listener(listeners, frozenset({Speaks.SMB}), one, none=passed("SMB_NONE"), ports=frozenset({445}))


@check(
    "exposure.smb.signing",
    severity=Severity.MEDIUM,
    title=Text(ja="SMB は署名を必須とする", en="SMB messages must be signed"),
    why=Text(
        ja="署名のない SMB は途中で中継され、他人の権限でログインされる（NTLM リレー）。",
        en="Without signatures logins are relayed and used by others (NTLM relay).",
    ),
    remedy=Text(
        ja="Windows では「常に通信にデジタル署名を行う」を有効にし、Samba では「server signing = mandatory」とする。",
        en='Windows: turn on "Microsoft network server: Digitally sign communications (always)"; Samba: "server signing = mandatory".',
    ),
    says={
        "SIGNING_OPTIONAL": Text(ja="{services} は署名を必須としない", en="{services} do not demand signatures"),
        "SIGNING_REQUIRED": Text(ja="{services} は署名を必須とする", en="{services} demand signatures"),
        "SMB_NONE": Text(ja="SMB で応答するポートはない", en="no port answers with SMB"),
    },
)
def exposure_smb_signing(listeners: HostListeners) -> Judgement:
    def one(seen: Spoken) -> Judged:
        if Trait.SIGNING_OPTIONAL in seen.traits:
            return failed("SIGNING_OPTIONAL")
        return passed("SIGNING_REQUIRED") if Trait.SIGNING_REQUIRED in seen.traits else UNTOLD

    return each_listener(listeners, frozenset({Speaks.SMB}), one, none=passed("SMB_NONE"), ports=frozenset({445}))
