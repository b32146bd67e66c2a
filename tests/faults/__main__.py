"""`python -m tests.faults --sessions 240 --seconds 150 --seed 7 [--sabotage fence] [--healthy]`; see the package."""

import sys

from tests.faults import options
from tests.faults.run import run

if __name__ == "__main__":
    chosen = options.parse()
    found = run(chosen)
    found.write(chosen.report)
    print(found, flush=True)
    sys.exit(0 if found.passed else 1)
