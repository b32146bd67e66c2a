"""Matrix products of NumPy on one thread.

OpenBLAS starts as many threads as there are cores, in each recognising process. They spin while they wait: on two
busy cores the speaker encoder took ten times the CPU. The variable OPENBLAS_NUM_THREADS is read when NumPy is
loaded, which a forked process has behind it.
"""

import ctypes
from contextlib import suppress
from pathlib import Path

MAPS = Path("/proc/self/maps")
SETTERS = ("scipy_openblas_set_num_threads64_", "openblas_set_num_threads64_", "openblas_set_num_threads")


def one_thread() -> None:
    """Have every OpenBLAS of this process work on one thread; nothing happens where there is none."""
    for path in _loaded():
        with suppress(OSError):
            library = ctypes.CDLL(path)
            for name in SETTERS:
                if setter := getattr(library, name, None):
                    setter(ctypes.c_int(1))


def _loaded() -> set[str]:
    with suppress(OSError):
        return {line.split()[-1] for line in MAPS.read_text().splitlines() if "openblas" in line.rpartition("/")[2]}
    return set()
