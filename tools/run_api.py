"""`python -m tools.run_api`: the API alone, on the address that the settings name."""

import sys

import uvicorn

from store import refusals
from store.settings import settings

if __name__ == "__main__":
    configured = settings()
    if unsafe := refusals.refusals(configured):
        sys.exit("\n".join(unsafe))
    print(f"API: http://{configured.bind_host}:{configured.api_port}/api/docs", flush=True)
    uvicorn.run(
        "api.app:app",
        host=configured.bind_host,
        port=configured.api_port,
        timeout_keep_alive=75,  # longer than clients' polls are apart, as in supervisord.conf
        timeout_graceful_shutdown=3,
        access_log=False,
        log_level="warning",
    )
