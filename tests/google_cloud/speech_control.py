"""The control port: plain HTTP and JSON, in a thread of its own; every change is made on the event loop.

GET /operations   every operation ever accepted        DELETE /operations   forget them, end what runs
GET /faults       what is in force, how often it fired  DELETE /faults       none from now on
POST /faults      one fault more (behaviours.Fault)     GET /calls           how many came in, by method
POST /progress    {"mode": "steady"}                    POST /pace           {"pace": 0.1}
"""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.google_cloud.batch_work import BatchWork
from tests.google_cloud.behaviours import Behaviours, Fault, Progress
from tests.google_cloud.operations import Operations
from tests.google_cloud.speech_methods import SpeechMethods

PATIENCE_SEC = 30.0


class Control:
    """What the control port does. Its methods run on the event loop."""

    def __init__(self, operations: Operations, work: BatchWork, behaviours: Behaviours, methods: SpeechMethods) -> None:
        self._operations, self._work, self._behaviours, self._methods = operations, work, behaviours, methods

    async def answer(self, verb: str, path: str, posted: dict[str, Any]) -> Any:
        """What to send as JSON. Raises LookupError for an unknown path, ValueError or TypeError for a bad body."""
        match verb, path:
            case "GET", "/operations":
                return [operation.to_json() for operation in self._operations]
            case "DELETE", "/operations":
                await self._methods.forget()
                await self._work.stop()
                self._operations.forget()
            case "GET", "/faults":
                return [fault.to_json() for fault in self._behaviours.faults]
            case "POST", "/faults":
                self._behaviours.faults.append(Fault.from_json(posted))
            case "DELETE", "/faults":
                self._behaviours.faults.clear()
            case "POST", "/progress":
                self._behaviours.progress = Progress(posted["mode"])
            case "POST", "/pace":
                self._behaviours.pace = float(posted["pace"])
            case "GET", "/calls":
                return dict(self._methods.calls)
            case _:
                raise LookupError(path)
        return {}


def serve(control: Control, port: int) -> ThreadingHTTPServer:
    """Listens on the loopback from now on; `shutdown` ends it. Called on the event loop."""
    loop = asyncio.get_running_loop()

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                answer = control.answer(self.command, self.path, json.loads(body or b"{}"))
                sent = asyncio.run_coroutine_threadsafe(answer, loop).result(PATIENCE_SEC)
                self._send(200, sent)
            except (ValueError, TypeError, KeyError) as error:
                self._send(400, {"error": str(error)})
            except LookupError:
                self._send(404, {"error": f"no such path: {self.path}"})

        do_GET = do_POST = do_DELETE = _handle

        def _send(self, code: int, answer: Any) -> None:
            content = json.dumps(answer).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, name="control", daemon=True).start()
    return server
