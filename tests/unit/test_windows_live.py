"""What of the live reader for Windows can be held anywhere: that every question has its answerer, and that it loads on Windows only."""

from __future__ import annotations

import ast
from pathlib import Path

import scanner.hosts.winapi
from scanner.hosts.windows import answers
from scanner.hosts.windows.answers import Api

ROOM = Path(scanner.hosts.winapi.__path__[0])


def test_every_question_has_its_answerer() -> None:
    """The table of the live reader cannot be imported here, so it is read."""
    tree = ast.parse((ROOM / "live.py").read_text("utf-8"))
    (table,) = (node.value for node in tree.body if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "_ASK")
    assert isinstance(table, ast.Dict)
    answered = {ast.unparse(key).removesuffix(".name") for key in table.keys if key}
    assert answered == {name for name, value in vars(answers).items() if isinstance(value, Api)}


def test_its_modules_refuse_to_load_elsewhere() -> None:
    for path in ROOM.glob("*.py"):
        if path.name != "__init__.py":
            assert 'assert sys.platform == "win32"' in path.read_text("utf-8"), path.name
