"""The findings for people and for machines."""

import json
from collections.abc import Iterable
from dataclasses import asdict

from jobs.doctor.finding import Finding

WORDS = {True: "ok", False: "WRONG", None: "note"}
NAME_WIDTH = max(len(word) for word in WORDS.values())


def is_well(findings: Iterable[Finding]) -> bool:
    """Whether nothing is wrong; notes are no fault."""
    return all(finding.ok is not False for finding in findings)


def line(finding: Finding) -> str:
    """`ok     redis: Redis 6.2.14 answers`; the fix stands on a line of its own below what is wrong."""
    said = f"{WORDS[finding.ok]:<{NAME_WIDTH}}  {finding.name}: {finding.says}"
    if not finding.fix:
        return said
    return f"{said}\n{' ' * NAME_WIDTH}  -> {finding.fix}"


def summary(findings: Iterable[Finding]) -> str:
    """The last line: how many things are wrong."""
    count = sum(finding.ok is False for finding in findings)
    if not count:
        return "Nothing is wrong."
    return "1 thing is wrong; -> mends it." if count == 1 else f"{count} things are wrong; -> mends each."


def as_json(findings: list[Finding]) -> str:
    """`{"ok": …, "findings": [{"name", "ok", "says", "fix"}, …]}`."""
    return json.dumps({"ok": is_well(findings), "findings": [asdict(finding) for finding in findings]}, indent=1)
