"""Sees to a docker-compose for the test of compose.yaml: as root from apt; without one that test is skipped."""

import os
import shutil
import subprocess
import sys


def is_there() -> bool:
    """Whether `docker compose` or docker-compose can be run; neither needs an engine to read a file."""
    docker = shutil.which("docker")
    plugin = docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0
    return bool(plugin or shutil.which("docker-compose"))


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
