"""Checks of services that carry logins or data in clear text."""

from __future__ import annotations

from checks.each import Judged
from checks.exposure.common import UNTOLD, each_datagram, each_listener
from scanner.facts.exposure import HostDatagrams, HostListeners, Speaks, Spoken, Trait
from scanner.model.check import Judgement, check
from scanner.model.text import Text
from scanner.model.verdict import Severity, doubtful, failed, passed

_CLEAR = Text(
    ja="通信を見られる者に、パスワードと内容がそのまま読める。", en="Whoever sees the traffic reads passwords and content as they are."
)


@check(
    "exposure.clear-text.telnet",
    severity=Severity.HIGH,
    title=Text(ja="telnet を提供していない", en="No telnet is served"),
    why=_CLEAR,
    remedy=Text(ja="telnet を止め、SSH に替える。", en="Stop telnet and use SSH."),
    says={
        "TELNET_SERVED": Text(ja="{services} が telnet で応答する", en="{services} answer with telnet"),
        "TELNET_NONE": Text(ja="telnet で応答するポートはない", en="no port answers with telnet"),
    },
)
def exposure_clear_text_telnet(listeners: HostListeners) -> Judgement:
    return each_listener(
        listeners,
        frozenset({Speaks.TELNET}),
        lambda _: failed("TELNET_SERVED"),
        none=passed("TELNET_NONE"),
        ports=frozenset({23, 2323}),
    )


@check(
    "exposure.clear-text.ftp",
    severity=Severity.HIGH,
    title=Text(ja="FTP は TLS で保護される", en="FTP is protected by TLS"),
    why=_CLEAR,
    remedy=Text(
        ja="SFTP に替えるか、FTPS（vsftpd では ssl_enable=YES と force_local_logins_ssl=YES）とする。",
        en='Use SFTP, or FTPS ("ssl_enable=YES" and "force_local_logins_ssl=YES" in vsftpd).',
    ),
    says={
        "FTP_CLEAR": Text(ja="{services} の FTP は TLS に切り替えられない", en="the FTP server at {services} cannot change to TLS"),
        "FTP_TLS": Text(ja="{services} の FTP は TLS に切り替えられる", en="the FTP server at {services} can change to TLS"),
        "FTP_NONE": Text(ja="FTP で応答するポートはない", en="no port answers with FTP"),
    },
)
def exposure_clear_text_ftp(listeners: HostListeners) -> Judgement:
    def one(seen: Spoken) -> Judged:
        if Trait.NO_TLS in seen.traits:
            return failed("FTP_CLEAR")
        return passed("FTP_TLS") if Trait.TLS in seen.traits else UNTOLD

    return each_listener(listeners, frozenset({Speaks.FTP}), one, none=passed("FTP_NONE"), ports=frozenset({21, 2121}))


@check(
    "exposure.clear-text.r-commands",
    severity=Severity.HIGH,
    title=Text(ja="rsh・rlogin・rexec を提供していない", en="No rsh, rlogin or rexec is served"),
    why=Text(ja="接続元のアドレスだけで認証し、すべてを平文で送る。", en="They trust addresses alone and send everything in clear text."),
    remedy=Text(ja="rsh-server 等を取り除き、SSH に替える。", en="Remove the r-services and use SSH."),
    says={
        "R_OPEN": Text(ja="{services} が開いている", en="{services} are open"),
        "R_NONE": Text(ja="rsh・rlogin・rexec のポートは開いていない", en="the ports of rsh, rlogin and rexec are not open"),
    },
)
def exposure_clear_text_r_commands(listeners: HostListeners) -> Judgement:
    held = HostListeners(
        tuple(found for found in listeners.listeners if found.port in {512, 513, 514}), listeners.unseen, listeners.left_out
    )
    # These services say nothing before the client names a user, and none is named: their ports are all that is seen.
    return each_listener(
        held, frozenset({Speaks.UNKNOWN}), lambda _: doubtful("R_OPEN"), none=passed("R_NONE"), ports=frozenset({512, 513, 514})
    )


