"""Makes .venv and installs the pinned requirements when they changed: `python3 tools/setup_environment.py [--dev]`.

Needs no package, and runs on Pythons that are too old (from 3.6), to say which one is needed.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
PRODUCT, DEVELOPMENT, PINS = "requirements.txt", "requirements-dev.txt", "constraints.txt"


def main() -> int:
    """0 when the environment is as the requirements say; 1, with a sentence, when it cannot be made."""
    wanted = DEVELOPMENT if "--dev" in sys.argv[1:] else PRODUCT
    VENV.mkdir(exist_ok=True)
    with (VENV / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two `make` at once on a fresh machine
        if os.access(str(PYTHON), os.X_OK) and is_installed(wanted):
            return 0
        return make_venv() or install(wanted)


def fingerprint(wanted: str) -> str:
    """What decides whether `wanted` has to be installed again."""
    names = [PRODUCT, PINS, *([DEVELOPMENT] if wanted == DEVELOPMENT else [])]
    return hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in names)).hexdigest()


def stamp(wanted: str) -> Path:
    """Holds the fingerprint of `wanted` as it was last installed."""
    return VENV / f".installed-{wanted}"


def is_installed(wanted: str) -> bool:
    """Whether `wanted` was installed as it is now."""
    return stamp(wanted).exists() and stamp(wanted).read_text() == fingerprint(wanted)


def make_venv() -> int:
    """0 when there is a virtual environment that works."""
    if os.access(str(PYTHON), os.X_OK) and subprocess.call([str(PYTHON), "-c", "import pip"]) == 0:
        return 0
    python = suitable_python()
    if python is None:
        needed, ours = (".".join(map(str, version)) for version in (OLDEST, sys.version_info[:2]))
        return fail(f"Transcript Desk needs Python {needed} or newer; this is {ours}.")
    say(f"Making the virtual environment .venv with {python}")
    if subprocess.call([python, "-m", "venv", "--clear", str(VENV)]) != 0:
        return fail("Python could not make a virtual environment; on Debian: apt-get install python3-venv")
    return 0


def suitable_python() -> "str | None":
    """Ourselves, or else a newer Python on the PATH that says so when it is run."""
    if sys.version_info >= OLDEST:
        return sys.executable
    found = (shutil.which(f"python3.{minor}") for minor in range(OLDEST[1], 20))
    return next((python for python in found if python and is_new_enough(python)), None)


def is_new_enough(python: str) -> bool:
    """Whether it runs and is new enough: a name on the PATH may be a stub that only asks which version is meant."""
    code = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    try:
        return subprocess.call([python, "-c", code], stderr=subprocess.DEVNULL, timeout=30) == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def install(wanted: str) -> int:
    """Run pip, and pass on those of its lines that say what happens."""
    say(f"Installing the packages of {wanted} into .venv; the first time this takes a few minutes")
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    others = []
    with subprocess.Popen(
        [*command, "-r", wanted, "-c", PINS],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    ) as pip:
        for line in pip.stdout or ():
            if line.startswith(("Collecting", "Building wheel", "Installing", "ERROR")):
                say("  " + line.strip()[:150])
            else:
                others.append(line.strip())
    if pip.returncode != 0:
        return fail("\n".join([*others[-5:], "The installation failed; the lines above say why."]))
    for part in (PRODUCT, wanted):
        stamp(part).write_text(fingerprint(part))
    return 0


def say(text: str) -> None:
    """A line, at once."""
    print(text)
    sys.stdout.flush()


def fail(text: str) -> int:
    """Say it; the exit code for it."""
    say(text)
    return 1


if __name__ == "__main__":
    sys.exit(main())
