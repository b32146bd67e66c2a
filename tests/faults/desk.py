"""The product's real processes: started as `make run` starts them, found again whatever died, and stopped."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from store.embedded.processes import die_with_parent
from tests.faults import launch, supervise
from tests.faults.options import MAX_FAILURES, Options

ROOT = Path(__file__).resolve().parents[2]
START_SEC = 120.0
STOP_SEC = 90.0
THEIRS = ("DATABASE_URL", "REDIS_URL", "AUDIO_DIR", "AUDIO_STORE")  # they would lead to somebody's real data
FORK_SERVER = "jobs.media.fork_server_process"
KINDS = ("web", "worker", "reconciler")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Urls:
    """Where the servers are, past the proxy."""

    database: str
    redis: str


class Desk:
    """A whole product in `folder`. Its processes hang below `wrapper`, the embedded servers' keeper."""

    supervise = ("tests.faults.supervise",)  # the module that becomes supervisord, and its arguments

    def __init__(self, folder: Path, options: Options, proxy_port: int, cloud: Mapping[str, str] | None = None) -> None:
        """`cloud` are the settings that lead to it."""
        self.folder, self.options = folder, options
        self.api = f"http://127.0.0.1:{free_port()}"
        self.log = folder / "desk.log"
        self.environment = {name: value for name, value in os.environ.items() if name not in THEIRS} | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "VAR_DIR": str(folder),
            "BIND_HOST": "127.0.0.1",
            "API_PORT": self.api.rpartition(":")[2],
            "DASHBOARD_PORT": "8501",  # named in supervisord.conf, not used
            "WORKERS": str(options.workers),
            "STT_ENGINE": options.engine,
            "ENGINE_PROCESSES": "2",
            "MAX_FAILURES": str(MAX_FAILURES),
            supervise.PROXIED: f"postgresql://postgres@127.0.0.1:{proxy_port}/transcript_desk",
            launch.SABOTAGE: options.sabotage,
            launch.CORES: "" if options.real else str(options.cores),
            **options.clocks,
            **(cloud or {}),
        }
        self._wrapper: psutil.Process | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return when the API is ready and every worker waits. To be called in the main thread. TimeoutError."""
        command = [sys.executable, "-m", "store.embedded", "--restart", "--"]
        command += [sys.executable, "-m", *self.supervise]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        self._wrapper = psutil.Process(self._process.pid)
        wait_for(self._is_ready, START_SEC, "the desk to be ready")

    def _is_ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"the desk ended:\n{self.log.read_text(errors='replace')[-4000:]}")
        return self.answers() and self.log.read_text(errors="replace").count(" is ready") >= self.options.workers

    def answers(self) -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.api}/api/v1/ready", timeout=5).status_code == 200
        return False

    @property
    def urls(self) -> Urls:
        urls = json.loads((self.folder / supervise.URLS).read_text())
        return Urls(urls["DATABASE_URL"], urls["REDIS_URL"])

    def supervisor(self) -> psutil.Process | None:
        """supervisord, or None while it is being started again."""
        with suppress(OSError, ValueError, psutil.NoSuchProcess):
            return psutil.Process(int((self.folder / "supervisord.pid").read_text()))
        return None

    def of_kind(self, kind: str) -> list[psutil.Process]:
        """The processes of a kind that supervisord keeps (`web`, `worker`, `reconciler`)."""
        supervisor = self.supervisor()
        return [process for process in children(supervisor) if kind in command(process)[-1:]] if supervisor else []

    def horses(self) -> list[psutil.Process]:
        """The work-horses of all workers."""
        return [horse for worker in self.of_kind("worker") for horse in self.horses_of(worker)]

    def horses_of(self, worker: psutil.Process) -> list[psutil.Process]:
        """The worker's children but for its fork server."""
        return [child for child in children(worker) if not is_fork_server(child)]

    def sandboxed_for(self, horse: psutil.Process) -> list[psutil.Process]:
        """What the worker's fork server has forked for this work-horse: it is in the same process group."""
        servers = [server for worker in self.of_kind("worker") for server in children(worker) if is_fork_server(server)]
        return [child for server in servers for child in children(server) if group_of(child) == horse.pid]

    def servers(self, program: str) -> list[psutil.Process]:
        """A server's processes (`postgres`, `redis-server`), the first one first."""
        assert self._wrapper is not None
        first = [process for process in children(self._wrapper) if name_of(process).startswith(program)]
        return first + [child for process in first for child in children(process)]

    def strays(self) -> list[psutil.Process]:
        """What is no server, no fork server, not supervised: horses, all their children, whatever lost its parent."""
        supervised = [process for kind in KINDS for process in self.of_kind(kind)]
        supervised += [child for process in supervised for child in children(process) if is_fork_server(child)]
        known = {process.pid for process in supervised} | {getattr(self.supervisor(), "pid", 0)}
        servers = ("postgres", "redis-server")
        return [p for p in self._below() if p.pid not in known and not name_of(p).startswith(servers)]

    def _below(self) -> Iterator[psutil.Process]:
        assert self._wrapper is not None
        return iter(children(self._wrapper, recursive=True))

    def stop(self) -> list[str]:
        """Stop it all as Ctrl-C does; what was left of it, which should be nothing."""
        if self._process is None:
            return []
        family = list(self._below())
        self._process.terminate()
        try:
            self._process.wait(STOP_SEC)
        except subprocess.TimeoutExpired:
            self._process.kill()
        _, left = psutil.wait_procs(family, timeout=5)
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        return [f"{process} outlived the desk" for process in left]


def children(process: psutil.Process, *, recursive: bool = False) -> list[psutil.Process]:
    """The living children; none when the process itself is gone. psutil would read every process of the machine."""
    found: list[psutil.Process] = []
    for task in Path(f"/proc/{process.pid}/task").glob("*/children"):
        with suppress(OSError, psutil.NoSuchProcess):
            found += [psutil.Process(int(pid)) for pid in task.read_text().split()]
    alive = [child for child in found if is_alive(child)]
    return alive + [one for child in alive for one in children(child, recursive=True)] if recursive else alive


def is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def command(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def is_fork_server(process: psutil.Process) -> bool:
    """Whether it is a fork server of jobs.media, or one of its children."""
    return FORK_SERVER in command(process)


def group_of(process: psutil.Process) -> int:
    """The process group; 0 when it is gone."""
    with suppress(OSError):
        return os.getpgid(process.pid)
    return 0


def name_of(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return process.name()
    return ""


def wait_for(condition: Callable[[], bool], seconds: float, what: str, *, every_sec: float = 0.1) -> None:
    """Return when the condition holds; TimeoutError, naming `what`, when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(every_sec)
