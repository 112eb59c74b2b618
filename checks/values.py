"""The values that the documents need and do not give: the policy profile may set each. Sorted by key; no check stands here."""

from __future__ import annotations

from scanner.model.check import Value
from scanner.model.text import Text

ACCOUNTS_ADMINISTRATORS = Value[tuple[str, ...]](
    "accounts.administrators",
    default=(),
    text=Text(ja="管理者の権限を認めたアカウント", en="accounts that may hold an administrator's rights"),
)

ACCOUNTS_DEFAULT_NAMES = Value[tuple[str, ...]](
    "accounts.default-names",
    default=(
        "admin",
        "administrator",
        "centos",
        "debian",
        "demo",
        "ec2-user",
        "ftpuser",
        "guest",
        "install",
        "oracle",
        "pi",
        "setup",
        "support",
        "test",
        "tester",
        "ubnt",
        "ubuntu",
        "user",
        "vagrant",
        "vendor",
    ),
    text=Text(
        ja="製品の初期設定や構築時に作られるアカウントの名前", en="names of accounts that products bring along or builders leave behind"
    ),
)

ACCOUNTS_IDLE_DAYS = Value(
    "accounts.idle-days",
    default=90,
    text=Text(ja="使われないアカウントを残してよい日数", en="days for which an unused account may remain"),
    unit="d",
    least=1,
)

ACCOUNTS_PERMITTED = Value[tuple[str, ...]](
    "accounts.permitted",
    default=(),
    text=Text(ja="ログインを認めたアカウント（台帳にあるもの）", en="accounts that may log in, as the ledger has them"),
)

ACCOUNTS_SERVICES = Value[tuple[str, ...]](
    "accounts.services",
    default=(),
    text=Text(ja="人でなくプログラムが使うものとして登録したアカウント", en="accounts registered for programs instead of persons"),
)

AUDIT_SUBJECTS = Value[tuple[str, ...]](
    "audit.subjects",
    default=("identities", "privilege-rules", "privilege-use", "logins", "time", "modules"),
    text=Text(
        ja=(
            "監査記録の対象（identities：アカウント、privilege-rules：権限の設定、privilege-use：権限の行使、logins、time：時刻、"
            "modules：カーネルモジュール、rights：ファイルの権限、deletion：削除、policy：強制アクセス制御）"
        ),
        en="what the audit record must cover (identities, privilege-rules, privilege-use, logins, time, modules, rights, deletion, policy)",
    ),
    choices=("identities", "privilege-rules", "privilege-use", "logins", "time", "modules", "rights", "deletion", "policy"),
)

BACKUP_MAKER = Value(
    "backup.maker",
    default="unset",
    text=Text(
        ja="バックアップの取得方法（machine：機器自身が取る、outside：仮想基盤等の外から取る、unset：未定）",
        en="who makes backups (machine: the machine itself, outside: the virtualisation or another machine, unset: not decided)",
    ),
    choices=("machine", "outside", "unset"),
)

BACKUP_MOST_HOURS = Value(
    "backup.most-hours",
    default=168,
    text=Text(ja="最後に成功したバックアップからの時間の上限", en="longest time since the last good backup"),
    unit="h",
    least=1,
    most=87600,
)

CREDENTIALS_MOST_CACHED = Value(
    "credentials.most-cached-logons",
    default=4,
    text=Text(
        ja="ドメインに届かないときのために残すログオンの控えの数の上限",
        en="most log-ons to a domain that are kept for when it cannot be reached",
    ),
    least=0,
)

DISK_ENCRYPTION_USES = Value[tuple[str, ...]](
    "disk.encryption",
    default=("system", "data"),
    text=Text(ja="暗号化を求める領域（system：システム、data：データ）", en="volumes that must be encrypted (system, data)"),
    choices=("system", "data"),
)

DNS_AUTHORITY_MOST_FACTOR = Value(
    "dns.authority.most-factor",
    default=40.0,
    text=Text(
        ja="権威サーバの応答が問合せの何倍まで大きくてよいか", en="how many times larger than the question an authoritative answer may be"
    ),
    least=1,
)

