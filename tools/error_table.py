"""Writes docs/errors.md from the table in jobs/errors.py: `python -m tools.error_table` (a test compares)."""

from pathlib import Path

from jobs.errors import ERRORS, ErrorKind

TARGET = Path(__file__).resolve().parents[1] / "docs" / "errors.md"
NEXT = {
    ErrorKind.USER: "failed at once, never tried again by itself",
    ErrorKind.RETRYABLE: "tried again by itself with a growing wait; failed after `MAX_FAILURES` tries",
    ErrorKind.PERMANENT: "failed at once, never tried again by itself",
    ErrorKind.INSTALLATION: "waits a minute and is tried again, until operations has mended it; no try is used up",
    ErrorKind.POISON: "failed at once, never tried again by itself",
}
OTHERWISE = {  # those that do not come out of an attempt, but from someone who looks at it
    "worker-lost": "back in the queue at once, no try is used up; the third in a row without another finished chunk is "
    "`poison-session`",
    "given-up": "failed at once, since operations asked for it",
}
HEAD = """# Errors

What can go wrong with a recording, as `jobs/errors.py` has it. Written by `python -m tools.error_table`; a test
compares.

| kind | what it says | what happens next |
|---|---|---|
"""
MEANING = {
    ErrorKind.USER: "the file or the request cannot work",
    ErrorKind.RETRYABLE: "it may pass by itself",
    ErrorKind.PERMANENT: "trying the same again ends the same way",
    ErrorKind.INSTALLATION: "this installation is not set up properly",
    ErrorKind.POISON: "the recording took several workers down",
}
BETWEEN = """
A retry, by itself or by hand, goes on from the finished chunks. `Retry` stays possible for whatever failed: a person
may know more. An upload that meets an error becomes no session; its sender reads the same sentence
([api.md](api.md#errors)).

| code | kind | what happens next | what the coach reads | does a retry help |
|---|---|---|---|---|
"""


def table() -> str:
    """The whole page."""
    kinds = "".join(f"| {kind.value} | {MEANING[kind]} | {NEXT[kind]} |\n" for kind in ErrorKind)
    codes = "".join(
        f"| [`{code}`](troubleshooting.md#{code}) | {error.kind.value} | {OTHERWISE.get(code, NEXT[error.kind])} "
        f"| {error().sentence} | {error.hope} |\n"
        for code, error in ERRORS.items()
    )
    return HEAD + kinds + BETWEEN + codes


if __name__ == "__main__":
    TARGET.write_text(table())
    print(f"{TARGET.name} now lists {len(ERRORS)} errors.")
