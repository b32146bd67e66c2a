"""`python -m tests.faults.launch web|worker|reconciler`: a process of the product, with the suite's engine, its crash
points and, when asked for, one protection missing. supervise.py starts these instead of the product's own commands."""

import os
import sys

GOOGLE = "google"
SABOTAGE = "FAULTS_SABOTAGE"  # the name of a sabotage; empty or not set: none
CORES = "FAULTS_CORES"  # how many cores the product believes to have; empty: those that there are


def main(kind: str) -> int:
    from tests.faults import disk, engine, sabotage, seams

    remote = os.environ.get("STT_ENGINE") == GOOGLE
    engine.register_here()
    if kind == "worker":
        engine.watch_children()
    if cores := os.environ.get(CORES):
        seams.replace("jobs.core_files:count", lambda _: lambda: int(cores))
    if name := os.environ.get(SABOTAGE):
        sabotage.SABOTAGES[name](kind)
    seams.install(kind, remote=remote)
    if kind == "web":
        disk.install()
    return START[kind]()


def web() -> int:
    import uvicorn

    from store.settings import settings

    configured = settings()
    uvicorn.run(
        "api.app:app",
        host=configured.bind_host,
        port=configured.api_port,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=3,
        access_log=False,
        log_level="warning",
    )
    return 0


def worker() -> int:
    from jobs import worker as product

    return product.main()


def reconciler() -> int:
    from jobs import reconcile as product

    return product.main()


START = {"web": web, "worker": worker, "reconciler": reconciler}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