DNS_DNSSEC_LEAST_EXPIRY_DAYS = Value(
    "dns.dnssec.least-expiry-days",
    default=3,
    text=Text(ja="DNSSEC の署名の期限までに残すべき日数", en="days that must be left before a DNSSEC signature expires"),
    unit="d",
    least=0,
    most=365,
)

DNS_DNSSEC_LEAST_RSA_BITS = Value(
    "dns.dnssec.least-rsa-bits",
    default=2048,
    text=Text(ja="DNSSEC の RSA 鍵の最小の長さ", en="least length of RSA keys for DNSSEC"),
    unit="bit",
    least=1024,
    most=4096,
)

DNS_DNSSEC_MOST_ITERATIONS = Value(
    "dns.dnssec.most-nsec3-iterations",
    default=0,
    text=Text(ja="NSEC3 の繰返しの上限", en="most NSEC3 iterations"),
    least=0,
    most=2500,
)

DNS_NAME_SUFFIXES = Value[tuple[str, ...]](
    "dns.name.suffixes",
    default=(),
    text=Text(
        ja="組織の公式なドメイン名の末尾（go.jp、lg.jp、ac.jp 等）",
        en="suffixes of the organisation's official domain names (go.jp, lg.jp …)",
    ),
)

DNS_RECURSION_MOST_FACTOR = Value(
    "dns.recursion.most-factor",
    default=10.0,
    text=Text(
        ja="外部への応答が問合せの何倍まで大きくてよいか", en="how many times larger than the question an answer to outsiders may be"
    ),
    least=1,
)

DNS_LEAST_NETWORKS = Value(
    "dns.redundancy.least-networks",
    default=2,
    text=Text(ja="権威サーバを分けて置くネットワークの数", en="networks among which the name servers are spread"),
    least=1,
    most=13,
)

DNS_LEAST_SERVERS = Value(
    "dns.redundancy.least-servers",
    default=2,
    text=Text(ja="権威サーバの台数", en="number of authoritative servers"),
    least=1,
    most=13,
)

DNS_SOA_LEAST_EXPIRE = Value(
    "dns.soa.least-expire",
    default=604800,
    text=Text(ja="SOA の expire の下限", en="least SOA expire"),
    unit="s",
    least=0,
    most=2147483647,
)

DNS_SOURCE_PORT_LEAST_BITS = Value(
    "dns.source-port.least-bits",
    default=10,
    text=Text(ja="キャッシュサーバの送信元ポートの広がりの下限", en="least spread of a resolver's source ports"),
    unit="bit",
    least=1,
    most=16,
)

DNS_UDP_MOST_OCTETS = Value(
    "dns.udp.most-octets",
    default=1232,
    text=Text(ja="DNS の UDP 応答の大きさの上限", en="largest DNS answer over UDP"),
    unit="octet",
    least=512,
    most=4096,
)

ENDPOINT_MOST_SILENCE_HOURS = Value(
    "endpoint.agent.most-silence-hours",
    default=72,
    text=Text(
        ja="端末の報告が途絶えてから、その結果を古いとみなすまでの時間",
        en="hours without a report after which what a terminal reported counts as out of date",
    ),
    unit="h",
    least=1,
    most=8760,
)

EVENT_LOG_LEAST_OTHER_KIB = Value(
    "event-log.least-other-kib",
    default=32_768,
    text=Text(
        ja="Windows のアプリケーションとシステムのイベントログの大きさの下限", en="least size of the application and system logs of Windows"
    ),
    unit="KiB",
    least=64,
)

EVENT_LOG_LEAST_SECURITY_KIB = Value(
    "event-log.least-security-kib",
    default=196_608,
    text=Text(ja="Windows のセキュリティのイベントログの大きさの下限", en="least size of the security log of Windows"),
    unit="KiB",
    least=64,
)

EXPOSURE_MOST_FACTOR = Value(
    "exposure.udp.most-factor",
    default=3.0,
    text=Text(ja="UDP の応答が問合せの何倍まで大きくてよいか", en="how many times larger than the question a UDP answer may be"),
    least=1,
)

FILES_SETUID_PERMITTED = Value[tuple[str, ...]](
    "files.setuid-permitted",
    default=(),
    text=Text(
        ja="配布元のものに加えて setuid・setgid を認めるプログラム（* を含んでよい）",
        en="programs that may be setuid or setgid beside those of the distribution (may hold *)",
    ),
)

