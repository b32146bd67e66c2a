"""`python tools/leash.py CMD…` becomes CMD, which Linux kills as soon as its parent dies (elsewhere it just runs).

So nothing outlives a killed supervisord: a worker without one would go on beside its successor.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1

if sys.platform == "linux":
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
os.execvp(sys.argv[1], sys.argv[1:])
