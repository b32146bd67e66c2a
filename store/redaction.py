"""Takes out of a log line what must not be in it, whoever wrote it. Pure."""

import re

GONE = "[removed]"
PATTERNS = (
    (re.compile(r"\btd_([0-9a-f]{4,16})_[0-9a-f]+"), rf"td_\1_{GONE}"),  # the public half of a token says which it was
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {GONE}"),
    (re.compile(r"(?i)\b(cookie|authorization|set-cookie)(['\"]?\s*[:=]\s*).*"), rf"\1\2{GONE}"),
    (re.compile(r"(://[^\s:/@]*):[^\s@/]+@"), rf"\1:{GONE}@"),  # the password in an address
    (
        re.compile(
            r"(?i)\b(access_token|id_token|refresh_token|client_secret|cookie_secret|password|secret|code|state|provider)"
            r"=[^\s&'\"]+"
        ),
        rf"\1={GONE}",
    ),
    (re.compile(r"(?m)^\s*(DETAIL|CONTEXT|QUERY):.*$"), rf"\1: {GONE}"),  # Postgres quotes the row's values there
    (re.compile(r"(?m)^\[(SQL|parameters): .*$"), rf"[\1: {GONE}]"),
)


def redacted(text: str) -> str:
    """The text without tokens, passwords, cookies, secrets in queries, and values of the database's rows."""
    for pattern, instead in PATTERNS:
        text = pattern.sub(instead, text)
    return text