@check(
    "exposure.clear-text.ldap",
    severity=Severity.MEDIUM,
    title=Text(ja="LDAP は TLS に切り替えられる", en="LDAP can change to TLS"),
    why=_CLEAR,
    remedy=Text(
        ja="証明書を設定して StartTLS を有効にし、暗号化のない認証を拒む（OpenLDAP では「olcSecurity: tls=1」）。",
        en='Set a certificate, offer StartTLS and refuse binds without encryption (OpenLDAP: "olcSecurity: tls=1").',
    ),
    says={
        "LDAP_CLEAR": Text(ja="{services} の LDAP は StartTLS を示さない", en="the directory at {services} does not offer StartTLS"),
        "LDAP_TLS": Text(ja="{services} の LDAP は StartTLS を示す", en="the directory at {services} offers StartTLS"),
        "LDAP_NONE": Text(ja="LDAP で応答するポートはない", en="no port answers with LDAP"),
    },
)
def exposure_clear_text_ldap(listeners: HostListeners) -> Judgement:
    def one(seen: Spoken) -> Judged:
        return failed("LDAP_CLEAR") if Trait.NO_TLS in seen.traits else passed("LDAP_TLS")

    return each_listener(listeners, frozenset({Speaks.LDAP}), one, none=passed("LDAP_NONE"), ports=frozenset({389, 3268}))


@check(
    "exposure.clear-text.tftp",
    severity=Severity.MEDIUM,
    title=Text(ja="TFTP を提供していない", en="No TFTP is served"),
    why=Text(
        ja="TFTP には認証も暗号化もない。機器の設定が読み書きされる。",
        en="TFTP knows neither logins nor encryption; settings of devices are read and written.",
    ),
    remedy=Text(
        ja="TFTP を止め、SCP や HTTPS に替える。必要なら管理用の区画だけに限る。",
        en="Stop TFTP and use SCP or HTTPS; where it must be, keep it to the management segment.",
    ),
    says={
        "TFTP_SERVED": Text(ja="{services} が応答する", en="{services} answer"),
        "TFTP_NONE": Text(ja="TFTP の応答はない", en="nothing answers to TFTP"),
    },
)
def exposure_clear_text_tftp(datagrams: HostDatagrams) -> Judgement:
    return each_datagram(datagrams, frozenset({Speaks.TFTP}), lambda *_: failed("TFTP_SERVED"), none=passed("TFTP_NONE"))


@check(
    "exposure.clear-text.device-page",
    severity=Severity.MEDIUM,
    title=Text(ja="機器の管理画面を平文の HTTP で出さない", en="Devices show no administration page over plain HTTP"),
    why=_CLEAR,
    remedy=Text(ja="管理画面を HTTPS だけにし、HTTP を止める。", en="Serve administration pages over HTTPS only and switch HTTP off."),
    says={
        "DEVICE_CLEAR": Text(ja="{services} が平文の HTTP で管理画面を出す", en="{services} show an administration page over plain HTTP"),
        "DEVICE_NONE": Text(ja="平文の HTTP で機器の管理画面を出すポートはない", en="no port shows a device's page over plain HTTP"),
        "PAGE_OTHER": Text(
            ja="{services} の画面は機器のものと見えないか、TLS で守られている",
            en="the pages at {services} are within TLS or do not look like a device's",
        ),
    },
)
def exposure_clear_text_device_page(listeners: HostListeners) -> Judgement:
    def one(seen: Spoken) -> Judged:
        return failed("DEVICE_CLEAR") if Trait.DEVICE in seen.traits and Trait.TLS not in seen.traits else passed("PAGE_OTHER")

    return each_listener(listeners, frozenset({Speaks.HTTP}), one, none=passed("DEVICE_NONE"), ports=frozenset({80, 81, 8000, 8080}))
