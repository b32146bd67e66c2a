"""Weights that failed their check: every process of this machine passes them over until their file is another one."""

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from jobs.engines.whisper.weight_files import Signature, signature
from store.settings import Settings

FILE = "refused.json"


class Refusal(NamedTuple):
    """What the file was when it was refused, and what is wrong with it."""

    size: int
    mtime_ns: int
    says: str


_here: dict[str, Refusal] = {}  # those of this process, which hold also where VAR_DIR cannot be written


def refuse(path: Path, says: str, configured: Settings) -> None:
    """Pass over the weights that `path` belongs to, from now on, for the reason given."""
    size, mtime_ns = signature(path) or (0, 0)
    _here[_key(path)] = Refusal(size, mtime_ns, says)
    _write(_known(configured), configured)


def allow(folder: Path, configured: Settings) -> None:
    """The folder's weights have passed."""
    known = _known(configured)
    now = {path: refusal for path, refusal in known.items() if Path(path).parent != folder.resolve()}
    if now != known:
        for path in known.keys() - now.keys():
            _here.pop(path, None)
        _write(now, configured)


def refusal(folder: Path, configured: Settings) -> str | None:
    """What is wrong with the folder's weights; None unless they were refused as they are now."""
    for path, known in _known(configured).items():
        if Path(path).parent == folder.resolve() and (signature(Path(path)) or (0, 0)) == known[:2]:
            return known.says
    return None


def changed(configured: Settings) -> tuple[Signature, int]:
    """Differs from before when another file was refused or allowed."""
    return signature(_file(configured)), hash(frozenset(_here.items()))


def _file(configured: Settings) -> Path:
    return configured.var_dir / "models" / FILE


def _key(path: Path) -> str:
    return str(path.parent.resolve() / path.name)


def _known(configured: Settings) -> dict[str, Refusal]:
    try:
        stored = json.loads(_file(configured).read_bytes())
        return {path: Refusal(*known) for path, known in stored.items()} | _here
    except (OSError, ValueError, TypeError, AttributeError):
        return dict(_here)


def _write(known: dict[str, Refusal], configured: Settings) -> None:
    """Replace the file at once; a folder that cannot be written leaves it to each process."""
    with suppress(OSError):
        folder = _file(configured).parent
        folder.mkdir(parents=True, exist_ok=True)
        handle, written = tempfile.mkstemp(dir=folder, prefix=FILE)
        try:
            with os.fdopen(handle, "w") as file:
                json.dump(known, file, indent=1)
            Path(written).chmod(0o644)
            os.replace(written, folder / FILE)
        except OSError:
            Path(written).unlink(missing_ok=True)
            raise
