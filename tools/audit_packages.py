"""Asks the package index for known weaknesses of all that is pinned: `make audit`, and in CI.

1 when it knows of any. An index that cannot be asked is named, and stops nobody: a build must not need the internet.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PINNED = ("constraints.txt", "requirements-weights.txt")  # one at a time: the second has hashes, the first none
COMMAND = ["-m", "pip_audit", "--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
LONGEST_SEC = 300


def main() -> int:
    """0 when no weakness is known."""
    try:
        packages = [package for file in PINNED for package in audited(file)]
    except (subprocess.TimeoutExpired, ValueError, KeyError) as error:
        print(f"The packages could not be audited, since the index does not answer: {type(error).__name__}")
        return 0
    print(report(packages))
    return 1 if weak(packages) else 0


def audited(file: str) -> list[dict[str, Any]]:
    """What the index knows of the packages that a file pins."""
    ran = subprocess.run(
        [sys.executable, *COMMAND, "-r", file],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LONGEST_SEC,
        check=False,
    )
    packages: list[dict[str, Any]] = json.loads(ran.stdout)["dependencies"]
    return packages


def weak(packages: list[dict[str, Any]]) -> list[str]:
    """`name version: id (mended in versions)` for each known weakness."""
    return [
        f"{package['name']} {package['version']}: {found['id']}"
        f" (mended in {', '.join(found['fix_versions']) or 'none'})"
        for package in packages
        for found in package.get("vulns", ())
    ]


def report(packages: list[dict[str, Any]]) -> str:
    """What is known, and of how many packages the index knows nothing."""
    unknown = sum("skip_reason" in package for package in packages)
    known = f"{len(packages) - unknown} of {len(packages)} packages were audited."
    return "\n".join([*weak(packages), known])


if __name__ == "__main__":
    sys.exit(main())
