"""Sees to a docker-compose for the test of compose.yaml: as root from apt; without one that test is skipped."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from store.embedded.errors import ProgramError
from store.embedded.versions import check_version

VERSION_LINE = r"(?i)docker[ -]compose version:? v?(\d+(?:\.\d+)*)"
MIN_VERSION = (1, 27)  # the first that reads a compose.yaml without `version:`
ANSWER_SEC = 30.0


def compose() -> list[str]:
    """`docker compose` or docker-compose; neither needs an engine to read a file. Raises ProgramError, saying why."""
    refused = []
    for name, *more in (["docker", "compose"], ["docker-compose"]):
        if found := shutil.which(name):
            command = [str(Path(found).absolute()), *more]
            try:
                check_version(
                    [*command, "version"], "Docker Compose", VERSION_LINE, at_least=MIN_VERSION, answer_sec=ANSWER_SEC
                )
                return command
            except ProgramError as error:
                refused.append(str(error))
    raise ProgramError(" ".join(refused) or "Neither `docker compose` nor docker-compose is installed.")


def is_there() -> bool:
    """Whether one of them can be run."""
    try:
        return bool(compose())
    except ProgramError:
        return False


def main() -> int:
    """0 in any case: the other tests of compose.yaml need none."""
    apt = shutil.which("apt-get")
    if is_there() or os.geteuid() != 0 or apt is None:
        return 0
    print("Installing docker-compose with apt-get for the test of compose.yaml", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "docker-compose"]):
        subprocess.run([apt, *step], env=environment, stdout=subprocess.DEVNULL, check=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
