"""Ask a program for its version before relying on it: a name on the PATH does not say what the program is."""

import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from store.embedded.account import ROOT_STAND_IN, Account
from store.embedded.errors import ProgramError

ANSWER_SEC = 10.0
MAX_ANSWER_BYTES = 16 * 1024
MAX_QUOTED_CHARS = 160


def check_version(
    command: Sequence[str | Path],
    name: str,
    answer: str,
    *,
    at_least: tuple[int, ...] = (),
    account: Account | None = None,
    answer_sec: float | None = None,
) -> tuple[int, ...]:
    """The version that `command` prints, run as `account`. Raises ProgramError with a sentence for people.

    `answer` is the pattern of the line that only `name` prints; its group is the version. The program is run by the
    path that was given: what it is may depend on that name, so a link is never replaced by its target.
    """
    program, answer_sec = command[0], answer_sec or ANSWER_SEC
    try:
        printed, code = _printed(command, account, answer_sec)
    except TimeoutError:
        raise ProgramError(f"{program} did not say its version within {answer_sec:.0f} s.") from None
    except OSError as error:
        whose = f" as {ROOT_STAND_IN}" if account is not None and account.changes_user else ""
        raise ProgramError(f"{program} cannot be run{whose}: {error.strerror}.") from error
    said = re.search(answer, printed, re.MULTILINE)
    if said is None or code != 0:
        lines = printed.split("\n") if printed.strip() else ["nothing"]
        first = next(line.strip() for line in lines if line.strip())[:MAX_QUOTED_CHARS]
        raise ProgramError(f"{program} is no {name} that works: asked for its version it says “{first}” (exit {code}).")
    version = tuple(int(part) for part in said[1].split("."))
    if version < at_least:
        needed = ".".join(map(str, at_least))
        raise ProgramError(f"{program} is {name} {said[1]}; {needed} or newer is needed.")
    return version


def _printed(command: Sequence[str | Path], account: Account | None, answer_sec: float) -> tuple[str, int]:
    """The beginning of what it prints, and its exit code. Raises TimeoutError; it and its children are then killed."""
    changed = account if account is not None and account.changes_user else None
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        start_new_session=True,
        user=changed.user if changed else None,
        group=changed.group if changed else None,
        extra_groups=[] if changed else None,
    )
    assert process.stdout is not None
    deadline = time.monotonic() + answer_sec
    try:
        printed = _read(process.stdout.fileno(), deadline)
        code = process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    finally:
        process.stdout.close()
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return printed.decode(errors="replace"), code


def _read(descriptor: int, deadline: float) -> bytes:
    """All up to the end, or the first 16 KiB. Raises TimeoutError at the deadline (a monotonic time)."""
    read = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while len(read) < MAX_ANSWER_BYTES:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            piece = os.read(descriptor, MAX_ANSWER_BYTES)
            if not piece:
                break
            read += piece
    return read
