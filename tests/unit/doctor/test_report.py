"""What the doctor says to people and to machines."""

import json

from jobs.doctor.finding import fine, note, wrong
from jobs.doctor.report import as_json, is_well, line, summary

WELL = fine("redis", "Redis 6.2.14 answers")
ILL = wrong("schema", "it is at 0001, this version needs 0002", "python -m store.migrations upgrade")
WORTH_KNOWING = note("signed links", "an emulator's are not signed")


def test_a_line_says_how_it_is_and_what_to_type() -> None:
    assert line(WELL) == "ok     redis: Redis 6.2.14 answers"
    assert line(WORTH_KNOWING) == "note   signed links: an emulator's are not signed"
    assert line(ILL).splitlines() == [
        "WRONG  schema: it is at 0001, this version needs 0002",
        "       -> python -m store.migrations upgrade",
    ]


def test_a_note_is_no_fault() -> None:
    assert is_well([WELL, WORTH_KNOWING])
    assert not is_well([WELL, ILL, WORTH_KNOWING])


def test_the_last_line_counts_what_is_wrong() -> None:
    assert summary([WELL, WORTH_KNOWING]) == "Nothing is wrong."
    assert summary([ILL, WELL]).startswith("1 thing is wrong")
    assert summary([ILL, ILL]).startswith("2 things are wrong")


def test_machines_get_every_finding() -> None:
    assert json.loads(as_json([WELL, ILL])) == {
        "ok": False,
        "findings": [
            {"name": "redis", "ok": True, "says": "Redis 6.2.14 answers", "fix": ""},
            {
                "name": "schema",
                "ok": False,
                "says": "it is at 0001, this version needs 0002",
                "fix": "python -m store.migrations upgrade",
            },
        ],
    }