FIREWALL_MANAGEMENT_NETWORKS = Value[tuple[str, ...]](
    "firewall.management-networks",
    default=(),
    text=Text(
        ja="管理用の接続を認めるネットワーク（CIDR。空であれば、限られていることだけを求める）",
        en="networks from which machines are managed, in CIDR (empty: it is only asked that there is a limit)",
    ),
)

FIREWALL_MANAGEMENT_PORTS = Value[tuple[str, ...]](
    "firewall.management-ports",
    default=("22", "23", "3389", "5900", "5985", "5986", "9090", "10000"),
    text=Text(ja="管理用の接続に使う TCP ポート", en="TCP ports on which machines are managed"),
)

FIREWALL_OPEN_PORTS = Value[tuple[str, ...]](
    "firewall.open-ports",
    default=(),
    text=Text(
        ja="全ての接続元に開くことを認めるポート（tcp/443 の形。範囲は tcp/6000-6010）",
        en="ports that may be open to everybody (as tcp/443, or tcp/6000-6010 for a range)",
    ),
)

FIREWALL_OUTBOUND = Value(
    "firewall.outbound",
    default="unset",
    text=Text(
        ja="機器から外への通信（restricted：必要なものに限る、free：限らない、unset：未定）",
        en="outgoing connections of machines (restricted, free, or unset: not decided)",
    ),
    choices=("restricted", "free", "unset"),
)

FIREWALL_TRUSTED_INTERFACES = Value[tuple[str, ...]](
    "firewall.trusted-interfaces",
    default=(),
    text=Text(
        ja="フィルタを求めないインタフェース（内部のブリッジ等）の名前",
        en="interfaces on which no filter is asked for, such as inner bridges",
    ),
)

INTEGRITY_MOST_DAYS = Value(
    "integrity.most-days",
    default=7,
    text=Text(ja="改ざん検知の照合からの日数の上限", en="most days since files were last compared for changes"),
    unit="d",
    least=1,
    most=365,
)

IPV6_NATIVE_USE = Value(
    "ipv6.native",
    default="unset",
    text=Text(
        ja="接続する通信回線での IPv6 通信（allowed：想定する、unused：想定しない、unset：未定）",
        en="IPv6 on the line the machines are connected to (allowed, unused, or unset: not decided)",
    ),
    choices=("allowed", "unused", "unset"),
)

IPV6_ROUTER_ADVERTISEMENTS = Value(
    "ipv6.router-advertisements",
    default="unset",
    text=Text(
        ja="ルータ広告による IPv6 の自動設定（allowed：認める、refused：認めない、unset：IPv6 通信を想定しない回線でだけ認めない）",
        en="set-up of IPv6 by router advertisements (allowed, refused, or unset: refused only where IPv6 is unused)",
    ),
    choices=("allowed", "refused", "unset"),
)

IPV6_TUNNELS = Value[tuple[str, ...]](
    "ipv6.tunnels",
    default=(),
    text=Text(ja="使用を認めた IPv6 トンネルのインタフェース名", en="interface names of the IPv6 tunnels that are meant to be there"),
)

LOG_HOSTS = Value[tuple[str, ...]](
    "log.hosts",
    default=(),
    text=Text(
        ja="ログを集める組織のサーバの名前又はアドレス（空であれば、転送していることだけを求める）",
        en="names or addresses of the organisation's log hosts (empty: it is only asked that logs are sent to another machine)",
    ),
)

LOG_LEAST_FREE_PERCENT = Value(
    "log.least-free-percent",
    default=10,
    text=Text(ja="ログを書く領域に残すべき空きの割合", en="share of the volume of logs that must be free"),
    unit="%",
    least=0,
    most=99,
)

LOG_RECEIVING = Value(
    "log.receiving",
    default="unset",
    text=Text(
        ja="他の機器のログの受信（allowed：認める、refused：認めない、unset：未定）",
        en="taking logs of other machines (allowed, refused, or unset: not decided)",
    ),
    choices=("allowed", "refused", "unset"),
)

LOG_RETENTION_DAYS = Value(
    "log.retention-days",
    default=365,
    text=Text(ja="ログを保存すべき日数", en="days for which logs are to be kept"),
    unit="d",
    least=1,
    most=36500,
)

