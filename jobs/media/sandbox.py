"""Untrusted media is only ever read in a child process with limits on memory, CPU time and open files.

The child (jobs.media.sandbox_child) is forked by the fork server of this process (jobs.media.fork_server) and is given
none of our environment, so no password reaches it. It joins the process group of whoever asks, and lives for as long
as their end of its connection is open: the fork server kills it when they die or hang up, the kernel when the fork
server dies. docs/decisions/0011-fork-server.md says why.
"""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jobs.errors import ERRORS, DecodingFailed, MediaLimitExceeded, MediaTimeout, Unexpected, WorkerLost
from jobs.media import fork_server

WALL_BASE_SEC = 60.0
WALL_FACTOR = 4  # a busy machine may give the child a quarter of a core
STARTS = 3  # so many fork servers may die before a child has begun
LAST_WORD_SEC = 5.0  # a fork server that has not ended a child by then does not work any more
RECEIVED_BYTES = 64 * 1024

Report = Callable[[float], None]


def preload() -> None:
    """Starts the fork server, if there is none, so that the first recording need not wait for it."""
    fork_server.current()


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
        "module": module,
        "recording": str(recording.resolve()),
        "group": os.getpgrp(),
        "memory_mb": memory_mb,
        "cpu_sec": cpu_sec,
    }
    wall_sec = WALL_BASE_SEC + WALL_FACTOR * cpu_sec
    deadline = time.monotonic() + wall_sec
    for _ in range(STARTS):
        server = fork_server.current()
        try:
            heard = _ask(server, order, deadline, on_progress)
        except TimeLimitPassed:
            raise MediaTimeout(detail=f"{module} was stopped after {wall_sec:.0f} s") from None
        if "ended" not in heard:
            fork_server.forget(server)
        if heard:
            return _result(heard, module)
    raise WorkerLost(detail=f"{STARTS} fork servers ended before {module} had begun")


class TimeLimitPassed(Exception):
    """The child has not said everything in its time."""


def _ask(
    server: fork_server.ForkServer, order: dict[str, Any], deadline: float, on_progress: Report | None
) -> dict[str, Any]:
    """All that was said about the child: nothing when the server died before it had begun. It is gone after this."""
    try:
        connection = server.fork()
    except OSError:
        return {}
    with connection:
        heard: dict[str, Any] = {}
        try:
            _send(connection, order, deadline)
            for answer in _answers(connection, deadline):
                heard |= answer
                if "progress" in answer and on_progress:
                    on_progress(float(answer["progress"]))
        except TimeLimitPassed:
            if "result" not in heard:
                raise
        finally:
            if "ended" not in heard:
                heard |= _stop(server, connection)
    return heard


def _send(connection: socket.socket, order: dict[str, Any], deadline: float) -> None:
    connection.settimeout(max(0.001, deadline - time.monotonic()))
    try:
        connection.sendall(json.dumps(order).encode() + b"\n")
    except TimeoutError:
        raise TimeLimitPassed from None
    except ConnectionError:  # the child is dead: the answers say of what
        return


def _answers(connection: socket.socket, deadline: float) -> Iterator[dict[str, Any]]:
    """What the child says, then what the fork server says of its end; what was cut off by a death is left out."""
    unfinished = b""
    while True:
        connection.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            received = connection.recv(RECEIVED_BYTES)
        except TimeoutError:
            raise TimeLimitPassed from None
        except ConnectionError:
            return
        if not received:
            return
        *lines, unfinished = (unfinished + received).split(b"\n")
        for line in lines:
            try:
                answer = json.loads(line)
            except ValueError:
                continue
            yield answer


def _stop(server: fork_server.ForkServer, connection: socket.socket) -> dict[str, Any]:
    """Have the child killed, and wait until it is; how it ended."""
    try:
        connection.shutdown(socket.SHUT_WR)
        return next((one for one in _answers(connection, time.monotonic() + LAST_WORD_SEC) if "ended" in one), {})
    except TimeLimitPassed:
        fork_server.forget(server)
    except OSError:  # they have hung up already
        pass
    return {}


def _result(heard: dict[str, Any], module: str) -> dict[str, Any]:
    if "result" in heard:
        result: dict[str, Any] = heard["result"]
        return result
    if "error" in heard:
        raise ERRORS.get(heard["error"], Unexpected)(heard["sentence"], detail=heard["detail"])
    if "ended" not in heard:
        raise WorkerLost(detail=f"the fork server ended while {module} was running")
    exit_code: int = heard["ended"]
    death = f"{module} ended with {signal.Signals(-exit_code).name if exit_code < 0 else exit_code}"
    if -exit_code == signal.SIGXCPU:
        raise MediaLimitExceeded(detail=death)
    if -exit_code in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        raise WorkerLost(detail=death)  # not the file's doing: an operator, or the machine ran out of memory
    if exit_code < 0:
        raise DecodingFailed(detail=death)
    raise Unexpected(detail=death)
