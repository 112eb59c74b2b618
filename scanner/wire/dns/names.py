"""Domain names between wire form and text: compression followed with every limit kept, odd octets escaped. No records here.

Text is lower case without the final dot; the root is ``.``. Octets other than letters, digits and harmless punctuation are
written ``\\DDD`` (RFC 1035 section 5.1), so that a name can be printed, compared and split at its dots.
"""

from __future__ import annotations

from scanner.wire.dns.values import BadName, NotDns

LONGEST_NAME = 255  # RFC 1035 section 2.3.4, octets on the wire with the root
LONGEST_LABEL = 63
MOST_HOPS = 64  # no compressor that we know of makes more than a handful

Known = dict[int, tuple[str, bytes]]
"""Names already read in a message: offset → text and uncompressed wire form."""

ROOT = (".", b"\0")
_PLAIN = b"abcdefghijklmnopqrstuvwxyz0123456789-_."
_KEPT = frozenset(_PLAIN[:-1] + b"!#%&'*+,/:<=>?[]^`{|}~")  # not the seven that zone files give a meaning, nor space
_UNESCAPED = bytes(octet for octet in range(0x20, 0x7F) if octet not in b'"\\')
_ESCAPED = [chr(octet) if octet in _KEPT else f"\\{octet:03d}" for octet in range(256)]
_LENGTHS = [bytes((n,)) for n in range(LONGEST_LABEL + 1)]


def read_name(wire: bytes, at: int, known: Known) -> tuple[str, bytes, int]:
    """Read the name at offset ``at``: its text, its uncompressed wire form with case kept, and the offset behind it.

    A pointer must lead to before the part of the name that it ends (RFC 1035 section 4.1.4: a prior occurrence), so that
    no chain can turn back. Raises ``NotDns``, and ``IndexError`` where the message ends too early, for ``parse`` to translate.
    """
    length = wire[at]
    if length >= 0xC0:  # the common case by far: the whole name has been seen before
        seen = known.get((length & 0x3F) << 8 | wire[at + 1])
        if seen is not None:
            return seen[0], seen[1], at + 2
    part = position = at
    end = size = hops = 0
    labels: list[bytes] = []
    parts: list[bytes] = []
    mark: tuple[int, int, int] | None = None
    while True:
        length = wire[position]
        if length == 0:
            parts.append(wire[part:position])
            tail = ROOT
            position += 1
            break
        if length <= LONGEST_LABEL:
            stop = position + 1 + length
            size += 1 + length
            if size >= LONGEST_NAME:
                raise NotDns(f"the name at octet {at} is longer than {LONGEST_NAME} octets")
            labels.append(wire[position + 1 : stop])
            position = stop
        elif length >= 0xC0:
            target = (length & 0x3F) << 8 | wire[position + 1]
            hops += 1
            if not 12 <= target < part or hops > MOST_HOPS:
                raise NotDns(
                    f"the name at octet {at} has a pointer that does not lead back into the message, or more than {MOST_HOPS} of them"
                )
            parts.append(wire[part:position])
            end = end or position + 2
            if target in known:
                tail = known[target]
                break
            mark = mark or (target, len(labels), size)
            part = position = target
        else:
            raise NotDns(f"the name at octet {at} has a label of an unknown kind")  # 01: withdrawn by RFC 6891; 10: never given
    full = b"".join(parts) + tail[1]
    if len(full) > LONGEST_NAME:
        raise NotDns(f"the name at octet {at} is longer than {LONGEST_NAME} octets")
    text = _joined(_text(labels), tail[0])
    if mark is not None:
        target, count, before = mark
        known[target] = (_joined(_text(labels[count:]), tail[0]), full[before:])
    known[at] = (text, full)
    return text, full, end or position


def name_end(wire: bytes, at: int) -> int:
    """Give the offset behind the name at ``at`` without following its pointer. Raises like ``read_name``."""
    length = wire[at]
    while 0 < length <= LONGEST_LABEL:
        at += 1 + length
        length = wire[at]
    if not length:
        return at + 1
    if length < 0xC0:
        raise NotDns(f"the name at octet {at} has a label of an unknown kind")
    return at + 2


def _joined(head: str, tail: str) -> str:
    return tail if head == "." else head if tail == "." else f"{head}.{tail}"


def _text(labels: list[bytes]) -> str:
    if not labels:
        return "."
    raw = b".".join(labels).lower()
    if not raw.translate(None, _PLAIN) and raw.count(b".") == len(labels) - 1:
        return raw.decode("ascii")
    return ".".join("".join(_ESCAPED[octet] for octet in label.lower()) for label in labels)


def escaped(octets: bytes) -> str:
    """Write octets as printable ASCII: backslash and quote with a backslash before them, others as ``\\DDD``."""
    if not octets.translate(None, _UNESCAPED):
        return octets.decode("ascii")
    return "".join(
        f"\\{octet:03d}" if not 0x20 <= octet < 0x7F else f"\\{chr(octet)}" if octet in b'"\\' else chr(octet) for octet in octets
    )


def name_to_wire(name: str) -> bytes:
    """Give the uncompressed wire form of a name, with or without its final dot; escapes are understood. Raises ``BadName``."""
    if name == ".":
        return b"\0"
    try:
        if "\\" in name:
            labels = _unescaped(name)
        else:
            labels = name.encode("ascii").split(b".")
            if not labels[-1] and len(labels) > 1:
                labels.pop()
        wire = b"".join([_LENGTHS[len(label)] + label for label in labels])
    except UnicodeEncodeError:
        raise BadName(f"{_shown(name)} is not ASCII; encode it as A-labels first") from None
    except IndexError:
        raise BadName(f"{_shown(name)} has a label of more than {LONGEST_LABEL} octets") from None
    if b"" in labels:
        raise BadName(f"{_shown(name)} has an empty label")
    if len(wire) >= LONGEST_NAME:
        raise BadName(f"{_shown(name)} is longer than {LONGEST_NAME} octets")
    return wire + b"\0"


def _shown(name: str) -> str:
    return ascii(name if len(name) <= 80 else name[:80] + "...")


def _unescaped(name: str) -> list[bytes]:
    labels = [bytearray()]
    octets = name.encode("ascii")
    position = 0
    while position < len(octets):
        octet = octets[position]
        position += 1
        if octet == 0x2E:
            labels.append(bytearray())
        elif octet != 0x5C:
            labels[-1].append(octet)
        else:
            digits = octets[position : position + 3]
            if len(digits) == 3 and digits.isdigit() and int(digits) < 256:
                labels[-1].append(int(digits))
                position += 3
            elif digits and not digits[:1].isdigit():
                labels[-1].append(digits[0])
                position += 1
            else:
                raise BadName(f"{_shown(name)} has a backslash that escapes nothing")
    if not labels[-1] and len(labels) > 1:
        labels.pop()
    return [bytes(label) for label in labels]
