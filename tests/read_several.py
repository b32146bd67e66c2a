"""Probes and decodes many small files in one sandboxed child, since starting a child for each would take minutes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.errors import ERRORS, ErrorKind, MediaLimitExceeded, classify
from jobs.media import sandbox

MEMORY_MB = 512
CPU_SEC = 60
SETTLED = frozenset({ErrorKind.USER, ErrorKind.PERMANENT})  # never tried again by themselves


@dataclass(frozen=True)
class Outcome:
    """Seconds, or the code of the error, of `probe` and of `decode`."""

    probed: float | str
    decoded: float | str

    @property
    def codes(self) -> set[str]:
        return {one for one in (self.probed, self.decoded) if isinstance(one, str)}

    @property
    def is_settled(self) -> bool:
        """Whether it worked, or failed with a sentence and for good."""
        return all(ERRORS[code].kind in SETTLED for code in self.codes)


def read_several(paths: Iterable[Path], folder: Path) -> dict[str, Outcome]:
    """The outcome of each file by its name; the order of the product's own child, many times."""
    listed = [str(path.resolve()) for path in paths]
    order = {"paths": listed, "target": str(folder / "sound-of-several.pcm"), "max_audio_sec": 600}
    found = sandbox.read("tests.read_several", folder, order, memory_mb=MEMORY_MB, cpu_sec=CPU_SEC)
    return {name: Outcome(**outcome) for name, outcome in found.items()}


def read_in_sandbox(recording: Path, request: dict[str, Any]) -> dict[str, Any]:
    """What the child does. Nothing that a file does may end it, or the parent's `read` raises."""
    from jobs.media import decode_child, probe_child

    found = {}
    for path in map(Path, request["paths"]):
        probed = _outcome_of(lambda path=path: probe_child.read_in_sandbox(path, request)["duration_sec"])
        decoded = _outcome_of(lambda path=path: decode_child.read_in_sandbox(path, request)["audio_sec"])
        found[path.name] = {"probed": probed, "decoded": decoded}
    return found


def _outcome_of(read: Callable[[], float]) -> float | str:
    try:
        return read()
    except MemoryError:
        return MediaLimitExceeded.code
    except Exception as error:  # noqa: BLE001 - what nobody foresaw is a finding too
        return classify(error).code
