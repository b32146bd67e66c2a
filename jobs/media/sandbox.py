"""Untrusted media is only ever read in a child process with limits on memory, CPU time and open files.

The child is `python -m jobs.media.sandbox MODULE`; it calls `MODULE.read_in_sandbox(recording, request)`. The request
comes as JSON on stdin; answers leave as JSON lines on stdout: `{"progress": …}` any number of times, then one
`{"result": …}` or `{"error": code, …}`. It dies with its parent, stays in the parent's process group, and is given
none of the parent's environment, so no password reaches it.
"""

import ctypes
import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jobs.errors import ERRORS, DecodingFailed, MediaLimitExceeded, MediaTimeout, Unexpected, WorkerLost, classify

PROJECT = Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG = 1  # linux/prctl.h
MEBIBYTE = 1024 * 1024
WALL_BASE_SEC = 60.0
WALL_FACTOR = 4  # a busy machine may give the child a quarter of a core

Report = Callable[[float], None]


def read(
    module: str,
    recording: Path,
    request: dict[str, Any],
    *,
    memory_mb: int,
    cpu_sec: float,
    on_progress: Report | None = None,
) -> dict[str, Any]:
    """The result of `module.read_in_sandbox(recording, request)`, computed in a child process.

    `memory_mb` is what the media may use on top of the interpreter, `cpu_sec` its CPU time; the wall clock may show
    four times as much and a minute before the child is killed. `on_progress` gets each progress report; what it raises
    ends the child and travels on. Raises the `TranscriptDeskError` that the child met; `MediaLimitExceeded`,
    `MediaTimeout`, `DecodingFailed` (a decoder crashed) or `WorkerLost` when the child did not live to say.
    """
    order = request | {
        "recording": str(recording.resolve()),
        "parent": os.getpid(),
        "memory_mb": memory_mb,
        "cpu_sec": cpu_sec,
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "jobs.media.sandbox", module],
        env=_bare_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None,  # whatever nobody foresaw shows in the log
    )
    timed_out = threading.Event()

    def stop_late() -> None:
        timed_out.set()
        child.kill()

    wall_sec = WALL_BASE_SEC + WALL_FACTOR * cpu_sec
    clock = threading.Timer(wall_sec, stop_late)
    clock.daemon = True
    clock.start()
    try:
        answer = _converse(child, order, on_progress)
    finally:
        clock.cancel()
        child.kill()  # does nothing to a child that has ended
        returncode = child.wait()
        if child.stdout:
            child.stdout.close()
    if timed_out.is_set() and "result" not in answer:
        raise MediaTimeout(detail=f"{module} was stopped after {wall_sec:.0f} s")
    return _result(answer, returncode, module)


def _bare_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    # one BLAS thread: each reserves address space, which is limited here
    return kept | {"PYTHONPATH": str(PROJECT), "PATH": os.defpath, "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}


def _converse(child: "subprocess.Popen[bytes]", order: dict[str, Any], on_progress: Report | None) -> dict[str, Any]:
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        with child.stdin as stdin:
            stdin.write(json.dumps(order).encode())
    except BrokenPipeError:
        return {}
    answer: dict[str, Any] = {}
    for line in child.stdout:
        try:
            answer = json.loads(line)
        except ValueError:  # cut off in the middle: the child was killed
            return {}
        if "progress" in answer and on_progress:
            on_progress(float(answer["progress"]))
    return answer


def _result(answer: dict[str, Any], returncode: int, module: str) -> dict[str, Any]:
    if "result" in answer:
        result: dict[str, Any] = answer["result"]
        return result
    if "error" in answer:
        raise ERRORS.get(answer["error"], Unexpected)(answer["sentence"], detail=answer["detail"])
    death = f"{module} ended with {signal.Signals(-returncode).name if returncode < 0 else returncode}"
    if -returncode == signal.SIGXCPU:
        raise MediaLimitExceeded(detail=death)
    if -returncode in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        raise WorkerLost(detail=death)  # not the file's doing: an operator, or the machine ran out of memory
    if returncode < 0:
        raise DecodingFailed(detail=death)
    raise Unexpected(detail=death)


def die_with_parent(parent: int) -> None:
    """Has the kernel kill this process when the thread that started it ends; ends it now if `parent` is gone."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


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
    """Tell the parent how many seconds of audio have been read."""
    _say({"progress": progress_sec})


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main(module: str) -> None:
    """What the child does."""
    order = json.load(sys.stdin)
    die_with_parent(order["parent"])
    reader = importlib.import_module(module)
    confine(order["memory_mb"], order["cpu_sec"])
    try:
        _say({"result": reader.read_in_sandbox(Path(order["recording"]), order)})
    except MemoryError as exc:
        _say(_as_json(MediaLimitExceeded(detail=f"MemoryError: {exc}")))
    except Exception as exc:  # noqa: BLE001 - every error leaves the child by its code
        _say(_as_json(exc))


def _as_json(exc: Exception) -> dict[str, Any]:
    error = classify(exc)
    if isinstance(error, Unexpected):
        traceback.print_exception(exc)
    return {"error": error.code, "sentence": error.sentence, "detail": error.detail}


if __name__ == "__main__":
    main(sys.argv[1])