LOGIN_LOCKOUT_SECONDS = Value(
    "login.lockout-seconds",
    default=600,
    text=Text(ja="失敗が続いたアカウントをロックする時間の下限", en="least time for which an account stays locked after failures"),
    unit="s",
    least=1,
)

LOGIN_LOCKOUT_TRIES = Value(
    "login.lockout-tries",
    default=5,
    text=Text(ja="アカウントをロックするまでの失敗の上限", en="most failures before an account is locked"),
    least=1,
    most=100,
)

LOGIN_MOST_SESSIONS = Value(
    "login.most-sessions",
    default=10,
    text=Text(ja="一つのアカウントの同時のログインの上限", en="most sessions that one account may have at once"),
    least=1,
)

LOGIN_UMASK = Value(
    "login.umask",
    default="027",
    text=Text(ja="ログイン時の umask に求める値", en="umask asked for at logins"),
    choices=("022", "027", "077"),
)

MAIL_DKIM_LEAST_RSA_BITS = Value(
    "mail.dkim.least-rsa-bits",
    default=2048,
    text=Text(ja="DKIM の RSA 鍵の最小の長さ", en="least length of RSA keys for DKIM"),
    unit="bit",
    least=1024,
    most=4096,
)

MAIL_DMARC_LEAST_POLICY = Value(
    "mail.dmarc.least-policy",
    default="quarantine",
    text=Text(ja="DMARC で求める最も緩いポリシー", en="mildest DMARC policy that is enough"),
    choices=("none", "quarantine", "reject"),
)

MAIL_MTA_STS_LEAST_MAX_AGE = Value(
    "mail.mta-sts.least-max-age",
    default=604800,
    text=Text(ja="MTA-STS ポリシーの最短の有効期間", en="shortest validity of an MTA-STS policy"),
    unit="s",
    least=0,
    most=31557600,
)

MAIL_MX_IPV6_REQUIRED = Value(
    "mail.mx.ipv6-required",
    default=False,
    text=Text(ja="メールの受信に IPv6 を求めるか", en="whether mail must be taken over IPv6"),
)

MAIL_SPF_ENDINGS = Value(
    "mail.spf.endings",
    default=("-", "~"),
    text=Text(ja="SPF の末尾の all に認める限定子", en="qualifiers accepted for the all at the end of an SPF policy"),
    choices=("-", "~", "?"),
)

MAIL_SPF_WIDEST_IPV4 = Value(
    "mail.spf.widest-ipv4-prefix",
    default=14,
    text=Text(
        ja="SPF で許可してよい最も広い IPv4 の範囲（プレフィックス長）", en="widest IPv4 range that SPF may authorise, as a prefix length"
    ),
    least=0,
    most=32,
)

MAIL_SPF_WIDEST_IPV6 = Value(
    "mail.spf.widest-ipv6-prefix",
    default=32,
    text=Text(
        ja="SPF で許可してよい最も広い IPv6 の範囲（プレフィックス長）", en="widest IPv6 range that SPF may authorise, as a prefix length"
    ),
    least=0,
    most=128,
)

MALWARE_MOST_DEFINITION_HOURS = Value(
    "malware.most-definition-hours",
    default=48,
    text=Text(ja="不正プログラム定義ファイルの古さの上限", en="greatest age of definitions of malicious programs"),
    unit="h",
    least=1,
    most=8760,
)

MALWARE_MOST_FULL_SCAN_DAYS = Value(
    "malware.most-full-scan-days",
    default=30,
    text=Text(ja="機器全体の不正プログラムの検査の間隔の上限", en="longest time between scans of the whole machine for malicious programs"),
    unit="d",
    least=1,
)

MEDIA_REGISTERED = Value[tuple[str, ...]](
    "media.registered",
    default=(),
    text=Text(ja="使用を認めた外部電磁的記録媒体の製造番号（台帳にあるもの）", en="serial numbers of the removable media that may be used"),
)

MOUNTS_SEPARATE = Value[tuple[str, ...]](
    "mounts.separate",
    default=("/home", "/tmp", "/var"),  # noqa: S108  mount points, nothing is written there
    text=Text(ja="ほかと分けて置くべきディレクトリ", en="directories that are kept on file systems of their own"),
)

