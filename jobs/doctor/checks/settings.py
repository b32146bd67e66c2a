"""Are the settings readable, and do they go together?"""

from collections.abc import Iterator

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from jobs.doctor.finding import Finding, fine, note, wrong
from store import refusals
from store.settings import Settings

LOOPBACK = ("127.", "::1", "localhost")
LEAST_BEATS = 3  # heartbeats that a lease has to outlast: one may be late


def unreadable() -> list[Finding]:
    """A finding for each variable that cannot be read; nothing else can be checked then."""
    try:
        Settings()
    except ValidationError as error:
        return [_unreadable(".".join(map(str, problem["loc"])).upper(), problem) for problem in error.errors()]
    return []


def _unreadable(variable: str, problem: ErrorDetails) -> Finding:
    if not variable:  # what several of them make together
        return wrong("settings", problem["msg"], "see README.md, Settings")
    return wrong(
        variable, f"{problem['msg']} (it is {problem['input']!r})", f"set {variable} right, or `unset {variable}`"
    )


def settings_agree(configured: Settings) -> Iterator[Finding]:
    """Settings that can each be read but do not go together."""
    found = [*_clocks(configured), *_doors(configured), *_strangers(configured)]
    yield from found
    if not found:
        yield fine("settings", "all can be read and go together")


def _strangers(configured: Settings) -> Iterator[Finding]:
    """What the desk would not start with."""
    for sentence in refusals.refusals(configured):
        yield wrong("settings", f"the desk refuses to start: {sentence}", "docs/sign-in.md says how sign-in is set up")


def _clocks(configured: Settings) -> Iterator[Finding]:
    if configured.lease_sec < LEAST_BEATS * configured.heartbeat_sec:
        yield wrong(
            "settings",
            f"LEASE_SEC ({configured.lease_sec:g}) is so short beside HEARTBEAT_SEC ({configured.heartbeat_sec:g}) "
            "that sessions are taken from workers that live",
            f"LEASE_SEC={LEAST_BEATS * 2 * configured.heartbeat_sec:g}",
        )
    for least, most in (("poll_sec", "poll_cap_sec"), ("retry_base_sec", "retry_cap_sec")):
        shortest, longest = getattr(configured, least), getattr(configured, most)
        if shortest > longest:
            yield wrong(
                "settings",
                f"{least.upper()} ({shortest:g}) is longer than {most.upper()} ({longest:g})",
                f"{most.upper()}={shortest * 10:g}",
            )


def _doors(configured: Settings) -> Iterator[Finding]:
    if bool(configured.rq_dashboard_username) != bool(configured.rq_dashboard_password):
        yield wrong(
            "settings",
            "only one of RQ_DASHBOARD_USERNAME and RQ_DASHBOARD_PASSWORD is set",
            "set both, or neither",
        )
    if configured.bind_host.startswith(LOOPBACK):
        return
    if not configured.rq_dashboard_username:
        yield note(
            "settings",
            f"BIND_HOST is {configured.bind_host}, and rq-dashboard asks nobody for a password",
            "RQ_DASHBOARD_USERNAME=… and RQ_DASHBOARD_PASSWORD=…, or keep its port from the network",
        )
    if not configured.allowed_hosts:
        yield note(
            "settings",
            f"BIND_HOST is {configured.bind_host}, and the API answers under any name",
            "ALLOWED_HOSTS=desk.example, the name that people type",
        )
