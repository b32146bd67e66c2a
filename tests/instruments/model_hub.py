"""A model hub on loopback: what huggingface_hub asks for of a public repository, and nothing else."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """Files by repository; those of `large` are kept with LFS. What was asked for is in `asked`."""

    address: str = ""
    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    large: frozenset[str] = frozenset({"model.bin"})
    damaged: set[str] = field(default_factory=set)  # these arrive with another byte
    breaks_after: int | None = None  # bytes of a file, then the connection ends; once
    asked: list[str] = field(default_factory=list)

    def info(self, repository: str) -> dict[str, object]:
        siblings = []
        for name, content in self.repositories[repository].items():
            git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            lfs = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
            siblings.append(
                {"rfilename": name, "size": len(content), "blobId": git} | ({"lfs": lfs} if name in self.large else {})
            )
        return {"id": repository, "modelId": repository, "sha": COMMIT, "tags": [], "siblings": siblings}


@contextmanager
def model_hub() -> Iterator[Hub]:
    """A running one."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            hub.asked.append(f"{self.command} {self.path}")
            path = self.path.partition("?")[0]
            if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)", path):
                if found[1] in hub.repositories:
                    return self.answer(json.dumps(hub.info(found[1])).encode(), {"Content-Type": "application/json"})
            elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)", path):
                content = hub.repositories.get(found[1], {}).get(found[2])
                if content is not None:
                    digest = hashlib.sha256 if found[2] in hub.large else hashlib.sha1
                    headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{digest(content).hexdigest()}"'}
                    return self.answer(self.as_sent(found[2], content), headers)
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None

        def as_sent(self, name: str, content: bytes) -> bytes:
            return content[:-1] + bytes([content[-1] ^ 1]) if name in hub.damaged else content

        def answer(self, content: bytes, headers: dict[str, str]) -> None:
            begin = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            start = int(begin[1]) if begin else 0
            self.send_response(206 if begin else 200)
            if begin:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            if self.command == "HEAD":
                return
            end = len(content)
            if hub.breaks_after is not None and end > hub.breaks_after and "/resolve/" in self.path:
                end, hub.breaks_after = hub.breaks_after, None
            self.wfile.write(content[start:end])

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hub.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()
