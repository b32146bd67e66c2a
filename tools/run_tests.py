"""`python -m tools.run_tests [ARGUMENTS OF PYTEST]`: all tests beside their own fresh servers, with coverage.

They use another data folder and other sockets than `make run`, which may be running. The limit of coverage (pyproject)
is held for the whole run only, not when arguments choose some tests.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOT_INHERITED = (
    "DATABASE_URL",
    "REDIS_URL",
    "AUDIO_DIR",
    "AUDIO_STORE",
    "AUDIO_BUCKET",
)  # they would lead the tests to somebody's real data


def main(arguments: list[str]) -> int:
    """The exit code of pytest; when all passed, that of the coverage report."""
    environment = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    environment["COVERAGE_FILE"] = str(ROOT / ".coverage")  # wherever a subprocess has its working directory
    for left in ROOT.glob(".coverage*"):
        left.unlink()
    with tempfile.TemporaryDirectory(prefix="transcript-desk-tests-") as folder:
        Path(folder).chmod(0o711)  # as root, Postgres runs as another user
        environment["VAR_DIR"] = folder
        wrapped = [sys.executable, "-m", "store.embedded", "--fast", "--", sys.executable]
        tested = run([*wrapped, "-m", "coverage", "run", "-m", "pytest", *arguments], environment)
    run([sys.executable, "-m", "coverage", "combine", "--quiet"], environment)
    reported = run(
        [sys.executable, "-m", "coverage", "report", *(["--fail-under=0"] if arguments else [])], environment
    )
    return tested or reported


def run(command: list[str], environment: dict[str, str]) -> int:
    """Its exit code. Ctrl-C is the command's affair: it stops, and so do we."""
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
