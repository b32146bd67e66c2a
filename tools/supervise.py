"""Migrates the database, then becomes the supervisor of supervisord.conf. Started by tools/run.py, inside the embedded
servers; it wants the settings exported as tools/run.py exports them.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from supervisor import loggers, supervisord

CONFIGURATION = Path(__file__).resolve().parents[1] / "supervisord.conf"
STDOUT = "/dev/stdout"

_open_log = loggers.handle_file


def handle_file(logger: Any, filename: str, fmt: str, **rotation: Any) -> None:
    """supervisor's function, but `/dev/stdout` means the stdout that we have.

    Opened by that name once more it fails where stdout is a socket or another user's terminal, and overwrites a file.
    """
    if filename != STDOUT:
        _open_log(logger, filename, fmt, **rotation)
        return
    handler = loggers.StreamHandler(os.fdopen(1, "wb", buffering=0, closefd=False))
    handler.setFormat(fmt)
    handler.setLevel(logger.level)
    logger.addHandler(handler)


def main() -> int:
    """The migration's exit code when it fails; else that of supervisord."""
    migrated = subprocess.run([sys.executable, "-m", "store.migrations", "upgrade"], check=False)
    if migrated.returncode != 0:
        return migrated.returncode
    loggers.handle_file = handle_file
    # The user is named because supervisord warns root otherwise
    supervisord.main(["--nodaemon", "--configuration", str(CONFIGURATION), "--user", str(os.getuid())])
    return 0


if __name__ == "__main__":
    sys.exit(main())
