"""Downloads the Whisper model that WHISPER_MODEL names: `python -m tools.download_model`, or `make model`.

The only part of the desk that asks a model hub, and it does so only when it is run. `HF_ENDPOINT` names a mirror.
"""

import errno
import fcntl
import hashlib
import os
import runpy
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from jobs.engines.whisper import refused_weights, weight_files
from jobs.engines.whisper.weight_files import BASE, MODEL, TINY_EN, Pin, package_folder, sha256_of, signature
from jobs.engines.whisper.weights import models_folder
from store.settings import settings

FILES = {*weight_files.ALL} - {weight_files.RECORD}
PINNED = {"base": BASE[MODEL].sha256, "tiny.en": TINY_EN[MODEL].sha256}
MARGIN_BYTES = 64 << 20
OF_DISKS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


class NotDownloaded(Exception):
    """Why there is no model."""


def main() -> int:
    """0 when the model is there; 1, having said why, when it is not."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        name = settings().whisper_model
        target = models_folder(settings()) / name
        record = weight_files.record_of(target)
        if record and not weight_files.lacks(target, record) and not refused_weights.refusal(target, settings()):
            say(f"Whisper {name} is here already, in {target}")
            return 0
        say(f"Whisper {name} is here now, in {target}: {download(name, target)}")
    except ValidationError as error:
        say(f"The settings cannot be read: {error}")
    except NotDownloaded as problem:
        say(f"Whisper {settings().whisper_model} was not downloaded: {problem}.")
    else:
        return 0
    return 1


def download(name: str, target: Path) -> str:
    """Put the model of this name into `target`, whole or not at all; where it came from. Raises `NotDownloaded`."""
    hub, errors = import_module("huggingface_hub"), import_module("huggingface_hub.errors")
    repository, address = repository_of(name), import_module("huggingface_hub.constants").ENDPOINT
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with alone(target) as unfinished:
            info = hub.HfApi().model_info(repository, files_metadata=True, timeout=10)
            wanted = [file for file in info.siblings or () if file.rfilename in FILES]
            make_room(target.parent, sum(file.size or 0 for file in wanted))
            pins = {}
            for file in wanted:
                hub.hf_hub_download(repository, file.rfilename, revision=info.sha, local_dir=unfinished)
                pins[file.rfilename] = checked(unfinished / file.rfilename, file)
            if name in PINNED and (MODEL not in pins or pins[MODEL].sha256 != PINNED[name]):
                raise NotDownloaded(f"{repository} holds another {MODEL} than the one that is pinned (SHA-256)")
            if problem := weight_files.unfit(unfinished):
                raise NotDownloaded(f"{repository} {problem}")
            shutil.rmtree(unfinished / ".cache", ignore_errors=True)
            weight_files.write_record(unfinished, f"{repository}@{info.sha}", pins)
            put(unfinished, target)
    except errors.OfflineModeIsEnabled as error:
        raise NotDownloaded("HF_HUB_OFFLINE forbids to ask a model hub") from error
    except errors.RepositoryNotFoundError as error:
        raise NotDownloaded(f"{address} has no {repository}, or does not let us read it") from error
    except (OSError, RuntimeError, import_module("httpx2").HTTPError) as error:
        raise NotDownloaded(reason(error, address, target.parent)) from error
    return f"{repository}@{info.sha}"


def reason(error: Exception, hub: str, folder: Path) -> str:
    """Whether it was the disk or the hub."""
    if isinstance(error, OSError) and (error.errno in OF_DISKS or isinstance(error.filename, str)):
        return f"{folder} cannot be written ({error.strerror})"
    says = f"{type(error).__name__}: {error}".partition("\n")[0][:200]
    return (
        f"the model hub {hub} cannot be reached ({says}). Set HF_ENDPOINT to a mirror that this machine reaches, or"
        " copy a folder with the model here and name it in WHISPER_MODEL_DIR"
    )


def repository_of(name: str) -> str:
    """The hub's repository for a model's name. Raises `NotDownloaded`, naming those that there are."""
    utils = (package_folder("faster_whisper") or Path()) / "utils.py"
    known: dict[str, str] = runpy.run_path(str(utils))["_MODELS"]  # by itself: the package would load the engine
    if name not in known:
        raise NotDownloaded(f"there is no model of this name; there are {', '.join(sorted(known))}")
    return known[name]


def checked(path: Path, file: Any) -> Pin:
    """The file's size and hash, if they are what the hub says: SHA-256 of large files, Git's own hash of small ones."""
    found = Pin(path.stat().st_size, sha256_of(path))
    if file.lfs is not None:
        right = found.sha256 == file.lfs.sha256
    else:
        content = path.read_bytes()
        right = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest() == file.blob_id
    if not right:
        path.unlink()
        raise NotDownloaded(f"{path.name} arrived damaged: it is not what the hub says that it is. Try again")
    return found


@contextmanager
def alone(target: Path) -> Iterator[Path]:
    """The folder in which the download grows; one that broke off is gone on with. One process at a time."""
    with (target.parent / f".{target.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise NotDownloaded("it is being downloaded by another process already") from error
        unfinished = target.parent / f".{target.name}.unfinished"
        unfinished.mkdir(exist_ok=True)
        try:
            yield unfinished
        finally:
            with suppress(OSError):
                unfinished.rmdir()  # unless there is something to go on with


def make_room(folder: Path, needed: int) -> None:
    """Raises `NotDownloaded` when there is none."""
    free = shutil.disk_usage(folder).free
    if free < needed + MARGIN_BYTES:
        raise NotDownloaded(f"it needs {needed / 2**20:,.0f} MiB, and {folder} has {free / 2**20:,.0f} MiB free")


def put(unfinished: Path, target: Path) -> None:
    """Give the finished folder its name; an older one there makes way."""
    former = target.parent / f".{target.name}.former"
    shutil.rmtree(former, ignore_errors=True)
    if signature(target) is not None:
        target.rename(former)
    unfinished.rename(target)
    shutil.rmtree(former, ignore_errors=True)


def say(text: str) -> None:
    """A line, at once."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
