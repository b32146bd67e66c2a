"""Has this machine the disk, the libraries and the ports that it needs?"""

import http.client
import os
import shutil
import socket
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from jobs.doctor.finding import Finding, fine, in_short, wrong
from jobs.media.pcm import BYTES_PER_SEC
from store.settings import Settings

GIB = 2**30
WEB_SEC = 2.0
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # what one listens on, and where one finds it
INSTALL = "pip install -r requirements.txt -c constraints.txt"


def disk(configured: Settings) -> Iterator[Finding]:
    """Room for the largest upload and for the decoded sound of the longest recording."""
    folder = existing(configured.var_dir)
    if not os.access(folder, os.W_OK | os.X_OK):
        yield wrong(
            "disk",
            f"{folder} cannot be written",
            f"mkdir -p {configured.var_dir} && chown $(id -u) {configured.var_dir}",
        )
        return
    needed = configured.max_upload_bytes + int(configured.max_audio_sec * BYTES_PER_SEC)
    free = shutil.disk_usage(folder).free
    says = f"{free / GIB:.1f} GiB free in {configured.var_dir}"
    if free < needed:
        yield wrong(
            "disk",
            f"{says}; the largest upload and the longest recording need {needed / GIB:.1f}",
            "free some space, or VAR_DIR=/a/larger/disk",
        )
        return
    yield fine("disk", says)


def libraries(_: Settings) -> Iterator[Finding]:
    """FFmpeg's libraries, as they come with PyAV."""
    try:
        versions = import_module("av").library_versions
    except ImportError as error:
        yield wrong("ffmpeg libraries", in_short(error), INSTALL)
        return
    yield fine("ffmpeg libraries", "libavcodec " + ".".join(map(str, versions["libavcodec"])))


def ports(configured: Settings) -> Iterator[Finding]:
    """Each port is free, or it is ours that listens there."""
    yield _port("dashboard_port", configured, "/api/v1/health", '"status":"ok"')
    yield _port("rq_dashboard_port", configured, "/", "queue")


def _port(name: str, configured: Settings, path: str, sign: str) -> Finding:
    port = int(getattr(configured, name))
    where = f"{configured.bind_host}:{port}"
    try:
        with socket.create_server(
            (configured.bind_host, port), family=socket.AF_INET6 if ":" in configured.bind_host else socket.AF_INET
        ):
            return fine(name.upper(), f"{where} is free")
    except OSError as error:
        reason = error.strerror or in_short(error)
    answer = _answer(ANYWHERE.get(configured.bind_host, configured.bind_host), port, path)
    if sign in answer.lower():
        return fine(name.upper(), f"{where} is ours, and answers")
    return wrong(
        name.upper(),
        f"{where} cannot be used ({reason}), and it is not ours that answers there",
        f"{name.upper()}={port + 100 if port < 65000 else 8601}, or end what listens there: ss -ltnp 'sport = :{port}'",
    )


def _answer(host: str, port: int, path: str) -> str:
    """Headers and body of what a web server answers there; empty when none does."""
    connection = http.client.HTTPConnection(host, port, timeout=WEB_SEC)
    try:
        connection.request("GET", path, headers={"Host": "localhost"})
        answer = connection.getresponse()
        return f"{answer.headers}\n{answer.read(100_000).decode(errors='replace')}"
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    folder = folder.resolve()
    return next(path for path in (folder, *folder.parents) if path.exists())
