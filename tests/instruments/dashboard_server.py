"""`python -m tests.instruments.dashboard_server`: the dashboard as `make run` serves it; it knows the metronome too."""

import uvicorn

from jobs.engines.registry import register
from store.settings import settings
from tests.instruments.metronome_worker import METRONOME

if __name__ == "__main__":
    register("metronome", METRONOME)
    uvicorn.run(
        "dashboard:app",
        host=settings().bind_host,
        port=settings().dashboard_port,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        access_log=False,
        log_level="warning",
    )
