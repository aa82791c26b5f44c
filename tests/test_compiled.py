"""What a process is set up with before it computes."""

import os
import platform
import subprocess
import sys

import pytest

COUNTED = """
import resource
import sys
import numpy as np
from lab import compiled

if "stays" in sys.argv:
    compiled._freed_memory_stays()
else:
    compiled.ctypes.CDLL(None).mallopt(-3, 2**17)  # the C library's own, fixed

def results():
    for turn in range(20):
        held = [np.full(2**17, turn) for _ in range(4)]

results()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
results()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is another one")
def test_the_memory_of_results_that_are_gone_serves_the_next_ones():
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}

    def faults(*arguments, **more):
        command = [sys.executable, "-c", COUNTED, *arguments]
        told = subprocess.run(command, capture_output=True, text=True, check=True, env=clean | more)
        return int(told.stdout)

    pages = 20 * 4 * 2**20 // os.sysconf("SC_PAGE_SIZE")
    assert faults("stays") < pages / 50
    assert faults("goes") > pages / 2
    # what the environment says is left as it is
    assert faults("stays", MALLOC_TRIM_THRESHOLD_="0", MALLOC_MMAP_THRESHOLD_="131072") > pages / 2