NAME_GUESSING_OFF = Value[tuple[str, ...]](
    "name-guessing.off",
    default=("llmnr", "netbios"),
    text=Text(
        ja="無効とする、隣の機器に名前を尋ねる仕組み（llmnr、netbios、mdns）",
        en="ways of asking the neighbours for names that are to be off (llmnr, netbios, mdns)",
    ),
)

NETWORK_IDLE = Value(
    "network.idle-seconds",
    default=600,
    text=Text(ja="通信回線装置の管理の接続を放置してよい時間", en="how long a session of management on a network device may be idle"),
    unit="s",
    least=30,
    most=86_400,
)

NETWORK_LEAST_BACKLOG = Value(
    "network.least-syn-backlog",
    default=512,
    text=Text(ja="確立途中の TCP 接続を待たせる数の下限", en="least number of half-open connections that are kept waiting"),
    least=128,
    most=1048576,
)

NETWORK_MOST_SYN_RETRIES = Value(
    "network.most-syn-retries",
    default=3,
    text=Text(ja="TCP 接続の確立を待つ間の再送の上限", en="most retries while a connection is being set up"),
    least=1,
    most=10,
)

NETWORKS_OWN_WIRELESS = Value[tuple[str, ...]](
    "networks.own-wireless",
    default=(),
    text=Text(ja="組織の無線 LAN の名前（SSID）", en="names (SSID) of the organisation's own wireless networks"),
)

NETWORKS_PERMITTED = Value[tuple[str, ...]](
    "networks.permitted",
    default=(),
    text=Text(
        ja="端末の接続を認めた無線 LAN（SSID）及び移動体通信網の名前",
        en="names of the wireless networks (SSID) and mobile lines that terminals may join",
    ),
)

NTLM_LEVEL = Value(
    "ntlm.level",
    default=5,
    text=Text(
        ja="LAN Manager 認証レベル（0 から 5。5：NTLMv2 だけを送り、LM と NTLM を拒否する）",
        en="LAN Manager authentication level (0 to 5; 5: NTLMv2 only, LM and NTLM refused)",
    ),
)

OFFICE_MACRO_RULES = Value[tuple[str, ...]](
    "office.macro-rules",
    default=("never", "trusted-places", "signed"),
    text=Text(
        ja="マクロの実行について認める設定（never：実行しない、trusted-places：信頼できる場所のみ、signed：署名付きのみ、asks：確認する、all：全て）",
        en="what may be set about macros (never, trusted-places, signed, asks, all)",
    ),
    choices=("never", "trusted-places", "signed", "asks", "all"),
)

PACKAGES_SOURCES = Value[tuple[str, ...]](
    "packages.sources",
    default=(),
    text=Text(
        ja="ソフトウェアの取得元として認めるホスト名（.example.jp は下位も含む）",
        en="host names from which software may be fetched (.example.jp takes in those below)",
    ),
)

PASSWORD_HISTORY = Value(
    "password.history",
    default=5,
    text=Text(ja="再使用させない以前のパスワードの数", en="earlier passwords that may not be used again"),
    least=1,
)

PASSWORD_LEAST_CLASSES = Value(
    "password.least-classes",
    default=3,
    text=Text(
        ja="パスワードに求める文字の種類の数（英小文字、英大文字、数字、記号）",
        en="kinds of characters asked for in passwords (small, capital, digits, others)",
    ),
    least=0,
    most=4,
)

PASSWORD_LEAST_LENGTH = Value(
    "password.least-length",
    default=10,
    text=Text(ja="パスワードの最小の長さ", en="least length of passwords"),
    least=1,
    most=255,
)

PASSWORD_MOST_DAYS = Value(
    "password.most-days",
    default=0,
    text=Text(
        ja="パスワードを変更させる期間（0：定期の変更を求めない）", en="period within which passwords are changed (0: no regular change)"
    ),
    unit="d",
    least=0,
)

