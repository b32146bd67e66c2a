"""`python -m store.embedded [--restart] [--fast] [--interactive] -- CMD…`; see the package."""

import argparse
import logging
import os
import sys

from store import logs
from store.embedded.command import Signals, run_command
from store.embedded.errors import ServerError, StopRequestedError
from store.embedded.processes import adopt_orphans
from store.embedded.running import EmbeddedServers
from store.settings import settings

log = logging.getLogger("store.embedded")


def main(arguments: list[str] | None = None) -> int:
    """CMD's exit code; 1 when a server does not start, 127 when CMD does not, 128 + the signal that ended us."""
    parser = argparse.ArgumentParser(prog="python -m store.embedded", description="Run CMD beside Postgres and Redis.")
    parser.add_argument("--restart", action="store_true", help="start CMD again when somebody kills it")
    parser.add_argument("--fast", action="store_true", help="for tests: do not wait for the disk")
    parser.add_argument("--interactive", action="store_true", help="Ctrl-C is for CMD alone, as in psql")
    parser.add_argument("command", nargs="+", metavar="CMD", help="what to run, with its arguments")
    options = parser.parse_args(arguments)
    logs.configure()
    adopt_orphans()
    with Signals(ignore_interrupt=options.interactive) as signals:
        return run(options, signals)


def run(options: argparse.Namespace, signals: Signals) -> int:
    """Start what is not set in the environment, run the command, and stop it all."""
    configured = settings()
    try:
        servers = EmbeddedServers(
            configured.var_dir, postgres=not configured.database_url, redis=not configured.redis_url, fast=options.fast
        )
    except ServerError as error:
        log.error("%s", error)
        return 1
    try:
        servers.start(signals.pause)
        os.environ.update(servers.environment())
        return run_command(options.command, signals, restart=options.restart, tend=servers.tend, spare=servers.pids)
    except StopRequestedError:
        assert signals.received is not None
        return 128 + signals.received
    except ServerError as error:
        log.error("%s", error)
        return 1
    except OSError as error:
        log.error("%s cannot be started: %s", options.command[0], error.strerror)
        return 127
    finally:
        servers.stop()


if __name__ == "__main__":
    sys.exit(main())
