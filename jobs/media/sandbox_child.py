"""What a sandboxed child does: it confines itself, then reads one recording with a module's `read_in_sandbox`.

The order comes as one JSON line on stdin; answers leave as JSON lines on stdout: `{"started": …}`, `{"progress": …}`
any number of times, then one `{"result": …}` or `{"error": code, …}`.
"""

import importlib
import json
import os
import resource
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from jobs.errors import MediaLimitExceeded, Unexpected, classify

MEBIBYTE = 1024 * 1024


def main() -> None:
    """Take the order, see it through, and say how it went."""
    line = sys.stdin.readline()
    if not line:  # whoever asked is gone
        return
    order = json.loads(line)
    with suppress(OSError):  # its leader and all others may be gone
        os.setpgid(0, order["group"])  # what is sent to the group of whoever asked is meant for this process too
    _say({"started": os.getpid()})
    try:
        reader = importlib.import_module(order["module"])
        confine(order["memory_mb"], order["cpu_sec"])
        _say({"result": reader.read_in_sandbox(Path(order["recording"]), order)})
    except MemoryError as exc:
        _say(as_json(MediaLimitExceeded(detail=f"MemoryError: {exc}")))
    except Exception as exc:  # noqa: BLE001 - every error leaves the child by its code
        _say(as_json(exc))


def confine(memory_mb: int, cpu_sec: float) -> None:
    """Limit what this process may use from now on: `memory_mb` more MiB of address space, `cpu_sec` of CPU time."""
    pages_in_use = int(Path("/proc/self/statm").read_text().split()[0])
    limit_bytes = pages_in_use * resource.getpagesize() + memory_mb * MEBIBYTE
    resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_sec) + 1, int(cpu_sec) + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@contextmanager
def no_further_files() -> Iterator[None]:
    """Within it no file and no socket can be opened, whatever a playlist inside the media asks for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def report(progress_sec: float) -> None:
    """Tell whoever asked how many seconds of audio have been read."""
    _say({"progress": progress_sec})


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def as_json(exc: Exception) -> dict[str, Any]:
    """The error as it travels to whoever asked; one that nobody foresaw shows in the log too."""
    error = classify(exc)
    if isinstance(error, Unexpected):
        traceback.print_exception(exc)
    return {"error": error.code, "sentence": error.sentence, "detail": error.detail}
