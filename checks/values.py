"""The values that the documents need and do not give: the organisation's policy profile may set each, sorted by key. No check stands here."""

from __future__ import annotations

from scanner.model.check import Value
from scanner.model.text import Text

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
