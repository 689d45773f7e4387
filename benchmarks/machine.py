"""What a benchmark runs on: processor, versions, load, and what the machine can do at most."""

import ctypes
import importlib.metadata
import os
import platform
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

PACKAGES = ("jax", "jaxlib", "flax", "optax", "torch", "transformers", "trl", "numpy")
_MATMUL_SIDE = 2048  # of the square matrices whose product is timed
_COPY_BYTES = 2**28  # far over every cache
_TRIALS = 5
_M_MMAP_THRESHOLD = -3  # malloc.h


def num_cores() -> int:
  """Cores that this process may run on."""
  return len(os.sched_getaffinity(0))


def machine() -> dict[str, Any]:
  """Processor, cores, memory, system and the versions of what is compared."""
  lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
  names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
  pages, page_bytes = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
  return {
    "processor": names[0] if names else platform.machine(),
    "cores": num_cores(),
    "memory_gib": round(pages * page_bytes / 2**30, 1),
    "system": platform.platform(),
    "python": platform.python_version(),
    "omp_wait_policy": os.environ.get("OMP_WAIT_POLICY"),
    "versions": {name: _version(name) for name in PACKAGES},
  }


def _version(package: str) -> str | None:
  try:
    return importlib.metadata.version(package)
  except importlib.metadata.PackageNotFoundError:
    return None


def load_average() -> float:
  """Processes that ran or waited to run, mean over the last minute."""
  return round(os.getloadavg()[0], 2)


def matmul_rates(
  multiply: Callable[[Any, Any], Any], put: Callable[[Any], Any]
) -> dict[str, float]:
  """The best of several products of square matrices, as a library does them.

  Args:
    multiply: (a, b) -> a b, and waits for it.
    put: a float32 NumPy array -> what `multiply` takes, in the dtype of the benchmark.
  Returns:
    matmul_flops_per_s, and matmul_flops_per_cpu_s: per second of a core (see `timed`).
  """
  rng = np.random.default_rng(0)
  a, b = (put(rng.standard_normal((_MATMUL_SIDE,) * 2, np.float32)) for _ in range(2))
  multiply(a, b)
  trials = [timed(lambda: multiply(a, b)) for _ in range(_TRIALS)]
  return {
    f"matmul_flops_per_{name}": 2 * _MATMUL_SIDE**3 / min(trial[name] for trial in trials)
    for name in ("s", "cpu_s")
  }


def copy_bytes_per_s() -> float:
  """The best of several copies in main memory, all cores at once; a byte read and written is two.

  Source: the Copy kernel of McCalpin, STREAM, cs.virginia.edu/stream.
  """
  source = np.ones(_COPY_BYTES, np.uint8)
  target = np.zeros_like(source)
  cores = num_cores()
  with ThreadPoolExecutor(cores) as pool:
    parts = list(zip(np.array_split(target, cores), np.array_split(source, cores)))

    def copy():  # copyto lets go of the interpreter's lock
      list(pool.map(lambda part: np.copyto(*part), parts))

    copy()
    return 2 * _COPY_BYTES / min(_seconds(copy) for _ in range(_TRIALS))


def timed(run: Callable[[], Any]) -> dict[str, float]:
  """Seconds on the clock (s) and of all this process's threads on cores (cpu_s) that `run` takes.

  The second says more where other programs run: waiting for a core is not in it.
  """
  start, cpu_start = time.perf_counter(), time.process_time()
  run()
  return {"s": time.perf_counter() - start, "cpu_s": time.process_time() - cpu_start}


def _seconds(run: Callable[[], Any]) -> float:
  start = time.perf_counter()
  run()
  return time.perf_counter() - start


def resident_bytes(field: str = "VmRSS") -> int:
  """Memory of this process that is in RAM: now (VmRSS), or at most since the reset (VmHWM)."""
  for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
    if line.startswith(field + ":"):
      return int(line.split()[1]) * 1024
  raise OSError(f"/proc/self/status has no {field}: peak memory is measured on Linux only")


def return_freed_memory() -> None:
  """Has glibc give blocks of a MiB and more back to the system when they are freed.

  By itself it keeps those up to 32 MiB once one was freed: over 100 MiB that nobody holds. Does
  nothing where the C library is another one.
  """
  libc = ctypes.CDLL(None)
  if hasattr(libc, "gnu_get_libc_version"):
    libc.mallopt(_M_MMAP_THRESHOLD, 2**20)


def reset_peak() -> None:
  """Gives freed memory back and starts `resident_bytes("VmHWM")` anew."""
  libc = ctypes.CDLL(None)
  if hasattr(libc, "malloc_trim"):
    libc.malloc_trim(0)
  Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
