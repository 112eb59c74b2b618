"""Whether a browser was led to ask by another site: such questions change nothing, whoever's cookie or certificate they carry."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit


def is_foreign(headers: Mapping[str, str]) -> bool:
    """Tell it from what browsers say of a question (Fetch Metadata, RFC 6454); programs that say nothing of it are nobody's browser."""
    if headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc != headers.get("host", "")
    except ValueError:
        return True
