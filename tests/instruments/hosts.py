"""Worker hosts for a test: each with a folder, a host name and a network of its own, as far as this machine allows."""

import os
import shutil
import signal
import subprocess
import sys
import uuid
from pathlib import Path

from tests.instruments.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
NETWORK = "10.213.{}.{}"  # of our own, inside the namespaces; the test machine's routes are not touched
SHARED = ("DATABASE_URL", "REDIS_URL", "AUDIO_DIR", "VAR_DIR", "STORAGE_EMULATOR_HOST", "AUDIO_BUCKET", "AUDIO_STORE")
MARK = "HOST_OF_TEST"


def why_no_namespaces() -> str:
    """Why hosts cannot have networks and names of their own here; empty when they can."""
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    if not shutil.which("ip") or not shutil.which("unshare"):
        return "ip or unshare is missing"
    name = f"desk-{uuid.uuid4().hex[:6]}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        return f"no network namespace may be made: {made.stderr.strip()}"
    inside = ["ip", "netns", "exec", name, "unshare", "--uts", "hostname", name]
    tried = subprocess.run(inside, capture_output=True, text=True, check=False)
    subprocess.run(["ip", "netns", "del", name], check=True)
    return "" if tried.returncode == 0 else f"no host may have its own name: {tried.stderr.strip()}"


class Host:
    """A machine with workers. `address` is where it reaches this machine's ports."""

    def __init__(self, number: int, folder: Path, *, apart: bool) -> None:
        self.name, self.folder, self.apart = f"host-{number}", folder / f"host-{number}", apart
        self.folder.mkdir()
        self.address = NETWORK.format(number, 1) if apart else "127.0.0.1"
        self._space, self._link = (f"desk-{os.getpid()}-{number}", f"dsk{os.getpid() % 10**6}-{number}")
        self._mark = uuid.uuid4().hex
        self._processes: list[subprocess.Popen[bytes]] = []
        if apart:
            self._connect(number)

    def _connect(self, number: int) -> None:
        inside, own = ["-n", self._space], NETWORK.format(number, 2)
        for command in (
            ["netns", "add", self._space],
            ["link", "add", self._link, "type", "veth", "peer", "name", "eth0", "netns", self._space],
            ["addr", "add", f"{self.address}/24", "dev", self._link],
            ["link", "set", self._link, "up"],
            [*inside, "addr", "add", f"{own}/24", "dev", "eth0"],
            [*inside, "link", "set", "eth0", "up"],
            [*inside, "link", "set", "lo", "up"],
        ):
            subprocess.run(["ip", *command], check=True, capture_output=True)

    def start(self, module: str, **settings: str) -> subprocess.Popen[bytes]:
        """`python -m module` on this host, in its folder; ready."""
        log = self.folder / f"{len(self._processes)}-{module}.log"
        inherited = {name: value for name, value in os.environ.items() if name not in SHARED}
        environment = inherited | {
            "PYTHONPATH": str(ROOT),
            "VAR_DIR": str(self.folder / "var"),
            "METRONOME_FOLDER": str(self.folder),
            MARK: self._mark,
            **settings,
        }
        command = [sys.executable, "-m", module]
        if self.apart:
            named = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', self.name]
            command = ["ip", "netns", "exec", self._space, *named, *command]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=output, stderr=output, start_new_session=True
            )
        self._processes.append(process)
        wait_until(lambda: "is ready" in log.read_text() or process.poll() is not None, 90)
        assert process.poll() is None, log.read_text()
        return process

    def vanish(self) -> None:
        """Its link goes down; where it has none, all of its processes are killed."""
        if self.apart:
            subprocess.run(["ip", "link", "set", self._link, "down"], check=True)
        else:
            self.kill()

    def come_back(self) -> None:
        if self.apart:
            subprocess.run(["ip", "link", "set", self._link, "up"], check=True)

    def kill(self) -> None:
        for pid in self.alive():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        for process in self._processes:
            process.wait()

    def alive(self) -> set[int]:
        """The ids of all processes that run on this host."""
        return {int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and self._is_ours(path)}

    def _is_ours(self, process: Path) -> bool:
        try:
            dead = process.joinpath("stat").read_text().rpartition(")")[2].split()[0] in "ZX"
            return not dead and f"{MARK}={self._mark}".encode() in process.joinpath("environ").read_bytes()
        except OSError:
            return False  # gone since the folder was read

    def logged(self) -> str:
        return "".join(log.read_text() for log in sorted(self.folder.glob("*.log")))

    def chunks(self, what: str) -> list[float]:
        """The starts of the chunks that the metronome has `begun` or `done` here."""
        file = self.folder / what
        return [float(line) for line in file.read_text().split()] if file.exists() else []

    def remove(self) -> None:
        """Nothing of it stays."""
        self.kill()
        if self.apart:
            subprocess.run(["ip", "netns", "del", self._space], check=True)  # the link goes with it
