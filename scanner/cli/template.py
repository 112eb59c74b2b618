"""The template of a new check, as ``tenken checks new`` prints it: right in form, and refused until its words are written."""

from __future__ import annotations

import keyword

from scanner.model.check import TO_WRITE
from scanner.model.fact import Fact

_CHECK = '''"""{id}, judged from {fact}."""

from __future__ import annotations

from {module} import {fact}
from scanner.model.check import check
from scanner.model.text import Text
from scanner.model.verdict import Severity, Verdict, failed, passed


@check(
    "{id}",
    severity=Severity.MEDIUM,
    title=Text(ja="{to_write}: 望ましい状態", en="{to_write}: the wished state"),
    why=Text(ja="{to_write}: なぜ重要か", en="{to_write}: why it matters"),
    remedy=Text(ja="{to_write}: 何をすればよいか", en="{to_write}: what to do"),
    says={{
        "{tag}_OK": Text(ja="{to_write}: 確認した内容", en="{to_write}: what was seen"),
        "{tag}_BAD": Text(ja="{to_write}: 確認した内容", en="{to_write}: what was seen"),
    }},
)
def {function}(seen: {fact}) -> Verdict:
    return passed("{tag}_OK") if _as_wished(seen) else failed("{tag}_BAD")


def _as_wished(seen: {fact}) -> bool:
    raise NotImplementedError("{to_write}: judge by the fields of {fact}")
'''


def new_check(check_id: str, fact: type[Fact]) -> str:
    """Give the file of a new check on one kind of fact."""
    family, _, rest = check_id.partition(".")
    function = rest.replace(".", "_").replace("-", "_")
    if not function.isidentifier() or keyword.iskeyword(function):
        function = f"{family}_{function}".replace("-", "_")
    return _CHECK.format(
        id=check_id, fact=fact.__name__, module=fact.__module__, function=function, tag=function.upper(), to_write=TO_WRITE
    )
