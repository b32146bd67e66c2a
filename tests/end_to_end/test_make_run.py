"""The whole product as `make run` starts it: it gets ready, comes back when killed, and stops without a trace."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
import psycopg2
import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SEC = 100.0
LAUNCH = [sys.executable, "-m", "tools.run"]
# Words of a command line by which each kind of process is known, and how many of them there are
KINDS = {
    "jobs.worker": 2,
    "jobs.reconcile": 2,
    "jobs.queue_dashboard": 1,
    "uvicorn": 1,
    "redis-server": 1,
    "postgres": 1,
    "tools.supervise": 1,
    "store.embedded": 1,
}
# Whose returns do not depend on each other; one by one takes twice as long
KILLED_TOGETHER = [
    ("jobs.worker", "jobs.reconcile", "jobs.queue_dashboard", "uvicorn"),
    ("redis-server", "postgres"),
    ("tools.supervise",),
    ("store.embedded",),
]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")


@dataclass
class Product:
    """A running product: its launcher, what it prints, where its data is and where it listens."""

    launcher: subprocess.Popen[bytes]
    environment: dict[str, str]
    output: Path
    var_dir: Path

    def processes(self) -> list[psutil.Process]:
        """Every living process of it, wherever it hangs in the tree."""
        return [process for process in psutil.process_iter() if belongs(process, self.var_dir)]

    def by_kind(self) -> dict[str, set[int]]:
        """The process ids of each of KINDS."""
        found: dict[str, set[int]] = {kind: set() for kind in KINDS}
        for process in self.processes():
            if kind := kind_of(process):
                found[kind].add(process.pid)
        return found

    def answers(self) -> bool:
        """Whether both pages and the database can be used."""
        try:
            for name in ("DASHBOARD_PORT", "RQ_DASHBOARD_PORT"):
                urllib.request.urlopen(f"http://127.0.0.1:{self.environment[name]}/", timeout=5).close()
            connection = psycopg2.connect(json.loads((self.var_dir / "postgres.lock").read_text())["url"])
        except (OSError, psycopg2.OperationalError):
            return False
        connection.close()
        return True

    def is_whole_without(self, killed: set[int]) -> bool:
        """Whether every process is there, none of them in `killed`, and all can be used."""
        found = self.by_kind()
        return (
            {kind: len(pids) for kind, pids in found.items()} == KINDS
            and killed.isdisjoint(set().union(*found.values()))
            and self.answers()
        )


def belongs(process: psutil.Process, var_dir: Path) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
            return False
        if Path(process.cwd()).is_relative_to(var_dir):
            return True
        return process.environ().get("VAR_DIR") == str(var_dir)
    except psutil.Error:
        return False


def kind_of(process: psutil.Process) -> str | None:
    """The kind in the command's first words: a wrapper names in later ones what it runs."""
    try:
        words = process.cmdline()
        parent = process.parent()
        if not words or (parent is not None and parent.name() == process.name() == "postgres"):
            return None
        return next((kind for kind in KINDS if kind in words[2:3] or Path(words[0].split()[0]).name == kind), None)
    except psutil.Error:
        return None


def wait_until(condition: Callable[[], bool], what: str, output: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SEC
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE_SEC:.0f} s for: {what}\n{output.read_text()[-4000:]}"
        time.sleep(0.1)


def free_ports() -> list[str]:
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return [str(probe.getsockname()[1]) for probe in (one, other)]


@pytest.fixture
def product() -> Iterator[Product]:
    with tempfile.TemporaryDirectory(prefix="make-run-test-") as folder:
        var_dir = Path(folder)
        var_dir.chmod(0o711)  # as root, Postgres runs as another user
        theirs = ("DATABASE_URL", "REDIS_URL", "AUDIO_DIR")
        environment = {name: value for name, value in os.environ.items() if name not in theirs}
        dashboard_port, queue_port = free_ports()
        environment |= {"VAR_DIR": folder, "WORKERS": "2"}
        environment |= {"DASHBOARD_PORT": dashboard_port, "RQ_DASHBOARD_PORT": queue_port}
        output = var_dir / "output.txt"
        with output.open("wb") as file:
            launcher = subprocess.Popen(
                LAUNCH, cwd=ROOT, env=environment, stdout=file, stderr=file, start_new_session=True
            )
        running = Product(launcher, environment, output, var_dir)
        try:
            wait_until(lambda: "Transcript Desk is ready" in output.read_text(), "the ready line", output)
            yield running
            assert "Traceback" not in output.read_text(), output.read_text()
        finally:
            launcher.terminate()
            launcher.wait(PATIENCE_SEC)
            for process in running.processes():
                process.kill()


def start_again(product: Product, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LAUNCH, *arguments],
        cwd=ROOT,
        env=product.environment | settings,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SEC,
        check=False,
    )


@pytest.mark.timeout(600)
def test_whatever_is_killed_comes_back_and_ctrl_c_leaves_nothing(product: Product) -> None:
    wait_until(lambda: product.is_whole_without(set()), "every process", product.output)
    for kinds in KILLED_TOGETHER:
        killed = {min(product.by_kind()[kind]) for kind in kinds}
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        back = partial(product.is_whole_without, killed)
        wait_until(back, f"{kinds} to come back", product.output)
    os.killpg(product.launcher.pid, signal.SIGINT)
    assert product.launcher.wait(PATIENCE_SEC) == 0
    assert product.processes() == []
    assert product.output.read_text().endswith("Transcript Desk has stopped.\n")


def test_second_start_says_what_is_in_its_way_and_stop_stops(product: Product) -> None:
    again = start_again(product)
    port = product.environment["DASHBOARD_PORT"]
    assert again.returncode == 0
    assert f"Transcript Desk is already running: http://127.0.0.1:{port} " in again.stdout

    with tempfile.TemporaryDirectory() as elsewhere:
        other = start_again(product, VAR_DIR=elsewhere)
        assert other.returncode == 1
        assert f"Port {port} on 127.0.0.1 cannot be used" in other.stdout
        assert "DASHBOARD_PORT=" in other.stdout
        assert "postgres" not in os.listdir(elsewhere), "it says so before it starts anything"

    product.launcher.kill()
    product.launcher.wait()
    assert product.answers(), "without the launcher everything goes on"
    assert "already running" in start_again(product).stdout
    assert start_again(product, "--stop").stdout == "Transcript Desk has stopped.\n"
    assert product.processes() == []
    assert start_again(product, "--stop").stdout == "Transcript Desk is not running.\n"


def test_nothing_outlives_a_killed_process_group(product: Product) -> None:
    os.killpg(product.launcher.pid, signal.SIGKILL)
    wait_until(lambda: product.processes() == [], "all to end", product.output)


@pytest.mark.parametrize(("name", "value"), [("WORKERS", "none"), ("DASHBOARD_PORT", "0")])
def test_wrong_setting_is_named(name: str, value: str) -> None:
    done = subprocess.run(
        LAUNCH, cwd=ROOT, env=os.environ | {name: value}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stdout.startswith(f"{name}: ")
