"""The engines by name. Nothing of an engine is imported until it is used.

A new engine is one file and one entry in `ENGINES`; tests and other suites add theirs with `register`.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, cast

from jobs.engines.languages import LANGUAGES, WHISPER
from jobs.engines.protocol import DETECT, InProcessEngine, RemoteEngine
from jobs.errors import EngineUnavailable, EngineUnknown, LanguageNotSupported
from store.settings import settings

LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}")
MOST_NAMED = 12  # languages in a sentence
LAST_RESORT = "pocketsphinx"  # comes with its model, so that it works wherever the packages are


@dataclass(frozen=True)
class EngineEntry:
    """What is known of an engine without importing it; `path` is `dotted.module:ClassName`."""

    path: str
    label: str
    languages: tuple[str, ...]  # `en` stands for every kind of English, `en-US` for that one alone
    remote: bool = False  # a provider runs it: `protocol.RemoteEngine`
    model: str = ""  # the setting that names the model it uses
    needs: str = ""  # the setting without which it is not offered, unless it is the engine of STT_ENGINE
    detects: bool = False  # it hears which language is spoken
    voices: bool = False  # it tells two people of one channel apart
    weights: str = ""  # the module whose `find()` says which model it uses, or raises `EngineUnavailable`


ENGINES: dict[str, EngineEntry] = {
    "whisper": EngineEntry(
        "jobs.engines.whisper.engine:Whisper",
        "Whisper (local)",
        WHISPER,
        detects=True,
        voices=True,
        weights="jobs.engines.whisper.weights",
    ),
    "pocketsphinx": EngineEntry("jobs.engines.pocketsphinx:PocketSphinx", "PocketSphinx (local)", ("en",)),
    "google": EngineEntry(
        "jobs.engines.google.engine:Google",
        "Google Speech-to-Text",
        ("en", "de", "fr", "es", "it", "pt"),
        remote=True,
        model="google_model",
        needs="google_project",
    ),
}


def register(name: str, entry: EngineEntry) -> None:
    """Adds an engine to this process, or replaces the one of that name."""
    ENGINES[name] = entry
    engine.cache_clear()


def engine_names() -> list[str]:
    """The names of the engines that are offered here, in the registry's order."""
    return [name for name in ENGINES if _offered(name)]


def entry(name: str) -> EngineEntry:
    """What is known of the engine without importing it, whether it is offered or not. Raises `EngineUnknown`."""
    if name not in ENGINES:
        raise _unknown(name)
    return ENGINES[name]


def engine_label(name: str) -> str:
    """The engine's name for people; an engine that is no longer registered is shown by its own name."""
    return ENGINES[name].label if name in ENGINES else name


def is_remote(name: str) -> bool:
    """Whether a provider runs the engine; False for one that is no longer registered."""
    return name in ENGINES and ENGINES[name].remote


def engine_title(name: str, model: str | None = None) -> str:
    """The engine in a sentence, with its model where that decides how well it hears: `Whisper base`, `PocketSphinx`."""
    title = engine_label(name).removesuffix(" (local)")
    return f"{title} {model}" if model and name in ENGINES and ENGINES[name].weights else title


def statistic_title(engine: str) -> str:
    """The engine of a statistic, `whisper:base`, for people: its label, or its title and model where it has several."""
    name, _, model = engine.partition(":")
    return f"{engine_title(name)} {model}" if model else engine_label(name)


def tells_voices_apart(name: str) -> bool:
    """Whether the engine tells two people of one channel apart; False for one that is no longer registered."""
    return name in ENGINES and ENGINES[name].voices


def engine_model(name: str) -> str:
    """The model that the engine uses here; empty for an engine that has but one, or whose weights are not there."""
    known = ENGINES.get(name)
    if known is None:
        return ""
    if known.weights:
        found = _weights(known)
        return "" if isinstance(found, EngineUnavailable) else str(found.model)
    return str(getattr(settings(), known.model)) if known.model else ""


def default_engine() -> str:
    """The engine of a session that names none: that of STT_ENGINE, or PocketSphinx while its weights are not there."""
    name = settings().stt_engine
    known = ENGINES.get(name)
    if known is not None and known.weights and isinstance(_weights(known), EngineUnavailable):
        return LAST_RESORT
    return name