PLATFORM_EXTENDED = Value[tuple[str, ...]](
    "platform.extended-support",
    default=("debian-lts",),
    text=Text(
        ja="組織が利用する延長サポート（debian-lts、debian-elts、ubuntu-pro、rhel-els、windows-esu）",
        en="extended support that the organisation uses (debian-lts, debian-elts, ubuntu-pro, rhel-els, windows-esu)",
    ),
    choices=("debian-elts", "debian-lts", "rhel-els", "ubuntu-pro", "windows-esu"),
)

PLATFORM_LEAST_SUPPORT_DAYS = Value(
    "platform.least-support-days",
    default=0,
    text=Text(ja="OS のサポート終了までに残すべき日数", en="days that must be left before the end of support of the operating system"),
    unit="d",
    least=0,
    most=3650,
)

PROXIES_PERMITTED = Value[tuple[str, ...]](
    "proxies.permitted",
    default=(),
    text=Text(
        ja="ウェブの利用に用いるプロキシ（ホスト名:ポート）又は設定スクリプトの URL",
        en="the web proxies to be used (host:port), or the URL of the script that chooses them",
    ),
)

REMOTE_ASSISTANCE_USE = Value(
    "remote-assistance.use",
    default="off",
    text=Text(
        ja="リモートアシスタンス（off：使わない、solicited：利用者の求めによるものだけ、offered：申出も認める）",
        en="Remote Assistance (off, solicited: at the user's request, offered: offers too)",
    ),
    choices=("off", "solicited", "offered"),
)

SCREEN_LOCK_GRACE = Value(
    "screen-lock.grace-seconds",
    default=5,
    text=Text(
        ja="画面が消えてから主体認証を求めるまでの猶予の上限",
        en="longest time from the dark screen until authentication is asked for",
    ),
    unit="s",
    least=0,
    most=3600,
)

SCREEN_LOCK_IDLE = Value(
    "screen-lock.idle-seconds",
    default=900,
    text=Text(ja="無操作から画面ロックまでの上限", en="longest time without input until the screen locks"),
    unit="s",
    least=1,
    most=86400,
)

SERVICES_NEEDLESS = Value[tuple[str, ...]](
    "services.needless",
    default=(
        "avahi-daemon",
        "cups",
        "cups-browsed",
        "rpcbind",
        "rsh",
        "rlogin",
        "rexec",
        "telnet",
        "inetutils-telnetd",
        "tftp",
        "tftpd-hpa",
        "ypserv",
        "ypbind",
        "nis",
        "xinetd",
        "openbsd-inetd",
        "inetutils-inetd",
        "talk",
        "ntalk",
        "tlntsvr",
        "simptcp",
        "ftpsvc",
        "lpdsvc",
        "fax",
        "remoteregistry",
        "finger",
        "fingerd",
        "vsftpd",
        "proftpd",
        "autofs",
        "bluetooth",
        "isc-dhcp-server",
        "kea-dhcp4-server",
        "snmpd",
    ),
    text=Text(
        ja="台帳に用途が記されていない限り動かさないサービスの名前",
        en="names of services that are not run unless the ledger names their use",
    ),
)

SOFTWARE_FORBIDDEN = Value[tuple[str, ...]](
    "software.forbidden",
    default=(),
    text=Text(ja="使用を禁じるソフトウェアの名前（* を含んでよい）", en="names of software that is forbidden (may hold *)"),
)

SOFTWARE_PERMITTED = Value[tuple[str, ...]](
    "software.permitted",
    default=(),
    text=Text(ja="使用を認めるソフトウェアの名前（* を含んでよい）", en="names of software that is permitted (may hold *)"),
)

SOFTWARE_REMOTE_CONTROL = Value[tuple[str, ...]](
    "software.remote-control",
    default=(
        "aeroadmin*",
        "ammyy*",
        "anydesk*",
        "atera*",
        "brynhildr*",
        "chrome remote desktop*",
        "connectwise*",
        "dameware*",
        "dwservice*",
        "gotomypc*",
        "isl light*",
        "logmein*",
        "meshcentral*",
        "meshagent*",
        "netsupport*",
        "parsec*",
        "radmin*",
        "realvnc*",
        "remote utilities*",
        "remotepc*",
        "rustdesk*",
        "screenconnect*",
        "splashtop*",
        "supremo*",
        "teamviewer*",
        "tightvnc*",
        "tigervnc*",
        "ultravnc*",
        "ultraviewer*",
        "vnc server*",
        "x11vnc*",
        "zoho assist*",
    ),
    text=Text(
        ja="外から機器を操作するソフトウェアで、認めていないものの名前（* を含んでよい、大文字と小文字を区別しない）",
        en="names of software to control a machine from elsewhere that is not permitted (may hold *, case means nothing)",
    ),
)

