"""`python -m tests.google_cloud.storage_server --port N --folder DIR`: Cloud Storage's JSON API, as far as we use it.

For the real client library, by `STORAGE_EMULATOR_HOST=http://127.0.0.1:N`. The emulator on PyPI knows no
preconditions, pages or cancelled uploads, and reads every object whole into memory. `POST /faults` sets a fault
(tests/google_cloud/faults.py), `DELETE /faults` clears them, `GET /uploads` lists the uploads that are still open.

A fault's `on` is one of: upload (start, piece, finish, status or cancel), read (facts or media), delete, list, check.
"""

import argparse
import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.google_cloud.faults import Fault, Faults
from tests.google_cloud.objects import BLOCK_BYTES, Facts, Objects, Refused

LARGEST_PAGE = 100  # the real one has 1000
RANGE = re.compile(r"bytes=(\d+)-(\d*)")
CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
Act = Callable[[Request, Fault], Awaitable[Response]]


class StorageServer:
    """The routes, over the buckets in a folder."""

    def __init__(self, folder: Path) -> None:
        self.objects, self.faults = Objects(folder), Faults()

    def app(self) -> Starlette:
        bucket, item = "/storage/v1/b/{bucket}", "/storage/v1/b/{bucket}/o/{name:path}"
        return Starlette(
            routes=[
                Route("/faults", self.change_faults, methods=["POST", "DELETE"]),
                Route("/uploads", lambda _: JSONResponse(self.objects.open_uploads())),
                Route("/storage/v1/b", self.make_bucket, methods=["POST"]),
                Route(f"{bucket}/iam/testPermissions", self.doing(self.permissions, "check")),
                Route(f"{bucket}/o", self.doing(self.list, "list")),
                Route(item, self.doing(self.item, "read"), methods=["GET"]),
                Route(item, self.doing(self.delete, "delete"), methods=["DELETE"]),
                Route(f"/download{item}", self.doing(self.media, "read", "media"), methods=["GET"]),
                Route(f"/upload{bucket}/o", self.doing(self.start, "upload", "start"), methods=["POST"]),
                Route(f"/upload{bucket}/o", self.doing(self.piece, "upload"), methods=["PUT"]),
                Route(f"/upload{bucket}/o", self.doing(self.cancel, "upload", "cancel"), methods=["DELETE"]),
                Route(bucket, self.bucket, methods=["GET", "DELETE"]),
            ]
        )

    def doing(self, act: Act, *kinds: str) -> Callable[[Request], Awaitable[Response]]:
        """The act with the fault that is set for it."""

        async def faulty(request: Request) -> Response:
            fault = self.faults.next({*kinds, *_part_of_upload(request)})
            if fault.hang_sec and not fault.after:
                await asyncio.sleep(fault.hang_sec)
            if fault.status and not fault.after:
                return _refusal(fault.status, "A fault was set.")
            try:
                answer = await act(request, fault)
            except Refused as refused:
                answer = _refusal(refused.status, str(refused))
            except ClientDisconnect:
                return Response(status_code=499)  # nobody hears it
            if fault.hang_sec and fault.after:
                await asyncio.sleep(fault.hang_sec)
            return _refusal(fault.status, "A fault was set.") if fault.status else answer

        return faulty

    async def change_faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.faults.waiting.clear()
        else:
            self.faults.add(await request.json())
        return Response(status_code=204)

    async def make_bucket(self, request: Request) -> Response:
        name = (await request.json())["name"]
        self.objects.make_bucket(name)
        return JSONResponse({"kind": "storage#bucket", "name": name})

    async def bucket(self, request: Request) -> Response:
        name = request.path_params["bucket"]
        self.objects.bucket(name)
        if request.method == "DELETE":
            self.objects.remove_bucket(name)
            return Response(status_code=204)
        return JSONResponse({"kind": "storage#bucket", "name": name})

    async def permissions(self, request: Request, _: Fault) -> Response:
        self.objects.bucket(request.path_params["bucket"])
        return JSONResponse({"permissions": request.query_params.getlist("permissions")})

    async def list(self, request: Request, _: Fault) -> Response:
        asked = request.query_params
        items, after = self.objects.page(
            request.path_params["bucket"],
            asked.get("prefix", ""),
            asked.get("pageToken", ""),
            min(int(asked.get("maxResults", LARGEST_PAGE)), LARGEST_PAGE),
        )
        return JSONResponse({"items": items, **({"nextPageToken": after} if after else {})})

    async def item(self, request: Request, fault: Fault) -> Response:
        if request.query_params.get("alt") == "media":
            return await self.media(request, fault)
        return JSONResponse(self._facts(request))

    async def media(self, request: Request, _: Fault) -> Response:
        facts = self._facts(request)
        size, start, end = int(facts["size"]), 0, int(facts["size"])
        asked = RANGE.fullmatch(request.headers.get("Range", ""))
        if asked:
            start, end = int(asked[1]), min(int(asked[2]) + 1, size) if asked[2] else size
            if start >= size:
                raise Refused(416, "The requested range cannot be satisfied.")
        headers = {
            "Content-Length": str(end - start),
            "X-Goog-Generation": facts["generation"],
            "X-Goog-Hash": f"crc32c={facts['crc32c']}",
            **({"Content-Range": f"bytes {start}-{end - 1}/{size}"} if asked else {}),
        }
        content = _content(self.objects.content(facts["bucket"], facts["name"]), start, end)
        return StreamingResponse(content, 206 if asked else 200, headers=headers, media_type=facts["contentType"])

    async def delete(self, request: Request, _: Fault) -> Response:
        self.objects.delete(request.path_params["bucket"], request.path_params["name"], dict(request.query_params))
        return Response(status_code=204)

    async def start(self, request: Request, fault: Fault) -> Response:
        bucket, asked = request.path_params["bucket"], dict(request.query_params)
        if asked["uploadType"] == "multipart":
            return await self._in_one(request, fault)
        facts: Facts = json.loads(await request.body() or b"{}")
        facts = {"contentType": request.headers.get("X-Upload-Content-Type", "application/octet-stream"), **facts}
        facts.setdefault("name", asked.get("name"))
        upload_id = self.objects.begin(bucket, facts, asked)
        address = request.url.include_query_params(upload_id=upload_id)
        return Response(headers={"Location": str(address)})

    async def _in_one(self, request: Request, fault: Fault) -> Response:
        kind = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
        about, media = BytesParser().parsebytes(kind + await request.body()).get_payload()  # type: ignore[misc]
        facts = {"contentType": media.get_content_type(), **json.loads(about.get_payload(decode=True))}  # type: ignore[union-attr]
        upload_id = self.objects.begin(request.path_params["bucket"], facts, dict(request.query_params))
        self.objects.part(upload_id).write_bytes(media.get_payload(decode=True))  # type: ignore[union-attr,arg-type]
        return JSONResponse(self.objects.finish(upload_id, truncate=fault.truncate))

    async def piece(self, request: Request, fault: Fault) -> Response:
        upload_id = request.query_params["upload_id"]
        done = self.objects.upload(upload_id).get("done")
        if done:
            return JSONResponse(done)
        said = CONTENT_RANGE.fullmatch(request.headers["Content-Range"])
        if said is None:
            raise Refused(400, "This Content-Range is not understood.")
        part = self.objects.part(upload_id)
        if said[1]:
            await self._keep(request, part, int(said[1]), fault)
        size = part.stat().st_size
        if said[3] == str(size):
            return JSONResponse(self.objects.finish(upload_id, truncate=fault.truncate))
        return Response(status_code=308, headers={"Range": f"bytes=0-{size - 1}"} if size else {})

    async def _keep(self, request: Request, part: Path, start: int, fault: Fault) -> None:
        """What is new of a piece: one that comes again may overlap what is there."""
        size = part.stat().st_size
        if start > size:
            raise Refused(400, f"The upload stands at byte {size}.")
        room = fault.keep_bytes
        with part.open("r+b") as target:
            target.seek(start)
            async for block in request.stream():
                kept = block if room is None else block[:room]
                room = None if room is None else room - len(kept)
                target.write(kept)

    async def cancel(self, request: Request, _: Fault) -> Response:
        self.objects.cancel(request.query_params["upload_id"])
        return Response(status_code=499)

    def _facts(self, request: Request) -> Facts:
        return self.objects.facts(
            request.path_params["bucket"], request.path_params["name"], dict(request.query_params)
        )


def _part_of_upload(request: Request) -> set[str]:
    """What a PUT is for: a piece, the last one, or the question how far the upload has come."""
    said = request.headers.get("Content-Range", "")
    if request.method != "PUT" or not said:
        return set()
    return {"status"} if said == "bytes */*" else {"piece"} if said.endswith("/*") else {"finish"}


async def _content(path: Path, start: int, end: int) -> AsyncIterator[bytes]:
    with path.open("rb") as content:
        content.seek(start)
        while start < end and (block := content.read(min(BLOCK_BYTES, end - start))):
            start += len(block)
            yield block


def _refusal(status: int, message: str) -> Response:
    error: dict[str, Any] = {"code": status, "message": message, "errors": [{"message": message}]}
    return JSONResponse({"error": error}, status)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--folder", type=Path, required=True)
    asked = parser.parse_args()
    listening = socket.create_server(("127.0.0.1", asked.port))
    server = uvicorn.Server(uvicorn.Config(StorageServer(asked.folder).app(), access_log=False, log_level="warning"))
    print(f"Cloud Storage is ready at http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    server.run([listening])  # connections wait in the socket's backlog until it serves


if __name__ == "__main__":
    main()