def step_down() -> str | None:
    """Why sessions that name no engine get another engine or model than this installation wishes; None where they do
    not."""
    name = settings().stt_engine
    known = ENGINES.get(name)
    if known is None or not known.weights:
        return None
    found = _weights(known)
    if isinstance(found, EngineUnavailable):
        why = found.detail or found.sentence
        return f"{known.label} cannot be used, so {ENGINES[LAST_RESORT].label} is: {why}"
    return cast(str | None, found.step_down)


def languages(name: str) -> tuple[str, ...]:
    """The languages that the engine knows with the model that it has here. Raises `EngineUnknown`."""
    known = entry(name)
    if known.weights and not getattr(_weights(known), "multilingual", True):
        return ("en",)
    return known.languages


def detects(name: str) -> bool:
    """Whether the engine hears which of several languages is spoken; False for one that is no longer registered."""
    return name in ENGINES and ENGINES[name].detects and len(languages(name)) > 1


def language_to_write(name: str, language: str) -> tuple[str, bool]:
    """What a new session's language is, and whether that is only the engine's first one: DETECT was wished, and the
    engine cannot. `language` is as `check_language` returned it. Raises `EngineUnknown`."""
    if language != DETECT or detects(name):
        return language, False
    return languages(name)[0], True


def in_process(name: str) -> InProcessEngine:
    """The engine that recognises on this machine. Raises `EngineUnknown` or `EngineUnavailable`."""
    return cast(InProcessEngine, engine(name))


def remote(name: str) -> RemoteEngine:
    """The engine that a provider runs. Raises `EngineUnknown` or `EngineUnavailable`."""
    return cast(RemoteEngine, engine(name))


@cache
def engine(name: str) -> InProcessEngine | RemoteEngine:
    """The engine, imported now, one object a process. Raises `EngineUnknown` or `EngineUnavailable`."""
    module, _, class_name = entry(name).path.partition(":")
    try:
        found: InProcessEngine | RemoteEngine = getattr(import_module(module), class_name)()
    except (ImportError, AttributeError) as exc:
        raise EngineUnavailable(detail=f"{entry(name).path}: {exc}") from exc
    return found


def check_engine(name: str) -> None:
    """Raises `EngineUnknown`, naming the engines there are, for one that is not offered here."""
    if name not in ENGINES or not _offered(name):
        raise _unknown(name)


def check_language(engine_name: str, language: str) -> str:
    """The language's tag as it is written (`en_gb` is `en-GB`) if the engine understands it; DETECT always is.

    Raises `LanguageNotSupported`, saying what the engine does understand, or `EngineUnknown`. A tag (BCP 47) such as
    `en` or `en-GB` may come in any case, with `-` or `_`.
    """
    known, offers = entry(engine_name), languages(engine_name)
    tag = language.strip().replace("_", "-").lower()
    if tag == DETECT:
        return DETECT
    if LANGUAGE_TAG.fullmatch(tag) and any(f"{tag}-".startswith(f"{offered.lower()}-") for offered in offers):
        primary, *rest = tag.split("-")
        return "-".join([primary, *(part.upper() if len(part) == 2 else part for part in rest)])
    offer = ", ".join(LANGUAGES.get(offered, offered) for offered in offers)
    few = f"understands {offer} only" if len(offers) <= MOST_NAMED else f"knows {len(offers)} languages, but not this"
    raise LanguageNotSupported(
        f"{known.label} {few}. Please choose another language or another engine.",
        detail=f"{engine_name} does not understand {language!r}",
    )


def _offered(name: str) -> bool:
    known = ENGINES[name]
    if known.weights and isinstance(_weights(known), EngineUnavailable):
        return False
    return not known.needs or bool(getattr(settings(), known.needs)) or settings().stt_engine == name


def _weights(known: EngineEntry) -> Any:
    """What `find()` of the engine's weights says, or the `EngineUnavailable` that it raises."""
    try:
        return import_module(known.weights).find()
    except EngineUnavailable as error:
        return error
    except ImportError as error:
        return EngineUnavailable(detail=f"{known.weights}: {error}")


def _unknown(name: str) -> EngineUnknown:
    return EngineUnknown(f"There is no engine “{name}” here. Please choose one of: {', '.join(engine_names())}.")
