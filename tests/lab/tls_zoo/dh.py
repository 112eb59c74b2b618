"""Diffie-Hellman parameters for the zoo, PEM by length of the prime. The short ones were made for it, 2048 is ffdhe2048 (RFC 7919)."""

from __future__ import annotations

PARAMETERS = {
    1024: """-----BEGIN DH PARAMETERS-----
MIGHAoGBAMXd5NMSNtExVAxzmtJwSvqArikwxpRrYEnKcQk9aOPEvtl7yYXvajX7
MuKg9PoARNjvNph9+Ir971ByP062Hiz4LtoW6DSrJTs//A/y7lFyn8sroTui2Id4
4Xcd0LvPQ+3mn4D47/TZ166zYzLXUe78TJDEcsj2gtCyD2n+Z3mvAgEC
-----END DH PARAMETERS-----
""",
    2048: """-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
""",
}
