"""The product's own sweep, run once at the end as if everything were old, so that what it leaves can be judged."""

import os
import subprocess
import sys

from tests.faults.desk import ROOT, Desk

LONGEST_SEC = 120.0
CODE = """
from datetime import timedelta
from jobs import reconcile
reconcile.ORPHAN_AGE = timedelta(0)
reconcile.sweep()
"""


def sweep(desk: Desk) -> None:
    """Raises CalledProcessError when it fails."""
    environment = os.environ | desk.environment | {"DATABASE_URL": desk.urls.database, "REDIS_URL": desk.urls.redis}
    subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, env=environment, check=True, timeout=LONGEST_SEC)
