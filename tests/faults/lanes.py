"""Lets the planned faults fall at their times, each lane in a thread of its own."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import psutil
import psycopg2
from redis.exceptions import RedisError

from tests.faults import database_faults, point_faults, process_faults, provider_faults, queue_faults
from tests.faults.clients import Clients
from tests.faults.cloud import Cloud
from tests.faults.desk import Desk
from tests.faults.disk import Disk
from tests.faults.faults import Fault, FaultLog
from tests.faults.kinds import APART_SEC
from tests.faults.proxy import AtCommit, Proxy
from tests.faults.schedule import LONG_FREEZE, SUPERVISOR, Planned

Fall = Callable[[Planned, Fault], None]
POINTS_END_SEC = 10.0  # armed crash points may be passed for so long after the last fault


@dataclass(frozen=True)
class Scene:
    """What faults can hit."""

    desk: Desk
    proxy: Proxy
    disk: Disk
    clients: Clients
    log: FaultLog
    cloud: Cloud | None = None

    def falls(self) -> dict[str, Fall]:
        """How each kind of fault falls."""
        desk = self.desk
        on_database = {
            "Postgres stopped at once": database_faults.stopped_at_once,
            "Postgres restarted": database_faults.restarted,
            "Postgres frozen": database_faults.frozen,
            "backends terminated": database_faults.backends_terminated,
            "backend terminated at COMMIT": partial(database_faults.at_commit, AtCommit.TERMINATE),
            "connection cut before COMMIT": partial(database_faults.at_commit, AtCommit.CUT_BEFORE),
            "connection cut after COMMIT": partial(database_faults.at_commit, AtCommit.CUT_AFTER),
            "connections cut": database_faults.cut,
            "connections delayed": database_faults.delayed,
            "connections silent": database_faults.silent,
            "connections refused": database_faults.refused,
        }
        on_desk = {
            "work-horse killed": process_faults.horse_killed,
            "worker killed": process_faults.worker_killed,
            "worker's tree killed": process_faults.tree_killed,
            "worker's tree stopped past its lease": process_faults.tree_stopped,
            "recognising process killed": process_faults.recogniser_killed,
            "process with a core killed": process_faults.holder_killed,
            "process with a core stopped": process_faults.holder_stopped,
            "reconciler killed": process_faults.reconciler_killed,
            SUPERVISOR: process_faults.supervisor_killed,
            "Redis killed, its data gone": queue_faults.killed_empty,
            "Redis flushed": queue_faults.flushed,
            "Redis frozen": queue_faults.frozen,
            LONG_FREEZE: queue_faults.frozen,
            "Redis out of memory": queue_faults.out_of_memory,
            "every job enqueued five times": queue_faults.five_times,
        }
        return {
            **{name: partial(function, desk, self.proxy) for name, function in on_database.items()},
            **{name: partial(function, desk) for name, function in on_desk.items()},
            "web killed during an upload": partial(
                process_faults.web_killed, desk, uploading=lambda: self.clients.sending
            ),
            "disk full for audio": lambda planned, _fault: self.disk.full(planned.lasts_sec),
            **(provider_faults.falls(self.cloud) if self.cloud else {}),
        }


def start(scene: Scene, plan: list[Planned], seconds: float) -> list[threading.Thread]:
    """One running thread a lane; join them to wait for the last fault."""
    begun = time.monotonic()
    threads = []
    for lane in sorted({planned.lane for planned in plan}):
        ours = [planned for planned in plan if planned.lane == lane]
        run = _run_points if lane in APART_SEC else _run_lane
        threads.append(threading.Thread(target=run, args=(scene, ours, begun, seconds), name=lane, daemon=True))
    for thread in threads:
        thread.start()
    return threads


def _run_lane(scene: Scene, plan: list[Planned], begun: float, seconds: float) -> None:
    falls = scene.falls()
    for planned in plan:
        time.sleep(max(0.0, begun + planned.at_sec - time.monotonic()))
        if time.monotonic() > begun + seconds:  # the faults before it took longer than planned
            scene.log.missed.append(planned.kind)
            continue
        try:
            with scene.log.falling(planned) as fault:
                falls[planned.kind](planned, fault)
        except TimeoutError as error:  # a server that did not come back
            scene.log.wrong(f"{planned.kind}: {error}")
        except (
            psycopg2.Error,
            RedisError,
            OSError,
            psutil.NoSuchProcess,
        ) as error:  # another lane's fault was in the way
            scene.log.missed.append(f"{planned.kind}: {type(error).__name__}")
        except Exception as error:  # noqa: BLE001  a lane that ends early must not look like a run without faults
            scene.log.wrong(f"{planned.kind}: {error!r}")


def _run_points(scene: Scene, plan: list[Planned], begun: float, seconds: float) -> None:
    deadline = begun + seconds + POINTS_END_SEC
    threads = []
    for planned in plan:
        time.sleep(max(0.0, begun + planned.at_sec - time.monotonic()))
        threads.append(
            threading.Thread(target=point_faults.fall, args=(scene.desk, scene.log, planned, deadline), daemon=True)
        )
        threads[-1].start()
    for thread in threads:
        thread.join()
