"""`python -m tests.faults.sabotaged [NAME…]`: the suite has to fail when a protection is missing, and else to pass.

Each sabotage gets a short run with the faults that it would have guarded against; the same run without it has to pass.
"""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from json import loads
from pathlib import Path

from tests.faults.sabotage import SABOTAGES

ROOT = Path(__file__).resolve().parents[2]
RUN = ("--sessions", "20", "--seconds", "18", "--seed", "7", "--workers", "4", "--settle", "30")
LONGEST_SEC = 400


@dataclass(frozen=True)
class Proof:
    """The kind of problem as which the checker has to catch a sabotage, and the faults under which it shows."""

    caught_as: str
    faults: tuple[str, ...]
    engine: str = "suite"


PROOFS: dict[str, Proof] = {
    "fence": Proof("duplicated", ("at complete.begins (suspend)",)),
    "checkpoint-fence": Proof("illegal", ("at checkpoint.begins (suspend)",)),
    "compare-and-set": Proof("illegal", ("Redis flushed",)),  # coaches cancel what is completed
    "atomic-commit": Proof("lost", ("at complete.before_commit (kill)",)),
    "acknowledge": Proof("lost", ("at upload.before_commit (kill)",)),
    "sweep": Proof("lost", ("Redis flushed",)),
    "watchdog": Proof("unsettled", ("at checkpoint.begins (hang)",)),
    "leash": Proof("unsettled", ("worker killed",)),
    "cores": Proof("illegal", ("process with a core killed",)),
    "guard": Proof("unsettled", ("process with a core stopped",)),
    "reconciler": Proof("unsettled", ("worker killed", "work-horse killed")),
    "intent": Proof("duplicated", ("Google: 503 although accepted", "at submit.accepted (kill)"), "google"),
    "stale-intent": Proof("duplicated", ("at intend.after_commit (suspend until submitted again)",), "google"),
    "abandoned": Proof("unsettled", ("Redis flushed",), "google"),  # coaches cancel what runs
}


def run(faults: tuple[str, ...], sabotage: str = "", engine: str = "suite") -> tuple[int, dict[str, int]]:
    """The suite's exit code, and how many problems of each kind it found; none when it did not get so far."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "faults.json"
        command = [sys.executable, "-m", "tests.faults", *RUN, "--report", str(report), "--only", *faults]
        command += ["--engine", engine, *(["--sabotage", sabotage] if sabotage else [])]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=LONGEST_SEC, check=False)
        return ran.returncode, loads(report.read_text())["counts"] if report.exists() else {}


def main(names: list[str]) -> int:
    """0 when every sabotage was caught as what it is, and nothing was found without one."""
    wrong = 0
    for name in names or list(SABOTAGES):
        proof = PROOFS[name]
        code, counts = run(proof.faults, name, proof.engine)
        caught = code != 0 and counts.get(proof.caught_as, 0) > 0
        print(f"{name:<20} {'caught' if caught else 'NOT CAUGHT'}   {_shown(counts)}", flush=True)
        wrong += not caught
    for engine in sorted({PROOFS[name].engine for name in names or SABOTAGES}):
        ours = [proof for proof in PROOFS.values() if proof.engine == engine]
        code, counts = run(tuple(sorted({fault for proof in ours for fault in proof.faults})), engine=engine)
        print(
            f"{f'nothing missing, {engine}':<24} {'passed' if code == 0 else 'FAILED'}   {_shown(counts)}", flush=True
        )
        wrong += code != 0
    return 1 if wrong else 0


def _shown(counts: dict[str, int]) -> str:
    return "   ".join(f"{kind} {count}" for kind, count in counts.items() if count) or "no problems"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
