"""`python -m tests.instruments.dashboard_server`: the dashboard as `make run` serves it; it knows the metronome too."""

import os

import uvicorn

from jobs import speed_view
from jobs.engines.registry import register
from store.settings import settings
from tests.instruments.metronome_worker import METRONOME


def broken(*_: object) -> None:
    """Instead of a page's question, when DASHBOARD_BREAKS is set."""
    raise RuntimeError("broken on purpose")


if __name__ == "__main__":
    register("metronome", METRONOME)
    if os.environ.get("DASHBOARD_BREAKS"):
        speed_view.speed = broken  # type: ignore[assignment]
    uvicorn.run(
        "dashboard:app",
        host=settings().bind_host,
        port=settings().dashboard_port,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        ws_per_message_deflate=False,
        access_log=False,
        log_level="warning",
    )