SSH_FORWARDING = Value(
    "ssh.forwarding",
    default="refused",
    text=Text(
        ja="SSH サーバでのポート転送（allowed：認める、refused：認めない）", en="port forwarding through SSH servers (allowed, refused)"
    ),
    choices=("allowed", "refused"),
)

SSH_IDLE_SECONDS = Value(
    "ssh.idle-seconds",
    default=900,
    text=Text(ja="応答のない SSH の接続を終えるまでの上限", en="most time before an SSH connection without an answer is ended"),
    unit="s",
    least=1,
)

SSH_LEAST_RSA_BITS = Value(
    "ssh.least-rsa-bits",
    default=2048,
    text=Text(ja="SSH のホスト鍵に使う RSA 鍵の最小の長さ", en="least length of RSA host keys for SSH"),
    unit="bit",
    least=1024,
    most=8192,
)

SSH_GRACE_SECONDS = Value(
    "ssh.login-grace-seconds",
    default=60,
    text=Text(ja="SSH の認証の完了を待つ時間の上限", en="most time for which an SSH server waits for a login to be finished"),
    unit="s",
    least=1,
)

SSH_MOST_TRIES = Value(
    "ssh.most-tries",
    default=4,
    text=Text(ja="SSH の一接続で試せる回数の上限", en="most attempts within one SSH connection"),
    least=1,
)

SSH_PASSWORDS = Value(
    "ssh.passwords",
    default="refused",
    text=Text(
        ja="SSH のパスワードだけによるログイン（allowed：認める、refused：認めない）",
        en="logins over SSH with a password alone (allowed, refused)",
    ),
    choices=("allowed", "refused"),
)

SSH_ROOT_LOGIN = Value(
    "ssh.root-login",
    default="no",
    text=Text(
        ja="SSH による root のログイン（no：認めない、key：鍵による場合だけ認める）",
        en="logins as root over SSH (no, or key: with a key only)",
    ),
    choices=("no", "key"),
)

SUDO_MOST_MINUTES = Value(
    "sudo.most-minutes",
    default=15,
    text=Text(ja="sudo が再びパスワードを求めるまでの時間の上限", en="most time before sudo asks for the password again"),
    unit="min",
    least=0,
)

SUDO_WITHOUT_PASSWORD = Value[tuple[str, ...]](
    "sudo.without-password",
    default=(),
    text=Text(
        ja="パスワードを求めない sudo の規則を認めたアカウント及び群（群は「%」で始める）",
        en="accounts and groups (with a leading %) for which sudo may ask for no password",
    ),
)

TIME_MOST_OFFSET = Value(
    "time.most-offset-seconds",
    default=1.0,
    text=Text(ja="時計のずれの上限", en="largest error of a clock"),
    unit="s",
    least=0.001,
    most=3600,
)

TIME_SERVERS = Value[tuple[str, ...]](
    "time.servers",
    default=(),
    text=Text(ja="組織が定めた時刻サーバの名前又はアドレス", en="names or addresses of the organisation's time servers"),
)

TIME_SERVING = Value(
    "time.serving",
    default="unset",
    text=Text(
        ja="他の機器への時刻の提供（allowed：認める、refused：認めない、unset：未定）",
        en="giving time to other machines (allowed, refused, or unset: not decided)",
    ),
    choices=("allowed", "refused", "unset"),
)

TLS_CERTIFICATE_LEAST_EC_BITS = Value(
    "tls.certificate.least-ec-bits",
    default=256,
    text=Text(ja="サーバ証明書の楕円曲線の鍵の最小の長さ", en="least length of elliptic-curve keys in server certificates"),
    unit="bit",
    least=224,
    most=521,
)

TLS_CERTIFICATE_LEAST_RSA_BITS = Value(
    "tls.certificate.least-rsa-bits",
    default=2048,
    text=Text(ja="サーバ証明書の RSA 鍵の最小の長さ", en="least length of RSA keys in server certificates"),
    unit="bit",
    least=1024,
    most=8192,
)

