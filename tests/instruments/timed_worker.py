"""`python -m tests.instruments.timed_worker`: the product's worker, which writes down how long each claim kept it.

Seconds, one a line, in the file LOOKS_FILE.
"""

import os
import sys
import time
from typing import Any

if __name__ == "__main__":
    from jobs import attempt, worker

    run = attempt.run

    def timed(claim: Any) -> None:
        begun = time.monotonic()
        run(claim)
        with open(os.environ["LOOKS_FILE"], "a") as looks:
            looks.write(f"{time.monotonic() - begun:.3f}\n")

    attempt.run = timed
    sys.exit(worker.main())
