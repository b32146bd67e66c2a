"""One embedded server: whose it is, how it starts, how it comes back, and how it ends."""

import fcntl
import json
import logging
import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import IO, ClassVar

from store.embedded.account import Account, owned_folder
from store.embedded.errors import ServerError
from store.embedded.processes import die_with_parent, end_leftovers

log = logging.getLogger(__name__)

START_SEC = 120.0  # generous: recovery after a kill reads all that was not yet checkpointed
STOP_SEC = 30.0
LARGEST_LOG_BYTES = 10 * 1024 * 1024


class Server(ABC):
    """A server on the data in `var_dir/<name>`: ours when we hold its lock, else that of whoever holds it.

    While another process holds the lock we use its server; when that process goes, we take over on the same address.
    """

    name: ClassVar[str]
    program: ClassVar[str]
    death_signal: ClassVar[signal.Signals]  # asks for an orderly and quick stop

    def __init__(self, var_dir: Path, sockets: Path, account: Account, *, fast: bool) -> None:
        self.data = var_dir / self.name
        self.sockets = sockets
        self.account = account
        self.fast = fast
        self.log_file = var_dir / "logs" / f"{self.name}.log"
        self._lock_file = var_dir / f"{self.name}.lock"
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0  # bytes of the log that were there before this start

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients reach it."""

    @abstractmethod
    def command(self) -> list[str]:
        """The server in the foreground."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the data folder when there is none, and clear what a crash left."""

    @abstractmethod
    def refusal(self) -> str | None:
        """Why it does not answer clients yet; None when it does."""

    @property
    def pid(self) -> int | None:
        """Its process while it is ours and has been started."""
        return self._process.pid if self._process else None

    def start(self, pause: Callable[[float], None] = time.sleep) -> None:
        """Start it or find it running, and return when it answers. Raises ServerError with the end of its log."""
        deadline = time.monotonic() + START_SEC
        self.tend()
        while (reason := self.refusal()) is not None:
            if self._process is not None and self._process.poll() is not None:
                self.recover_from_failed_start()
            if time.monotonic() > deadline:
                raise ServerError(f"{self.name} did not start within {START_SEC:.0f} s ({reason}).{self._log_tail()}")
            pause(0.05)
            if self._lock is None:
                self.tend()

    def recover_from_failed_start(self) -> None:
        """Called when it ended before it answered: raises ServerError, unless a kind of server knows better."""
        raise ServerError(f"{self.name} does not start; its data stay as they are in {self.data}.{self._log_tail()}")

    def tend(self) -> None:
        """Start it if it is ours and not running, or if nobody's it is any more. Returns at once, before it answers."""
        if self._lock is None:
            self._lock = self._take_lock()
            if self._lock is None:
                return
            self._launch()
        elif self._process is None or self._process.poll() is not None:
            log.warning(
                "%s ended with code %s: starting it again", self.name, self._process and self._process.returncode
            )
            self._launch()

    def stop(self) -> None:
        """Stop it in an orderly way if it is ours, and let others have it."""
        if self._process is not None and self._process.poll() is None:
            for stop_signal in (self.death_signal, signal.SIGQUIT, signal.SIGKILL):
                self._process.send_signal(stop_signal)
                try:
                    self._process.wait(STOP_SEC)
                    break
                except subprocess.TimeoutExpired:
                    log.warning("%s did not stop within %.0f s of %s", self.name, STOP_SEC, stop_signal.name)
        self._process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take_lock(self) -> IO[str] | None:
        """The lock, or None while another process has it; then its sockets, wherever they are, are the ones to use."""
        lock = self._lock_file.open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            held = lock.read()
            lock.close()
            if held:
                self.sockets = Path(json.loads(held)["sockets"])
            return None
        lock.truncate(0)
        lock.write(json.dumps({"pid": os.getpid(), "sockets": str(self.sockets), "url": self.url}))
        lock.flush()
        return lock

    def _launch(self) -> None:
        end_leftovers(self.program, self.data)
        owned_folder(self.sockets, self.account)  # its last owner may have removed it
        self.prepare()
        self.log_file.parent.mkdir(exist_ok=True)
        if self.log_file.exists() and self.log_file.stat().st_size > LARGEST_LOG_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".old.log"))
        command = self.command()
        with self.log_file.open("ab") as output:
            self._log_start = output.tell()
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd=self.data,
                    start_new_session=True,  # a terminal's Ctrl-C is for us, who stop it when nobody needs it any more
                    preexec_fn=die_with_parent(self.death_signal),
                    user=self.account.user if self.account.changes_user else None,
                    group=self.account.group if self.account.changes_user else None,
                    extra_groups=[] if self.account.changes_user else None,
                )
            except OSError as error:
                raise ServerError(f"{self.name} cannot be started: {command[0]}: {error.strerror}.") from error

    def log_of_this_start(self) -> str:
        """What it wrote since it was started last."""
        if not self.log_file.exists():
            return ""
        with self.log_file.open("rb") as written:
            written.seek(self._log_start)
            return written.read().decode(errors="replace")

    def _log_tail(self) -> str:
        lines = self.log_of_this_start().splitlines()[-15:]
        return "\n".join([f" The end of {self.log_file}:", *lines]) if lines else ""
