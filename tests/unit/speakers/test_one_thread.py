"""Matrix products keep to one core, as each recognising process has one."""

import os
import subprocess
import sys

import pytest

CODE = """
import os, time
import numpy as np
from jobs.speakers.one_thread import one_thread
a = np.ones((1500, 1500), dtype=np.float32)
a @ a
one_thread()
time.sleep(1)  # idle threads go on spinning for a moment
before = {task: open(f"/proc/self/task/{task}/schedstat").read().split()[0] for task in os.listdir("/proc/self/task")}
for _ in range(5):
    a @ a
busy = [
    task for task in os.listdir("/proc/self/task")
    if int(open(f"/proc/self/task/{task}/schedstat").read().split()[0]) - int(before.get(task, 0)) > 10_000_000
]
print(len(busy))
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/schedstat"), reason="the kernel does not count the time of threads")
def test_products_run_on_one_thread_whatever_the_library_began_with() -> None:
    bare = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run([sys.executable, "-c", CODE], env=bare, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
