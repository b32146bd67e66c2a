"""Plain RQ as a desk: `supervise` becomes supervisord with RQ's own workers, `worker` is one, `transcribe` the job."""

import json
import os
import sys
import time
from pathlib import Path

import psycopg2
from redis import Redis
from rq import Worker
from supervisor import loggers, supervisord

from tests.faults.desk import Desk
from tests.faults.engine import PACE
from tests.faults.supervise import URLS
from tools.supervise import handle_file

QUEUE = "transcriptions"
PROCESSES = 2  # the suite's engine shares its chunks among two
TABLES = """
CREATE TABLE IF NOT EXISTS plain_session (
    number int PRIMARY KEY, audio_sec double precision, status text DEFAULT 'pending'
);
CREATE TABLE IF NOT EXISTS plain_done (number int, at timestamptz DEFAULT clock_timestamp());
"""
CONFIGURATION = """
[supervisord]
logfile = /dev/null
logfile_maxbytes = 0
pidfile = %(ENV_VAR_DIR)s/supervisord.pid

[program:worker]
command = python -m tests.faults.plain_rq_desk worker
process_name = %(program_name)s_%(process_num)d
numprocs = %(ENV_WORKERS)s
stopwaitsecs = 6
autorestart = true
startretries = 1000000
stopasgroup = true
killasgroup = true
redirect_stderr = true
stdout_logfile = /dev/stdout
stdout_logfile_maxbytes = 0
"""


class PlainDesk(Desk):
    """Postgres, Redis and RQ's workers; no API and no reconciler."""

    supervise = (__name__, "supervise")

    def _is_ready(self) -> bool:
        return self.log.read_text(errors="replace").count("Listening on") >= self.options.workers


def transcribe(number: int) -> None:
    """The job: as long as the suite's engine needs, and the result in the same database."""
    _write(f"UPDATE plain_session SET status = 'processing' WHERE number = {number}")
    [(audio_sec,)] = _write(f"SELECT audio_sec FROM plain_session WHERE number = {number}")
    time.sleep(PACE * audio_sec / PROCESSES)
    _write(
        f"WITH done AS (INSERT INTO plain_done (number) VALUES ({number}) RETURNING number)"
        " UPDATE plain_session SET status = 'completed' FROM done WHERE plain_session.number = done.number"
    )


def _write(statement: str) -> list[tuple[float]]:
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def worker() -> int:
    """RQ's worker with its defaults."""
    Worker([QUEUE], connection=Redis.from_url(os.environ["REDIS_URL"])).work(with_scheduler=True)
    return 0


def supervise() -> int:
    var_dir = Path(os.environ["VAR_DIR"])
    _write(TABLES)
    unfinished = var_dir / f"{URLS}.new"
    unfinished.write_text(json.dumps({name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}))
    unfinished.rename(var_dir / URLS)
    ours = var_dir / "supervisord.conf"
    ours.write_text(CONFIGURATION)
    loggers.handle_file = handle_file
    supervisord.main(["--nodaemon", "--configuration", str(ours), "--user", str(os.getuid())])
    return 0


if __name__ == "__main__":
    sys.exit({"worker": worker, "supervise": supervise}[sys.argv[1]]())
