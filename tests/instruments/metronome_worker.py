"""`python -m tests.instruments.metronome_worker`: the product's worker, to which the metronome is known as well."""

import sys

from jobs.engines.registry import EngineEntry, register

METRONOME = EngineEntry("tests.instruments.metronome:Metronome", "Metronome", ("en",))

if __name__ == "__main__":
    from jobs import core_files, worker

    core_files.count = lambda: 16  # a chunk that is held waits, it needs no core
    register("metronome", METRONOME)
    sys.exit(worker.main())
