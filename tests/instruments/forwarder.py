"""TCP ports that lead to a server elsewhere: a Unix socket, or a port that listens on the loopback alone."""

import asyncio
import threading
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

PIECE_BYTES = 65536
Address = str | tuple[str, int]  # a socket's path, or host and port


class Forwarder:
    """Listens on a free `port` of every address of this machine, in a thread of its own."""

    def __init__(self, target: Address) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="forwarder", daemon=True)
        self._thread.start()
        ready.wait()

    def close(self) -> None:
        """Break every connection."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._connected, "0.0.0.0", 0))
        self.port: int = server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        server.close()
        open_ones = asyncio.all_tasks(self._loop)
        for task in open_ones:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*open_ones, return_exceptions=True))
        self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if isinstance(self._target, str):
                there_reader, there_writer = await asyncio.open_unix_connection(self._target)
            else:
                there_reader, there_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        try:
            await asyncio.gather(_forward(reader, there_writer), _forward(there_reader, writer))
        finally:
            for each in (writer, there_writer):
                each.transport.abort()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(PIECE_BYTES):
            writer.write(piece)
            await writer.drain()
    writer.transport.abort()


def postgres_socket(database_url: str) -> str:
    """The socket of an embedded Postgres."""
    return f"{parse_qs(urlsplit(database_url).query)['host'][0]}/.s.PGSQL.5432"


def redis_socket(redis_url: str) -> str:
    """The socket of an embedded Redis."""
    return urlsplit(redis_url).path