TLS_CERTIFICATE_REMAINING_DAYS = Value(
    "tls.certificate.remaining-days",
    default=14,
    text=Text(
        ja="サーバ証明書の期限までに残すべき日数（短い証明書では有効期間の 4 分の 1 まで）",
        en="days that must be left before a server certificate expires (for short ones at most a quarter of their lifetime)",
    ),
    unit="d",
    least=0,
    most=365,
)

TLS_CRYPTREC_LEVEL = Value(
    "tls.cryptrec.level",
    default="recommended",
    text=Text(
        ja="TLS 暗号設定ガイドラインの型（high：高セキュリティ型、recommended：推奨セキュリティ型、exception：セキュリティ例外型）",
        en="level of CRYPTREC's guideline for TLS (high, recommended, or exception)",
    ),
    choices=("high", "recommended", "exception"),
)

TLS_LEAST_DH_BITS = Value(
    "tls.key-exchange.least-dh-bits",
    default=2048,
    text=Text(ja="TLS の DH 鍵交換の鍵長の下限", en="least length of the prime in DH key exchanges of TLS"),
    unit="bit",
    least=1024,
    most=16384,
)

TLS_PROFILE = Value(
    "tls.profile",
    default="rfc9325/server",
    text=Text(
        ja="TLS 暗号設定ガイドラインのほかに従う TLS のプロファイル", en="profile of TLS settings to follow beside CRYPTREC's guideline"
    ),
)

UPDATES_MOST_LIST_DAYS = Value(
    "updates.most-list-days",
    default=7,
    text=Text(ja="更新の一覧を取得してからの日数の上限", en="most days since the list of updates was fetched"),
    unit="d",
    least=1,
    most=365,
)

USB_STORAGE_USE = Value(
    "usb-storage.use",
    default="unset",
    text=Text(
        ja="USB ストレージの使用（allowed：認める、blocked：認めない、unset：未定）",
        en="use of USB storage (allowed, blocked, or unset: not decided)",
    ),
    choices=("allowed", "blocked", "unset"),
)

WEB_CGI_PATHS = Value[tuple[str, ...]](
    "web.cgi-paths",
    default=(),
    text=Text(ja="CGI を動かすことを認めたパス（/cgi-bin/ 等）", en="paths at which CGI programs may run (/cgi-bin/ for example)"),
)

WEB_DOCUMENT_NAMES = Value[tuple[str, ...]](
    "web.documents.approved-names",
    default=(),
    text=Text(
        ja="公開する文書のプロパティに残してよい名前（組織名等）",
        en="names that properties of published documents may show, such as the organisation's own",
    ),
)

WEB_HSTS_LEAST_SECONDS = Value(
    "web.hsts.least-seconds",
    default=31_536_000,
    text=Text(ja="HSTS の期間（max-age）の下限", en="least duration (max-age) of HSTS"),
    unit="s",
    least=0,
)

WEB_MODULES = Value[tuple[str, ...]](
    "web.modules",
    default=(),
    text=Text(
        ja="ウェブサーバに読み込んでよいモジュール（Apache の ssl_module、nginx の ngx_stream_module 等）",
        en="modules that web servers may load (ssl_module of Apache, ngx_stream_module of nginx and so on)",
    ),
)

WEB_SOCIAL_PROFILES = Value[tuple[str, ...]](
    "web.social.profiles",
    default=(),
    text=Text(ja="組織の公式アカウントのプロフィールの URL", en="URLs of the organisation's own profiles in social media"),
)

WEB_THIRD_PARTIES = Value[tuple[str, ...]](
    "web.third-parties.approved",
    default=(),
    text=Text(
        ja="ページの部品の読込みを認める組織外のホスト（「.」で始めるとその下の全て）",
        en="other hosts from which pages may load parts (with a leading dot: everything below)",
    ),
)

WEB_TITLE_NAMES = Value[tuple[str, ...]](
    "web.titles.names",
    default=(),
    text=Text(
        ja="ページのタイトルに含める組織名（いずれか一つを含めばよい）", en="names of the organisation, one of which every page title holds"
    ),
)
