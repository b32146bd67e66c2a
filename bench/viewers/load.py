"""A load generator in a process of its own: `python -m bench.viewers.load PORT CONNECTIONS SECONDS EVERY_SEC ETAGS`.

Stdin is a JSON list of [path, headers]. Each connection sends a random one of them as soon as it has the last answer,
or, unless EVERY_SEC is 0, one every so many seconds from a random moment on. If ETAGS is not empty it remembers the
ETag of each path and sends it along. Prints what came of it as JSON.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import cast

import uvloop


@dataclass
class Outcome:
    """Answers by status, connections that broke or answers that were none, and the seconds each answer took."""

    statuses: dict[str, int] = field(default_factory=dict)
    errors: int = 0
    took_sec: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def answers(self) -> int:
        return sum(self.statuses.values())

    @property
    def a_second(self) -> float:
        return self.answers / self.seconds

    def quantile_ms(self, share: float) -> float:
        ordered = sorted(self.took_sec)
        return 1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]


class Client(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.transport: asyncio.Transport | None = None
        self.received = b""
        self.sent_sec = 0.0
        self.due_sec = 0.0
        self.waits = False
        self.asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        if not self.load.every_sec:
            self.send()

    def poll(self) -> None:
        """Now, and again after as many seconds as polls are apart; a poll that finds the last one unanswered waits."""
        if self.load.over:
            return
        self.due_sec += self.load.every_sec
        self.load.loop.call_at(self.due_sec, self.poll)
        if self.transport is None or self.transport.is_closing():
            self.load.loop.create_task(self.load.connect(self, then=self.send))
        elif not self.waits:
            self.send()

    def send(self) -> None:
        assert self.transport is not None
        self.asked, request = self.load.next_request()
        self.received, self.waits, self.sent_sec = b"", True, time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return
        status, length = head[9:12], _header(head, b"content-length")
        if status != b"304" and len(body) < int(length or 0):
            return
        self.waits = False
        self.load.answered(status.decode(), time.perf_counter() - self.sent_sec, self.asked, head)
        if not self.load.every_sec and not self.load.over:
            self.send()

    def connection_lost(self, _error: Exception | None) -> None:
        if self.waits and not self.load.over:
            self.waits = False
            self.load.outcome.errors += 1
            if not self.load.every_sec:
                self.load.loop.create_task(self.load.connect(self))


class Load:
    def __init__(self, port: int, requests: list[tuple[str, dict[str, str]]], every_sec: float, *, etags: bool) -> None:
        self.port, self.every_sec, self.etags = port, every_sec, etags
        self.heads = [_head(path, headers) for path, headers in requests]
        self.tags: list[bytes] = [b""] * len(requests)
        self.chance = random.Random(7)
        self.outcome, self.over = Outcome(), False
        self.by_status: Counter[str] = Counter()
        self.loop = asyncio.get_running_loop()

    def next_request(self) -> tuple[int, bytes]:
        number = int(self.chance.random() * len(self.heads))
        return number, self.heads[number] + self.tags[number] + b"\r\n"

    def answered(self, status: str, seconds: float, number: int, head: bytes) -> None:
        if self.over:
            return
        self.by_status[status] += 1
        self.outcome.took_sec.append(seconds)
        if self.etags and status == "200":
            self.tags[number] = b"If-None-Match: " + _header(head, b"etag") + b"\r\n"

    async def connect(self, client: Client, then: object = None) -> None:
        try:
            await self.loop.create_connection(lambda: client, "127.0.0.1", self.port)
        except OSError:
            self.outcome.errors += 1
            return
        if callable(then):
            then()

    async def run(self, connections: int, seconds: float) -> Outcome:
        clients = [Client(self) for _ in range(connections)]
        for client in clients:
            await self.connect(client)
            if self.every_sec:
                client.due_sec = self.loop.time() + self.chance.random() * self.every_sec
                self.loop.call_at(client.due_sec, client.poll)
        begun = time.perf_counter()
        await asyncio.sleep(seconds)
        self.outcome.seconds, self.over = time.perf_counter() - begun, True
        self.outcome.statuses = dict(self.by_status)
        for client in clients:
            if client.transport is not None:
                client.transport.abort()
        return self.outcome


def ask(
    port: int,
    requests: list[tuple[str, dict[str, str]]],
    connections: int,
    seconds: float,
    *,
    every_sec: float = 0.0,
    etags: bool = False,
) -> Outcome:
    """What a process of its own finds that asks like this."""
    numbers = (port, connections, seconds, every_sec)
    command = [sys.executable, "-m", "bench.viewers.load", *map(str, numbers), "etags" if etags else ""]
    done = subprocess.run(command, input=json.dumps(requests), capture_output=True, text=True)
    if done.returncode or done.stderr:
        raise RuntimeError(f"The load generator failed: {done.stderr[-2000:]}")
    return Outcome(**json.loads(done.stdout))


def _head(path: str, headers: dict[str, str]) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _header(head: bytes, name: bytes) -> bytes:
    lowered = head.lower()
    at = lowered.find(b"\r\n" + name + b": ")
    return head[at + len(name) + 4 :].partition(b"\r\n")[0] if at >= 0 else b""


async def main(port: int, connections: int, seconds: float, every_sec: float, etags: str) -> None:
    requests = [(path, headers) for path, headers in json.load(sys.stdin)]
    outcome = await Load(port, requests, every_sec, etags=bool(etags)).run(connections, seconds)
    print(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    port, connections, seconds, every_sec, etags = sys.argv[1:]
    uvloop.run(main(int(port), int(connections), float(seconds), float(every_sec), etags))
