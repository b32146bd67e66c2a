"""A dashboard without a browser: Streamlit's protocol over its WebSocket, and the timers that a browser keeps."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

FULL, FRAGMENT = ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY


@dataclass
class Seen:
    """What dashboards saw. `rerun_sec`: from asking for a fragment until its script has finished."""

    rerun_sec: list[float] = field(default_factory=list)
    messages: int = 0
    bytes: int = 0
    errors: list[str] = field(default_factory=list)


class Dashboard:
    """One open page of the dashboard at `address`; what it sees goes into `seen`."""

    def __init__(self, address: str, seen: Seen, path: str = "") -> None:
        self._address, self._seen, self._path = address, seen, path
        self._drawn = asyncio.Event()
        self._asked: deque[float] = deque()
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._kept: set[str] = set()  # hashes of the messages that a browser keeps
        self._page_hash = ""
        self._reader: asyncio.Task[None] | None = None
        self._socket: ClientConnection | None = None

    async def open(self, within_sec: float = 60.0) -> float:
        """Seconds until the first whole run is finished; TimeoutError when it does not finish."""
        begun = time.perf_counter()
        host = urlsplit(self._address).netloc
        self._socket = await connect(
            f"ws://{host}/_stcore/stream",
            origin=self._address,
            subprotocols=["streamlit"],
            max_size=None,  # type: ignore[arg-type, list-item]
        )
        await self._ask_for()
        self._reader = asyncio.create_task(self._read(self._socket))
        await asyncio.wait_for(self._drawn.wait(), within_sec)
        return time.perf_counter() - begun

    async def close(self) -> None:
        self._stop_timers(list(self._timers))
        if self._reader is not None:
            self._reader.cancel()
        if self._socket is not None:
            await self._socket.close()

    async def _ask_for(self, fragment_id: str = "") -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string = ""
        state.page_name = "" if self._page_hash else self._path
        state.page_script_hash = self._page_hash
        state.widget_states.SetInParent()
        state.context_info.timezone = "Europe/London"
        state.context_info.locale = "en-GB"
        state.context_info.url = f"{self._address}/{self._path}"
        state.cached_message_hashes.extend(self._kept)
        if fragment_id:
            state.fragment_id, state.is_auto_rerun = fragment_id, True
            self._asked.append(time.perf_counter())
        if self._socket is not None:
            await self._socket.send(message.SerializeToString())

    async def _read(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for data in socket:
                if isinstance(data, bytes):
                    self._seen.messages += 1
                    self._seen.bytes += len(data)
                    self._take(ForwardMsg.FromString(data))
        self._seen.errors.append("The connection was closed.")

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if message.metadata.cacheable:
            self._kept.add(message.hash)
        take: dict[str, Callable[[ForwardMsg], None]] = {
            "new_session": self._begun,
            "auto_rerun": self._start_timer,
            "stop_auto_rerun": lambda told: self._stop_timers(list(told.stop_auto_rerun.fragment_ids)),
            "script_finished": self._finished,
            "delta": self._changed,
        }
        if kind in take:
            take[kind](message)

    def _begun(self, message: ForwardMsg) -> None:
        self._page_hash = message.new_session.page_script_hash
        if not message.metadata.run.fragment_ids:  # a whole run starts them anew
            self._stop_timers(list(self._timers))

    def _changed(self, message: ForwardMsg) -> None:
        if message.delta.new_element.WhichOneof("type") == "exception":
            self._seen.errors.append(message.delta.new_element.exception.message)

    def _finished(self, message: ForwardMsg) -> None:
        if message.script_finished == FULL:
            self._drawn.set()
        elif message.script_finished == FRAGMENT and self._asked:
            self._seen.rerun_sec.append(time.perf_counter() - self._asked.popleft())
        elif message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self._seen.errors.append("The page cannot be compiled.")

    def _start_timer(self, message: ForwardMsg) -> None:
        told = message.auto_rerun
        self._stop_timers([told.fragment_id])
        self._timers[told.fragment_id] = asyncio.create_task(self._ask_every(told.interval, told.fragment_id))

    async def _ask_every(self, interval_sec: float, fragment_id: str) -> None:
        due = time.monotonic()
        with suppress(ConnectionClosed):
            while True:
                due += interval_sec
                await asyncio.sleep(due - time.monotonic())
                await self._ask_for(fragment_id)

    def _stop_timers(self, fragment_ids: list[str]) -> None:
        for fragment_id in fragment_ids:
            timer = self._timers.pop(fragment_id, None)
            if timer is not None:
                timer.cancel()
