"""People who look, in a process of their own: open dashboards, and programs that poll a session's status.

`python -m bench.viewers.dashboards ADDRESS` reads a command a line and answers with a line, both JSON; `Viewers` speaks
to it.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from types import TracebackType
from typing import Any

from bench.viewers.streamlit_client import Dashboard, Seen

POLL_SEC = 5.0


class Viewers:
    """The process that looks at `address`, as the benchmark holds it; all it opened is closed with it."""

    def __init__(self, address: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.viewers.dashboards", address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Viewers":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait()

    def open(self, count: int, per_sec: float) -> list[float]:
        """Open that many more dashboards at this pace; how long each took, in seconds."""
        took: list[float] = self._tell({"open": count, "per_sec": per_sec})["opened_sec"]
        return took

    def poll(self, count: int, paths: Sequence[str]) -> None:
        """Let that many programs poll one of these paths every five seconds from now on."""
        self._tell({"poll": count, "paths": list(paths)})

    def seen(self) -> Seen:
        """What they saw since they were asked last."""
        return Seen(**self._tell({"seen": True}))

    def cpu_sec(self) -> float:
        """The processor time that this process has used itself so far, which the machine's other work did not get."""
        used: float = self._tell({"cpu": True})["cpu_sec"]
        return used

    def close(self) -> None:
        """Close every dashboard; the process waits for what comes next."""
        self._tell({"close": True})

    def _tell(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("The viewers' process has ended.")
        told: dict[str, Any] = json.loads(answer)
        return told


class _People:
    def __init__(self, address: str) -> None:
        self._address = address
        self._seen = Seen()
        self._dashboards: list[Dashboard] = []
        self._pollers: list[asyncio.Task[None]] = []
        self._moments = random.Random(7)  # people do not come on the beat

    async def obey(self, command: dict[str, Any]) -> dict[str, Any]:
        if "open" in command:
            return {"opened_sec": await self._open(command["open"], command["per_sec"])}
        if "poll" in command:
            for number in range(command["poll"]):
                path = command["paths"][number % len(command["paths"])]
                self._pollers.append(asyncio.create_task(self._poll(path, self._moments.uniform(0, POLL_SEC))))
            return {}
        if "seen" in command:
            seen, self._seen.rerun_sec = asdict(self._seen), []
            self._seen.messages = self._seen.bytes = 0
            self._seen.errors = []
            return seen
        if "close" in command:
            await asyncio.gather(*(dashboard.close() for dashboard in self._dashboards))
            self._dashboards.clear()
            return {}
        return {"cpu_sec": time.process_time()}

    async def _open(self, count: int, per_sec: float) -> list[float]:
        async def one(after_sec: float) -> float:
            await asyncio.sleep(after_sec)
            dashboard = Dashboard(self._address, self._seen)
            self._dashboards.append(dashboard)
            try:
                return await dashboard.open()
            except (OSError, TimeoutError) as error:
                self._seen.errors.append(f"A dashboard did not open: {error!r}")
                return float("inf")

        moments = [(number + self._moments.random()) / per_sec for number in range(count)]
        return list(await asyncio.gather(*map(one, moments)))

    async def _poll(self, path: str, first_sec: float) -> None:
        host, _, port = self._address.removeprefix("http://").partition(":")
        request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()
        reader, writer = await asyncio.open_connection(host, int(port))
        due = time.monotonic() + first_sec
        while True:
            await asyncio.sleep(due - time.monotonic())
            due += POLL_SEC
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
            if not head.startswith(b"HTTP/1.1 200"):
                self._seen.errors.append(f"{path} answered {head.splitlines()[0].decode()}")


async def _main(address: str) -> None:
    people = _People(address)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await people.obey(json.loads(line))), flush=True)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_main(sys.argv[1]))
