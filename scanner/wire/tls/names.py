"""Numbers of the TLS protocol and their names: versions, record and message types, alerts, extensions. No suites, groups or schemes."""

# Source of the alert and extension names: IANA TLS parameters (TLS Alerts; TLS ExtensionType Values).

from __future__ import annotations

from typing import Final

SSL2: Final = 0x0002
SSL3: Final = 0x0300
TLS10: Final = 0x0301
TLS11: Final = 0x0302
TLS12: Final = 0x0303
TLS13: Final = 0x0304

VERSIONS: Final = {SSL2: "SSLv2", SSL3: "SSLv3", TLS10: "TLSv1.0", TLS11: "TLSv1.1", TLS12: "TLSv1.2", TLS13: "TLSv1.3"}


class NotTls(ValueError):
    """The octets do not follow SSL or TLS; the message says where, or quotes the text that came instead."""


class RecordType:
    """Content types of records (RFC 8446 section 5.1, RFC 6520 section 3)."""

    CHANGE_CIPHER_SPEC: Final = 20
    ALERT: Final = 21
    HANDSHAKE: Final = 22
    APPLICATION_DATA: Final = 23
    HEARTBEAT: Final = 24


class HandshakeType:
    """Types of handshake messages (RFC 5246 section 7.4, RFC 8446 section 4, RFC 4680, RFC 6066, RFC 8879)."""

    HELLO_REQUEST: Final = 0
    CLIENT_HELLO: Final = 1
    SERVER_HELLO: Final = 2
    NEW_SESSION_TICKET: Final = 4
    END_OF_EARLY_DATA: Final = 5
    ENCRYPTED_EXTENSIONS: Final = 8
    CERTIFICATE: Final = 11
    SERVER_KEY_EXCHANGE: Final = 12
    CERTIFICATE_REQUEST: Final = 13
    SERVER_HELLO_DONE: Final = 14
    CERTIFICATE_VERIFY: Final = 15
    CLIENT_KEY_EXCHANGE: Final = 16
    FINISHED: Final = 20
    CERTIFICATE_URL: Final = 21
    CERTIFICATE_STATUS: Final = 22
    SUPPLEMENTAL_DATA: Final = 23
    KEY_UPDATE: Final = 24
    COMPRESSED_CERTIFICATE: Final = 25
    MESSAGE_HASH: Final = 254


class Extension:
    """The extensions that this program sends or reads (the RFC beside each)."""

    SERVER_NAME: Final = 0  # RFC 6066
    MAX_FRAGMENT_LENGTH: Final = 1  # RFC 6066
    STATUS_REQUEST: Final = 5  # RFC 6066
    SUPPORTED_GROUPS: Final = 10  # RFC 8422, RFC 7919
    EC_POINT_FORMATS: Final = 11  # RFC 8422
    SIGNATURE_ALGORITHMS: Final = 13  # RFC 5246, RFC 8446
    HEARTBEAT: Final = 15  # RFC 6520
    ALPN: Final = 16  # RFC 7301
    STATUS_REQUEST_V2: Final = 17  # RFC 6961
    SIGNED_CERTIFICATE_TIMESTAMP: Final = 18  # RFC 6962
    PADDING: Final = 21  # RFC 7685
    ENCRYPT_THEN_MAC: Final = 22  # RFC 7366
    EXTENDED_MASTER_SECRET: Final = 23  # RFC 7627
    SESSION_TICKET: Final = 35  # RFC 5077
    PRE_SHARED_KEY: Final = 41  # RFC 8446
    EARLY_DATA: Final = 42  # RFC 8446
    SUPPORTED_VERSIONS: Final = 43  # RFC 8446
    COOKIE: Final = 44  # RFC 8446
    PSK_KEY_EXCHANGE_MODES: Final = 45  # RFC 8446
    SIGNATURE_ALGORITHMS_CERT: Final = 50  # RFC 8446
    KEY_SHARE: Final = 51  # RFC 8446
    RENEGOTIATION_INFO: Final = 0xFF01  # RFC 5746


EMPTY_RENEGOTIATION_INFO_SCSV: Final = 0x00FF  # RFC 5746 section 3.3
FALLBACK_SCSV: Final = 0x5600  # RFC 7507 section 2

ALERTS: Final = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    21: "decryption_failed",
    22: "record_overflow",
    30: "decompression_failure",
    40: "handshake_failure",
    41: "no_certificate",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    52: "too_many_cids_requested",
    60: "export_restriction",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    100: "no_renegotiation",
    109: "missing_extension",
    110: "unsupported_extension",
    111: "certificate_unobtainable",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    114: "bad_certificate_hash_value",
    115: "unknown_psk_identity",
    116: "certificate_required",
    117: "general_error",
    120: "no_application_protocol",
    121: "ech_required",
}

EXTENSIONS: Final = {
    0: "server_name",
    1: "max_fragment_length",
    2: "client_certificate_url",
    3: "trusted_ca_keys",
    4: "truncated_hmac",
    5: "status_request",
    6: "user_mapping",
    7: "client_authz",
    8: "server_authz",
    9: "cert_type",
    10: "supported_groups",
    11: "ec_point_formats",
    12: "srp",
    13: "signature_algorithms",
    14: "use_srtp",
    15: "heartbeat",
    16: "application_layer_protocol_negotiation",
    17: "status_request_v2",
    18: "signed_certificate_timestamp",
    19: "client_certificate_type",
    20: "server_certificate_type",
    21: "padding",
    22: "encrypt_then_mac",
    23: "extended_master_secret",
    24: "token_binding",
    25: "cached_info",
    26: "tls_lts",
    27: "compress_certificate",
    28: "record_size_limit",
    29: "pwd_protect",
    30: "pwd_clear",
    31: "password_salt",
    32: "ticket_pinning",
    33: "tls_cert_with_extern_psk",
    34: "delegated_credential",
    35: "session_ticket",
    36: "TLMSP",
    37: "TLMSP_proxying",
    38: "TLMSP_delegate",
    39: "supported_ekt_ciphers",
    41: "pre_shared_key",
    42: "early_data",
    43: "supported_versions",
    44: "cookie",
    45: "psk_key_exchange_modes",
    47: "certificate_authorities",
    48: "oid_filters",
    49: "post_handshake_auth",
    50: "signature_algorithms_cert",
    51: "key_share",
    52: "transparency_info",
    54: "connection_id",
    55: "external_id_hash",
    56: "external_session_id",
    57: "quic_transport_parameters",
    58: "ticket_request",
    59: "dnssec_chain",
    60: "sequence_number_encryption_algorithms",
    61: "rrc",
    13172: "next_protocol_negotiation",
    0xFE0D: "encrypted_client_hello",
    0xFF01: "renegotiation_info",
}


def version_name(version: int) -> str:
    """``TLSv1.2``, the words of ``scanner.facts.tls.Version``; ``0x0305`` for a version that is none."""
    return VERSIONS.get(version) or f"0x{version:04X}"


def alert_name(description: int) -> str:
    """``handshake_failure``; ``alert 200`` for a number that is not registered."""
    return ALERTS.get(description) or f"alert {description}"


def extension_name(code: int) -> str:
    """``server_name``; ``0x1234`` for a number that is not registered."""
    return EXTENSIONS.get(code) or f"0x{code:04X}"


def is_grease(code: int) -> bool:
    """Tell whether a two-octet number is one of the sixteen that RFC 8701 keeps for ever unassigned."""
    return code & 0x0F0F == 0x0A0A and code >> 8 == code & 0xFF
