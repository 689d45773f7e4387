"""malloc keeps what is freed: the next allocation of the same size faults in no new pages."""

import ctypes
import subprocess
import sys

import pytest

SCRIPT = """
import ctypes, resource
from experiments.build import keep_freed_memory

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
NUM_BYTES = 200_000_000

def faults():
  before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
  block = libc.malloc(ctypes.c_size_t(NUM_BYTES))
  ctypes.memset(block, 1, NUM_BYTES)
  libc.free(ctypes.c_void_p(block))
  return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
given_back = faults()
keep_freed_memory()
faults()
print(given_back, faults())
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"), reason="needs glibc")
def test_freed_memory_is_kept():
  run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
  given_back, kept = map(int, run.stdout.split())
  assert given_back > 10_000  # else the test shows nothing: 200 MB are 48,828 pages
  assert kept < 100
