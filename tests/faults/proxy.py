"""A small TCP proxy before Postgres that cuts, delays and stops connections, and knows a COMMIT when it passes.

It runs on an event loop in a thread of its own; the other threads change its fields, which it reads at each piece.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"  # the simple query message, as psycopg2 sends it
KEY_DATA = b"K\x00\x00\x00\x0c"  # BackendKeyData: then the process id of the backend, 4 bytes
PIECE_BYTES = 65536


class AtCommit(StrEnum):
    """What happens to the next COMMIT."""

    CUT_BEFORE = "cut before"  # it never reaches the server
    CUT_AFTER = "cut after"  # the server commits, and its answer never arrives
    TERMINATE = "terminate"  # its backend is terminated at the same moment


class Proxy:
    """Listens on a free loopback port and forwards to a Unix socket."""

    def __init__(self, socket_path: Callable[[], str], terminate: Callable[[int], None]) -> None:
        """`socket_path` is asked at each connection; `terminate` is called with a backend's process id."""
        self.delay_sec = 0.0  # before each piece that is forwarded
        self.refusing = False  # new connections are closed at once
        self.at_commit: list[AtCommit] = []  # for the next COMMITs, one each
        self.commits_met = 0
        self._socket_path, self._terminate = socket_path, terminate
        self._open: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="proxy", daemon=True)
        self._thread.start()
        ready.wait()

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)

        async def listen() -> None:
            server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            self._flowing.set()
            ready.set()

        self._loop.run_until_complete(listen())
        self._loop.run_forever()

    def cut(self) -> int:
        """Break all connections at once; how many."""

        async def abort() -> int:
            cut = [writer for writer in self._open if not writer.is_closing()]
            for writer in cut:
                writer.transport.abort()
            return len(cut) // 2

        return asyncio.run_coroutine_threadsafe(abort(), self._loop).result(10)

    def hold(self) -> None:
        """Forward nothing until `let_go`: both sides stay connected and hear nothing."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def let_go(self) -> None:
        self._loop.call_soon_threadsafe(self._flowing.set)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        backend: dict[str, int] = {}
        if self.refusing:
            writer.transport.abort()
            return
        try:
            up_reader, up_writer = await asyncio.open_unix_connection(self._socket_path())
        except OSError:  # the server is down, or being started
            writer.transport.abort()
            return
        both = {writer, up_writer}
        self._open |= both
        try:
            await asyncio.gather(
                self._client_to_server(reader, up_writer, both, backend),
                self._server_to_client(up_reader, writer, backend),
            )
        finally:
            for each in both:
                each.transport.abort()
            self._open -= both

    async def _server_to_client(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, backend: dict[str, int]
    ) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE_BYTES):
                if "pid" not in backend and (at := piece.find(KEY_DATA)) >= 0:
                    backend["pid"] = int.from_bytes(piece[at + 5 : at + 9], "big")
                await self._forward(piece, writer)
        writer.transport.abort()

    async def _client_to_server(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        both: set[asyncio.StreamWriter],
        backend: dict[str, int],
    ) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE_BYTES):
                if COMMIT in piece and self.at_commit:
                    action = self.at_commit.pop(0)
                    self.commits_met += 1
                    await self._act(action, piece, writer, both, backend)
                else:
                    await self._forward(piece, writer)
        writer.transport.abort()

    async def _forward(self, piece: bytes, writer: asyncio.StreamWriter) -> None:
        if self.delay_sec:
            await asyncio.sleep(self.delay_sec)
        await self._flowing.wait()
        writer.write(piece)
        await writer.drain()

    async def _act(
        self,
        action: AtCommit,
        piece: bytes,
        writer: asyncio.StreamWriter,
        both: set[asyncio.StreamWriter],
        backend: dict[str, int],
    ) -> None:
        if action is AtCommit.TERMINATE:
            terminated = self._loop.run_in_executor(None, self._terminate, backend.get("pid", 0))
            await self._forward(piece, writer)
            await terminated
            return
        client = next(each for each in both if each is not writer)
        if action is AtCommit.CUT_AFTER:
            client.transport.abort()  # whatever the server answers has nowhere to go
            await self._forward(piece, writer)
            await asyncio.sleep(0.2)
        for each in both:
            each.transport.abort()
