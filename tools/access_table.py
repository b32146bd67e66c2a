"""Who gets what answer from every route: the table that docs/security.md shows and a test asks the API for.

`python -m tools.access_table` writes it into the page; a test compares.
"""

from dataclasses import dataclass
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "docs" / "security.md"
BEGIN, END = "<!-- access table -->\n", "<!-- end of access table -->\n"
CALLERS = (
    *("nobody", "owner", "other coach", "ops"),
    *("disabled", "read token", "expired token", "revoked token"),
)


@dataclass(frozen=True)
class Call:
    """A route and the status that each caller is answered with, for a session or upload of the owner's."""

    method: str
    path: str
    answers: dict[str, int]
    sends_recording: bool = False
    needs_failed: bool = False
    sends_names: bool = False


def _call(method: str, path: str, *, owner: int, other: int, ops: int | None = None, **more: bool) -> Call:
    """A read token reads as its owner does and changes nothing; a token that is out opens nothing."""
    answers = dict.fromkeys(("nobody", "disabled", "expired token", "revoked token"), 401)
    answers |= {"owner": owner, "other coach": other, "ops": owner if ops is None else ops}
    answers["read token"] = owner if method == "GET" else 403
    return Call(method, path, answers, **more)


def _everybody(path: str) -> Call:
    return Call("GET", path, dict.fromkeys(CALLERS, 200))


SESSION, UPLOAD = "/v1/sessions/{session_id}", "/v1/uploads/{upload_id}"
MATRIX = (
    _everybody("/v1/health"),
    _everybody("/v1/ready"),
    _call("GET", "/v1/sessions", owner=200, other=200),
    _call("POST", "/v1/sessions", owner=201, other=201, sends_recording=True),
    _call("GET", "/v1/sessions/status", owner=200, other=200),
    _call("GET", SESSION, owner=200, other=404),
    _call("DELETE", SESSION, owner=204, other=404),
    _call("GET", f"{SESSION}/status", owner=200, other=404),
    _call("GET", f"{SESSION}/history", owner=200, other=404),
    _call("GET", f"{SESSION}/transcript", owner=200, other=404),
    _call("GET", f"{SESSION}/speakers", owner=200, other=404),
    _call("PUT", f"{SESSION}/speakers", owner=200, other=404, sends_names=True),
    _call("GET", f"{SESSION}/audio", owner=200, other=404),
    _call("POST", f"{SESSION}/retry", owner=200, other=404, needs_failed=True),
    _call("POST", f"{SESSION}/cancel", owner=409, other=404),  # it is completed: seen, and not possible
    _call("GET", "/v1/uploads", owner=200, other=200),
    _call("POST", "/v1/uploads", owner=201, other=201, sends_recording=True),
    _call("GET", UPLOAD, owner=200, other=404, ops=404),  # an upload that waits is its coach's alone
    _call("DELETE", UPLOAD, owner=204, other=404, ops=404),
    _call("POST", f"{UPLOAD}/start", owner=201, other=404, ops=404),
    _call("GET", "/v1/audit", owner=403, other=403, ops=200),
)


def table() -> str:
    """The table as the page has it."""
    head = f"| call | {' | '.join(CALLERS)} |\n|---|{'---|' * len(CALLERS)}\n"
    rows = "".join(
        f"| `{call.method} {call.path}` | {' | '.join(str(call.answers[caller]) for caller in CALLERS)} |\n"
        for call in MATRIX
    )
    return head + rows


def main() -> None:
    before, _, rest = TARGET.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    TARGET.write_text(f"{before}{BEGIN}{table()}{END}{after}")
    print(f"{TARGET.name} now lists {len(MATRIX)} calls.")


if __name__ == "__main__":
    main()
