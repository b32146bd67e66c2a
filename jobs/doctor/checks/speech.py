"""Is the default engine usable, and does no engine stand still?"""

from collections.abc import Iterator

from jobs.doctor.checks import machine, whisper
from jobs.doctor.checks.database import NO_ANSWER, UNKNOWN
from jobs.doctor.finding import Finding, fine, note, wrong
from jobs.engines import registry
from jobs.errors import EngineUnknown, TranscriptDeskError
from store.database import transaction
from store.server_facts import stopped_engines
from store.settings import Settings

GOOGLE = "google"


def default_engine(configured: Settings) -> Iterator[Finding]:
    """The engine of sessions that name none: known, installed, and its model can be loaded."""
    name = configured.stt_engine
    try:
        registry.engine(name).preload()
    except EngineUnknown as error:
        yield wrong("engine", error.sentence, "STT_ENGINE=pocketsphinx")
        return
    except TranscriptDeskError as error:
        yield wrong(
            "engine",
            f"{registry.engine_label(name)} cannot be used: {error.detail or error.sentence}",
            f"{whisper.SET_UP if name == whisper.ENGINE else machine.INSTALL}, or STT_ENGINE=pocketsphinx",
        )
        if (used := registry.default_engine()) != name:
            yield note("engine", f"{registry.engine_label(used)} does its work meanwhile")
        return
    yield fine("engine", f"{registry.engine_label(name)} can be used")


def stops(_: Settings) -> Iterator[Finding]:
    """Engines for which nothing is claimed at the moment, since when, and why."""
    try:
        with transaction() as db:
            stopped = stopped_engines(db)
    except NO_ANSWER:
        yield note("engines", UNKNOWN)
        return
    for stop in stopped:
        said = f" ({stop.detail})" if stop.detail else ""
        yield wrong(
            f"engine {stop.engine}",
            f"stopped since {stop.since:%Y-%m-%d %H:%M} UTC: {stop.error_text}{said}",
            f"mend what it says; it is tried again by itself at {stop.next_try_at:%H:%M:%S} UTC. "
            f"See docs/troubleshooting.md#{stop.error_code}",
        )
    if not stopped:
        yield fine("engines", "none is stopped")


def uses_google(configured: Settings) -> bool:
    """Whether recordings may be sent to Google."""
    return configured.stt_engine == GOOGLE or bool(configured.google_project)
