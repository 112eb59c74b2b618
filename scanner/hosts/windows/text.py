"""What programs of Windows print, as text: UTF-16 with or without a mark, UTF-8, or the code page of the console (932 in Japan)."""

from __future__ import annotations

import codecs

from scanner.hosts.seeing import seen
from scanner.hosts.windows.base import CONTROL, WindowsReader
from scanner.hosts.windows.base import text as text_value

USUAL = "cp437"


def decoded(read: WindowsReader, data: bytes) -> str:
    """Give the text; what is in none of the forms comes with replacement characters."""
    for mark, coding in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            return data[len(mark) :].decode(coding, "replace")
    if len(data) >= 2 and data[1::2].count(0) * 2 >= len(data[1::2]) > data[0::2].count(0) * 4:
        return data.decode("utf-16-le", "replace")  # programs write it without a mark into pipes
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(console(read), "replace")


def console(read: WindowsReader) -> str:
    """Name the code page of the console as Python calls it."""
    page = seen(lambda: text_value(read, CONTROL + r"\Nls\CodePage", "OEMCP"))
    name = f"cp{page.strip()}" if isinstance(page, str) else USUAL
    try:
        codecs.lookup(name)
    except LookupError:
        return USUAL
    return name
