"""A known weakness stops the build and says what mends it; an index that knows nothing does not."""

from tools.audit_packages import report, weak

FINE = {"name": "six", "version": "1.17.0", "vulns": []}
UNKNOWN = {"name": "pocketsphinx", "skip_reason": "not found"}
WEAK = {
    "name": "flask",
    "version": "3.0.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.0.1"]}, {"id": "PYSEC-2", "fix_versions": []}],
}


def test_each_weakness_is_named_with_what_mends_it() -> None:
    assert weak([FINE, UNKNOWN]) == []
    assert weak([FINE, WEAK]) == [
        "flask 3.0.0: PYSEC-1 (mended in 3.0.1)",
        "flask 3.0.0: PYSEC-2 (mended in none)",
    ]


def test_what_could_not_be_audited_is_counted() -> None:
    assert report([FINE, UNKNOWN]) == "1 of 2 packages were audited."
