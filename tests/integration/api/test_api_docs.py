"""docs/api.md keeps up with the code: every call and every code of a problem is in it."""

import re
from pathlib import Path

import api
from api.app import api_app
from jobs.errors import ERRORS, ErrorKind

DOCS = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
SOURCES = "".join(path.read_text() for path in Path(api.__file__).parent.glob("*.py"))


def test_every_call_is_in_the_docs() -> None:
    for path, item in api_app.openapi()["paths"].items():
        address = re.sub(r"\{\w+\}", "{id}", path.removeprefix("/v1"))
        for method in item:
            assert f"`{method.upper()} {address}" in DOCS, (method, address)


def test_every_code_is_in_the_docs() -> None:
    raised = set(re.findall(r'ApiProblem\(\s*\d{3},\s*"([a-z-]+)"', SOURCES))
    assert {"session-not-found", "file-too-large"} - raised == {"file-too-large"}  # the search finds something
    of_the_coach = {code for code, error in ERRORS.items() if error.kind is ErrorKind.USER}
    assert [code for code in raised | of_the_coach if f"`{code}`" not in DOCS] == []
