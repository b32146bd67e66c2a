"""Imports go one way, `dashboard -> pages, api -> jobs -> store`, and no module outgrows its idea."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
OURS = {"api", "dashboard", "jobs", "pages", "store", "tests", "tools"}
MAY_IMPORT = {
    "store": set(),
    "jobs": {"store"},
    "api": {"jobs", "store"},
    "pages": {"jobs", "store"},
    "dashboard": {"api", "jobs", "pages", "store"},
}
FORBIDDEN = {
    "store": {"streamlit", "fastapi", "starlette"},
    "jobs": {"streamlit", "fastapi", "starlette"},
    "api": {"sqlalchemy", "psycopg2", "streamlit"},
    "pages": {"sqlalchemy", "psycopg2", "fastapi"},
    "dashboard": {"psycopg2"},
}
SQL = re.compile(r"\b(SELECT\b.+\bFROM|INSERT INTO|UPDATE\b.+\bSET|DELETE FROM)\b", re.DOTALL)
LONGEST = 500  # lines; an idea stays whole
NO_NAMES = {"utils.py", "common.py", "helpers.py"}


def modules(room: str) -> list[Path]:
    folder = PROJECT / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [PROJECT / f"{room}.py"]


def imported(source: str) -> Iterator[str]:
    """The first name of every module that is imported, wherever in the file. Naming a database's errors is no SQL."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "sqlalchemy.exc":
            continue
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import hides which room it comes from"
            yield (node.module or "").partition(".")[0]


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_the_rooms_below_it(room: str) -> None:
    wrong = {
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in modules(room)
        for name in set(imported(path.read_text()))
        if name in (OURS - MAY_IMPORT[room] - {room}) | FORBIDDEN[room]
    }
    assert not wrong


@pytest.mark.parametrize("room", ["api", "pages", "dashboard"])
def test_what_is_drawn_and_what_is_served_contain_no_sql(room: str) -> None:
    strings = {
        (path.name, node.value)
        for path in modules(room)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert not [(name, value) for name, value in strings if SQL.search(value)]


def test_the_check_of_imports_finds_what_is_hidden_in_a_function() -> None:
    assert set(imported("def f():\n    from jobs.board import view\n    import streamlit.web as w\n")) == {
        "jobs",
        "streamlit",
    }


def test_no_module_is_longer_than_one_idea() -> None:
    lengths = {
        path.relative_to(PROJECT): len(path.read_text().splitlines())
        for room in (*MAY_IMPORT, "tools")
        for path in modules(room)
    }
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}


def test_every_module_has_a_name_of_its_own_idea() -> None:
    assert not [path for room in MAY_IMPORT for path in modules(room) if path.name in NO_NAMES]
