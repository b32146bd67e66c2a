"""docs/errors.md is what the code does: every error, its kind, what happens next, and what the coach reads."""

import re

from jobs.errors import ERRORS, ErrorKind
from jobs.outcome import NEVER_RETRIED
from tools.error_table import NEXT, OTHERWISE, TARGET, table


def test_the_page_is_as_the_code_would_write_it() -> None:
    assert TARGET.read_text() == table(), "run: python -m tools.error_table"


def test_every_error_has_its_row_and_a_cause_to_read_on() -> None:
    listed = re.findall(r"^\| \[`([a-z-]+)`\]\(troubleshooting\.md#\1\) \|", table(), re.MULTILINE)
    assert listed == list(ERRORS)
    explained = (TARGET.parent / "troubleshooting.md").read_text()
    assert [code for code in listed if f'<a id="{code}"></a>' not in explained] == []


def test_what_happens_next_is_what_the_worker_does() -> None:
    assert set(NEXT) == set(ErrorKind)
    assert {kind for kind, words in NEXT.items() if words.startswith("failed at once")} == NEVER_RETRIED
    assert set(OTHERWISE) <= set(ERRORS)
