"""Help: a part for every cause that a failure can name."""

import re

import pytest

from jobs.errors import ERRORS
from jobs.submit import IdempotencyKeyReused
from tests.instruments.screens import opened, said

TROUBLESHOOTING = "docs/troubleshooting.md"


def anchors() -> list[str]:
    with open(TROUBLESHOOTING) as file:
        return re.findall(r'^<a id="([a-z0-9-]+)"></a>\n\n### ', file.read(), re.MULTILINE)


def test_every_error_has_its_part_and_none_twice() -> None:
    found = anchors()
    assert {*ERRORS, IdempotencyKeyReused.code} <= set(found)
    assert len(found) == len(set(found))


def test_the_page_shows_every_part() -> None:
    app = opened("help.py")
    assert len(app.expander) == len(anchors())


@pytest.mark.parametrize("code", ERRORS)
def test_a_cause_that_is_asked_for_comes_first(code: str) -> None:
    app = opened("help.py", topic=code)
    assert "What happened" in app.markdown[0].value or "What happened" in app.markdown[1].value


def test_an_unknown_topic_shows_the_whole() -> None:
    assert "The file is empty" in said(opened("help.py", topic="<nonsense>"))
