"""The engines by name. Nothing of an engine is imported until it is used.

A new engine is one file and one entry in `ENGINES`; tests and other suites add theirs with `register`.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import cast

from jobs.engines.protocol import InProcessEngine, RemoteEngine
from jobs.errors import EngineUnavailable, EngineUnknown, LanguageNotSupported
from store.settings import settings

LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}")
LANGUAGES = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese"}


@dataclass(frozen=True)
class EngineEntry:
    """What is known of an engine without importing it; `path` is `dotted.module:ClassName`."""

    path: str
    label: str
    languages: tuple[str, ...]  # `en` stands for every kind of English, `en-US` for that one alone
    remote: bool = False  # a provider runs it: `protocol.RemoteEngine`
    model: str = ""  # the setting that names the model it uses
    needs: str = ""  # the setting without which it is not offered, unless it is the engine of STT_ENGINE


ENGINES: dict[str, EngineEntry] = {
    "pocketsphinx": EngineEntry("jobs.engines.pocketsphinx:PocketSphinx", "PocketSphinx (local)", ("en",)),
    "google": EngineEntry(
        "jobs.engines.google.engine:Google",
        "Google Speech-to-Text",
        tuple(LANGUAGES),
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


def engine_model(name: str) -> str:
    """The model that the engine uses here; empty for an engine that has but one."""
    setting = ENGINES[name].model if name in ENGINES else ""
    return str(getattr(settings(), setting)) if setting else ""


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
    """The language's tag as it is written (`en_gb` is `en-GB`) if the engine understands it.

    Raises `LanguageNotSupported`, saying what the engine does understand, or `EngineUnknown`. A tag (BCP 47) such as
    `en` or `en-GB` may come in any case, with `-` or `_`.
    """
    known = entry(engine_name)
    tag = language.strip().replace("_", "-").lower()
    if LANGUAGE_TAG.fullmatch(tag) and any(f"{tag}-".startswith(f"{offered.lower()}-") for offered in known.languages):
        primary, *rest = tag.split("-")
        return "-".join([primary, *(part.upper() if len(part) == 2 else part for part in rest)])
    offer = ", ".join(LANGUAGES.get(offered, offered) for offered in known.languages)
    raise LanguageNotSupported(
        f"{known.label} understands {offer} only. Please choose another language or another engine.",
        detail=f"{engine_name} does not understand {language!r}",
    )


def _offered(name: str) -> bool:
    needs = ENGINES[name].needs
    return not needs or bool(getattr(settings(), needs)) or settings().stt_engine == name


def _unknown(name: str) -> EngineUnknown:
    return EngineUnknown(f"There is no engine “{name}” here. Please choose one of: {', '.join(engine_names())}.")
